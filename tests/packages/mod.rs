//! What `scripts/package` makes for people to download: that it runs on old systems, holds what it should and installs cleanly.

mod fresh_root;

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    artifact::{assert_exports, needed, output},
    cosign::bench::{Bench, Version, key_uri_of, text},
    documents::assert_links,
    harness::{Ran, repository_file, variable},
    recipes,
};

/// Where the packages are.
const FOLDER: &str = "SIGNPATH_TEST_PACKAGES";

/// The newest symbols of glibc that may be asked for: Linux of the last ten years has them.
const NEWEST_GLIBC: (u32, u32) = (2, 17);

/// The libraries that may be needed: the C library's family.
const NEEDED: [&str; 7] = [
    "ld-linux-aarch64.so.1",
    "ld-linux-x86-64.so.2",
    "libc.so.6",
    "libdl.so.2",
    "libm.so.6",
    "libpthread.so.0",
    "librt.so.1",
];

/// What is in the archive, but for the documents.
const CONTENT: [&str; 13] = [
    "bin/signpath-cosign",
    "bin/sigstore-kms-signpath",
    "include/signpath_pkcs11.h",
    "lib/libsignpath_pkcs11.so",
    "share/bash-completion/completions/signpath-cosign",
    "share/doc/signpath-pkcs11/LICENSE",
    "share/doc/signpath-pkcs11/LICENSES-OF-CRATES",
    "share/fish/vendor_completions.d/signpath-cosign.fish",
    "share/man/man1/signpath-cosign.1.gz",
    "share/man/man1/sigstore-kms-signpath.1.gz",
    "share/p11-kit/modules/signpath.module",
    "share/signpath-pkcs11/empty-signing-config.json",
    "share/signpath-pkcs11/empty-trusted-root.json",
];

/// The files that run.
const BINARIES: [&str; 3] =
    ["bin/signpath-cosign", "bin/sigstore-kms-signpath", "lib/libsignpath_pkcs11.so"];

fn packages() -> PathBuf {
    variable(FOLDER).expect("scripts/test package makes them and names them").into()
}

/// The one package whose name ends so.
fn package(ending: &str) -> PathBuf {
    let files = fs::read_dir(packages()).expect("the packages");
    let mut found: Vec<_> = files
        .map(|file| file.expect("a file").path())
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect();
    assert_eq!(found.len(), 1, "{found:?}");
    found.remove(0)
}

/// The archive, unpacked, and the tree in it.
fn unpacked() -> (TempDir, PathBuf) {
    let folder = TempDir::new().expect("a folder");
    let archive = package(".tar.gz");
    Ran::of(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder.path())).succeeds();
    let name = archive.file_name().expect("a name").to_string_lossy().replace(".tar.gz", "");
    let tree = folder.path().join(name);
    (folder, tree)
}

/// The files of the .deb, in a root of their own.
fn extracted() -> TempDir {
    let root = TempDir::new().expect("a root");
    Ran::of(Command::new("dpkg-deb").arg("-x").arg(package(".deb")).arg(root.path())).succeeds();
    root
}

#[test]
#[ignore = "needs packages: scripts/test package"]
fn the_files_run_on_every_linux_of_the_last_ten_years() {
    let (_folder, tree) = unpacked();
    for name in BINARIES {
        let file = tree.join(name);
        let versions = output("readelf", &["--version-info", "--wide"], &file);
        let versions: BTreeSet<_> = versions.split_whitespace().filter_map(glibc_version).collect();
        let newest = versions.last().expect("it needs glibc");
        assert!(*newest <= NEWEST_GLIBC, "{name} needs glibc {newest:?}");
        for library in needed(&file) {
            assert!(NEEDED.contains(&&*library), "{name} needs {library}");
        }
    }
}

/// `GLIBC_2.17` → (2, 17); a third number does not count.
fn glibc_version(word: &str) -> Option<(u32, u32)> {
    let mut numbers = word.strip_prefix("GLIBC_")?.split('.').map(str::parse);
    Some((numbers.next()?.ok()?, numbers.next()?.ok()?))
}

