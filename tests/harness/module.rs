//! A PKCS #11 module behind its C ABI: ours, or any other.

use std::{env, ffi::CStr, path::PathBuf, ptr};

use cryptoki_sys::*;
use libloading::Library;

use super::{
    alone::variable,
    session::{Session, check},
};

/// A loaded module. Results are the CK_RV where it is not CKR_OK.
pub(crate) struct Module {
    library: Library,
    list: *mut CK_FUNCTION_LIST,
}

// SAFETY: the list is the module's static; the functions may be called from any thread after C_Initialize with
// CKF_OS_LOCKING_OK.
unsafe impl Send for Module {}
// SAFETY: as above.
unsafe impl Sync for Module {}

/// A function of the list, called.
macro_rules! call {
    ($module:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let function = $module.functions().$function.expect("the function is in the list");
        // SAFETY: the arguments are the test's own, and valid or meant to be refused.
        unsafe { function($($argument),*) }
    }};
}

/// A function of a list of 3.0 or 3.2, called.
macro_rules! called {
    ($functions:expr, $function:ident($($argument:expr),* $(,)?)) => {{
        let function = $functions.$function.expect("the function is in the list");
        // SAFETY: the arguments are the test's own, and valid or meant to be refused.
        unsafe { function($($argument),*) }
    }};
}

impl Module {
    /// Our module: the one named for the tests, else the one that was built beside them.
    pub(crate) fn load() -> Self {
        Self::load_from(&module_path())
    }

    pub(crate) fn load_from(path: &std::path::Path) -> Self {
        // SAFETY: a PKCS #11 module's initializers have no preconditions.
        let library = unsafe { Library::new(path) }.expect("the module loads");
        let mut list = ptr::null_mut();
        {
            // SAFETY: the symbol has this type by the standard.
            let get = unsafe {
                library.get::<unsafe extern "C" fn(*mut *mut CK_FUNCTION_LIST) -> CK_RV>(
                    b"C_GetFunctionList\0",
                )
            };
            // SAFETY: `list` is writable.
            let rv = unsafe { get.expect("C_GetFunctionList is exported")(&raw mut list) };
            assert_eq!(rv, CKR_OK);
        }
        Self { library, list }
    }

    /// Our module, initialized.
    pub(crate) fn started() -> Self {
        let module = Self::load();
        module.initialize().expect("C_Initialize");
        module
    }

    /// Our module through its newest interface, of whose list the one of 2.40 is the beginning (3.0 §3.6).
    pub(crate) fn load_newest() -> Self {
        let module = Self::load();
        let list =
            module.get_interface(None, Some((3, 2))).expect("there is a newest").pFunctionList;
        Self { list: list.cast(), ..module }
    }

    /// Name and version of every interface, by C_GetInterfaceList.
    pub(crate) fn interfaces(&self) -> Vec<(String, (u8, u8))> {
        type GetInterfaceList = unsafe extern "C" fn(*mut CK_INTERFACE, *mut CK_ULONG) -> CK_RV;
        // SAFETY: the symbol has this type by the standard.
        let get = unsafe { self.library.get::<GetInterfaceList>(b"C_GetInterfaceList\0") };
        let get = get.expect("C_GetInterfaceList is exported");
        let mut count = 0;
        // SAFETY: `count` is writable, and NULL asks for it.
        assert_eq!(unsafe { get(ptr::null_mut(), &raw mut count) }, CKR_OK);
        let mut interfaces = vec![CK_INTERFACE::default(); count as usize];
        let mut short = count - 1;
        // SAFETY: there is room for more than `short` says.
        let rv = unsafe { get(interfaces.as_mut_ptr(), &raw mut short) };
        assert_eq!((rv, short), (CKR_BUFFER_TOO_SMALL, count));
        // SAFETY: there is room for `count`.
        assert_eq!(unsafe { get(interfaces.as_mut_ptr(), &raw mut count) }, CKR_OK);
        interfaces
            .iter()
            .map(|interface| (interface_name(interface), version_of(interface)))
            .collect()
    }

    /// The version of the interface that C_GetInterface gives.
    pub(crate) fn interface(
        &self,
        name: Option<&CStr>,
        version: Option<(u8, u8)>,
    ) -> Result<(u8, u8), CK_RV> {
        self.get_interface(name, version).map(|interface| version_of(&interface))
    }

