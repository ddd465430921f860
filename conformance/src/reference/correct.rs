//! How a correct verifier does each step that takes more than a line.
//!
//! The functions to know are [`check`] and [`finish`], the two halves of verification. They are compiled once, for the
//! reference and all mutants.

use std::sync::PoisonError;

use countersign_core::scheme::{Claims, ClockSpec, Coverage, InWindow, Key, Part, Refusal};
use countersign_core::time::Timestamp;
use countersign_core::wire::Request;
use subtle::ConstantTimeEq as _;

use super::{Authentic, Halt, Reply, Setup, Steps};

/// The first half: is the request authentic and fresh? Items that are signed one by one are all verified.
///
/// # Errors
/// It is not.
pub fn check(steps: &dyn Steps, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
    match setup.scheme.items(request) {
        Some(items) if items.len() > 1 => {
            let each: Result<Vec<Authentic>, Halt> =
                items.iter().map(|item| check_one(steps, setup, item, now)).collect();
            each?.pop().ok_or_else(|| Refusal::MissingSignature.into())
        }
        Some(_) | None => check_one(steps, setup, request, now),
    }
}

/// The first half for one item, or for a request that is signed as a whole.
///
/// # Errors
/// It is not authentic and fresh.
pub fn check_one(
    steps: &dyn Steps,
    setup: &Setup,
    request: &Request,
    now: Timestamp,
) -> Result<Authentic, Halt> {
    steps.admit(setup, request, now)?;
    let mut claims = steps.read(setup, request)?;
    let other = steps.key(setup, &claims)?;
    let text = steps.signing_string(setup, request, &claims)?;
    let authentic = match other {
        None => steps.authentic(setup, &claims, &text)?,
        Some(key) => claims.tags.iter().any(|tag| **tag == *setup.tag_text_under(&key, &text)),
    };
    if !authentic {
        return Err(Refusal::BadTag.into());
    }
    steps.compare_body(setup, request, &claims)?;
    steps.read_body(setup, request, &mut claims)?;
    steps.fresh(setup, request, &claims, now)?;
    steps.unexpired(setup, request, now)?;
    let once = steps.once(setup, request, &claims)?;
    Ok(Authentic { once, until: remember_until(setup, now) })
}

/// The second half: is it new? Then it is handed to the handler.
pub fn finish(steps: &dyn Steps, setup: &Setup, checked: Result<Authentic, Halt>, now: Timestamp) -> Reply {
    let known = checked.and_then(|authentic| steps.remember(setup, &authentic, now).map(|()| authentic));
    let authentic = match known {
        Ok(authentic) => Some(authentic),
        Err(Halt::LetThrough) => None,
        Err(Halt::Refused(refusal)) => return Reply::Refused(refusal),
        Err(Halt::Broken(what)) => return Reply::Broken(what),
        Err(Halt::Died) => return Reply::Died,
    };
    if steps.act(setup).is_ok() {
        return Reply::Accepted;
    }
    if let Some(authentic) = authentic {
        steps.forget(setup, &authentic);
    }
    Reply::HandlerFailed
}

pub(super) fn key(setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
    if setup.key.is_empty() || is_public(&setup.key) {
        return Err(Refusal::NoKey.into());
    }
    let named = setup.scheme.coverage(&Part::KeyId) != Coverage::Absent;
    let known = claims.key_id.as_deref() == Some(setup.deployment.key_id.as_bytes());
    if named && !known { Err(Refusal::UnknownKey.into()) } else { Ok(None) }
}

/// Whether a key is the text of an asymmetric key or a certificate, which is no secret of two sides.
pub fn is_public(key: &[u8]) -> bool {
    let fronts: [&[u8]; 4] = [b"-----BEGIN ", b"---- BEGIN SSH2 ", b"ssh-", b"ecdsa-sha2-"];
    let key = key.trim_ascii_start();
    fronts.iter().any(|front| key.starts_with(front))
}

pub(super) fn authentic(setup: &Setup, claims: &Claims, text: &[u8]) -> bool {
    let right = setup.tag_text(text);
    claims.tags.iter().fold(false, |found, tag| found | bool::from(tag[..].ct_eq(&right[..])))
}

pub(super) fn fresh(setup: &Setup, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
    let Some(clock) = &setup.scheme.file().clock else { return Ok(()) };
    let text = claims.timestamp.as_deref().ok_or(Refusal::MissingTimestamp)?;
    let at = clock.unit.parse(text).ok_or(Refusal::MalformedTimestamp)?;
    match clock.place(at, now) {
        InWindow::Within => Ok(()),
        InWindow::TooOld => Err(Refusal::Stale.into()),
        InWindow::TooFarAhead => Err(Refusal::Future.into()),
    }
}

pub(super) fn unexpired(setup: &Setup, request: &Request, now: Timestamp) -> Result<(), Halt> {
    match setup.scheme.expiry(request)? {
        Some(end) if now > end => Err(Refusal::Stale.into()),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn once(setup: &Setup, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
    let Some(once) = setup.scheme.file().once else { return Ok(None) };
    match claims.get(once.field()) {
        Some(text) if !text.is_empty() => Ok(Some(text.to_vec())),
        _ => Err(Refusal::MissingUnique.into()),
    }
}

pub(super) fn remember(
    steps: &dyn Steps,
    setup: &Setup,
    authentic: &Authentic,
    now: Timestamp,
) -> Result<(), Halt> {
    let Some(once) = &authentic.once else { return Ok(()) };
    let mut memory = setup.memory.lock().unwrap_or_else(PoisonError::into_inner);
    let key = steps.remembered_as(setup, once);
    if memory.insert(&key, authentic.until, now) { Ok(()) } else { Err(Refusal::Replayed.into()) }
}

pub(super) fn forget(steps: &dyn Steps, setup: &Setup, authentic: &Authentic) {
    let Some(once) = &authentic.once else { return };
    let key = steps.remembered_as(setup, once);
    setup.memory.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
}

/// A request signed at the far end of the future side of the window stays acceptable until it has
/// passed through both sides; without a window, for a day.
fn remember_until(setup: &Setup, now: Timestamp) -> Timestamp {
    let window = setup.scheme.file().clock.as_ref().and_then(ClockSpec::length);
    now.plus_seconds(window.map_or(86_400, i64::from) + 1)
}
