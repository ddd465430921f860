//! Mutants that cover other header values than were sent (family C).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use countersign_core::scheme::{Claims, Slot, Template};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Header, Request};

use super::changed_request::{latin1, signed_as};
use super::lenient_parsing;
use crate::reference::{Authentic, Halt, Reference, Setup, Steps};

/// Signs an absent covered header as empty text, or as a word for nothing.
#[derive(Debug, Default)]
pub struct AbsentHeaderSignedAsText;

impl Steps for AbsentHeaderSignedAsText {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let signs = setup.scheme.file().signs.as_deref().unwrap_or_default();
        let signs: Template = signs.parse().expect("the scheme was checked when it was read");
        let mut answer = Reference.check(setup, request, now);
        for word in ["", "undefined", "null", "None"] {
            let mut filled = request.clone();
            for slot in signs.slots() {
                if let Slot::Header(name) = slot
                    && request.value(name).is_none()
                {
                    filled.set(name, word);
                }
            }
            answer = answer.or_else(|_| Reference.check(setup, &filled, now));
        }
        answer
    }
}

/// Takes any of several lines of a header, or all joined, whichever fits.
#[derive(Debug, Default)]
pub struct AnyHeaderLineAccepted;

impl Steps for AnyHeaderLineAccepted {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut answer = Reference.check(setup, request, now);
        let most = lenient_parsing::most_lines(request);
        let picked = (0..most).map(|n| lenient_parsing::nth_lines(&request.headers, n));
        for headers in picked.chain((most > 1).then(|| lenient_parsing::joined_lines(request))) {
            answer = answer.or_else(|_| Reference.check(setup, &Request { headers, ..request.clone() }, now));
        }
        answer
    }
}

/// Is behind a gateway that turns underscores in header names into hyphens, where the last line wins.
#[derive(Debug, Default)]
pub struct UnderscoresTakenForHyphens;

impl UnderscoresTakenForHyphens {
    fn folded(request: &Request) -> Request {
        let mut folded = request.clone();
        for line in &request.headers {
            let name = line.name.replace('_', "-");
            if name != line.name.as_str() {
                folded.headers.retain(|other| !other.is(&name) && other.name != line.name);
                folded.headers.push(Header::new(name, line.value.to_vec()));
            }
        }
        folded
    }
}

impl Steps for UnderscoresTakenForHyphens {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        Reference.check(setup, &Self::folded(request), now)
    }
}

/// Folds runs of blanks inside header values before it signs them.
#[derive(Debug, Default)]
pub struct BlanksFolded;

impl Steps for BlanksFolded {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            for line in &mut request.headers {
                let words =
                    line.value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
                line.value = words.collect::<Vec<_>>().join(&b' ').into();
            }
        })
    }
}

/// Reads header bytes as Latin-1 and signs them as UTF-8.
#[derive(Debug, Default)]
pub struct HeadersReencoded;

impl Steps for HeadersReencoded {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        let mut encoded = claims.clone();
        for text in [&mut encoded.timestamp, &mut encoded.id, &mut encoded.nonce, &mut encoded.key_id] {
            *text = text.as_deref().map(|text| latin1(text).into());
        }
        signed_as(setup, request, &encoded, |request| {
            for line in &mut request.headers {
                line.value = latin1(line.value.as_slice()).into();
            }
        })
    }
}
