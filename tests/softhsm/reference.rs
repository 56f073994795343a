//! The two modules with the same keys: a sandbox for ours, a token that softhsm-config/import makes for SoftHSM.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use signpath_sandbox::Sandbox;
use tempfile::TempDir;

use super::answers::{FILE, read_answers};
use crate::{
    harness::{Repeatedly, repository_file, sandbox_builder, variable},
    states::{Answers, PIN},
};

/// The policies of the sandbox's default configuration, whose keys both modules have.
pub(super) const POLICIES: [&str; 6] =
    ["demo/approval", "demo/ec", "demo/ec384", "demo/ec521", "demo/nocert", "demo/rsa"];

/// Where distributions put SoftHSM.
const SOFTHSM: [&str; 5] = [
    "/usr/lib/softhsm/libsofthsm2.so",
    "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib/aarch64-linux-gnu/softhsm/libsofthsm2.so",
    "/usr/lib64/pkcs11/libsofthsm2.so",
    "/usr/lib/libsofthsm2.so",
];

/// The sandbox and the SoftHSM token with its keys.
pub(crate) struct Both {
    sandbox: Sandbox,
    folder: TempDir,
    softhsm: PathBuf,
}

impl Both {
    pub(crate) fn start() -> Self {
        let softhsm = softhsm_module();
        let folder = TempDir::new().expect("a folder for the token");
        let state = folder.path().join("state");
        let sandbox = sandbox_builder().state(&state).start().expect("a sandbox");
        sandbox.prepare().expect("the sandbox has its keys");
        import(&state, &folder.path().join("softhsm"));
        Self { sandbox, folder, softhsm }
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// Runs the parent's test in both modules' processes: our answers, and SoftHSM's.
    pub(super) fn answers(&self, parent: &Repeatedly) -> (Answers, Answers) {
        let ours = self.folder.path().join("ours.json");
        let pin = format!("{}:{}", self.sandbox.organization_id(), self.sandbox.token());
        let url = self.sandbox.api_url();
        parent.run(&[(FILE, text(&ours)), (PIN, pin), ("SIGNPATH_API_URL", url)]);
        let softhsm = self.folder.path().join("softhsm.json");
        let [pin, configuration] = self.softhsm_settings();
        let module = ("SIGNPATH_TEST_MODULE", text(&self.softhsm));
        parent.run(&[(FILE, text(&softhsm)), pin, module, configuration]);
        (read_answers(&ours), read_answers(&softhsm))
    }

    /// SoftHSM's library.
    pub(crate) fn softhsm(&self) -> &Path {
        &self.softhsm
    }

    /// The variables with which a program finds the token of SoftHSM and logs in to it.
    pub(crate) fn softhsm_settings(&self) -> [(&'static str, String); 2] {
        let configuration = self.folder.path().join("softhsm/softhsm2.conf");
        [(PIN, "1234".to_owned()), ("SOFTHSM2_CONF", text(&configuration))]
    }

    /// The variables with which a test's process loads SoftHSM instead of our module; its PIN is in this one.
    pub(crate) fn softhsm_variables(&self, pin: &str) -> Vec<(String, String)> {
        let [(_, value), (name, configuration)] = self.softhsm_settings();
        let module = ("SIGNPATH_TEST_MODULE".to_owned(), text(&self.softhsm));
        vec![module, (pin.to_owned(), value), (name.to_owned(), configuration)]
    }
}

fn softhsm_module() -> PathBuf {
    let named = variable("SOFTHSM2_MODULE").map(PathBuf::from);
    let found = named.into_iter().chain(SOFTHSM.map(PathBuf::from)).find(|path| path.is_file());
    found.expect(
        "SoftHSM is not installed, or SOFTHSM2_MODULE does not name its libsofthsm2.so; \
         `scripts/setup test` installs it (packages softhsm2 and opensc)",
    )
}

fn import(state: &Path, folder: &Path) {
    let script = repository_file("softhsm-config/import");
    let output = Command::new(script).args([state, folder]).output().expect("the script runs");
    assert!(
        output.status.success(),
        "softhsm-config/import: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    let kept = String::from_utf8_lossy(&output.stdout).lines().count();
    assert!(kept > POLICIES.len() && fs::exists(folder).is_ok_and(|there| there));
}

fn text(path: &Path) -> String {
    path.to_str().expect("a path of plain text").to_owned()
}
