//! Endpoints of our own, set up for one case: with another secret, or with a clock that can be moved.
//!
//! The type to know is [`Workshop`]. A target that somebody else runs has none.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use countersign_conformance::reference::Steps;
use countersign_core::recipe::Sender;
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::secret::Secret;

use super::clock;
use crate::carrier::{Carrier, Deadlines, Raw};
use crate::serve::{AuditSink, Config, Endpoint, Running};

/// Makes endpoints like the one under test.
#[derive(Clone)]
pub struct Workshop {
    /// How requests are verified.
    pub steps: Arc<dyn Steps>,
    /// Origin and constants.
    pub deployment: Deployment,
    /// Path of the endpoint.
    pub path: String,
    /// A second sender beside the first.
    pub second: Option<Sender>,
}

/// An endpoint for one case.
#[derive(Debug)]
pub struct Apart {
    /// The endpoint.
    pub running: Running,
    /// The way there.
    pub carrier: Carrier,
    /// Seconds by which its clock is ahead.
    pub ahead: Arc<AtomicI64>,
}

impl fmt::Debug for Workshop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workshop").field("path", &self.path).finish_non_exhaustive()
    }
}

impl Workshop {
    /// Starts an endpoint on the current runtime.
    ///
    /// # Errors
    /// The secret does not fit the scheme, or no port is free.
    pub async fn start(&self, scheme: &Arc<dyn Scheme>, secret: &Secret) -> Result<Apart, String> {
        let ahead = Arc::new(AtomicI64::new(0));
        let shift = Arc::clone(&ahead);
        let config = Config {
            scheme: Arc::clone(scheme),
            secret: secret.clone(),
            steps: Arc::clone(&self.steps),
            deployment: self.deployment.clone(),
            path: self.path.clone(),
            second: self.second.clone(),
            bind: ([127, 0, 0, 1], 0).into(),
            clock: Arc::new(move || clock::now().plus_seconds(shift.load(Ordering::Relaxed))),
            audit: AuditSink::Discard,
        };
        let running = Endpoint::start(config).await.map_err(|error| error.to_string())?;
        let address = running.addr();
        let carrier = Carrier::Raw(Raw::new(address.ip().to_string(), address.port(), Deadlines::default()));
        Ok(Apart { running, carrier, ahead })
    }
}
