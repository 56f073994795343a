//! The ways in which a client is given secrets.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::thread;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use signpath_client::config::HostProgram;
use signpath_client::key::{HashToSign, Scheme};
use signpath_client::{Client, Config, Credentials};
use signpath_sandbox::{Builder, Fault, KeyMaterial, KeyType, PolicyConfig, Sandbox};
use tempfile::TempDir;

use crate::freed::Spelling;

/// What is done, and what must not be left of it.
pub(crate) struct Scene {
    pub(crate) secrets: Vec<Spelling>,
    pub(crate) run: Box<dyn FnOnce()>,
}

type Made = fn() -> Scene;

pub(crate) const SCENES: &[(&str, Made)] = &[
    ("a token in a variable", || Stage::new(|builder| builder).signs()),
    ("a token in the configuration file", || {
        let mut stage = Stage::new(|builder| builder);
        let token = stage.take(TOKEN);
        stage.configure(&format!(r#"{{"ApiToken": "{token}"}}"#));
        stage.signs()
    }),
    ("a token in the configuration file, escaped", || {
        let mut stage = Stage::new(|builder| builder);
        let token = stage.take(TOKEN).replace('/', "\\/");
        stage.configure(&format!(r#"{{"ApiToken": "{token}", "Timeouts": {{"RetryCount": 1}}}}"#));
        stage.signs()
    }),
    ("a token in a configuration file that is no JSON", || {
        let mut stage = Stage::new(|builder| builder);
        let token = stage.take(TOKEN);
        stage.configure(&format!(r#"{{"ApiToken": "{token}", "#));
        stage.fails()
    }),
    ("a token in a setting of another kind", || {
        let mut stage = Stage::new(|builder| builder);
        let token = stage.settings[TOKEN].clone();
        stage.configure(&format!(r#"{{"Cryptoki": {{"Certificates": "{token}"}}}}"#));
        stage.fails()
    }),
    ("a token for one of several organizations", || {
        let mut stage = Stage::new(|builder| builder);
        let (token, organization) = (stage.take(TOKEN), stage.take(ORGANIZATION));
        stage.configure(&format!(
            r#"{{"Organizations": [{{"OrganizationId": "{organization}", "ApiToken": "{token}"}}]}}"#
        ));
        stage.signs()
    }),
    ("a token in a file", || {
        let mut stage = Stage::new(|builder| builder);
        let token = stage.take(TOKEN);
        let file = stage.write("token", &format!("{token}\n"));
        stage.set(TOKEN, &format!("file:{file}"));
        stage.signs()
    }),
    ("a token of a program", || {
        let mut stage = Stage::new(|builder| builder);
        let token = stage.take(TOKEN);
        let file = stage.write("token", &format!("{token}\n"));
        stage.configure(&format!(r#"{{"ApiToken": ["/bin/cat", "{file}"]}}"#));
        stage.signs()
    }),
    ("a token in a PIN", || {
        let mut stage = Stage::new(|builder| builder);
        let pin = format!("{}:{}", stage.take(ORGANIZATION), stage.take(TOKEN));
        stage.pin = Some(pin);
        stage.signs()
    }),
    ("a token that is refused", || {
        let stage = Stage::new(|builder| builder);
        stage.sandbox.inject(Fault::anywhere().status(401).always());
        stage.fails()
    }),
    ("a token for a service that is busy", || {
        let stage = Stage::new(|builder| builder);
        stage.sandbox.inject(Fault::anywhere().status(503));
        stage.signs()
    }),
    ("a token for a service that is not there", || {
        let stage = Stage::new(|builder| builder);
        stage.sandbox.stop();
        stage.fails()
    }),
    ("a token that cannot be one", || {
        let mut stage = Stage::new(|builder| builder);
        let token = format!("{} with spaces", stage.take(TOKEN));
        stage.set(TOKEN, &token);
        stage.fails()
    }),
    ("a token over TLS, HTTP/1", || Stage::new(|builder| builder.tls().http1_only()).signs()),
    ("a token over TLS, HTTP/2", || Stage::new(Builder::tls).signs()),
    ("a client's key in PEM", || {
        let mut stage = Stage::new(Builder::require_client_certificate);
        let pem = stage.sandbox.client_certificate_pem().unwrap();
        stage.add_key(&pem);
        let file = stage.write("client.pem", &pem);
        stage.set("SIGNPATH_TLS_CLIENT_CERTIFICATE", &file);
        stage.signs()
    }),
    ("a client's key in encrypted PEM", || {
        let mut stage = with_password();
        stage.set("SIGNPATH_TLS_CLIENT_CERTIFICATE", &format!("{FILES}/test_server.pem"));
        stage.set("SIGNPATH_TLS_CLIENT_KEY", &format!("{FILES}/identities/pbkdf2-sha256.pem"));
        stage.signs()
    }),
    ("a client's key in PKCS #12", || {
        let mut stage = with_password();
        stage.set("SIGNPATH_TLS_CLIENT_CERTIFICATE", &format!("{FILES}/identities/pbes2.p12"));
        stage.signs()
    }),
    ("a password in a file, of a client's key in PKCS #12", || {
        let mut stage = with_password();
        let password = stage.take(PASSWORD);
        let file = stage.write("password", &password);
        stage.set(PASSWORD, &format!("file:{file}"));
        stage.set("SIGNPATH_TLS_CLIENT_CERTIFICATE", &format!("{FILES}/identities/pbes2.p12"));
        stage.signs()
    }),
    ("a password of a proxy", || {
        let mut stage = Stage::new(Builder::tls);
        let (address, text) = (proxy(), "Pr0xyPassw0rd-of-the-Test");
        stage.add("the proxy's password", text);
        stage
            .add("the proxy's password in Base64", &STANDARD.encode(format!("user:{text}"))[8..32]);
        stage.set("SIGNPATH_API_URL", "https://service.invalid/Api");
        stage.set("https_proxy", &format!("http://user:{text}@{address}"));
        stage.fails()
    }),
];

const ORGANIZATION: &str = "SIGNPATH_ORGANIZATION_ID";
const TOKEN: &str = "SIGNPATH_API_TOKEN";
const PASSWORD: &str = "SIGNPATH_TLS_CLIENT_CERTIFICATE_PASSWORD";

/// The files of the tests of TLS.
const FILES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/tls");

/// A service, the settings of a client, and what is secret of them.
struct Stage {
    sandbox: Sandbox,
    settings: HashMap<String, String>,
    secrets: Vec<Spelling>,
    folder: TempDir,
    pin: Option<String>,
}

impl Stage {
    fn new(change: impl FnOnce(Builder) -> Builder) -> Self {
        let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-keys");
        let builder = Sandbox::builder().keys(KeyMaterial::Cached(keys));
        let builder = builder.policies([PolicyConfig::new("demo/ec", KeyType::P256)]);
        let sandbox = change(builder).start().unwrap();
        let settings = sandbox.environment().into_iter().collect();
        let folder = tempfile::tempdir().unwrap();
        let mut stage = Self { sandbox, settings, secrets: Vec::new(), folder, pin: None };
        stage.set("SIGNPATH_TIMEOUTS_FIRST_RETRY_DELAY", "0.01");
        stage.set("SIGNPATH_TIMEOUTS_RETRY_COUNT", "1");
        let token = stage.sandbox.token();
        // From the middle: an allocator may write to the first bytes of a block that is free.
        stage.add("the token", &token[8..28]);
        let bytes = hpack(&format!("Bearer {token}"))[14..30].to_vec();
        stage.secrets.push(Spelling { what: "the token in HTTP/2's coding".to_owned(), bytes });
        stage
    }

    fn set(&mut self, name: &str, value: &str) {
        self.settings.insert(name.to_owned(), value.to_owned());
    }

    fn take(&mut self, name: &str) -> String {
        self.settings.remove(name).unwrap()
    }

    fn add(&mut self, what: &str, text: &str) {
        self.secrets.push(Spelling { what: what.to_owned(), bytes: text.as_bytes().to_vec() });
    }

    /// The secret number of a key on P-256: the last 32 bytes before the public half (RFC 5915), as it stands there and in the
    /// order in which processors keep numbers; and the lines of the file.
    fn add_key(&mut self, pem: &str) {
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
        let number = key.secret_der()[36..68].to_vec();
        let reversed: Vec<_> = number.iter().rev().copied().collect();
        for (what, bytes) in [("the key", &number), ("the key backwards", &reversed)] {
            self.secrets.push(Spelling { what: what.to_owned(), bytes: bytes[6..26].to_vec() });
        }
        let (_, lines) = pem.split_once("PRIVATE KEY-----\n").unwrap();
        self.add("the key in PEM", &lines.lines().nth(1).unwrap()[10..50]);
    }

    fn write(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        path.display().to_string()
    }

    fn configure(&mut self, text: &str) {
        let path = self.write("signpath.json", text);
        self.set("SIGNPATH_CONFIG_FILE", &path);
    }

    fn signs(self) -> Scene {
        self.scene(|stage| assert_eq!(stage.sign().unwrap().len(), 64))
    }

    fn fails(self) -> Scene {
        self.scene(|stage| drop(stage.sign().unwrap_err()))
    }

    fn scene(self, run: fn(&Self)) -> Scene {
        let secrets = self.secrets.clone();
        // What belongs to the test stays where it is.
        let stage: &'static Self = Box::leak(Box::new(self));
        Scene { secrets, run: Box::new(move || run(stage)) }
    }

    fn sign(&self) -> Result<Vec<u8>, signpath_client::Error> {
        let variable = |name: &str| self.settings.get(name).map(OsString::from);
        let config = Config::from_sources(variable, HostProgram::named("test"))?;
        let config = config.into_slots().remove(0);
        let pin = self.pin.as_deref().map(|pin| Credentials::from_pin(pin).unwrap());
        let client = Client::new(&config, pin.or(config.credentials()).unwrap());
        let policies = client.policies()?;
        client.sign_hash(&policies[0], &HashToSign { scheme: Scheme::Ecdsa, hash: vec![7; 32] })
    }
}

fn with_password() -> Stage {
    let mut stage = Stage::new(Builder::tls);
    stage.add_key(&fs::read_to_string(format!("{FILES}/test_server.pem")).unwrap());
    stage.add("the password", "a password");
    stage.set(PASSWORD, "a password");
    stage
}

/// The characters of tokens in the coding of HTTP/2 (RFC 7541, appendix B): in the order of their codes, the first of which
/// and the bits of each stand before them.
const CODES: &[(u32, u32, &str)] = &[
    (0, 5, "012aceiost"),
    (0x14, 6, " %-./3456789=A_bdfghlmnpru"),
    (0x5c, 7, ":BCDEFGHIJKLMNOPQRSTUVWYjkqvwxyz"),
    (0xf8, 8, "&*,;XZ"),
    (0x7fb, 11, "+"),
];

/// The whole bytes of a text in that coding.
fn hpack(text: &str) -> Vec<u8> {
    let mut bits = String::new();
    for character in text.chars() {
        let row = CODES.iter().find_map(|(first, length, all)| {
            let place = u32::try_from(all.find(character)?).unwrap();
            Some((first + place, usize::try_from(*length).unwrap()))
        });
        let (code, length) = row.expect("a character of tokens");
        bits.push_str(&format!("{code:0length$b}"));
    }
    let bytes = bits.as_bytes().chunks_exact(8).map(|byte| str::from_utf8(byte).unwrap());
    bytes.map(|byte| u8::from_str_radix(byte, 2).unwrap()).collect()
}

/// One that takes no password.
fn proxy() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    thread::spawn(move || {
        for mut client in listener.incoming().map_while(Result::ok) {
            let lines = BufReader::new(client.try_clone().unwrap()).lines();
            lines.map_while(Result::ok).take_while(|line| !line.is_empty()).for_each(drop);
            client.write_all(b"HTTP/1.1 407 No\r\ncontent-length: 0\r\n\r\n").ok();
        }
    });
    address
}
