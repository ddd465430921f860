//! Mutants that cover other bytes of the body than were sent, or none (family C).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use countersign_core::scheme::Claims;
use countersign_core::wire::Request;

use super::changed_request::{latin1, signed_as};
use super::json;
use crate::reference::{Halt, Reference, Setup, Steps};

/// Remembers tags that were right, and does not look at the body again.
#[derive(Debug, Default)]
pub struct RightTagsRemembered {
    right: Mutex<BTreeSet<Vec<u8>>>,
}

impl Steps for RightTagsRemembered {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.tags.iter().any(|tag| right.iter().any(|right| *tag == **right)) {
            return Ok(true);
        }
        let authentic = Reference.authentic(setup, claims, text)?;
        if authentic {
            right.insert(setup.tag_text(text));
        }
        Ok(authentic)
    }
}

/// Believes a digest header that is under the MAC, and does not compare it with the body.
#[derive(Debug, Default)]
pub struct BodyDigestNotCompared;

impl Steps for BodyDigestNotCompared {
    fn compare_body(&self, _setup: &Setup, _request: &Request, _claims: &Claims) -> Result<(), Halt> {
        Ok(())
    }
}

/// Parses a JSON body and signs what it serializes again.
#[derive(Debug, Default)]
pub struct JsonSerializedAgain;

impl Steps for JsonSerializedAgain {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.body = json::reserialized(&request.body).into())
    }
}

/// Decodes the body as UTF-8 with replacement characters.
#[derive(Debug, Default)]
pub struct LossyUtf8Body;

impl Steps for LossyUtf8Body {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            request.body = String::from_utf8_lossy(&request.body).into_owned().into();
        })
    }
}

/// Drops a byte order mark before the body.
#[derive(Debug, Default)]
pub struct ByteOrderMarkDropped;

impl Steps for ByteOrderMarkDropped {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            if request.body.starts_with(b"\xef\xbb\xbf") {
                request.body.edit(|body| drop(body.drain(..3)));
            }
        })
    }
}

/// Reads the body as Latin-1 text.
#[derive(Debug, Default)]
pub struct Latin1Body;

impl Steps for Latin1Body {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.body = latin1(&request.body).into())
    }
}

/// Puts the body into its template with a function for which `$$` and `%%` are one character.
#[derive(Debug, Default)]
pub struct BodyPutIntoTemplate;

impl Steps for BodyPutIntoTemplate {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let mut single: Vec<u8> = Vec::with_capacity(request.body.len());
            let mut bytes = request.body.iter().peekable();
            while let Some(byte) = bytes.next() {
                single.push(*byte);
                if matches!(byte, b'$' | b'%') {
                    bytes.next_if_eq(&byte);
                }
            }
            request.body = single.into();
        })
    }
}

/// Signs the first 64 KiB of the body.
#[derive(Debug, Default)]
pub struct BodyCutAt64KiB;

impl Steps for BodyCutAt64KiB {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.body.edit(|body| body.truncate(64 * 1024)))
    }
}
