//! What answers must not show: secrets, tags that would have been right, stack traces.
//!
//! The function to know is [`exposed`]. It must not know what was expected of the target.

use crate::observe::Exposure;
use crate::redact::Redactor;
use crate::scheme::{Deployment, Key, Scheme};
use crate::wire::{Answer, Wire, find};

/// Beginnings and pieces of the stack traces of common platforms.
const TRACES: &[&str] = &[
    "Traceback (most recent call last)",
    "\n    at ",
    "&nbsp; &nbsp;at ",
    "java.lang.",
    "System.NullReferenceException",
    "System.ArgumentException",
    "goroutine 1 [",
    "panicked at ",
    "stack backtrace:",
    "PHP Fatal error",
    "PHP Warning",
    "Stack trace:\n#0",
    "node_modules/",
    "site-packages/",
    "werkzeug.debug",
    "(most recent call first)",
    ".rb:in `",
];

/// The shortest answer that can show a tag.
const SHORTEST: usize = 20;

/// Who asked and was answered.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// How requests are signed.
    pub scheme: &'a dyn Scheme,
    /// The right key.
    pub key: &'a Key,
    /// Origin and constants.
    pub deployment: &'a Deployment,
    /// Finds the secret and the key.
    pub secrets: &'a Redactor,
}

/// What the answer to a request shows that it must not; the worst of it.
pub fn exposed(place: Place<'_>, sent: &Wire, answer: &Answer) -> Option<Exposure> {
    let length = |line: &crate::wire::Header| line.name.len() + line.value.len() + 2;
    let text = || {
        let lines = answer.headers.iter().flat_map(|line| [line.name.as_bytes(), b"\n", &line.value, b"\n"]);
        lines.chain([&answer.body[..]]).collect::<Vec<_>>().concat()
    };
    if answer.body.len() + answer.headers.iter().map(length).sum::<usize>() < SHORTEST {
        return None;
    }
    let text = text();
    if place.secrets.finds(&text) && !place.secrets.finds(&sent.octets()) {
        return Some(Exposure::Secret);
    }
    if shows_right_tag(place, sent, &text) {
        return Some(Exposure::Tag);
    }
    let traced = TRACES.iter().any(|trace| find(&text, trace.as_bytes()).is_some());
    traced.then_some(Exposure::Trace)
}

/// Whether a text shows the tag that would have been right for a request that does not have it.
fn shows_right_tag(place: Place<'_>, sent: &Wire, text: &[u8]) -> bool {
    let Place { scheme, key, deployment, .. } = place;
    let claims = scheme.read(sent.request()).unwrap_or_default();
    let signed = scheme.signing_string(sent.request(), &claims, deployment);
    let hash = scheme.file().mac.hash;
    let tag = crate::scheme::mac(crate::scheme::Construction::Hmac, hash, key, &signed);
    let tags = Redactor::default().and(&tag);
    tags.finds(text) && !tags.finds(&sent.octets())
}
