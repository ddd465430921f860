//! Mutants that break on input that they should handle (family F).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_core::scheme::{Claims, Refusal};
use countersign_core::time::Timestamp;
use countersign_core::wire::{ByteString, Request};

use super::worked;
use crate::reference::{Authentic, Halt, HandlerFailed, Reference, Reply, Setup, Steps};

/// Throws on whatever it cannot read.
#[derive(Debug, Default)]
pub struct ThrowsOnMalformed;

impl Steps for ThrowsOnMalformed {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        Reference
            .read(setup, request)
            .map_err(|_| Halt::Broken("an unhandled error while reading the request"))
    }
}

/// Compares in a task of its own, where an error that nobody handles ends the process.
#[derive(Debug, Default)]
pub struct DiesOnTagLength;

impl Steps for DiesOnTagLength {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let length = setup.tag_text(text).len();
        if claims.tags.iter().any(|tag| tag.len() != length) {
            return Err(Halt::Died);
        }
        Reference.authentic(setup, claims, text)
    }
}

/// Reads every body to its end before it looks at the tag.
#[derive(Debug, Default)]
pub struct WholeBodyReadFirst;

impl Steps for WholeBodyReadFirst {
    fn reads(&self, _limit: usize) -> usize {
        usize::MAX
    }
}

/// Parses a JSON body before it looks at the tag.
#[derive(Debug, Default)]
pub struct JsonParsedFirst;

impl Steps for JsonParsedFirst {
    fn admit(&self, _setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        let says_json =
            request.value("Content-Type").is_some_and(|value| value.starts_with(b"application/json"));
        if !says_json || request.body.is_empty() {
            return Ok(());
        }
        match serde_json::from_slice::<serde_json::Value>(&request.body) {
            Ok(_) => Ok(()),
            Err(error) if error.to_string().starts_with("recursion") => {
                Err(Halt::Broken("the parser gave up"))
            }
            Err(_) => Err(Refusal::MalformedSignature.into()),
        }
    }

    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Refused(Refusal::MalformedSignature) => 422,
            other => Reference.status(other),
        }
    }
}

/// Matches header values with a pattern that looks for separators at the end, and that starts anew at each
/// separator of a run that does not end there.
#[derive(Debug, Default)]
pub struct BacktrackingPattern;

impl Steps for BacktrackingPattern {
    fn takes(&self, _setup: &Setup, request: &Request) -> Duration {
        let is_separator = |byte: &u8| matches!(byte, b' ' | b'\t' | b',' | b';' | b'=');
        let steps = request.headers.iter().map(|line| {
            let value = line.value.as_slice();
            let runs = value.chunk_by(|one, next| is_separator(one) == is_separator(next));
            let inside = runs.rev().skip_while(|run| run.iter().all(is_separator));
            let inside = inside.filter(|run| run.iter().all(is_separator));
            inside.map(|run| run.len() * run.len() / 2).sum::<usize>()
        });
        worked(steps.sum::<usize>() * 10)
    }
}

/// Keeps the head of the request in a variable that all requests share, until the body is there.
#[derive(Debug, Default)]
pub struct RequestStateShared(Mutex<Option<Request>>);

impl Steps for RequestStateShared {
    fn begin(&self, _setup: &Setup, head: &Request) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(head.clone());
    }

    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let head = kept.unwrap_or_else(|| request.clone());
        Reference.check(setup, &Request { body: request.body.clone(), ..head }, now)
    }
}

/// Answers each cause of a refusal with a status of its own.
#[derive(Debug, Default)]
pub struct StatusPerCause;

impl Steps for StatusPerCause {
    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Refused(Refusal::BadTag) => 403,
            Reply::Refused(Refusal::MalformedSignature | Refusal::MalformedTimestamp) => 400,
            other => Reference.status(other),
        }
    }
}

/// Has four workers, each of which waits for the body of its request.
#[derive(Debug, Default)]
pub struct FourBlockingWorkers;

impl Steps for FourBlockingWorkers {
    fn places(&self) -> usize {
        4
    }
}

/// Demands what genuine requests usually look like: header names as documented, a length, few
/// headers, a JSON body under a content type, one signature, plain ids, and half of the window.
#[derive(Debug, Default)]
pub struct UsualShapeDemanded;

impl Steps for UsualShapeDemanded {
    fn admit(&self, setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        let named = setup.scheme.carriers().iter().filter_map(|carrier| carrier.header.as_deref());
        for name in named.chain(["Content-Type", "Content-Length"]) {
            if request.value(name).is_some() && !request.headers.iter().any(|line| line.name == name) {
                return Err(Refusal::MissingSignature.into());
            }
        }
        let usual = request.value("Content-Length").is_some()
            && request.value("Content-Type").is_some()
            && request.headers.len() <= 20
            && serde_json::from_slice::<serde_json::Value>(&request.body).is_ok();
        if usual { Ok(()) } else { Err(Refusal::MalformedSignature.into()) }
    }

    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let claims = Reference.read(setup, request)?;
        let plain = |text: &ByteString| text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
        if claims.tags.len() == 1 && [&claims.id, &claims.nonce].into_iter().flatten().all(plain) {
            Ok(claims)
        } else {
            Err(Refusal::MalformedSignature.into())
        }
    }

    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let Some(clock) = &setup.scheme.file().clock else { return Ok(()) };
        let half = |limit: Option<u32>| limit.map_or(0, |limit| i64::from(limit / 2));
        // The reference tests one side of the window at each end of the narrower one.
        Reference.fresh(setup, request, claims, now.plus_seconds(half(clock.past)))?;
        Reference.fresh(setup, request, claims, now.plus_seconds(-half(clock.future)))
    }
}

/// Answers what it cannot read with the page of a debugger.
#[derive(Debug, Default)]
pub struct StackTraceInAnswer;

impl Steps for StackTraceInAnswer {
    fn remark(&self, _setup: &Setup, _request: &Request, reply: Reply) -> Option<String> {
        let unread = matches!(reply, Reply::Refused(Refusal::MissingSignature | Refusal::MalformedSignature));
        let page =
            "Traceback (most recent call last):\n  File \"/srv/app/hook.py\", line 12, in verify\nKeyError";
        unread.then(|| page.to_owned())
    }
}

/// Stores or enqueues the request first, and looks at the tag later.
#[derive(Debug, Default)]
pub struct ActsBeforeCheck;

impl Steps for ActsBeforeCheck {
    fn admit(&self, setup: &Setup, _request: &Request, _now: Timestamp) -> Result<(), Halt> {
        setup.handler.handle().map_err(|_| Halt::Broken("the queue does not take the request"))
    }

    fn act(&self, _setup: &Setup) -> Result<(), HandlerFailed> {
        Ok(())
    }
}

/// Builds its error message from a body that may not be there.
#[derive(Debug, Default)]
pub struct ErrorPathFailsOnEmptyBody;

impl Steps for ErrorPathFailsOnEmptyBody {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        match Reference.check(setup, request, now) {
            Err(Halt::Refused(_)) if request.body.is_empty() => {
                Err(Halt::Broken("the error message is about a field that is not there"))
            }
            other => other,
        }
    }
}
