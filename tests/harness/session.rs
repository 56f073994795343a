//! A session of a module, with calls as a client makes them.

use std::ptr;

use cryptoki_sys::*;

use super::module::Module;

/// An open session.
pub(crate) struct Session<'a> {
    pub(crate) module: &'a Module,
    pub(crate) handle: CK_SESSION_HANDLE,
}

/// A template of a search: attribute and value.
pub(crate) type Find<'a> = (CK_ATTRIBUTE_TYPE, &'a [u8]);

impl Session<'_> {
    pub(crate) fn login(&self, pin: &str) -> Result<(), CK_RV> {
        let mut pin = pin.as_bytes().to_vec();
        let len = pin.len() as CK_ULONG;
        check(call!(self.module, C_Login(self.handle, CKU_USER, pin.as_mut_ptr(), len)))
    }

    pub(crate) fn logout(&self) -> Result<(), CK_RV> {
        check(call!(self.module, C_Logout(self.handle)))
    }

    pub(crate) fn close(self) -> Result<(), CK_RV> {
        check(call!(self.module, C_CloseSession(self.handle)))
    }

    pub(crate) fn state(&self) -> CK_STATE {
        let mut info = CK_SESSION_INFO::default();
        assert_eq!(call!(self.module, C_GetSessionInfo(self.handle, &raw mut info)), CKR_OK);
        info.state
    }

    pub(crate) fn find(&self, template: &[Find<'_>]) -> Result<Vec<CK_OBJECT_HANDLE>, CK_RV> {
        self.find_init(template)?;
        let mut found = Vec::new();
        loop {
            let mut batch = [0; 7];
            let mut count = 0;
            let (objects, size) = (batch.as_mut_ptr(), batch.len() as CK_ULONG);
            check(call!(self.module, C_FindObjects(self.handle, objects, size, &raw mut count)))?;
            if count == 0 {
                break;
            }
            found.extend_from_slice(&batch[..count as usize]);
        }
        check(call!(self.module, C_FindObjectsFinal(self.handle)))?;
        Ok(found)
    }

    pub(crate) fn find_init(&self, template: &[Find<'_>]) -> Result<(), CK_RV> {
        let mut attributes: Vec<_> = template
            .iter()
            .map(|(kind, value)| CK_ATTRIBUTE {
                type_: *kind,
                pValue: value.as_ptr().cast_mut().cast(),
                ulValueLen: value.len() as CK_ULONG,
            })
            .collect();
        let (template, count) = (attributes.as_mut_ptr(), attributes.len() as CK_ULONG);
        check(call!(self.module, C_FindObjectsInit(self.handle, template, count)))
    }

    /// The one object of a class with this label.
    pub(crate) fn object(&self, class: CK_OBJECT_CLASS, label: &str) -> CK_OBJECT_HANDLE {
        let template = [(CKA_CLASS, &class.to_ne_bytes()[..]), (CKA_LABEL, label.as_bytes())];
        let found = self.find(&template).expect("the search succeeds");
        assert_eq!(found.len(), 1, "objects of class {class} named {label}");
        found[0]
    }

    pub(crate) fn private_key(&self, label: &str) -> CK_OBJECT_HANDLE {
        self.object(CKO_PRIVATE_KEY, label)
    }

    pub(crate) fn attribute(
        &self,
        object: CK_OBJECT_HANDLE,
        kind: CK_ATTRIBUTE_TYPE,
    ) -> Result<Vec<u8>, CK_RV> {
        let mut attribute = CK_ATTRIBUTE { type_: kind, pValue: ptr::null_mut(), ulValueLen: 0 };
        let attributes = &raw mut attribute;
        check(call!(self.module, C_GetAttributeValue(self.handle, object, attributes, 1)))?;
        let mut value = vec![0; attribute.ulValueLen as usize];
        attribute.pValue = value.as_mut_ptr().cast();
        let attributes = &raw mut attribute;
        check(call!(self.module, C_GetAttributeValue(self.handle, object, attributes, 1)))?;
        assert_eq!(attribute.ulValueLen as usize, value.len());
        Ok(value)
    }

    pub(crate) fn sign_init(
        &self,
        kind: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
    ) -> Result<(), CK_RV> {
        let mut parameter = default_parameter(kind);
        let mut mechanism = mechanism(kind, &mut parameter);
        check(call!(self.module, C_SignInit(self.handle, &raw mut mechanism, key)))
    }

    /// C_SignInit with a CK_RSA_PKCS_PSS_PARAMS: hash, MGF, length of the salt.
    pub(crate) fn sign_init_pss(
        &self,
        kind: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
        parameter: Pss,
    ) -> Result<(), CK_RV> {
        let mut parameter = pss(parameter);
        let mut mechanism = mechanism(kind, &mut parameter);
        check(call!(self.module, C_SignInit(self.handle, &raw mut mechanism, key)))
    }

    /// C_SignInit and C_Sign with a buffer that has room.
    pub(crate) fn sign(
        &self,
        kind: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
        data: &[u8],
    ) -> Result<Vec<u8>, CK_RV> {
        self.sign_init(kind, key)?;
        self.sign_into(data, 1024)
    }

    /// C_Sign with a buffer of this size.
    pub(crate) fn sign_into(&self, data: &[u8], room: usize) -> Result<Vec<u8>, CK_RV> {
        let mut signature = vec![0; room];
        let mut len = room as CK_ULONG;
        let data_len = data.len() as CK_ULONG;
        let (data, buffer) = (data.as_ptr().cast_mut(), signature.as_mut_ptr());
        check(call!(self.module, C_Sign(self.handle, data, data_len, buffer, &raw mut len)))?;
        signature.truncate(len as usize);
        Ok(signature)
    }

    /// C_Sign that only asks for the length.
    pub(crate) fn sign_len(&self, data: &[u8]) -> Result<usize, CK_RV> {
        let mut len = 0;
        let data_len = data.len() as CK_ULONG;
        let data = data.as_ptr().cast_mut();
        let none = ptr::null_mut();
        check(call!(self.module, C_Sign(self.handle, data, data_len, none, &raw mut len)))?;
        Ok(len as usize)
    }

    pub(crate) fn sign_update(&self, part: &[u8]) -> Result<(), CK_RV> {
        let len = part.len() as CK_ULONG;
        check(call!(self.module, C_SignUpdate(self.handle, part.as_ptr().cast_mut(), len)))
    }

    pub(crate) fn sign_final(&self) -> Result<Vec<u8>, CK_RV> {
        let mut signature = vec![0; 1024];
        let mut len = 1024;
        let buffer = signature.as_mut_ptr();
        check(call!(self.module, C_SignFinal(self.handle, buffer, &raw mut len)))?;
        signature.truncate(len as usize);
        Ok(signature)
    }

    pub(crate) fn verify_init(
        &self,
        kind: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
    ) -> Result<(), CK_RV> {
        let mut parameter = default_parameter(kind);
        let mut mechanism = mechanism(kind, &mut parameter);
        check(call!(self.module, C_VerifyInit(self.handle, &raw mut mechanism, key)))
    }

    /// C_VerifyInit and C_Verify.
    pub(crate) fn verify(
        &self,
        kind: CK_MECHANISM_TYPE,
        key: CK_OBJECT_HANDLE,
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), CK_RV> {
        self.verify_init(kind, key)?;
        self.verify_begun(data, signature)
    }

    /// C_Verify.
    pub(crate) fn verify_begun(&self, data: &[u8], signature: &[u8]) -> Result<(), CK_RV> {
        let (data, data_len) = (data.as_ptr().cast_mut(), data.len() as CK_ULONG);
        let (signature, len) = (signature.as_ptr().cast_mut(), signature.len() as CK_ULONG);
        check(call!(self.module, C_Verify(self.handle, data, data_len, signature, len)))
    }

    pub(crate) fn verify_update(&self, part: &[u8]) -> Result<(), CK_RV> {
        let len = part.len() as CK_ULONG;
        check(call!(self.module, C_VerifyUpdate(self.handle, part.as_ptr().cast_mut(), len)))
    }

    pub(crate) fn verify_final(&self, signature: &[u8]) -> Result<(), CK_RV> {
        let (signature, len) = (signature.as_ptr().cast_mut(), signature.len() as CK_ULONG);
        check(call!(self.module, C_VerifyFinal(self.handle, signature, len)))
    }

    pub(crate) fn digest_init(&self, kind: CK_MECHANISM_TYPE) -> Result<(), CK_RV> {
        let mut mechanism = mechanism(kind, &mut []);
        check(call!(self.module, C_DigestInit(self.handle, &raw mut mechanism)))
    }

    /// C_DigestInit and C_Digest.
    pub(crate) fn digest(&self, kind: CK_MECHANISM_TYPE, data: &[u8]) -> Result<Vec<u8>, CK_RV> {
        self.digest_init(kind)?;
        let (mut digest, mut len) = (vec![0; 64], 64);
        let (data, data_len) = (data.as_ptr().cast_mut(), data.len() as CK_ULONG);
        let buffer = digest.as_mut_ptr();
        check(call!(self.module, C_Digest(self.handle, data, data_len, buffer, &raw mut len)))?;
        digest.truncate(len as usize);
        Ok(digest)
    }

    pub(crate) fn digest_update(&self, part: &[u8]) -> Result<(), CK_RV> {
        let len = part.len() as CK_ULONG;
        check(call!(self.module, C_DigestUpdate(self.handle, part.as_ptr().cast_mut(), len)))
    }

    pub(crate) fn digest_final(&self) -> Result<Vec<u8>, CK_RV> {
        let (mut digest, mut len) = (vec![0; 64], 64);
        let buffer = digest.as_mut_ptr();
        check(call!(self.module, C_DigestFinal(self.handle, buffer, &raw mut len)))?;
        digest.truncate(len as usize);
        Ok(digest)
    }
}

/// The fields of a CK_RSA_PKCS_PSS_PARAMS: hash, MGF, length of the salt.
pub(crate) type Pss = (CK_MECHANISM_TYPE, CK_RSA_PKCS_MGF_TYPE, CK_ULONG);

/// The parameter that goes with each PSS mechanism.
const PSS: [(CK_MECHANISM_TYPE, Pss); 4] = [
    (CKM_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA256, 32)),
    (CKM_SHA256_RSA_PKCS_PSS, (CKM_SHA256, CKG_MGF1_SHA256, 32)),
    (CKM_SHA384_RSA_PKCS_PSS, (CKM_SHA384, CKG_MGF1_SHA384, 48)),
    (CKM_SHA512_RSA_PKCS_PSS, (CKM_SHA512, CKG_MGF1_SHA512, 64)),
];

/// The parameter that a caller who means it gives with the mechanism.
fn default_parameter(kind: CK_MECHANISM_TYPE) -> Vec<CK_ULONG> {
    let row = PSS.iter().find(|(mechanism, _)| *mechanism == kind);
    row.map_or_else(Vec::new, |(_, parameter)| pss(*parameter))
}

fn pss((hash, mgf, salt): Pss) -> Vec<CK_ULONG> {
    vec![hash, mgf, salt]
}

fn mechanism(kind: CK_MECHANISM_TYPE, parameter: &mut [CK_ULONG]) -> CK_MECHANISM {
    let len = size_of_val(parameter) as CK_ULONG;
    let first = if parameter.is_empty() { ptr::null_mut() } else { parameter.as_mut_ptr().cast() };
    CK_MECHANISM { mechanism: kind, pParameter: first, ulParameterLen: len }
}

pub(super) fn check(rv: CK_RV) -> Result<(), CK_RV> {
    if rv == CKR_OK { Ok(()) } else { Err(rv) }
}
