//! The command line of `signpath-cosign`.

mod arguments;
mod completions;
mod examples;
mod man_pages;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use clap::Parser;

use crate::attach::{self, Verification};
use crate::doctor;
use crate::error::Error;
use crate::files;
use crate::interruption;
use crate::keys::{self, Shape};
use crate::registry::Registries;
use crate::service;
use crate::sign::{self, Message, Order, Results, Resumption};
use crate::terminal;
use crate::trust;

use arguments::{
    Arguments, AttachArguments, Command, KeysArguments, PayloadArguments, ResumeArguments,
    SignArguments, SubmitArguments, TrustArguments,
};

pub(crate) const NAME: &str = "signpath-cosign";

/// Runs the program with these arguments, its name first.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(other) => {
            if other.use_stderr() {
                terminal::usage(&other);
                return Error::usage("").exit_code();
            }
            // Help and version go to standard output.
            other.print().ok();
            return ExitCode::SUCCESS;
        }
    };
    if let Err(error) = interruption::watch(terminal::interrupted) {
        terminal::warn(&format!("signals are not watched: {error}"));
    }
    match service::refuse_privileges().and_then(|()| execute(arguments.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            terminal::fail(&error);
            error.exit_code()
        }
    }
}

fn execute(command: Command) -> Result<(), Error> {
    match command {
        Command::Sign(arguments) => sign(arguments),
        Command::Payload(arguments) => payload(&arguments),
        Command::Submit(arguments) => submit(arguments),
        Command::Resume(arguments) => resume(arguments),
        Command::Attach(arguments) => attach(&arguments),
        Command::Keys(arguments) => keys(&arguments),
        Command::Trust(arguments) => trust(arguments),
        Command::Doctor(arguments) => doctor::run(&doctor::Order {
            command: arguments.command,
            module: arguments.module,
            dry_run: arguments.dry_run,
            json: arguments.json,
        }),
        Command::Completions { shell } => terminal::data(&completions::script(shell)),
        Command::ManPages { folder } => man_pages(&folder),
    }
}

fn sign(arguments: SignArguments) -> Result<(), Error> {
    sign::run(Order {
        images: arguments.images,
        policy: arguments.policy,
        via: arguments.via.map(Into::into),
        formats: arguments.format.map(arguments::FormatName::formats),
        annotations: arguments.annotations.into_iter().collect(),
        recursive: arguments.recursive,
        plain: arguments.registry.plain(),
        asking: arguments.asking.into(),
        results: Results { folder: arguments.output_dir, json: arguments.json },
    })
}

fn submit(arguments: SubmitArguments) -> Result<(), Error> {
    let results = Results { folder: Some(arguments.output_dir), json: arguments.json };
    sign::submit(&arguments.files, arguments.policy, &arguments.asking.into(), results)
}

fn resume(arguments: ResumeArguments) -> Result<(), Error> {
    sign::resume(Resumption {
        id: arguments.id,
        policy: arguments.policy,
        wait: arguments.wait,
        plain: arguments.registry.plain(),
        results: Results { folder: arguments.output_dir, json: arguments.json },
    })
}

fn payload(arguments: &PayloadArguments) -> Result<(), Error> {
    let annotations = arguments.annotations.iter().cloned().collect();
    let names = &arguments.images;
    let plain = arguments.registry.plain();
    let messages = sign::messages(names, arguments.format.into(), &annotations, plain)?;
    let several = messages.len() > 1;
    for Message { content, file, .. } in messages {
        match &arguments.output_dir {
            Some(folder) => {
                files::write(folder, &file, &content)?;
                terminal::line(&folder.join(file).display().to_string())?;
            }
            // Alone it has the bytes of cosign's; several have to be told apart.
            None if several => terminal::data(&[content.as_slice(), b"\n"].concat())?,
            None => terminal::data(&content)?,
        }
    }
    Ok(())
}

