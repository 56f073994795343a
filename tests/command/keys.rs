//! The list of policies.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::Value;
use sha2::{Digest, Sha256};
use signpath_sandbox::{Fault, Route};

use super::program::{self, run_with};
use crate::{
    cosign::bench::{Bench, Version},
    harness::{Ran, Tool, Workplace, module_path, sandbox_builder},
};

#[test]
fn keys_are_listed_with_their_fingerprints() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = sandbox.environment();
    let json = run_with(&place, &variables, &["keys", "--json"]).succeeds();
    let keys: Vec<Value> = serde_json::from_slice(&json.stdout).unwrap();
    let table = run_with(&place, &variables, &["keys"]).succeeds().text();
    let lines: Vec<_> = table.lines().skip(1).collect();
    assert_eq!(keys.len(), lines.len());
    for (key, line) in keys.iter().zip(lines) {
        let policy = key["policy"].as_str().unwrap();
        let fingerprint = key["fingerprint"].as_str().unwrap();
        let pem = sandbox.public_key_pem(policy).unwrap();
        let base64: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let hash = Sha256::digest(STANDARD.decode(base64).unwrap());
        assert_eq!(hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>(), fingerprint);
        let has_certificate = key["certificateExpires"].is_string();
        assert_eq!(has_certificate, policy != "demo/nocert", "{key}");
        assert!(line.starts_with(&format!("{policy} ")) && line.ends_with(fingerprint), "{line}");
    }
    let rsa = keys.iter().find(|key| key["policy"] == "demo/rsa").unwrap();
    assert_eq!((&rsa["type"], &rsa["bits"]), (&"RSA".into(), &3072.into()));
}

#[test]
fn the_key_to_trust_is_the_one_of_the_policy() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    for policy in ["demo/rsa", "demo/ec", "demo/ec521", "demo/nocert"] {
        let told = run_with(&place, &sandbox.environment(), &["trust", policy]).succeeds();
        assert_eq!(told.text(), sandbox.public_key_pem(policy).unwrap());
    }
    let unknown = run_with(&place, &sandbox.environment(), &["trust", "demo/x"]);
    unknown.fails(1, "this token cannot sign with demo/x");
}

#[test]
fn commands_for_cosign_name_plugin_and_module() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let text = run_with(&place, &sandbox.environment(), &["keys", "--cosign"]).succeeds().text();
    let signing: Vec<_> = text.lines().filter(|line| line.starts_with("cosign sign ")).collect();
    let stays_off = [" --signing-config signing-config.json ", " --tlog-upload=false "];
    assert!(signing.iter().all(|line| stays_off.iter().any(|option| line.contains(option))));
    for key in ["'signpath://demo/rsa'", "'pkcs11:token=SignPath;object=demo%2Frsa?module-path="] {
        let of = signing.iter().filter(|line| line.contains(key)).collect::<Vec<_>>();
        assert_eq!(of.len(), 2, "{text}");
        assert!(
            of[1].starts_with("cosign sign --yes --tlog-upload=false --key "),
            "for v2: {text}"
        );
    }
}

#[test]
fn a_token_without_a_policy_gets_an_empty_list_and_a_warning() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let mut variables = sandbox.environment();
    variables.push(("SIGNPATH_SIGNING_POLICY_SLUG".to_owned(), "none".to_owned()));
    for (words, printed) in
        [(&["keys"][..], ""), (&["keys", "--cosign"], ""), (&["keys", "--json"], "[]\n")]
    {
        let ended = run_with(&place, &variables, words).succeeds();
        assert_eq!(ended.text(), printed);
        assert!(
            ended.stderr.contains("warning: this token may use no signing policy"),
            "{ended:?}"
        );
        assert!(ended.stderr.contains("go by its certificate"), "{ended:?}");
    }
}

#[test]
fn a_refused_list_is_an_error_that_says_what_to_do_without_hash_signing() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    sandbox.inject(Fault::on(Route::MySigningPolicies).always().status(403));
    let ended = run_with(&place, &sandbox.environment(), &["keys"]).fails(1, "403");
    assert!(ended.stderr.contains("has no hash signing name the policy"), "{}", ended.stderr);
}

