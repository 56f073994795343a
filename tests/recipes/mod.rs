//! recipes/: `sign-image` as pipelines call it, the recipes around it as far as a loopback machine can run them, and docs/recipes.md.

mod install;
mod page;
mod pipelines;
mod release;
pub(crate) mod sign;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use crate::{
    command::program,
    cosign::bench::{Bench, Version, text},
    harness::{Ran, Workplace, module_path, repository_file},
};

/// The files of a release that `sign-image` needs, and others beside them.
const FILES: [&str; 5] = [
    "lib/libsignpath_pkcs11.so",
    "bin/sigstore-kms-signpath",
    "bin/signpath-cosign",
    "share/signpath-pkcs11/empty-signing-config.json",
    "share/signpath-pkcs11/empty-trusted-root.json",
];

/// What is called, as the recipes call it.
fn sign_image() -> PathBuf {
    repository_file("recipes/sign-image")
}

/// An archive with the layout of a release, and what it has to have as its SHA-256.
struct Archive {
    path: String,
    sha256: String,
}

impl Archive {
    /// Of the module and the programs under test.
    fn of_what_is_tested(place: &Workplace) -> Self {
        let scripts = repository_file("scripts");
        let sources = [
            module_path(),
            program::plugin_path().clone(),
            program::path().clone(),
            scripts.join("empty-signing-config.json"),
            scripts.join("empty-trusted-root.json"),
        ];
        Self::made(place, "0.1.0", |name, path| {
            let number = FILES.iter().position(|file| *file == name).expect("a file of a release");
            symlink(&sources[number], path).expect("a link to what is tested");
        })
    }

    /// Of files that say their names.
    fn of_words(place: &Workplace, version: &str) -> Self {
        Self::made(place, version, |name, path| fs::write(path, name).expect("the file is written"))
    }

    fn made(place: &Workplace, version: &str, make: impl Fn(&str, &Path)) -> Self {
        let name = format!("signpath-pkcs11-{version}-{}-linux", std::env::consts::ARCH);
        for file in FILES {
            let path = place.path(&format!("{name}/{file}"));
            fs::create_dir_all(path.parent().expect("it has a folder")).expect("its folder");
            make(file, &path);
        }
        Self::packed(place, &name)
    }

    /// Of a folder of the place. What links lead to is packed, with little effort: programs under test are large.
    fn packed(place: &Workplace, name: &str) -> Self {
        let path = text(&place.path(&format!("{name}.tar.gz")));
        let words = ["--use-compress-program", "gzip -1", "--dereference", "-cf", &path, name];
        Ran::of(place.command("tar").args(words)).succeeds();
        Self::at(place, path)
    }

    /// One that is there.
    fn at(place: &Workplace, path: String) -> Self {
        let sum = Ran::of(place.command("sha256sum").arg(&path)).succeeds().stdout;
        let sha256 = sum.split(' ').next().expect("a sum").to_owned();
        Self { path, sha256 }
    }

    fn installing(&self, place: &Workplace, to: &str) -> Command {
        let mut command = place.command(sign_image());
        command.args(["install", &self.path, "--sha256", &self.sha256, "--to", to]);
        command
    }
}

/// A pipeline's machine: the programs that are in its PATH, each of which notes the words that it is called with.
struct Machine<'a> {
    bench: &'a Bench,
    folder: PathBuf,
}

impl<'a> Machine<'a> {
    fn new(bench: &'a Bench, cosign: Version) -> Self {
        let folder = bench.place.path(&format!("machine-{cosign:?}"));
        fs::create_dir(&folder).expect("a folder for programs");
        let machine = Self { bench, folder };
        machine.add("cosign", &cosign.program().path());
        machine
    }

    /// Puts a program into its PATH.
    fn add(&self, name: &str, program: &Path) {
        let (words, program) = (text(&self.noted()), text(program));
        let lines =
            format!("#!/bin/sh\nprintf '%s\\n' \"$@\" >>'{words}'\nexec '{program}' \"$@\"\n");
        let path = self.folder.join(name);
        fs::write(&path, lines).expect("the program is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
    }

    /// A program that sees these, and the settings of the sandbox, the token among them.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = self.bench.place.command(program);
        command.envs(self.bench.sandbox.environment());
        command.env("PATH", text(&self.folder) + ":/usr/bin:/bin");
        command
    }

    /// `sign-image sign` with a release.
    fn signing(&self, release: &str, words: &[&str]) -> Command {
        let mut command = self.command(sign_image());
        command.args(["sign", "--from", release]).args(words);
        command
    }

    fn noted(&self) -> PathBuf {
        self.folder.join("words")
    }

    /// Nothing that was written has the token, and no command line had it.
    #[track_caller]
    fn has_shown_no_token(&self, ran: &[&Ran]) {
        let token = self.bench.sandbox.token();
        let words = fs::read_to_string(self.noted()).expect("cosign was called");
        assert!(words.contains("\nsign\n") || words.starts_with("sign\n"), "{words}");
        assert!(!words.contains(&token), "{words}");
        for ran in ran {
            assert!(!ran.to_string().contains(&token), "{ran}");
        }
    }
}

/// The release under test, installed. Gives its folder.
fn installed(bench: &Bench) -> String {
    installed_from(bench, &Archive::of_what_is_tested(&bench.place))
}

fn installed_from(bench: &Bench, archive: &Archive) -> String {
    let folder = text(&bench.place.path("a release+more"));
    Ran::of(&mut archive.installing(&bench.place, &folder)).succeeds();
    folder
}
