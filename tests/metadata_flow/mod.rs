//! The metadata flow by hand: docs/metadata-flow.md and scripts/sign-with-metadata, with stock cosign and stock tools.

mod document;
mod exchange;
mod script;

use std::{
    fs,
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::Command,
};

use signpath_sandbox::Sandbox;

use crate::{
    cosign::bench::{Bench, Version, text},
    harness::repository_file,
};

/// A folder of programs that stand before the system's, the stock cosign among them.
struct Programs<'a> {
    bench: &'a Bench,
    folder: PathBuf,
    is_alone: bool,
}

impl<'a> Programs<'a> {
    fn new(bench: &'a Bench, version: Version) -> Self {
        let folder = bench.place.path(&format!("programs-{version:?}"));
        fs::create_dir(&folder).expect("a folder for programs");
        symlink(version.program().path(), folder.join("cosign")).expect("a link to cosign");
        Self { bench, folder, is_alone: false }
    }

    /// With the system's programs of these names, and no others.
    fn and_nothing_but(mut self, names: &[&str]) -> Self {
        for name in names {
            symlink(Path::new("/usr/bin").join(name), self.folder.join(name)).expect("a link");
        }
        self.is_alone = true;
        self
    }

    /// With a program of ours in the place of another: the lines of a shell.
    fn with(self, name: &str, lines: &str) -> Self {
        let path = self.folder.join(name);
        fs::write(&path, format!("#!/bin/sh\n{lines}\n")).expect("the program is written");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("it can be run");
        self
    }

    /// A program that sees these, and the settings of the sandbox.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let system = if self.is_alone { "" } else { ":/usr/bin:/bin" };
        let mut command = self.bench.place.command(program);
        command.envs(self.bench.sandbox.environment());
        command.env("PATH", text(&self.folder) + system);
        command
    }

    /// The script, for this image and a policy `project/slug`.
    fn signing(&self, image: &str, policy: &str) -> Command {
        let mut command = self.command(repository_file("scripts/sign-with-metadata"));
        command.args([image, policy, &self.bench.public_key_of(policy)]);
        command
    }
}

/// An image's name by its tag, and the digest that the tag has.
fn tagged(image: &str) -> (String, String) {
    let (repository, digest) = image.split_once('@').expect("a name with its digest");
    (format!("{repository}:1"), digest.to_owned())
}

/// The ids of the signing requests, oldest first.
fn requests(sandbox: &Sandbox) -> Vec<String> {
    sandbox.signing_requests().iter().map(|request| request.id.to_string()).collect()
}
