//! Every way through the plugin on registries with and without the referrers API.

use std::thread;

use signpath_sandbox::Route;

use super::cosign;
use crate::{
    cosign::{
        bench::{Bench, Version, text},
        front::Front,
    },
    harness::requested,
};

/// Simple signing by cosign v3.
const OLD_FORMAT: &str = "--new-bundle-format=false";

/// The cosign, what stands behind the policy in the reference, further options. A statement, which DSSE takes, is in bundles
/// alone.
type Way = (Version, &'static str, &'static [&'static str]);

const WAYS: [Way; 7] = [
    (Version::Plain, "?via=hash", &[]),
    (Version::Plain, "?via=request&form=raw", &[]),
    (Version::Plain, "?via=request&form=dsse&artifact-configuration=dsse", &[]),
    (Version::Plain, "?via=hash", &[OLD_FORMAT]),
    (Version::Plain, "?via=request&form=raw", &[OLD_FORMAT]),
    (Version::V2, "?via=hash", &[]),
    (Version::V2, "?via=request&form=raw", &[]),
];

const POLICIES: [&str; 2] = ["demo/rsa", "demo/ec"];

/// Signs and verifies with the cosign of a row. Gives the tags that stand beside the image then.
fn signed(bench: &Bench, front: Option<&Front>, way: Way, policy: &str) -> Vec<String> {
    let (version, query, options) = way;
    // All images have one digest, and a bundle does not name its repository: the second would be the first one's request.
    let state = bench.place.path(if front.is_some() { "with" } else { "without" });
    let cosign = cosign(bench, version).with("XDG_STATE_HOME", &text(&state));
    let image = bench.image();
    let name = front.map_or_else(|| image.clone(), |front| front.name(&image));
    let words = [options, &[&name]].concat();
    let key = format!("signpath://{policy}{query}");
    let signed = match options {
        [] => cosign.signing("sign", &key, &words),
        _ => cosign.signing_by_flags("sign", &key, &words),
    };
    signed.succeeds();
    let verified = cosign.verify(&bench.public_key_of(policy), &name).succeeds();
    let (_, digest) = image.split_once('@').unwrap();
    assert!(verified.stdout.contains(digest), "{verified}");
    let tags = bench.tags_beside(&image);
    tags.into_iter().map(|tag| tag.replace(&digest.replace(':', "-"), "DIGEST")).collect()
}

/// The tags that a signature leaves: a bundle's are in the fallback index where nobody lists referrers.
fn tags_left(way: Way, has_referrers: bool) -> &'static [&'static str] {
    let (version, _, options) = way;
    match (version.makes_bundles() && options.is_empty(), has_referrers) {
        (true, true) => &["1"],
        (true, false) => &["1", "DIGEST"],
        (false, _) => &["1", "DIGEST.sig"],
    }
}

fn every_way_verifies(bench: &Bench, front: Option<&Front>) {
    for way in WAYS {
        for policy in POLICIES {
            let tags = signed(bench, front, way, policy);
            assert_eq!(tags, tags_left(way, front.is_some()), "{way:?} {policy}");
        }
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn every_way_verifies_on_a_registry_with_and_on_one_without_referrers() {
    let bench = Bench::new();
    let front = Front::with_referrers(bench.registry.address());
    thread::scope(|scope| {
        scope.spawn(|| every_way_verifies(&bench, None));
        scope.spawn(|| every_way_verifies(&bench, Some(&front)));
    });
    let by = |via: &str| 4 * WAYS.iter().filter(|(_, query, _)| query.contains(via)).count();
    assert_eq!(requested(&bench.sandbox, Route::SignHash), by("via=hash"));
    assert_eq!(requested(&bench.sandbox, Route::SubmitWithArtifact), by("via=request"));
    assert!(front.seen().iter().any(|line| line.contains("/referrers/sha256:")));
}
