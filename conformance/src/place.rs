//! What the signer and the verifier of one scheme hold in a run without a network.
//!
//! The type to know is [`Place`]: a fixed time, a test secret, one endpoint.

use std::sync::{Arc, OnceLock};

use countersign_core::recipe::{Sender, Unique, World};
use countersign_core::redact::Redactor;
use countersign_core::scheme::{Construction, Deployment, Encoding, Hash, Key, KeyForm, Scheme, mac};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;

use crate::catalog::Catalog;
use crate::reference::Setup;

/// The fixed time of such runs: 2026-11-21T12:00:00Z.
pub const NOW: Timestamp = Timestamp::from_seconds(1_795_262_400);

/// The seed of all generated values.
pub const SEED: u64 = 20_261_121;

/// Seeds for what must not depend on luck, the usual one first. Where one byte decides, three seeds leave one chance
/// in sixteen million.
pub const SEEDS: [u64; 3] = [SEED, SEED + 1, SEED + 2];

/// The path of the endpoint.
pub const PATH: &str = "/hook";

/// The path of the second sender's endpoint.
pub const SECOND_PATH: &str = "/hook/second";

/// The key id of the second sender.
const SECOND_KEY_ID: &str = "secondary";

/// The distance between the seed of a secret and the seed of the second sender's secret.
const APART: u64 = 1000;

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

/// Another test secret for each seed, of the same form.
fn secret_of(seed: u64, form: &KeyForm) -> Secret {
    if seed == SEED {
        return secret(form);
    }
    let bytes = mac(Construction::Hmac, Hash::Sha256, b"test secret", &seed.to_be_bytes());
    match form {
        KeyForm::Utf8 => Secret::new(format!("a secret that only tests know, seed {seed} of them")),
        KeyForm::Hex => Secret::new(Encoding::Hex.encode(&bytes)),
        KeyForm::Base64 => Secret::new(Encoding::Base64.encode(&bytes)),
        KeyForm::Base64After(prefix) => Secret::new(format!("{prefix}{}", Encoding::Base64.encode(&bytes))),
    }
}

/// One scheme and all that its signer and its verifier hold.
pub struct Place {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    sender: Sender,
    second: Sender,
    secrets: Arc<OnceLock<Redactor>>,
    seed: u64,
}

impl Place {
    /// The place of a scheme.
    pub fn new(scheme: &Arc<dyn Scheme>) -> Self {
        Self::under(scheme, SEED)
    }

    /// The same with the secret and the generated values of a seed.
    pub fn under(scheme: &Arc<dyn Scheme>, seed: u64) -> Self {
        let sender = |seed, path, deployment| {
            let secret = secret_of(seed, &scheme.file().mac.key);
            let sender = Sender::new(&**scheme, secret, path, deployment);
            sender.expect("the test secret has the form of the scheme")
        };
        let deployment = Deployment { origin: "https://example.com".to_owned(), ..Deployment::default() };
        let with_key_id = Deployment { key_id: SECOND_KEY_ID.to_owned(), ..deployment.clone() };
        let second = sender(seed + APART, SECOND_PATH, with_key_id);
        let sender = sender(seed, PATH, deployment);
        Self { scheme: Arc::clone(scheme), sender, second, secrets: Arc::default(), seed }
    }

    /// The places of all shipped schemes, in order of their names.
    pub fn all() -> Vec<Self> {
        Catalog::embedded().schemes.values().map(Self::new).collect()
    }

    /// The same place, set up with other key bytes; none if the scheme has no such secret.
    pub fn with_key(&self, key: &[u8]) -> Option<Self> {
        let Self { scheme, sender: Sender { deployment, .. }, second, seed, .. } = self;
        let sender =
            Sender::new(&**scheme, scheme.file().mac.key.write(key), PATH, deployment.clone()).ok()?;
        let (scheme, second) = (Arc::clone(scheme), second.clone());
        Some(Self { scheme, sender, second, secrets: Arc::default(), seed: *seed })
    }

    /// The key of both sides.
    pub fn key(&self) -> &Key {
        &self.sender.key
    }

    /// The world as the signer of a case knows it.
    pub fn world(&self, case: &str) -> World<'_> {
        self.world_of(self.seed, case)
    }

    /// The same with the generated values of a seed.
    pub fn world_of(&self, seed: u64, case: &str) -> World<'_> {
        World {
            scheme: &*self.scheme,
            sender: &self.sender,
            host: "example.com",
            now: NOW,
            unique: Unique::new(seed, self.scheme.file().scheme.as_str(), case),
            second: Some(&self.second),
        }
    }

    /// What a verifier holds, with fresh memory.
    pub fn setup(&self) -> Setup {
        let Sender { key, deployment, .. } = self.sender.clone();
        let first = Setup::new(Arc::clone(&self.scheme), key, deployment, PATH);
        let first = Setup { secrets: Arc::clone(&self.secrets), ..first };
        first.with_second(self.second.key.clone(), SECOND_KEY_ID, SECOND_PATH)
    }
}
