//! C_Login, C_LoginUser, C_Logout.

use cryptoki_sys::*;

use crate::buffer::Input;
use crate::caller::{Caller, call, expect};
use crate::model::{Credentials, Model};

/// Of the slots' tokens, by their places.
pub(crate) const ORGANIZATIONS: [&str; 2] =
    ["94b2c3d4-0000-4000-8000-aabbccddeeff", "94b2c3d4-0000-4000-8000-112233445566"];
const OTHER: &str = "94b2c3d4-0000-4000-8000-000000000000";
pub(crate) const TOKEN: &str = "of-the-pin";

/// What a PIN, or a PIN and a user name, stand for.
#[derive(Clone, Copy, PartialEq)]
enum Means {
    /// The configuration, whose credentials may be missing.
    Configuration,
    Login,
    Nothing,
}

impl Caller<'_> {
    /// C_Login, or C_LoginUser.
    pub(crate) fn login(&mut self) {
        let (handle, place) = self.session();
        let slot = place.map_or(0, |place| self.model.sessions[place].slot);
        let user =
            self.script.choice(&[CKU_USER, CKU_USER, CKU_USER, CKU_SO, CKU_CONTEXT_SPECIFIC, 77]);
        let (name, pin, means) = self.credentials(slot);
        let mut pin = Input::of(pin.into_bytes(), &mut self.script);
        let mut name = name.map(|name| Input::of(name.as_bytes().to_vec(), &mut self.script));
        // NULL asks for the configuration, whatever length comes with it; with a user name there has to be a PIN.
        let has_name = name.as_ref().is_some_and(|name| name.len != 0);
        let means = match (pin.pointer().is_null(), has_name) {
            (true, true) => Means::Nothing,
            (true, false) => Means::Configuration,
            // The name that is left out makes the PIN, which is the token alone, one that says nothing.
            (false, false) if name.is_some() => Means::Configuration,
            _ => means,
        };
        let is_readable = (pin.pointer().is_null() || pin.readable().is_some())
            && name.as_ref().is_none_or(|name| name.readable().is_some());
        let outcome = self.outcome(slot, means);
        let expected = match (place, user) {
            (None, _) => self.model.no_session(),
            (_, CKU_CONTEXT_SPECIFIC) => CKR_OPERATION_NOT_INITIALIZED,
            (_, CKU_SO | 77) => CKR_USER_TYPE_INVALID,
            _ if !is_readable => CKR_ARGUMENTS_BAD,
            _ if self.model.tokens[slot].login.is_some() => CKR_USER_ALREADY_LOGGED_IN,
            _ => outcome.err().unwrap_or(CKR_OK),
        };
        let came = match &mut name {
            None => call!(self, C_Login(handle, user, pin.pointer(), pin.len)),
            Some(name) => {
                let (name, name_len) = (name.pointer(), name.len);
                call!(self, C_LoginUser(handle, user, pin.pointer(), pin.len, name, name_len))
            }
        };
        expect("C_Login or C_LoginUser", came, expected);
        match expected {
            CKR_OK => self.model.tokens[slot].login = outcome.ok(),
            CKR_PIN_INCORRECT => {}
            _ => return,
        }
        self.model.tokens[slot].pin_was_wrong = expected == CKR_PIN_INCORRECT;
    }

    /// A user name, if one is given, and a PIN.
    fn credentials(&mut self, slot: usize) -> (Option<&'static str>, String, Means) {
        let own = ORGANIZATIONS[slot];
        match self.script.byte() % 10 {
            0 => (None, String::new(), Means::Configuration),
            1 => (None, "CONFIG".to_owned(), Means::Configuration),
            // What says nothing is passed over where there is a configuration.
            2 => (None, "1234".to_owned(), Means::Configuration),
            3 => (None, format!("{OTHER}:{TOKEN}"), Means::Nothing),
            4 => (None, format!("{own}:a b"), Means::Nothing),
            5 => (Some(OTHER), TOKEN.to_owned(), Means::Nothing),
            6 => (Some("somebody"), TOKEN.to_owned(), Means::Nothing),
            7 => (Some(own), TOKEN.to_owned(), Means::Login),
            _ => (None, format!("{own}:{TOKEN}"), Means::Login),
        }
    }

    fn outcome(&self, slot: usize, means: Means) -> Result<Credentials, CK_RV> {
        match means {
            Means::Login => Ok(Credentials::OfPin),
            Means::Configuration if !Model::requires_login(slot) => Ok(Credentials::Configured),
            _ => Err(CKR_PIN_INCORRECT),
        }
    }

    pub(crate) fn logout(&mut self) {
        let (handle, place) = self.session();
        let slot = place.map(|place| self.model.sessions[place].slot);
        let expected = match slot {
            None => self.model.no_session(),
            Some(slot) if self.model.tokens[slot].login.is_none() => CKR_USER_NOT_LOGGED_IN,
            Some(_) => CKR_OK,
        };
        expect("C_Logout", call!(self, C_Logout(handle)), expected);
        if let Some(slot) = slot.filter(|_| expected == CKR_OK) {
            self.model.log_out(slot);
            self.model.forget(slot, |private| private);
        }
    }
}
