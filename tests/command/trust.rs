//! What verifiers are given: keys and trusted roots. (Policies of admission controllers: [`super::admission`].)

use serde_json::Value;
use signpath_sandbox::{Fault, KeyType, PolicyConfig, Route, Sandbox};

use super::program::{Ended, run, run_with};
use crate::{
    cosign::bench::{Bench, Cosign, Version, key_of, text},
    harness::{Workplace, repository_file, sandbox_builder},
};

pub(super) const IMAGES: &str = "ghcr.io/acme/*";

/// Shows certificates to cosign too.
const SHOWN: (&str, &str) = ("SIGNPATH_CRYPTOKI_CERTIFICATES", "always");

/// Policies with everything that a certificate may have above it.
fn certified() -> [PolicyConfig; 5] {
    let named = |name, key| PolicyConfig::new(name, key).subject_alternative_name("a@b.example");
    [
        named("p/chain", KeyType::P256).chain(),
        named("p/root", KeyType::P256),
        PolicyConfig::new("p/uri", KeyType::Rsa2048)
            .chain()
            .subject_alternative_name("https://b.example/release"),
        named("p/self", KeyType::P256).self_signed(),
        PolicyConfig::new("p/dns", KeyType::P256).chain().subject_alternative_name("b.example"),
    ]
}

fn with_certificates() -> (Workplace, Sandbox) {
    (Workplace::new(), sandbox_builder().policies(certified()).start().unwrap())
}

pub(super) fn trust(place: &Workplace, sandbox: &Sandbox, words: &[&str]) -> Ended {
    run_with(place, &sandbox.environment(), &[&["trust"], words].concat())
}

/// The lines that are commands, among those for people.
fn commands(ended: &Ended) -> Vec<&str> {
    ended.stderr.lines().filter_map(|line| line.strip_prefix("  ")).collect()
}

#[test]
fn the_key_comes_with_the_command_that_verifies_by_it() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let told = trust(&place, &sandbox, &["demo/ec", "--as", "pem"]).succeeds();
    assert_eq!(told.text(), sandbox.public_key_pem("demo/ec").unwrap());
    let command = "cosign verify --key demo-ec.pub --insecure-ignore-tlog=true IMAGE";
    assert_eq!(commands(&told), [command]);
}

#[test]
fn the_service_is_asked_each_time() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    for form in ["pem", "kyverno"] {
        let words = ["demo/ec", "--as", form, "--images", IMAGES];
        let words = if form == "pem" { &words[..3] } else { &words[..] };
        let before = trust(&place, &sandbox, words).succeeds().text();
        sandbox.clear_requests();
        assert_eq!(trust(&place, &sandbox, words).succeeds().text(), before);
        assert_eq!(sandbox.requests().len(), 1, "{form}");
        sandbox.rotate_key("demo/ec").unwrap();
        assert_ne!(trust(&place, &sandbox, words).succeeds().text(), before, "{form}");
    }
    let mut variables = sandbox.environment();
    variables.push(("SIGNPATH_TIMEOUTS_RETRY_COUNT".to_owned(), "0".to_owned()));
    drop(sandbox);
    run_with(&place, &variables, &["trust", "demo/ec"]).fails(1, "error: reading the signing");
}

