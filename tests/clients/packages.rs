//! The packages of the clients, by the rows of scripts/setup: what is needed has to be there, what is wished may be missing.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

use crate::harness::repository_file;

/// A row of scripts/setup.
struct Package {
    /// A command, or a file, which says that the package is there.
    probe: String,
    name: String,
    is_wished: bool,
}

/// What is there of a package that a client needs: the command or the file that scripts/setup looks for. Where it is missing,
/// the test fails, or gets `None` if scripts/setup only wishes for it, after a line that says what was not run, and why.
#[track_caller]
pub(super) fn installed(client: &str, package: &str) -> Option<PathBuf> {
    let rows = packages(&setup());
    let row = rows.iter().find(|row| row.name == package);
    let row = row.unwrap_or_else(|| panic!("scripts/setup has no row for the package {package}"));
    match row.look_for(client) {
        Ok(found) => Some(found),
        Err(reason) => {
            // scripts/test repeats the line in its summary.
            println!("not run: {client} ({reason})");
            None
        }
    }
}

fn setup() -> String {
    fs::read_to_string(repository_file("scripts/setup")).expect("scripts/setup")
}

/// The rows of the table PACKAGES: `"PROBE|PACKAGE|NEED"`.
fn packages(script: &str) -> Vec<Package> {
    let table =
        script.split("\nPACKAGES=(\n").nth(1).expect("scripts/setup has a table of packages");
    let table = table.split("\n)\n").next().unwrap_or(table);
    let rows = table.lines().map(|line| line.split('"').nth(1).expect("a row is in quotes"));
    rows.map(|row| {
        let fields: Vec<_> = row.split('|').collect();
        let [probe, name, need] = fields[..] else { panic!("not a row: {row}") };
        Package {
            probe: probe.replace("$(uname -m)", env::consts::ARCH),
            name: name.to_owned(),
            is_wished: need == "wished",
        }
    })
    .collect()
}

impl Package {
    /// The command or the file; the reason, if it is missing and may be.
    #[track_caller]
    fn look_for(&self, client: &str) -> Result<PathBuf, String> {
        let Self { probe, name, is_wished } = self;
        // The folders that a workplace has in its PATH. Joined to one, an absolute path stays what it is.
        let mut paths = ["/usr/bin", "/bin"].iter().map(|folder| Path::new(folder).join(probe));
        match paths.find(|path| path.is_file()) {
            Some(found) => Ok(found),
            None if *is_wished => Err(format!("{probe} is missing; the package is {name}")),
            None => {
                panic!("{client} needs {probe}; `scripts/setup test` installs the package {name}")
            }
        }
    }
}

fn missing(is_wished: bool) -> Package {
    Package { probe: "no-such-program".to_owned(), name: "no-such-package".to_owned(), is_wished }
}

#[test]
#[should_panic(expected = "`scripts/setup test` installs the package no-such-package")]
fn a_needed_package_that_is_missing_fails_the_test_of_its_client() {
    drop(missing(false).look_for("a client"));
}

#[test]
fn a_wished_package_that_is_missing_is_a_client_that_is_not_run() {
    let reason = missing(true).look_for("a client").unwrap_err();
    assert_eq!(reason, "no-such-program is missing; the package is no-such-package");
}

#[test]
fn the_rows_of_scripts_setup_are_read_as_the_script_reads_them() {
    let rows = packages(&setup());
    let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
    assert_eq!(row("opensc").probe, "pkcs11-tool");
    assert!(!row("opensc").is_wished);
    let architecture = env::consts::ARCH;
    let provider = format!("/usr/lib/{architecture}-linux-gnu/ossl-modules/pkcs11.so");
    assert_eq!(row("pkcs11-provider").probe, provider);
    assert!(row("pkcs11-provider").is_wished);
}
