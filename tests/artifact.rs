//! The shared library itself: what it exports, what it needs, and that it is the same whether it is built alone or with the
//! rest of the workspace.

use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::harness::{module_path, variable};

/// The C entry points, and nothing else: with more exported, another module's C_Sign could end up in our list.
const EXPORTED: [&str; 3] = ["C_GetFunctionList", "C_GetInterface", "C_GetInterfaceList"];

/// The libraries that the module may need: the C library with its loader and its mathematics, and the unwinder that stops
/// panics. No OpenSSL, whose versions break other modules, and no C++.
const NEEDED: [&str; 5] =
    ["ld-linux-aarch64.so.1", "ld-linux-x86-64.so.2", "libc.so.6", "libgcc_s.so.1", "libm.so.6"];

/// Crates that must not come into the module's tree by any way.
const BANNED: [&str; 5] = ["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl", "openssl-sys"];

/// The features that crates of the module get in a build of the whole workspace, beyond those that they have in its own:
/// what the sandbox needs of crates that both use. None of them is about TLS, threads or the module's cryptography.
const WIDER: &[(&str, &[&str])] = &[
    ("form_urlencoded", &["default"]),
    ("hyper", &["server"]),
    ("hyper-util", &["server", "server-auto", "service"]),
    ("memchr", &["default"]),
    ("serde_core", &["alloc", "default"]),
    ("tokio-rustls", &["ring"]),
    ("x509-cert", &["builder", "signature"]),
    ("zeroize", &["derive", "zeroize_derive"]),
];

/// How far apart the sizes of the two builds may be, in percent.
const SIZE_TOLERANCE: u64 = 5;

/// Of the module that is shipped, in bytes.
const LARGEST: u64 = 4 << 20;

#[test]
#[ignore = "needs the module that is shipped: scripts/test end-to-end"]
fn the_module_that_is_shipped_has_four_mebibytes_at_most() {
    let module = variable("SIGNPATH_TEST_MODULE").expect("the module that is shipped");
    let length = fs::metadata(module).expect("it is there").len();
    assert!(length <= LARGEST, "{length} bytes");
}

#[test]
fn exactly_the_three_entry_points_are_exported() {
    assert_exports(&module_path());
}

/// A build of the module exports its entry points alone.
#[track_caller]
pub(crate) fn assert_exports(module: &Path) {
    let symbols = output("nm", &["-D", "--defined-only", "--format=posix"], module);
    let exported: BTreeSet<_> = symbols.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(exported, BTreeSet::from(EXPORTED));
}

/// The values of an entry of `readelf --dynamic`.
fn dynamic_entries<'d>(dynamic: &'d str, tag: &str) -> impl Iterator<Item = &'d str> {
    let tag = format!("({tag})");
    dynamic.lines().filter(move |line| line.contains(&tag))
}

/// The shared libraries that a file needs.
pub(crate) fn needed(file: &Path) -> Vec<String> {
    let dynamic = output("readelf", &["--dynamic", "--wide"], file);
    let names = dynamic_entries(&dynamic, "NEEDED")
        .filter_map(|line| Some(line.split_once('[')?.1.trim_end_matches(']').to_owned()));
    names.collect()
}

#[test]
fn the_library_stays_mapped_and_needs_the_c_library_alone() {
    let dynamic = output("readelf", &["--dynamic", "--wide"], &module_path());
    let flags: String = dynamic_entries(&dynamic, "FLAGS_1").collect();
    assert!(flags.split_whitespace().any(|flag| flag == "NODELETE"), "{flags}");
    let needed = needed(&module_path());
    assert!(needed.iter().any(|library| library == "libc.so.6"), "{dynamic}");
    for library in needed {
        assert!(NEEDED.contains(&&*library), "{library} is needed:\n{dynamic}");
    }
}

