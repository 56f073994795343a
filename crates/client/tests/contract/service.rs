//! The services that the contract is held against: the sandbox always, and the real one where variables name it.

use std::{env, ffi::OsString, path::Path, sync::Once};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;
use signpath_client::{Client, Config, config::HostProgram};
use signpath_sandbox::{KeyMaterial, Sandbox};

/// What the variables of the real service begin with; `ORGANIZATION_ID`, `API_TOKEN` and `API_URL` follow, as in
/// `SIGNPATH_…` itself.
const REAL: &str = "SIGNPATH_CONTRACT_";

/// A signing policy that an assumption is about: the rest of the variable that names it as `project/policy`, and the
/// sandbox's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needs(&'static str, &'static str);

/// An RSA key.
pub(crate) const RSA: Needs = Needs("RSA_POLICY", "demo/rsa");
/// A key on P-256.
pub(crate) const EC: Needs = Needs("EC_POLICY", "demo/ec");
/// One with an approval process.
pub(crate) const APPROVAL: Needs = Needs("APPROVAL_POLICY", "demo/approval");
/// One whose default artifact configuration signs `payload.json` in a zip.
pub(crate) const FILES: Needs = Needs("FILE_POLICY", "demo/ec");

/// A service, and a policy of it.
pub(crate) struct Service {
    settings: Vec<(String, String)>,
    pub(crate) project: String,
    pub(crate) policy: String,
    /// Kept as long as it is asked.
    _sandbox: Option<Sandbox>,
}

/// An answer, its body complete.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) kind: String,
    pub(crate) location: String,
    pub(crate) body: Vec<u8>,
}

/// Checks an assumption against the sandbox and, where it is named, the real service; where it is not, that is said.
pub(crate) fn holds(assumption: &str, needs: Needs, check: impl Fn(&Service)) {
    check(&Service::sandbox(needs));
    match Service::real(needs) {
        Ok(service) => check(&service),
        Err(missing) => {
            println!("not run: {assumption}, at the real service ({missing} is not set)")
        }
    }
}

impl Service {
    fn sandbox(needs: Needs) -> Self {
        let keys = Path::new(env!("CARGO_TARGET_TMPDIR")).join("sandbox-keys");
        let sandbox = Sandbox::builder().keys(KeyMaterial::Cached(keys)).start();
        let sandbox = sandbox.expect("a sandbox");
        Self::of(sandbox.environment(), needs.1, Some(sandbox))
    }

    fn real(needs: Needs) -> Result<Self, String> {
        let read = |name: &str| {
            let name = format!("{REAL}{name}");
            variable(&name).filter(|value| !value.is_empty()).ok_or(name)
        };
        let names = ["ORGANIZATION_ID", "API_TOKEN", "API_URL"];
        let settings: Result<_, String> =
            names.iter().map(|name| Ok((format!("SIGNPATH_{name}"), read(name)?))).collect();
        Ok(Self::of(settings?, &read(needs.0)?, None))
    }

    fn of(settings: Vec<(String, String)>, policy: &str, sandbox: Option<Sandbox>) -> Self {
        let (project, policy) = policy.split_once('/').expect("project/policy");
        let (project, policy) = (project.to_owned(), policy.to_owned());
        Self { settings, project, policy, _sandbox: sandbox }
    }

    fn setting(&self, name: &str) -> &str {
        let row = self.settings.iter().find(|(known, _)| known == name);
        row.map(|(_, value)| &**value).expect("it is set")
    }

    /// The client that all programs have.
    pub(crate) fn client(&self) -> Client {
        let environment = |name: &str| {
            let row = self.settings.iter().find(|(known, _)| known == name);
            row.map(|(_, value)| OsString::from(value))
        };
        let config = Config::from_sources(environment, HostProgram::named("contract"));
        let config = config.expect("the settings can be used");
        Client::new(&config, config.credentials().expect("both are set"))
    }

    /// A request to a path below the organization's, with the token.
    pub(crate) fn call(&self, method: Method, path: &str) -> RequestBuilder {
        let organization = self.setting("SIGNPATH_ORGANIZATION_ID");
        let call = self.bare(method, &format!("v1/{organization}/{path}"));
        call.bearer_auth(self.setting("SIGNPATH_API_TOKEN"))
    }

    /// A request to a path below `ApiUrl`, without a token.
    pub(crate) fn bare(&self, method: Method, path: &str) -> RequestBuilder {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            rustls::crypto::ring::default_provider().install_default().expect("there was none");
        });
        let url = format!("{}/{path}", self.setting("SIGNPATH_API_URL").trim_end_matches('/'));
        reqwest::Client::builder().no_proxy().build().expect("a client").request(method, url)
    }

    /// `POST SigningRequests/SignHash` for the policy, with this below `hashSigningData`.
    pub(crate) fn sign_hash(&self, data: &Value) -> Answer {
        let body = serde_json::json!({
            "projectSlug": self.project,
            "signingPolicySlug": self.policy,
            "hashSigningData": data,
        });
        self.post_json("SigningRequests/SignHash", &body)
    }

    pub(crate) fn post_json(&self, path: &str, body: &Value) -> Answer {
        let call = self.call(Method::POST, path).header("content-type", "application/json");
        answer(call.body(body.to_string()))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        answer(self.call(Method::GET, path))
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text)
            .unwrap_or_else(|error| panic!("{error}: {}: {text}", self.status))
    }

    /// A refusal as a problem (RFC 9457), with the texts of this field.
    #[track_caller]
    pub(crate) fn problem(&self, field: &str) -> String {
        assert_eq!((self.status, &*self.kind), (400, "application/problem+json"));
        let problem = self.json();
        assert!(problem["title"].is_string() && problem["traceId"].is_string(), "{problem}");
        problem["errors"][field].to_string()
    }
}

/// Sends it and reads the whole answer.
pub(crate) fn answer(call: RequestBuilder) -> Answer {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let answer = call.send().await.expect("an answer");
        let header = |name: &str| {
            let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let kind = header("content-type").split(';').next().unwrap_or_default().to_owned();
        let (status, location) = (answer.status().as_u16(), header("location"));
        let body = answer.bytes().await.expect("a whole answer").to_vec();
        Answer { status, kind, location, body }
    })
}

#[expect(clippy::disallowed_methods, reason = "the suite has variables of its own")]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}
