//! A real signature, of a text that says what it is, with nothing attached to it.

use sha2::{Digest, Sha256};
use signpath_client::Client;
use signpath_client::error::Situation;
use signpath_client::key::HashAlgorithm;
use signpath_client::metadata::SigningContext;

use crate::error::Error;
use crate::service::{self, PolicyName};

use super::check::Check;
use super::finding::Finding;

/// What is signed. Whoever finds the digest in the audit log can make it again.
const TEXT: &str = "signpath-cosign doctor --dry-run: this signature is for nothing\n";

/// The request's description in SignPath.
const DESCRIPTION: &str = "signpath-cosign doctor --dry-run";

/// Signs with the policy by hash signing; the client checks the signature with the policy's key.
pub(super) fn finding(client: &Client, name: &PolicyName) -> Finding {
    let policy = match client.policy(&name.project, &name.policy) {
        Ok(Some(policy)) => policy,
        Ok(None) => {
            let advice = "`signpath-cosign keys` lists the policies that it can; slugs, not display names, are asked for";
            let text = format!("this token cannot sign with {name}");
            return Finding::error(Check::DryRun, text, advice);
        }
        Err(error) => return Finding::of(Check::DryRun, &error.into()),
    };
    let hash = Sha256::digest(TEXT).to_vec();
    let what = service::hash_to_sign(policy.key(), HashAlgorithm::Sha256, hash);
    let context =
        SigningContext { description: Some(DESCRIPTION.to_owned()), ..SigningContext::default() };
    match client.sign_hash_in(&context, &policy, &what) {
        Ok(_) => Finding::ok(
            Check::DryRun,
            format!(
                "{name} has signed a digest, and the signature fits its key; SignPath's audit log has it"
            ),
        ),
        Err(error) if error.situation() == Some(Situation::Approval) => {
            let advice = format!(
                "sign by file-based signing requests, which wait for the approval: cosign sign --key 'signpath://{name}?via=request' …"
            );
            Finding::warning(Check::DryRun, Error::from(error).statement(), &advice)
        }
        Err(error) => Finding::of(Check::DryRun, &error.into()),
    }
}
