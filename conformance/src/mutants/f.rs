//! Mutants of family F: robustness.
//!
//! Each is named after its bug class. They must not know cases.

use countersign_core::scheme::{Claims, Refusal};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Octets, Request};

use crate::reference::{Halt, Reference, Setup, Steps};

/// Demands what genuine requests usually look like: header names as documented, a length, few
/// headers, a JSON body under a content type, one signature, plain ids, and half of the window.
#[derive(Debug, Default)]
pub struct F09;

impl Steps for F09 {
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
        let plain = |text: &Octets| text.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
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
