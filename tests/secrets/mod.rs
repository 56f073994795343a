//! No secret is in anything that is written or sent: module, plugin and command are run where something is secret, with
//! everything logged, and all that they leave behind is searched. The header that carries the token is the one exception.

mod others;
mod rows;
mod scene;
mod secret;
mod told;
mod with_cosign;
mod written;

use cryptoki_sys::*;
use sha2::{Digest, Sha256};
use signpath_sandbox::Fault;

use self::{
    rows::{PLACES, ROWS, Row},
    scene::{By, PIN, POLICY, Scene, TokenIn},
    secret::Secret,
    written::Written,
};
use crate::{
    faults::caller,
    harness::{Module, Repeatedly, alone_repeatedly, variable},
};

/// What the module's process says of a signature that it got.
const HAS_SIGNED: &str = "the module has signed";

/// What the module's process writes as it is.
const PLANTED: &str = "SIGNPATH_TEST_PLANTED";

const ALL: [By; 3] = [By::Module, By::Plugin, By::Command];

/// The module's process: logs in if there is a PIN, and signs. That the module cannot be started is no panic: the names of a
/// backtrace take longer than all the rest.
fn sign_as_a_client() {
    let module = Module::load();
    if module.initialize().is_ok() && sign(&module).is_ok() {
        println!("{HAS_SIGNED}");
    }
}

fn sign(module: &Module) -> Result<(), CK_RV> {
    let session = module.session();
    if let Some(pin) = variable(PIN) {
        session.login(&pin.to_string_lossy())?;
    }
    let class = CKO_PRIVATE_KEY.to_ne_bytes();
    let found = session.find(&[(CKA_CLASS, &class), (CKA_LABEL, POLICY.as_bytes())])?;
    let key = found.first().ok_or(CKR_KEY_HANDLE_INVALID)?;
    session.sign(CKM_ECDSA, *key, &Sha256::digest(caller::message()))?;
    session.close()
}

/// Runs the program there, and adds a line to the findings for everything that is wrong.
fn look(
    name: &str,
    by: By,
    scene: &Scene,
    expected: bool,
    module: &Repeatedly,
    wrong: &mut Vec<String>,
) {
    let (has_signed, written) = scene.run(by, module);
    let mut say = |what: String| wrong.push(format!("{name}, {by:?}: {what}"));
    if has_signed != expected {
        let text: Vec<_> = written.at("standard").map(String::from_utf8_lossy).collect();
        say(format!("it has signed: {has_signed}; {text:?}"));
    }
    let logged: usize = written.at("logs/").map(<[u8]>::len).sum();
    if logged == 0 && !scene.sandbox.requests().is_empty() {
        say("nothing is in its log file".to_owned());
    }
    written.leaks(&scene.secrets).into_iter().for_each(say);
}

#[track_caller]
fn nothing_is(wrong: &[String]) {
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn no_secret_is_written_wherever_the_token_stands() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let mut wrong = Vec::new();
    for (token, callers) in PLACES {
        for by in *callers {
            let scene = Scene::new(*token, |builder| builder);
            look(&format!("{token:?}"), *by, &scene, true, &module, &mut wrong);
            scene.sandbox.inject(Fault::anywhere().status(401).always());
            look(&format!("{token:?}, refused"), *by, &scene, false, &module, &mut wrong);
        }
    }
    nothing_is(&wrong);
}

#[test]
fn no_secret_is_written_whatever_goes_wrong() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let mut wrong = Vec::new();
    for row in ROWS {
        for by in ALL {
            let scene = scene_of(row);
            look(row.name, by, &scene, row.signs, &module, &mut wrong);
        }
    }
    nothing_is(&wrong);
}

fn scene_of(row: &Row) -> Scene {
    let mut scene = Scene::new(TokenIn::Variable, row.sandbox);
    (row.made)(&mut scene);
    scene
}

#[test]
fn no_secret_of_another_program_is_written_from_its_command_line() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let mut wrong = Vec::new();
    let lines = others::command_lines("").len();
    for line in 0..lines {
        for by in [By::Module, By::Plugin] {
            let mut scene = Scene::new(TokenIn::Variable, |builder| builder);
            let (program, words) = others::command_lines(&scene.sandbox.token()).swap_remove(line);
            scene.host = (program.to_owned(), words);
            let name = format!("command line {line}, {program}");
            look(&name, by, &scene, true, &module, &mut wrong);
            let told = scene.sandbox.audit().pop().and_then(|entry| entry.metadata);
            let told = told.map(|told| told["sourceProcess"]["commandLine"].to_string());
            let told = told.unwrap_or_default();
            if !told.contains(program) || !told.contains("***") {
                wrong.push(format!("{name}, {by:?}: the command line is told as {told:?}"));
            }
        }
    }
    nothing_is(&wrong);
}

#[test]
fn no_secret_of_a_ci_system_is_written_from_its_variables() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let mut wrong = Vec::new();
    for row in others::CI {
        for by in ALL {
            let mut scene = Scene::new(TokenIn::Variable, |builder| builder);
            others::ci_run(row).iter().for_each(|(name, value)| scene.set(name, value));
            look(row.0, by, &scene, true, &module, &mut wrong);
            let told = scene.sandbox.requests().iter().any(|request| says(&request.body, "told"));
            // The module does not tell it, and a file-based request has no place for it.
            if told != (by == By::Plugin) {
                wrong.push(format!("{}, {by:?}: the run is told: {told}", row.0));
            }
        }
    }
    nothing_is(&wrong);
}

