//! The shared secret.
//!
//! [`Secret`] has no `Display`, no `Serialize`, a redacted `Debug`, and is wiped when dropped.
//! Only the functions that compute a MAC may look inside.

use std::fmt;

use zeroize::Zeroizing;

/// The secret as configured: the text or bytes a person was given, before a scheme decodes it.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// Wraps the bytes of a secret.
    pub fn new(bytes: impl Into<Vec<u8>>) -> Self {
        Self(Zeroizing::new(bytes.into()))
    }

    /// The bytes, for computing a MAC or for scanning outputs.
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        let shown = format!("{:?}", Secret::new("canary-7f3a"));
        assert!(!shown.contains("canary") && !shown.contains('7'), "{shown}");
    }
}
