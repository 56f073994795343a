//! Tokens that a program prints, and certificates of our own, through the C ABI.

use std::{
    fs,
    path::{Path, PathBuf},
    ptr, thread,
};

use cryptoki_sys::*;
use serde_json::{Value, json};
use signpath_sandbox::{Fault, Route, Sandbox};
use tempfile::TempDir;

use crate::harness::{Alone, Module, alone, alone_beside_a_sandbox, requested, variable};

/// A program that prints an expired token until it has been run so often, and then the sandbox's. Each run leaves a line with
/// how many threads the process that started it has.
struct Helper {
    folder: TempDir,
    script: &'static str,
}

impl Helper {
    fn expired(times: u32) -> Self {
        let script = match times {
            0 => "ls /proc/$PPID/task | wc -l >> \"$1\"; echo \"$2\"; echo more",
            _ => {
                "ls /proc/$PPID/task | wc -l >> \"$1\"; [ $(wc -l < \"$1\") -gt 1 ] || { echo expired; exit; }; echo \"$2\""
            }
        };
        Self { folder: tempfile::tempdir().unwrap(), script }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("runs")
    }

    fn setting(&self, token: &str) -> Value {
        json!(["/bin/sh", "-c", self.script, "helper", self.file(), token])
    }

    fn configure(&self, process: &Alone, sandbox: &Sandbox) {
        let command = self.setting(&sandbox.token());
        process.configure_with(sandbox, json!({ "ApiToken": command }));
    }

    /// The threads that each run has seen.
    fn runs(&self) -> Vec<String> {
        let text = fs::read_to_string(self.file()).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }
}

fn sign(module: &Module) -> Result<Vec<u8>, CK_RV> {
    let session = module.session();
    session.login("")?;
    session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32])
}

#[test]
fn an_expired_token_is_asked_for_again_and_the_signature_is_made() {
    alone(|process| {
        let sandbox = process.sandbox();
        let helper = Helper::expired(1);
        helper.configure(&process, &sandbox);
        let module = Module::started();
        assert_eq!(module.token_info(1).flags & CKF_LOGIN_REQUIRED, 0);
        assert_eq!(helper.runs().len(), 0, "C_Initialize runs nothing");
        assert_eq!(sign(&module).unwrap().len(), 64);
        assert_eq!(helper.runs().len(), 2);
        // One refusal, one list, one signature.
        assert_eq!(requested(&sandbox, Route::MySigningPolicies), 2);
        assert_eq!(requested(&sandbox, Route::SignHash), 1);
        assert_eq!(sandbox.connections(), 1);
    })
    .stderr_lines(0);
}

#[test]
fn the_same_token_again_after_a_401_is_not_sent_again() {
    alone(|process| {
        let sandbox = process.sandbox();
        let helper = Helper::expired(0);
        helper.configure(&process, &sandbox);
        let module = Module::started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).status(401).times(1));
        assert_eq!(session.sign(CKM_ECDSA, key, &[7; 32]), Err(CKR_ARGUMENTS_BAD));
        assert_eq!((helper.runs().len(), requested(&sandbox, Route::SignHash)), (2, 1));
    })
    .stderr_says("the service answered 401");
}

#[test]
fn six_runs_of_the_module_ask_the_program_once() {
    alone(|process| {
        let sandbox = process.sandbox();
        let helper = Helper::expired(0);
        helper.configure(&process, &sandbox);
        let module = Module::load();
        for _ in 0..6 {
            module.initialize().unwrap();
            sign(&module).unwrap();
            module.finalize().unwrap();
        }
        assert_eq!((helper.runs().len(), sandbox.connections()), (1, 1));
    });
}

#[test]
fn no_thread_is_started_for_the_program() {
    alone_beside_a_sandbox(|process| {
        let text = |name| variable(name).unwrap().into_string().unwrap();
        let helper = Helper::expired(1);
        process.write_configuration(&json!({ "OrganizationId": text("SIGNPATH_ORGANIZATION_ID"),
            "ApiToken": helper.setting("x"), "ApiUrl": text("SIGNPATH_API_URL") }));
        // SAFETY: the runner's other thread waits for this one.
        unsafe { std::env::remove_var("SIGNPATH_API_TOKEN") };
        let before = fs::read_dir("/proc/self/task").unwrap().count().to_string();
        let module = Module::started();
        assert_eq!(module.session().login(""), Err(CKR_PIN_INCORRECT));
        assert_eq!(helper.runs(), [before.clone(), before]);
    });
}

#[test]
fn a_program_that_gives_no_token_is_told_in_one_line_and_nothing_is_sent() {
    alone(|process| {
        let sandbox = process.sandbox();
        let command = json!(["/bin/sh", "-c", "echo 'not logged in' >&2; exit 1"]);
        process.configure_with(&sandbox, json!({ "ApiToken": command }));
        let module = Module::started();
        assert_eq!(module.session().login(""), Err(CKR_GENERAL_ERROR));
        assert_eq!(sandbox.connections(), 0);
    })
    .stderr_says("the command /bin/sh gives no API token: exit status: 1 (not logged in)")
    .stderr_lines(1);
}

