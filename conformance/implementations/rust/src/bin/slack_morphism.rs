//! Crate slack-morphism: SlackEventSignatureVerifier::new, verify. It asks the machine for the time.

use countersign_rust_drivers::countersign_driver::{Driver, Refused, rejected, serve};
use countersign_rust_drivers::{headers, locked};
use slack_morphism::SlackSigningSecret;
use slack_morphism::signature_verifier::SlackEventSignatureVerifier;

fn main() {
    let driver = Driver {
        name: "slack-morphism",
        version: Some(locked("slack-morphism", "")),
        schemes: &["slack"],
        capabilities: &[],
    };
    serve(&driver, |request| {
        // Both headers and the body become text as in the crate's own middleware, which wants hyper's client with TLS.
        let headers = headers(request)?;
        let text = |name| -> Result<&str, Refused> {
            Ok(headers.get(name).ok_or_else(|| rejected(format!("no {name}")))?.to_str()?)
        };
        let tag = text(SlackEventSignatureVerifier::SLACK_SIGNED_HASH_HEADER)?;
        let time = text(SlackEventSignatureVerifier::SLACK_SIGNED_TIMESTAMP)?;
        let body = std::str::from_utf8(&request.body)?;
        let secret = SlackSigningSecret::new(request.key_text()?.to_owned());
        Ok(SlackEventSignatureVerifier::new(&secret).verify(tag, body, time)?)
    })
}
