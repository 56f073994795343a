//! docs/recipes.md, and what holds for every recipe: secrets come by the pipeline's own means alone.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use super::{Archive, Machine};
use crate::{
    cosign::bench::{Bench, Version, text},
    harness::{Ran, repository_file},
};

/// How each pipeline gives the token to the step that signs, and the file in which that stands.
const TOKENS: [(&str, &str); 3] = [
    ("docs/recipes.md", "\n          SIGNPATH_API_TOKEN: ${{ secrets.SIGNPATH_API_TOKEN }}\n"),
    (
        "recipes/jenkins/Jenkinsfile",
        "string(credentialsId: 'signpath-api-token', variable: 'SIGNPATH_API_TOKEN')",
    ),
    ("recipes/azure/signpath.yml", "\n      SIGNPATH_API_TOKEN: $(SIGNPATH_API_TOKEN)\n"),
];

/// What is named as untried: how a row of the table begins.
const UNTRIED: [&str; 9] = [
    "GitHub's runners",
    "GitLab's runners",
    "Jenkins",
    "Azure's agents",
    "the build of the container image by Docker",
    "the actions and tasks of others",
    "the release workflow",
    "packages for Linux on arm64 and for musl",
    "packages for macOS and Windows",
];

fn file(name: &str) -> String {
    fs::read_to_string(repository_file(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Every file of recipes/.
fn recipes() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![repository_file("recipes")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// The page's blocks of this language.
fn blocks(language: &str) -> Vec<String> {
    let page = file("docs/recipes.md");
    let beginning = format!("\n```{language}\n");
    let blocks = page.split(&beginning).skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap_or(block).to_owned()).collect()
}

/// Lines without what is said about them.
fn without_comments(text: &str) -> String {
    let is_comment = |line: &&str| {
        let line = line.trim_start();
        line.starts_with('#') || line.starts_with("//")
    };
    text.lines().filter(|line| !is_comment(line)).map(|line| format!("{line}\n")).collect()
}

#[test]
fn the_token_comes_by_the_pipeline_s_own_means_and_no_other_way() {
    for (name, line) in TOKENS {
        assert!(file(name).contains(line), "{name}");
    }
    for path in recipes().into_iter().filter(|path| !path.ends_with("sign-image")) {
        let name = path.strip_prefix(repository_file("")).unwrap().to_str().unwrap().to_owned();
        let mut rest = without_comments(&fs::read_to_string(&path).unwrap());
        for (_, line) in TOKENS.iter().filter(|(known, _)| *known == name) {
            rest = rest.replacen(line, "\n", 1);
        }
        let rest = rest.to_uppercase();
        assert!(!rest.contains("TOKEN"), "{name} has a token");
        assert!(!rest.contains("SECRETS."), "{name} has secrets");
    }
}

/// What an expression has in it would become part of the command: a title of a pull request, a secret.
#[test]
fn no_command_of_a_recipe_has_an_expression_of_the_pipeline_in_it() {
    let commands = |path: &str, pointer: &str, name: &str| -> Vec<String> {
        let recipe: Value = serde_saphyr::from_str(&file(path)).unwrap();
        let steps = recipe.pointer(pointer).and_then(Value::as_array).expect(path);
        steps.iter().filter_map(|step| Some(step[name].as_str()?.to_owned())).collect()
    };
    let mut all = commands("recipes/github/action.yml", "/runs/steps", "run");
    all.extend(commands("recipes/azure/signpath.yml", "/steps", "bash"));
    assert_eq!(all.len(), 4);
    for command in all {
        let has_expression = ["${{", "$("].iter().any(|mark| command.contains(mark));
        assert!(!has_expression, "{command}");
    }
    // Groovy reads variables in double quotes.
    let jenkins = without_comments(&file("recipes/jenkins/Jenkinsfile"));
    assert_eq!(jenkins.matches("sh '").count(), 1);
    assert!(!jenkins.contains("sh \"") && !jenkins.contains("\"\"\""), "{jenkins}");
}

#[test]
fn every_recipe_is_on_the_page_and_what_is_untried_is_named() {
    let page = file("docs/recipes.md");
    for path in recipes() {
        let name = path.strip_prefix(repository_file("")).unwrap().to_str().unwrap().to_owned();
        assert!(page.contains(&name), "{name}");
    }
    let (_, rows) = page.split_once("<!-- untried -->").expect("what is untried");
    let (rows, _) = rows.split_once("<!-- /untried -->").expect("its end");
    for name in UNTRIED {
        assert!(rows.contains(&format!("\n| {name}")), "{name}");
    }
    assert_eq!(rows.trim().lines().count(), UNTRIED.len() + 2);
}

/// The names that stand before a colon, one level below.
fn names(value: &Value) -> Vec<&str> {
    value.as_object().map(|all| all.keys().map(String::as_str).collect()).unwrap_or_default()
}

#[test]
fn the_page_s_examples_give_what_the_recipes_take() {
    let examples: Vec<Value> =
        blocks("yaml").iter().map(|block| serde_saphyr::from_str(block).unwrap()).collect();
    let [github, gitlab, azure] = examples.as_slice() else { panic!("three examples") };
    let action: Value = serde_saphyr::from_str(&file("recipes/github/action.yml")).unwrap();
    let steps = github["jobs"]["sign"]["steps"].as_array().unwrap();
    let given = names(&steps.last().unwrap()["with"]);
    for input in &given {
        assert!(names(&action["inputs"]).contains(input), "{input}");
    }
    for (name, input) in action["inputs"].as_object().unwrap() {
        assert!(input["required"] != true || given.contains(&name.as_str()), "{name}");
    }
    let job: Value = serde_saphyr::from_str(&file("recipes/gitlab/signpath.yml")).unwrap();
    assert_eq!(gitlab["sign"]["extends"], ".sign-image");
    for variable in names(&gitlab["sign"]["variables"]) {
        assert!(names(&job[".sign-image"]["variables"]).contains(&variable), "{variable}");
    }
    let template: Value = serde_saphyr::from_str(&file("recipes/azure/signpath.yml")).unwrap();
    let given = names(&azure["steps"].as_array().unwrap().last().unwrap()["parameters"]);
    let taken = template["parameters"].as_array().unwrap();
    let needed = taken.iter().filter(|parameter| parameter["default"].is_null());
    let mut needed: Vec<_> = needed.map(|parameter| parameter["name"].as_str().unwrap()).collect();
    needed.sort_unstable();
    assert_eq!(given, needed);
}

/// The options of `sign-image sign`, but for the folder of the release, which each recipe knows.
fn options() -> Vec<String> {
    let help =
        Ran::of(Command::new(repository_file("recipes/sign-image")).arg("--help")).succeeds();
    let (_, sign) = help.stdout.split_once("\nsign has ").expect("what sign is");
    let options = sign.lines().filter_map(|line| line.strip_prefix("  --"));
    let names = options.map(|line| line.split(' ').next().unwrap_or(line).to_owned());
    names.filter(|name| name != "from").collect()
}

#[test]
fn every_recipe_has_every_option_of_the_script_and_the_registry_s_login() {
    let mut options = options();
    assert_eq!(options, ["policy", "by", "format", "recursive", "timeout"]);
    options.push("images".to_owned());
    let yaml = |path: &str| -> Value { serde_saphyr::from_str(&file(path)).expect(path) };
    let (github, gitlab) = (yaml("recipes/github/action.yml"), yaml("recipes/gitlab/signpath.yml"));
    let (azure, jenkins) =
        (yaml("recipes/azure/signpath.yml"), file("recipes/jenkins/Jenkinsfile"));
    let parameters = azure["parameters"].as_array().expect("parameters");
    let azure = |name: &str| parameters.iter().any(|parameter| parameter["name"] == name);
    let gitlab = |name: &str| gitlab[".sign-image"]["variables"][name].is_string();
    let jenkins = |name: &str| {
        let (credential, parameter) =
            (format!("Variable: '{name}'"), format!("string(name: '{name}'"));
        [format!("\n        {name} = '"), credential, parameter]
            .iter()
            .any(|way| jenkins.contains(way))
    };
    for option in &options {
        let upper = option.to_uppercase();
        assert!(github["inputs"][option].is_object(), "GitHub: {option}");
        assert!(gitlab(&format!("SIGN_{upper}")), "GitLab: {option}");
        assert!(azure(option), "Azure: {option}");
        assert!(jenkins(&upper), "Jenkins: {option}");
    }
    // The environment of GitHub's step is its caller's.
    for (setting, parameter) in [
        ("REGISTRY", "registry"),
        ("REGISTRY_USER", "registryUser"),
        ("REGISTRY_PASSWORD", "registryPassword"),
    ] {
        assert!(gitlab(setting), "GitLab: {setting}");
        assert!(azure(parameter), "Azure: {parameter}");
        assert!(jenkins(setting), "Jenkins: {setting}");
    }
}

/// Older ones look for a signature that cosign v3 has no more: sigstore/cosign-installer, issue 202.
#[test]
fn the_page_s_actions_of_others_are_ids_of_commits_and_cosign_s_installer_knows_v3() {
    let blocks = blocks("yaml").concat();
    let uses: Vec<_> = blocks.lines().filter_map(|line| line.split_once("uses: ")).collect();
    assert_eq!(uses.len(), 3);
    for (_, action) in uses {
        let (name, version) = action.split_once('@').expect("a version");
        let (id, version) = version.split_once(" # v").expect(action);
        assert!(id.len() == 40 && id.chars().all(|c| c.is_ascii_hexdigit()), "{action}");
        let major = version.split('.').next().and_then(|number| number.parse::<u32>().ok());
        assert!(name != "sigstore/cosign-installer" || major >= Some(4), "{action}");
    }
    for path in ["README.md", "docs/recipes.md", ".github/workflows/release.yml"] {
        let text = file(path);
        for version in ["v1", "v2", "v3"] {
            assert!(!text.contains(&format!("cosign-installer@{version}")), "{path}");
        }
    }
}

#[test]
fn the_container_image_has_the_cosign_that_is_tested_and_what_it_copies_is_there() {
    let dockerfile = file("recipes/image/Dockerfile");
    let versions = file("scripts/versions");
    let tested = versions.lines().find_map(|line| line.strip_prefix("COSIGN_V3=")).unwrap();
    assert!(dockerfile.contains(&format!("\nARG COSIGN={tested}\n")), "{tested}");
    assert!(dockerfile.contains("\nCOPY sign-image /usr/local/bin/\n"));
    assert!(Path::new(&repository_file("recipes/sign-image")).is_file());
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_page_s_commands_install_sign_and_verify() {
    let bench = Bench::new();
    let image = bench.image();
    let archive = Archive::of_what_is_tested(&bench.place);
    let machine = Machine::new(&bench, Version::V3);
    let key = fs::read_to_string(bench.public_key_of("demo/ec")).unwrap();
    bench.place.write("release-signing.pub", key);
    let commands = blocks("sh").join("\n");
    let commands = commands
        .replace("recipes/sign-image", &text(&repository_file("recipes/sign-image")))
        .replace("signpath-pkcs11-0.1.0-x86_64-linux.tar.gz", &archive.path)
        .replace("my-project/release-signing", "demo/ec")
        .replace("registry.example/app@sha256:…", &image);
    let mut command = machine.command("sh");
    command.args(["-e", "-c", &commands]).env("SHA256", &archive.sha256);
    let ran = Ran::of(&mut command).succeeds();
    machine.has_shown_no_token(&[&ran]);
}
