//! The man pages: options as clap knows them, and what `--help` says last in sections of its own, its examples as they are typed.

use std::fs;
use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::plugin;

use super::arguments::Arguments;

const SOURCE: &str = concat!("signpath-pkcs11 ", env!("CARGO_PKG_VERSION"));

/// Where documents are that a page names, by the layout of the packages.
const DOCUMENTS: &str = "Pages named docs/… are in /usr/share/doc/signpath-pkcs11, or in share/doc/signpath-pkcs11 of the archive.";

/// Writes a page for each program and each of its subcommands.
///
/// # Errors
/// The system's.
pub(super) fn write(folder: &Path) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    for program in [Arguments::command(), plugin::manual()] {
        let mut program = program.disable_help_subcommand(true);
        program.build();
        write_all(&program, folder)?;
    }
    Ok(())
}

fn write_all(command: &Command, folder: &Path) -> io::Result<()> {
    for subcommand in command.get_subcommands().filter(|command| !command.is_hide_set()) {
        write_all(subcommand, folder)?;
    }
    let man = Man::new(command.clone()).source(SOURCE).manual("signpath-pkcs11");
    let mut text = Vec::new();
    render(&man, command, &mut text)?;
    fs::write(folder.join(man.get_filename()), text)
}

fn render(man: &Man, command: &Command, text: &mut Vec<u8>) -> io::Result<()> {
    let said = LastWords::of(command);
    man.render_title(text)?;
    man.render_name_section(text)?;
    section(text, "SYNOPSIS", &Body::AsTyped(&usage(command)))?;
    section(text, "DESCRIPTION", &Body::Filled(&said.paragraphs))?;
    man.render_options_section(text)?;
    if command.has_subcommands() {
        man.render_subcommands_section(text)?;
    }
    section(text, "EXIT STATUS", &Body::Filled(&said.exit_codes))?;
    section(text, "EXAMPLES", &Body::AsTyped(&said.examples))?;
    section(text, "SEE ALSO", &Body::Filled(&[DOCUMENTS.to_owned()]))
}

/// How a command is called, without the word before it.
fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    usage.strip_prefix("Usage: ").unwrap_or(&usage).to_owned()
}

/// What a command is for, and what `--help` says last: paragraphs, and examples behind a word of their own.
struct LastWords {
    paragraphs: Vec<String>,
    exit_codes: Vec<String>,
    examples: String,
}

impl LastWords {
    fn of(command: &Command) -> Self {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let (notes, examples) = text.split_once("Examples:\n").unwrap_or((&text, ""));
        let about = command.get_about().map(|about| format!("{about}."));
        let mut said = Self {
            paragraphs: Vec::from_iter(about),
            exit_codes: Vec::new(),
            examples: examples.to_owned(),
        };
        for paragraph in notes.split("\n\n").filter(|paragraph| !paragraph.trim().is_empty()) {
            match paragraph.strip_prefix("Exit codes: ") {
                Some(codes) => said.exit_codes.push(codes.to_owned()),
                None => said.paragraphs.push(paragraph.to_owned()),
            }
        }
        said
    }
}

/// What a section has in it.
enum Body<'a> {
    /// Paragraphs, their lines as long as there is room.
    Filled(&'a [String]),
    /// Lines that people type or copy.
    AsTyped(&'a str),
}

/// Nothing if it would be empty.
fn section(text: &mut Vec<u8>, title: &str, body: &Body<'_>) -> io::Result<()> {
    let mut roff = Roff::new();
    roff.control("SH", [title]);
    match body {
        Body::Filled([]) | Body::AsTyped("") => return Ok(()),
        Body::Filled(paragraphs) => {
            for paragraph in *paragraphs {
                roff.control("PP", []);
                roff.text([roman(paragraph.trim())]);
            }
        }
        Body::AsTyped(lines) => {
            roff.control("nf", []);
            for line in lines.lines() {
                roff.text([roman(line)]);
            }
            roff.control("fi", []);
        }
    }
    roff.to_writer(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a reader sees of a page's source, line by line.
    fn shown(page: &str) -> Vec<String> {
        let plain = page.replace(r"\-", "-").replace(r"\*(Aq", "'").replace(r"\\", r"\");
        plain.lines().map(str::to_owned).collect()
    }

    #[test]
    fn examples_stand_on_their_page_as_they_are_typed() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let mut program = Arguments::command().disable_help_subcommand(true);
        program.build();
        let subcommands = program.get_subcommands().filter(|command| !command.is_hide_set());
        let commands = subcommands.chain([&program]);
        let mut seen = 0;
        for command in commands {
            let name = command.get_display_name().unwrap_or(command.get_name());
            let page = fs::read_to_string(folder.path().join(format!("{name}.1"))).unwrap();
            let lines = shown(&page);
            let from = lines.iter().position(|line| line == ".SH EXAMPLES").expect(name);
            let to = lines.iter().skip(from).position(|line| line == ".fi").expect(name) + from;
            let examples: Vec<_> =
                LastWords::of(command).examples.lines().map(str::to_owned).collect();
            assert!(!examples.is_empty() && lines[..to].ends_with(&examples), "{name}: {page}");
            let usage = usage(command);
            let called = usage.lines().next().unwrap();
            assert!(lines.iter().any(|line| line == called), "{page}");
            seen += 1;
        }
        assert!(seen > 8);
    }

    #[test]
    fn the_exit_codes_have_a_section_and_so_has_where_the_documents_are() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        let page = fs::read_to_string(folder.path().join("signpath-cosign.1")).unwrap();
        let (_, codes) = page.split_once(".SH \"EXIT STATUS\"\n").unwrap();
        assert!(codes.contains("0 done, 1 failed, 2 wrong usage, 3 still waiting"), "{page}");
        assert!(page.contains("share/doc/signpath"), "{page}");
    }
}
