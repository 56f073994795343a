//! `signpath-sandbox`: the command line. One line on standard output says where it listens; all else is standard error.

#![forbid(unsafe_code)]

use std::{
    io::{self, Write},
    iter,
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand, builder::PossibleValuesParser};
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    iterator::Signals,
};
use signpath_sandbox::{
    AuditEntry, ClientSettings, Config, Decision, Error, Generation, Sandbox, env_text,
    read_audit_lines, write_env_file,
};

const ABOUT: &str =
    "A SignPath-compatible service with keys of its own, for trying and testing without an account.

It signs for whoever has its token and protects nothing. It is not SignPath's.";

const SERVE_EXAMPLES: &str = "Clients on other machines need --allow-remote, --tls and --listen with the address that they use:
  the module speaks plain http to loopback only; the certificate is for loopback and the
  address listened on; and on 0.0.0.0 or [::] the settings name loopback.

Examples:
  signpath-sandbox serve
      in memory, on http://127.0.0.1:8420/Api; prints the settings of a client
  signpath-sandbox serve --listen 127.0.0.1:0 --state ~/.sandbox --env-file sandbox.env
      on a free port, the same organization, token and keys at every start; then, in a shell:
      set -a; . ./sandbox.env; set +a
  signpath-sandbox serve --tls --generation old
      https with a root of its own, as an old server without SignHash";

const AUDIT_EXAMPLES: &str = "Columns, two spaces apart, - for what is not known:
  time (UTC), user of the token, project/policy, algorithm, digest,
  `signed` with the signing request's id or `refused` with status and reason,
  the beginning of the client's command line
--payloads puts what a file-based request wanted signed below its line, a file a line. All else
that was written down is in the lines of --json.

Examples:
  signpath-sandbox audit --state ~/.sandbox
  signpath-sandbox audit --state ~/.sandbox --json | tail -n 1";

const DECIDE_EXAMPLES: &str =
    "Which sandbox is meant is said by --state, by --env-file, or by the SIGNPATH_... settings in
the environment. The id is the last part of the signing request's link.

Examples:
  signpath-sandbox approve 0f3a5c1e-7d2b-4c68-9e10-2b7f6d1c4a55 --state ~/.sandbox
  signpath-sandbox deny 0f3a5c1e-7d2b-4c68-9e10-2b7f6d1c4a55 --env-file sandbox.env";

#[derive(Parser)]
#[command(version, about = ABOUT, max_term_width = 100)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serve until SIGINT or SIGTERM
    #[command(after_help = SERVE_EXAMPLES)]
    Serve(ServeArguments),
    /// Print the audit log of a state folder, oldest line first
    #[command(after_help = AUDIT_EXAMPLES)]
    Audit(AuditArguments),
    /// Approve a signing request that waits, and have it signed
    #[command(after_help = DECIDE_EXAMPLES)]
    Approve(DecideArguments),
    /// Deny a signing request that waits
    #[command(after_help = DECIDE_EXAMPLES)]
    Deny(DecideArguments),
}

#[derive(clap::Args)]
struct DecideArguments {
    /// The signing request
    id: String,
    /// The state folder of the running sandbox
    #[arg(long, value_name = "DIR", conflicts_with = "env_file")]
    state: Option<PathBuf>,
    /// The file that the running sandbox was given with --env-file
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
}

#[derive(clap::Args)]
struct ServeArguments {
    /// Address and port; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8420")]
    listen: String,
    /// Allow an address that other machines can reach (see below)
    #[arg(long)]
    allow_remote: bool,
    /// Keep organization, token, keys and the audit log in this folder (made when missing)
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// Serve what this JSON file says instead of the project demo
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Serve https with a certificate of a root of its own
    #[arg(long)]
    tls: bool,
    /// Write the SIGNPATH_... settings of a client here when ready, for a shell to source
    #[arg(long, value_name = "FILE")]
    env_file: Option<PathBuf>,
    /// The generation of the service to play [default: both, or what the configuration says]
    #[arg(long, value_parser = PossibleValuesParser::new(Generation::NAMES))]
    generation: Option<String>,
}

#[derive(clap::Args)]
struct AuditArguments {
    /// The state folder of a sandbox, running or not
    #[arg(long, value_name = "DIR")]
    state: PathBuf,
    /// Print the lines as they are, JSON
    #[arg(long)]
    json: bool,
    /// Print below each line what was to be signed
    #[arg(long, conflicts_with = "json")]
    payloads: bool,
}

