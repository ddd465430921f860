//! Verifiers for measurements of timing: one that ends at the first difference, one with `==`, one in constant time.
//!
//! Each computes the HMAC of a body of 256 bytes and compares 64 characters.

use std::hint::black_box;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

const BODY: [u8; 256] = [b'a'; 256];

/// The right tag.
pub fn tag() -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a key for measurements").expect("keys of any length");
    mac.update(black_box(&BODY));
    hex::encode(mac.finalize().into_bytes())
}

/// Ends at the first difference.
pub fn early_exit(given: &[u8]) -> bool {
    let right = tag();
    given.len() == right.len()
        && given.iter().zip(right.as_bytes()).all(|(one, other)| black_box(one) == black_box(other))
}

/// Compares with `==`.
pub fn equals(given: &[u8]) -> bool {
    black_box(given) == black_box(tag().as_bytes())
}

/// Compares in constant time.
pub fn constant_time(given: &[u8]) -> bool {
    tag().as_bytes().ct_eq(given).into()
}
