//! What is the same for everything that is measured: coins, controls, looks, and the end.
//!
//! The type to know is [`Session`]. It must not know what a call is.

use std::collections::BTreeMap;
use std::f64::consts::LN_10;
use std::hint::black_box;
use std::time::{Duration, Instant};

use countersign_core::timing::{Comparison, Controls, Finding, Label, Limits, Order, Recording, Word};
use rand::rngs::ChaCha12Rng;
use rand::{Rng as _, SeedableRng as _};

use super::counter::Counter;

/// Timings that are put aside, and between two looks at first.
pub(super) const BLOCK: u64 = 32;
/// Time between two things that an observer is told.
const PAUSE: Duration = Duration::from_millis(100);

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
    second: u8,
}

impl Draw {
    /// 1 if the second class is next, and 0 if the first is. It is a number that the compiler knows nothing of: where it knows a
    /// label it may branch on it, and a call behind a branch takes another time on each side.
    pub(super) fn second(self) -> u8 {
        black_box(self.second)
    }

    /// The class that is next, for what is not timed.
    pub(super) fn label(self) -> Label {
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

    /// The comparison was of the first character with this place.
    pub(super) fn at(mut self, place: Option<u16>) -> Self {
        self.finding.place = place;
        self
    }
}

impl Timing {
    /// The same of pairs, whose answers came in this order.
    #[must_use]
    pub(super) fn in_order(self, order: Order) -> Self {
        Self { finding: self.finding.in_order(order), ..self }
    }
}

impl std::fmt::Display for Timing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.finding.fmt(f)
    }
}

/// What is known while a measurement is under way.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Standing {
    /// Timings so far, without those of controls.
    pub timings: u64,
    /// Time so far.
    pub elapsed: Duration,
    /// Decimal logarithm of the evidence that the classes can be told apart.
    pub evidence: f64,
    /// The verdict, if it ended now.
    pub verdict: Word,
    /// After how many timings a verdict is likely.
    pub forecast: Option<u64>,
}

/// Who is told how a measurement stands: ten times a second at most, between two timings and never within one. It runs on
/// the thread and the processor of the measurement, so that nothing else has to be awake beside it.
pub type Observer<'a> = Option<&'a mut dyn FnMut(&Standing)>;

/// A measurement under way.
pub(super) struct Session<'a> {
    seed: u64,
    chance: ChaCha12Rng,
    budget: Budget,
    began: Instant,
    batch: u64,
    comparisons: [Comparison; 3],
    recording: Recording,
    /// Timings of the comparison.
    timings: u64,
    /// Timings that nobody has looked at.
    aside: Vec<(Draw, f64)>,
    next_look: u64,
    observer: Observer<'a>,
    next_told: Duration,
}

impl<'a> Session<'a> {
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
            timings: 0,
            aside: Vec::with_capacity(BLOCK as usize),
            next_look: BLOCK,
            observer: None,
            next_told: PAUSE,
        }
    }

    /// Tells somebody how it stands.
    pub(super) fn observed(self, observer: Observer<'a>) -> Self {
        Self { observer, ..self }
    }

    /// Chance for everything that is drawn.
    pub(super) fn chance(&mut self) -> &mut ChaCha12Rng {
        &mut self.chance
    }

    /// Draws what the next timing is for, and a label by a fair coin. The difference that is made on purpose is as frequent
    /// as the comparison: it must be seen before anything is ruled out.
    pub(super) fn draw(&mut self) -> Draw {
        let drawn = self.chance.next_u32();
        let purpose = match drawn >> 1 & 7 {
            0..=2 => Purpose::Classes,
            3..=4 => Purpose::Identical,
            _ => Purpose::Spin,
        };
        Draw { purpose, second: black_box((drawn & 1) as u8) }
    }

    /// Takes a timing. It is put aside: what is done with it hangs on the label, and would show in the next one.
    pub(super) fn push(&mut self, draw: Draw, nanos: f64) {
        self.timings += u64::from(draw.purpose == Purpose::Classes);
        self.aside.push((draw, nanos));
    }

    /// Looks at what was put aside.
    fn take(&mut self) {
        let [classes, identical, spin] = &mut self.comparisons;
        for (draw, nanos) in self.aside.drain(..) {
            let label = draw.label();
            match draw.purpose {
                Purpose::Classes => {
                    classes.push(label, nanos);
                    self.recording.timings.push((label, nanos));
                }
                Purpose::Identical => identical.push(label, nanos),
                Purpose::Spin => spin.push(label, nanos),
            }
        }
    }

    fn controls(&self) -> Controls<'_> {
        let [_, identical, spin] = &self.comparisons;
        Controls { identical: Some(identical), spin: Some(spin) }
    }

    /// Whether there is a verdict, or the budget is used up. It looks now and then only: a look costs some microseconds.
    pub(super) fn is_over(&mut self) -> bool {
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
        self.controls().verdict(classes).0 != Word::Inconclusive
    }

    fn tell(&mut self, elapsed: Duration) {
        let [classes, _, _] = &self.comparisons;
        let standing = Standing {
            timings: classes.calls(),
            elapsed,
            evidence: classes.leak().evidence() / LN_10,
            verdict: self.controls().verdict(classes).0,
            forecast: classes.forecast(),
        };
        if let Some(observer) = &mut self.observer {
            observer(&standing);
        }
    }

    /// What was found.
    pub(super) fn finish(mut self, name: &str, counter: &Counter) -> Timing {
        self.take();
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_observer_is_told_ten_times_a_second_at_most() {
        let mut told: Vec<Standing> = Vec::new();
        let mut tell = |standing: &Standing| told.push(*standing);
        let budget = Budget { calls: u64::MAX, time: Duration::from_millis(450), stop: Stop::AtEnd };
        let limits = Limits { resolution: Some(5.0), ..Limits::default() };
        let mut session = Session::new(limits, 7, budget, 1).observed(Some(&mut tell));
        while !session.is_over() {
            let draw = session.draw();
            let shift = f64::from(draw.second()) * 50.0;
            let noise = f64::from(session.chance().next_u32() & 31);
            session.push(draw, noise + shift);
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
