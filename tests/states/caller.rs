//! A caller of one module that notes every answer: the return value by name, lengths, and values that can be compared.

use std::{fmt::Write as _, ptr};

use cryptoki_sys::*;

use super::{names::return_value, pin};
use crate::harness::{Find, Module, Session};

/// A handle that no module has given.
pub(crate) const NO_HANDLE: CK_ULONG = 0x7fff_fff0;

/// What has happened before the first call of a row.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Start {
    /// The library is loaded.
    Loaded,
    Initialized,
    /// There is a read/write session, and nobody is logged in.
    Public,
    /// There is a read/write session, and the user is logged in.
    User,
}

/// The caller's buffer for an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Room {
    /// A NULL pointer, which asks for the length.
    Null,
    /// So many bytes.
    Bytes(usize),
}

/// One run of a module, from before C_Initialize.
pub(crate) struct Caller<'a> {
    module: &'a Module,
    pub(crate) slot: CK_SLOT_ID,
    pub(crate) session: CK_SESSION_HANDLE,
    answers: Vec<String>,
}

impl<'a> Caller<'a> {
    pub(crate) fn new(module: &'a Module, start: Start) -> Self {
        let mut caller = Self { module, slot: 0, session: 0, answers: Vec::new() };
        if !matches!(start, Start::Loaded) {
            caller.prepare_slot();
        }
        if matches!(start, Start::Public | Start::User) {
            caller.session = caller.open(CKF_SERIAL_SESSION | CKF_RW_SESSION);
        }
        if matches!(start, Start::User) {
            caller.quietly().login(&pin()).expect("the login before the row");
        }
        caller
    }

    /// Ends the run and gives what was noted.
    pub(crate) fn end(self) -> String {
        // The row may have done it.
        let _ended = self.module.finalize();
        self.answers.join("; ")
    }

    /// Initializes the module, and finds the slot with the keys.
    pub(crate) fn prepare_slot(&mut self) {
        self.module.initialize().expect("C_Initialize before the row");
        let has_keys =
            |slot: &CK_SLOT_ID| self.module.token_info(*slot).label.starts_with(b"SignPath");
        self.slot = self.module.slots().into_iter().find(has_keys).expect("a slot with the token");
    }

    pub(crate) fn functions(&self) -> &CK_FUNCTION_LIST {
        self.module.functions()
    }

