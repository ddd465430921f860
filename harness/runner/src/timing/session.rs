//! What is the same for everything that is measured: coins, controls, looks, and the end.
//!
//! The type to know is [`Session`]. It must not know what a call is.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use countersign_core::timing::{Comparison, Controls, Finding, Label, Limits, Recording, Word};
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};

use super::counter::Counter;

/// Timings between two looks at first.
const BLOCK: u64 = 32;

/// When to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Calls at most, without those of controls.
    pub calls: u64,
    /// Time at most.
    pub time: Duration,
    /// Whether a verdict ends the measurement.
    pub stop: Stop,
}

/// Whether a verdict ends a measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// It does.
    AtVerdict,
    /// Everything that may be used is: to see what more calls say, or other statistics.
    AtEnd,
}

/// What a timing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The comparison.
    Classes,
    /// Both classes are the same.
    Identical,
    /// The second class waits.
    Spin,
}

/// What the coin says of the next timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Draw {
    pub(super) purpose: Purpose,
    pub(super) label: Label,
}

/// What a measurement found, and its timings.
#[derive(Debug, Clone)]
pub struct Timing {
    finding: Finding,
    recording: Recording,
}

impl Timing {
    /// Whether the classes can be told apart by more than the resolution.
    pub fn is_leak(&self) -> bool {
        self.finding.verdict == Word::Leak
    }

    /// Whether it is certain that they differ by less than the resolution.
    pub fn is_clean(&self) -> bool {
        self.finding.verdict == Word::NoLeak
    }

    /// What was found.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// The timings, without those of controls.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finding.fmt(f)
    }
}

/// A measurement under way.
pub(super) struct Session {
    seed: u64,
    chance: ChaCha12Rng,
    budget: Budget,
    began: Instant,
    batch: u64,
    comparisons: [Comparison; 3],
    recording: Recording,
    next_look: u64,
}

impl Session {
    /// A measurement whose timings span `batch` calls each and stand on steps of the clock.
    pub(super) fn new(limits: Limits, seed: u64, budget: Budget, batch: u64) -> Self {
        Self {
            seed,
            chance: ChaCha12Rng::seed_from_u64(seed),
            budget,
            began: Instant::now(),
            batch,
            comparisons: [0, 1, 2].map(|at| Comparison::new(limits, seed.wrapping_add(at))),
            recording: Recording::default(),
            next_look: BLOCK,
        }
    }

    /// Chance for everything that is drawn.
    pub(super) fn chance(&mut self) -> &mut ChaCha12Rng {
        &mut self.chance
    }

    /// Draws what the next timing is for, and a label by a fair coin. The difference that is made on purpose is as frequent
    /// as the comparison: it must be seen before anything is ruled out. Makes room, so that taking it allocates nothing.
    pub(super) fn draw(&mut self) -> Draw {
        self.recording.timings.reserve(1);
        let drawn = self.chance.next_u32();
        let purpose = match drawn >> 1 & 7 {
            0..=2 => Purpose::Classes,
            3..=4 => Purpose::Identical,
            _ => Purpose::Spin,
        };
        Draw { purpose, label: if drawn & 1 == 1 { Label::Y } else { Label::X } }
    }

    /// Takes a timing.
    pub(super) fn push(&mut self, draw: Draw, nanos: f64) {
        let [classes, identical, spin] = &mut self.comparisons;
        match draw.purpose {
            Purpose::Classes => {
                classes.push(draw.label, nanos);
                self.recording.timings.push((draw.label, nanos));
            }
            Purpose::Identical => identical.push(draw.label, nanos),
            Purpose::Spin => spin.push(draw.label, nanos),
        }
    }

    fn controls(&self) -> Controls<'_> {
        let [_, identical, spin] = &self.comparisons;
        Controls { identical: Some(identical), spin: Some(spin) }
    }

    /// Whether there is a verdict, or the budget is used up. It looks now and then only: a look costs some microseconds.
    pub(super) fn is_over(&mut self) -> bool {
        let [classes, _, _] = &self.comparisons;
        let timings = classes.calls();
        if timings * self.batch >= self.budget.calls || self.began.elapsed() >= self.budget.time {
            return true;
        }
        if timings < self.next_look || self.budget.stop == Stop::AtEnd {
            return false;
        }
        self.next_look = timings + BLOCK.max(timings / 32);
        self.controls().verdict(classes).0 != Word::Inconclusive
    }

    /// What was found.
    pub(super) fn finish(mut self, name: &str, counter: &Counter) -> Timing {
        self.recording.facts = facts(self.seed, counter, self.batch);
        let [classes, _, _] = &self.comparisons;
        let finding = Finding::new(name, classes, &self.controls(), self.batch, &self.recording);
        Timing { finding, recording: self.recording }
    }
}

/// A seed that nobody can foretell.
///
/// Panics if the system has no source of chance: a coin that can be foretold proves nothing.
pub(super) fn seed() -> u64 {
    getrandom::u64().expect("the system gives random numbers; else a seed must be given")
}

fn facts(seed: u64, counter: &Counter, batch: u64) -> BTreeMap<String, String> {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let facts = [
        ("seed", seed.to_string()),
        ("timer step", format!("{:.2} ns", counter.step())),
        ("calls of a timing", batch.to_string()),
        ("machine", format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS)),
        ("load", load.split(' ').next().unwrap_or_default().to_owned()),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
