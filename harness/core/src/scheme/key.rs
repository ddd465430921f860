//! Key bytes, which no output may hold.

use std::fmt;
use std::ops::Deref;
use std::sync::OnceLock;

use hmac::{Hmac, KeyInit};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Key bytes, decoded from a secret; wiped when dropped, and never printed.
#[derive(Clone)]
pub struct Key {
    bytes: Zeroizing<Vec<u8>>,
    /// HMAC-SHA256 under this key before any text, once it was asked for.
    sha256: OnceLock<Hmac<Sha256>>,
}

impl Key {
    /// A key of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes), sha256: OnceLock::new() }
    }

    /// A fresh HMAC-SHA256 under this key; the key is set up only once.
    pub(crate) fn hmac_sha256(&self) -> Hmac<Sha256> {
        let ready = || Hmac::new_from_slice(self).expect("HMAC takes keys of every length");
        self.sha256.get_or_init(ready).clone()
    }
}

impl Deref for Key {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[key]")
    }
}

#[cfg(test)]
mod tests {
    use super::Key;

    #[test]
    fn a_key_is_printed_without_its_bytes() {
        assert_eq!(format!("{:?}", Key::new(b"secret".to_vec())), "[key]");
    }
}
