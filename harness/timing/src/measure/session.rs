//! What all measurements share: the coin, the controls, when to look and when to stop.
//!
//! The type to know is [`Session`]. It must not know what a call is.

use std::collections::BTreeMap;
use std::f64::consts::LN_10;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};

use super::counter::Counter;
use super::progress::{Observer, PAUSE, ProgressUpdate};
use crate::statistics::{Comparison, Controls, Finding, Label, Limits, Order, Recording, VerdictKind};

/// Timings that are put aside, and between two looks at first.
pub(super) const BLOCK: u64 = 32;

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
    /// It does not: the whole budget is used, to see what more calls or other statistics say.
    AtEnd,
}

/// What a timing is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// The comparison.
    Classes,
    /// The control with two identical classes.
    Identical,
    /// The control whose second class is delayed.
    Delayed,
}

/// What the coin assigned to the next timing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assignment {
    /// What the timing is for.
    pub purpose: Purpose,
    second: u8,
}

impl Assignment {
    /// 1 if the second class is next, and 0 if the first is. The compiler knows nothing about this number: where it knows a
    /// label it may branch on it, and a call after a branch takes a different time on each side.
    pub fn second(self) -> u8 {
        black_box(self.second)
    }

    /// The class that is next, for what is not timed.
    pub fn label(self) -> Label {
        if self.second() == 1 { Label::Y } else { Label::X }
    }
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
        self.finding.verdict == VerdictKind::Leak
    }

    /// Whether it is certain that they do not differ by more than the resolution.
    pub fn is_clean(&self) -> bool {
        self.finding.verdict == VerdictKind::NoLeak
    }

    /// What was found.
    pub fn finding(&self) -> &Finding {
        &self.finding
    }

    /// The timings, without those of controls.
    pub fn recording(&self) -> &Recording {
        &self.recording
    }

    /// The same for a comparison of the first character with the one at this position.
    #[must_use]
    pub fn at(mut self, position: Option<u16>) -> Self {
        self.finding.position = position;
        self
    }

    /// The same for pairs of requests, whose answers came in this order.
    #[must_use]
    pub fn in_order(self, order: Order) -> Self {
        Self { finding: self.finding.in_order(order), ..self }
    }
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finding.fmt(f)
    }
}

/// A measurement under way.
pub struct Session<'a> {
    seed: u64,
    random: ChaCha12Rng,
    budget: Budget,
    began: Instant,
    batch: u64,
    comparisons: [Comparison; 3],
    recording: Recording,
    /// Timings of the comparison.
    timings: u64,
    /// Timings that were not looked at yet.
    aside: Vec<(Assignment, f64)>,
    next_look: u64,
    observer: Observer<'a>,
    next_told: Duration,
}

impl<'a> Session<'a> {
    /// A measurement whose timings span `batch` calls each.
    pub fn new(limits: Limits, seed: u64, budget: Budget, batch: u64) -> Self {
        Self {
            seed,
            random: ChaCha12Rng::seed_from_u64(seed),
            budget,
            began: Instant::now(),
            batch,
            comparisons: [0, 1, 2].map(|at| Comparison::new(limits, seed.wrapping_add(at))),
            recording: Recording::default(),
            timings: 0,
            aside: Vec::with_capacity(BLOCK as usize),
            next_look: BLOCK,
            observer: None,
            next_told: PAUSE,
        }
    }

    /// Sends updates to an observer.
    #[must_use]
    pub fn observed(self, observer: Observer<'a>) -> Self {
        Self { observer, ..self }
    }

    /// Random numbers for everything that is drawn.
    pub fn random(&mut self) -> &mut ChaCha12Rng {
        &mut self.random
    }

    /// Draws what the next timing is for, and its label with a fair coin. The control with a difference is as frequent as the
    /// comparison: it must be seen before anything is ruled out.
    pub fn next_call(&mut self) -> Assignment {
        let drawn = self.random.next_u32();
        let purpose = match drawn >> 1 & 7 {
            0..=2 => Purpose::Classes,
            3..=4 => Purpose::Identical,
            _ => Purpose::Delayed,
        };
        Assignment { purpose, second: black_box((drawn & 1) as u8) }
    }

