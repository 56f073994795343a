//! cosign's KMS plugin: any cosign, built with PKCS #11 or not, with `--key signpath://project/policy`.

mod keys;
mod metadata;
mod refusals;
mod registries;
mod remembered;
pub(crate) mod requests;

use super::bench::{Bench, Cosign, Version, text};
use crate::harness::Tool;

/// The versions that the plugin is tried with.
const VERSIONS: [Version; 2] = [Version::Plain, Version::V2];

/// The keys that it is tried with.
const KEYS: [&str; 3] = ["demo/rsa", "demo/ec", "demo/nocert"];

/// The reference of a policy, as the documents write it.
fn key_of(policy: &str) -> String {
    format!("signpath://{policy}")
}

/// A cosign that finds the plugin.
pub(crate) fn cosign(bench: &Bench, version: Version) -> Cosign<'_> {
    let plugin = Tool::KmsPlugin.path();
    let folder = plugin.parent().expect("the plugin is in a folder");
    bench.cosign(version).with("PATH", &format!("{}:/usr/bin:/bin", text(folder)))
}
