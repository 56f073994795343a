//! The programs that people use PKCS #11 with, each with the commands that docs/clients.md tells its users to type. What a client
//! signs, another tool verifies with the sandbox's public key.
//!
//! A program that is missing fails its tests. One that not every distribution has is said to be not run, by its name; nothing
//! is passed over in silence.

mod bench;
mod crypto11;
mod cryptoki_crate;
mod gnupg;
mod gnutls;
mod java;
mod nss;
mod opensc;
mod openssh;
mod openssl_engine;
mod openssl_provider;
mod osslsigncode;
mod p11_kit;
mod packages;
mod page;
mod python;
