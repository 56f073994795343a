//! cosign, the plugin and the module as they are found.

use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::json;
use signpath_sandbox::Fault;

use super::*;
use crate::harness::{Tool, module_path};

/// Builds with and without PKCS #11 tell the same as cosign does.
fn cosign(place: &Workplace, version: &str, pkcs11: &str) {
    script(
        place,
        "cosign",
        &format!("case $1 in version) echo 'GitVersion:    {version}';; *) {pkcs11};; esac"),
    );
}

#[test]
fn versions_of_cosign_with_known_trouble_are_told() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    for (version, state, said) in [
        ("v3.0.5", "warning", "crashes when it signs with a PKCS #11 key"),
        ("v2.4.3", "warning", "runs no KMS plugins"),
        ("v3.0.6", "ok", "v3.0.6, which runs KMS plugins"),
        ("devel", "warning", "does not say which version"),
    ] {
        cosign(&place, version, "echo usage");
        let ended = doctor(&place, &variables, &[]).succeeds();
        expect(&ended, "cosign", state, said);
        expect(&ended, "cosign", "ok", "it is built with PKCS #11");
    }
    cosign(&place, "v3.1.2", "echo 'This cosign was not built with pkcs11-tool support!'");
    let ended = doctor(&place, &variables, &[]).succeeds();
    expect(&ended, "cosign", "warning", "it is built without PKCS #11");
}

#[test]
fn a_cosign_that_does_not_run_is_an_error_and_the_module_is_not_blamed() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    let module = module_path().display().to_string();
    let token = sandbox.token();
    for (body, said) in [
        (
            "echo libpcsclite.so.1: cannot open shared object file >&2; exit 127",
            "libpcsclite.so.1:",
        ),
        ("echo \"$SIGNPATH_API_TOKEN\" >&2; exit 1", "does not run: ***"),
        ("exit 1", "fails without a word"),
    ] {
        script(&place, "cosign", body);
        let ended = doctor(&place, &variables, &["--module", &module]);
        assert_eq!(ended.code, Some(1), "{}", ended.text());
        expect(&ended, "cosign", "error", said);
        assert_eq!(of(&ended.stdout, "cosign").len(), 1, "{}", ended.text());
        expect(&ended, "module", "skipped", "it was not loaded");
        assert!(!ended.text().contains(&token), "{}", ended.text());
    }
    place.write("cosign", "#!/nowhere/sh\n");
    expect(&doctor(&place, &variables, &[]), "cosign", "error", "it cannot be run");
}

/// The doctor learns it from the program, whether the service then takes it or not.
#[test]
fn a_token_that_a_program_prints_is_hidden_in_what_others_say() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let (token, module) = (sandbox.token(), module_path().display().to_string());
    let file = place.write("token", &token).display().to_string();
    let encoded = token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let settings =
        place.write("signpath.json", json!({ "ApiToken": ["/bin/cat", file] }).to_string());
    std::fs::set_permissions(&settings, std::fs::Permissions::from_mode(0o600)).unwrap();
    let variables = without(&only_here(&place, sandbox.environment()), "SIGNPATH_API_TOKEN");
    let variables = set(variables, "SIGNPATH_CONFIG_FILE", &settings.display().to_string());
    script(&place, "p11tool", &format!("echo {token} {encoded} >&2; exit 1"));
    for refused in [false, true] {
        if refused {
            sandbox.inject(Fault::anywhere().status(401).always());
        }
        let ended = doctor(&place, &variables, &["--module", &module]);
        expect(&ended, "token", if refused { "error" } else { "ok" }, "");
        expect(&ended, "module", "error", "does not load: p11tool: *** ***");
        assert!(!ended.text().contains(&token), "{}", ended.text());
    }
}

#[test]
fn the_plugin_has_to_be_on_path_and_of_this_version() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    let missing = doctor(&place, &variables, &[]);
    expect(&missing, "plugin", "warning", "sigstore-kms-signpath is not on PATH");
    for (body, state, said) in [
        (concat!("echo ", env!("CARGO_PKG_VERSION")), "ok", "version"),
        ("echo 0.0.9", "warning", "is 0.0.9, this program"),
        ("echo '{\"errorMessage\":\"x\"}'", "warning", "a version that it does not tell"),
    ] {
        script(&place, "sigstore-kms-signpath", body);
        expect(&doctor(&place, &variables, &[]), "plugin", state, said);
    }
    place.write("sigstore-kms-signpath", "#!/nowhere/sh\n");
    expect(&doctor(&place, &variables, &[]), "plugin", "error", "cannot be run");
}

