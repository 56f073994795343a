//! `signpath-cosign` end to end: what it makes against what stock cosign makes and verifies, on registries with and without
//! the referrers API ([`crate::cosign::front`]).

mod admission;
mod approvals;
mod attach;
mod doctor;
mod interruptions;
mod keys;
mod logins;
mod page;
mod payload;
pub(crate) mod program;
mod requests;
mod sign;
mod trust;
mod usage;
mod verifying;
mod writing;
