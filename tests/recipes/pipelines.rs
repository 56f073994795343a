//! The recipes, read as the pipelines read them. Their shell blocks are run here; the pipelines' own programs are not.

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::Value;

use super::{Archive, Machine, installed, sign_image};
use crate::{
    cosign::bench::{Bench, Version, text},
    harness::{Ran, repository_file},
};

/// Names and values: inputs, parameters, variables.
type Values = BTreeMap<String, String>;

/// A step of a pipeline.
struct Step {
    lines: String,
    variables: Values,
}

impl Step {
    /// Runs it as the pipeline would: a file for this shell.
    fn run(&self, machine: &Machine<'_>, shell: &[&str]) -> Ran {
        let mut command = self.command(machine, shell);
        Ran::of(&mut command)
    }

    fn command(&self, machine: &Machine<'_>, shell: &[&str]) -> Command {
        let file = machine.bench.place.write("step", &self.lines);
        let mut command = machine.command(shell[0]);
        command.args(&shell[1..]).arg(file).envs(&self.variables);
        command
    }
}

/// As GitHub's `shell: bash` and Azure's `bash:` are run; GitLab and Jenkins have the image's sh.
const BASH: [&str; 5] = ["bash", "--noprofile", "--norc", "-eo", "pipefail"];
const SH: [&str; 2] = ["sh", "-e"];

