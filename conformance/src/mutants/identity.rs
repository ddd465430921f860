//! Mutants that do not ask whose key signed a request (family C).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use countersign_core::scheme::{Claims, Key};
use countersign_core::time::Timestamp;
use countersign_core::wire::Request;

use crate::reference::correct::check_one;
use crate::reference::{Authentic, Halt, Reference, Setup, Steps};

/// Never asks whom the key id names.
#[derive(Debug, Default)]
pub struct KeyIdIgnored;

impl Steps for KeyIdIgnored {
    fn key(&self, _setup: &Setup, _claims: &Claims) -> Result<Option<Key>, Halt> {
        Ok(None)
    }

    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut claims = Reference.read(setup, request)?;
        if claims.key_id.is_some() {
            claims.key_id = Some(setup.deployment.key_id.as_str().into());
            let text = Reference.signing_string(setup, request, &claims)?;
            if Reference.authentic(setup, &claims, &text)? {
                return Err(Halt::LetThrough);
            }
        }
        check_one(self, setup, request, now)
    }
}

/// Takes the key of any sender that it knows, at every endpoint.
#[derive(Debug, Default)]
pub struct AnySendersKeyAccepted;

impl Steps for AnySendersKeyAccepted {
    fn key(&self, setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
        let named = |(id, _): &&(String, Key)| claims.key_id.as_deref() == Some(id.as_bytes());
        match setup.others.iter().find(named) {
            Some((_, key)) => Ok(Some(key.clone())),
            None => Reference.key(setup, claims),
        }
    }

    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let under = |(_, key): &(String, Key)| {
            let tag = setup.tag_text_under(key, text);
            claims.tags.iter().any(|sent| **sent == *tag)
        };
        Ok(Reference.authentic(setup, claims, text)? || setup.others.iter().any(under))
    }
}
