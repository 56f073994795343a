//! Everything that a run of a program has written or sent, and the secrets that are in it.

use std::{fs, path::Path};

use signpath_sandbox::Sandbox;

use super::secret::Secret;

/// Where something was written, and what.
#[derive(Default)]
pub(super) struct Written(Vec<(String, Vec<u8>)>);

impl Written {
    pub(super) fn add(&mut self, place: &str, bytes: impl Into<Vec<u8>>) {
        self.0.push((place.to_owned(), bytes.into()));
    }

    /// Every file below the folder, its name too, but for what is below `except`.
    pub(super) fn add_files(&mut self, folder: &Path, except: &[&Path]) {
        if except.contains(&folder) {
            return;
        }
        for entry in fs::read_dir(folder).expect("the folder can be read") {
            let entry = entry.expect("an entry of the folder");
            let (path, kind) = (entry.path(), entry.file_type().expect("a kind of file"));
            self.add(&format!("the name of {}", path.display()), path.display().to_string());
            if kind.is_dir() {
                self.add_files(&path, except);
            } else if kind.is_file() && !except.contains(&&*path) {
                self.add(&path.display().to_string(), fs::read(&path).expect("a readable file"));
            }
        }
    }

    /// What the service was sent, but for the header that carries the token, and what it has kept.
    pub(super) fn add_service(&mut self, sandbox: &Sandbox) {
        for request in sandbox.requests() {
            let line = format!("{} {}?{}", request.method, request.path, request.query);
            self.add("the line of a request", line);
            let headers = request.headers.iter().filter(|(name, _)| name != "authorization");
            for (name, value) in headers {
                self.add("a header", format!("{name}: {value}"));
            }
            self.add("the body of a request", request.body);
        }
        for entry in sandbox.audit() {
            let entry = serde_json::to_vec(&entry).expect("an entry is JSON");
            self.add("the audit log", entry);
        }
    }

    /// What is written at the places whose names contain this.
    pub(super) fn at<'a>(&'a self, place: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let at = move |(known, _): &&(String, Vec<u8>)| known.contains(place);
        self.0.iter().filter(at).map(|(_, bytes)| &**bytes)
    }

    /// A line for each place where a secret stands.
    pub(super) fn leaks(&self, secrets: &[Secret]) -> Vec<String> {
        let leak = |secret: &Secret, (place, bytes): &(String, Vec<u8>)| {
            let how = secret.found_in(bytes)?;
            let around = String::from_utf8_lossy(bytes);
            let around: String = around.chars().take(1500).collect();
            Some(format!("{} is in {place} {how}: {around}", secret.what))
        };
        let all = secrets.iter();
        all.flat_map(|secret| self.0.iter().filter_map(move |row| leak(secret, row))).collect()
    }
}