#[test]
#[ignore = "asks cargo, and builds the module twice: scripts/test"]
fn the_module_has_the_same_crates_alone_and_in_the_workspace() {
    let (alone, together) = (crates(&["-p", "signpath-pkcs11"]), crates(&["--workspace"]));
    let names = |crates: &Crates| crates.keys().cloned().collect::<BTreeSet<_>>();
    assert_eq!(names(&alone), names(&together));
    assert!(alone.len() > 100 && alone.keys().any(|name| name.starts_with("ring ")));
    for banned in BANNED {
        let found = alone.keys().find(|name| name.split(' ').next() == Some(banned));
        assert_eq!(found, None);
    }
    let mut wider = BTreeMap::new();
    for (name, features) in &together {
        let own = &alone[name];
        assert!(own.is_subset(features), "{name}: {own:?}, {features:?}");
        let more: Vec<_> = features.difference(own).map(String::as_str).collect();
        if !more.is_empty() {
            wider.insert(name.split(' ').next().unwrap_or(name), more);
        }
    }
    let listed = WIDER.iter().map(|(name, features)| (*name, features.to_vec())).collect();
    assert_eq!(wider, listed);
}

#[test]
#[ignore = "asks cargo, and builds the module twice: scripts/test"]
fn the_module_has_the_same_size_alone_and_in_the_workspace() {
    let (alone, together) = (built(&["-p", "signpath-pkcs11"]), built(&["--workspace"]));
    println!("the module alone: {alone} bytes, with the workspace: {together} bytes");
    assert!(alone.abs_diff(together) * 100 <= alone * SIZE_TOLERANCE, "{alone}, {together}");
}

/// Crates, as in `ring v0.17.14`, with their features.
type Crates = BTreeMap<String, BTreeSet<String>>;

/// The crates that the module is made of when these packages are built.
fn crates(packages: &[&str]) -> Crates {
    let tree = ["tree", "--edges", "normal,no-proc-macro", "--prefix", "depth", "--no-dedupe"];
    let tree = cargo(&[&tree[..], &["--format", " {p}|{f}"], packages].concat());
    let mut in_module = false;
    let mut crates = Crates::new();
    for line in tree.lines().filter(|line| !line.is_empty()) {
        let (depth, rest) = line.split_once(' ').expect("a depth before each crate");
        let (package, features) = rest.split_once('|').expect("features after each crate");
        if depth == "0" {
            in_module = package.starts_with("signpath-pkcs11 ");
        }
        if in_module {
            let name: Vec<_> = package.split(' ').take(2).collect();
            let features = features.split(',').filter(|feature| !feature.is_empty());
            crates.insert(name.join(" "), features.map(str::to_owned).collect());
        }
    }
    crates
}

/// The size of the module when these packages are built. With the profile `release`, as the other tests use what is built
/// with `dist`. Both builds share their folder: what the second one needs in the same form is not built again.
fn built(packages: &[&str]) -> u64 {
    let build = ["build", "--release", "--message-format", "json-render-diagnostics"];
    let messages = cargo(&[&build[..], packages].concat());
    let library = messages
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "signpath_pkcs11")
        .filter_map(|message| Some(message["filenames"].as_array()?.clone()))
        .flatten()
        .filter_map(|file| file.as_str().map(PathBuf::from))
        .find(|file| file.extension().is_some_and(|extension| extension == "so"));
    let library = library.expect("cargo builds the shared library");
    fs::metadata(&library).expect("the library is there").len()
}

/// What cargo prints. It does not see that a test calls it: some build scripts run again for each variable of a package.
fn cargo(arguments: &[&str]) -> String {
    let kept =
        ["PATH", "HOME", "CARGO_HOME", "CARGO_TARGET_DIR", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];
    let program = variable("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(program)
        .args(arguments)
        .args(["--locked", "--offline"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .env_clear()
        .envs(kept.iter().filter_map(|name| Some((name, variable(name)?))))
        .output()
        .expect("cargo runs");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "cargo {}: {stderr}", arguments.join(" "));
    String::from_utf8(output.stdout).expect("cargo prints text")
}

/// What a program of the binutils says about a file.
pub(crate) fn output(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).env("LC_ALL", "C").output();
    let output = output.unwrap_or_else(|error| {
        panic!(
            "{program} does not run ({error}); it is in the package binutils, with every C compiler"
        )
    });
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("binutils print text")
}