fn attach(arguments: &AttachArguments) -> Result<(), Error> {
    let image = &arguments.image;
    let verification = match (&arguments.key, &arguments.policy) {
        (Some(file), _) => Verification::by_file(file)?,
        (None, Some(policy)) => Verification::by_policy(policy)?,
        (None, None) => Verification::Nothing,
    };
    let registry = Registries::new(arguments.registry.plain()).open(&image.repository)?;
    let attached = match (&arguments.bundle, &arguments.payload, &arguments.signature) {
        (Some(bundle), _, _) => {
            attach::bundle(&registry, image, &files::read(bundle)?, &verification)?
        }
        (None, Some(payload), Some(signature)) => {
            let signature = String::from_utf8(files::read(signature)?).unwrap_or_default();
            attach::signature(&registry, image, &files::read(payload)?, &signature, &verification)?
        }
        _ => return Err(Error::usage("there is nothing to attach").hint(arguments::WHAT_TO_ATTACH)),
    };
    if attached.was_there {
        terminal::say("it was there already");
    }
    terminal::line(&format!("{}@{}", image.repository, attached.manifest))
}

fn keys(arguments: &KeysArguments) -> Result<(), Error> {
    keys::run(match (arguments.json, arguments.cosign) {
        (true, _) => Shape::Json,
        (false, true) => Shape::Cosign,
        (false, false) => Shape::Table,
    })
}

fn trust(arguments: TrustArguments) -> Result<(), Error> {
    trust::run(&trust::Order {
        policy: arguments.policy,
        form: arguments.form.form(),
        images: arguments.images,
        authorities: arguments.ca,
    })
}

fn man_pages(folder: &Path) -> Result<(), Error> {
    man_pages::write(folder).map_err(|error| {
        Error::failed(format!("the man pages cannot be written to {}", folder.display()))
            .because(error)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        Arguments::command().debug_assert();
    }

    /// The long options between outer brackets, for each pair of these.
    fn choices(usage: &str) -> Vec<BTreeSet<String>> {
        let mut depth = 0;
        let outer = usage.split(|c| {
            match c {
                '<' => depth += 1,
                '>' => depth -= 1,
                _ => {}
            }
            c == '>' && depth == 0
        });
        let is_in_a_name = |c: char| c.is_ascii_lowercase() || c == '-';
        let options = |text: &str| -> BTreeSet<String> {
            let words = text.split(|c| !is_in_a_name(c));
            words.filter_map(|word| word.strip_prefix("--").map(str::to_owned)).collect()
        };
        outer.map(options).filter(|options| !options.is_empty()).collect()
    }

    #[test]
    fn the_usage_of_attach_has_its_options_and_what_is_to_be_chosen_of_them() {
        let command = Arguments::command();
        let attach = command.find_subcommand("attach").unwrap();
        let choices = choices(examples::ATTACH_USAGE);
        let groups = attach.get_groups().filter(|group| group.is_required_set());
        let groups: Vec<BTreeSet<_>> = groups
            .map(|group| group.get_args().map(|id| id.as_str().to_owned()).collect())
            .collect();
        assert_eq!((groups.len(), choices.len()), (2, 2), "{choices:?}");
        for group in groups {
            assert!(choices.iter().any(|choice| group.is_subset(choice)), "{group:?}");
        }
        let known: BTreeSet<_> =
            attach.get_arguments().filter_map(|argument| argument.get_long()).collect();
        let unknown = choices.iter().flatten().find(|name| !known.contains(name.as_str()));
        assert_eq!(unknown, None);
    }

    #[test]
    fn every_subcommand_that_people_use_has_examples() {
        for command in
            Arguments::command().get_subcommands().filter(|command| !command.is_hide_set())
        {
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let name = command.get_name();
            let (_, examples) = help.split_once("Examples:\n").unwrap_or_default();
            assert!(examples.contains(&format!("  signpath-cosign {name}")), "{name}");
        }
    }
}
