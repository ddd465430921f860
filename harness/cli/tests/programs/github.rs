//! GitHub's rule for the programs beside this file, right, and with a comparison that takes its time.

use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

/// How tags are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    /// In constant time.
    Constant,
    /// Up to the first difference, each character as slowly as an interpreter does it.
    CharacterByCharacter,
}

/// Whether the only signature line holds the tag of this body.
pub(crate) fn is_genuine(key: &[u8], body: &[u8], lines: &[Vec<u8>], comparison: Comparison) -> bool {
    let is_public = [&b"ssh-"[..], b"ecdsa-"].iter().any(|start| key.starts_with(start))
        || key.windows(10).any(|part| part == b"-----BEGIN");
    let [given] = lines else { return false };
    if key.is_empty() || is_public {
        return false;
    }
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("keys of any length");
    mac.update(body);
    let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
    match comparison {
        Comparison::Constant => right.as_bytes().ct_eq(given).into(),
        Comparison::CharacterByCharacter => {
            given.len() == right.len() && given.iter().zip(right.as_bytes()).all(is_same)
        }
    }
}

fn is_same((one, other): (&u8, &u8)) -> bool {
    let began = Instant::now();
    while began.elapsed() < Duration::from_nanos(50) {
        std::hint::spin_loop();
    }
    one == other
}
