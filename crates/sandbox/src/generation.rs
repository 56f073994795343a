//! Which generation of the service the sandbox plays.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A generation of the service: which routes there are and how errors look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Generation {
    /// Before service version 1.195: no `SignHash`; 401 and 403 are plain text.
    Old,
    /// `SignHash` alone; the multipart form takes no hashes any more.
    New,
    /// Every route, errors as problem+json.
    #[default]
    Both,
}

/// name, generation, the version that `SystemInfo` reports
const GENERATIONS: &[(&str, Generation, &str)] = &[
    ("old", Generation::Old, "1.194.0"),
    ("new", Generation::New, "1.207.3"),
    ("both", Generation::Both, "1.207.3"),
];

impl Generation {
    /// The names that `--generation` and the configuration take.
    pub const NAMES: [&'static str; 3] = ["old", "new", "both"];

    /// The service version a client is told.
    #[must_use]
    pub fn version(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, Self, &'static str) {
        let found = GENERATIONS.iter().find(|row| row.1 == self);
        found.copied().unwrap_or(("both", Self::Both, "1.207.3"))
    }
}

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.row().0)
    }
}

impl FromStr for Generation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = GENERATIONS.iter().find(|row| row.0 == name);
        found.map(|row| row.1).ok_or_else(|| {
            format!("'{name}' is no generation of the service; allowed: {}", Self::NAMES.join(", "))
        })
    }
}
