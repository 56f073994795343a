//! All file-based signing requests: in memory, and in the state folder where there is one.

use std::{collections::VecDeque, fs, io, path::PathBuf, sync::Arc};

use parking_lot::Mutex;
use uuid::Uuid;

use super::{SigningRequest, SigningRequestStatus};
use crate::{
    Error, private_file,
    state::{REQUESTS_FOLDER, StateFolder},
};

/// Zips of all requests together. The oldest finished ones go first.
const LARGEST_TOTAL: usize = 256 * 1024 * 1024;
const MOST_REQUESTS: usize = 10_000;

/// The requests, oldest first.
pub(crate) struct Ledger {
    requests: Mutex<VecDeque<SigningRequest>>,
    /// Locked by this process, as the whole state folder is.
    state: Option<Arc<StateFolder>>,
}

/// Why a request does not change.
#[derive(Debug)]
pub(crate) enum Unchanged {
    Unknown,
    /// It is not in the state that the change begins with.
    Is(SigningRequestStatus),
    Broken(Error),
}

impl Ledger {
    /// Reads what the state folder has kept.
    pub(crate) fn open(state: Option<Arc<StateFolder>>) -> Result<Self, Error> {
        let mut requests = match &state {
            Some(state) => read_all(&state.path().join(REQUESTS_FOLDER))?,
            None => Vec::new(),
        };
        requests.sort_by(|one, other| one.submitted.cmp(&other.submitted));
        Ok(Self { requests: Mutex::new(requests.into()), state })
    }

    /// Keeps a new request; `false` when too many are waiting.
    pub(crate) fn add(&self, request: SigningRequest) -> Result<bool, Error> {
        let mut requests = self.requests.lock();
        if !self.make_room(&mut requests, request.size())? {
            return Ok(false);
        }
        self.keep(&request)?;
        requests.push_back(request);
        Ok(true)
    }

    pub(crate) fn find(&self, id: Uuid) -> Option<SigningRequest> {
        self.requests.lock().iter().find(|request| request.id.0 == id).map(SigningRequest::as_seen)
    }

    pub(crate) fn all(&self) -> Vec<SigningRequest> {
        self.requests.lock().iter().map(SigningRequest::as_seen).collect()
    }

    /// Changes a request that stands where it is said to, and gives it as it is then. In one step: of two who decide, one
    /// is told that the other was first.
    pub(crate) fn change(
        &self,
        id: Uuid,
        from: SigningRequestStatus,
        change: impl FnOnce(&mut SigningRequest),
    ) -> Result<SigningRequest, Unchanged> {
        let mut requests = self.requests.lock();
        let found = requests.iter_mut().find(|request| request.id.0 == id);
        let request = found.ok_or(Unchanged::Unknown)?;
        if request.status != from {
            return Err(Unchanged::Is(request.status));
        }
        let mut changed = request.clone();
        change(&mut changed);
        self.keep(&changed).map_err(Unchanged::Broken)?;
        *request = changed.clone();
        Ok(changed)
    }

    fn make_room(
        &self,
        requests: &mut VecDeque<SigningRequest>,
        needed: usize,
    ) -> Result<bool, Error> {
        let mut total = requests.iter().map(SigningRequest::size).sum::<usize>();
        while requests.len() >= MOST_REQUESTS || total.saturating_add(needed) > LARGEST_TOTAL {
            let oldest = requests.iter().position(|request| request.status.is_final());
            let Some(request) = oldest.and_then(|index| requests.remove(index)) else {
                return Ok(false);
            };
            total = total.saturating_sub(request.size());
            if let Some(path) = self.file_of(&request) {
                fs::remove_file(&path).map_err(Error::file("remove", path))?;
            }
        }
        Ok(true)
    }

    /// A request that is being signed is kept as it was before: whoever starts again finds it waiting, not lost.
    fn keep(&self, request: &SigningRequest) -> Result<(), Error> {
        let Some(path) = self.file_of(request) else { return Ok(()) };
        if request.status == SigningRequestStatus::InProgress {
            return Ok(());
        }
        if let Some(folder) = path.parent() {
            private_file::create_folder(folder)?;
        }
        let text = serde_json::to_vec(request).map_err(io::Error::from);
        private_file::write(&path, &text.map_err(Error::file("write", &path))?)
    }

    fn file_of(&self, request: &SigningRequest) -> Option<PathBuf> {
        let folder = self.state.as_ref()?.path().join(REQUESTS_FOLDER);
        Some(folder.join(format!("{}.json", request.id.0)))
    }
}

fn read_all(folder: &std::path::Path) -> Result<Vec<SigningRequest>, Error> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(Error::File { action: "read", path: folder.to_owned(), source }),
    };
    let mut requests = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::file("read", folder))?.path();
        // What a writer left behind that was killed begins with a dot.
        let is_hidden = |name: &std::ffi::OsStr| name.as_encoded_bytes().starts_with(b".");
        if path.file_name().is_some_and(is_hidden) {
            continue;
        }
        let text = private_file::read_secret_if_there(&path)?.unwrap_or_default();
        let read = serde_json::from_str(&text);
        requests.push(read.map_err(|error| Error::Damaged { path, reason: error.to_string() })?);
    }
    Ok(requests)
}
