//! Somebody on a new machine follows docs/install.md alone: packages, three variables, stock cosign. The machine is a fresh root file
//! system; service and registry are on the loopback of the one that it is in.

use std::{
    collections::BTreeSet,
    env::consts::ARCH,
    fs,
    path::Path,
    process::{Command, Stdio},
};

use tempfile::TempDir;

use super::packages;
use crate::{
    cosign::{
        bench::{Bench, Version},
        documents::{about, blocks_of},
    },
    harness::{Ran, variable},
};

/// The file system of a machine where nothing was installed yet; scripts/test package makes it.
const FRESH_ROOT: &str = "SIGNPATH_TEST_FRESH_ROOT";

const PAGE: &str = "docs/install.md";

/// What a system keeps of any package that was there for a while, and the user's own.
const KEPT: [&str; 7] = [
    "/root/",
    "/tmp/",
    "/var/cache/",
    "/var/lib/apt/",
    "/var/lib/dpkg/",
    "/var/log/",
    "/etc/ld.so.cache",
];

struct Machine<'a> {
    root: TempDir,
    bench: &'a Bench,
    image: String,
}

impl<'a> Machine<'a> {
    /// With stock cosign, and what was downloaded.
    fn new(bench: &'a Bench) -> Self {
        let fresh = variable(FRESH_ROOT).expect("scripts/test package makes it and names it");
        let root = TempDir::new().expect("a root");
        let every = Path::new(&fresh).join(".");
        let mut copy = Command::new("cp");
        Ran::of(copy.args(["-a", "--reflink=auto"]).arg(every).arg(root.path())).succeeds();
        let machine = Self { root, bench, image: bench.image() };
        // What a person answers.
        let yes = machine.root.path().join("etc/apt/apt.conf.d/yes");
        fs::write(yes, "APT::Get::Assume-Yes \"true\";\n").expect("it is written");
        machine.copied(&Version::V3.program().path(), "usr/local/bin/cosign");
        for package in fs::read_dir(packages()).expect("the packages") {
            let package = package.expect("a package").path();
            let name = package.file_name().expect("a name").to_string_lossy();
            machine.copied(&package, &format!("root/{name}"));
        }
        machine
    }

    fn copied(&self, file: &Path, to: &str) {
        fs::copy(file, self.root.path().join(to)).expect("it is copied");
    }

    /// Does what stands on the page at these marks, one after the other in one shell.
    fn follows(&self, marks: &[&str]) -> Ran {
        let blocks = marks.iter().map(|mark| blocks_of(PAGE, mark).concat());
        let commands: String = blocks.inspect(|block| assert!(!block.trim().is_empty())).collect();
        let commands = of_this_machine(&commands.replace("sudo ", ""));
        self.does(&about(&commands, "demo/ec", &self.image)).succeeds()
    }

    /// Follows the page to a signature by plugin and by module, with the files that these marks name.
    fn signs_and_verifies(&self, files: &str) {
        for door in ["plugin", "module"] {
            let before = self.bench.sandbox.audit().len();
            let ran = self.follows(&[files, door]);
            assert!(ran.stdout.contains(self.image.split_once('@').unwrap().1), "{ran}");
            assert_eq!(self.bench.sandbox.audit().len(), before + 1, "{door}: {ran}");
        }
    }

    /// Runs commands in /root, with the three variables; the first that fails ends them.
    fn does(&self, commands: &str) -> Ran {
        let mut shell = self.bench.place.command("unshare");
        shell.args(["--mount", "--pid", "--fork", "--mount-proc=/proc", "--wd=/root"]);
        shell.arg("--root").arg(self.root.path()).args(["sh", "-e", "-c", commands]);
        shell.env("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
        shell.env("HOME", "/root").env("DEBIAN_FRONTEND", "noninteractive");
        for name in ["TMPDIR", "DOCKER_CONFIG", "TUF_ROOT"] {
            shell.env_remove(name);
        }
        shell.envs(self.bench.sandbox.environment()).stdin(Stdio::null());
        Ran::of(&mut shell)
    }

    fn files(&self) -> BTreeSet<String> {
        let found =
            self.does("find / -xdev -path /proc -prune -o -type f -print -o -type l -print");
        let is_lasting = |file: &&str| !KEPT.iter().any(|kept| file.starts_with(kept));
        found.succeeds().stdout.lines().filter(is_lasting).map(str::to_owned).collect()
    }
}

/// The page has the names of x86-64.
fn of_this_machine(commands: &str) -> String {
    let debian = if ARCH == "aarch64" { "arm64" } else { "amd64" };
    commands.replace("x86_64", ARCH).replace("amd64", debian)
}

/// The names that the page has people set.
fn variables() -> Vec<String> {
    let lines = blocks_of(PAGE, "variables").concat();
    let names = lines.lines().filter_map(|line| line.strip_prefix("export ")?.split('=').next());
    names.map(str::to_owned).collect()
}

#[test]
#[ignore = "needs packages, cosign, a registry, root and a fresh root file system: scripts/test package"]
fn the_page_alone_leads_from_the_packages_to_images_that_are_signed_and_verified_and_back() {
    let bench = Bench::new();
    let environment = bench.sandbox.environment();
    assert_eq!(variables(), environment.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>());
    let machine = Machine::new(&bench);
    let before = machine.files();

    machine.follows(&["install"]);
    let doctor = machine.follows(&["doctor"]).stdout;
    for line in ["ok       plugin: /usr/bin/", "ok       module: /usr/lib/"] {
        assert!(doctor.contains(line), "{line}: {doctor}");
    }
    machine.signs_and_verifies("files");
    let key = bench.public_key_of("demo/ec");
    bench.cosign(Version::V3).verify(&key, &machine.image).succeeds();

    machine.does("test -f /usr/share/zsh/vendor-completions/_signpath-cosign").succeeds();
    machine.follows(&["remove"]);
    assert_eq!(machine.files(), before);
    assert!(machine.does("signpath-cosign --version").fails().stderr.contains("not found"));

    // With the archive alone
    machine.signs_and_verifies("unpack");
    assert_eq!(machine.files(), before);
}
