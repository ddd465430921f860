//! What answers must not show: secrets, tags that would have been right, stack traces.
//!
//! The function to know is [`exposed`]. It must not know what was expected of the target.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

use crate::observe::{Exposure, Observation};
use crate::redact::{Redactor, Writings};
use crate::scheme::{Construction, Deployment, Key, Scheme};
use crate::wire::Wire;

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

/// The shortest word that can be a tag: 20 bytes in base64 without padding.
const SHORTEST: usize = 27;

static TRACE: LazyLock<AhoCorasick> =
    LazyLock::new(|| AhoCorasick::new(TRACES).expect("the pieces are few and short"));

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

/// What the answer to a request shows that it must not; the worst of it. The text of an exception counts: it is
/// made to be logged or handed on.
pub fn exposed(place: Place<'_>, sent: &Wire, seen: &Observation) -> Option<Exposure> {
    let answer = seen.answer.iter();
    let values =
        answer.flat_map(|answer| answer.headers.iter().map(|line| &line.value).chain([&answer.body]));
    let text = seen.reply.iter().filter_map(|reply| reply.text.as_deref());
    let pieces = || {
        let all = values.clone().map(|octets| &octets[..]).chain(text.clone().map(str::as_bytes));
        all.filter(|piece| !piece.is_empty())
    };
    if pieces().any(|piece| place.secrets.finds(piece)) && !place.secrets.finds(&sent.bytes()) {
        return Some(Exposure::Secret);
    }
    if pieces().any(has_long_word) && shows_right_tag(place, sent, pieces()) {
        return Some(Exposure::Tag);
    }
    pieces().any(|piece| TRACE.is_match(piece)).then_some(Exposure::Trace)
}

/// Whether a tag could stand in a text, in hexadecimal, base64, percent-encoding or raw.
fn has_long_word(text: &[u8]) -> bool {
    let in_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=_-%\\".contains(byte) || !byte.is_ascii();
    text.split(|byte| !in_word(byte)).any(|word| word.len() >= SHORTEST || !word.is_ascii())
}

/// Whether a text shows the tag that would have been right for a request that does not have it.
fn shows_right_tag<'a>(place: Place<'_>, sent: &Wire, mut pieces: impl Iterator<Item = &'a [u8]>) -> bool {
    let Place { scheme, key, deployment, .. } = place;
    let claims = scheme.read(sent.request()).unwrap_or_default();
    let signed = scheme.signing_string(sent.request(), &claims, deployment);
    let tag = scheme.tag(Construction::Hmac, scheme.file().mac.hash, key, &signed);
    let tags = Writings::of(&tag);
    pieces.any(|piece| tags.stand_in(piece)) && !tags.stand_in(&sent.bytes())
}
