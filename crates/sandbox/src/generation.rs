//! Which generation of the service the sandbox plays.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// A generation of the service: which routes there are and how errors look.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Generation {
    /// Before service version 1.195: no `SignHash`; 401 and 403 are plain text.
    Old,
    /// `SignHash` alone; the multipart form takes no hashes any more.
    New,
    /// Every route, errors as problem+json.
    #[default]
    Both,
}

/// The version that the newer generations report.
const CURRENT: &str = "1.207.3";

impl Generation {
    const ALL: [Self; 3] = [Self::Old, Self::New, Self::Both];

    /// The names that `--generation` and the configuration take.
    pub const NAMES: [&'static str; 3] = [Self::Old.row().0, Self::New.row().0, Self::Both.row().0];

    /// The service version a client is told.
    #[must_use]
    pub fn version(self) -> &'static str {
        self.row().1
    }

    /// Name, and the version that `SystemInfo` reports.
    const fn row(self) -> (&'static str, &'static str) {
        match self {
            Self::Old => ("old", "1.194.0"),
            Self::New => ("new", CURRENT),
            Self::Both => ("both", CURRENT),
        }
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
        let found = Self::ALL.into_iter().find(|generation| generation.row().0 == name);
        found.ok_or_else(|| {
            format!("'{name}' is no generation of the service; allowed: {}", Self::NAMES.join(", "))
        })
    }
}

impl TryFrom<String> for Generation {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Generation> for String {
    fn from(generation: Generation) -> Self {
        generation.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_that_of_a_generation_and_back() {
        for (name, generation) in Generation::NAMES.iter().zip(Generation::ALL) {
            assert_eq!(name.parse(), Ok(generation));
            let json = serde_json::to_string(&generation).unwrap();
            assert_eq!(json, format!("\"{name}\""));
            assert_eq!(serde_json::from_str::<Generation>(&json).unwrap(), generation);
        }
        let refused = serde_json::from_str::<Generation>("\"ancient\"").unwrap_err().to_string();
        assert!(refused.contains("allowed: old, new, both"), "{refused}");
    }
}
