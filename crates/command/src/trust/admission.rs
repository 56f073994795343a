//! Policies for the admission controllers of Kubernetes, each with the key inline: one row for each controller.
//!
//! The fields are those of the sources that each row names. None of the controllers runs in the tests of this repository:
//! that the YAML can be read, and that the key in it is the policy's, is tested; that a cluster takes it is not. What was
//! tried by hand, with the controllers' own programs, stands in docs/verifying.md.

use signpath_client::PublicKey;

use crate::digest::Digest;
use crate::error::Error;

use super::name::ImagePattern;

/// Who asks for signatures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verifier {
    Kyverno,
    PolicyController,
    Ratify,
}

struct Row {
    verifier: Verifier,
    /// `$NAME`, `$IMAGES` and `$KEY` are filled in; the key keeps the indentation of its line, and so does each reference.
    template: &'static str,
    /// What stands for a pattern, so that an image is meant however it is named.
    references: fn(&str) -> Vec<String>,
    /// Why it cannot read a pattern, or would read it otherwise than it looks, and what to give instead.
    objection: fn(&str) -> Option<(&'static str, &'static str)>,
}

const CONTROLLERS: [Row; 3] = [
    // kyverno.io, "Verify Images", Sigstore; kyverno/kyverno api/kyverno/v1/image_verification_types.go. `rekor.url` is
    // mandatory in the CRD of some releases; with ignoreTlog it is not asked. failureAction stands there since 1.13.
    Row {
        verifier: Verifier::Kyverno,
        template: KYVERNO,
        references: with_tag_and_digest,
        objection: by_kyverno,
    },
    // sigstore/policy-controller pkg/apis/policy/v1beta1/clusterimagepolicy_types.go. Without `ctlog` a key's signatures
    // are not looked up in a log (pkg/webhook/validator.go, checkOptsFromAuthority). Globs: pkg/apis/glob/glob.go.
    Row {
        verifier: Verifier::PolicyController,
        template: POLICY_CONTROLLER,
        references: as_it_is,
        objection: by_policy_controller,
    },
    // ratify.dev, "Cosign" and "Key Management Provider"; scopes: one `*`, at the end.
    Row {
        verifier: Verifier::Ratify,
        template: RATIFY,
        references: as_it_is,
        objection: by_ratify,
    },
];

/// kyverno/kyverno issues 14233 and 16267: with `type: SigstoreBundle` (pull request 10567, 1.13) a key is not used; pull request
/// 16270, which would change that, was closed. ImageValidatingPolicy reads bundles by a key in 1.18; issue 17363: 1.19.0 does not.
const KYVERNO: &str = "\
# Kyverno 1.13 to 1.19, ClusterPolicy: by a key it verifies simple signing, no bundles (kyverno/kyverno issue 14233).
# Sign with `signpath-cosign sign --format simple-signing`, or `both`. In imageReferences * stands for any text, / too.
apiVersion: kyverno.io/v1
kind: ClusterPolicy
metadata:
  name: $NAME
spec:
  background: false
  webhookConfiguration:
    failurePolicy: Fail
    timeoutSeconds: 30
  rules:
    - name: signed
      match:
        any:
          - resources:
              kinds:
                - Pod
      verifyImages:
        - imageReferences:
            - $IMAGES
          type: Cosign
          failureAction: Enforce
          attestors:
            - count: 1
              entries:
                - keys:
                    publicKeys: |-
                      $KEY
                    signatureAlgorithm: sha256
                    rekor:
                      url: https://rekor.sigstore.dev
                      ignoreTlog: true
                    ctlog:
                      ignoreSCT: true
";

/// sigstore/policy-controller pull request 1725 (v0.13): `signatureFormat: bundle` is for attestations; issue 1958, open in
/// 2026: bundles by a key are not verified.
const POLICY_CONTROLLER: &str = "\
# sigstore policy-controller 0.13: by a key it verifies simple signing, no bundles (sigstore/policy-controller issue 1958).
# Sign with `signpath-cosign sign --format simple-signing`, or `both`. In a glob * stops at /, and ** does not. Only namespaces
# with the label policy.sigstore.dev/include=true are looked at.
apiVersion: policy.sigstore.dev/v1beta1
kind: ClusterImagePolicy
metadata:
  name: $NAME
spec:
  mode: enforce
  images:
    - glob: $IMAGES
  authorities:
    - name: signpath
      key:
        hashAlgorithm: sha256
        data: |
          $KEY
";

/// ratify-project/ratify-web docs/plugins/verifier/cosign.md: the artifact type of simple signing is the only one;
/// notaryproject/ratify issue 1314, open.
const RATIFY: &str = "\
# Ratify 1.2 to 1.4, for Gatekeeper: it verifies simple signing, no bundles (artifactTypes below; ratify.dev, \"Cosign\").
# Sign with `signpath-cosign sign --format simple-signing`, or with `both` where Ratify's policy is not in Rego. The store needs
# cosignEnabled: true, as the chart sets it. Ratify asks one Verifier: this one replaces the chart's, and further keys are further
# trustPolicies in it, whose scopes must not overlap.
# Whoever may push to the registry has to be trusted: Ratify does not look whether a signature is for the image that it hangs on
# (seen with 1.4.6), so that one by the same key over another image is enough.
apiVersion: config.ratify.deislabs.io/v1beta1
kind: KeyManagementProvider
metadata:
  name: $NAME
spec:
  type: inline
  parameters:
    contentType: key
    value: |
      $KEY
---
apiVersion: config.ratify.deislabs.io/v1beta1
kind: Verifier
metadata:
  name: verifier-cosign
