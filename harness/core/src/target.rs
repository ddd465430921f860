//! What the harness needs of an implementation under test.

use std::future::Future;

use crate::observe::Observation;
use crate::wire::Wire;

/// An implementation under test, behind whatever carries requests to it.
///
/// Delivering never fails: what goes wrong is an observation.
pub trait Target: Send + Sync {
    /// Sends one request and waits for what comes back.
    fn deliver(&self, wire: &Wire) -> impl Future<Output = Observation> + Send;
}
