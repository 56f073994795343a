//! What this crate takes for granted of the service, an assumption a test. Each is held against the sandbox, so that the
//! double is no other service than the one that is meant; and against the real service where SIGNPATH_CONTRACT_ORGANIZATION_ID,
//! …_API_TOKEN and …_API_URL name it, with …_RSA_POLICY, …_EC_POLICY, …_APPROVAL_POLICY and …_FILE_POLICY (`project/policy`)
//! for the tests that need one. Signatures are made there, of test digests. What is not run is said by name.

#[cfg(test)]
mod assumptions;
#[cfg(test)]
mod service;
