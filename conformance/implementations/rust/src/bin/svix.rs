//! Crate svix: webhooks::Webhook::new, verify. It asks the machine for the time. The argument `svix-old` asks an old
//! version.

use countersign_rust_drivers::countersign_driver::{Driver, Refused, Request, serve, unsupported};
use countersign_rust_drivers::{headers, locked};

fn main() {
    let old = std::env::args().nth(1).is_some_and(|version| version == "svix-old");
    let driver = Driver {
        name: "svix",
        version: Some(locked("svix", if old { "1." } else { "2." })),
        schemes: &["svix", "standard-webhooks"],
        capabilities: &[],
    };
    let verify: fn(&Request) -> Result<(), Refused> = if old {
        |request| {
            let webhook = svix_old::webhooks::Webhook::new(request.key_text()?)?;
            Ok(webhook.verify(&request.body, &headers_old(request)?)?)
        }
    } else {
        |request| {
            let webhook = svix::webhooks::Webhook::new(request.key_text()?)?;
            Ok(webhook.verify(&request.body, &headers(request)?)?)
        }
    };
    serve(&driver, verify)
}

/// The header lines in the types of `http` 0.2.
fn headers_old(request: &Request) -> Result<http_old::HeaderMap, Refused> {
    let mut map = http_old::HeaderMap::new();
    for (name, value) in &request.headers {
        let name = http_old::header::HeaderName::from_bytes(name.as_bytes()).map_err(unsupported)?;
        map.append(name, http_old::HeaderValue::from_bytes(value).map_err(unsupported)?);
    }
    Ok(map)
}