fn recipe(path: &str) -> String {
    fs::read_to_string(repository_file("recipes").join(path)).expect("the recipe")
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&recipe(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn word(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The variables of a job or a step, each value with what it stands for.
fn variables(step: &Value, meaning: &dyn Fn(&str) -> String) -> Values {
    let all = step.as_object().expect("variables with their values");
    all.iter().map(|(name, value)| (name.clone(), meaning(&word(value)))).collect()
}

/// A text in which what stands between two marks has its value.
fn expanded(text: &str, open: &str, close: &str, value: &dyn Fn(&str) -> String) -> String {
    let Some((before, rest)) = text.split_once(open) else { return text.to_owned() };
    let (name, after) = rest.split_once(close).expect("an expression ends");
    format!("{before}{}{}", value(name.trim()), expanded(after, open, close, value))
}

fn values<const N: usize>(pairs: [(&str, &str); N]) -> Values {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

/// The steps of the action with these inputs and the defaults of the others.
fn action(machine: &Machine<'_>, given: &Values) -> Vec<Step> {
    let action = yaml("github/action.yml");
    assert_eq!(action["runs"]["using"], "composite");
    let place = &machine.bench.place;
    let folder = text(&place.path("tmp/signpath-pkcs11"));
    let value = |expression: &str| {
        let (name, otherwise) = expression.split_once(" || env.").unwrap_or((expression, ""));
        let value = match name.strip_prefix("inputs.") {
            Some(input) => {
                let row = &action["inputs"][input];
                assert!(row.is_object(), "the action has no input {input}");
                given.get(input).cloned().unwrap_or_else(|| word(&row["default"]))
            }
            None if name == "runner.temp" => text(&place.path("tmp")),
            None if name == "steps.install.outputs.folder" => folder.clone(),
            None => panic!("{expression} is not known here"),
        };
        let settings = machine.bench.sandbox.environment();
        let setting = settings.into_iter().find(|(name, _)| name == otherwise);
        setting.filter(|_| value.is_empty()).map_or(value, |(_, setting)| setting)
    };
    let meaning = |text: &str| expanded(text, "${{", "}}", &value);
    let own = [
        ("GITHUB_ACTION_PATH", text(&repository_file("recipes/github"))),
        ("GITHUB_OUTPUT", text(&place.path("output"))),
        ("GITHUB_PATH", text(&place.path("path"))),
        ("GITHUB_ACTIONS", "true".to_owned()),
    ];
    let steps = action["runs"]["steps"].as_array().expect("the steps");
    let steps = steps.iter().map(|step| {
        assert_eq!(step["shell"], "bash");
        let mut variables = variables(&step["env"], &meaning);
        variables.extend(own.clone().map(|(name, value)| (name.to_owned(), value)));
        Step { lines: word(&step["run"]), variables }
    });
    steps.collect()
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_steps_of_github_s_action_install_and_sign() {
    let bench = Bench::new();
    let archive = Archive::of_what_is_tested(&bench.place);
    let machine = Machine::new(&bench, Version::V3);
    let (organization, api) = (bench.sandbox.organization_id(), bench.sandbox.api_url());
    let inputs = values([("organization-id", &organization), ("api-url", &api), ("by", "module")]);
    // By inputs, and by the environment and the defaults
    for more in [inputs, Values::new()] {
        let image = bench.image();
        let mut given = values([
            ("archive", &archive.path),
            ("sha256", &archive.sha256),
            ("policy", "demo/ec"),
            ("images", &image),
        ]);
        given.extend(more);
        let steps = action(&machine, &given);
        let ran: Vec<_> = steps.iter().map(|step| step.run(&machine, &BASH).succeeds()).collect();
        assert_eq!(ran.len(), 2);
        machine.has_shown_no_token(&ran.iter().collect::<Vec<_>>());
        bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    }
    let folder = fs::read_to_string(bench.place.path("path")).unwrap();
    let folder = Path::new(folder.lines().next().unwrap());
    assert!(folder.join("signpath-cosign").is_file(), "{}", folder.display());
    let output = fs::read_to_string(bench.place.path("output")).unwrap();
    let said = format!("folder={}\n", folder.parent().unwrap().display());
    assert!(output.starts_with(&said), "{output}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn github_s_action_ends_at_a_wrong_sha256() {
    let bench = Bench::new();
    let archive = Archive::of_words(&bench.place, "0.1.0");
    let machine = Machine::new(&bench, Version::V3);
    let sha256 = "0".repeat(64);
    let steps = action(&machine, &values([("archive", &archive.path), ("sha256", &sha256)]));
    let refused = steps[0].run(&machine, &BASH).fails();
    assert!(refused.stderr.contains("nothing was installed"), "{refused}");
    assert!(!bench.place.path("tmp/signpath-pkcs11").exists());
    assert!(!bench.place.path("output").exists());
}

/// A machine on which `sign-image` is in PATH, as in the image of recipes/image, and finds the release without being told.
fn image_of_recipes<'a>(bench: &'a Bench, release: &str) -> Machine<'a> {
    let machine = Machine::new(bench, Version::V3);
    let lines = format!("#!/bin/sh\nexec '{}' \"$@\" --from '{release}'\n", text(&sign_image()));
    let program = bench.place.write("sign-image", lines);
    Ran::of(bench.place.command("chmod").arg("755").arg(&program)).succeeds();
    machine.add("sign-image", &program);
    machine
}

/// The step signs with demo/ec and logs in to the registry, and nobody sees token or password.
fn signs_with_a_login(step: &Step, machine: &Machine<'_>, image: &str) {
    let ran = step.run(machine, &SH).succeeds();
    machine.has_shown_no_token(&[&ran]);
    let bench = machine.bench;
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), image).succeeds();
    let words = fs::read_to_string(machine.noted()).unwrap();
    assert!(words.contains("\nuser\n") && !words.contains("s3cret"), "{words}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_script_of_gitlab_s_template_signs() {
    let bench = Bench::new();
    let (release, image) = (installed(&bench), bench.image());
    let machine = image_of_recipes(&bench, &release);
    let job = &yaml("gitlab/signpath.yml")[".sign-image"];
    let known = values([
        ("$CI_REGISTRY", bench.registry.address()),
        ("$CI_REGISTRY_USER", "user"),
        ("$CI_REGISTRY_PASSWORD", "s3cret"),
    ]);
    let meaning = |text: &str| known.get(text).cloned().unwrap_or_else(|| text.to_owned());
    let mut variables = variables(&job["variables"], &meaning);
    variables.extend(values([("SIGN_POLICY", "demo/ec"), ("SIGN_IMAGES", &image)]));
    let lines: Vec<_> = job["script"].as_array().expect("a script").iter().map(word).collect();
    let step = Step { lines: lines.join("\n"), variables };
    signs_with_a_login(&step, &machine, &image);
}

/// The text between the first two of these marks after a beginning.
fn between<'t>(text: &'t str, beginning: &str, mark: char) -> &'t str {
    let (_, rest) = text.split_once(beginning).unwrap_or_else(|| panic!("no {beginning}"));
    rest.split(mark).next().unwrap_or(rest)
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_command_of_the_jenkinsfile_signs() {
    let bench = Bench::new();
    let (release, image) = (installed(&bench), bench.image());
    let machine = image_of_recipes(&bench, &release);
    let file = recipe("jenkins/Jenkinsfile");
    let (_, settings) = file.split_once("environment {").expect("an environment");
    let (settings, _) = settings.split_once('}').expect("its end");
    let mut variables: Values = settings
        .lines()
        .filter_map(|line| line.trim().split_once(" = "))
        .map(|(name, value)| (name.to_owned(), value.trim_matches('\'').to_owned()))
        .collect();
    variables.remove("SIGNPATH_ORGANIZATION_ID").expect("an organization");
    variables.extend(values([
        ("POLICY", "demo/ec"),
        ("IMAGES", &image),
        ("REGISTRY", bench.registry.address()),
        ("REGISTRY_USER", "user"),
        ("REGISTRY_PASSWORD", "s3cret"),
    ]));
    let step = Step { lines: between(&file, "sh '", '\'').to_owned(), variables };
    signs_with_a_login(&step, &machine, &image);
}

/// The steps of Azure's template with these parameters and the defaults of the others. The secret variables are the token and
/// `REGISTRY_PASSWORD`.
fn template(machine: &Machine<'_>, given: &Values) -> Vec<Step> {
    let template = yaml("azure/signpath.yml");
    let place = &machine.bench.place;
    let parameters = template["parameters"].as_array().expect("the parameters");
    for name in given.keys() {
        assert!(parameters.iter().any(|known| known["name"] == **name), "no parameter {name}");
    }
    let parameter = |name: &str| {
        let name = name.strip_prefix("parameters.").expect("a parameter");
        let known = parameters.iter().find(|known| known["name"] == name).expect(name);
        given.get(name).cloned().unwrap_or_else(|| word(&known["default"]))
    };
    let variable = |name: &str| match name {
        "Pipeline.Workspace" => text(&place.path("workspace")),
        "Agent.TempDirectory" => text(&place.path("tmp")),
        "SIGNPATH_API_TOKEN" => machine.bench.sandbox.token(),
        "REGISTRY_PASSWORD" => "s3cret".to_owned(),
        _ => panic!("{name} is not known here"),
    };
    let meaning =
        |text: &str| expanded(&expanded(text, "${{", "}}", &parameter), "$(", ")", &variable);
    let [checkout, bash @ ..] = template["steps"].as_array().expect("steps").as_slice() else {
        panic!("no steps")
    };
    assert_eq!(checkout["path"], "signpath-pkcs11");
    let steps = bash.iter().map(|step| {
        let env = inserted(&step["env"], &parameter);
        Step { lines: word(&step["bash"]), variables: variables(&env, &meaning) }
    });
    steps.collect()
}

/// What is under `${{ if ne(parameters.NAME, '') }}:` is there where that parameter is not empty.
fn inserted(values: &Value, parameter: &dyn Fn(&str) -> String) -> Value {
    let mut all = serde_json::Map::new();
    for (name, value) in values.as_object().expect("names and values") {
        match name.strip_prefix("${{ if ne(").and_then(|rest| rest.strip_suffix(", '') }}")) {
            None => drop(all.insert(name.clone(), value.clone())),
            Some(condition) if parameter(condition).is_empty() => {}
            Some(_) => all.extend(value.as_object().expect("more of them").clone()),
        }
    }
    Value::Object(all)
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_steps_of_azure_s_template_install_and_sign() {
    let bench = Bench::new();
    let archive = Archive::of_what_is_tested(&bench.place);
    let machine = Machine::new(&bench, Version::V3);
    // The repository is checked out where the first step says.
    fs::create_dir(bench.place.path("workspace")).unwrap();
    let checkout = bench.place.path("workspace/signpath-pkcs11");
    std::os::unix::fs::symlink(repository_file(""), checkout).unwrap();
    let options = values([
        ("by", "plugin"),
        ("format", "simple-signing"),
        ("recursive", "true"),
        ("timeout", "77s"),
        ("registry", bench.registry.address()),
        ("registryUser", "user"),
        ("registryPassword", "$(REGISTRY_PASSWORD)"),
    ]);
    // By the defaults, and with all that there is
    for more in [Values::new(), options] {
        let index = bench.index(2);
        let mut given = values([
            ("archive", &archive.path),
            ("sha256", &archive.sha256),
            ("organizationId", &bench.sandbox.organization_id()),
            ("policy", "demo/ec"),
            ("images", &index[0]),
        ]);
        let signed = if more.is_empty() { &index[..1] } else { &index };
        given.extend(more);
        let mut ran = Vec::new();
        for step in template(&machine, &given) {
            // A secret variable is in no step's environment unless the step names it.
            let mut command = step.command(&machine, &BASH);
            command.env_remove("SIGNPATH_API_TOKEN").envs(&step.variables);
            ran.push(Ran::of(&mut command).succeeds());
        }
        machine.has_shown_no_token(&ran.iter().collect::<Vec<_>>());
        for image in signed {
            bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), image).succeeds();
        }
    }
    let words = fs::read_to_string(machine.noted()).unwrap();
    for said in ["--timeout\n77s\n", "--new-bundle-format=false\n", "--username\nuser\n"] {
        assert!(words.contains(said), "{words}");
    }
    assert_eq!(words.matches("\nlogin\n").count(), 1, "{words}");
    assert!(!words.contains("s3cret"), "{words}");
}