#[test]
fn a_token_that_a_program_has_printed_is_not_in_the_log() {
    alone(|process| {
        let sandbox = process.sandbox();
        let helper = Helper::expired(0);
        let command = helper.setting(&sandbox.token());
        let log = json!({ "Console": { "Level": "verbose" } });
        process.configure_with(&sandbox, json!({ "ApiToken": command, "Log": log }));
        let backwards: String = sandbox.token().chars().rev().collect();
        println!("backwards {backwards}");
        sign(&Module::started()).unwrap();
    })
    .stderr_says("the command /bin/sh")
    .stderr_hides_what_stdout_has_backwards("backwards ");
}

#[test]
fn a_file_that_others_can_write_to_says_nothing_that_is_run() {
    alone(|process| {
        let sandbox = process.sandbox();
        let helper = Helper::expired(0);
        helper.configure(&process, &sandbox);
        let file = variable("SIGNPATH_CONFIG_FILE").unwrap();
        let mode = <fs::Permissions as std::os::unix::fs::PermissionsExt>::from_mode(0o622);
        fs::set_permissions(Path::new(&file), mode).unwrap();
        assert_eq!(Module::load().initialize(), Err(CKR_GENERAL_ERROR));
        assert_eq!(helper.runs().len(), 0);
    })
    .stderr_says("a command is not taken from this file: others can write to it; chmod go-w");
}

extern "C" fn collect_every_child(_: libc::c_int) {
    // SAFETY: waitpid may be called in a signal handler, and nobody asks for the status.
    while unsafe { libc::waitpid(-1, ptr::null_mut(), libc::WNOHANG) } > 0 {}
}

/// Signs with tokens of a program, while nobody can have its exit status.
fn sign_without_exit_status(process: &Alone) {
    let sandbox = process.sandbox();
    let helper = Helper::expired(1);
    helper.configure(process, &sandbox);
    let module = Module::started();
    sign(&module).unwrap();
    assert_eq!(helper.runs().len(), 2);
    module.finalize().unwrap();
    let missing = json!({ "ApiToken": ["/nonexistent/helper"] });
    process.configure_with(&sandbox, missing);
    module.initialize().unwrap();
    assert_eq!(module.session().login(""), Err(CKR_GENERAL_ERROR));
}

#[test]
fn a_host_that_ignores_its_children_gets_its_signature() {
    alone(|process| {
        // SAFETY: with this disposition the system keeps no exit status.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        sign_without_exit_status(&process);
    })
    .stderr_says(
        "the command /nonexistent/helper gives no API token: it cannot be run: No such file",
    );
}

#[test]
fn a_host_that_collects_every_child_gets_its_signature() {
    alone(|process| {
        let handler: extern "C" fn(libc::c_int) = collect_every_child;
        // SAFETY: the handler does nothing that a handler must not do.
        unsafe { libc::signal(libc::SIGCHLD, handler as libc::sighandler_t) };
        sign_without_exit_status(&process);
    });
}

#[test]
fn a_host_whose_thread_waits_for_any_child_gets_its_signature() {
    alone(|process| {
        thread::spawn(|| {
            loop {
                // SAFETY: nobody asks for the status.
                unsafe { libc::waitpid(-1, ptr::null_mut(), 0) };
                thread::yield_now();
            }
        });
        sign_without_exit_status(&process);
    });
}

#[test]
fn a_service_that_asks_for_a_client_certificate_gets_it_from_one_file_or_two() {
    alone(|process| {
        let sandbox = process.sandbox_with(|builder| builder.require_client_certificate());
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = folder.path().join(name);
            fs::write(&path, text).unwrap();
            path
        };
        let pem = sandbox.client_certificate_pem().unwrap();
        let (certificate, key) = pem.split_at(pem.find("-----BEGIN PRIVATE KEY").unwrap());
        let ca = write("ca.pem", &sandbox.ca_certificate_pem().unwrap());
        let both = write("both.pem", &pem);
        let [certificate, key] = [write("certificate.pem", certificate), write("key.pem", key)];
        let module = Module::load();
        for (settings, expected) in [
            (json!({}), Err(CKR_GENERAL_ERROR)),
            (json!({ "TlsClientCertificate": both }), Ok(64)),
            (json!({ "TlsClientCertificate": certificate, "TlsClientKey": key }), Ok(64)),
        ] {
            let mut all = json!({ "TlsCaCertificate": ca });
            all.as_object_mut().unwrap().extend(settings.as_object().unwrap().clone());
            process.configure_with(&sandbox, all);
            module.initialize().unwrap();
            assert_eq!(sign(&module).map(|signature| signature.len()), expected, "{settings}");
            module.finalize().unwrap();
        }
    })
    .stderr_says("SIGNPATH_TLS_CLIENT_CERTIFICATE");
}

#[test]
fn a_service_with_another_key_than_the_pinned_one_gets_no_token() {
    alone(|process| {
        let sandbox = process.sandbox_with(|builder| builder.tls());
        let folder = tempfile::tempdir().unwrap();
        let ca = folder.path().join("ca.pem");
        fs::write(&ca, sandbox.ca_certificate_pem().unwrap()).unwrap();
        let pin = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let settings = json!({ "TlsCaCertificate": ca, "TlsServerKeySha256": pin });
        process.configure_with(&sandbox, settings);
        let module = Module::started();
        assert_eq!(sign(&module), Err(CKR_GENERAL_ERROR));
        assert_eq!(sandbox.requests().len(), 0);
    })
    .stderr_says(
        "the server's key is none of those in TlsServerKeySha256 (its key has the SHA-256 ",
    );
}
