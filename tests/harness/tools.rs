//! The programs that people use beside the module: where they are, a clean environment to run them in, a registry.
//!
//! `scripts/test` builds the programs and names them to the tests. A test whose program is missing fails and says so; it
//! is never passed over in silence.

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread,
};

use tempfile::TempDir;

use super::alone::variable;

/// A program of somebody else's.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Tool {
    CosignV3,
    CosignPlain,
    CosignV2,
    CosignOldest,
    Crane,
    Registry,
    PythonPkcs11,
    PyKcs11,
    Crypto11,
    KmsPlugin,
}

/// Each program, the variable that names it, what it is.
const TOOLS: &[(Tool, &str, &str)] = &[
    (Tool::CosignV3, "SIGNPATH_TEST_COSIGN_V3", "cosign v3"),
    (Tool::CosignPlain, "SIGNPATH_TEST_COSIGN_PLAIN", "cosign v3 without PKCS #11"),
    (Tool::CosignV2, "SIGNPATH_TEST_COSIGN_V2", "cosign v2"),
    (Tool::CosignOldest, "SIGNPATH_TEST_COSIGN_OLDEST", "the oldest cosign that is promised"),
    (Tool::Crane, "SIGNPATH_TEST_CRANE", "crane"),
    (Tool::Registry, "SIGNPATH_TEST_REGISTRY", "the container registry"),
    (Tool::PythonPkcs11, "SIGNPATH_TEST_PYTHON_PKCS11", "a Python with python-pkcs11"),
    (Tool::PyKcs11, "SIGNPATH_TEST_PYKCS11", "a Python with PyKCS11"),
    (Tool::Crypto11, "SIGNPATH_TEST_CRYPTO11", "the Go program in tests/go/crypto11"),
    (Tool::KmsPlugin, "SIGNPATH_TEST_KMS_PLUGIN", "cosign's KMS plugin, sigstore-kms-signpath"),
];

/// A proxy that nobody serves (port 1 is tcpmux, RFC 1078). What would leave this machine fails at it; requests to
/// loopback addresses do not go through a proxy.
const NO_WAY_OUT: &str = "http://127.0.0.1:1";

impl Tool {
    /// Where the program is. Fails the test when it is not there.
    pub(crate) fn path(self) -> PathBuf {
        let row = TOOLS.iter().find(|row| row.0 == self);
        let (_, name, what) = row.expect("every program has a row");
        let advice = "run `scripts/test end-to-end`, which builds and names it";
        let path = variable(name).map(PathBuf::from);
        let path = path.unwrap_or_else(|| panic!("{what} is missing: {name} is not set; {advice}"));
        assert!(path.is_file(), "{what} is missing: {name} is {}; {advice}", path.display());
        path
    }
}

/// A folder to run programs in. Nothing of the person who runs the tests is seen from it: no home, no settings, no
/// variables, no network but loopback.
pub(crate) struct Workplace {
    folder: TempDir,
}

impl Workplace {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder to work in");
        for name in ["home", "docker", "tuf", "tmp"] {
            fs::create_dir(folder.path().join(name)).expect("a folder in it");
        }
        Self { folder }
    }

    /// The path of a file in the folder, which need not be there.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file into the folder.
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).expect("the file is written");
        path
    }

    /// A program with the environment of this place, and nothing to read on standard input.
    pub(crate) fn command(&self, program: impl AsRef<OsStr>) -> Command {
        hear_signals();
        let mut command = Command::new(program);
        command
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("DOCKER_CONFIG", self.path("docker"))
            .env("TUF_ROOT", self.path("tuf"))
            .env("OTEL_TRACES_EXPORTER", "none")
            .env("HTTP_PROXY", NO_WAY_OUT)
            .env("HTTPS_PROXY", NO_WAY_OUT);
        command
    }
}

/// What is started from here on hears the signals that people stop it with. A shell that runs the tests in its background has
/// SIGINT ignored, and what is ignored stays so in every program.
fn hear_signals() {
    for signal in [libc::SIGINT, libc::SIGTERM] {
        // SAFETY: the default disposition needs nothing of this process.
        assert_ne!(unsafe { libc::signal(signal, libc::SIG_DFL) }, libc::SIG_ERR);
    }
}

/// How a program ended, and what it wrote.
pub(crate) struct Ran {
    command: String,
    is_success: bool,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Runs the program and waits for its end.
    pub(crate) fn of(command: &mut Command) -> Self {
        let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let program = command.get_program().to_string_lossy();
        let words = command.get_args().map(OsStr::to_string_lossy);
        Self {
            command: words.fold(program.into_owned(), |line, word| format!("{line} {word}")),
            is_success: output.status.success(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    #[track_caller]
    pub(crate) fn succeeds(self) -> Self {
        assert!(self.is_success, "should have succeeded: {self}");
        self
    }

    #[track_caller]
    pub(crate) fn fails(self) -> Self {
        assert!(!self.is_success, "should have failed: {self}");
        self
    }

    /// The lines that the module wrote to standard error.
    pub(crate) fn lines_of_the_module(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.contains("signpath: ")).collect()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}\n{}\n{}", self.command, self.stdout, self.stderr)
    }
}

/// A container registry on a free loopback port. It ends when it is dropped.
pub(crate) struct Registry {
    child: Child,
    address: String,
    storage: PathBuf,
}

impl Registry {
    /// Starts it, its images in this place.
    pub(crate) fn start(place: &Workplace) -> Self {
        let storage = place.path("registry");
        let settings = format!(
            "version: 0.1\nlog: {{accesslog: {{disabled: true}}}}\nhttp: {{addr: \"127.0.0.1:0\"}}\n\
             storage: {{filesystem: {{rootdirectory: \"{}\"}}}}\n",
            storage.display()
        );
        let settings = place.write("registry.yml", settings);
        let mut child = place
            .command(Tool::Registry.path())
            .arg("serve")
            .arg(settings)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the registry starts");
        let mut log = BufReader::new(child.stderr.take().expect("its standard error is a pipe"));
        let address = listening_on(&mut log);
        // Read on, or the registry would one day wait for room in the pipe.
        thread::spawn(move || io::copy(&mut log, &mut io::sink()));
        Self { child, address, storage }
    }

    /// `HOST:PORT`
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Every file it keeps, sorted: blobs, links of manifests and tags.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut folders = vec![self.storage.clone()];
        while let Some(folder) = folders.pop() {
            let entries = fs::read_dir(&folder).expect("the registry's folder is readable");
            let paths = entries.map(|entry| entry.expect("an entry of the folder").path());
            let (inner, files): (Vec<_>, Vec<_>) = paths.partition(|path| path.is_dir());
            folders.extend(inner);
            found.extend(files);
        }
        found.sort();
        found
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        // It may have ended by itself, which is no matter here.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Reads the registry's log up to the line that names its address.
fn listening_on(log: &mut impl BufRead) -> String {
    let mut read = String::new();
    for line in log.lines() {
        let line = line.expect("the registry's log is readable");
        if let Some((_, rest)) = line.split_once("listening on ") {
            return rest.split(['"', ' ']).next().unwrap_or(rest).to_owned();
        }
        read = read + &line + "\n";
    }
    panic!("the registry ended: {read}");
}

/// A file of this repository.
pub(crate) fn repository_file(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}
