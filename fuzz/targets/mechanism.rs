//! Parameters of mechanisms.
#![no_main]

libfuzzer_sys::fuzz_target!(|parameter: &[u8]| signpath_pkcs11::fuzzing::mechanism(parameter));
