//! `sigstore-kms-signpath`: cosign's KMS plugin. cosign runs it once per call, with the call as JSON in argument 2 and the
//! message on standard input, and reads one JSON object from standard output, whatever happens.

mod artifact;
mod deadline;
#[cfg(feature = "fuzzing")]
pub(crate) mod fuzzing;
mod message;
mod payload;
mod protocol;
mod reference;
mod request;
mod signing;
#[cfg(test)]
mod tests;

use std::io::{self, Read, Write};
use std::panic::{self, AssertUnwindSafe};
use std::process::ExitCode;

use signpath_client::config::{Config, CosignSettings, Via};
use signpath_client::log::Log;

use crate::error::Error;
use crate::interruption;
use crate::service;
use crate::terminal;

use message::Message;
pub use protocol::Answer;
use protocol::{Call, VERSION, unknown_version};
use reference::KeyReference;
use signing::Signer;

/// The names of sigstore's registry of algorithms for the keys that SignPath may hold.
const ALGORITHMS: &[&str] = &[
    "ecdsa-sha2-256-nistp256",
    "ecdsa-sha2-384-nistp384",
    "ecdsa-sha2-512-nistp521",
    "rsa-sign-pkcs1-2048-sha256",
    "rsa-sign-pkcs1-3072-sha256",
    "rsa-sign-pkcs1-4096-sha256",
];

const DEFAULT_ALGORITHM: &str = "ecdsa-sha2-256-nistp256";

/// What a person is told who runs the program.
const ABOUT: &str = "\
sigstore-kms-signpath is cosign's way to keys held at SignPath. cosign runs it by itself if it is in a folder of PATH.
It reads SIGNPATH_ORGANIZATION_ID, SIGNPATH_API_TOKEN and the other settings of signpath-pkcs11.

Examples:
  cosign sign --signing-config empty-signing-config.json --key signpath://PROJECT/POLICY IMAGE@sha256:…
";

/// What its man page is made of.
pub(crate) fn manual() -> clap::Command {
    clap::Command::new("sigstore-kms-signpath")
        .version(env!("CARGO_PKG_VERSION"))
        .about("cosign's KMS plugin for keys held at SignPath")
        .after_help(ABOUT)
}

/// The program. Its exit status is always success: cosign reads the answer alone.
pub fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next().map(|word| word.to_string_lossy().into_owned());
    let text = match first.as_deref() {
        Some("--help" | "-h") => ABOUT.to_owned(),
        Some("--version" | "-V") => concat!(env!("CARGO_PKG_VERSION"), "\n").to_owned(),
        version => {
            if let Err(error) = interruption::watch(interrupted) {
                writeln!(io::stderr(), "signpath: signals are not watched: {error}").ok();
            }
            let call = arguments.next().map(|word| word.to_string_lossy().into_owned());
            let answer = answer(version, call.as_deref(), &mut io::stdin().lock());
            serde_json::to_string(&answer).unwrap_or_default()
        }
    };
    // Whoever has closed standard output does not read it.
    io::stdout().lock().write_all(text.as_bytes()).ok();
    ExitCode::SUCCESS
}

/// cosign and its plugin get the SIGINT of a terminal both, and cosign does not wait for an answer then.
fn interrupted(error: &Error) {
    writeln!(io::stderr(), "signpath: {}", terminal::redacted(&error.line())).ok();
}

/// The answer to a call under the configuration of this process. A fault of our own is an answer, too.
pub fn answer(version: Option<&str>, call: Option<&str>, input: &mut dyn Read) -> Answer {
    let answered = panic::catch_unwind(AssertUnwindSafe(|| {
        service::refuse_privileges().map_err(|error| error.line())?;
        let call = read_call(version, call)?;
        let log = service::open_log();
        let config = || service::configuration_of(&log).map_err(|error| error.line());
        perform(&call, config, input, &log)
    }));
    let fault = || Err("a fault of the plugin; standard error has the details".to_owned());
    let answered = answered.unwrap_or_else(|_| fault());
    // cosign prints it, and a reference may have a token in it.
    answered.unwrap_or_else(|why| Answer::error(terminal::redacted(&why)))
}

fn read_call(version: Option<&str>, call: Option<&str>) -> Result<Call, String> {
    match (version, call) {
        (Some(VERSION), Some(call)) => Call::read(call),
        (Some(version), _) if version != VERSION => Err(unknown_version(version)),
        _ => Err(format!(
            "argument 1 has to be {VERSION} and argument 2 a call of cosign's plugin protocol; --help says more"
        )),
    }
}

fn perform(
    call: &Call,
    config: impl FnOnce() -> Result<Config, String>,
    input: &mut dyn Read,
    log: &Log,
) -> Result<Answer, String> {
    let key = &call.init_options.key_resource_id;
    match call.method_name.as_str() {
        "defaultAlgorithm" => return Ok(Answer::default_algorithm(DEFAULT_ALGORITHM)),
        "supportedAlgorithms" => return Ok(Answer::supported_algorithms(ALGORITHMS)),
        "createKey" => {
            // A wrong reference is the better answer.
            KeyReference::parse(key, &CosignSettings::default())?;
            return Err(
                "keys are made in SignPath: create a certificate and a signing policy there"
                    .to_owned(),
            );
        }
        "publicKey" | "signMessage" | "verifySignature" => {}
        other => {
            return Err(format!(
                "cosign asks for {other:?}; this plugin knows publicKey, signMessage, verifySignature, defaultAlgorithm, \
                 supportedAlgorithms and createKey"
            ));
        }
    }
    let config = config()?;
    let key = KeyReference::parse(key, &config.cosign)?;
    let spare = match (call.method_name.as_str(), key.via()) {
        ("signMessage", Via::Request) => deadline::SPARE_AFTER_WAITING,
        _ => deadline::SPARE,
    };
    let signer = Signer::new(config, key, deadline::time_left(call.deadlines(), spare), log)?;
    let answered = answered_by(&signer, call, input);
    // The client's tokens are in the log's care no longer than the client is there.
    answered.map_err(|why| log.redacted(&why))
}

fn answered_by(signer: &Signer, call: &Call, input: &mut dyn Read) -> Result<Answer, String> {
    match call.method_name.as_str() {
        "publicKey" => Ok(Answer::public_key(&signer.public_key()?.to_pem())),
        "signMessage" => {
            let message = Message::read(input, call.message_to_sign()?)?;
            Ok(Answer::signature(&signer.sign(&message, &mut io::stderr())?))
        }
        _ => {
            let (signature, facts) = call.signature_to_check()?;
            signer.verify(&signature, &Message::read(input, facts)?)?;
            Ok(Answer::verified())
        }
    }
}
