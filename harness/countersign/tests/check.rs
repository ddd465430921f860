//! Countersign in a plain test, as an author of Rust code uses it.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use bytes::Bytes;
use countersign::{Answer, Asked, Check, Service, check};
use countersign_core::event::RunVerdict;
use countersign_core::scheme::{Construction, Encoding, Hash, mac};
use http_body_util::{BodyExt as _, Full};

/// GitHub's rule, right.
fn genuine(secret: &[u8], body: &[u8], tag: Option<&[u8]>) -> bool {
    let key = String::from_utf8_lossy(secret);
    if key.is_empty() || key.contains("-----BEGIN") || key.starts_with("ssh-") || key.starts_with("ecdsa-") {
        return false;
    }
    let right = mac(Construction::Hmac, Hash::Sha256, secret, body);
    tag == Some(format!("sha256={}", Encoding::Hex.encode(&right)).as_bytes())
}

fn verify(request: &Asked) -> bool {
    genuine(request.secret(), request.body(), request.header("X-Hub-Signature-256"))
}

#[test]
fn a_right_function_conforms() {
    let report = check("github", |request, _| verify(request));
    report.assert_conformant();
    assert!(report.summary.pass > 450 && report.findings.is_empty(), "{report}");
}

#[test]
#[should_panic(expected = "INT-BODY")]
fn a_function_that_accepts_everything_fails_with_the_report() {
    check("github", |_, _| Answer::Accepted).assert_conformant();
}

#[test]
fn a_function_that_accepts_nothing_gets_no_verdict() {
    let report = check("github", |_, _| Err::<(), _>("never"));
    assert_eq!(report.verdict, RunVerdict::Inconclusive);
}

#[test]
fn a_panic_is_a_crash_and_does_not_end_the_test() {
    let report = check("github", |request, _| {
        assert!(request.header("X-Hub-Signature-256").is_some(), "where is it?");
        verify(request)
    });
    let crash = report.findings.iter().find(|found| found.requirement.as_str() == "ROB-REFUSE");
    let crash = crash.unwrap_or_else(|| panic!("{report}"));
    assert!(!crash.cases.is_empty() && report.to_string().contains("panic: where is it?"), "{report}");
}

#[test]
fn a_function_is_told_the_time_and_a_memory_is_asked_about() {
    // Timestamps of Slack's scheme, with a memory of tags.
    let seen = Arc::new(Mutex::new(HashSet::new()));
    let forgetful = Check::new("slack").function(slack(None));
    let remembering = Check::new("slack").remembers().function(slack(Some(seen)));
    assert!(forgetful.summary.pass > 300, "{forgetful}");
    assert!(remembering.summary.pass > forgetful.summary.pass, "{remembering}");
}

fn slack(seen: Option<Arc<Mutex<HashSet<Vec<u8>>>>>) -> impl Fn(&Asked, i64) -> Answer {
    move |request, now| {
        let text = |name| request.header(name).and_then(|value| std::str::from_utf8(value).ok());
        let (Some(time), Some(tag)) = (text("X-Slack-Request-Timestamp"), text("X-Slack-Signature")) else {
            return false.into();
        };
        let plain =
            !time.is_empty() && time.bytes().all(|byte| byte.is_ascii_digit()) && !time.starts_with('0');
        let Some(at) = time.parse::<i64>().ok().filter(|_| plain) else { return false.into() };
        let text = [b"v0:", time.as_bytes(), b":", request.body()].concat();
        let right = mac(Construction::Hmac, Hash::Sha256, request.secret(), &text);
        let genuine = tag == format!("v0={}", Encoding::Hex.encode(&right));
        let fresh = at.checked_sub(now).is_some_and(|skew| skew.abs() <= 300);
        let first = || seen.as_ref().is_none_or(|seen| seen.lock().expect("no panic").insert(right.to_vec()));
        (genuine && fresh && first()).into()
    }
}

/// An application with one route, as frameworks make them.
#[derive(Clone)]
struct App {
    secret: Vec<u8>,
    panics: bool,
}

impl tower_service::Service<http::Request<Full<Bytes>>> for App {
    type Response = http::Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<Full<Bytes>>) -> Self::Future {
        let Self { secret, panics } = self.clone();
        Box::pin(async move {
            let (head, body) = request.into_parts();
            let body = body.collect().await?.to_bytes();
            let tags: Vec<_> = head.headers.get_all("X-Hub-Signature-256").iter().collect();
            assert!(!panics || !tags.is_empty(), "no signature");
            let right = genuine(&secret, &body, (tags.len() == 1).then(|| tags[0].as_bytes()));
            let (status, text) = match (head.uri.path(), head.method.as_str()) {
                ("/hook", "POST") if right => (200, "ok"),
                ("/hook", "POST") => (401, "no"),
                ("/hook", _) => (405, "not so"),
                (_, _) => (404, "not here"),
            };
            let answer = http::Response::builder().status(status).body(Full::from(text));
            Ok(answer.expect("a status and a text"))
        })
    }
}

#[test]
fn a_service_is_tested_without_a_socket() {
    let app = |panics| move |secret: &[u8]| Service::new(App { secret: secret.to_vec(), panics });
    let report = Check::new("github").service(app(false));
    report.assert_conformant();
    assert!(report.summary.pass > 400, "{report}");
    let report = Check::new("github").service(app(true));
    assert!(report.to_string().contains("ROB-REFUSE"), "{report}");
}

#[test]
#[should_panic(expected = "there is no scheme `githup`")]
fn an_unknown_scheme_is_named() {
    check("githup", |_, _| false).assert_conformant();
}
