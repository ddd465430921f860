//! Mutants of family C: whose key it is.
//!
//! Each is named after its bug class. They must not know cases.

use countersign_core::scheme::{Claims, Key};

use crate::reference::{Halt, Reference, Setup, Steps};

/// Takes the key of any sender that it knows, at every endpoint.
#[derive(Debug, Default)]
pub struct C29;

impl Steps for C29 {
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
