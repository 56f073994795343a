//! The house: what ARCHITECTURE.md lets one room alone touch, read from the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::harness::repository_file;

/// Whose sources are read.
const HOUSES: [&str; 3] = ["src", "crates/client/src", "crates/command/src"];

/// What only some rooms may have in their sources, and these rooms, by how their paths begin.
const RULES: [(&[&str], &[&str]); 3] = [
    (
        &[
            "os::unix",
            "os::linux",
            "os::fd",
            "os::windows",
            "libc::",
            "rustix::",
            "signal_hook::",
            "/proc/",
        ],
        &["crates/client/src/system/", "crates/command/src/system/", "src/ffi/process"],
    ),
    // In `interface` for the width of a C type.
    (
        &["target_os", "target_family", "(unix", "(windows"],
        &[
            "crates/client/src/system/",
            "crates/command/src/system/",
            "src/ffi/process",
            "src/ffi/interface.rs",
        ],
    ),
    (&["unsafe {", "unsafe fn", "unsafe extern"], &["src/ffi/"]),
];

/// Every file of a folder, however deep, that is not tests alone.
fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let of_tests = |path: &PathBuf| path.file_stem().is_some_and(|name| name == "tests");
    let entries = entries.filter(|path| !of_tests(path));
    let files = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    files.filter(|path| path.extension().is_some_and(|end| end == "rs")).collect()
}

/// The lines of code that are no tests: these stand at the end of a file.
fn code(source: &str) -> impl Iterator<Item = &str> {
    let source = source.split("#[cfg(test)]\nmod tests {").next().unwrap_or(source);
    source.lines().filter(|line| !line.trim_start().starts_with("//"))
}

#[test]
fn what_one_room_alone_may_touch_is_in_no_other() {
    let root = repository_file("");
    let files: Vec<_> = HOUSES.iter().flat_map(|house| sources(&root.join(house))).collect();
    assert!(files.len() > 150, "{} files", files.len());
    for (marks, rooms) in RULES {
        let mut seen = 0;
        for path in &files {
            let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
            let text = fs::read_to_string(path).unwrap();
            let found = code(&text).filter(|line| marks.iter().any(|mark| line.contains(mark)));
            let found: Vec<_> = found.collect();
            let may = rooms.iter().any(|room| name.starts_with(room));
            assert!(may || found.is_empty(), "{name}: {found:#?}");
            seen += found.len();
        }
        assert!(seen > 10, "nothing is found of {marks:?}");
    }
}
