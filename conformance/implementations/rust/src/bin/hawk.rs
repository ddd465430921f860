//! Crate hawk: Header::from_str, then Request::validate_header with the hash of the body. It asks the machine for the
//! time.

use std::time::Duration;

use countersign_rust_drivers::countersign_driver::{Driver, rejected, serve, unsupported};
use countersign_rust_drivers::{headers, locked, request as incoming};
use hawk::{Header, Key, PayloadHasher, RequestBuilder, SHA256};
use http::header::{CONTENT_TYPE, HOST};
use http::uri::Authority;

/// The window of the scheme; the crate has none of its own.
const SKEW: Duration = Duration::from_secs(60);

fn main() {
    let driver =
        Driver { name: "hawk", version: Some(locked("hawk", "")), schemes: &["hawk"], capabilities: &[] };
    serve(&driver, |request| {
        let header: Header = request.credentials("Hawk")?.parse()?;
        // Whose key it is, the crate leaves to its caller.
        if header.id.as_deref() != Some(&request.key_id) {
            return Err(rejected("unknown id"));
        }
        let lines = headers(request)?;
        let host: Authority = lines.get(HOST).ok_or_else(|| rejected("no host"))?.to_str()?.parse()?;
        let port = host.port_u16().unwrap_or(if request.origin.starts_with("https:") { 443 } else { 80 });
        let parts = incoming(request, ())?;
        let target = parts.uri().path_and_query().ok_or_else(|| unsupported("no path"))?.as_str();

        let media = lines.get(CONTENT_TYPE).map_or(&b""[..], |value| value.as_bytes());
        let media = media.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii();
        let hash = PayloadHasher::hash(media.to_ascii_lowercase(), SHA256, &request.body)?;
        let mut builder = RequestBuilder::new(parts.method().as_str(), host.host(), port, target);
        // Without a body there need not be a hash; one that is there must match.
        if header.hash.is_some() || !request.body.is_empty() {
            builder = builder.hash(&hash[..]);
        }
        let valid = builder.request().validate_header(&header, &Key::new(&request.key, SHA256)?, SKEW);
        if valid { Ok(()) } else { Err(rejected("validate_header is false")) }
    })
}
