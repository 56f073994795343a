//! The programs that people use PKCS #11 with, each with the command that the README tells its users to type. What a client
//! signs, another tool verifies with the sandbox's public key.
//!
//! A program that the test machine cannot have is said to be not run, by its name; nothing is passed over in silence.

mod bench;
mod crypto11;
mod cryptoki_crate;
mod gnupg;
mod java;
mod opensc;
mod python;
