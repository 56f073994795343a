//! A guest in somebody else's process: threads, signals, standard output, unloading. `lifecycle` has what takes many of them.

use std::{
    fs,
    os::{
        fd::AsRawFd,
        unix::{fs::PermissionsExt, process::CommandExt},
    },
    path::Path,
    process::Command,
    ptr, thread,
    time::Duration,
};

use cryptoki_sys::*;
use serde_json::json;
use signpath_sandbox::{Fault, Route};

use crate::{
    harness::{
        Module, alone, alone_beside_a_sandbox, module_path, requested, until_requested, variable,
    },
    lifecycle::tasks,
};

#[test]
fn the_module_starts_no_thread() {
    alone_beside_a_sandbox(|_| {
        let before = tasks();
        let module = Module::started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        session.sign(CKM_ECDSA, key, &[7; 32]).unwrap();
        let during = tasks();
        module.finalize().unwrap();
        assert_eq!(during, before);
        assert_eq!(tasks(), before);
    });
}

#[test]
fn a_host_that_dies_of_sigpipe_survives_a_connection_that_the_service_closed() {
    alone(|process| {
        // SAFETY: the default disposition is what a C program has.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        let (sandbox, module) = process.started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).close_after_answer().always());
        for _ in 0..20 {
            session.sign(CKM_ECDSA, key, &[7; 32]).unwrap();
        }
        assert_eq!(requested(&sandbox, Route::SignHash), 20);
        assert_eq!(sandbox.connections(), 20);
    });
}

/// The log's own write is to a pipe that nobody reads any more.
#[test]
fn a_host_that_dies_of_sigpipe_survives_a_log_line_that_nobody_reads() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure_with(&sandbox, json!({ "ApiToken": "wrong" }));
        let module = Module::started();
        let session = module.session();
        let mut ends = [0; 2];
        // SAFETY: the default disposition is what a C program has.
        unsafe { libc::signal(libc::SIGPIPE, libc::SIG_DFL) };
        // SAFETY: `ends` has room for the two descriptors.
        assert_eq!(unsafe { libc::pipe(ends.as_mut_ptr()) }, 0);
        // SAFETY: both descriptors are open; the writing end becomes standard error …
        unsafe { libc::dup2(ends[1], 2) };
        // SAFETY: … whose reading end is open and nobody else's.
        unsafe { libc::close(ends[0]) };
        assert_eq!(session.login(""), Err(CKR_PIN_INCORRECT));
    });
}

#[test]
fn nothing_is_written_to_standard_output_whatever_the_configuration_says() {
    alone(|process| {
        let sandbox = process.sandbox();
        let console = json!({ "Level": "verbose", "OutputStream": "stdout" });
        process.configure_with(&sandbox, json!({ "Log": { "Console": console } }));
        let output = tempfile::tempfile().unwrap();
        // SAFETY: a copy of standard output, to have it back for the test runner.
        let kept = unsafe { libc::dup(1) };
        // SAFETY: both descriptors are open.
        unsafe { libc::dup2(output.as_raw_fd(), 1) };
        let module = Module::started();
        let session = module.session();
        let key = session.private_key("demo/ec");
        let signed = session.sign(CKM_ECDSA, key, &[7; 32]);
        // SAFETY: both descriptors are open.
        unsafe { libc::dup2(kept, 1) };
        assert!(signed.is_ok());
        assert_eq!(output.metadata().unwrap().len(), 0);
    })
    .stderr_says("C_Sign");
}

#[test]
fn a_signature_under_way_does_not_hold_up_other_calls() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let key = module.session().private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).delay(Duration::from_secs(2)));
        thread::scope(|scope| {
            let session = module.session();
            let busy = session.handle;
            let signing = scope.spawn(move || session.sign(CKM_ECDSA, key, &[7; 32]));
            until_requested(&sandbox, Route::SignHash);
            let other = module.session();
            assert_eq!(other.state(), CKS_RW_PUBLIC_SESSION);
            other.close().unwrap();
            let cancel = |kinds| called!(module.functions_3_2(), C_SessionCancel(busy, kinds));
            assert_eq!(cancel(CKF_SIGN), CKR_OPERATION_CANCEL_FAILED);
            assert_eq!(cancel(CKF_VERIFY), CKR_OK);
            let none = ptr::null_mut();
            assert_eq!(call!(module, C_SignInit(busy, none, key)), CKR_OPERATION_CANCEL_FAILED);
            assert_eq!(call!(module, C_CloseAllSessions(1)), CKR_OK);
            assert!(!signing.is_finished());
            assert!(signing.join().unwrap().is_ok());
        });
    });
}

