//! How a target is measured, whatever it is.
//!
//! The type to know is [`MeasureOptions`].

use countersign_timing::Budget;
use countersign_timing::statistics::Limits;
use tokio::runtime::Handle;

use super::requests::Contrast;
use crate::session;

/// Exchanges before the first that counts.
pub(super) const WARM: u32 = 20;

/// How a target is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct MeasureOptions {
    /// How requests are sent to an endpoint.
    pub technique: Technique,
    /// How the classes differ.
    pub contrast: Contrast,
    /// Nanoseconds that are tolerated, if not the default of the technique.
    pub resolution: Option<f64>,
    /// When to stop without a verdict.
    pub budget: Budget,
    /// How many comparisons of this target there are: they share the chance of a false leak.
    pub comparisons: u32,
    /// Seed of labels and tags; a random one if there is none.
    pub seed: Option<u64>,
}

/// How requests are sent to an endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Technique {
    /// One request after the other, over HTTP/1.1.
    #[default]
    OneByOne,
    /// Two at a time, over HTTP/2 with prior knowledge.
    Pairs,
}

/// Why a target cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotMeasure(pub(super) String);

impl CannotMeasure {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// Waits until the rate limit of the session allows another request.
pub(super) fn wait_for_turn(session: &session::Session, runtime: &Handle) {
    runtime.block_on(session.target.limiter().wait());
}

pub(super) fn limits(options: &MeasureOptions, default: f64, step: f64) -> Limits {
    let usual = Limits::default();
    let leak = usual.leak / f64::from(options.comparisons.max(1));
    Limits { resolution: Some(options.resolution.unwrap_or(default)), step, leak, ..usual }
}
