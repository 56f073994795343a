//! Secrets of other programs: what stands beside ours in command lines and in the variables of CI systems.

use super::secret::Secret;

/// In command lines: special characters of URIs, shells and Base64.
pub(super) const PASSWORD: &str = "Zq7p4ssw0rd+w8K/3vTn==";
/// In the places of URLs, where it needs no escape.
pub(super) const USER_INFO: &str = "Yx9UserInfoSecretT7";
/// In the variables of CI systems.
const CI_TOKEN: &str = "ghs_Wv3CiTokenQ8zLm5";

pub(super) fn secrets() -> Vec<Secret> {
    let rows =
        [("a password", PASSWORD), ("a URL's user", USER_INFO), ("a CI system's token", CI_TOKEN)];
    rows.map(|(what, text)| Secret::new(what, text)).to_vec()
}

/// Programs and the words they are started with. `{S}` stands for [`PASSWORD`], `{U}` for [`USER_INFO`], `{T}` for our token as it is,
/// `{P}` for it percent-encoded.
const COMMAND_LINES: &[(&str, &str)] = &[
    (
        "cosign",
        "sign --yes --key pkcs11:token=SignPath;object=demo/ec?module-path=/m.so&pin-value={P} --registry-username me \
         --registry-password {S} --registry-token={S} --identity-token {S} -a by={T} -a at=https://{U}@host/x image@sha256:00",
    ),
    (
        "cosign",
        "pkcs11-tool list-keys-uris --module-path /m.so --slot-id 1 --pin {S} --timestamp-server-url https://me:{U}@tsa/?t={S}",
    ),
    (
        "jarsigner",
        "-keystore NONE -storepass {S} -keypass {S} -storetype PKCS11 -J-Dx.password={S} -Dx.password={S} a.jar demo/ec",
    ),
    (
        "openssl",
        "dgst -sha256 -sign pkcs11:object=demo/ec;pin-value={P} -passin pass:{S} -passout pass:{S} -out s blob",
    ),
    (
        "openssl",
        "pkeyutl -sign -inkey pkcs11:object=demo/ec?pin-value={P} -passin=pass:{S} -pkeyopt x:{S}",
    ),
    (
        "pkcs11-tool",
        "--module /m.so --login --pin {S} -p {S} --so-pin={S} --new-pin {S} --sign -m ECDSA",
    ),
    (
        "osslsigncode",
        "sign -pkcs11module /m.so -key pkcs11:object=a?pin-value={P} -pass {S} -readpass {S} in out",
    ),
    ("gpg", "--batch --passphrase {S} --local-user me --detach-sign a"),
    (
        "gradle",
        "sign -Psigning.password={S} -Dx.password={S} --api-key {S} password={S} {T} https://me:{U}@host/?key={S} {S}",
    ),
];

/// Each program, with words of ours in the places of the letters.
pub(super) fn command_lines(token: &str) -> Vec<(&'static str, Vec<String>)> {
    let encoded = token.replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    let rows = [("{S}", PASSWORD), ("{U}", USER_INFO), ("{T}", token), ("{P}", &encoded)];
    let filled = |word: &str| {
        rows.iter().fold(word.to_owned(), |word, (letter, text)| word.replace(letter, text))
    };
    let row = |(program, line): &(&'static str, &str)| {
        (*program, line.split_whitespace().map(filled).collect())
    };
    COMMAND_LINES.iter().map(row).collect()
}

/// The variables of each CI system's runs that hold a secret, `{S}`, and those that say what is told.
pub(super) const CI: &[(&str, &[(&str, &str)])] = &[
    (
        "GITHUB_ACTIONS",
        &[
            ("GITHUB_TOKEN", "{S}"),
            ("ACTIONS_RUNTIME_TOKEN", "{S}"),
            ("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "{S}"),
            ("ACTIONS_ID_TOKEN_REQUEST_URL", "https://host/?token={S}"),
            ("GITHUB_SERVER_URL", "https://me:{S}@github.example/"),
            ("GITHUB_REPOSITORY", "told/repository"),
        ],
    ),
    (
        "GITLAB_CI",
        &[
            ("CI_JOB_TOKEN", "{S}"),
            ("CI_REGISTRY_PASSWORD", "{S}"),
            ("CI_DEPLOY_PASSWORD", "{S}"),
            ("CI_REPOSITORY_URL", "https://gitlab-ci-token:{S}@gitlab.example/a.git"),
            ("CI_SERVER_URL", "https://gitlab-ci-token:{S}@gitlab.example"),
            ("CI_JOB_URL", "https://gitlab.example/job?private_token={S}#{S}"),
            ("CI_PROJECT_PATH", "told/repository"),
        ],
    ),
    (
        "TF_BUILD",
        &[
            ("SYSTEM_ACCESSTOKEN", "{S}"),
            ("SYSTEM_COLLECTIONURI", "https://{S}@dev.azure.example/me/"),
            ("BUILD_REPOSITORY_URI", "https://me:{S}@dev.azure.example/told/repository"),
        ],
    ),
    (
        "JENKINS_URL",
        &[
            ("JENKINS_URL", "https://me:{S}@jenkins.example/"),
            ("GIT_URL", "me:{S}@git.example:told/repository.git"),
            ("GIT_PASSWORD", "{S}"),
            ("BUILD_URL", "https://me:{S}@jenkins.example/job/1?token={S}"),
        ],
    ),
    (
        "TEAMCITY_VERSION",
        &[
            ("TEAMCITY_AUTH_PASSWORD", "{S}"),
            ("BUILD_URL", "https://me:{S}@teamcity.example/told/repository?token={S}"),
        ],
    ),
];

/// The variables of a row of [`CI`].
pub(super) fn ci_run((mark, variables): &(&str, &[(&str, &str)])) -> Vec<(String, String)> {
    let mark = ((*mark).to_owned(), "true".to_owned());
    let filled =
        |(name, value): &(&str, &str)| ((*name).to_owned(), value.replace("{S}", CI_TOKEN));
    [mark].into_iter().chain(variables.iter().map(filled)).collect()
}
