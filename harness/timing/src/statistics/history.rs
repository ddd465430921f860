//! How evidence grew from call to call, in little memory.
//!
//! The type to know is [`History`].

use serde::Serialize;

/// Checkpoints that are kept at most, without the last.
const MOST: usize = 256;
/// Each checkpoint comes after so many times the timings of the one before: some 200 for a million.
const GROWTH: f64 = 1.06;

/// Evidence at checkpoints, ever farther apart. Decimal logarithms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct History {
    /// Evidence from which on a leak is certain.
    pub leak_certain: f64,
    /// Evidence from which on it is certain that a class is not slower by the resolution.
    pub clean_certain: f64,
    /// The first timing, the last, and some in between.
    pub checkpoints: Vec<Checkpoint>,
    #[serde(skip)]
    growth: f64,
    #[serde(skip)]
    next: u64,
}

/// Evidence after some timings: decimal logarithms.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Checkpoint {
    /// Timings so far.
    pub timings: u64,
    /// That the classes can be told apart.
    pub leak: f64,
    /// That the second class is not slower by the resolution or more; none without a resolution.
    pub not_slower: Option<f64>,
    /// That the second class is not faster by the resolution or more; none without a resolution.
    pub not_faster: Option<f64>,
}

impl History {
    /// Nothing has happened yet. Evidence is certain from one in `leak` and one in `clean` on.
    pub fn new(leak: f64, clean: f64) -> Self {
        Self {
            leak_certain: -leak.log10(),
            clean_certain: -clean.log10(),
            checkpoints: Vec::with_capacity(MOST),
            growth: GROWTH,
            next: 1,
        }
    }

    /// Whether a checkpoint after so many timings is kept.
    pub fn is_due(&self, timings: u64) -> bool {
        timings >= self.next
    }

    /// Keeps a checkpoint if it is due. If there are too many, every second one goes, and those to come are as far apart as
    /// those that stay.
    pub fn push(&mut self, checkpoint: Checkpoint) {
        if !self.is_due(checkpoint.timings) {
            return;
        }
        if self.checkpoints.len() == MOST {
            let mut index = 0;
            self.checkpoints.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.growth *= self.growth;
        }
        self.checkpoints.push(checkpoint);
        let next = (checkpoint.timings as f64 * self.growth) as u64;
        self.next = next.max(checkpoint.timings.saturating_add(1));
    }

    /// The history up to a checkpoint, which is the last whether it was due or not.
    #[must_use]
    pub fn until(&self, last: Checkpoint) -> Self {
        let mut whole = self.clone();
        if whole.checkpoints.last().is_none_or(|checkpoint| checkpoint.timings < last.timings) {
            whole.checkpoints.push(last);
        }
        whole
    }
}
