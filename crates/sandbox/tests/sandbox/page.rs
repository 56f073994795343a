//! The page at `webLink`: what it shows, and whom it obeys.

use signpath_sandbox::{KeyType, PolicyConfig, Sandbox, SigningRequestStatus};

use crate::{
    fixture::{builder, sandbox},
    http::{Answer, Call},
    submission::{REPOSITORY, simple_signing, status, submission, submit, zip},
};

/// A request that waits, and the path and query of its page.
fn waiting(sandbox: &Sandbox, content: &str) -> (String, String) {
    let id = submit(sandbox, "demo/approval", None, &zip(&[("payload.json", content)]));
    let link = sandbox.signing_request(&id).unwrap().web_link;
    let origin = sandbox.api_url().strip_suffix("/Api").unwrap().to_owned();
    (id, link.strip_prefix(&origin).unwrap().to_owned())
}

fn host(sandbox: &Sandbox) -> String {
    sandbox.address().to_string()
}

fn show(sandbox: &Sandbox, target: &str) -> Answer {
    Call::to(sandbox, "GET", target).header("Host", &host(sandbox)).send()
}

/// A press of a button, as a browser sends it.
fn press<'s>(sandbox: &'s Sandbox, target: &str, word: &str) -> Call<'s> {
    let (page, secret) = target.split_once("?secret=").unwrap();
    Call::to(sandbox, "POST", &format!("{page}/{word}"))
        .header("Host", &host(sandbox))
        .header("Origin", &format!("http://{}", host(sandbox)))
        .body("application/x-www-form-urlencoded", format!("secret={secret}"))
}

fn is_waiting(sandbox: &Sandbox, id: &str) -> bool {
    sandbox.signing_request(id).unwrap().status == SigningRequestStatus::WaitingForApproval
}

#[test]
fn the_page_shows_what_is_to_be_signed() {
    let sandbox = sandbox();
    let (id, target) = waiting(&sandbox, &simple_signing(REPOSITORY));
    let page = show(&sandbox, &target);
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let text = page.text();
    for shown in [
        "demo/approval",
        "submitter",
        &id,
        &format!("<dt>Image</dt><dd>{REPOSITORY}</dd>"),
        &format!("<dt>Digest</dt><dd>sha256:{}</dd>", "0a".repeat(32)),
        "    &quot;identity&quot;: {",
        ">Approve</button>",
        ">Deny</button>",
    ] {
        assert!(text.contains(shown), "{shown}: {text}");
    }
    sandbox.approve(&id).unwrap();
    let text = show(&sandbox, &target).text();
    assert!(text.contains("Completed") && !text.contains("<button"), "{text}");
}

#[test]
fn the_page_shows_what_the_policy_puts_in() {
    let policy = PolicyConfig::new("demo/approval", KeyType::P256).approval().inject("run", "r-77");
    let sandbox = builder().policies([policy]).start().unwrap();
    let (_, target) = waiting(&sandbox, &simple_signing(REPOSITORY));
    assert!(show(&sandbox, &target).text().contains("r-77"));
}

#[test]
fn both_buttons_decide_and_lead_back_to_the_page() {
    let sandbox = sandbox();
    for (word, expected) in
        [("Approve", SigningRequestStatus::Completed), ("Deny", SigningRequestStatus::Denied)]
    {
        let (id, target) = waiting(&sandbox, "{}");
        let answer = press(&sandbox, &target, word).send();
        assert_eq!((answer.status, answer.header("location")), (303, Some(target.as_str())));
        assert_eq!(sandbox.signing_request(&id).unwrap().status, expected);
        assert_eq!(press(&sandbox, &target, word).send().status, 409);
    }
    assert!(sandbox.audit().iter().any(|entry| entry.user == "page"));
}

