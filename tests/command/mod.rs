//! `signpath-cosign` end to end: what it makes against what stock cosign makes and verifies, on registries with and without
//! the referrers API.
//!
//! The container registry of these tests (Distribution v3) has no referrers API. One that has it is played by [`front`],
//! which stands before that registry.

mod approvals;
mod attach;
mod doctor;
mod front;
mod keys;
mod logins;
mod payload;
mod program;
mod readme;
mod requests;
mod sign;
mod trust;
mod usage;
mod verifying;
