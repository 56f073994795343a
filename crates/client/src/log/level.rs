//! SignPath's names for log levels, and what they let through.

use std::fmt;

use tracing::level_filters::LevelFilter;

/// How much is logged, from nothing to everything.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nothing.
    #[default]
    None,
    /// What ends the program. Nothing here does, so it logs as little as `none`.
    Fatal,
    /// Failed calls: what was asked, what was answered, what to do.
    Error,
    /// What works, but not as it was meant.
    Warning,
    /// What was done: one line a signature.
    Info,
    /// Each call and each request.
    Debug,
    /// Everything.
    Verbose,
}

/// The levels by the name that settings use.
pub const LEVELS: &[(&str, Level)] = &[
    ("none", Level::None),
    ("fatal", Level::Fatal),
    ("error", Level::Error),
    ("warning", Level::Warning),
    ("info", Level::Info),
    ("debug", Level::Debug),
    ("verbose", Level::Verbose),
];

impl Level {
    /// What tracing calls it.
    pub fn filter(self) -> LevelFilter {
        match self {
            Self::None | Self::Fatal => LevelFilter::OFF,
            Self::Error => LevelFilter::ERROR,
            Self::Warning => LevelFilter::WARN,
            Self::Info => LevelFilter::INFO,
            Self::Debug => LevelFilter::DEBUG,
            Self::Verbose => LevelFilter::TRACE,
        }
    }

    /// The name of an event's level in our lines.
    pub(super) fn name_of(level: tracing::Level) -> &'static str {
        match level {
            tracing::Level::ERROR => "error",
            tracing::Level::WARN => "warning",
            tracing::Level::INFO => "info",
            tracing::Level::DEBUG => "debug",
            tracing::Level::TRACE => "verbose",
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = LEVELS.iter().find(|(_, level)| level == self);
        f.write_str(row.map_or("none", |(name, _)| name))
    }
}
