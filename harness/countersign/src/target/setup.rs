//! Setting a target up for one scheme.
//!
//! The type to know is [`Setup`]. It must not know what is done with the target.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_core::recipe::Sender;
use countersign_core::scheme::{Deployment, Scheme, WrongSecret};
use countersign_core::secret::Secret;

use super::usage::UsageError;
use super::{Kind, PATH, Slow};
use crate::counter::{CannotCount, CounterSpec};
use crate::limiter::RateLimiter;
use crate::made_up::made_up_secret;
use crate::process::{CannotServe, CannotStartDriver};
use crate::transport::{CannotStart, Deadlines, TransportName};

/// How a target is set up for one scheme.
#[derive(Debug, Clone)]
pub struct Setup {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    /// The shared secret; `None` to make one up, if the target can be given one.
    pub secret: Option<Secret>,
    /// A second sender.
    pub second: SecondSetup,
    /// The target's own idea of its scheme and authority, if they differ from its address.
    pub origin: Option<String>,
    /// Constants of the scheme.
    pub constants: BTreeMap<String, String>,
    /// The key id, if not the default.
    pub key_id: Option<String>,
    /// The effect counter of a target that somebody else runs.
    pub effects: Option<CounterSpec>,
    /// The transport, if not the default.
    pub transport: Option<TransportName>,
    /// How long each step of a delivery may take.
    pub deadlines: Deadlines,
    /// Limits requests per second.
    pub limiter: RateLimiter,
    /// Cases in flight at the same time.
    pub jobs: usize,
    /// Whether slow cases are run.
    pub slow: Slow,
    /// The root seed for everything fresh in requests.
    pub seed: u64,
    /// The command that runs a case again, without the case id.
    pub replay: String,
}

/// A second sender of the same service, as far as one was configured.
#[derive(Debug, Clone)]
pub struct SecondSetup {
    /// Its secret.
    pub secret: Option<Secret>,
    /// The path of its endpoint.
    pub path: Option<String>,
    /// Its key id.
    pub key_id: String,
}

impl Default for SecondSetup {
    fn default() -> Self {
        Self { secret: None, path: None, key_id: "secondary".to_owned() }
    }
}

/// Why a target cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum CannotSetUp {
    /// An option cannot be honored.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The secret does not have the form that the scheme demands.
    #[error(transparent)]
    Secret(#[from] WrongSecret),
    /// The secret of the second sender does not have that form.
    #[error("--second-secret: {0}")]
    SecondSecret(#[source] WrongSecret),
    /// The embedded endpoint does not start.
    #[error("the embedded endpoint cannot start: {0}")]
    Embedded(#[from] crate::serve::CannotServe),
    /// The HTTP client does not start.
    #[error(transparent)]
    Client(#[from] CannotStart),
    /// The driver does not start.
    #[error(transparent)]
    Driver(#[from] CannotStartDriver),
    /// The server does not start.
    #[error(transparent)]
    Server(#[from] CannotServe),
    /// Effects cannot be counted.
    #[error("--effects: {0}")]
    Effects(#[from] CannotCount),
}

/// A started target, and the address that its requests are signed for.
pub(crate) struct Started {
    pub(crate) kind: Kind,
    /// Value of the `Host` header.
    pub(crate) host: String,
    /// Path and query.
    pub(crate) path: String,
    /// Its default origin: scheme and authority.
    pub(crate) origin: String,
    /// Host and port for commands to copy; `None` for targets without a network connection.
    pub(crate) address: Option<(String, u16)>,
}

impl Setup {
    /// The shared secret.
    pub(super) fn secret(&self) -> Secret {
        self.secret.clone().unwrap_or_else(|| made_up_secret(&*self.scheme, self.seed))
    }

    /// Origin, constants and key id.
    pub(super) fn deployment(&self, origin: &str) -> Deployment {
        let origin = self.origin.clone().unwrap_or_else(|| origin.to_owned());
        let mut deployment = Deployment { origin, ..Deployment::default() };
        deployment.constants.clone_from(&self.constants);
        if let Some(key_id) = &self.key_id {
            deployment.key_id.clone_from(key_id);
        }
        deployment
    }

    /// The signer of the target's own requests.
    pub(crate) fn first_sender(&self, path: String, origin: &str) -> Result<Sender, CannotSetUp> {
        Ok(Sender::new(&*self.scheme, self.secret(), path, self.deployment(origin))?)
    }

    /// A second sender with this secret, at the configured path or else at this one.
    pub(super) fn second_sender(
        &self,
        secret: Secret,
        path: String,
        origin: &str,
    ) -> Result<Sender, CannotSetUp> {
        let path = self.second.path.clone().unwrap_or(path);
        let deployment = Deployment { key_id: self.second.key_id.clone(), ..self.deployment(origin) };
        let sender = Sender::new(&*self.scheme, secret, path, deployment);
        sender.map_err(CannotSetUp::SecondSecret)
    }

    /// The second sender of an embedded endpoint. Its default secret comes from another seed.
    pub(super) fn embedded_sender(&self, origin: &str) -> Result<Sender, CannotSetUp> {
        let secret = self.second.secret.clone();
        let secret = secret.unwrap_or_else(|| made_up_secret(&*self.scheme, !self.seed));
        self.second_sender(secret, format!("{}/second", PATH), origin)
    }
}
