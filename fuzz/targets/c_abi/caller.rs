//! The caller of a case: which function comes next, and those without an operation.

use std::ffi::c_void;
use std::ptr::{self, null_mut as null};
use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki_sys::*;

use crate::buffer::{Input, Output};
use crate::model::{Credentials, Key, Model, Operation, Session};
use crate::script::Script;

pub(crate) const ORGANIZATION: &str = "94b2c3d4-0000-4000-8000-aabbccddeeff";
const OTHER: &str = "94b2c3d4-0000-4000-8000-000000000000";
const SLOT: CK_SLOT_ID = 1;
const SESSIONS_MAX: usize = 6;

/// Every so many calls their number is printed, for scripts/fuzz, and may be enough.
const CALLS_SHOWN: u64 = 10_000;

/// So many calls are enough; without it libFuzzer ends the run.
const CALLS_MAX: &str = "SIGNPATH_FUZZ_CALLS";

static CALLS: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    fn C_GetFunctionList(list: *mut *mut CK_FUNCTION_LIST) -> CK_RV;
}

pub(crate) struct Caller<'a> {
    pub(crate) list: &'a CK_FUNCTION_LIST,
    pub(crate) script: Script<'a>,
    pub(crate) model: Model,
}

/// Calls a function of the list.
macro_rules! call {
    ($caller:expr, $name:ident($($argument:expr),*)) => {{
        let function = $caller.list.$name.expect("a whole list");
        $crate::caller::count();
        // SAFETY: every pointer is NULL, or has room for the length beside it, or the length is one that no memory has.
        unsafe { function($($argument),*) }
    }};
}
pub(crate) use call;

pub(crate) fn count() {
    let calls = CALLS.fetch_add(1, Ordering::Relaxed) + 1;
    if calls.is_multiple_of(CALLS_SHOWN) {
        eprintln!("stat::calls: {calls}");
        #[expect(clippy::disallowed_methods, reason = "scripts/fuzz says it here")]
        let max = std::env::var(CALLS_MAX).ok().and_then(|max| max.parse::<u64>().ok());
        if max.is_some_and(|max| calls >= max) {
            // SAFETY: nothing is left to be done; to libFuzzer an ordinary end would be a defect of the target.
            unsafe { libc::_exit(0) };
        }
    }
}

/// The value that came against the one that has to come.
#[track_caller]
pub(crate) fn expect(name: &str, came: CK_RV, expected: CK_RV) {
    assert_eq!(came, expected, "{name}: {came:#x} instead of {expected:#x}");
}