    /// Takes a timing. It is put aside first: work on it depends on the label, and would show in the next timing.
    pub fn push(&mut self, call: Assignment, nanos: f64) {
        self.timings += u64::from(call.purpose == Purpose::Classes);
        self.aside.push((call, nanos));
    }

    /// Looks at what was put aside.
    fn take(&mut self) {
        let [classes, identical, delayed] = &mut self.comparisons;
        for (call, nanos) in self.aside.drain(..) {
            let label = call.label();
            match call.purpose {
                Purpose::Classes => {
                    classes.push(label, nanos);
                    self.recording.timings.push((label, nanos));
                }
                Purpose::Identical => identical.push(label, nanos),
                Purpose::Delayed => delayed.push(label, nanos),
            }
        }
    }

    fn controls(&self) -> Controls<'_> {
        let [_, identical, delayed] = &self.comparisons;
        Controls { identical: Some(identical), delayed: Some(delayed) }
    }

    /// Whether there is a verdict, or the budget is used up. It looks only now and then: a look costs some microseconds.
    pub fn is_over(&mut self) -> bool {
        let elapsed = self.began.elapsed();
        let is_used_up = self.timings * self.batch >= self.budget.calls || elapsed >= self.budget.time;
        if self.aside.len() < BLOCK as usize && !is_used_up {
            return false;
        }
        self.take();
        if self.observer.is_some() && elapsed >= self.next_told {
            self.next_told = elapsed + PAUSE;
            self.tell(elapsed);
        }
        if is_used_up || self.timings < self.next_look || self.budget.stop == Stop::AtEnd {
            return is_used_up;
        }
        self.next_look = self.timings + BLOCK.max(self.timings / 32);
        let [classes, _, _] = &self.comparisons;
        self.controls().verdict(classes).0 != VerdictKind::Inconclusive
    }

    fn tell(&mut self, elapsed: Duration) {
        let [classes, _, _] = &self.comparisons;
        let update = ProgressUpdate {
            timings: classes.calls(),
            elapsed,
            evidence: classes.leak().evidence() / LN_10,
            verdict: self.controls().verdict(classes).0,
            forecast: classes.forecast(),
        };
        if let Some(observer) = &mut self.observer {
            observer(&update);
        }
    }

    /// What was found, under the name of the comparison.
    pub fn finish(mut self, name: &str, counter: &Counter) -> Timing {
        self.take();
        self.recording.facts = facts(self.seed, counter, self.batch);
        let [classes, _, _] = &self.comparisons;
        let finding = Finding::new(name, classes, &self.controls(), self.batch, &self.recording);
        Timing { finding, recording: self.recording }
    }
}

/// A seed that nobody can predict.
///
/// # Panics
/// The system has no random numbers: a coin that can be predicted proves nothing.
pub fn random_seed() -> u64 {
    getrandom::u64().expect("the system has random numbers; give a seed otherwise")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observer_is_told_ten_times_a_second_at_most() {
        let mut told: Vec<ProgressUpdate> = Vec::new();
        let mut tell = |update: &ProgressUpdate| told.push(*update);
        let budget = Budget { calls: u64::MAX, time: Duration::from_millis(450), stop: Stop::AtEnd };
        let limits = Limits { resolution: Some(5.0), ..Limits::default() };
        let mut session = Session::new(limits, 7, budget, 1).observed(Some(&mut tell));
        while !session.is_over() {
            let call = session.next_call();
            let shift = f64::from(call.second()) * 50.0;
            let noise = f64::from(session.random().next_u32() & 31);
            session.push(call, noise + shift);
        }
        let timing = session.finish("observed", &Counter::new());
        // A machine that is busy with something else may leave some out.
        assert!((1..=4).contains(&told.len()), "{} times in 450 ms", told.len());
        for pair in told.windows(2) {
            assert!(
                pair[1].elapsed - pair[0].elapsed >= PAUSE && pair[1].timings >= pair[0].timings,
                "{pair:?}"
            );
        }
        let last = told.last().expect("it was told");
        assert!(last.timings > 0 && last.timings <= timing.finding().timings, "{last:?}");
        assert!(last.evidence <= timing.finding().evidence + 1e-9, "{last:?}");
    }
}
