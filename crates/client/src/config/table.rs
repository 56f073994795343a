//! The table of settings: names, defaults, what is allowed, what it is for. Reading, checking, reporting and
//! docs/configuration.md follow it.

use super::setting::{Form, LeftOut, ROW, Secrecy, Setting};
use super::value;
use super::{api_url, cosign, identity, pin, proxy, token};
use crate::log::LEVELS;
use crate::metadata::DETAILS;

/// The environment variable that names the configuration file.
pub const CONFIG_FILE: &str = "SIGNPATH_CONFIG_FILE";

/// The key of the list of further organizations.
pub(super) const ORGANIZATIONS: &str = "Organizations";

const SLUG: &str = "letters, digits, - and _";
const LEVEL: &str = "none, fatal, error, warning, info, debug or verbose";
const SECONDS: &str = "seconds, more than 0 and at most 3600";
const PROXY: &str =
    "host:port or http://host:port, with user:password@ before the host if it needs them";

/// Every setting: where it may stand, what it may be, what it does.
pub const SETTINGS: &[Setting] = &[
    Setting {
        environment: &[CONFIG_FILE],
        allowed: "the path of a JSON file",
        about: "The configuration file; the environment wins over it",
        ..ROW
    },
    Setting {
        json: &["OrganizationId"],
        environment: &["SIGNPATH_ORGANIZATION_ID"],
        secrecy: Secrecy::Taken,
        allowed: "a UUID",
        about: "The organization at SignPath",
        in_entry: Some(LeftOut::Mandatory),
        apply: |config, text| value::organization(text).map(|id| config.organization = Some(id)),
        ..ROW
    },
    Setting {
        json: &["ApiToken", "CIUserToken"],
        environment: &["SIGNPATH_API_TOKEN", "SIGNPATH_CI_USER_TOKEN"],
        form: Form::TextOrCommand,
        secrecy: Secrecy::Secret,
        allowed: "the token; file:/absolute/path of a file that holds it; or, in the configuration file, a list of a program's absolute path and its arguments, whose output it is",
        about: "The API token of a user who is a submitter",
        in_entry: Some(LeftOut::Mandatory),
        apply: token::apply,
        apply_list: token::apply_list,
        ..ROW
    },
    Setting {
        json: &["ApiUrl"],
        environment: &["SIGNPATH_API_URL"],
        default: api_url::DEFAULT,
        secrecy: Secrecy::UserInfo,
        allowed: "an https URL, or an http URL of this machine (localhost, 127.x.x.x, ::1)",
        about: "The API of the service",
        in_entry: Some(LeftOut::Outer),
        apply: |config, text| text.parse().map(|url| config.api_url = url),
        ..ROW
    },
    Setting {
        json: &["TokenLabel"],
        environment: &["SIGNPATH_TOKEN_LABEL"],
        default: "SignPath",
        allowed: "1 to 32 bytes of text",
        about: "The label of the token (`token=` in a PKCS #11 URI)",
        in_entry: Some(LeftOut::Numbered),
        apply: |config, text| value::label(text).map(|label| config.token_label = label),
        ..ROW
    },
    Setting {
        json: &[ORGANIZATIONS],
        form: Form::List,
        secrecy: Secrecy::Secret,
        allowed: "a list of objects, each with OrganizationId and ApiToken",
        about: "Further organizations, each with a slot of its own (below)",
        ..ROW
    },
    Setting {
        json: &["Cryptoki.Certificates"],
        environment: &["SIGNPATH_CRYPTOKI_CERTIFICATES"],
        default: "auto",
        allowed: "auto, always or never",
        about: "Whether certificates are shown; auto hides them from cosign alone",
        apply: |config, text| {
            value::word(text, value::CERTIFICATES).map(|shown| config.certificates = shown)
        },
        ..ROW
    },
    Setting {
        json: &["IncludeDummyX509CertificateForGpgKeys"],
        environment: &["SIGNPATH_INCLUDE_DUMMY_X509CERTIFICATE_FOR_GPG_KEYS"],
        default: "false",
        form: Form::Flag,
        allowed: value::FLAG,
        about: "Whether keys without an X.509 certificate (GPG keys) get a placeholder, for programs that know keys by their certificates",
        apply: |config, text| value::flag(text).map(|shown| config.dummy_certificates = shown),
        ..ROW
    },
    Setting {
        json: &["ProjectSlug"],
        environment: &["SIGNPATH_PROJECT_SLUG"],
        allowed: SLUG,
        about: "Show only keys of this project",
        in_entry: Some(LeftOut::Unset),
        apply: |config, text| value::slug(text).map(|slug| config.project = Some(slug)),
        ..ROW
    },
    Setting {
        json: &["SigningPolicySlug"],
        environment: &["SIGNPATH_SIGNING_POLICY_SLUG"],
        allowed: SLUG,
        about: "Show only keys of signing policies with this slug",
        in_entry: Some(LeftOut::Unset),
        apply: |config, text| value::slug(text).map(|slug| config.signing_policy = Some(slug)),
        ..ROW
    },
    Setting {
        json: &["TlsCaCertificate"],
        environment: &["SIGNPATH_TLS_CA_CERTIFICATE"],
        allowed: "the path of a PEM file",
        about: "Roots to trust beside the system's",
        apply: |config, text| value::path(text).map(|path| config.tls_ca_certificate = Some(path)),
        ..ROW
    },
    Setting {
        json: &["TlsClientCertificate"],
        environment: &["SIGNPATH_TLS_CLIENT_CERTIFICATE"],
        allowed: "the path of a PEM file with the certificate and its chain, or of a PKCS #12 file (DER, PBES2)",
        about: "Our certificate towards the service or a gateway before it, and its private key if TlsClientKey is not set",
        apply: |config, text| {
            value::path(text).map(|path| config.tls_client_certificate = Some(path))
        },
        ..ROW
    },
    Setting {
        json: &["TlsClientKey"],
        environment: &["SIGNPATH_TLS_CLIENT_KEY"],
        allowed: "the path of a PEM file",
        about: "The private key of TlsClientCertificate",
        apply: |config, text| value::path(text).map(|path| config.tls_client_key = Some(path)),
        ..ROW
    },
    Setting {
        json: &["TlsClientCertificatePassword"],
        environment: &["SIGNPATH_TLS_CLIENT_CERTIFICATE_PASSWORD"],
        secrecy: Secrecy::Secret,
        allowed: "the password, or file:/absolute/path of a file that holds it",
        about: "The password of the PKCS #12 file, or of an encrypted private key",
        apply: identity::apply_password,
        ..ROW
    },
    Setting {
        json: &["TlsServerKeySha256"],
        environment: &["SIGNPATH_TLS_SERVER_KEY_SHA256"],
        allowed: pin::ALLOWED,
        about: "The keys that the server may have, besides a certificate that is trusted",
        apply: |config, text| pin::list(text).map(|keys| config.tls_server_keys = keys),
        ..ROW
    },
    Setting {
        json: &["HttpProxy"],
        secrecy: Secrecy::UserInfo,
        allowed: PROXY,
        about: "The proxy; wins over the variables below",
        apply: |config, text| text.parse().map(|url| config.proxy.configured = Some(url)),
        ..ROW
    },
    Setting {
        environment: &["https_proxy", "HTTPS_PROXY"],
        secrecy: Secrecy::UserInfo,
        allowed: PROXY,
        about: "The proxy for https",
        apply: |config, text| text.parse().map(|url| config.proxy.https = Some(Ok(url))),
        postpone: Some(|config, error| config.proxy.https = Some(Err(error))),
        ..ROW
    },
    Setting {
        // HTTP_PROXY is not read: a CGI server sets it from the request header `Proxy`, which anybody can send.
        environment: &["http_proxy"],
        secrecy: Secrecy::UserInfo,
        allowed: PROXY,
        about: "The proxy if https_proxy is not set",
        apply: |config, text| text.parse().map(|url| config.proxy.http = Some(Ok(url))),
        postpone: Some(|config, error| config.proxy.http = Some(Err(error))),
        ..ROW
    },
    Setting {
        environment: &["no_proxy", "NO_PROXY"],
        allowed: "host names, domains, addresses and address ranges, separated by commas; * for all",
        about: "Hosts that are reached without a proxy; this machine always is",
        apply: |config, text| {
            config.proxy.bypass = proxy::bypass_list(text);
            Ok(())
        },
        ..ROW
    },
    Setting {
        json: &["HttpRequestTimeoutInSeconds", "Timeouts.HttpRequest"],
        environment: &[
            "SIGNPATH_HTTP_REQUEST_TIMEOUT_IN_SECONDS",
            "SIGNPATH_TIMEOUTS_HTTP_REQUEST",
        ],
        default: "30",
        form: Form::Number,
        allowed: SECONDS,
        about: "The time one attempt may take",
        apply: |config, text| value::seconds(text).map(|time| config.request_timeout = time),
        ..ROW
    },
    Setting {
        json: &["ServiceUnavailableTimeoutInSeconds"],
        environment: &["SIGNPATH_SERVICE_UNAVAILABLE_TIMEOUT_IN_SECONDS"],
        // SignPath's own 600 s would outlive cosign's time-out of 3 minutes.
        default: "150",
        form: Form::Number,
        allowed: SECONDS,
        about: "The time one call may take over all its attempts",
        apply: |config, text| value::seconds(text).map(|time| config.total_timeout = time),
        ..ROW
    },
    Setting {
        json: &["Timeouts.FirstRetryDelay"],
        environment: &["SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY"],
        default: "1.16",
        form: Form::Number,
        allowed: SECONDS,
        about: "The longest pause before the second attempt; doubled for each further one",
        apply: |config, text| value::seconds(text).map(|time| config.first_retry_delay = time),
        ..ROW
    },
    Setting {
        json: &["Timeouts.RetryCount"],
        environment: &["SIGNPATH_TIMEOUTS_RETRY_COUNT"],
        form: Form::Number,
        allowed: "a whole number from 0 to 1000",
        about: "How often a call is repeated at most; not set: as often as the time allows",
        apply: |config, text| value::count(text).map(|count| config.retry_count = Some(count)),
        ..ROW
    },
    Setting {
        json: &["Metadata"],
        environment: &["SIGNPATH_METADATA"],
        default: "full",
        allowed: "full, basic or none",
        about: "What the service is told of this process: command line (secrets hidden), user and system; program and system; nothing",
        apply: |config, text| value::word(text, DETAILS).map(|detail| config.metadata = detail),
        ..ROW
    },
    Setting {
        json: &["Cosign.Via"],
        environment: &["SIGNPATH_COSIGN_VIA"],
        allowed: cosign::VIA,
        about: "How images are signed: by the message's hash, or by a file-based signing request with the message itself; not set: hash for cosign's KMS plugin, request for `signpath-cosign sign`",
        apply: |config, text| {
            value::word(text, cosign::VIAS).map(|via| config.cosign.via = Some(via))
        },
        ..ROW
    },
    Setting {
        json: &["Cosign.Form"],
        environment: &["SIGNPATH_COSIGN_FORM"],
        default: "raw",
        allowed: cosign::FORM,
        about: "What such a request is given: the exact message for a raw signature, or the statement for a DSSE envelope",
        apply: |config, text| {
            value::word(text, cosign::FORMS).map(|form| config.cosign.form = form)
        },
        ..ROW
    },
    Setting {
        json: &["Cosign.File"],
        environment: &["SIGNPATH_COSIGN_FILE"],
        default: "payload.json",
        allowed: cosign::FILE,
        about: "The file's path in the zip of such a request, as the artifact configuration names it",
        apply: |config, text| cosign::file(text).map(|file| config.cosign.file = file),
        ..ROW
    },
    Setting {
        json: &["ArtifactConfigurationSlug"],
        environment: &["SIGNPATH_ARTIFACT_CONFIGURATION_SLUG"],
        allowed: SLUG,
        about: "The artifact configuration of signing requests of plugin and `signpath-cosign`; not set: the project's default",
        apply: |config, text| {
            value::slug(text).map(|slug| config.cosign.artifact_configuration = Some(slug))
        },
        ..ROW
    },
    Setting {
        json: &["Description"],
        environment: &["SIGNPATH_DESCRIPTION"],
        allowed: cosign::DESCRIPTION,
        about: "The description of signing requests of plugin and `signpath-cosign`",
        apply: |config, text| {
            cosign::description(text).map(|text| config.cosign.description = Some(text))
        },
        ..ROW
    },
    Setting {
        json: &["Parameters"],
        environment: &["SIGNPATH_PARAMETERS"],
        allowed: cosign::PARAMETERS,
        about: "User-defined parameters of file-based signing requests",
        apply: |config, text| {
            cosign::parameters(text).map(|parameters| config.cosign.parameters = parameters)
        },
        ..ROW
    },
    Setting {
        json: &["SigningRequestId"],
        environment: &["SIGNPATH_SIGNING_REQUEST_ID"],
        allowed: "a UUID",
        about: "The file-based signing request that the plugin goes on waiting for, instead of making another one",
        apply: |config, text| {
            cosign::request_id(text).map(|id| config.cosign.signing_request = Some(id))
        },
        ..ROW
    },
    Setting {
        json: &["Log.Console.Level"],
        environment: &["SIGNPATH_LOG_CONSOLE_LEVEL"],
        default: "error",
        allowed: LEVEL,
        about: "What is logged on standard error",
        apply: |config, text| value::word(text, LEVELS).map(|level| config.log.console = level),
        ..ROW
    },
    Setting {
        json: &["Log.Console.OutputStream"],
        environment: &["SIGNPATH_LOG_CONSOLE_OUTPUT_STREAM"],
        default: "stderr",
        allowed: "stderr; stdout is accepted and writes to standard error, too",
        about: "Accepted for SignPath's sake: standard output belongs to the host program",
        apply: value::output_stream,
        ..ROW
    },
    Setting {
        json: &["Log.File.Level"],
        environment: &["SIGNPATH_LOG_FILE_LEVEL"],
        default: "none",
        allowed: LEVEL,
        about: "What is logged in a file",
        apply: |config, text| value::word(text, LEVELS).map(|level| config.log.file = level),
        ..ROW
    },
    Setting {
        json: &["Log.File.Directory"],
        environment: &["SIGNPATH_LOG_FILE_DIRECTORY"],
        default: "/tmp/SignPathLogs",
        allowed: "the path of a folder",
        about: "The folder of the log file",
        apply: |config, text| value::path(text).map(|path| config.log.directory = path),
        ..ROW
    },
    Setting {
        json: &["Cryptoki.DoNotFailOnReadWriteSessions"],
        environment: &["SIGNPATH_CRYPTOKI_DO_NOT_FAIL_ON_READ_WRITE_SESSIONS"],
        form: Form::Flag,
        allowed: value::FLAG,
        about: "Accepted for SignPath's sake: read/write sessions never fail here",
        apply: value::read_write_sessions,
        ..ROW
    },
];

/// The keys that the configuration file may have.
pub(super) fn keys() -> Vec<&'static str> {
    SETTINGS.iter().flat_map(|setting| setting.json).copied().collect()
}
