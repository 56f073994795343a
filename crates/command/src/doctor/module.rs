//! The PKCS #11 module: where it is, whether it is for this machine, whether it loads. It is loaded by other programs:
//! what is wrong with it ends their process, not this one.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use signpath_client::config::CosignVariables;

use super::check::Check;
use super::cosign::Cosign;
use super::elf;
use super::finding::Finding;
use super::program;
use crate::system::{self, MODULE};

/// Programs that load a module and list its tokens, with the words before and after its path.
const LOADERS: &[(&str, &[&str], &[&str])] = &[
    ("cosign", &["pkcs11-tool", "list-tokens", "--module-path"], &[]),
    ("pkcs11-tool", &["--module"], &["--list-token-slots"]),
    ("p11tool", &["--provider"], &["--list-tokens"]),
];

/// As the module itself has it (`src/ffi/general.rs`).
const MANUFACTURER: &str = "signpath-pkcs11 project";

const INSTALL: &str =
    "install the module, or name its file with --module; only --key pkcs11:… needs it";

/// What was found, and who said so.
struct Found {
    path: PathBuf,
    by: &'static str,
}

/// Looks at the module that is named, or else the one that is found. `labels` are those of the tokens that are configured;
/// none if the configuration cannot be used.
pub(super) fn finding(
    named: Option<&Path>,
    variables: &CosignVariables,
    cosign: Option<&Cosign>,
    labels: &[&str],
) -> Finding {
    let Some(found) = find(named, variables) else {
        let text = format!("there is no {MODULE} beside this program or in a usual folder");
        return Finding::skipped(Check::Module, text).advised(INSTALL);
    };
    let shown = format!("{}{}", found.path.display(), found.by);
    if let Some(why) = objection(&found.path) {
        return Finding::error(Check::Module, format!("{shown} {why}"), INSTALL);
    }
    loaded(&found.path, &shown, variables, cosign, labels)
}

fn find(named: Option<&Path>, variables: &CosignVariables) -> Option<Found> {
    let named = named.map(|path| Found { path: path.to_owned(), by: " (--module)" });
    let variable = || {
        let path = variables.module.clone()?;
        Some(Found { path, by: " (COSIGN_PKCS11_MODULE_PATH)" })
    };
    let installed = || installed().map(|path| Found { path, by: "" });
    named.or_else(variable).or_else(installed)
}

/// The module's file beside this program, in the library folder of where that is installed, or in a usual one.
pub(crate) fn installed() -> Option<PathBuf> {
    let program = std::env::current_exe().ok();
    let beside = program.as_deref().and_then(Path::parent).map(Path::to_owned);
    let library = beside.as_deref().and_then(Path::parent).map(|above| above.join("lib"));
    let usual = system::MODULE_FOLDERS.iter().map(PathBuf::from);
    let mut paths = beside.into_iter().chain(library).chain(usual).map(|path| path.join(MODULE));
    paths.find(|path| path.exists())
}

/// What can be seen without loading it, as the end of a sentence that begins with its path.
fn objection(path: &Path) -> Option<String> {
    if !path.is_absolute() {
        return Some("is no absolute path, and cosign takes no other".to_owned());
    }
    let data = match path.metadata() {
        Ok(data) => data,
        Err(error) => return Some(format!("cannot be looked at: {error}")),
    };
    if !data.is_file() {
        return Some("is not a regular file".to_owned());
    }
    let mut start = [0; elf::HEADER];
    let read = File::open(path).and_then(|mut file| file.read(&mut start));
    match read {
        Err(error) => Some(format!("cannot be read: {error}")),
        Ok(_) if !system::HAS_ELF => None,
        Ok(length) => elf::objection(start.get(..length).unwrap_or_default()),
    }
}

/// The first of the programs that is there decides; where it fails, the next one's words may say why.
fn loaded(
    path: &Path,
    shown: &str,
    variables: &CosignVariables,
    cosign: Option<&Cosign>,
    labels: &[&str],
) -> Finding {
    let mut failures = Vec::new();
    for (name, before, after) in LOADERS {
        let program = match *name {
            "cosign" => cosign.filter(|cosign| cosign.has_pkcs11).map(|cosign| cosign.path.clone()),
            other => program::find(&variables.search_path, other),
        };
        let Some(program) = program else { continue };
        let file = path.display().to_string();
        let words: Vec<&str> =
            before.iter().copied().chain([file.as_str()]).chain(after.iter().copied()).collect();
        match program::run(&program, &words) {
            Ok(ran) if ran.is_success && failures.is_empty() => {
                return tokens(shown, name, &ran.stdout, labels);
            }
            // It loads for one program and not for another: the first one's trouble is what is told.
            Ok(ran) if ran.is_success => break,
            Ok(ran) => failures.push(format!("{name}: {}", ran.last_words())),
            Err(why) => failures.push(format!("{name}: {why}")),
        }
    }
    if failures.is_empty() {
        let text = format!(
            "{shown} is a library for this machine; it was not loaded, as there is no cosign with PKCS #11, pkcs11-tool or p11tool"
        );
        return Finding::skipped(Check::Module, text);
    }
    let text = format!("{shown} does not load: {}", failures.join("; "));
    Finding::error(
        Check::Module,
        text,
        "`ldd` names libraries that are missing; the module needs glibc",
    )
}

