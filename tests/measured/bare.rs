//! The bare client of bench/, with the requests that the module has made.

use std::process::{Command, Stdio};

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use signpath_sandbox::{Request, Route};

use super::Service;
use crate::harness::variable;

/// A job for the bare client, but for the way it is done.
#[derive(Clone)]
pub(super) struct Bare<'s> {
    service: &'s Service,
    policy: &'static str,
    requests: Vec<Value>,
    http: &'static str,
    checks: bool,
}

impl<'s> Bare<'s> {
    /// Does what the module did at this service last, signing with this policy.
    pub(super) fn at(service: &'s Service, policy: &'static str) -> Self {
        Self { service, policy, requests: requests(service), http: "Two", checks: false }
    }

    pub(super) fn over_http1(self) -> Self {
        Self { http: "One", ..self }
    }

    /// Checks every signature.
    pub(super) fn checking(self) -> Self {
        Self { checks: true, ..self }
    }

    /// Runs it in a way of the job's.
    pub(super) fn run(&self, way: &Value) -> Value {
        let sandbox = &self.service.sandbox;
        let root = sandbox.ca_certificate_pem().expect("it has TLS");
        let root = self.service.place.write("root.pem", root);
        let job = json!({
            "address": sandbox.address().to_string(),
            "root": root,
            "http": self.http,
            "requests": self.requests,
            "way": way,
            "check": self.checks.then(|| self.check()),
        });
        let program = variable("SIGNPATH_BENCH_BARE_CLIENT").expect("scripts/bench builds it");
        let mut command = Command::new(program);
        let output = command.arg(job.to_string()).stdin(Stdio::null()).output();
        let output = output.expect("the bare client runs");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the bare client: {said}");
        serde_json::from_slice(&output.stdout).expect("what it measured")
    }

    fn check(&self) -> Value {
        let key = self.service.sandbox.public_key_pem(self.policy).expect("it has the policy");
        let (scheme, digest) = super::caller::signed_with(self.policy);
        json!({ "key": key, "scheme": scheme, "digest": STANDARD.encode(digest) })
    }
}

/// The list of policies, and the signature.
fn requests(service: &Service) -> Vec<Value> {
    let requests = service.sandbox.requests();
    let newest = |is_one: &dyn Fn(&Request) -> bool| {
        let found = requests.iter().rev().find(|request| is_one(request));
        as_job(found.expect("the module has made such a request"))
    };
    let lists = |request: &Request| request.route == Some(Route::MySigningPolicies);
    let signs = |request: &Request| request.method == "POST" && !lists(request);
    vec![newest(&lists), newest(&signs)]
}

fn as_job(request: &Request) -> Value {
    let left_to_http = ["host", "content-length"];
    let headers = request.headers.iter().filter(|(name, _)| !left_to_http.contains(&&**name));
    let query =
        if request.query.is_empty() { String::new() } else { format!("?{}", request.query) };
    json!({
        "method": request.method,
        "path": format!("{}{query}", request.path),
        "headers": headers.cloned().collect::<std::collections::BTreeMap<_, _>>(),
        "body": STANDARD.encode(&request.body),
    })
}
