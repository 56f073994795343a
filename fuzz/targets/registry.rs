//! Manifests, indexes and the header of a 401, as registries answer them.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signpath_command::fuzzing::manifests(bytes));
