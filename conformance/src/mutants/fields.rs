//! Mutants that cover the wrong fields, or do not know where a field ends (family C).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use countersign_core::scheme::{Claims, Piece, Template};
use countersign_core::wire::Request;

use super::changed_request::{signed_as, target};
use crate::reference::{Halt, Reference, Setup, Steps};

/// Takes a tag for any two fields that read the same when they are joined without their delimiter.
#[derive(Debug, Default)]
pub struct NoDelimiter;

impl Steps for NoDelimiter {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let whole = setup.tag(b"").len();
        let encoding = setup.scheme.file().mac.encoding;
        let is_tag = |tag: &[u8]| encoding.decode(tag).is_some_and(|bytes| bytes.len() == whole);
        if Reference.authentic(setup, claims, text)? {
            return Ok(true);
        }
        // It tries every border, which takes too long for what no case needs.
        if text.len() > SHORT || !claims.tags.iter().any(|tag| is_tag(tag)) {
            return Ok(false);
        }
        let right = |other: Vec<u8>| claims.tags.iter().any(|tag| **tag == *setup.tag_text(&other));
        Ok(delimiters(setup).iter().any(|delimiter| moved(text, delimiter).any(right)))
    }
}

/// The longest text whose borders are moved.
const SHORT: usize = 4096;

/// The literal text between the fields of the signing string.
fn delimiters(setup: &Setup) -> BTreeSet<Vec<u8>> {
    let signs: Option<Template> = setup.scheme.file().signs.as_deref().and_then(|signs| signs.parse().ok());
    let pieces = signs.iter().flat_map(|template| template.pieces()).skip(1);
    let literal = |piece: &Piece| match piece {
        Piece::Literal(bytes) => Some(bytes.clone()),
        Piece::Field(_) => None,
    };
    pieces.filter_map(literal).collect()
}

/// The text with one of its first delimiters up to a dozen bytes further to the front or the back.
fn moved<'t>(text: &'t [u8], delimiter: &'t [u8]) -> impl Iterator<Item = Vec<u8>> {
    const FIRST: usize = 3;
    const BY: usize = 12;
    let width = delimiter.len();
    let found = (0..=text.len().saturating_sub(width)).filter(move |&at| text[at..].starts_with(delimiter));
    found.take(FIRST).flat_map(move |at| {
        let joined = [&text[..at], &text[at + width..]].concat();
        let last = joined.len().min(at + BY);
        (at.saturating_sub(BY)..=last)
            .filter(move |&to| to != at)
            .map(move |to| [&joined[..to], delimiter, &joined[to..]].concat())
    })
}

/// Takes a delimiter inside a field for its end: in an id, and encoded in the path.
#[derive(Debug, Default)]
pub struct DelimiterEndsField;

impl Steps for DelimiterEndsField {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let mut claims = Reference.read(setup, request)?;
        for text in [&mut claims.id, &mut claims.nonce].into_iter().flatten() {
            let end = text.iter().position(|byte| b".\n".contains(byte)).unwrap_or(text.len());
            text.edit(|text| text.truncate(end));
        }
        Ok(claims)
    }

    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let mut path = request.path().to_vec();
            while let Some(at) = path.windows(3).position(|three| three == b"%0A") {
                path.splice(at..at + 3, *b"\n");
            }
            request.target = target(&path, request.query()).into();
        })
    }
}

/// Covers time, id and nonce, and leaves the payload open: what was signed once is good for any other.
#[derive(Debug, Default)]
pub struct PayloadNotCovered {
    right: Mutex<BTreeSet<(Vec<u8>, Vec<u8>)>>,
}

impl Steps for PayloadNotCovered {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let metadata = [&claims.timestamp, &claims.id, &claims.nonce];
        if metadata.iter().all(|field| field.is_none()) {
            return Reference.authentic(setup, claims, text);
        }
        let metadata = metadata.map(|field| field.as_deref().unwrap_or_default()).join(&b'\n');
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.tags.iter().any(|tag| right.contains(&(tag.to_vec(), metadata.clone()))) {
            return Ok(true);
        }
        let authentic = Reference.authentic(setup, claims, text)?;
        if authentic {
            right.insert((setup.tag_text(text), metadata));
        }
        Ok(authentic)
    }
}
