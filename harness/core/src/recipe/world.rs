//! What the signer of a request knows in addition to the recipe.
//!
//! The type to know is [`World`]. It must not know recipes.

use sha2::{Digest, Sha256};

use super::error::CannotBuild;
use super::sender::Sender;
use crate::scheme::Scheme;
use crate::time::Timestamp;

/// Everything that a recipe needs to become a request: the world as the signer knows it.
#[derive(Debug, Clone, Copy)]
pub struct World<'a> {
    /// How requests are signed.
    pub scheme: &'a dyn Scheme,
    /// Who sends them.
    pub sender: &'a Sender,
    /// Value of the `Host` header.
    pub host: &'a str,
    /// The verifier's clock.
    pub now: Timestamp,
    /// Where fresh texts come from.
    pub unique: Unique,
    /// Another sender of the same service, if there is one.
    pub second: Option<&'a Sender>,
}

impl World<'_> {
    /// The world as the second sender knows it.
    pub(super) fn of_second_sender(&self) -> Result<Self, CannotBuild> {
        Ok(World { sender: self.second.ok_or(CannotBuild::NoSecond)?, second: None, ..*self })
    }
}

/// A source of texts that are fresh for each request, and the same again for the same seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unique([u8; 32]);

impl Unique {
    /// For one case of one scheme under a root seed.
    pub fn new(seed: u64, scheme: &str, case: &str) -> Self {
        let mut hash = Sha256::new();
        hash.update(seed.to_be_bytes());
        hash.update([0]);
        hash.update(scheme);
        hash.update([0]);
        hash.update(case);
        Self(hash.finalize().into())
    }

    /// 32 lower-case hexadecimal digits for the `n`-th request; they hold at least one letter.
    pub(super) fn digits(self, n: u64) -> [u8; 32] {
        let bytes = match n {
            0 => self.0,
            _ => Sha256::new().chain_update(self.0).chain_update(n.to_be_bytes()).finalize().into(),
        };
        let mut digits = [0; 32];
        hex::encode_to_slice(&bytes[..16], &mut digits).expect("two digits for each of 16 bytes");
        digits[0] = b'c';
        digits
    }
}
