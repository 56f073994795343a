//! The subscriber: which events are wanted, and one event into one line.

use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use parking_lot::{Mutex, RwLock};
use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Event, Metadata, Subscriber};

use super::file::LogFile;
use super::{Console, LEVELS, Level, Log, LogSettings, time};
use crate::error::one_line;
use crate::secret::{Token, redact};

/// Events of other crates are not logged.
const OURS: &str = "signpath";

/// No message needs more characters.
const LINE_MAX: usize = 8 << 10;

/// Another thread may be writing to a slow disk; a line is not worth waiting longer for it.
const LOCK_WAIT: Duration = Duration::from_secs(1);

/// What the handles of one log share in one process.
#[derive(Default)]
pub(super) struct State {
    console_level: LevelCell,
    file_level: LevelCell,
    file: Mutex<LogFile>,
    tokens: RwLock<Protected>,
    /// A token could not be registered, so nothing is written any more.
    muted: AtomicBool,
}

/// Tokens to be hidden, and beside each how often it was asked for.
#[derive(Default)]
struct Protected {
    tokens: Vec<Token>,
    counts: Vec<usize>,
}

/// A [`Level`] as its place in [`LEVELS`], to be read without a lock.
#[derive(Default)]
struct LevelCell(AtomicUsize);

impl LevelCell {
    fn set(&self, level: Level) {
        let place = LEVELS.iter().position(|(_, row)| *row == level).unwrap_or_default();
        self.0.store(place, Ordering::Relaxed);
    }

    fn level(&self) -> Level {
        LEVELS.get(self.0.load(Ordering::Relaxed)).map_or(Level::None, |(_, level)| *level)
    }
}

impl State {
    pub(super) fn configure(&self, settings: &LogSettings) {
        if let Some(mut file) = self.file.try_lock_for(LOCK_WAIT) {
            file.place_in(&settings.directory);
        }
        self.console_level.set(settings.console);
        self.file_level.set(settings.file);
    }

    pub(super) fn protect(&self, token: &Token) {
        let Some(mut tokens) = self.tokens.try_write_for(LOCK_WAIT) else {
            self.muted.store(true, Ordering::Relaxed);
            return;
        };
        tokens.add(token);
    }

    /// A token that cannot be taken out now stays hidden.
    pub(super) fn forget(&self, token: &Token) {
        if let Some(mut tokens) = self.tokens.try_write_for(LOCK_WAIT) {
            tokens.take(token);
        }
    }

    /// The text without the tokens; `None` if they cannot be had now.
    pub(super) fn redacted(&self, text: &str) -> Option<String> {
        let tokens = self.tokens.try_read_for(LOCK_WAIT)?;
        (!self.muted.load(Ordering::Relaxed)).then(|| redact(text, &tokens.tokens))
    }

    /// As a thread that has just written when the process is forked.
    #[cfg(test)]
    pub(super) fn hold_everything(&self) -> impl Sized {
        (self.file.lock(), self.tokens.write())
    }

    fn highest_level(&self) -> LevelFilter {
        self.console_level.level().max(self.file_level.level()).filter()
    }

    fn write(&self, console: &Console, level: tracing::Level, message: &str) {
        // What cannot be made safe is dropped.
        let Some(message) = self.redacted(message) else { return };
        let message = one_line(&message, LINE_MAX);
        let level_name = Level::name_of(level);
        if level <= self.console_level.level().filter() {
            console(format!("signpath: {level_name}: {message}\n").as_bytes());
        }
        if level <= self.file_level.level().filter() {
            let time = time::rfc3339(SystemTime::now());
            let process = std::process::id();
            self.write_to_file(console, &format!("{time} {process} {level_name}: {message}\n"));
        }
    }

    fn write_to_file(&self, console: &Console, line: &str) {
        let Some(mut file) = self.file.try_lock_for(LOCK_WAIT) else { return };
        let said = file.append(line.as_bytes());
        drop(file);
        // Said on the console whatever its level: whoever asked for a log file should know that there is none.
        if self.console_level.level() == Level::None {
            return;
        }
        for sentence in said {
            let sentence = one_line(&sentence, LINE_MAX);
            console(format!("signpath: warning: {sentence}\n").as_bytes());
        }
    }
}

impl Protected {
    fn add(&mut self, token: &Token) {
        if token.expose().is_empty() {
            return;
        }
        match self.tokens.iter().zip(&mut self.counts).find(|(known, _)| *known == token) {
            Some((_, count)) => *count = count.saturating_add(1),
            None => {
                self.tokens.push(token.clone());
                self.counts.push(1);
            }
        }
    }

    fn take(&mut self, token: &Token) {
        let Some(at) = self.tokens.iter().position(|known| known == token) else { return };
        if let Some(count) = self.counts.get_mut(at).filter(|count| **count > 1) {
            *count -= 1;
            return;
        }
        self.tokens.swap_remove(at);
        self.counts.swap_remove(at);
    }
}

/// Feeds a [`Log`] with the events of this workspace's crates.
pub struct LogSubscriber(Log);

impl LogSubscriber {
    pub(super) fn new(log: Log) -> Self {
        Self(log)
    }

    pub(super) fn log(&self) -> Log {
        self.0.clone()
    }

    fn wants(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_event()
            && metadata.target().starts_with(OURS)
            && *metadata.level() <= self.0.0.state().highest_level()
    }
}

impl Subscriber for LogSubscriber {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.wants(metadata) { Interest::always() } else { Interest::never() }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        Some(self.0.0.state().highest_level())
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.wants(metadata)
    }

    fn event(&self, event: &Event<'_>) {
        let mut text = Text::default();
        event.record(&mut text);
        let shared = &self.0.0;
        shared.state().write(&shared.console, *event.metadata().level(), &text.whole());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

/// An event's message, and its other fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn whole(self) -> String {
        self.message + &self.fields
    }

    fn add(&mut self, field: &Field, value: fmt::Arguments<'_>) {
        // Writing into a string cannot fail unless the value's own Display does; then it is left out.
        if field.name() == "message" {
            fmt::write(&mut self.message, value).ok();
        } else {
            fmt::write(&mut self.fields, format_args!(" {}={value}", field.name())).ok();
        }
    }
}

impl Visit for Text {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.add(field, format_args!("{value}"));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format_args!("{value:?}"));
    }
}