#[test]
fn c_finalize_lets_a_signature_under_way_come_to_its_end() {
    alone(|process| {
        let (sandbox, module) = process.started();
        let key = module.session().private_key("demo/ec");
        sandbox.inject(Fault::on(Route::SignHash).delay(Duration::from_secs(1)));
        thread::scope(|scope| {
            let session = module.session();
            let signing = scope.spawn(move || session.sign(CKM_ECDSA, key, &[7; 32]));
            until_requested(&sandbox, Route::SignHash);
            assert_eq!(module.finalize(), Ok(()));
            assert!(!signing.is_finished());
            assert_eq!(module.finalize(), Err(CKR_CRYPTOKI_NOT_INITIALIZED));
            assert_eq!(signing.join().unwrap().map(|signature| signature.len()), Ok(64));
        });
    });
}

#[test]
fn a_module_that_was_unloaded_and_loaded_again_still_knows_its_connection() {
    alone(|process| {
        let sandbox = process.sandbox();
        process.configure(&sandbox);
        for _ in 0..3 {
            let module = Module::started();
            let session = module.session();
            session.sign(CKM_ECDSA, session.private_key("demo/ec"), &[7; 32]).unwrap();
            module.finalize().unwrap();
        }
        assert_eq!(sandbox.connections(), 1);
    });
}

/// The test binary as a set-uid program of root's, started by nobody: the kernel sets AT_SECURE for it. Without the bit the
/// same program believes the same sources.
#[test]
fn a_program_with_raised_rights_believes_neither_environment_nor_file_nor_command() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let everybodys = fs::Permissions::from_mode(0o777);
    fs::set_permissions(folder.path(), everybodys).unwrap();
    let mut shown = String::new();
    for source in ["value", "file", "command"] {
        let ran = folder.path().join(format!("{source}-ran"));
        let raised = told(folder.path(), source, &ran, 0o4755);
        if !raised.contains("effective user: 0") {
            println!(
                "not run: a program with raised rights (needs root and a file system with set-uid)"
            );
            return;
        }
        assert!(raised.contains("login required: true"), "{source}: {raised}");
        assert!(!ran.exists(), "{source}: {raised}");
        shown = told(folder.path(), source, &ran, 0o755);
        assert!(shown.contains("login required: false"), "{source}: {shown}");
        assert_eq!(ran.exists(), source == "command", "{source}: {shown}");
    }
    assert!(shown.contains("effective user: 65534"), "{shown}");
}

/// What the host program says with its token from this source; a command leaves the file `ran`.
fn told(folder: &Path, source: &str, ran: &Path, mode: u32) -> String {
    let program = folder.join("host-program");
    fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(mode)).unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let (name, value) = match source {
        "value" => ("SIGNPATH_API_TOKEN", "from the environment".replace(' ', "-")),
        "file" => ("SIGNPATH_API_TOKEN", format!("file:{}", write("token", "from-a-file"))),
        _ => {
            let file =
                json!({ "ApiToken": ["/usr/bin/touch", ran], "ApiUrl": "http://127.0.0.1:1/Api" });
            ("SIGNPATH_CONFIG_FILE", write("signpath.json", &file.to_string()))
        }
    };
    let output = Command::new(&program)
        .args(["process::told_by_a_host_program", "--exact", "--include-ignored", "--nocapture"])
        .env("SIGNPATH_TEST_MODULE", module_path())
        .env("SIGNPATH_ORGANIZATION_ID", "11111111-1111-4111-8111-111111111111")
        .env("SIGNPATH_API_URL", "http://127.0.0.1:1/Api")
        .env("SIGNPATH_TIMEOUTS_RETRY_COUNT", "0")
        .env(name, value)
        .uid(NOBODY)
        .output();
    output.map_or_else(|error| error.to_string(), |it| String::from_utf8_lossy(&it.stdout).into())
}

const NOBODY: u32 = 65534;

#[test]
#[ignore = "the host program of a_program_with_raised_rights_believes_neither_environment_nor_file_nor_command"]
fn told_by_a_host_program() {
    if variable("SIGNPATH_ORGANIZATION_ID").is_some() {
        // SAFETY: geteuid has no preconditions.
        println!("effective user: {}", unsafe { libc::geteuid() });
        let module = Module::started();
        let flags = module.token_info(1).flags;
        println!("login required: {}", flags & CKF_LOGIN_REQUIRED != 0);
        println!("login: {:?}", module.session().login(""));
    }
}
