//! Registries that want to know who asks.

use std::{fs, os::unix::fs::PermissionsExt};

use serde_json::json;

use super::program::{run, run_with};
use crate::cosign::{
    bench::{Bench, Version},
    front::{Door, Front, LOGIN},
};

const DOORS: [Door; 2] = [Door::Basic, Door::Bearer];

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn the_login_of_docker_is_used() {
    let bench = Bench::new();
    for door in DOORS {
        let front = Front::behind_a_door(bench.registry.address(), door);
        let image = bench.image();
        let name = front.name(&image);
        let (registry, _) = name.split_once('/').unwrap();
        let sign = ["sign", &name, "--policy", "demo/ec", "--via", "hash"];
        bench.place.write("docker/config.json", "{}");
        let refused = run(&bench, &sign).fails(1, "answered 401");
        let hint = format!("docker login {registry}");
        assert!(refused.stderr.contains(&hint), "{}", refused.stderr);

        let config = json!({"auths": { registry: { "auth": LOGIN } }});
        bench.place.write("docker/config.json", config.to_string());
        run(&bench, &sign).succeeds();
        bench.cosign(Version::V3).verify(&bench.public_key_of("demo/ec"), &name).succeeds();
    }
}

#[test]
#[ignore = "needs cosign and a registry: scripts/test"]
fn a_credential_helper_is_asked() {
    let bench = Bench::new();
    let helper = bench.place.path("docker-credential-vault");
    let login = r#"{"ServerURL":"x","Username":"user","Secret":"s3cret"}"#;
    fs::write(&helper, format!("#!/bin/sh\ncat >/dev/null\necho '{login}'\n")).unwrap();
    fs::set_permissions(&helper, fs::Permissions::from_mode(0o700)).unwrap();
    let folder = helper.parent().unwrap().display().to_string();
    let path = ("PATH".to_owned(), format!("{folder}:/usr/bin:/bin"));
    let images = [bench.image(), bench.image(), bench.image()];
    bench.place.write("docker/config.json", r#"{"credsStore":"vault"}"#);
    for (door, image) in DOORS.into_iter().zip(&images) {
        let front = Front::behind_a_door(bench.registry.address(), door);
        let name = front.name(image);
        let (repository, _) = name.split_once('@').unwrap();
        run_with(
            &bench.place,
            std::slice::from_ref(&path),
            &["payload", &format!("{repository}:1")],
        )
        .succeeds();
    }

    fs::write(
        &helper,
        "#!/bin/sh\ncat >/dev/null\necho s3cret\necho 'the vault is sealed' >&2\nexit 1\n",
    )
    .unwrap();
    let front = Front::behind_a_door(bench.registry.address(), Door::Basic);
    let name = front.name(&images[2]);
    let (repository, _) = name.split_once('@').unwrap();
    let ended = run_with(&bench.place, &[path], &["payload", repository]);
    let ended = ended.fails(1, "docker-credential-vault failed: the vault is sealed");
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);
}