spec:
  name: cosign
  artifactTypes: application/vnd.dev.cosign.artifact.sig.v1+json
  parameters:
    trustPolicies:
      - name: $NAME
        version: 1.0.0
        scopes:
          - $IMAGES
        tLogVerify: false
        keys:
          - provider: $NAME
";

impl Verifier {
    /// The policy, YAML, for `kubectl apply`.
    pub(super) fn policy(self, label: &str, images: &ImagePattern, key: &PublicKey) -> String {
        let row = self.row();
        let pem = key.to_pem();
        let mut text = String::new();
        for line in row.template.lines() {
            if let Some(indentation) = line.strip_suffix("$KEY") {
                pem.lines().for_each(|line| text += &format!("{indentation}{line}\n"));
            } else if let Some(beginning) = line.strip_suffix("$IMAGES") {
                // Quoted, as * begins an alias; a pattern has no character that would have to be escaped.
                let references = (row.references)(images.as_str());
                references.iter().for_each(|one| text += &format!("{beginning}\"{one}\"\n"));
            } else {
                text += &line.replace("$NAME", label);
                text.push('\n');
            }
        }
        text
    }

    /// Whether it can read the pattern.
    ///
    /// # Errors
    /// A wildcard where it allows none, or one that means something else to it.
    pub(super) fn check(self, images: &ImagePattern) -> Result<(), Error> {
        match (self.row().objection)(images.as_str()) {
            Some((why, hint)) => Err(Error::usage(format!("{why}: {images}")).hint(hint)),
            None => Ok(()),
        }
    }

    fn row(self) -> &'static Row {
        let [first, ..] = &CONTROLLERS;
        CONTROLLERS.iter().find(|row| row.verifier == self).unwrap_or(first)
    }
}

fn as_it_is(pattern: &str) -> Vec<String> {
    vec![pattern.to_owned()]
}

/// Kyverno matches a pattern with the image's name and its tag, or, where it has one, its digest alone, and does not look at an
/// image that no pattern matches: without these it would be let through.
fn with_tag_and_digest(pattern: &str) -> Vec<String> {
    if pattern.ends_with('*') {
        return as_it_is(pattern);
    }
    [":*", "@*"].map(|rest| format!("{pattern}{rest}")).to_vec()
}

/// kyverno pkg/utils/image/infos.go: `nginx` is docker.io/nginx to it, and no other name of the same image.
fn by_kyverno(pattern: &str) -> Option<(&'static str, &'static str)> {
    if names_a_version(pattern) {
        return Some((
            "Kyverno lets images through that a pattern names by tag, and a pod by digest, or the other way round",
            "name the image without tag and digest: all of its versions have to be signed then",
        ));
    }
    of_docker_hub(pattern).then_some((
        "Kyverno lets images of Docker Hub through that a pod names otherwise than the pattern: docker.io, index.docker.io or neither",
        "--images '*' asks for signatures of all images",
    ))
}

/// Its registry, by one of its names.
fn of_docker_hub(pattern: &str) -> bool {
    let registry = pattern.split('/').next().unwrap_or(pattern);
    registry == "docker.io" || registry.ends_with(".docker.io")
}

/// A tag or a digest, or the beginning of one; a port stands before a `/`.
fn names_a_version(pattern: &str) -> bool {
    pattern.rsplit('/').next().is_some_and(|last| last.contains([':', '@']))
}

fn names_a_digest(pattern: &str) -> bool {
    pattern.split_once('@').is_some_and(|(_, digest)| digest.parse::<Digest>().is_ok())
}

/// Two patterns are rewritten to Docker Hub's images there, and its webhook refuses what is not in its alphabet.
fn by_policy_controller(pattern: &str) -> Option<(&'static str, &'static str)> {
    const ALL: &str = "for all images --images '**'; * stands for one level of a path, ** for any";
    match pattern {
        "*" => Some(("policy-controller takes * alone for index.docker.io/library/*", ALL)),
        "*/*" => Some(("policy-controller takes */* for index.docker.io/*/*", ALL)),
        _ if pattern.contains('?') => {
            Some(("policy-controller knows no ? in a glob", "use *, or ** where / may be in it"))
        }
        _ if pattern.contains('@') => Some((
            "policy-controller knows no @ in a glob",
            "name the image without its digest, and end it with **",
        )),
        _ if pattern.starts_with("docker.io/") => {
            Some(("policy-controller calls Docker Hub index.docker.io", "name it so"))
        }
        _ if !pattern.ends_with('*') || names_a_version(pattern) => Some((
            "policy-controller compares a glob with the name and its digest, so this one matches nothing",
            "name the image without its tag, and end it with *",
        )),
        _ => None,
    }
}

/// ratify pkg/verifier/cosign: a scope is `^[a-z0-9.\-:@/]*\*?$`, and is compared with the name and its digest.
fn by_ratify(pattern: &str) -> Option<(&'static str, &'static str)> {
    const EXAMPLE: &str = "for example --images 'ghcr.io/acme/*'";
    let head = pattern.strip_suffix('*').unwrap_or(pattern);
    if head.contains(['*', '?']) {
        return Some(("Ratify allows one * in a scope, at its end", EXAMPLE));
    }
    if head.contains(|c: char| c == '_' || c.is_ascii_uppercase()) {
        return Some((
            "Ratify takes no _ and no capital letter in a scope",
            "end the pattern with * before that",
        ));
    }
    let matches_nothing = head == pattern && !names_a_digest(pattern);
    let why = "Ratify compares a scope with the name and its digest, so this one matches nothing";
    matches_nothing.then_some((why, "end it with *, or name a digest"))
}
