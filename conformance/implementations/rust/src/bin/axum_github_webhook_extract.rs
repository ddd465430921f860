//! Crate axum-github-webhook-extract: the extractor GithubEvent in a handler of axum.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum_github_webhook_extract::{GithubEvent, GithubToken};
use countersign_rust_drivers::countersign_driver::{Driver, Refused, serve};
use countersign_rust_drivers::{locked, request as incoming};
use futures_executor::block_on;
use serde_json::Value;
use tower::ServiceExt;

async fn handler(GithubEvent(_): GithubEvent<Value>) {}

fn main() {
    let driver = Driver {
        name: "axum-github-webhook-extract",
        version: Some(locked("axum-github-webhook-extract", "")),
        schemes: &["github"],
        capabilities: &["clock"],
    };
    serve(&driver, |request| {
        let token = GithubToken(Arc::new(request.key_text()?.to_owned()));
        let app = Router::new().fallback(handler).with_state(token);
        let response = block_on(app.oneshot(incoming(request, Body::from(request.body.clone()))?))?;
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let text = String::from_utf8_lossy(&block_on(to_bytes(response.into_body(), 10_000))?).into_owned();
        Err(if status.is_client_error() { Refused::Rejected(text) } else { Refused::Failed(text) })
    })
}
