//! What is known while a measurement is under way.
//!
//! The type to know is [`ProgressUpdate`].

use std::time::Duration;

use crate::statistics::VerdictKind;

/// Time between two updates.
pub(super) const PAUSE: Duration = Duration::from_millis(100);

/// What is known while a measurement is under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ProgressUpdate {
    /// Timings so far, without those of controls.
    pub timings: u64,
    /// Time so far.
    pub elapsed: Duration,
    /// Decimal logarithm of the evidence that the classes can be told apart.
    pub evidence: f64,
    /// The verdict, if it ended now.
    pub verdict: VerdictKind,
    /// After how many timings a verdict is likely.
    pub forecast: Option<u64>,
}

/// Gets updates: ten times a second at most, between two timings and never within one. It runs on the thread and the CPU of the
/// measurement, so that nothing else has to be awake beside it.
pub type Observer<'a> = Option<&'a mut dyn FnMut(&ProgressUpdate)>;
