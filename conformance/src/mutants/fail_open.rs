//! Mutants whose check is skipped or fails open (family A).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use countersign_core::scheme::{Claims, Construction, Encoding, Key, Refusal};
use countersign_core::time::Timestamp;
use countersign_core::wire::{ByteString, Request};

use super::lenient_parsing;
use crate::reference::{Authentic, Halt, Reference, Reply, Setup, Steps};

/// Takes a request without a signature for one that needs no check.
#[derive(Debug, Default)]
pub struct UnsignedAccepted;

impl Steps for UnsignedAccepted {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match Reference.read(setup, request) {
            Err(Halt::Refused(Refusal::MissingSignature)) => Err(Halt::LetThrough),
            other => other,
        }
    }
}

/// Looks at everything but the tag.
#[derive(Debug, Default)]
pub struct TagIgnored;

impl Steps for TagIgnored {
    fn authentic(&self, _setup: &Setup, _claims: &Claims, _text: &[u8]) -> Result<bool, Halt> {
        Ok(true)
    }
}

/// Accepts an empty tag.
#[derive(Debug, Default)]
pub struct EmptyTagAccepted;

impl Steps for EmptyTagAccepted {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        Ok(claims.tags.iter().any(|tag| tag.is_empty()) || Reference.authentic(setup, claims, text)?)
    }
}

/// Skips the check when no secret is configured.
#[derive(Debug, Default)]
pub struct UncheckedWithoutSecret;

impl Steps for UncheckedWithoutSecret {
    fn admit(&self, setup: &Setup, _request: &Request, _now: Timestamp) -> Result<(), Halt> {
        if setup.key.is_empty() { Err(Halt::LetThrough) } else { Ok(()) }
    }
}

/// Whether a tag was made with any of these keys, or with the right one.
fn keyed_with(keys: &[&str], setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
    let spec = &setup.scheme.file().mac;
    let made = |key: &&str| {
        let key = Key::new(key.as_bytes().to_vec());
        let tag = spec.encoding.encode(&setup.scheme.tag(Construction::Hmac, spec.hash, &key, text));
        claims.tags.iter().any(|sent| *sent == *tag.as_bytes())
    };
    Ok(keys.iter().any(made) || Reference.authentic(setup, claims, text)?)
}

/// Also accepts tags that were made with the empty key.
#[derive(Debug, Default)]
pub struct EmptyKeyAccepted;

impl Steps for EmptyKeyAccepted {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        keyed_with(&[""], setup, claims, text)
    }
}

/// Also accepts tags whose key is a word for an absent secret.
#[derive(Debug, Default)]
pub struct AbsentSecretWordAccepted;

impl Steps for AbsentSecretWordAccepted {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        keyed_with(&["undefined", "null", "None", "nil"], setup, claims, text)
    }
}

/// Verifies POST and lets every other method through.
#[derive(Debug, Default)]
pub struct OtherMethodsUnchecked;

impl Steps for OtherMethodsUnchecked {
    fn admit(&self, _setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        if *request.method == *b"POST" { Ok(()) } else { Err(Halt::LetThrough) }
    }
}

/// Takes the body of text, form and multipart requests for empty.
#[derive(Debug, Default)]
pub struct UnreadBodyTakenForEmpty;

impl Steps for UnreadBodyTakenForEmpty {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        let unread = ["text/", "application/x-www-form-urlencoded", "multipart/"];
        let kind = request.value("Content-Type").unwrap_or_default().to_ascii_lowercase();
        if !unread.iter().any(|prefix| kind.starts_with(prefix.as_bytes())) {
            return Reference.signing_string(setup, request, claims);
        }
        let unread = Request { body: ByteString::default(), ..request.clone() };
        Reference.signing_string(setup, &unread, claims)
    }
}

/// Verifies the configured spelling of the path and lets every other one through.
#[derive(Debug, Default)]
pub struct OtherPathSpellingsUnchecked;

impl Steps for OtherPathSpellingsUnchecked {
    fn admit(&self, setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        if request.path() == setup.path.as_bytes() { Ok(()) } else { Err(Halt::LetThrough) }
    }
}

/// Lets a body with a handshake flag through.
#[derive(Debug, Default)]
pub struct HandshakeFlagUnchecked;

impl Steps for HandshakeFlagUnchecked {
    fn admit(&self, _setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        let flags = ["ssl_check=1", r#""type":"url_verification""#, r#""type":"ping""#];
        if flags.iter().any(|flag| lenient_parsing::contains(&request.body, flag.as_bytes())) {
            return Err(Halt::LetThrough);
        }
        Ok(())
    }
}

/// Goes on to the handler when the tag or the timestamp cannot be decoded.
#[derive(Debug, Default)]
pub struct DecodeErrorLetThrough;

impl Steps for DecodeErrorLetThrough {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let claims = Reference.read(setup, request)?;
        let encoding = setup.scheme.file().mac.encoding;
        let throws = |tag: &ByteString| !tag.is_ascii() || !decodes(encoding, tag);
        if claims.tags.iter().any(throws) { Err(Halt::LetThrough) } else { Ok(claims) }
    }

    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        match Reference.fresh(setup, request, claims, now) {
            Err(Halt::Refused(Refusal::MalformedTimestamp)) => Err(Halt::LetThrough),
            other => other,
        }
    }
}

/// Whether a strict decoder takes the text, letter case aside.
fn decodes(encoding: Encoding, text: &[u8]) -> bool {
    if encoding.is_hex() { hex::decode(text).is_ok() } else { encoding.decode(text).is_some() }
}

/// Answers refusals with 200.
#[derive(Debug, Default)]
pub struct RefusalAnsweredWith200;

impl Steps for RefusalAnsweredWith200 {
    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Accepted | Reply::Refused(_) => 200,
            Reply::HandlerFailed | Reply::Broken(_) | Reply::Died => 500,
        }
    }
}

/// Trusts requests that claim to come from the same machine.
#[derive(Debug, Default)]
pub struct LocalClaimTrusted;

impl Steps for LocalClaimTrusted {
    fn admit(&self, _setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        let claims = [
            ("X-Forwarded-For", "127.0.0.1"),
            ("X-Real-IP", "127.0.0.1"),
            ("Forwarded", "for=127.0.0.1"),
            ("Host", "localhost"),
        ];
        let local = |(name, prefix): &(&str, &str)| {
            request.value(name).is_some_and(|value| value.starts_with(prefix.as_bytes()))
        };
        if claims.iter().any(local) { Err(Halt::LetThrough) } else { Ok(()) }
    }
}

/// Logs the mismatch, answers with an error, and hands the request on all the same.
#[derive(Debug, Default)]
pub struct RefusalOnlyLogged;

impl Steps for RefusalOnlyLogged {
    fn finish(&self, setup: &Setup, checked: Result<Authentic, Halt>, now: Timestamp) -> Reply {
        let reply = Reference.finish(setup, checked, now);
        if let Reply::Refused(_) = reply {
            // Nobody looks at whether it worked.
            let _ = self.act(setup);
        }
        reply
    }
}

/// Takes the promise of a check for its result: what does not throw at once is good.
#[derive(Debug, Default)]
pub struct PromiseTakenForResult;

impl Steps for PromiseTakenForResult {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let length = setup.tag_text(text).len();
        Ok(claims.tags.iter().any(|tag| tag.len() == length && tag.is_ascii()))
    }
}
