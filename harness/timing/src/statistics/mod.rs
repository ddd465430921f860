//! Whether the time that calls take depends on their class: statistics that are valid whenever you look.
//!
//! The type to know is [`Comparison`]: it takes the timings of two classes of calls, whose labels a fair coin drew, and
//! says at any time what is known. It keeps three questions apart. [`Leak`]: can labels be told from timings at all?
//! [`Shift`]: by how much is one class slower? [`Tail`]: does one class have more of the very slow calls? [`Report`] is
//! what people and programs read. This module must not know clocks, functions or endpoints: it sees timings and labels only.
//!
//! Sources: Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024; Duan, Ramdas and
//! Wasserman, "Interactive rank testing by betting", 2022; Krichevsky and Trofimov, "The performance of universal
//! encoding", 1981.

mod coin;
mod controls;
mod effect;
mod exact;
mod history;
mod holm;
mod leak;
mod order;
mod profile;
mod recording;
mod report;
mod scores;
mod shift;
mod tail;
mod verdict;
mod verdict_kind;
mod wider;
mod window;

pub(crate) use coin::Coin;
pub use controls::{Control, Controls, State};
pub(crate) use effect::bound;
pub use effect::{Effect, nanos};
pub use exact::{Count, Decides, INSTRUCTIONS_SCHEMA, Instructions, Site, TAINT_SCHEMA, Taint};
pub use history::{Checkpoint, History};
pub(crate) use holm::holm;
pub use leak::Leak;
pub use order::Order;
pub use profile::{Profile, Quantile};
pub use recording::{BadRecording, Recording};
pub use report::{Finding, Report, SCHEMA};
pub use shift::{Interval, Shift, Side};
pub use tail::Tail;
pub use verdict::{Comparison, Limits, Open, Verdict};
pub use verdict_kind::VerdictKind;

/// The class of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Label {
    /// The first class.
    X,
    /// The second class. An effect is positive if it is the slower one.
    Y,
}

impl Label {
    fn index(self) -> usize {
        match self {
            Self::X => 0,
            Self::Y => 1,
        }
    }
}

/// The logarithm of the mean of numbers that are given by their logarithms.
fn log_mean(logs: &[f64]) -> f64 {
    let largest = logs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    largest + (logs.iter().map(|log| (log - largest).exp()).sum::<f64>() / logs.len() as f64).ln()
}
