//! Data to be signed, a DigestInfo among it.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| signpath_pkcs11::fuzzing::data(bytes));