#[test]
fn without_credentials_it_says_what_to_set() {
    let place = Workplace::new();
    let ended = run_with(&place, &[], &["keys"]);
    let ended = ended.fails(1, "error: there are no credentials for SignPath");
    assert!(ended.stderr.contains("hint: set SIGNPATH_ORGANIZATION_ID and SIGNPATH_API_TOKEN"));
    assert!(!ended.stderr.contains('\u{1b}'), "no colour where no terminal is");
}

#[test]
fn a_wrong_token_is_a_failure_that_is_explained_and_not_shown() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let mut variables = sandbox.environment();
    variables.retain(|(name, _)| name != "SIGNPATH_API_TOKEN");
    variables.push(("SIGNPATH_API_TOKEN".to_owned(), "wr0ng-t0ken".to_owned()));
    let ended =
        run_with(&place, &variables, &["keys"]).fails(1, "error: reading the signing policies");
    assert!(ended.stderr.contains("401") && ended.stderr.contains("\nhint: "), "{}", ended.stderr);
    assert!(!ended.stderr.contains("wr0ng"), "{}", ended.stderr);
}

/// Each block as it stands there, with the stock cosign of the generation that its comment names.
#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_commands_sign_as_they_stand_there_with_v3_and_v2() {
    let bench = Bench::new();
    let printed = installed(&bench);
    let preparation =
        printed.lines().find(|line| line.starts_with("cosign signing-config ")).unwrap();
    for policy in ["demo/rsa", "demo/ec", "demo/ec521"] {
        let key = format!(";object={}?", policy.replace('/', "%2F"));
        for (version, tool, off) in [
            (Version::V3, Tool::CosignV3, "-signing-config"),
            (Version::V2, Tool::CosignV2, " --yes --tlog-upload=false "),
        ] {
            let mut lines = printed.lines().filter(|line| line.contains(&key));
            let module = lines.find(|line| line.contains(off)).unwrap();
            let reference = format!("'signpath://{policy}'");
            let mut lines = printed.lines().filter(|line| line.contains(&reference));
            let plugin = lines.find(|line| line.contains(off)).unwrap();
            let preparation = if version == Version::V3 { preparation } else { "true" };
            let public = bench.public_key_of(policy);
            let cosign = bench.cosign(version);
            cosign.verify(&public, &signed(&bench, tool, preparation, module)).succeeds();
            let image = signed(&bench, tool, preparation, plugin);
            // cosign v3 checks a bundle of a P-521 key with the hash of its curve.
            if version == Version::V2 || policy != "demo/ec521" {
                cosign.verify(&public, &image).succeeds();
            }
        }
    }
}

/// What a program prints that is installed with the module.
fn installed(bench: &Bench) -> String {
    let (programs, libraries) = (bench.place.path("my usr/bin"), bench.place.path("my usr/lib"));
    for folder in [&programs, &libraries] {
        std::fs::create_dir_all(folder).unwrap();
    }
    let (program, module) =
        (programs.join("signpath-cosign"), libraries.join("libsignpath_pkcs11.so"));
    std::fs::copy(program::path(), &program).unwrap();
    std::os::unix::fs::symlink(module_path(), module).unwrap();
    let mut command = bench.place.command(program);
    Ran::of(command.envs(bench.sandbox.environment()).args(["keys", "--cosign"])).succeeds().stdout
}

/// The image that the line has signed.
fn signed(bench: &Bench, tool: Tool, preparation: &str, line: &str) -> String {
    let link = bench.place.path("cosign");
    std::fs::remove_file(&link).ok();
    std::os::unix::fs::symlink(tool.path(), link).unwrap();
    let image = bench.image();
    let line = line.replace("IMAGE@sha256:…", &image);
    let plugin = Tool::KmsPlugin.path();
    let folder = plugin.parent().unwrap().display();
    let script = format!("PATH=$PWD:{folder}:$PATH; {preparation} && {line}");
    let mut shell = bench.place.command("sh");
    Ran::of(shell.envs(bench.sandbox.environment()).args(["-c", &script])).succeeds();
    image
}
