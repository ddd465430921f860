//! Mutants that do not know whether they saw a request before (family D).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_core::scheme::{Claims, Refusal};
use countersign_core::time::Timestamp;
use countersign_core::wire::Request;

use super::lenient_parsing;
use crate::reference::{Authentic, Halt, Reference, Setup, Steps};

/// Remembers nothing.
#[derive(Debug, Default)]
pub struct NothingRemembered;

impl Steps for NothingRemembered {
    fn remember(&self, _setup: &Setup, _authentic: &Authentic, _now: Timestamp) -> Result<(), Halt> {
        Ok(())
    }
}

/// Remembers a delivery header that nobody signed.
#[derive(Debug, Default)]
pub struct UnsignedIdRemembered;

impl Steps for UnsignedIdRemembered {
    fn once(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
        let once = Reference.once(setup, request, claims)?;
        let delivery = ["X-Delivery-Id", "X-Delivery", "Idempotency-Key"];
        Ok(match delivery.into_iter().find_map(|name| request.value(name)) {
            Some(text) => once.map(|_| text.to_vec()),
            None => once,
        })
    }
}

/// Remembers the text of the tag, and reads tags leniently.
#[derive(Debug, Default)]
pub struct TagTextRemembered;

impl Steps for TagTextRemembered {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let encoding = setup.scheme.file().mac.encoding;
        let right = setup.tag(text);
        Ok(claims.tags.iter().any(|tag| lenient_parsing::decode(encoding, tag) == right))
    }

    fn once(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
        Ok(Reference.once(setup, request, claims)?.map(|_| claims.tags.join(&b',')))
    }
}

/// Keeps one memory for all senders.
#[derive(Debug, Default)]
pub struct MemoryShared;

impl Steps for MemoryShared {
    fn remembered_as(&self, _setup: &Setup, once: &[u8]) -> Vec<u8> {
        once.to_vec()
    }
}

/// Remembers the nonce or id before it checks the tag.
#[derive(Debug, Default)]
pub struct RememberedBeforeCheck;

impl Steps for RememberedBeforeCheck {
    fn admit(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<(), Halt> {
        let claims = Reference.read(setup, request)?;
        let once = Reference.once(setup, request, &claims)?;
        Reference.remember(setup, &Authentic { once, until: now.plus_seconds(86_400) }, now)
    }

    fn remember(&self, _setup: &Setup, _authentic: &Authentic, _now: Timestamp) -> Result<(), Halt> {
        Ok(())
    }
}

/// Keeps the nonce or id of a request whose handler failed.
#[derive(Debug, Default)]
pub struct NonceKeptAfterFailure;

impl Steps for NonceKeptAfterFailure {
    fn forget(&self, _setup: &Setup, _authentic: &Authentic) {}
}

/// Looks a nonce up first and stores it later.
#[derive(Debug, Default)]
pub struct LookupApartFromStore;

impl Steps for LookupApartFromStore {
    fn once(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
        let once = Reference.once(setup, request, claims)?;
        let memory = setup.memory.lock().unwrap_or_else(PoisonError::into_inner);
        match &once {
            Some(once) if memory.holds(&Reference.remembered_as(setup, once)) => {
                Err(Refusal::Replayed.into())
            }
            _ => Ok(once),
        }
    }

    fn remember(&self, setup: &Setup, authentic: &Authentic, now: Timestamp) -> Result<(), Halt> {
        match Reference.remember(setup, authentic, now) {
            Ok(()) | Err(Halt::Refused(Refusal::Replayed)) => Ok(()),
            other => other,
        }
    }

    fn storing_takes(&self) -> Duration {
        Duration::from_millis(50)
    }
}

/// Skips the replay test if there is no nonce or id.
#[derive(Debug, Default)]
pub struct MissingNonceSkipsTest;

impl Steps for MissingNonceSkipsTest {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match (Reference.read(setup, request), setup.scheme.file().once) {
            (Err(Halt::Refused(Refusal::MissingUnique)), Some(once)) => {
                Ok(lenient_parsing::read_filled(setup, request, once.field())?)
            }
            (other, _) => other,
        }
    }

    fn once(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
        match Reference.once(setup, request, claims) {
            Err(Halt::Refused(Refusal::MissingUnique)) => Ok(None),
            other => other,
        }
    }
}

/// Folds nonces and ids to 32 lower-case characters.
#[derive(Debug, Default)]
pub struct NonceFolded;

impl Steps for NonceFolded {
    fn once(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
        let once = Reference.once(setup, request, claims)?;
        Ok(once.map(|text| text[..text.len().min(32)].to_ascii_lowercase()))
    }
}

/// Forgets when the past side of the window is over, and not both sides.
#[derive(Debug, Default)]
pub struct ForgottenTooEarly;

impl Steps for ForgottenTooEarly {
    fn remember(&self, setup: &Setup, authentic: &Authentic, now: Timestamp) -> Result<(), Halt> {
        let past = setup.scheme.file().clock.as_ref().and_then(|clock| clock.past).unwrap_or(300);
        let until = now.plus_seconds(i64::from(past));
        Reference.remember(setup, &Authentic { once: authentic.once.clone(), until }, now)
    }
}

/// Remembers the last 32 requests.
#[derive(Debug, Default)]
pub struct Last32Remembered(Mutex<VecDeque<Vec<u8>>>);

impl Steps for Last32Remembered {
    fn remember(&self, _setup: &Setup, authentic: &Authentic, _now: Timestamp) -> Result<(), Halt> {
        let Some(once) = &authentic.once else { return Ok(()) };
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.contains(once) {
            return Err(Refusal::Replayed.into());
        }
        last.push_back(once.clone());
        if last.len() > 32 {
            last.pop_front();
        }
        Ok(())
    }

    fn forget(&self, _setup: &Setup, authentic: &Authentic) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        last.retain(|known| Some(known) != authentic.once.as_ref());
    }
}