impl<'a> Caller<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        let mut list = ptr::null_mut();
        // SAFETY: there is room for one pointer.
        let rv = unsafe { C_GetFunctionList(&raw mut list) };
        expect("C_GetFunctionList", rv, CKR_OK);
        // SAFETY: the list is a static of the module.
        let list = unsafe { &*list };
        Self { list, script: Script(bytes), model: Model::default() }
    }

    /// Leaves the module finalized, as it was found.
    pub(crate) fn run(mut self) {
        while !self.script.is_over() {
            self.step();
        }
        let expected = if self.model.initialized { CKR_OK } else { CKR_CRYPTOKI_NOT_INITIALIZED };
        expect("C_Finalize", call!(self, C_Finalize(ptr::null_mut())), expected);
    }

    fn step(&mut self) {
        match self.script.byte() % 32 {
            0 => self.initialize(),
            1 => self.finalize(),
            2 | 3 => self.open(),
            4 => self.close(),
            5 => self.close_all(),
            6 => self.login(),
            7 => self.logout(),
            8 => self.session_info(),
            9 => self.random(),
            10 => self.slots(),
            11 => self.unsupported(),
            12 | 13 => self.look(),
            14 => self.attributes(),
            other => self.operate(other - 15),
        }
    }

    /// A session of the model by its place, or a handle that is none.
    pub(crate) fn session(&mut self) -> (CK_SESSION_HANDLE, Option<usize>) {
        let choice = usize::from(self.script.byte());
        match choice {
            250.. => ([0, CK_ULONG::MAX, 999_999_999_999][choice % 3], None),
            _ if self.model.sessions.is_empty() => (1, None),
            _ => {
                let place = choice % self.model.sessions.len();
                (self.model.sessions[place].handle, Some(place))
            }
        }
    }

    fn initialize(&mut self) {
        let kind = self.script.byte() % 8;
        let mut arguments = CK_C_INITIALIZE_ARGS {
            CreateMutex: None,
            DestroyMutex: None,
            LockMutex: None,
            UnlockMutex: None,
            flags: CKF_OS_LOCKING_OK,
            pReserved: ptr::null_mut(),
        };
        if kind == 1 {
            arguments.pReserved = (&raw mut arguments).cast();
        }
        let given: *mut c_void =
            if kind < 4 { (&raw mut arguments).cast() } else { ptr::null_mut() };
        let expected = match (kind, self.model.initialized) {
            (1, _) => CKR_ARGUMENTS_BAD,
            (_, true) => CKR_CRYPTOKI_ALREADY_INITIALIZED,
            _ => CKR_OK,
        };
        expect("C_Initialize", call!(self, C_Initialize(given)), expected);
        self.model.initialized |= expected == CKR_OK;
    }

    fn finalize(&mut self) {
        let mut something = 0_u8;
        let reserved = self.script.byte().is_multiple_of(8);
        let given = if reserved { (&raw mut something).cast() } else { ptr::null_mut() };
        let expected = match (reserved, self.model.initialized) {
            (true, _) => CKR_ARGUMENTS_BAD,
            (_, false) => CKR_CRYPTOKI_NOT_INITIALIZED,
            _ => CKR_OK,
        };
        expect("C_Finalize", call!(self, C_Finalize(given)), expected);
        if expected == CKR_OK {
            self.model.finalize();
        }
    }

    fn open(&mut self) {
        if self.model.sessions.len() >= SESSIONS_MAX {
            return;
        }
        let slot = self.script.choice(&[SLOT, SLOT, SLOT, 0, 2, CK_ULONG::MAX]);
        let flags = self.script.choice(&[
            CKF_SERIAL_SESSION | CKF_RW_SESSION,
            CKF_SERIAL_SESSION,
            CKF_RW_SESSION,
        ]);
        let mut handle = 0;
        let is_null = self.script.byte() == 255;
        let given = if is_null { ptr::null_mut() } else { &raw mut handle };
        let expected = match (self.model.initialized, is_null, slot, flags & CKF_SERIAL_SESSION) {
            (false, ..) => CKR_CRYPTOKI_NOT_INITIALIZED,
            (_, true, ..) => CKR_ARGUMENTS_BAD,
            (.., SLOT, 0) => CKR_SESSION_PARALLEL_NOT_SUPPORTED,
            (.., SLOT, _) => CKR_OK,
            _ => CKR_SLOT_ID_INVALID,
        };
        let came = call!(self, C_OpenSession(slot, flags, ptr::null_mut(), None, given));
        expect("C_OpenSession", came, expected);
        if expected == CKR_OK {
            assert!(
                handle != 0 && self.model.sessions.iter().all(|session| session.handle != handle)
            );
            let read_write = flags & CKF_RW_SESSION != 0;
            self.model.sessions.push(Session { handle, read_write, operation: Operation::None });
        }
    }

    fn close(&mut self) {
        let (handle, place) = self.session();
        let expected = if place.is_some() { CKR_OK } else { self.model.no_session() };
        expect("C_CloseSession", call!(self, C_CloseSession(handle)), expected);
        if let Some(place) = place {
            self.model.sessions.remove(place);
            self.model.closed();
        }
    }

    fn close_all(&mut self) {
        let slot = self.script.choice(&[SLOT, 7]);
        let expected = match (self.model.initialized, slot) {
            (false, _) => CKR_CRYPTOKI_NOT_INITIALIZED,
            (_, SLOT) => CKR_OK,
            _ => CKR_SLOT_ID_INVALID,
        };
        expect("C_CloseAllSessions", call!(self, C_CloseAllSessions(slot)), expected);
        if expected == CKR_OK {
            self.model.sessions.clear();
            self.model.closed();
        }
    }

    fn login(&mut self) {
        let (handle, place) = self.session();
        let user =
            self.script.choice(&[CKU_USER, CKU_USER, CKU_USER, CKU_SO, CKU_CONTEXT_SPECIFIC, 77]);
        let own = format!("{ORGANIZATION}:of-the-pin");
        let other = format!("{OTHER}:of-the-pin");
        let spaced = format!("{ORGANIZATION}:a b");
        let pins = [("", Ok(false)), ("CONFIG", Ok(false)), ("1234", Ok(false)), (&own, Ok(true))];
        let odd = [(&*other, Err(CKR_PIN_INCORRECT)), (&spaced, Err(CKR_PIN_INCORRECT))];
        let (pin, outcome) = self.script.choice(&[&pins[..], &odd].concat());
        let mut pin = Input::of(pin.as_bytes().to_vec(), &mut self.script);
        // NULL asks for the configuration, whatever length comes with it.
        let by_pin = if pin.pointer().is_null() { Ok(false) } else { outcome };
        let is_readable = pin.pointer().is_null() || pin.readable().is_some();
        let expected = match (place, user) {
            (None, _) => self.model.no_session(),
            (_, CKU_CONTEXT_SPECIFIC) => CKR_OPERATION_NOT_INITIALIZED,
            (_, CKU_SO | 77) => CKR_USER_TYPE_INVALID,
            _ if !is_readable => CKR_ARGUMENTS_BAD,
            _ if self.model.login.is_some() => CKR_USER_ALREADY_LOGGED_IN,
            _ => by_pin.err().unwrap_or(CKR_OK),
        };
        let came = call!(self, C_Login(handle, user, pin.pointer(), pin.len));
        expect("C_Login", came, expected);
        if expected == CKR_OK {
            let is_pin = by_pin == Ok(true);
            self.model.login =
                Some(if is_pin { Credentials::OfPin } else { Credentials::Configured });
        }
    }

    fn logout(&mut self) {
        let (handle, place) = self.session();
        let expected = match (place, self.model.login) {
            (None, _) => self.model.no_session(),
            (_, None) => CKR_USER_NOT_LOGGED_IN,
            _ => CKR_OK,
        };
        expect("C_Logout", call!(self, C_Logout(handle)), expected);
        if expected == CKR_OK {
            self.model.log_out();
            self.model.forget(|private| private);
        }
    }

    fn session_info(&mut self) {
        let (handle, place) = self.session();
        let mut info = CK_SESSION_INFO::default();
        let expected = if place.is_some() { CKR_OK } else { self.model.no_session() };
        expect("C_GetSessionInfo", call!(self, C_GetSessionInfo(handle, &raw mut info)), expected);
        if let Some(place) = place {
            let state = match (self.model.login.is_some(), self.model.sessions[place].read_write) {
                (true, true) => CKS_RW_USER_FUNCTIONS,
                (true, false) => CKS_RO_USER_FUNCTIONS,
                (false, true) => CKS_RW_PUBLIC_SESSION,
                (false, false) => CKS_RO_PUBLIC_SESSION,
            };
            assert_eq!((info.slotID, info.state), (SLOT, state));
        }
    }

    fn random(&mut self) {
        let (handle, place) = self.session();
        let len = usize::from(self.script.byte());
        let mut bytes = Input::of(vec![0; len], &mut self.script);
        let expected = match place {
            None => self.model.no_session(),
            Some(_) if bytes.readable().is_none() => CKR_ARGUMENTS_BAD,
            Some(_) => CKR_OK,
        };
        let came = call!(self, C_GenerateRandom(handle, bytes.pointer(), bytes.len));
        expect("C_GenerateRandom", came, expected);
        expect(
            "C_SeedRandom",
            call!(self, C_SeedRandom(handle, bytes.pointer(), bytes.len)),
            expected,
        );
    }

    /// C_GetSlotList: one slot, under the rule for lengths.
    fn slots(&mut self) {
        let len = size_of::<CK_SLOT_ID>();
        let mut out = Output::around(len, &mut self.script);
        // The function counts slots.
        let room = out.len / crate::buffer::ck(len);
        out.len = room;
        let (kept, has_len) = (out.buffer(), out.len());
        let expected = match (self.model.initialized, has_len.is_null(), kept.is_null(), room) {
            (false, ..) => CKR_CRYPTOKI_NOT_INITIALIZED,
            (_, true, ..) => CKR_ARGUMENTS_BAD,
            (.., false, 0) => CKR_BUFFER_TOO_SMALL,
            _ => CKR_OK,
        };
        let came = call!(self, C_GetSlotList(CK_TRUE, kept.cast(), has_len));
        expect("C_GetSlotList", came, expected);
        out.len *= crate::buffer::ck(len);
        out.checked(came, len);
    }

    fn unsupported(&mut self) {
        let (handle, _) = self.session();
        let came = match self.script.byte() % 5 {
            0 => call!(self, C_EncryptInit(handle, null(), 1)),
            1 => call!(self, C_SetPIN(handle, null(), 9, null(), 9)),
            2 => call!(self, C_CreateObject(handle, null(), CK_ULONG::MAX, null())),
            3 => call!(self, C_GenerateKey(handle, null(), null(), 3, null())),
            _ => call!(self, C_UnwrapKey(handle, null(), 1, null(), 5, null(), 5, null())),
        };
        expect("a function that no token has here", came, CKR_FUNCTION_NOT_SUPPORTED);
    }

    /// A whole search for the keys of the token, after which the model knows them.
    fn look(&mut self) {
        let place = self.model.sessions.iter().position(|one| one.operation == Operation::None);
        let Some(place) = place else { return };
        let handle = self.model.sessions[place].handle;
        for (class, private) in [(CKO_PRIVATE_KEY, true), (CKO_PUBLIC_KEY, false)] {
            for (kind, key) in [(CKK_EC, Key::Ec), (CKK_RSA, Key::Rsa)] {
                let found = self.found(handle, class, kind);
                self.model.learn(found, (key, private));
            }
        }
    }

    fn found(
        &mut self,
        session: CK_SESSION_HANDLE,
        mut class: CK_ULONG,
        mut kind: CK_ULONG,
    ) -> CK_OBJECT_HANDLE {
        let entry = |type_, value: &mut CK_ULONG| CK_ATTRIBUTE {
            type_,
            pValue: ptr::from_mut(value).cast(),
            ulValueLen: crate::buffer::ck(size_of::<CK_ULONG>()),
        };
        let mut template = [entry(CKA_CLASS, &mut class), entry(CKA_KEY_TYPE, &mut kind)];
        let came = call!(self, C_FindObjectsInit(session, template.as_mut_ptr(), 2));
        expect("C_FindObjectsInit", came, CKR_OK);
        let (mut handles, mut count) = ([0; 3], 0);
        let came = call!(self, C_FindObjects(session, handles.as_mut_ptr(), 3, &raw mut count));
        expect("C_FindObjects", came, CKR_OK);
        assert_eq!(count, 1);
        expect("C_FindObjectsFinal", call!(self, C_FindObjectsFinal(session)), CKR_OK);
        handles[0]
    }
}