    /// The row's session, for calls that are not noted.
    pub(crate) fn quietly(&self) -> Session<'a> {
        Session { module: self.module, handle: self.session }
    }

    /// One more session, not noted.
    pub(crate) fn open(&self, flags: CK_FLAGS) -> CK_SESSION_HANDLE {
        self.module.open(self.slot, flags).expect("C_OpenSession before the call").handle
    }

    pub(crate) fn private_key(&self, label: &str) -> CK_OBJECT_HANDLE {
        self.object(CKO_PRIVATE_KEY, label)
    }

    pub(crate) fn public_key(&self, label: &str) -> CK_OBJECT_HANDLE {
        self.object(CKO_PUBLIC_KEY, label)
    }

    pub(crate) fn certificate(&self, label: &str) -> CK_OBJECT_HANDLE {
        self.object(CKO_CERTIFICATE, label)
    }

    /// In a session of its own: SoftHSM has one operation a session, whatever its kind.
    fn object(&self, class: CK_OBJECT_CLASS, label: &str) -> CK_OBJECT_HANDLE {
        let session = Session { module: self.module, handle: self.open(CKF_SERIAL_SESSION) };
        let object = session.object(class, label);
        session.close().expect("C_CloseSession before the call");
        object
    }

    /// Notes a return value.
    pub(crate) fn note(&mut self, rv: CK_RV) {
        self.answers.push(return_value(rv));
    }

    /// Notes a return value and, after CKR_OK and CKR_BUFFER_TOO_SMALL, the length that came with it.
    pub(crate) fn note_len(&mut self, rv: CK_RV, len: CK_ULONG) {
        self.note(rv);
        if rv == CKR_OK || rv == CKR_BUFFER_TOO_SMALL {
            self.tell(&len.to_string());
        }
    }

    /// Adds a detail to the last answer.
    pub(crate) fn tell(&mut self, detail: &str) {
        let answer = self.answers.last_mut().expect("a detail follows a return value");
        answer.push(' ');
        answer.push_str(detail);
    }

    pub(crate) fn login(&mut self, user: CK_USER_TYPE, pin: &str) {
        let len = pin.len() as CK_ULONG;
        let pin = pin.as_ptr().cast_mut();
        self.note(call!(self, C_Login(self.session, user, pin, len)));
    }

    pub(crate) fn login_with_the_pin(&mut self) {
        self.login(CKU_USER, &pin());
    }

    /// C_GetSessionInfo of a session: the state and the flags.
    pub(crate) fn session_info(&mut self, session: CK_SESSION_HANDLE) {
        let mut info = CK_SESSION_INFO::default();
        self.note(call!(self, C_GetSessionInfo(session, &raw mut info)));
        let is_ours = info.slotID == self.slot;
        self.tell(&format!("state {} flags {} this slot {is_ours}", info.state, info.flags));
    }

    /// A whole search: its return value and what it finds, by name where that is not much.
    pub(crate) fn find(&mut self, template: &[Find<'_>]) {
        match self.quietly().find(template) {
            Err(rv) => self.note(rv),
            Ok(found) => {
                let mut names: Vec<_> = found.iter().map(|object| self.name(*object)).collect();
                names.sort();
                self.note(CKR_OK);
                self.tell(&found.len().to_string());
                if names.len() < 4 {
                    names.iter().for_each(|name| self.tell(name));
                }
            }
        }
    }

    /// C_FindObjectsInit alone.
    pub(crate) fn find_init(&mut self, template: &[Find<'_>]) {
        let rv = self.quietly().find_init(template).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    /// C_FindObjects: how many came back.
    pub(crate) fn find_next(&mut self, max: usize) {
        let mut objects = vec![0; max.max(1)];
        let mut count = 0;
        let (objects, max) = (objects.as_mut_ptr(), max as CK_ULONG);
        let rv = call!(self, C_FindObjects(self.session, objects, max, &raw mut count));
        self.note_len(rv, count);
    }

    pub(crate) fn find_final(&mut self) {
        self.note(call!(self, C_FindObjectsFinal(self.session)));
    }

    /// C_GetAttributeValue for attributes with buffers of these sizes: the length of each, and the value where one was
    /// written.
    pub(crate) fn values(&mut self, object: CK_OBJECT_HANDLE, asked: &[(CK_ATTRIBUTE_TYPE, Room)]) {
        let mut buffers: Vec<_> = asked.iter().map(|(_, room)| room.buffer()).collect();
        let mut template: Vec<_> = asked
            .iter()
            .zip(&mut buffers)
            .map(|((kind, room), buffer)| CK_ATTRIBUTE {
                type_: *kind,
                pValue: room.pointer(buffer).cast(),
                ulValueLen: room.len(),
            })
            .collect();
        let (attributes, count) = (template.as_mut_ptr(), template.len() as CK_ULONG);
        let rv = call!(self, C_GetAttributeValue(self.session, object, attributes, count));
        self.note(rv);
        for (attribute, buffer) in template.iter().zip(&buffers) {
            let written = buffer.get(..attribute.ulValueLen as usize);
            let value = written.filter(|_| !attribute.pValue.is_null()).map(hex);
            match attribute.ulValueLen {
                CK_ULONG::MAX => self.tell("-1"),
                len => self.tell(&value.unwrap_or_else(|| format!("len {len}"))),
            }
        }
    }

    pub(crate) fn sign_init(&mut self, kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) {
        let rv = self.quietly().sign_init(kind, key).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    /// C_Sign: the return value and the length.
    pub(crate) fn sign(&mut self, data: &[u8], room: Room) {
        let (mut buffer, mut len) = (room.buffer(), room.len());
        let (input, input_len) = (data.as_ptr().cast_mut(), data.len() as CK_ULONG);
        let output = room.pointer(&mut buffer);
        let rv = call!(self, C_Sign(self.session, input, input_len, output, &raw mut len));
        self.note_len(rv, len);
    }

    pub(crate) fn sign_update(&mut self, part: &[u8]) {
        let rv = self.quietly().sign_update(part).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    pub(crate) fn sign_final(&mut self, room: Room) {
        let (mut buffer, mut len) = (room.buffer(), room.len());
        let output = room.pointer(&mut buffer);
        let rv = call!(self, C_SignFinal(self.session, output, &raw mut len));
        self.note_len(rv, len);
    }

    pub(crate) fn verify_init(&mut self, kind: CK_MECHANISM_TYPE, key: CK_OBJECT_HANDLE) {
        let rv = self.quietly().verify_init(kind, key).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    pub(crate) fn verify(&mut self, data: &[u8], signature: &[u8]) {
        let rv = self.quietly().verify_begun(data, signature).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    pub(crate) fn verify_update(&mut self, part: &[u8]) {
        let rv = self.quietly().verify_update(part).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    pub(crate) fn verify_final(&mut self, signature: &[u8]) {
        let rv = self.quietly().verify_final(signature).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    pub(crate) fn digest_init(&mut self, kind: CK_MECHANISM_TYPE) {
        let rv = self.quietly().digest_init(kind).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    /// C_Digest: the return value, the length, and the beginning of the digest.
    pub(crate) fn digest(&mut self, data: &[u8], room: Room) {
        let (mut buffer, mut len) = (room.buffer(), room.len());
        let (input, input_len) = (data.as_ptr().cast_mut(), data.len() as CK_ULONG);
        let output = room.pointer(&mut buffer);
        let rv = call!(self, C_Digest(self.session, input, input_len, output, &raw mut len));
        self.note_len(rv, len);
        self.tell_digest(rv, &buffer);
    }

    pub(crate) fn digest_update(&mut self, part: &[u8]) {
        let rv = self.quietly().digest_update(part).err().unwrap_or(CKR_OK);
        self.note(rv);
    }

    /// C_DigestFinal, as [`Self::digest`].
    pub(crate) fn digest_final(&mut self, room: Room) {
        let (mut buffer, mut len) = (room.buffer(), room.len());
        let output = room.pointer(&mut buffer);
        let rv = call!(self, C_DigestFinal(self.session, output, &raw mut len));
        self.note_len(rv, len);
        self.tell_digest(rv, &buffer);
    }

    fn tell_digest(&mut self, rv: CK_RV, buffer: &[u8]) {
        if let (CKR_OK, Some(beginning)) = (rv, buffer.get(..4)) {
            self.tell(&hex(beginning));
        }
    }

    /// The class and the label of an object, as in `private:demo/ec`.
    fn name(&self, object: CK_OBJECT_HANDLE) -> String {
        let session = self.quietly();
        let class = session.attribute(object, CKA_CLASS).expect("every object has a class");
        let label = session.attribute(object, CKA_LABEL).unwrap_or_default();
        let classes =
            [(CKO_PRIVATE_KEY, "private"), (CKO_PUBLIC_KEY, "public"), (CKO_PROFILE, "profile")];
        let name = classes.iter().find(|(known, _)| known.to_ne_bytes() == *class);
        format!(
            "{}:{}",
            name.map_or("certificate", |(_, name)| name),
            String::from_utf8_lossy(&label)
        )
    }
}

impl Room {
    fn buffer(self) -> Vec<u8> {
        vec![0; self.len() as usize]
    }

    fn len(self) -> CK_ULONG {
        match self {
            Self::Null => 0,
            Self::Bytes(len) => len as CK_ULONG,
        }
    }

    fn pointer(self, buffer: &mut [u8]) -> *mut CK_BYTE {
        match self {
            Self::Null => ptr::null_mut(),
            Self::Bytes(_) => buffer.as_mut_ptr(),
        }
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a String takes everything");
        text
    })
}