    fn get_interface(
        &self,
        name: Option<&CStr>,
        version: Option<(u8, u8)>,
    ) -> Result<CK_INTERFACE, CK_RV> {
        type GetInterface = unsafe extern "C" fn(
            *mut CK_UTF8CHAR,
            *mut CK_VERSION,
            *mut *mut CK_INTERFACE,
            CK_FLAGS,
        ) -> CK_RV;
        // SAFETY: the symbol has this type by the standard.
        let get = unsafe { self.library.get::<GetInterface>(b"C_GetInterface\0") };
        let get = get.expect("C_GetInterface is exported");
        let name = name.map_or(ptr::null(), CStr::as_ptr).cast_mut().cast();
        let mut version = version.map(|(major, minor)| CK_VERSION { major, minor });
        let version = version.as_mut().map_or(ptr::null_mut(), ptr::from_mut);
        let mut interface = ptr::null_mut();
        // SAFETY: the name ends with a NUL byte, the rest is readable or writable.
        check(unsafe { get(name, version, &raw mut interface, 0) })?;
        // SAFETY: the module gave it.
        Ok(unsafe { *interface })
    }

    pub(crate) fn functions(&self) -> &CK_FUNCTION_LIST {
        // SAFETY: the module gave the list, which lives as long as it is loaded.
        unsafe { &*self.list }
    }

    /// The list of the newest version.
    pub(crate) fn functions_3_2(&self) -> &CK_FUNCTION_LIST_3_2 {
        let interface = self.get_interface(Some(c"PKCS 11"), Some((3, 2)));
        let list = interface.expect("there is one of 3.2").pFunctionList;
        // SAFETY: the interface has this list by its version, and it lives as long as the module is loaded.
        unsafe { &*list.cast() }
    }

    pub(crate) fn initialize(&self) -> Result<(), CK_RV> {
        let mut arguments = CK_C_INITIALIZE_ARGS { flags: CKF_OS_LOCKING_OK, ..Default::default() };
        check(call!(self, C_Initialize((&raw mut arguments).cast())))
    }

    pub(crate) fn finalize(&self) -> Result<(), CK_RV> {
        check(call!(self, C_Finalize(ptr::null_mut())))
    }

    pub(crate) fn slots(&self) -> Vec<CK_SLOT_ID> {
        let mut slots = vec![0; 16];
        let mut count = 16;
        let rv = call!(self, C_GetSlotList(CK_TRUE, slots.as_mut_ptr(), &raw mut count));
        assert_eq!(rv, CKR_OK);
        slots.truncate(count as usize);
        slots
    }

    pub(crate) fn token_info(&self, slot: CK_SLOT_ID) -> CK_TOKEN_INFO {
        let mut info = CK_TOKEN_INFO::default();
        assert_eq!(call!(self, C_GetTokenInfo(slot, &raw mut info)), CKR_OK);
        info
    }

    /// A read/write session with the first slot's token.
    pub(crate) fn session(&self) -> Session<'_> {
        let slot = self.slots()[0];
        self.open(slot, CKF_SERIAL_SESSION | CKF_RW_SESSION).expect("C_OpenSession")
    }

    pub(crate) fn open(&self, slot: CK_SLOT_ID, flags: CK_FLAGS) -> Result<Session<'_>, CK_RV> {
        let mut handle = 0;
        check(call!(self, C_OpenSession(slot, flags, ptr::null_mut(), None, &raw mut handle)))?;
        Ok(Session { module: self, handle })
    }
}

fn interface_name(interface: &CK_INTERFACE) -> String {
    // SAFETY: the module's name ends with a NUL byte.
    let name = unsafe { CStr::from_ptr(interface.pInterfaceName.cast()) };
    name.to_str().expect("the name is text").to_owned()
}

fn version_of(interface: &CK_INTERFACE) -> (u8, u8) {
    // SAFETY: every function list begins with its version (3.0 §3.6).
    let version = unsafe { *interface.pFunctionList.cast::<CK_VERSION>() };
    (version.major, version.minor)
}

/// The shared library that the tests are about.
pub(crate) fn module_path() -> PathBuf {
    if let Some(named) = variable("SIGNPATH_TEST_MODULE") {
        return named.into();
    }
    let tests = env::current_exe().expect("the test binary");
    tests.with_file_name("libsignpath_pkcs11.so")
}
