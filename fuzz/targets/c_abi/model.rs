//! What PKCS #11 says of slots, sessions, operations and keys, as far as it decides which value a function has to return.

use cryptoki_sys::*;

use crate::signed::{Hash, Key, Made, Takes, What};

/// So many signatures are remembered.
const MADE_MAX: usize = 8;

/// The slots, by their places in the model. Without a PIN the first one's token shows nothing; the other one's credentials are
/// configured.
pub(crate) const SLOTS: [CK_SLOT_ID; 2] = [1, 2];

/// Of the slots, whether the configuration has credentials.
const IS_CONFIGURED: [bool; 2] = [false, true];

/// What is under way in a session.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Operation {
    None,
    Find,
    Digest {
        hash: Hash,
        in_parts: bool,
    },
    Sign {
        key: Key,
        takes: Takes,
        in_parts: bool,
        credentials: Option<Credentials>,
    },
    /// `first`: the signature came at the beginning.
    Verify {
        key: Key,
        takes: Takes,
        in_parts: bool,
        first: bool,
    },
}

impl Operation {
    /// The flag of C_SessionCancel.
    pub(crate) fn kind(self) -> CK_FLAGS {
        match self {
            Self::None => 0,
            Self::Find => CKF_FIND_OBJECTS,
            Self::Digest { .. } => CKF_DIGEST,
            Self::Sign { .. } => CKF_SIGN,
            Self::Verify { .. } => CKF_VERIFY,
        }
    }
}

/// Whose signatures they are.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Credentials {
    Configured,
    OfPin,
}

pub(crate) struct Session {
    pub(crate) handle: CK_SESSION_HANDLE,
    /// The place of its slot.
    pub(crate) slot: usize,
    pub(crate) read_write: bool,
    pub(crate) operation: Operation,
    /// The parts so far.
    pub(crate) message: Vec<u8>,
    /// The signature that came first: its length, and of what it is.
    pub(crate) signature: (usize, Option<What>),
}

impl Session {
    pub(crate) fn new(handle: CK_SESSION_HANDLE, slot: usize, read_write: bool) -> Self {
        let (operation, message) = (Operation::None, Vec::new());
        Self { handle, slot, read_write, operation, message, signature: (0, None) }
    }
}

/// A handle that was found, of what, and whether it is one still.
#[derive(Clone, Copy)]
pub(crate) struct Object {
    pub(crate) handle: CK_OBJECT_HANDLE,
    pub(crate) slot: usize,
    /// The key, and whether it is the private one.
    pub(crate) key: (Key, bool),
    pub(crate) lives: bool,
}

#[derive(Clone, Copy, Default)]
pub(crate) struct Token {
    pub(crate) login: Option<Credentials>,
    pub(crate) pin_was_wrong: bool,
}

#[derive(Default)]
pub(crate) struct Model {
    pub(crate) initialized: bool,
    pub(crate) sessions: Vec<Session>,
    pub(crate) objects: Vec<Object>,
    pub(crate) tokens: [Token; 2],
    /// Signatures that the module has handed out.
    pub(crate) made: Vec<Made>,
    /// Whether somebody else keeps the module initialized and the tokens logged in.
    pub(crate) is_shared: bool,
}

impl Model {
    /// The credentials in force at a slot.
    pub(crate) fn credentials(&self, slot: usize) -> Option<Credentials> {
        self.tokens[slot].login.or(IS_CONFIGURED[slot].then_some(Credentials::Configured))
    }

    /// Whether a PIN is asked for at a slot.
    pub(crate) fn requires_login(slot: usize) -> bool {
        !IS_CONFIGURED[slot]
    }

    /// The value for a session that is not there.
    pub(crate) fn no_session(&self) -> CK_RV {
        if self.initialized { CKR_SESSION_HANDLE_INVALID } else { CKR_CRYPTOKI_NOT_INITIALIZED }
    }

    /// The value for a slot, and its place if there is one.
    pub(crate) fn slot(&self, slot: CK_SLOT_ID) -> Result<usize, CK_RV> {
        let place = SLOTS.iter().position(|known| *known == slot);
        match place {
            _ if !self.initialized => Err(CKR_CRYPTOKI_NOT_INITIALIZED),
            None => Err(CKR_SLOT_ID_INVALID),
            Some(place) => Ok(place),
        }
    }

    /// What a PIN opened ends with its login.
    pub(crate) fn log_out(&mut self, slot: usize) {
        if self.tokens[slot].login.take() == Some(Credentials::OfPin) {
            self.forget(slot, |_| true);
        }
    }

    pub(crate) fn forget(&mut self, slot: usize, doomed: impl Fn(bool) -> bool) {
        for object in self.objects.iter_mut().filter(|object| object.slot == slot) {
            object.lives &= !doomed(object.key.1);
        }
    }

    /// A handle that a search has given; one that has ended is given to nothing else.
    pub(crate) fn learn(&mut self, handle: CK_OBJECT_HANDLE, slot: usize, key: (Key, bool)) {
        let known = self.objects.iter().find(|object| object.handle == handle);
        let same = |known: &Object| known.lives && (known.slot, known.key) == (slot, key);
        assert!(known.is_none_or(same), "an old handle");
        if known.is_none() {
            self.objects.push(Object { handle, slot, key, lives: true });
        }
    }

    /// A signature that was handed out; the oldest is forgotten.
    pub(crate) fn keep(&mut self, made: Made) {
        if self.made.len() == MADE_MAX {
            self.made.remove(0);
        }
        self.made.push(made);
    }

    /// A session of the slot was closed.
    pub(crate) fn closed(&mut self, slot: usize) {
        if !self.is_shared && self.sessions.iter().all(|session| session.slot != slot) {
            self.log_out(slot);
        }
    }

    pub(crate) fn finalize(&mut self) {
        let (objects, made) = (std::mem::take(&mut self.objects), std::mem::take(&mut self.made));
        *self = Self { objects, made, ..Self::default() };
        self.objects.iter_mut().for_each(|object| object.lives = false);
    }
}
