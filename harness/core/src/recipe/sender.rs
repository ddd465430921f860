//! Who sends requests: what it holds, and the endpoint that it sends to.
//!
//! The type to know is [`Sender`]. A service may have two of them. It must not know what is sent.

use crate::scheme::{Deployment, Key, Scheme, WrongSecret};
use crate::secret::Secret;

/// A sender, with a key and an endpoint of its own.
#[derive(Debug, Clone)]
pub struct Sender {
    /// The secret that it shares with its endpoint.
    pub secret: Secret,
    /// The key that the scheme makes of the secret.
    pub key: Key,
    /// Path and query of its endpoint.
    pub target: String,
    /// Origin, constants and key id.
    pub deployment: Deployment,
}

impl Sender {
    /// A sender whose requests are signed under a scheme.
    ///
    /// # Errors
    /// The secret does not have the form that the scheme demands; the text says which, not what it is.
    pub fn new(
        scheme: &dyn Scheme,
        secret: Secret,
        target: impl Into<String>,
        deployment: Deployment,
    ) -> Result<Self, WrongSecret> {
        Ok(Self { key: scheme.key(&secret)?, secret, target: target.into(), deployment })
    }
}
