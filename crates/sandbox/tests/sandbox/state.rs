//! The state folder: what outlasts a start, who may read it, who may use it.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use signpath_sandbox::{
    ApiToken, Config, Error, KeyType, PolicyConfig, Sandbox, read_audit_lines, write_env_file,
};
use tempfile::TempDir;

use crate::fixture::{builder, sign_ec};

const POLICIES: [&str; 6] =
    ["demo/approval", "demo/ec", "demo/ec384", "demo/ec521", "demo/nocert", "demo/rsa"];

fn start(folder: &Path) -> Sandbox {
    builder().state(folder).start().unwrap()
}

/// Everything a client could know it by.
fn identity(sandbox: &Sandbox) -> Vec<String> {
    let mut all = vec![sandbox.organization_id(), sandbox.token()];
    all.push(sandbox.code_signing_root_pem().unwrap());
    all.extend(sandbox.ca_certificate_pem());
    for policy in POLICIES {
        all.push(sandbox.signing_policy_id(policy).unwrap().to_string());
        all.push(sandbox.private_key_pem(policy).unwrap());
        all.extend(sandbox.certificate_pem(policy).unwrap());
    }
    all
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| {
            let below = if path.is_dir() { files_below(&path) } else { Vec::new() };
            [vec![path], below].concat()
        })
        .collect()
}

#[test]
fn the_next_start_is_the_same_sandbox() {
    let folder = TempDir::new().unwrap();
    let first = builder().tls().state(folder.path()).start().unwrap();
    let before = identity(&first);
    drop(first);
    let second = builder().tls().state(folder.path()).start().unwrap();
    assert_eq!(identity(&second), before);
}

#[test]
fn only_the_owner_can_read_it() {
    let parent = TempDir::new().unwrap();
    let folder = parent.path().join("made/here");
    let sandbox = builder().tls().state(&folder).start().unwrap();
    sandbox.prepare().unwrap();
    sign_ec(&start(&parent.path().join("other")));
    let files = files_below(&parent.path().join("made"));
    assert!(files.iter().any(|path| path.ends_with("keys/demo/rsa.pem")));
    for path in files {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode(&path), expected, "{}", path.display());
    }
}

#[test]
fn one_folder_serves_one_sandbox_at_a_time() {
    let folder = TempDir::new().unwrap();
    let first = start(folder.path());
    let refused = builder().state(folder.path()).start().unwrap_err();
    assert!(matches!(refused, Error::StateInUse { .. }), "{refused}");
    drop(first);
    start(folder.path());
}

#[test]
fn a_folder_of_something_else_is_left_alone() {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
    for (count, file) in [(1, "letter.txt"), (2, "lock")] {
        fs::write(folder.path().join(file), "dear").unwrap();
        let refused = builder().state(folder.path()).start().unwrap_err();
        assert!(matches!(refused, Error::NotASandbox { .. }), "{refused}");
        assert_eq!((mode(folder.path()), files_below(folder.path()).len()), (0o755, count));
    }
}

#[test]
fn a_folder_is_known_without_its_lock_or_without_its_identity() {
    let folder = TempDir::new().unwrap();
    let first = builder().tls().state(folder.path()).start().unwrap();
    first.prepare().unwrap();
    let (organization, key) = (first.organization_id(), first.private_key_pem("demo/ec").unwrap());
    drop(first);
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    fs::remove_file(folder.path().join("lock")).unwrap();
    assert_eq!(start(folder.path()).organization_id(), organization);

    fs::remove_file(folder.path().join("notes.txt")).unwrap();
    fs::rename(folder.path().join("sandbox.json"), folder.path().join(".sandbox.json.1")).unwrap();
    let anew = start(folder.path());
    assert_ne!(anew.organization_id(), organization);
    assert_eq!(anew.private_key_pem("demo/ec").unwrap(), key);
}

