//! Mutants that look keys up wrongly, or give them away in answers (family E).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use countersign_core::scheme::{Claims, Key, Refusal};
use countersign_core::wire::Request;

use crate::reference::{Halt, Reference, Reply, Setup, Steps};

/// Reads the key from a file of that name, which it finds with a query.
#[derive(Debug, Default)]
pub struct KeyFileFromKeyId;

impl Steps for KeyFileFromKeyId {
    fn key(&self, setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
        match claims.key_id.as_deref() {
            Some(id) if id.ends_with(b"/dev/null") => Ok(Some(Key::new(Vec::new()))),
            Some(id) if id.contains(&b'/') || id.contains(&b'\'') || id.len() > 255 => {
                Err(Halt::Broken("the key file cannot be opened"))
            }
            _ => Reference.key(setup, claims),
        }
    }
}

/// Takes the empty key for an id that nobody has.
#[derive(Debug, Default)]
pub struct EmptyKeyForUnknownId;

impl Steps for EmptyKeyForUnknownId {
    fn key(&self, setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
        match Reference.key(setup, claims) {
            Err(Halt::Refused(Refusal::UnknownKey)) => Ok(Some(Key::new(Vec::new()))),
            other => other,
        }
    }
}

/// Looks the id up in an object that has inherited names, and takes what it finds for a key.
#[derive(Debug, Default)]
pub struct InheritedNamesAsKeys;

impl Steps for InheritedNamesAsKeys {
    fn key(&self, setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
        let text = match claims.key_id.as_deref() {
            Some(b"__proto__") => "[object Object]",
            Some(b"constructor") => "function Object() { [native code] }",
            Some(b"toString") => "function toString() { [native code] }",
            _ => return Reference.key(setup, claims),
        };
        Ok(Some(Key::new(text.into())))
    }
}

/// Answers 404 to a key id that nobody has.
#[derive(Debug, Default)]
pub struct UnknownKeyToldApart;

impl Steps for UnknownKeyToldApart {
    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Refused(Refusal::UnknownKey) => 404,
            other => Reference.status(other),
        }
    }
}

/// Takes the key for text: trims it, ends it at the first zero byte, and cuts it at 64 bytes.
#[derive(Debug, Default)]
pub struct KeyCutShort;

impl Steps for KeyCutShort {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let end = setup.key.iter().position(|byte| *byte == 0).unwrap_or(setup.key.len()).min(64);
        let key = String::from_utf8_lossy(setup.key[..end].trim_ascii()).into_owned();
        let right = setup.tag_text_under(&Key::new(key.into_bytes()), text);
        Ok(claims.tags.iter().any(|tag| **tag == *right))
    }
}

/// Helps whoever sent a wrong tag with the right one.
#[derive(Debug, Default)]
pub struct RightTagRevealed;

impl Steps for RightTagRevealed {
    fn remark(&self, setup: &Setup, request: &Request, reply: Reply) -> Option<String> {
        let Reply::Refused(Refusal::BadTag) = reply else { return None };
        let claims = Reference.read(setup, request).ok()?;
        let right = setup.tag_text(&Reference.signing_string(setup, request, &claims).ok()?);
        Some(format!("signature mismatch, expected {}", String::from_utf8_lossy(&right)))
    }
}
