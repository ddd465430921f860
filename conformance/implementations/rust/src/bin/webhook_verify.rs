//! Crate webhook-verify: its layer for tower, tower::VerifyLayer, in front of a handler.

use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use countersign_rust_drivers::countersign_driver::{Driver, Refused, Request, rejected, serve, unsupported};
use countersign_rust_drivers::{headers, locked, request as incoming};
use futures_executor::block_on;
use http::header::CONTENT_TYPE;
use tower::{ServiceBuilder, ServiceExt, service_fn};
use webhook_verify::tower::VerifyLayer;
use webhook_verify::{Clock, Provider, Secret, VerifyOptions};

const PROVIDERS: [(&str, Provider); 10] = [
    ("dropbox", Provider::Dropbox),
    ("github", Provider::GitHub),
    ("linear", Provider::Linear),
    ("shopify", Provider::Shopify),
    ("slack", Provider::Slack),
    ("square", Provider::Square),
    ("standard-webhooks", Provider::StandardWebhooks),
    ("stripe", Provider::Stripe),
    ("twilio", Provider::Twilio),
    ("zoom", Provider::Zoom),
];

const FORM: &[u8] = b"application/x-www-form-urlencoded";

struct Standing(u64);

impl Clock for Standing {
    fn now(&self) -> u64 {
        self.0
    }
}

fn main() {
    let driver = Driver {
        name: "webhook-verify",
        version: Some(locked("webhook-verify", "")),
        schemes: &PROVIDERS.map(|provider| provider.0),
        capabilities: &["clock"],
    };
    serve(&driver, |request| {
        let provider = PROVIDERS.iter().find(|provider| provider.0 == request.scheme);
        let provider = provider.ok_or_else(|| unsupported("no provider of this scheme"))?.1;
        let layer =
            VerifyLayer::<Bytes>::with_options(provider, Secret::new(request.key_text()?), options(request)?);
        let handler =
            service_fn(|_: http::Request<Bytes>| async { Ok::<_, Infallible>(http::Response::new(())) });
        let service = ServiceBuilder::new().layer(layer).service(handler);
        let answer = block_on(service.oneshot(incoming(request, Body::from(request.body.clone()))?));
        let status = answer.map_err(|error| Refused::Failed(error.to_string()))?.status();
        // Every other status is a refusal of the layer; 500 stands for a secret of the wrong form.
        if status == 200 { Ok(()) } else { Err(rejected(status)) }
    })
}

fn options(request: &Request) -> Result<VerifyOptions, Refused> {
    let now = Standing(u64::try_from(request.now).map_err(unsupported)?);
    let options = VerifyOptions::default().with_clock(Some(Arc::new(now)));
    Ok(match request.scheme.as_str() {
        "square" => options.with_request_url(&request.constants["notification-url"]),
        "twilio" => {
            let target = std::str::from_utf8(&request.target).map_err(unsupported)?;
            let options = options.with_request_url(format!("{}{target}", request.origin));
            // The crate wants the fields of a form parsed. Another body has none.
            let headers = headers(request)?;
            let kind =
                headers.get(CONTENT_TYPE).and_then(|kind| kind.as_bytes().split(|byte| *byte == b';').next());
            let form = kind.is_some_and(|kind| kind.trim_ascii().eq_ignore_ascii_case(FORM));
            options
                .with_form_params(form_urlencoded::parse(if form { &request.body } else { b"" }).into_owned())
        }
        _ => options,
    })
}