/// Of the list that the loader printed. Any module has tokens: ours has those that are configured, and names its makers.
fn tokens(shown: &str, loader: &str, printed: &str, expected: &[&str]) -> Finding {
    let of = |name: &str| printed.lines().filter_map(|line| value(line, name)).collect::<Vec<_>>();
    let (labels, mut makers) = (of("label"), of("manufacturer"));
    makers.dedup();
    let advice = "look whether it is the module for SignPath";
    let loads = format!("{shown} loads ({loader})");
    if labels.is_empty() {
        return Finding::warning(Check::Module, format!("{loads}, and lists no token"), advice);
    }
    let listed = labels.join(", ");
    if !makers.is_empty() && !makers.contains(&MANUFACTURER) {
        let text = format!("{loads}; its tokens ({listed}) are made by {}", makers.join(", "));
        return Finding::warning(Check::Module, text, advice);
    }
    let is_expected = |label: &&str| expected.iter().any(|expected| expected.trim() == *label);
    if !expected.is_empty() && !labels.iter().any(is_expected) {
        let text = format!("{loads}; its tokens ({listed}) are not {}", expected.join(", "));
        return Finding::warning(Check::Module, text, advice);
    }
    Finding::ok(Check::Module, format!("{loads}; tokens: {listed}"))
}

/// The three programs write `Label: …` and `Manufacturer: …`, one of them in lower case and with `token` before it.
fn value<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let (known, value) = line.split_once(':')?;
    let is_it = known.trim().to_ascii_lowercase().ends_with(name);
    Some(value.trim()).filter(|value| is_it && !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::finding::State;
    use super::*;

    #[test]
    fn labels_of_tokens_are_read_from_each_program() {
        for (line, expected) in [
            ("\tLabel: SignPath", Some("SignPath")),
            ("  token label        : My token", Some("My token")),
            ("Token in slot 1", None),
            ("\tS/N: 1", None),
            ("\tLabel:", None),
        ] {
            assert_eq!(value(line, "label"), expected, "{line}");
        }
    }

    #[test]
    fn a_module_with_other_tokens_than_ours_is_a_warning() {
        const OURS: &str = "Label: SignPath\nManufacturer: signpath-pkcs11 project";
        for (printed, expected, state, said) in [
            (OURS, &["SignPath"][..], State::Ok, "x loads (p11tool); tokens: SignPath"),
            (OURS, &["Other", "SignPath"], State::Ok, "tokens: SignPath"),
            (OURS, &[], State::Ok, "tokens: SignPath"),
            (OURS, &["Other"], State::Warning, "its tokens (SignPath) are not Other"),
            ("\tLabel: SignPath", &["SignPath"], State::Ok, "tokens: SignPath"),
            ("token label : Mine", &["SignPath"], State::Warning, "(Mine) are not SignPath"),
            (
                "token label : SignPath\ntoken manufacturer : SoftHSM project",
                &["SignPath"],
                State::Warning,
                "(SignPath) are made by SoftHSM project",
            ),
            ("Manufacturer: somebody", &["SignPath"], State::Warning, "lists no token"),
            ("", &[], State::Warning, "x loads (p11tool), and lists no token"),
        ] {
            let found = tokens("x", "p11tool", printed, expected);
            assert_eq!(found.state, state, "{printed}");
            assert!(found.text.contains(said), "{}", found.text);
        }
    }

    #[test]
    fn what_is_no_module_is_refused_without_loading_it() {
        for (path, said) in [
            ("lib.so", "no absolute path"),
            ("/nowhere/lib.so", "cannot be looked at"),
            ("/etc", "not a regular file"),
            ("/etc/passwd", "no library"),
        ] {
            let why = objection(Path::new(path)).expect(path);
            assert!(why.contains(said), "{why}");
        }
    }
}
