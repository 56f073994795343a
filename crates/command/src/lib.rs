//! What `signpath-cosign` and `sigstore-kms-signpath` are made of: container signatures with keys held at SignPath, with
//! the whole payload in sight.
#![forbid(unsafe_code)]