#[test]
fn a_decision_needs_the_secret_the_host_and_the_origin() {
    let sandbox = sandbox();
    let (id, target) = waiting(&sandbox, "{}");
    let (_, other) = waiting(&sandbox, "[]");
    let (page, _) = target.split_once('?').unwrap();
    let foreign_secret = format!("{page}?{}", other.split_once('?').unwrap().1);
    let own = host(&sandbox);
    let port = sandbox.address().port();
    let form = "application/x-www-form-urlencoded";
    for (what, call, expected) in [
        ("a wrong secret", press(&sandbox, &target, "Approve").body(form, "secret=00"), 404),
        ("no secret", press(&sandbox, &target, "Approve").body(form, ""), 404),
        ("another's secret", press(&sandbox, &foreign_secret, "Approve"), 404),
        ("another host", press(&sandbox, &target, "Approve").header("Host", "evil.example"), 403),
        (
            "a name that was pointed here",
            press(&sandbox, &target, "Approve")
                .header("Host", &format!("evil.example:{port}"))
                .header("Origin", &format!("http://evil.example:{port}")),
            403,
        ),
        (
            "another origin",
            press(&sandbox, &target, "Approve").header("Origin", "http://evil.example"),
            403,
        ),
        (
            "another scheme",
            press(&sandbox, &target, "Approve").header("Origin", &format!("https://{own}")),
            403,
        ),
        (
            "another port",
            press(&sandbox, &target, "Approve").header("Origin", "http://127.0.0.1:1"),
            403,
        ),
        ("a hidden origin", press(&sandbox, &target, "Approve").header("Origin", "null"), 403),
        ("no origin", press(&sandbox, &target, "Approve").header("Origin", ""), 403),
        (
            "a link",
            Call::to(&sandbox, "GET", &target.replace('?', "/Approve?")).header("Host", &own),
            405,
        ),
        (
            "another organization",
            press(
                &sandbox,
                &target.replace(&sandbox.organization_id(), "0f3a5c1e-7d2b-4c68-9e10-2b7f6d1c4a55"),
                "Approve",
            ),
            404,
        ),
    ] {
        let answer = call.send();
        assert_eq!(answer.status, expected, "{what}: {}", answer.text());
        assert!(is_waiting(&sandbox, &id), "{what}");
    }
    assert_eq!(press(&sandbox, &target, "Deny").send().status, 303);
}

#[test]
fn reading_needs_the_secret_and_the_host() {
    let sandbox = sandbox();
    let (_, target) = waiting(&sandbox, "{}");
    let (page, _) = target.split_once('?').unwrap();
    assert_eq!(show(&sandbox, page).status, 404);
    assert_eq!(show(&sandbox, &format!("{page}?secret=0")).status, 404);
    let call = |host: &str| Call::to(&sandbox, "GET", &target).header("Host", host).send().status;
    assert_eq!(call("evil.example"), 403);
    assert_eq!(call(&format!("localhost:{}", sandbox.address().port())), 200);
}

#[test]
fn nothing_that_was_submitted_is_markup() {
    let sandbox = sandbox();
    let evil = "</pre><script>alert(1)</script><img src=x onerror='x'>\u{202e}";
    let fields = [
        ("projectSlug", "demo"),
        ("signingPolicySlug", "approval"),
        ("artifactConfigurationSlug", "several"),
        ("description", evil),
        ("parameters.<script>", evil),
    ];
    let artifact = zip(&[("<b>.json", &simple_signing(evil))]);
    let answer = submission(&sandbox, &fields, &artifact).send();
    let id = answer.json()["signingRequestId"].as_str().unwrap().to_owned();
    assert_eq!(status(&sandbox, &id)["status"], "WaitingForApproval");
    let link = sandbox.signing_request(&id).unwrap().web_link;
    let text = show(&sandbox, &link[link.find("/Web").unwrap()..]).text();
    for markup in ["<script", "<img", "<b>", "\u{202e}"] {
        assert!(!text.contains(markup), "{markup}: {text}");
    }
    assert!(text.contains("&lt;script&gt;alert(1)"), "{text}");
}

#[test]
fn every_page_keeps_to_itself() {
    let sandbox = sandbox();
    let (_, target) = waiting(&sandbox, "{}");
    let pages = [
        show(&sandbox, &target),
        show(&sandbox, "/Web/x/SigningRequests/Details/0f3a5c1e-7d2b-4c68-9e10-2b7f6d1c4a55"),
        press(&sandbox, &target, "Deny").send(),
    ];
    for page in pages {
        let policy = page.header("content-security-policy").unwrap();
        for directive in [
            "default-src 'none'",
            "form-action 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(directive), "{policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("script-src"), "{policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "no-store"),
        ] {
            assert_eq!(page.header(name), Some(value));
        }
    }
}
