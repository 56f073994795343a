//! Configuration files and environment variables: the file, and after a zero byte lines of `NAME=value`.
#![no_main]

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::LazyLock;

use signpath_client::Config;
use signpath_client::config::HostProgram;

/// Of this process, in memory.
static FILE: LazyLock<PathBuf> =
    LazyLock::new(|| format!("/dev/shm/signpath-fuzz-{}.json", std::process::id()).into());

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    std::fs::write(&*FILE, parts.next().unwrap_or_default()).expect("a file in memory");
    let lines = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let variables: HashMap<_, _> = lines.lines().filter_map(|line| line.split_once('=')).collect();
    let environment = |name: &str| match name {
        "SIGNPATH_CONFIG_FILE" => Some(OsString::from(FILE.as_os_str())),
        _ => variables.get(name).map(OsString::from),
    };
    match Config::from_sources(environment, HostProgram::named("fuzz")) {
        Ok(config) => {
            let slots = config.into_slots();
            let labels: HashSet<_> = slots.iter().map(|slot| &slot.token_label).collect();
            assert_eq!(labels.len(), slots.len());
        }
        Err(error) => assert!(!error.to_string().contains(char::is_control)),
    }
});
