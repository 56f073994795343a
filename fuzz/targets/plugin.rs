//! The plugin's arguments: a call, and after a zero byte the message on standard input.
#![no_main]

use std::sync::LazyLock;

use signpath_client::Log;
use signpath_client::config::Config;
use signpath_client::config::HostProgram;

static LOG: LazyLock<Log> = LazyLock::new(|| {
    let silent = |name: &str| (name == "SIGNPATH_LOG_CONSOLE_LEVEL").then(|| "none".into());
    let config = Config::from_sources(silent, HostProgram::named("fuzz"));
    Log::install(&config.expect("a configuration").log)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let mut parts = bytes.splitn(2, |byte| *byte == 0);
    let (call, message) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    signpath_command::fuzzing::call(&String::from_utf8_lossy(call), message, &LOG);
});
