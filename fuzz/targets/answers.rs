//! Every JSON answer of the service, and every error.
#![no_main]

libfuzzer_sys::fuzz_target!(|body: &[u8]| signpath_client::fuzzing::answers(body));