#[test]
fn options_that_do_not_go_together_are_wrong_usage() {
    let place = Workplace::new();
    for (words, said) in [
        (&["--as", "kyverno"][..], "which images"),
        (&["--as", "ratify"], "hint: --images PATTERN"),
        (&["--as", "kyverno", "--images", "acme/*"], "begins with the registry"),
        (&["--as", "kyverno", "--images", "ghcr.io/\"x"], "in no image's name"),
        (&["--as", "kyverno", "--images", "ghcr.io/acme/web:1.0"], "lets images through"),
        (&["--as", "kyverno", "--images", "ghcr.io/acme/web:*"], "without tag and digest"),
        (&["--as", "kyverno", "--images", "ghcr.io/acme/web@sha256:*"], "lets images through"),
        (&["--as", "kyverno", "--images", "docker.io/library/*"], "images of Docker Hub through"),
        (&["--as", "kyverno", "--images", "index.docker.io/acme/web"], "--images '*' asks"),
        (&["--as", "ratify", "--images", "ghcr.io/*/web"], "one * in a scope"),
        (&["--as", "ratify", "--images", "ghcr.io/acme/web:1.0"], "matches nothing"),
        (&["--as", "ratify", "--images", "ghcr.io/acme/web@sha256:12"], "matches nothing"),
        (&["--as", "ratify", "--images", "ghcr.io/a_b/*"], "no _ and no capital letter"),
        (&["--as", "ratify", "--images", "ghcr.io/Acme/*"], "no _ and no capital letter"),
        (&["--as", "ratify", "--images", "ghcr.io/acme/web"], "matches nothing"),
        (&["--as", "policy-controller", "--images", "*"], "for all images --images '**'"),
        (&["--as", "policy-controller", "--images", "*/*"], "index.docker.io/*/*"),
        (&["--as", "policy-controller", "--images", "ghcr.io/a?"], "knows no ? in a glob"),
        (&["--as", "policy-controller", "--images", "ghcr.io/a@sha256:*"], "knows no @"),
        (&["--as", "policy-controller", "--images", "ghcr.io/acme/web"], "matches nothing"),
        (&["--as", "policy-controller", "--images", "ghcr.io/acme/web:1.*"], "matches nothing"),
        (&["--as", "policy-controller", "--images", "docker.io/acme/*"], "index.docker.io"),
        (&["--as", "kyverno", "--images", IMAGES, "--ca", "x"], "--ca is for a trusted root"),
        (&["--ca", "x"], "--ca is for a trusted root"),
        (&["--images", IMAGES], "--images is for the policies"),
        (&["--as", "trusted-root", "--images", IMAGES], "--images is for the policies"),
        (&["--as", "pgp"], "invalid value"),
    ] {
        run_with(&place, &[], &[&["trust", "demo/ec"], words].concat()).fails(2, said);
    }
}

#[test]
fn a_trusted_root_has_the_chain_that_the_service_gives() {
    let (place, sandbox) = with_certificates();
    let told = trust(&place, &sandbox, &["p/chain", "--as", "trusted-root"]).succeeds();
    let root: Value = serde_json::from_str(&told.text()).unwrap();
    assert_eq!(root.as_object().unwrap().len(), 2, "no logs, no time stamps: {root}");
    let authority = &root["certificateAuthorities"][0];
    let pems = sandbox.certificate_chain_pem("p/chain").unwrap();
    let base64 = |pem: &String| pem.lines().filter(|line| !line.starts_with('-')).collect();
    let given: Vec<String> = pems.iter().map(base64).collect();
    let shown = authority["certChain"]["certificates"].as_array().unwrap();
    let shown: Vec<_> = shown.iter().map(|link| link["rawBytes"].as_str().unwrap()).collect();
    assert_eq!(shown, given);
    assert!(commands(&told)[0].contains("--certificate-identity 'a@b.example' "), "{told:?}");
}

#[test]
fn a_certificate_that_cosign_would_refuse_is_an_error_that_says_what_it_needs() {
    let (place, sandbox) = with_certificates();
    let fails = |policy, said| {
        trust(&place, &sandbox, &[policy, "--as", "trusted-root"]).fails(1, said).stderr
    };
    assert!(fails("p/root", "is not known").contains("hint: give it"));
    assert!(fails("p/dns", "no URI and no e-mail address").contains("codeSigning"));
    let told = trust(&place, &sandbox, &["p/self", "--as", "trusted-root"]).succeeds();
    assert!(told.stderr.contains("warning: the certificate has issued itself"), "{told:?}");
    let (_, without) = (Workplace::new(), sandbox_builder().start().unwrap());
    let mut variables = without.environment();
    // A placeholder is nobody's word.
    let dummy = "SIGNPATH_INCLUDE_DUMMY_X509CERTIFICATE_FOR_GPG_KEYS";
    variables.push((dummy.to_owned(), "true".to_owned()));
    let words = ["trust", "demo/nocert", "--as", "trusted-root"];
    let told = run_with(&place, &variables, &words).fails(1, "has no certificate to verify by");
    assert!(
        told.stderr.contains("SignPath has none") && told.stderr.contains("codeSigning"),
        "{}",
        told.stderr
    );
}