#[test]
#[ignore = "needs packages: scripts/test package"]
fn the_module_exports_its_three_entry_points_alone() {
    let (_folder, tree) = unpacked();
    assert_exports(&tree.join(BINARIES[2]));
}

#[test]
#[ignore = "needs packages: scripts/test package"]
fn no_path_of_the_machine_that_built_them_is_in_the_files() {
    let (_folder, tree) = unpacked();
    let home = variable("HOME").expect("a home").into_string().expect("text");
    for name in BINARIES {
        let content = fs::read(tree.join(name)).expect("the file");
        for path in [&format!("{home}/"), env!("CARGO_MANIFEST_DIR")] {
            let found = content.windows(path.len()).any(|part| part == path.as_bytes());
            assert!(!found, "{path} is in {name}");
        }
    }
}

#[test]
#[ignore = "needs packages: scripts/test package"]
fn the_archive_holds_what_it_should_and_its_sum_is_right() {
    let (_folder, tree) = unpacked();
    for name in CONTENT {
        assert!(tree.join(name).is_file(), "{name} is missing");
    }
    let module = fs::read_to_string(tree.join("share/p11-kit/modules/signpath.module"));
    let module = module.expect("the file");
    assert!(module.lines().any(|line| line == "trust-policy: no"), "{module}");
    let mut sums = Command::new("sha256sum");
    Ran::of(sums.args(["--check", "--strict", "SHA256SUMS"]).current_dir(packages())).succeeds();
}

/// NAME VERSION of everything that the bill of materials lists, and what it says of it.
fn bill() -> Vec<(String, Value)> {
    let bill = fs::read_to_string(package(".cdx.json")).expect("the bill");
    let bill: Value = serde_json::from_str(&bill).expect("JSON");
    assert_eq!((&bill["bomFormat"], &bill["specVersion"]), (&"CycloneDX".into(), &"1.5".into()));
    let components = bill["components"].as_array().expect("components");
    let word = |component: &Value, name: &str| component[name].as_str().expect(name).to_owned();
    let named = |component: &Value| {
        let name = format!("{} {}", word(component, "name"), word(component, "version"));
        (name, component.clone())
    };
    components.iter().map(named).collect()
}

#[test]
#[ignore = "needs packages: scripts/test package"]
fn the_bill_of_materials_says_licence_and_checksum_and_the_licence_texts_are_there() {
    let (_folder, tree) = unpacked();
    let texts = fs::read_to_string(tree.join("share/doc/signpath-pkcs11/LICENSES-OF-CRATES"));
    let texts = texts.expect("the texts");
    let texts: BTreeMap<_, _> =
        texts.split("\n==== ").skip(1).filter_map(|part| part.split_once('\n')).collect();
    let bill = bill();
    for (name, component) in &bill {
        let licence = component["licenses"][0]["expression"].as_str().expect("a licence");
        assert_ne!(licence, "NOASSERTION", "{name}");
        let is_std = name.starts_with("std ");
        assert!(is_std || component["hashes"][0]["alg"] == "SHA-256", "{name}");
        let text = texts.get(&**name).unwrap_or_else(|| panic!("no text of {name}"));
        // The shortest licence has some hundred characters; some of the files say in a line that there is a choice.
        assert!(text.len() > 500, "{name}: {text}");
    }
    assert_eq!(bill.len(), texts.len());
}

