//! What the service is told of the process that asks for a signature: SignPath keeps it with the signing request,
//! for audits. Secrets are taken out here, by an allow-list of options ([`OPTIONS`]).

mod context;
mod options;
mod scrub;

use serde::Serialize;

use crate::process::{self, UserIds};
use crate::secret::{Token, redact};
use crate::system;

pub use context::{Payload, SigningContext};
pub(crate) use context::{Spelling, Told};
pub use options::{OPTIONS, OptionRow, Shape};
pub use scrub::scrubbed;

/// The command line is cut after so many bytes.
const COMMAND_LINE_MAX: usize = 4 << 10;

/// How much the service is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MetadataDetail {
    /// Command line with its secrets hidden, user, operating system.
    #[default]
    Full,
    /// The program's file name, operating system.
    Basic,
    /// Nothing.
    None,
}

/// The names of [`MetadataDetail`] in settings.
pub(crate) const DETAILS: &[(&str, MetadataDetail)] = &[
    ("full", MetadataDetail::Full),
    ("basic", MetadataDetail::Basic),
    ("none", MetadataDetail::None),
];

/// `sourceProcess` in the metadata of a hash-signing request, in the spelling of `SigningRequests/SignHash`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SourceProcess {
    /// Program and arguments, or the program alone; up to 4 KB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command_line: Option<String>,
    /// The name of the real user, or the number if the system has no name for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// Where the process runs.
    pub operating_system: OperatingSystem,
}

/// An operating system.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OperatingSystem {
    /// `Linux`, `macOS` or `Windows`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Distribution and kernel, where they are known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The processor, `x86_64` for example.
    pub architecture: String,
}

impl SourceProcess {
    /// The facts of this process, without `tokens` wherever they may stand. `None` if nothing is to be told.
    pub fn collect(detail: MetadataDetail, tokens: &[Token]) -> Option<Self> {
        let (command_line, user) = match detail {
            MetadataDetail::Full => (command_line(&process::arguments(), tokens), user()),
            MetadataDetail::Basic => {
                (program(process::executable_name(), &process::arguments(), tokens), None)
            }
            MetadataDetail::None => return None,
        };
        Some(Self { command_line, user, operating_system: OperatingSystem::current() })
    }
}

impl SourceProcess {
    /// The facts of the process that started this one, which has the same user: for programs that others run for their
    /// users. `None` if nothing is to be told, or the system does not tell.
    pub fn of_parent(detail: MetadataDetail, tokens: &[Token]) -> Option<Self> {
        let parent = process::Parent::current()?;
        let arguments = parent.arguments();
        let (command_line, user) = match detail {
            MetadataDetail::Full => (command_line(&arguments, tokens), user()),
            MetadataDetail::Basic => (program(parent.executable_name(), &arguments, tokens), None),
            MetadataDetail::None => return None,
        };
        Some(Self { command_line, user, operating_system: OperatingSystem::current() })
    }
}

impl OperatingSystem {
    fn current() -> Self {
        Self {
            kind: system::KIND.to_owned(),
            version: system::version(),
            architecture: std::env::consts::ARCH.to_owned(),
        }
    }
}

fn command_line(arguments: &[String], tokens: &[Token]) -> Option<String> {
    let line = redact(&scrubbed(arguments, tokens), tokens);
    Some(cut(line, COMMAND_LINE_MAX)).filter(|line| !line.is_empty())
}

/// The executable's name rather than the first argument, which a program can set to anything. A token may have a slash in
/// it, so it is taken out first.
fn program(executable: Option<String>, arguments: &[String], tokens: &[Token]) -> Option<String> {
    let first = || arguments.first().and_then(|path| process::file_name(&redact(path, tokens)));
    executable
        .map(|name| redact(&name, tokens))
        .or_else(first)
        .map(|name| cut(name, COMMAND_LINE_MAX))
}

fn user() -> Option<String> {
    let id = UserIds::current()?.real;
    Some(process::user_name(id).unwrap_or_else(|| id.to_string()))
}

fn cut(text: String, max: usize) -> String {
    if text.len() <= max {
        return text;
    }
    let mark = '…';
    let fits = |(at, c): &(usize, char)| at + c.len_utf8() + mark.len_utf8() <= max;
    let mut cut: String = text.char_indices().take_while(fits).map(|(_, c)| c).collect();
    cut.push(mark);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_has_command_line_user_and_system() {
        let process = SourceProcess::collect(MetadataDetail::Full, &[]).unwrap();
        let json = serde_json::to_value(&process).unwrap();
        assert!(json["commandLine"].as_str().unwrap().contains("signpath_client"));
        assert!(!json["user"].as_str().unwrap().is_empty());
        assert_eq!(json["operatingSystem"]["type"], "Linux");
        assert_eq!(json["operatingSystem"]["architecture"], std::env::consts::ARCH);
        assert!(json["operatingSystem"]["version"].as_str().unwrap().contains("kernel "));
    }

    #[test]
    fn basic_has_the_program_and_the_system() {
        let process = SourceProcess::collect(MetadataDetail::Basic, &[]).unwrap();
        let command_line = process.command_line.unwrap();
        assert!(command_line.starts_with("signpath_client") && !command_line.contains(' '));
        assert_eq!(process.user, None);
    }

    #[test]
    fn the_program_is_the_executable_whatever_it_calls_itself() {
        let tokens = [Token::new("s3cret+/".to_owned())];
        let arguments = ["/bin/worker s3cret+/".to_owned(), "x".to_owned()];
        for (executable, expected) in
            [(Some("cosign"), "cosign"), (Some("a-s3cret+/"), "a-***"), (None, "***")]
        {
            let name = program(executable.map(str::to_owned), &arguments, &tokens).unwrap();
            assert!(name.ends_with(expected) && !name.contains("s3cret"), "{name}");
        }
    }

    #[test]
    fn none_tells_nothing() {
        assert_eq!(SourceProcess::collect(MetadataDetail::None, &[]), None);
    }

    #[test]
    fn a_long_command_line_is_cut() {
        let words = vec!["ü".repeat(3000), "x".repeat(3000)];
        let line = command_line(&words, &[]).unwrap();
        assert!(line.len() <= COMMAND_LINE_MAX && line.ends_with('…'));
    }
}
