//! Secrets for targets that are given one by the run.

use countersign_core::scheme::{Construction, Encoding, Hash, KeyForm, Scheme, mac};
use countersign_core::secret::Secret;

/// A secret in the form that a scheme demands, derived from the seed, for targets that are given theirs.
pub fn made_up_secret(scheme: &dyn Scheme, seed: u64) -> Secret {
    let name = scheme.file().scheme.as_str();
    let bytes = mac(Construction::Hmac, Hash::Sha256, &seed.to_be_bytes(), name.as_bytes());
    Secret::new(match &scheme.file().mac.key {
        KeyForm::Utf8 | KeyForm::Hex => Encoding::Hex.encode(&bytes),
        KeyForm::Base64 => Encoding::Base64.encode(&bytes),
        KeyForm::Base64After(prefix) => format!("{prefix}{}", Encoding::Base64.encode(&bytes)),
    })
}
