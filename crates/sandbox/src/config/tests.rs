use proptest::prelude::*;

use super::*;

#[test]
fn a_file_without_projects_keeps_the_demo_project() {
    let config = Config::from_json(r#"{"generation": "old"}"#).unwrap();
    assert_eq!(config.generation, Generation::Old);
    assert_eq!(config.policies, Config::default().policies);
}

#[test]
fn a_complete_file_is_read() {
    let config = Config::from_json(
        r#"{"organizationId": "7B5A1C2e-0000-4000-8000-00000000000a",
            "tokens": [{"token": "a+b/c", "user": "ci"}],
            "projects": {"P_1": {"signingPolicies": {
                "four": {"key": "p384", "chain": true},
                "five": {"key": "rsa2048", "selfSigned": true},
                "gpg": {"key": "rsa2048", "gpg": true},
                "one": {"key": "rsa2048", "approval": true},
                "two": {"key": "p521", "certificate": true, "subjectAlternativeName": "a@b.example"}}}}}"#,
    )
    .unwrap();
    assert_eq!(config.tokens, [ApiToken { token: "a+b/c".into(), user: "ci".into() }]);
    assert_eq!(
        config.policies,
        [
            PolicyConfig::new("P_1/five", KeyType::Rsa2048).self_signed(),
            PolicyConfig::new("P_1/four", KeyType::P384).chain(),
            PolicyConfig::new("P_1/gpg", KeyType::Rsa2048).gpg(),
            PolicyConfig::new("P_1/one", KeyType::Rsa2048).approval(),
            PolicyConfig::new("P_1/two", KeyType::P521).subject_alternative_name("a@b.example"),
        ]
    );
}

#[test]
fn the_readme_s_example_is_a_configuration() {
    let (_, from) = include_str!("../../README.md").split_once("```json\n").unwrap();
    let (example, _) = from.split_once("```").unwrap();
    let config = Config::from_json(example).unwrap();
    let images = ArtifactConfiguration::new(SignatureForm::Dsse).paths(["images/*.json"]);
    let initial = ArtifactConfiguration::new(SignatureForm::Raw);
    // Not said, as the key is not RSA.
    let unpadded = |configuration| ArtifactConfiguration { rsa_padding: None, ..configuration };
    let policy = PolicyConfig::new("demo/release", KeyType::P256)
        .subject_alternative_name("release@example.com")
        .artifact_configuration("initial", unpadded(initial))
        .artifact_configuration("images", unpadded(images))
        .allowed_repositories(["registry.example/team/*"])
        .inject("approved-by", "sandbox");
    assert_eq!(config.policies, [policy]);
}

#[test]
fn what_cannot_be_is_refused_with_a_reason() {
    for (text, reason) in [
        ("{", "EOF"),
        (r#"{"organisationId": "x"}"#, "unknown field `organisationId`"),
        (r#"{"organizationId": "x"}"#, "UUID"),
        (r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "p192"}}}}}"#, "p192"),
        (r#"{"projects": {"a": {"signingPolicies": {"../b": {"key": "p256"}}}}}"#, "no slug"),
        (r#"{"projects": {"": {"signingPolicies": {"b": {"key": "p256"}}}}}"#, "no slug"),
        (r#"{"tokens": [{"token": "a b", "user": "u"}]}"#, "header"),
        (r#"{"tokens": [{"token": "a", "user": "u"}, {"token": "a", "user": "v"}]}"#, "twice"),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "p256", "subjectAlternativeName": "x@y"}}}}}"#,
            "needs \"certificate\": true",
        ),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "p256", "gpg": true}}}}}"#,
            "a/b: a gpg key is rsa2048, rsa3072 or rsa4096",
        ),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "rsa2048", "chain": true, "selfSigned": true}}}}}"#,
            "a/b: nothing is above",
        ),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "rsa2048", "gpg": true, "chain": true}}}}}"#,
            "a/b: a gpg key has no certificate",
        ),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "rsa2048", "artifactConfigurations": {"c": {"form": "raw"}}}}}}}"#,
            "a/b: artifact configuration c: rsaPadding is mandatory for an RSA key; allowed: pkcs1, pss",
        ),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "p256", "artifactConfigurations": {"c": {"form": "raw", "paths": []}}}}}}}"#,
            "paths names no file",
        ),
        (
            r#"{"projects": {"a": {"signingPolicies": {"b": {"key": "p256", "artifactConfigurations": {"c": {"form": "raw", "hashAlgorithm": "sha1"}}}}}}}"#,
            "sha1",
        ),
    ] {
        let message = Config::from_json(text).unwrap_err();
        assert!(message.contains(reason), "{text}: {message}");
    }
}

proptest! {
    #[test]
    fn any_text_is_a_configuration_or_an_error(text in ".{0,200}") {
        prop_assert!(Config::from_json(&text).is_err());
    }

    #[test]
    fn a_slug_can_never_leave_its_folder(slug in any::<String>()) {
        let policy = PolicyConfig { slug: slug.clone(), ..PolicyConfig::new("p/a", KeyType::P256) };
        let config = Config { policies: vec![policy], ..Config::default() };
        if config.check().is_ok() {
            prop_assert!(!slug.is_empty() && !slug.contains(['/', '.', '\0']));
        }
    }
}