/// Where somebody pastes what belongs into a variable. `@` is the PIN, `~` the token alone.
const PASTED: [&str; 9] = [
    "@",
    "@@demo/ec",
    "~@demo/ec",
    "~/ec",
    "demo/~",
    "demo/ec?~",
    "demo/ec?~=1",
    "demo/ec?via=~",
    "demo/ec?param.~=1",
];

/// As it is, encoded where a URI has to be, and encoded throughout.
fn spelt(text: &str) -> [String; 3] {
    let encoded = |kept: fn(u8) -> bool| {
        let byte = |byte: u8| match kept(byte) {
            true => char::from(byte).to_string(),
            false => format!("%{byte:02X}"),
        };
        text.bytes().map(byte).collect::<String>()
    };
    [
        text.to_owned(),
        encoded(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
        encoded(|_| false),
    ]
}

#[test]
fn no_secret_that_is_pasted_into_a_reference_is_repeated() {
    let mut wrong = Vec::new();
    for form in PASTED {
        for method in ["signMessage", "createKey"] {
            let leaks = leaks_of_pasted(form, method).into_iter();
            wrong.extend(leaks.map(|leak| format!("{form}, {method}: {leak}")));
        }
    }
    nothing_is(&wrong);
}

/// What the plugin repeats of the configuration's token, and of one that nobody here knows.
fn leaks_of_pasted(form: &str, method: &str) -> Vec<String> {
    let mut scene = Scene::new(TokenIn::Variable, |builder| builder);
    let tokens = [scene.sandbox.token(), "Unkn0wnToken+/xYzAbC=".to_owned()];
    scene.secrets.extend(tokens.iter().map(|token| Secret::new("what was pasted", token)));
    let mut leaks = Vec::new();
    for token in tokens {
        let pin = format!("{}:{token}", scene.sandbox.organization_id());
        for (pin, token) in spelt(&pin).iter().zip(spelt(&token)) {
            let reference = form.replacen('@', pin, usize::from(form.starts_with('@')));
            let reference = reference.replace('~', &token);
            let written = scene.run_plugin(&caller::plugin_call(&reference, method));
            leaks.extend(written.leaks(&scene.secrets));
            assert!(written.at("standard output").any(says_error), "{reference}");
        }
    }
    leaks
}

fn says_error(answer: &[u8]) -> bool {
    String::from_utf8_lossy(answer).contains("errorMessage")
}

#[test]
fn no_secret_that_is_pasted_into_the_command_line_is_repeated() {
    let scene = Scene::new(TokenIn::Variable, |builder| builder);
    let pin = format!("{}:{}", scene.sandbox.organization_id(), scene.sandbox.token());
    for words in [
        &["sign", "alpine", "--policy", &pin][..],
        &["keys", &pin],
        &["submit", &pin, "--policy", POLICY],
        &["attach", &pin, "--bundle", "x"],
    ] {
        let written = scene.run_command(words);
        let leaks = written.leaks(&scene.secrets);
        assert!(leaks.is_empty(), "{words:?}: {leaks:?}");
        assert!(written.at("standard error").any(|text| !text.is_empty()), "{words:?}");
    }
}

fn says(bytes: &[u8], text: &str) -> bool {
    String::from_utf8_lossy(bytes).contains(&format!("{text}/repository"))
}

/// The search itself, of what the programs write.
#[test]
fn a_secret_that_is_planted_is_found_in_each_place() {
    let Some(module) = alone_repeatedly(|_| {
        let planted = variable(PLANTED).unwrap_or_default();
        println!("{}", planted.to_string_lossy());
        eprintln!("{}", planted.to_string_lossy());
        sign_as_a_client();
    }) else {
        return;
    };
    let mut scene = Scene::new(TokenIn::Variable, |builder| builder);
    let secret = Secret::new("what was planted", others::PASSWORD);
    let spellings = secret.spellings();
    let text: Vec<_> = spellings.iter().map(|(_, spelling)| &**spelling).collect();
    scene.set(PLANTED, &text.join("\n"));
    scene.place.write("home/planted", others::PASSWORD);
    let (has_signed, written) = scene.run(By::Module, &module);
    assert!(has_signed);
    let leaks = written.leaks(&scene.secrets);
    for place in ["standard output", "standard error", "home/planted"] {
        let found = leaks.iter().any(|leak| leak.contains(place));
        assert!(found, "nothing is found in {place}: {leaks:?}");
    }
    assert_eq!(leaks.len(), 3, "{leaks:?}");
}

/// As above, for what the service is sent: the project's name is one that it is told as it is.
#[test]
fn a_secret_that_is_told_to_the_service_is_found() {
    let Some(module) = alone_repeatedly(|_| sign_as_a_client()) else { return };
    let scene = Scene::new(TokenIn::Variable, |builder| builder);
    let (has_signed, written) = scene.run(By::Module, &module);
    assert!(has_signed);
    for (what, place) in [
        (POLICY.split('/').next_back().unwrap_or(POLICY), "the body of a request"),
        (&*scene.sandbox.organization_id(), "the line of a request"),
        ("application/json", "a header"),
        ("Ecdsa Ieee", "the audit log"),
        ("C_Initialize", "logs/"),
    ] {
        let is_there = written.at(place).any(|bytes| String::from_utf8_lossy(bytes).contains(what));
        assert!(is_there, "{what} is not in {place}");
    }
    // The one place that is not searched does have it.
    let carries =
        |name: &str, value: &str| name == "authorization" && value.contains(&scene.sandbox.token());
    let requests = scene.sandbox.requests();
    let mut headers = requests.iter().flat_map(|request| &request.headers);
    assert!(headers.any(|(name, value)| carries(name, value)));
    let mut planted = Written::default();
    planted.add("a place", format!("Bearer {}", scene.sandbox.token()));
    assert_eq!(planted.leaks(&scene.secrets).len(), 1);
}