/// Its policies are in no list for hash signing; each has a certificate all the same.
#[test]
fn an_organization_without_hash_signing_is_asked_for_the_certificate_itself() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().status(403));
    let told = trust(&place, &sandbox, &["demo/ec"]).succeeds();
    assert_eq!(told.text(), sandbox.public_key_pem("demo/ec").unwrap());
    place.write("ca.pem", sandbox.code_signing_root_pem().unwrap());
    let words = ["demo/ec", "--as", "trusted-root", "--ca", "ca.pem"];
    let told = trust(&place, &sandbox, &words).succeeds();
    assert!(commands(&told)[0].contains("'release@example.com'"), "{told:?}");
}

#[test]
fn the_file_of_the_issuers_is_what_counts_where_it_is_given() {
    let (place, sandbox) = with_certificates();
    let write = |name: &str, content: String| text(&place.write(name, content));
    let root = write("root.pem", sandbox.code_signing_root_pem().unwrap());
    let other = sandbox_builder().start().unwrap().code_signing_root_pem().unwrap();
    let other = write("other.pem", other);
    let ca = |policy, file: &str| {
        trust(&place, &sandbox, &[policy, "--as", "trusted-root", "--ca", file])
    };
    ca("p/root", &root).succeeds();
    // The same name, and another key.
    ca("p/root", &other).fails(1, "is not known");
    ca("p/chain", &root).fails(1, "is not known");
    ca("p/root", "nowhere.pem").fails(1, "nowhere.pem cannot be read");
    let empty = write("empty.pem", String::new());
    ca("p/root", &empty).fails(1, "has no certificates to trust");
}

/// A trusted root of stock cosign, of these certificates.
fn by_cosign(bench: &Bench, cosign: &Cosign<'_>, uri: &str, pems: &[String]) -> Value {
    let chain = bench.place.write("chain.pem", pems.concat());
    let authority = format!("url={uri},certificate-chain={}", chain.display());
    let printed = cosign.run(&["trusted-root", "create", "--fulcio", &authority]).succeeds();
    serde_json::from_str(&printed.stdout).unwrap()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_trusted_root_means_what_cosigns_own_means() {
    let bench = Bench::with(|builder| builder.policies(certified()));
    let cosign = bench.cosign(Version::V3);
    let leaf = bench.sandbox.certificate_pem("p/self").unwrap().unwrap();
    for (policy, chain) in [
        ("p/chain", bench.sandbox.certificate_chain_pem("p/chain").unwrap()),
        ("p/uri", bench.sandbox.certificate_chain_pem("p/uri").unwrap()),
        ("p/self", vec![leaf]),
    ] {
        let ours = run(&bench, &["trust", policy, "--as", "trusted-root"]).succeeds().text();
        let ours: Value = serde_json::from_str(&ours).unwrap();
        let uri = bench.sandbox.api_url();
        assert_eq!(ours, by_cosign(&bench, &cosign, &uri, &chain), "{policy}");
    }
}

/// Runs a command that was said, for this image.
fn verify(
    cosign: &Cosign<'_>,
    command: &str,
    file: (&str, &str),
    image: &str,
) -> crate::harness::Ran {
    let command = command.replace(file.0, file.1).replace("IMAGE", image);
    let words: Vec<_> = command.split(' ').map(|word| word.trim_matches('\'')).collect();
    assert_eq!(words[0], "cosign");
    cosign.run(&words[1..])
}

/// By identity: signed with the certificate shown, under the trusted root, as cosign v3 checks while it signs.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_command_for_a_trusted_root_verifies_by_identity_and_nobody_elses() {
    let bench = Bench::with(|builder| builder.policies(certified()));
    let root = text(&bench.place.write("root.pem", bench.sandbox.code_signing_root_pem().unwrap()));
    let cosign = bench.cosign(Version::V3).with(SHOWN.0, SHOWN.1);
    for (policy, more, identity) in [
        ("p/chain", &[][..], "a@b.example"),
        ("p/root", &["--ca", &root], "a@b.example"),
        ("p/uri", &[], "https://b.example/release"),
        ("p/self", &[], "a@b.example"),
    ] {
        let words = [&["trust", policy, "--as", "trusted-root"], more].concat();
        let told = run(&bench, &words).succeeds();
        let file = text(&bench.place.write("ours.json", &told.stdout));
        let image = bench.image();
        cosign.signing_under(&file, "sign", &key_of(policy), &[&image]).succeeds();
        let name = format!("{}.trusted-root.json", policy.replace('/', "-"));
        let command = commands(&told)[0];
        let file = (&*name, &*file);
        let verified = verify(&cosign, command, file, &image).succeeds();
        assert!(verified.stdout.contains(image.split_once('@').unwrap().1), "{verified}");

        assert!(command.contains(&format!("'{identity}'")), "{command}");
        let somebody = command.replace(identity, "somebody@b.example");
        let refused = verify(&cosign, &somebody, file, &image).fails();
        assert!(refused.stderr.contains("expected SAN value"), "{refused}");

        let other = Bench::with(|builder| builder.policies(certified()));
        let root = other.place.write("root.pem", other.sandbox.code_signing_root_pem().unwrap());
        let more = if more.is_empty() { vec![] } else { vec!["--ca", root.to_str().unwrap()] };
        let words = [&["trust", policy, "--as", "trusted-root"], &more[..]].concat();
        let another = run(&other, &words).succeeds().stdout;
        let another = text(&bench.place.write("another.json", another));
        let refused = verify(&cosign, command, (&name, &another), &image).fails();
        assert!(refused.stderr.contains("certificate"), "{refused}");
    }
}

