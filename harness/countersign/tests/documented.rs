//! The examples in Rust of README.md and docs/, compiled and run. A test of the command looks for each of them here.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use countersign::timing::{self, Classes};
use countersign::{Asked, Check, Service};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// A scheme of one's own, as a file.
const ACME: &str = include_str!("../../cli/tests/files/acme.yaml");

/// Whether a tag in hexadecimal is right; an empty secret verifies nothing.
fn is_tag_of(secret: &[u8], text: &[u8], tag: &[u8]) -> bool {
    let is_lower = !tag.iter().any(u8::is_ascii_uppercase);
    let Ok(tag) = hex::decode(tag) else { return false };
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).expect("a key of any length");
    mac.update(text);
    !secret.is_empty() && is_lower && mac.verify_slice(&tag).is_ok()
}

/// GitHub's rule.
fn verify(secret: &[u8], body: &[u8], signature: &[u8]) -> bool {
    signature.strip_prefix(b"sha256=").is_some_and(|tag| is_tag_of(secret, body, tag))
}

/// The rule of `acme.yaml`.
fn acme(request: &Asked, now: i64) -> bool {
    let header = |name| request.header(name).and_then(|value| std::str::from_utf8(value).ok());
    let (Some(time), Some(signature)) = (header("X-Acme-Time"), header("X-Acme-Signature")) else {
        return false;
    };
    let http = request.http();
    let text =
        [format!("{}|{}|{time}|", http.method(), http.uri().path()).as_bytes(), request.body()].concat();
    let tag = signature.strip_prefix("v1:").unwrap_or_default();
    let is_plain = time.bytes().all(|byte| byte.is_ascii_digit()) && !time.starts_with('0');
    let at = time.parse::<i64>().ok().filter(|_| is_plain);
    at.is_some_and(|at| at.abs_diff(now) <= 300) && is_tag_of(request.secret(), &text, tag.as_bytes())
}

#[test]
fn the_landing_page_tests_a_function_and_a_router() {
    countersign::check("github", |request, _now| {
        let signature = request.header("X-Hub-Signature-256").unwrap_or_default();
        verify(request.secret(), request.body(), signature)
    })
    .assert_conformant();

    countersign::Check::new("github")
        .service(|secret: &[u8]| countersign::Service::new(router(secret)))
        .assert_conformant();
}

#[test]
fn my_function_verifies() {
    countersign::check("github", |request, _now| {
        let signature = request.header("X-Hub-Signature-256").unwrap_or_default();
        verify(request.secret(), request.body(), signature)
    })
    .assert_conformant();
}

async fn hook(State(secret): State<Vec<u8>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let signature = headers.get("X-Hub-Signature-256").map(|value| value.as_bytes()).unwrap_or_default();
    if verify(&secret, &body, signature) { StatusCode::OK } else { StatusCode::UNAUTHORIZED }
}

fn router(secret: &[u8]) -> Router {
    Router::new().route("/hook", post(hook)).with_state(secret.to_vec())
}

#[test]
fn my_router_verifies() {
    Check::new("github").service(|secret| Service::new(router(secret))).assert_conformant();
}

#[test]
fn my_own_scheme_is_verified() {
    Check::of_file("acme.yaml", ACME)
        .expect("a scheme file")
        .secret("correct-horse-battery-staple")
        .path("/callback")
        .function(acme)
        .assert_conformant();
}

#[test]
fn my_comparison_is_constant_time() {
    let right = "9c1185a5c5e9fc54612808977ee8f548b2258d31";
    let report = timing::verdict(Classes::mismatch(right), |tag| tag.ct_eq(right.as_bytes()).into());
    assert!(!report.is_leak(), "{report}");
}
