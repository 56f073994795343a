//! Payloads, statements, bundles and archives that come back.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signpath_command::fuzzing::payloads(bytes));