fn main() -> ExitCode {
    let done = match Arguments::parse().command {
        Command::Serve(arguments) => serve(arguments),
        Command::Audit(arguments) => audit(&arguments),
        Command::Approve(arguments) => decide(&arguments, Decision::Approve),
        Command::Deny(arguments) => decide(&arguments, Decision::Deny),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            say(&format!("signpath-sandbox: error: {message}"));
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: ServeArguments) -> Result<(), String> {
    // Before anything is started: a signal that comes early still ends it in order.
    let mut signals = Signals::new([SIGINT, SIGTERM]).map_err(|error| error.to_string())?;
    let env_file = arguments.env_file.clone();
    let state = arguments.state.clone();
    let sandbox = start(arguments).map_err(|error| error.to_string())?;

    say(&format!("organization {}", sandbox.organization_id()));
    match &state {
        Some(folder) => say(&format!("state in {}", folder.display())),
        None => say("in memory: keys and token are gone when it ends"),
    }
    match &env_file {
        Some(file) => {
            write_env_file(file, &sandbox.environment()).map_err(|error| error.to_string())?;
            say(&format!("settings in {}", file.display()));
        }
        None => say(env_text(&sandbox.environment()).trim_end()),
    }
    print(&format!("listening on {}", sandbox.api_url())).map_err(|error| error.to_string())?;
    signals.forever().next();
    sandbox.stop();
    say("stopped");
    Ok(())
}

fn start(arguments: ServeArguments) -> Result<Sandbox, Error> {
    let mut config = match &arguments.config {
        Some(file) => Config::from_file(file)?,
        None => Config::default(),
    };
    if let Some(generation) = arguments.generation.and_then(|name| name.parse().ok()) {
        config.generation = generation;
    }
    let mut builder = Sandbox::builder().listen(&arguments.listen).config(config).without_records();
    if arguments.allow_remote {
        builder = builder.allow_remote();
    }
    if arguments.tls {
        builder = builder.tls();
    }
    if let Some(folder) = &arguments.state {
        builder = builder.state(folder);
    }
    let sandbox = builder.start()?;
    sandbox.prepare()?;
    Ok(sandbox)
}

fn decide(arguments: &DecideArguments, decision: Decision) -> Result<(), String> {
    let settings = match (&arguments.state, &arguments.env_file) {
        (Some(folder), _) => ClientSettings::from_state(folder),
        (None, Some(file)) => ClientSettings::from_env_file(file),
        (None, None) => ClientSettings::from_source(environment),
    };
    let status = settings
        .and_then(|settings| signpath_sandbox::decide(&settings, &arguments.id, decision))
        .map_err(|error| error.to_string())?;
    print(&format!("{}  {status}", arguments.id)).map_err(|error| error.to_string())?;
    match (decision, status.as_str()) {
        (Decision::Approve, "Completed") | (Decision::Deny, "Denied") => Ok(()),
        _ => Err(format!("the signing request is {status}; its page says why")),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the sandbox shares no configuration with the client; this is its one look at the environment"
)]
fn environment(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

fn audit(arguments: &AuditArguments) -> Result<(), String> {
    let lines = read_audit_lines(&arguments.state).map_err(|error| error.to_string())?;
    if lines.is_empty() {
        say("nothing was signed or refused yet");
    }
    let mut unreadable = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let shown = match serde_json::from_str::<AuditEntry>(line) {
            _ if arguments.json => vec![line.clone()],
            Ok(entry) => shown(&entry, arguments.payloads),
            Err(error) => {
                unreadable.push(format!("line {}: {error}", index + 1));
                continue;
            }
        };
        match shown.iter().try_for_each(|line| print(line)) {
            Ok(()) => {}
            // `audit | head`: the reader has what it wanted.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            Err(error) => return Err(error.to_string()),
        }
    }
    if unreadable.is_empty() {
        return Ok(());
    }
    Err(format!("the audit log has lines that cannot be read: {}", unreadable.join("; ")))
}

/// An entry for people, with its payloads below it if they are wanted.
fn shown(entry: &AuditEntry, with_payloads: bool) -> Vec<String> {
    let payloads = entry.payload_lines().filter(|_| with_payloads).map(|line| format!("  {line}"));
    iter::once(entry.to_text()).chain(payloads).collect()
}

/// The one place that writes to standard output.
fn print(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

/// The one place of the program that writes to standard error (the library warns of files that others can use); a closed one is no reason to stop.
fn say(text: &str) {
    drop(writeln!(io::stderr().lock(), "{text}"));
}