/// The policy of the sandbox's own project, as it is.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_image_signed_with_demo_ec_and_its_certificate_verifies_by_identity() {
    let bench = Bench::new();
    let cosign = bench.cosign(Version::V3).with(SHOWN.0, SHOWN.1);
    let ca = text(&bench.place.write("ca.pem", bench.sandbox.code_signing_root_pem().unwrap()));
    let told = run(&bench, &["trust", "demo/ec", "--as", "trusted-root", "--ca", &ca]).succeeds();
    let root = text(&bench.place.write("demo-ec.trusted-root.json", &told.stdout));
    let image = bench.image();
    cosign.signing_under(&root, "sign", &key_of("demo/ec"), &[&image]).succeeds();
    let command = commands(&told)[0];
    assert!(command.contains("--certificate-identity 'release@example.com' "), "{command}");
    verify(&cosign, command, ("demo-ec.trusted-root.json", &root), &image).succeeds();
}

/// The command for the key, with what is said of versions and forms.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_command_for_the_key_verifies_both_forms_with_v3_and_simple_signing_with_v2() {
    let bench = Bench::new();
    for policy in ["demo/rsa", "demo/ec", "demo/ec521"] {
        let told = run(&bench, &["trust", policy]).succeeds();
        let file = text(&bench.place.write("ours.pub", &told.stdout));
        let name = format!("{}.pub", policy.replace('/', "-"));
        for (format, versions) in
            [("bundle", &[Version::V3][..]), ("simple-signing", &[Version::V3, Version::V2])]
        {
            let image = bench.image();
            let sign = ["sign", &image, "--policy", policy, "--via", "hash", "--format", format];
            run(&bench, &sign).succeeds();
            for version in versions {
                let cosign = bench.cosign(*version);
                verify(&cosign, commands(&told)[0], (&name, &file), &image).succeeds();
            }
            if format == "simple-signing" {
                let cosign = bench.cosign(Version::Oldest);
                let command = commands(&told)[0];
                verify(&cosign, command, (&name, &file), &image).fails();
                assert!(told.stderr.contains("(v2.0 wants --insecure-ignore-sct=true too)"));
                let whole = command.replace(" IMAGE", " --insecure-ignore-sct=true IMAGE");
                verify(&cosign, &whole, (&name, &file), &image).succeeds();
            }
            if format == "bundle" {
                let cosign = bench.cosign(Version::V2);
                verify(&cosign, commands(&told)[0], (&name, &file), &image).fails();
                let root = text(&repository_file("scripts/empty-trusted-root.json"));
                let flags = ["--trusted-root", &root, &image];
                cosign.verifying("verify", &file, &flags).succeeds();
            }
        }
    }
}
