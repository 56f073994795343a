//! include/signpath_pkcs11.h: its numbers are those of the module, and C and C++ programs that include it compile and work.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    process::{Command, Output},
};

use cryptoki_sys::*;
use tempfile::TempDir;

use crate::harness::{Module, alone, module_path, repository_file};

/// Where the package libp11-kit-dev has its pkcs11.h.
const P11_KIT: &str = "/usr/include/p11-kit-1";

/// What the compilers are given for every program.
const STRICT: [&str; 3] = ["-Wall", "-Wextra", "-Werror"];

#[test]
fn the_numbers_of_the_header_are_those_of_the_module() {
    let header = numbers("include/signpath_pkcs11.h", "#define CKA_SIGNPATH_");
    let module = numbers("src/object/attributes.rs", "pub(crate) const CKA_SIGNPATH_");
    assert_eq!(header.len(), 4);
    assert_eq!(header, module);
}

#[test]
fn the_first_slot_of_the_header_is_there_without_a_slot_list() {
    let header = fs::read_to_string(repository_file("include/signpath_pkcs11.h")).unwrap();
    assert!(header.contains("#define SIGNPATH_FIRST_SLOT_ID 1UL\n"));
    alone(|_| {
        let module = Module::started();
        module.open(1, CKF_SERIAL_SESSION).unwrap();
        assert_eq!(module.slots(), [1]);
    });
}

#[test]
#[ignore = "needs a C compiler and libp11-kit-dev: scripts/test"]
fn a_c_program_reads_the_vendor_attributes() {
    alone(|process| {
        let folder = TempDir::new().unwrap();
        let program = folder.path().join("vendor_attributes");
        let options = ["-std=c99", "-pthread", "-o", program.to_str().unwrap()];
        assert_compiles(&compile("cc", &options, "tests/c/vendor_attributes.c", &["-ldl"]));
        let sandbox = process.sandbox();
        let settings = sandbox.environment();
        let ran = Command::new(program).arg(module_path()).env_clear().envs(settings).output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let printed = String::from_utf8(ran.stdout).unwrap();
        let policies = ["approval", "ec", "ec384", "ec521", "nocert", "rsa"];
        let expected = policies.map(|policy| {
            let id = sandbox.signing_policy_id(&format!("demo/{policy}")).unwrap();
            format!("{} demo {policy} {id} \n", sandbox.organization_id())
        });
        assert_eq!(printed, expected.concat());
    });
}

#[test]
#[ignore = "needs a C++ compiler and libp11-kit-dev: scripts/test"]
fn a_cpp_program_can_include_the_header() {
    let options = ["-x", "c++", "-std=c++11", "-Wpedantic", "-fsyntax-only"];
    assert_compiles(&compile("c++", &options, "tests/c/header.cpp", &[]));
}

#[test]
#[ignore = "needs a C compiler: scripts/test"]
fn the_header_alone_says_what_has_to_come_first() {
    let options = ["-std=c99", "-fsyntax-only"];
    let compiled = compile("cc", &options, "tests/c/no_standard_header.c", &[]);
    let said = String::from_utf8_lossy(&compiled.stderr);
    assert!(!compiled.status.success() && said.contains("include a standard pkcs11.h"), "{said}");
}

/// The names after `start` in a file with the numbers that stand in their lines or on the next, beside CKA_VENDOR_DEFINED.
fn numbers(file: &str, start: &str) -> BTreeMap<String, u64> {
    let text = fs::read_to_string(repository_file(file)).unwrap();
    let definitions = text.split(start).skip(1);
    let number = |definition: &str| {
        let end = definition.find(|c: char| c != '_' && !c.is_ascii_uppercase())?;
        let (name, rest) = definition.split_at(end);
        let (_, rest) = rest.split_once("CKA_VENDOR_DEFINED | 0x")?;
        let rest = rest.replace('_', "");
        let digits = rest.split(|c: char| !c.is_ascii_hexdigit()).next()?;
        Some((name.to_owned(), u64::from_str_radix(digits, 16).ok()?))
    };
    definitions.map(|definition| number(definition).expect("a number for each name")).collect()
}

/// Compiles one of the programs in tests/c beside p11-kit's pkcs11.h.
pub(crate) fn compile(
    compiler: &str,
    options: &[&str],
    source: &str,
    libraries: &[&str],
) -> Output {
    let output = Command::new(compiler)
        .args(STRICT)
        .args(options)
        .args(["-I", P11_KIT, "-I"])
        .arg(repository_file("include"))
        .arg(repository_file(source))
        .args(libraries)
        .env("LC_ALL", "C")
        .output();
    output.unwrap_or_else(|error| {
        panic!("{compiler} does not run ({error}); `scripts/setup test` installs a compiler")
    })
}

pub(crate) fn assert_compiles(compiled: &Output) {
    let said = String::from_utf8_lossy(&compiled.stderr);
    let is_there = Path::new(P11_KIT).join("p11-kit/pkcs11.h").is_file();
    let hint = if is_there { "" } else { "`scripts/setup test` installs libp11-kit-dev" };
    assert!(compiled.status.success(), "{said}\n{hint}");
}
