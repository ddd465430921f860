//! Where signer and verifier of one scheme stand in a run without a network.
//!
//! The type to know is [`Place`]: a fixed time, a test secret, one endpoint.

use std::sync::Arc;

use countersign_core::recipe::{Unique, World};
use countersign_core::scheme::{Deployment, Key, KeyForm, Scheme};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;

use crate::catalog::Catalog;
use crate::reference::Setup;

/// The time at which everything happens: 2026-11-21T12:00:00Z.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_262_400);

/// The seed of all fresh texts.
pub const SEED: u64 = 20_261_121;

/// The path of the endpoint.
pub const PATH: &str = "/hook";

/// A test secret in the form that a scheme demands.
pub fn secret(form: &KeyForm) -> Secret {
    const BASE64: &str = "Y291bnRlcnNpZ24gdGVzdCBzZWNyZXQsIDMyIGJ5dGU=";
    match form {
        KeyForm::Utf8 => Secret::new("a secret that only the tests of Countersign know"),
        KeyForm::Hex => Secret::new("00112233445566778899aabbccddeeff0123456789abcdeffedcba9876543210"),
        KeyForm::Base64 => Secret::new(BASE64),
        KeyForm::Base64After(prefix) => Secret::new(format!("{prefix}{BASE64}")),
    }
}

/// One scheme and all that its signer and its verifier hold.
pub struct Place {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    secret: Secret,
    key: Key,
    deployment: Deployment,
}

impl Place {
    /// The place of a scheme.
    pub fn new(scheme: &Arc<dyn Scheme>) -> Self {
        let secret = secret(&scheme.file().mac.key);
        let key = scheme.key(&secret).expect("the test secret has the form of the scheme");
        let deployment = Deployment { origin: "https://example.com".to_owned(), ..Deployment::default() };
        Self { scheme: Arc::clone(scheme), secret, key, deployment }
    }

    /// The places of all shipped schemes, in order of their names.
    pub fn all() -> Vec<Self> {
        Catalog::embedded().schemes.values().map(Self::new).collect()
    }

    /// The same place, set up with other key bytes; none if the scheme has no such secret.
    pub fn with_key(&self, key: &[u8]) -> Option<Self> {
        let Self { scheme, deployment, .. } = self;
        let secret = scheme.file().mac.key.write(key);
        let key = scheme.key(&secret).ok()?;
        Some(Self { scheme: Arc::clone(scheme), secret, key, deployment: deployment.clone() })
    }

    /// The key of both sides.
    pub fn key(&self) -> &Key {
        &self.key
    }

    /// The world as the signer of a case knows it.
    pub fn world(&self, case: &str) -> World<'_> {
        self.world_of(SEED, case)
    }

    /// The same with texts that are fresh for a seed.
    pub fn world_of(&self, seed: u64, case: &str) -> World<'_> {
        World {
            scheme: &*self.scheme,
            secret: &self.secret,
            key: &self.key,
            host: "example.com",
            target: PATH,
            deployment: &self.deployment,
            now: NOW,
            unique: Unique::new(seed, self.scheme.file().scheme.as_str(), case),
        }
    }

    /// What a verifier holds, with fresh memory.
    pub fn setup(&self) -> Setup {
        Setup::new(Arc::clone(&self.scheme), self.key.clone(), self.deployment.clone(), PATH)
    }
}