/// A crate's messages of panics name its files, which are in the registry's folder NAME-VERSION.
#[test]
#[ignore = "needs packages: scripts/test package"]
fn every_crate_that_a_file_names_is_in_the_bill_of_materials() {
    let (_folder, tree) = unpacked();
    let mut named = BTreeSet::new();
    for name in BINARIES {
        let content = fs::read(tree.join(name)).expect("the file");
        let content = String::from_utf8_lossy(&content);
        let sources = content.split("/cargo/registry/src/").skip(1);
        named.extend(sources.filter_map(|path| Some(path.split('/').nth(1)?.to_owned())));
    }
    assert!(named.len() > 50, "{named:?}");
    let listed: BTreeSet<_> = bill().into_iter().map(|(name, _)| name.replace(' ', "-")).collect();
    let missing: Vec<_> = named.difference(&listed).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
#[ignore = "needs packages, cosign and a registry: scripts/test package"]
fn stock_cosign_signs_with_the_module_and_with_the_plugin_that_the_deb_installs() {
    let root = extracted();
    let triplet = format!("{}-linux-gnu", env::consts::ARCH);
    let module = root.path().join("usr/lib").join(triplet).join("pkcs11/libsignpath_pkcs11.so");
    let programs = text(&root.path().join("usr/bin"));
    let bench = Bench::new();
    for version in [Version::V3, Version::V2] {
        let cosign = bench.cosign(version).with("PATH", &format!("{programs}:/usr/bin:/bin"));
        let by_module = key_uri_of("token=SignPath;object=demo/ec", &module);
        for key in [&*by_module, "signpath://demo/ec"] {
            let image = bench.image();
            cosign.sign(key, &image).succeeds();
            cosign.verify(&bench.public_key_of("demo/ec"), &image).succeeds();
        }
    }
}

#[test]
#[ignore = "needs packages, cosign and a registry: scripts/test package"]
fn the_pipelines_script_installs_the_archive_and_signs_with_it() {
    recipes::sign::assert_release(text(&package(".tar.gz")));
}

/// A page that is read where it was installed leads to pages that were installed with it.
#[test]
#[ignore = "needs packages: scripts/test package"]
fn what_the_pages_lead_to_is_in_the_package() {
    let (_folder, tree) = unpacked();
    assert_links(&tree.join("share/doc/signpath-pkcs11"));
}

/// Calls `scripts/package-for` for what is built in a folder.
fn package_for(target: &str, built: &Path, output: &Path) -> Ran {
    let script = repository_file("scripts/package-for");
    Ran::of(Command::new(script).arg(target).arg(output).arg("--built").arg(built))
}

/// The names of all files in a tree, in their order.
fn names(tree: &Path) -> String {
    let mut find = Command::new("find");
    let found = Ran::of(find.args([".", "-type", "f"]).current_dir(tree)).succeeds().stdout;
    let mut names: Vec<_> = found.lines().collect();
    names.sort_unstable();
    names.join("\n")
}

#[test]
#[ignore = "needs packages: scripts/test package"]
fn archives_of_other_systems_hold_what_this_one_holds() {
    let (folder, tree) = unpacked();
    let built = folder.path().join("built");
    fs::create_dir(&built).expect("a folder");
    for name in BINARIES {
        let name = Path::new(name);
        fs::copy(tree.join(name), built.join(name.file_name().expect("a name"))).expect("a copy");
    }
    let target = format!("{}-unknown-linux-gnu", env::consts::ARCH);
    let output = folder.path().join("other");
    package_for(&target, &built, &output).succeeds();
    let archives: Vec<_> = fs::read_dir(&output).expect("the archive").flatten().collect();
    assert_eq!(archives.len(), 1, "{archives:?}");
    let archive = archives[0].path();
    Ran::of(Command::new("tar").arg("-xzf").arg(&archive).arg("-C").arg(folder.path())).succeeds();
    let name = archive.file_name().expect("a name").to_string_lossy().replace(".tar.gz", "");
    let other = folder.path().join(&name);
    assert!(name.ends_with(&target), "{name}");
    assert_eq!(names(&other), names(&tree));
    let licences = "share/doc/signpath-pkcs11/LICENSES-OF-CRATES";
    let read = |tree: &Path| fs::read_to_string(tree.join(licences)).expect("the licences");
    assert_eq!(read(&other), read(&tree));
}

/// A host's cc links glibc, and the build succeeds all the same.
#[test]
#[ignore = "needs packages: scripts/test package"]
fn a_module_for_musl_that_needs_another_c_library_is_refused() {
    let (folder, tree) = unpacked();
    let target = format!("{}-unknown-linux-musl", env::consts::ARCH);
    let output = folder.path().join("other");
    let refused = package_for(&target, &tree.join("lib"), &output).fails();
    assert!(refused.stderr.contains("and not musl's C library"), "{refused}");
    assert!(!output.exists(), "{refused}");
}
