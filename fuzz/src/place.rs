//! Where the reference stands in a fuzz run: every shipped scheme, with fixed secret and time.

use std::sync::{Arc, OnceLock};

use countersign_conformance::Catalog;
use countersign_conformance::matrix::{NOW, PATH, SEED, secret};
use countersign_conformance::reference::Setup;
use countersign_core::recipe::{Unique, World};
use countersign_core::scheme::{Deployment, Key, Scheme};
use countersign_core::secret::Secret;

/// One scheme and all that its signer and its verifier hold.
pub struct Place {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    secret: Secret,
    key: Key,
    deployment: Deployment,
}

impl Place {
    /// The place that a byte of an input chooses.
    pub fn chosen(by: u8) -> &'static Self {
        let all = Self::all();
        &all[usize::from(by) % all.len()]
    }

    /// The places of all shipped schemes, in order of their names.
    pub fn all() -> &'static [Self] {
        static PLACES: OnceLock<Vec<Place>> = OnceLock::new();
        PLACES.get_or_init(|| Catalog::embedded().schemes.values().map(Self::new).collect())
    }

    fn new(scheme: &Arc<dyn Scheme>) -> Self {
        let secret = secret(&scheme.file().mac.key);
        let key = scheme.key(&secret).expect("the test secret has the form of the scheme");
        let deployment = Deployment { origin: "https://example.com".to_owned(), ..Deployment::default() };
        Self { scheme: Arc::clone(scheme), secret, key, deployment }
    }

    /// The world of the signer.
    pub fn world(&self) -> World<'_> {
        World {
            scheme: &*self.scheme,
            secret: &self.secret,
            host: "example.com",
            target: PATH,
            deployment: &self.deployment,
            now: NOW,
            unique: Unique::new(SEED, self.scheme.file().scheme.as_str(), "fuzz"),
        }
    }

    /// The place of the verifier, with empty memory.
    pub fn setup(&self) -> Setup {
        Setup::new(Arc::clone(&self.scheme), self.key.clone(), self.deployment.clone(), PATH)
    }
}
