//! What goes wrong while something is secret: a row each.

use signpath_sandbox::{Builder, Fault, Route};

use super::{
    others,
    scene::{By, Scene, TokenIn},
    secret::Secret,
};
use crate::faults::servers::Peer;

/// Where the token may stand, and for whom.
pub(super) const PLACES: &[(TokenIn, &[By])] = &[
    (TokenIn::Variable, &[By::Module, By::Plugin, By::Command]),
    (TokenIn::File, &[By::Module, By::Plugin, By::Command]),
    (TokenIn::Configuration, &[By::Module, By::Plugin, By::Command]),
    (TokenIn::Program, &[By::Module, By::Plugin, By::Command]),
    (TokenIn::Pin, &[By::Module]),
];

/// Something that can go wrong, or nearly.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// Whether there is a signature all the same.
    pub(super) signs: bool,
    pub(super) sandbox: fn(Builder) -> Builder,
    pub(super) made: fn(&mut Scene),
}

/// A row of which the rest is said.
const ROW: Row = Row { name: "", signs: false, sandbox: |builder| builder, made: |_| {} };

pub(super) const ROWS: &[Row] = &[
    Row {
        name: "a refusal that repeats the token as text",
        made: |scene| echo(scene, 400, "text/plain"),
        ..ROW
    },
    Row {
        name: "a refusal that repeats the token",
        made: |scene| echo(scene, 403, PROBLEM),
        ..ROW
    },
    Row {
        name: "a failure that repeats the token",
        made: |scene| echo(scene, 500, PROBLEM),
        ..ROW
    },
    Row {
        name: "a success that repeats the token",
        made: |scene| echo(scene, 200, "application/json"),
        ..ROW
    },
    Row {
        name: "a page that repeats the token",
        made: |scene| echo(scene, 503, "text/html"),
        ..ROW
    },
    Row {
        name: "a redirect to an address with the token",
        made: |scene| {
            let token = scene.sandbox.token().replace('+', "%2B");
            let address = format!("https://me:{token}@elsewhere.invalid/{token}?token={token}");
            scene
                .sandbox
                .inject(Fault::anywhere().status(302).header("location", &address).always());
        },
        ..ROW
    },
    Row {
        name: "no JSON",
        made: |scene| scene.sandbox.inject(Fault::anywhere().garbage().always()),
        ..ROW
    },
    Row {
        name: "a connection that is lost",
        made: |scene| scene.sandbox.inject(Fault::anywhere().drop_before_answer().always()),
        ..ROW
    },
    Row { name: "nobody there", made: |scene| scene.sandbox.stop(), ..ROW },
    Row {
        name: "a signature of another key",
        made: |scene| {
            scene.sandbox.inject(Fault::on(Route::SignHash).other_key().always());
            scene.sandbox.inject(Fault::on(Route::SubmitWithArtifact).other_key().always());
        },
        ..ROW
    },
    Row {
        name: "a token that the service does not know",
        made: |scene| {
            secret_variable(
                scene,
                "SIGNPATH_API_TOKEN",
                "an unknown token",
                "Unkn0wnToken+/xYzAbC=",
            )
        },
        ..ROW
    },
    Row {
        name: "a token with a space in it",
        made: |scene| {
            secret_variable(scene, "SIGNPATH_API_TOKEN", "a broken token", "Br0kenTok3n withASpace")
        },
        ..ROW
    },
    Row {
        name: "a user in the service's address",
        made: |scene| {
            let address =
                scene.sandbox.api_url().replace("//", &format!("//me:{}@", others::USER_INFO));
            scene.set("SIGNPATH_API_URL", &address);
        },
        ..ROW
    },
    Row {
        name: "a user in an address that is none",
        made: |scene| {
            let address = format!("ftp://me:{}@host name/", others::USER_INFO);
            scene.set("SIGNPATH_API_URL", &address);
        },
        ..ROW
    },
    Row {
        name: "an unknown setting with the token, in the configuration",
        made: |scene| scene.settings["ApiTokens"] = scene.sandbox.token().into(),
        signs: true,
        ..ROW
    },
    Row {
        name: "the token in a setting of another kind",
        made: |scene| {
            scene.settings["Cryptoki"] =
                serde_json::json!({ "Certificates": scene.sandbox.token() })
        },
        ..ROW
    },
    Row {
        name: "the token in a list, in a setting of another kind",
        made: |scene| {
            scene.settings["Cryptoki"] =
                serde_json::json!({ "Certificates": [scene.sandbox.token()] })
        },
        ..ROW
    },
    Row {
        name: "the token as the name of a parameter",
        made: |scene| {
            scene.settings["Parameters"] = serde_json::json!(format!("{}=1", scene.sandbox.token()))
        },
        ..ROW
    },
    Row {
        name: "the token as the organization",
        made: |scene| scene.set("SIGNPATH_ORGANIZATION_ID", &scene.sandbox.token()),
        ..ROW
    },
    Row {
        name: "a configuration that is no JSON",
        made: |scene| {
            scene.configuration = Some(format!(r#"{{"ApiToken": "{}" "#, scene.sandbox.token()));
        },
        ..ROW
    },
    Row {
        name: "a proxy that wants another password",
        made: behind_a_proxy,
        sandbox: Builder::tls,
        ..ROW
    },
    Row {
        name: "a client certificate",
        made: client_certificate,
        sandbox: with_client_certificate,
        signs: true,
    },
    Row {
        name: "a key that the password does not fit",
        made: |scene| {
            client_certificate(scene);
            let key = scene.give("key.pem", ENCRYPTED_KEY);
            scene.set("SIGNPATH_TLS_CLIENT_KEY", &key);
            secret_variable(
                scene,
                "SIGNPATH_TLS_CLIENT_CERTIFICATE_PASSWORD",
                "a password",
                others::PASSWORD,
            );
        },
        sandbox: with_client_certificate,
        ..ROW
    },
];

const PROBLEM: &str = "application/problem+json";

/// Its password is none of the scene's.
const ENCRYPTED_KEY: &str =
    include_str!("../../crates/client/src/http/tls/identities/pbkdf2-sha256.pem");

fn with_client_certificate(builder: Builder) -> Builder {
    builder.require_client_certificate()
}

fn secret_variable(scene: &mut Scene, name: &str, what: &str, text: &str) {
    scene.set(name, text);
    scene.secrets.push(Secret::new(what, text));
}

/// The service repeats what it was sent, as a careless one might.
fn echo(scene: &mut Scene, status: u16, kind: &str) {
    let token = scene.sandbox.token();
    let encoded = token.replace('+', "%2B").replace('/', "%2f").replace('=', "%3D");
    let problem = serde_json::json!({
        "title": format!("Authorization: Bearer {token}"),
        "detail": format!("{token} {encoded} pin-value={encoded} https://me:{encoded}@host"),
        "traceId": token,
        "error": token,
        "link": format!("https://service.invalid/?token={encoded}"),
        "signingPolicies": token,
    });
    let fault = Fault::anywhere().status(status).content_type(kind).header("location", &encoded);
    scene.sandbox.inject(fault.body(problem.to_string()).always());
}

fn behind_a_proxy(scene: &mut Scene) {
    let proxy = Peer::proxy("407 Proxy Authentication Required");
    let address = format!("http://me:{}@{}", others::USER_INFO, proxy.address());
    scene.set("https_proxy", &address);
    scene.set("SIGNPATH_API_URL", "https://service.invalid/Api");
    scene.proxy = Some(proxy);
}

/// Our certificate's private key, in the file that the user has for it.
fn client_certificate(scene: &mut Scene) {
    let pem = scene.sandbox.client_certificate_pem().expect("the server asks for one");
    let (_, key) = pem.split_once("PRIVATE KEY-----\n").expect("its key");
    let lines = key.lines().take_while(|line| !line.starts_with('-'));
    // The first line is the same for all keys of a curve.
    scene.secrets.extend(lines.skip(1).map(|line| Secret::new("the client's key", line)));
    let path = scene.give("client.pem", &pem);
    scene.set("SIGNPATH_TLS_CLIENT_CERTIFICATE", &path);
}