#[test]
fn a_folder_is_known_when_the_configuration_says_who_the_sandbox_is() {
    let folder = TempDir::new().unwrap();
    let config = Config {
        organization_id: Some(uuid::Uuid::nil()),
        tokens: vec![ApiToken { token: "t".to_owned(), user: "ci".to_owned() }],
        ..Config::default()
    };
    drop(builder().config(config).state(folder.path()).start().unwrap());
    fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    start(folder.path());
}

#[test]
fn a_damaged_identity_is_an_error_that_names_the_file_and_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    start(folder.path());
    let file = folder.path().join("sandbox.json");
    for (text, reason) in
        [("{", "EOF"), (r#"{"organizationId": "x"}"#, "organizationId 'x' is no UUID")]
    {
        fs::write(&file, text).unwrap();
        let damaged = builder().state(folder.path()).start().unwrap_err();
        assert!(matches!(damaged, Error::Damaged { .. }), "{damaged}");
        let message = damaged.to_string();
        assert!(
            message.contains("sandbox.json is damaged") && message.contains(reason),
            "{message}"
        );
        assert!(message.contains("remove it"), "{message}");
    }
    fs::remove_file(file).unwrap();
    start(folder.path());
}

#[test]
fn the_audit_log_goes_on_at_the_next_start() {
    let folder = TempDir::new().unwrap();
    for _ in 0..2 {
        let sandbox = start(folder.path());
        sign_ec(&sandbox);
        assert_eq!(sandbox.audit().len(), 1);
    }
    let lines = read_audit_lines(folder.path()).unwrap();
    assert_eq!(lines.len(), 2);
    assert!(lines.iter().all(|line| line.contains(r#""result":"signed""#)));
}

#[test]
fn a_rotated_key_is_kept_with_its_certificate() {
    let folder = TempDir::new().unwrap();
    let both = |sandbox: &Sandbox| {
        (sandbox.private_key_pem("demo/ec").unwrap(), sandbox.certificate_pem("demo/ec").unwrap())
    };
    let first = start(folder.path());
    let before = both(&first);
    first.rotate_key("demo/ec").unwrap();
    let rotated = both(&first);
    assert!(rotated.0 != before.0 && rotated.1 != before.1);
    drop(first);
    assert_eq!(both(&start(folder.path())), rotated);
}

#[test]
fn another_alternative_name_gets_another_certificate_for_the_same_key() {
    let folder = TempDir::new().unwrap();
    let with = |name: &str| {
        let policy = PolicyConfig::new("p/a", KeyType::P256).subject_alternative_name(name);
        let sandbox = Sandbox::builder().state(folder.path()).policies([policy]).start().unwrap();
        (sandbox.private_key_pem("p/a").unwrap(), sandbox.certificate_pem("p/a").unwrap())
    };
    let first = with("a@example.com");
    assert_eq!(with("a@example.com"), first);
    let second = with("https://example.com/b");
    assert_eq!(second.0, first.0);
    assert_ne!(second.1, first.1);
}

#[test]
fn a_self_signed_certificate_is_kept_until_it_should_be_another() {
    let folder = TempDir::new().unwrap();
    let with = |policy: PolicyConfig| {
        let sandbox = builder().state(folder.path()).policies([policy]).start().unwrap();
        sandbox.certificate_pem("p/a").unwrap().unwrap()
    };
    let policy = PolicyConfig::new("p/a", KeyType::P256);
    let first = with(policy.clone().self_signed());
    assert_eq!(with(policy.clone().self_signed()), first);
    assert_ne!(with(policy.certificate()), first);
}

#[test]
fn a_chain_is_kept_until_its_root_is_another() {
    let folder = TempDir::new().unwrap();
    let chain = || {
        let policy = PolicyConfig::new("p/a", KeyType::P256).chain();
        let sandbox = builder().state(folder.path()).policies([policy]).start().unwrap();
        let leaf = sandbox.certificate_pem("p/a").unwrap().unwrap();
        let above = sandbox.certificate_chain_pem("p/a").unwrap();
        assert_eq!(above[1], sandbox.code_signing_root_pem().unwrap());
        [vec![leaf], above].concat()
    };
    let first = chain();
    assert_eq!(chain(), first);
    fs::remove_file(folder.path().join("code-signing-root.pem")).unwrap();
    let second = chain();
    assert!(first.iter().zip(&second).all(|(before, after)| before != after));
    assert_eq!(chain(), second);
}

#[test]
fn a_damaged_key_is_an_error_that_names_the_file_and_says_what_to_do() {
    let folder = TempDir::new().unwrap();
    start(folder.path()).private_key_pem("demo/ec").unwrap();
    let [key, root] =
        ["keys/demo/ec.pem", "code-signing-root-key.pem"].map(|f| folder.path().join(f));
    fs::write(&key, "nonsense").unwrap();
    let error = start(folder.path()).prepare().unwrap_err().to_string();
    let reason = "it holds no PKCS #8 key of the kind P256 in PEM; remove it to have it made anew";
    assert_eq!(error, format!("{} is damaged: {reason}", key.display()));

    fs::write(&root, "nonsense").unwrap();
    let error = builder().state(folder.path()).start().unwrap_err().to_string();
    let reason =
        "the key file beside it holds no PKCS #8 key in PEM; remove it to have it made anew";
    assert!(error.ends_with(&format!("code-signing-root.pem is damaged: {reason}")), "{error}");
    fs::remove_file(folder.path().join("code-signing-root.pem")).unwrap();
    fs::remove_file(key).unwrap();
    start(folder.path()).private_key_pem("demo/ec").unwrap();
}

#[test]
fn the_configuration_wins_over_what_was_kept() {
    let folder = TempDir::new().unwrap();
    let kept = start(folder.path()).organization_id();
    let file = folder.path().join("config.json");
    let text = r#"{"organizationId": "11111111-2222-4333-8444-555555555555",
        "tokens": [{"token": "t+/1", "user": "ci"}, {"token": "t2", "user": "me"}]}"#;
    fs::write(&file, text).unwrap();
    let config = Config::from_file(&file).unwrap();
    let sandbox = builder().state(folder.path()).config(config).start().unwrap();
    assert_eq!(sandbox.organization_id(), "11111111-2222-4333-8444-555555555555");
    assert_eq!(sandbox.token(), "t+/1");
    drop(sandbox);
    assert_eq!(start(folder.path()).organization_id(), kept);
}

#[test]
fn a_random_token_has_the_characters_that_clients_trip_over() {
    let token = builder().start().unwrap().token();
    assert!(token.contains('+') && token.contains('/') && !token.contains('='), "{token}");
}

#[test]
fn the_settings_are_those_of_a_client() {
    let sandbox = builder().tls().start().unwrap();
    let settings = sandbox.environment();
    let names: Vec<&str> = settings.iter().map(|(name, _)| name.as_str()).collect();
    let expected = [
        "SIGNPATH_ORGANIZATION_ID",
        "SIGNPATH_API_TOKEN",
        "SIGNPATH_API_URL",
        "SIGNPATH_TLS_CA_CERTIFICATE",
    ];
    assert_eq!(names, expected);
    let ca_file = PathBuf::from(&settings[3].1);
    assert_eq!(fs::read_to_string(&ca_file).unwrap(), sandbox.ca_certificate_pem().unwrap());
    drop(sandbox);
    assert!(!ca_file.exists());
}

#[test]
fn an_env_file_replaces_the_old_one_at_once_and_is_private() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("sandbox.env");
    fs::write(&file, "OLD=1\n").unwrap();
    write_env_file(&file, &[("A".to_owned(), "b c".to_owned())]).unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "A='b c'\n");
    assert_eq!(mode(&file), 0o600);
    assert_eq!(files_below(folder.path()), [file]);
}
