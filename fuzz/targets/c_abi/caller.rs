//! The caller of a case: which function comes next, and those without an operation.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicU64, Ordering};

use cryptoki_sys::*;

use crate::buffer::Input;
use crate::model::{Model, SLOTS, Session};
use crate::script::Script;

const SESSIONS_MAX: usize = 6;

/// Every so many calls their number is printed, for scripts/fuzz, and may be enough.
const CALLS_SHOWN: u64 = 10_000;

/// So many calls are enough; without it libFuzzer ends the run.
const CALLS_MAX: &str = "SIGNPATH_FUZZ_CALLS";

static CALLS: AtomicU64 = AtomicU64::new(0);

unsafe extern "C" {
    fn C_GetInterface(
        name: *mut u8,
        version: *mut CK_VERSION,
        interface: *mut *mut CK_INTERFACE,
        flags: CK_FLAGS,
    ) -> CK_RV;
}

pub(crate) struct Caller<'a> {
    pub(crate) list: &'a CK_FUNCTION_LIST_3_2,
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
        Self { list: functions(), script: Script(bytes), model: Model::default() }
    }

    /// Leaves the module as it was found: finalized, or without the sessions of this thread.
    pub(crate) fn run(mut self) {
        while !self.script.is_over() {
            if self.model.is_shared {
                self.step_beside();
            } else {
                self.step();
            }
        }
        if self.model.is_shared {
            for session in &self.model.sessions {
                expect("C_CloseSession", call!(self, C_CloseSession(session.handle)), CKR_OK);
            }
            return;
        }
        let expected = if self.model.initialized { CKR_OK } else { CKR_CRYPTOKI_NOT_INITIALIZED };
        expect("C_Finalize", call!(self, C_Finalize(null_mut())), expected);
    }

    fn step(&mut self) {
        match self.script.byte() % 64 {
            0 => self.initialize(),
            1 => self.finalize(),
            2..=4 => self.open(),
            5 => self.close(),
            6 => self.close_all(),
            7 | 8 => self.login(),
            9 => self.logout(),
            10 => self.session_info(),
            11 => self.random(),
            12 => self.slots(),
            13 => self.infos(),
            14 => self.mechanisms(),
            15 => self.mechanism_info(),
            16 => self.odd(),
            17 => self.unsupported(),
            18..=20 => self.look(),
            21 | 22 => self.attributes(),
            23 => self.cancel(),
            other => self.operate(other - 24),
        }
    }

    /// What changes nothing for other threads
    fn step_beside(&mut self) {
        match self.script.byte() % 64 {
            0..=4 => self.open(),
            5 | 6 => self.close(),
            7 => self.session_info(),
            8 => self.random(),
            9 => self.slots(),
            10 => self.mechanisms(),
            11 => self.mechanism_info(),
            12 => self.odd(),
            13..=18 => self.look(),
            19..=22 => self.attributes(),
            23 => self.cancel(),
            other => self.operate(other - 24),
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
            pReserved: null_mut(),
        };
        if kind == 1 {
            arguments.pReserved = (&raw mut arguments).cast();
        }
        let given: *mut c_void = if kind < 4 { (&raw mut arguments).cast() } else { null_mut() };
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
        let given = if reserved { (&raw mut something).cast() } else { null_mut() };
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
        let [first, second] = SLOTS;
        let slot = self.script.choice(&[second, first, second, 0, second, CK_ULONG::MAX]);
        let flags = self.script.choice(&[
            CKF_SERIAL_SESSION | CKF_RW_SESSION,
            CKF_SERIAL_SESSION,
            CKF_RW_SESSION,
        ]);
        let mut handle = 0;
        let is_null = self.script.byte() == 255;
        let given = if is_null { null_mut() } else { &raw mut handle };
        let opened = match self.model.slot(slot) {
            Err(CKR_CRYPTOKI_NOT_INITIALIZED) => Err(CKR_CRYPTOKI_NOT_INITIALIZED),
            _ if is_null => Err(CKR_ARGUMENTS_BAD),
            Ok(_) if flags & CKF_SERIAL_SESSION == 0 => Err(CKR_SESSION_PARALLEL_NOT_SUPPORTED),
            other => other,
        };
        let came = call!(self, C_OpenSession(slot, flags, null_mut(), None, given));
        expect("C_OpenSession", came, opened.err().unwrap_or(CKR_OK));
        if let Ok(slot) = opened {
            assert!(
                handle != 0 && self.model.sessions.iter().all(|session| session.handle != handle)
            );
            let read_write = flags & CKF_RW_SESSION != 0;
            self.model.sessions.push(Session::new(handle, slot, read_write));
        }
    }

    fn close(&mut self) {
        let (handle, place) = self.session();
        let expected = if place.is_some() { CKR_OK } else { self.model.no_session() };
        expect("C_CloseSession", call!(self, C_CloseSession(handle)), expected);
        if let Some(place) = place {
            let closed = self.model.sessions.remove(place);
            self.model.closed(closed.slot);
        }
    }

    fn close_all(&mut self) {
        let slot = self.script.choice(&[SLOTS[0], SLOTS[1], 7]);
        let closed = self.model.slot(slot);
        let came = call!(self, C_CloseAllSessions(slot));
        expect("C_CloseAllSessions", came, closed.err().unwrap_or(CKR_OK));
        if let Ok(slot) = closed {
            self.model.sessions.retain(|session| session.slot != slot);
            self.model.closed(slot);
        }
    }

    fn session_info(&mut self) {
        let (handle, place) = self.session();
        let mut info = CK_SESSION_INFO::default();
        let expected = if place.is_some() { CKR_OK } else { self.model.no_session() };
        expect("C_GetSessionInfo", call!(self, C_GetSessionInfo(handle, &raw mut info)), expected);
        if let Some(place) = place {
            let session = &self.model.sessions[place];
            let logged_in = self.model.tokens[session.slot].login.is_some();
            let state = match (logged_in, session.read_write) {
                (true, true) => CKS_RW_USER_FUNCTIONS,
                (true, false) => CKS_RO_USER_FUNCTIONS,
                (false, true) => CKS_RW_PUBLIC_SESSION,
                (false, false) => CKS_RO_PUBLIC_SESSION,
            };
            assert_eq!((info.slotID, info.state), (SLOTS[session.slot], state));
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

    /// What asks nothing of the model but whether there is a session.
    fn odd(&mut self) {
        let (handle, place) = self.session();
        let with_session = |rv| if place.is_some() { rv } else { self.model.no_session() };
        let (parallel, flags) = (with_session(CKR_FUNCTION_NOT_PARALLEL), with_session(CKR_OK));
        let mut validated = 7;
        match self.script.byte() % 3 {
            0 => expect("C_GetFunctionStatus", call!(self, C_GetFunctionStatus(handle)), parallel),
            1 => expect("C_CancelFunction", call!(self, C_CancelFunction(handle)), parallel),
            _ => {
                let kind = CKS_LAST_VALIDATION_OK;
                let came =
                    call!(self, C_GetSessionValidationFlags(handle, kind, &raw mut validated));
                expect("C_GetSessionValidationFlags", came, flags);
                assert_eq!(validated, if came == CKR_OK { 0 } else { 7 });
            }
        }
    }

    fn unsupported(&mut self) {
        let (handle, _) = self.session();
        let none: *mut u8 = null_mut();
        let came = match self.script.byte() % 8 {
            0 => call!(self, C_EncryptInit(handle, null_mut(), 1)),
            1 => call!(self, C_SetPIN(handle, none, 9, none, 9)),
            2 => call!(self, C_CreateObject(handle, null_mut(), CK_ULONG::MAX, null_mut())),
            3 => call!(self, C_GenerateKey(handle, null_mut(), null_mut(), 3, null_mut())),
            4 => call!(self, C_SignRecover(handle, none, 5, none, null_mut())),
            5 => call!(self, C_MessageSignInit(handle, null_mut(), 1)),
            6 => call!(self, C_AsyncJoin(handle, none, 5, none, 5)),
            _ => {
                call!(self, C_UnwrapKey(handle, null_mut(), 1, none, 5, null_mut(), 5, null_mut()))
            }
        };
        expect("a function that no token has here", came, CKR_FUNCTION_NOT_SUPPORTED);
    }
}

/// The functions of 3.2, of which those of 2.40 are a part.
fn functions() -> &'static CK_FUNCTION_LIST_3_2 {
    let (mut version, mut interface) = (CK_VERSION { major: 3, minor: 2 }, null_mut());
    // SAFETY: there is room for a version and for one pointer, and no name means PKCS #11.
    let came = unsafe { C_GetInterface(null_mut(), &raw mut version, &raw mut interface, 0) };
    expect("C_GetInterface", came, CKR_OK);
    // SAFETY: the interface is a static of the module.
    let list = unsafe { (*interface).pFunctionList };
    // SAFETY: so is the list, of the version that was asked for.
    unsafe { &*list.cast_const().cast::<CK_FUNCTION_LIST_3_2>() }
}
