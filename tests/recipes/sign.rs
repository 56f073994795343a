//! `sign-image sign`, with stock cosign at the sandbox.

use std::fs;

use super::{Archive, Machine, installed, installed_from};
use crate::{
    cosign::{
        bench::{Bench, VERSIONS, Version},
        front::{Door, Front},
    },
    harness::Ran,
};

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn module_and_plugin_sign_and_show_the_token_to_nobody() {
    let bench = Bench::new();
    let archive = Archive::of_what_is_tested(&bench.place);
    assert_both_doors(&bench, &archive);
}

/// As above, of a release as it is downloaded.
pub(crate) fn assert_release(archive: String) {
    let bench = Bench::new();
    let archive = Archive::at(&bench.place, archive);
    assert_both_doors(&bench, &archive);
}

fn assert_both_doors(bench: &Bench, archive: &Archive) {
    let release = installed_from(bench, archive);
    let (rsa, ec) = (bench.public_key_of("demo/rsa"), bench.public_key_of("demo/ec"));
    for version in VERSIONS {
        let machine = Machine::new(bench, version);
        for (by, policy, key) in [("module", "demo/rsa", &rsa), ("plugin", "demo/ec", &ec)] {
            let (one, two) = (bench.image(), bench.image());
            let images = format!("{one}\n  {two}\n");
            let words = ["--policy", policy, "--by", by, &images];
            let ran = Ran::of(&mut machine.signing(&release, &words)).succeeds();
            machine.has_shown_no_token(&[&ran]);
            for image in [one, two] {
                bench.cosign(version).verify(key, &image).succeeds();
            }
        }
    }
    assert_eq!(fs::read_dir(bench.place.path("tmp")).unwrap().count(), 0);
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn an_option_with_an_empty_value_has_its_default_and_cosign_without_pkcs11_has_the_plugin() {
    let bench = Bench::new();
    let (release, image) = (installed(&bench), bench.image());
    let machine = Machine::new(&bench, Version::Plain);
    let options = ["--by", "", "--format", "", "--recursive", "", "--timeout", ""];
    let words = [&["--policy", "demo/ec"], &options[..], &[&image]].concat();
    Ran::of(&mut machine.signing(&release, &words)).succeeds();
    bench.cosign(Version::Plain).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    let words = ["--policy", "demo/ec", "--by", "module", &image];
    let refused = Ran::of(&mut machine.signing(&release, &words)).fails();
    assert!(refused.stderr.contains("built without PKCS #11: take --by plugin"), "{refused}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn simple_signing_is_written_by_v3_as_well_and_for_all_images_of_an_index() {
    let bench = Bench::new();
    let (release, index) = (installed(&bench), bench.index(2));
    let machine = Machine::new(&bench, Version::V3);
    // With the module v3 makes no bundle that it takes for this curve.
    let options = ["--by", "module", "--format", "simple-signing", "--recursive", "true"];
    let words = [&["--policy", "demo/ec384"], &options[..], &[&index[0]]].concat();
    Ran::of(&mut machine.signing(&release, &words)).succeeds();
    let key = bench.public_key_of("demo/ec384");
    for image in &index {
        for verifier in VERSIONS.map(|version| bench.cosign(version)) {
            verifier.verify(&key, image).succeeds();
        }
    }
    let v2 = Machine::new(&bench, Version::V2);
    let words = ["--policy", "demo/ec", "--format", "bundle", &index[0]];
    let refused = Ran::of(&mut v2.signing(&release, &words)).fails();
    assert!(refused.stderr.contains("bundles need cosign v3"), "{refused}");
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_registry_s_login_is_forgotten_at_the_end_and_is_in_no_command_line() {
    let bench = Bench::new();
    let (release, image) = (installed(&bench), bench.image());
    let front = Front::behind_a_door(bench.registry.address(), Door::Bearer);
    let machine = Machine::new(&bench, Version::V3);
    let name = front.name(&image);
    let signing = |password: &str, images: &str| {
        let mut command = machine.signing(&release, &["--policy", "demo/ec", images]);
        Ran::of(command.env("REGISTRY_USER", "user").env("REGISTRY_PASSWORD", password))
    };
    let ran = signing("s3cret", &name).succeeds();
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    machine.has_shown_no_token(&[&ran]);
    let words = fs::read_to_string(machine.noted()).unwrap();
    assert!(words.contains("\n--password-stdin\n") && !words.contains("s3cret"), "{words}");
    signing("wrong", &name).fails();
    let refused = signing("s3cret", &format!("{name} {image}")).fails();
    assert!(refused.stderr.contains("the images are in several"), "{refused}");
    for folder in ["tmp", "docker"] {
        assert_eq!(fs::read_dir(bench.place.path(folder)).unwrap().count(), 0, "{folder}");
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_login_that_is_for_one_registry_is_shown_to_no_other() {
    let bench = Bench::new();
    let (release, image) = (installed(&bench), bench.image());
    let (its_own, other) = (
        Front::behind_a_door(bench.registry.address(), Door::Basic),
        Front::behind_a_door(bench.registry.address(), Door::Basic),
    );
    let machine = Machine::new(&bench, Version::V3);
    let (name, elsewhere) = (its_own.name(&image), other.name(&image));
    let registry = name.split('/').next().unwrap();
    let signing = |password: &str, images: &str| {
        let mut command = machine.signing(&release, &["--policy", "demo/ec", images]);
        command.env("REGISTRY", registry);
        Ran::of(command.env("REGISTRY_USER", "user").env("REGISTRY_PASSWORD", password))
    };
    for images in [elsewhere.clone(), format!("{name} {elsewhere}")] {
        let refused = signing("s3cret", &images).fails();
        let said = format!("the login is for {registry}, and {elsewhere} is elsewhere");
        assert!(refused.stderr.contains(&said), "{refused}");
    }
    // As Azure leaves a variable that is not there
    for password in ["", "$(REGISTRY_PASSWORD)"] {
        let refused = signing(password, &name).fails();
        assert!(refused.stderr.contains("REGISTRY_PASSWORD is not set"), "{refused}");
    }
    assert_eq!((its_own.seen(), other.seen()), (vec![], vec![]));
    signing("s3cret", &name).succeeds();
    bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), &image).succeeds();
    assert_eq!(other.seen(), Vec::<String>::new());
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn what_cannot_be_signed_is_said_before_anything_is() {
    let bench = Bench::new();
    let (release, image) = (installed(&bench), bench.image());
    let (repository, _) = image.split_once('@').unwrap();
    let tag = format!("{repository}:1");
    let machine = Machine::new(&bench, Version::V3);
    let words = ["--policy", "demo/ec"];
    let says = |said: &str, images: &str, variables: &[(&str, &str)]| {
        let mut command = machine.signing(&release, &words);
        let refused = Ran::of(command.arg(images).envs(variables.iter().copied())).fails();
        assert!(refused.stderr.contains(said), "{said}: {refused}");
        assert_eq!(bench.tags_beside(&image), ["1"]);
    };
    says("sign takes images", "", &[]);
    says("has no digest", &tag, &[]);
    says("has no digest", &format!("{image} {tag}"), &[]);
    says("has no digest", &format!("{repository}@sha256:12"), &[]);
    let option = format!("--rekor-url=x@{}", image.split_once('@').unwrap().1);
    for words in [format!(" {option}"), format!("{image}\n{option}")] {
        says("--rekor-url=x@sha256:", &words, &[]);
        says("no image begins with '-'", &words, &[]);
    }
    says("SIGNPATH_ORGANIZATION_ID is not set", &image, &[("SIGNPATH_ORGANIZATION_ID", "")]);
    says("has not been given the secret", &image, &[("SIGNPATH_API_TOKEN", "")]);
    let left = ("SIGNPATH_API_TOKEN", "$(SIGNPATH_API_TOKEN)");
    says("has not been given the secret", &image, &[left]);
    says("401", &image, &[("SIGNPATH_API_TOKEN", "wrong")]);
    let mut command = machine.signing("/nowhere", &words);
    let refused = Ran::of(command.arg(&image)).fails();
    assert!(refused.stderr.contains("sign-image install brings it there"), "{refused}");
}
