//! Public keys, certificates, chains and files with client certificates.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    signpath_client::fuzzing::keys(bytes);
    signpath_client::fuzzing::identities(bytes);
    signpath_command::fuzzing::certificates(bytes);
});