#[test]
fn certificates_are_hidden_from_cosign_by_either_of_its_names() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    script(&place, "signer-1.0", "echo");
    symlink(place.path("signer-1.0"), place.path("cosign")).unwrap();
    let ended = doctor(&place, &variables, &[]);
    expect(&ended, "certificates", "ok", "the program is signer-1.0 (started as cosign)");
    let always = set(variables, "SIGNPATH_CRYPTOKI_CERTIFICATES", "always");
    let ended = doctor(&place, &always, &[]).succeeds();
    expect(&ended, "certificates", "warning", "cosign verify --key will reject");
    let ignored = set(always, "COSIGN_PKCS11_IGNORE_CERTIFICATE", "1");
    expect(&doctor(&place, &ignored, &[]), "certificates", "ok", "does not take them");
}

#[test]
fn a_module_is_looked_at_and_loaded_by_whatever_program_can() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    let module = module_path().display().to_string();
    let named = ["--module", module.as_str()];
    let text = place.write("text.so", "no library at all").display().to_string();
    for (path, said) in [
        (text.as_str(), "is too short for a library"),
        ("/nowhere/x.so", "cannot be looked at"),
        ("relative.so", "is no absolute path"),
    ] {
        let ended = doctor(&place, &variables, &["--module", path]);
        assert_eq!(ended.code, Some(1));
        expect(&ended, "module", "error", said);
        let by_variable = set(variables.clone(), "COSIGN_PKCS11_MODULE_PATH", path);
        let ended = doctor(&place, &by_variable, &[]);
        expect(&ended, "module", "error", &format!("{path} (COSIGN_PKCS11_MODULE_PATH)"));
    }
    let ended = doctor(&place, &variables, &named).succeeds();
    expect(&ended, "module", "skipped", "it was not loaded, as there is no cosign with PKCS #11");
    script(&place, "p11tool", "[ $1 = --provider ] && [ -f $2 ] && echo 'Label: SignPath'");
    let ended = doctor(&place, &variables, &named).succeeds();
    expect(&ended, "module", "ok", "loads (p11tool); tokens: SignPath");
    let relabelled = set(variables.clone(), "SIGNPATH_TOKEN_LABEL", "Release");
    let ended = doctor(&place, &relabelled, &named).succeeds();
    expect(&ended, "module", "warning", "its tokens (SignPath) are not Release");
    script(&place, "p11tool", "echo");
    let ended = doctor(&place, &variables, &named).succeeds();
    expect(&ended, "module", "warning", "lists no token");
    script(&place, "pkcs11-tool", "echo 'sc_dlopen failed: GLIBC_9.9 not found' >&2; exit 1");
    let ended = doctor(&place, &variables, &named);
    expect(&ended, "module", "error", "does not load: pkcs11-tool: sc_dlopen failed: GLIBC_9.9");
    cosign(&place, "v3.1.2", "echo 'failed to load PKCS11 module' >&2; [ $2 = --help ]");
    let ended = doctor(&place, &variables, &named);
    expect(
        &ended,
        "module",
        "error",
        "cosign: failed to load PKCS11 module; pkcs11-tool: sc_dlopen",
    );
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_cosign_on_path_is_told_and_loads_the_module() {
    let (place, sandbox) = (Workplace::new(), sandbox_builder().start().unwrap());
    let variables = only_here(&place, sandbox.environment());
    let module = module_path().display().to_string();
    let built = ("ok", "it is built with PKCS #11, so that it can load the module");
    let plain = ("warning", "it is built without PKCS #11: --key pkcs11:… does not work with it");
    symlink(Tool::KmsPlugin.path(), place.path("sigstore-kms-signpath")).unwrap();
    for (tool, (state, said), (able, pkcs11), loads) in [
        (Tool::CosignV3, ("ok", "v3.1.2, which runs KMS plugins"), built, "ok"),
        (Tool::CosignV2, ("ok", "v2.6.4, which runs KMS plugins"), built, "ok"),
        (Tool::CosignOldest, ("warning", "v2.0.0 runs no KMS plugins"), built, "ok"),
        (Tool::CosignPlain, ("ok", "v3.1.2, which runs KMS plugins"), plain, "skipped"),
    ] {
        let link = place.path("cosign");
        std::fs::remove_file(&link).ok();
        symlink(tool.path(), &link).unwrap();
        let told = doctor(&place, &variables, &["--module", &module]).succeeds();
        let found = format!("{}: {said}", link.display());
        expect(&told, "cosign", state, &found);
        expect(&told, "cosign", able, pkcs11);
        let loaded = if loads == "ok" { "loads (cosign); tokens: SignPath" } else { "not loaded" };
        expect(&told, "module", loads, loaded);
        expect(&told, "plugin", "ok", env!("CARGO_PKG_VERSION"));
    }
}
