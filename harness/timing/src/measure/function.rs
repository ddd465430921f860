//! Functions of this process, measured call by call.
//!
//! The type to know is [`Measurement`]. The rules: a fair coin that the function cannot know draws the label of every call; both
//! inputs are made for every call and one is taken without a branch; all calls read one buffer, at a new address in each
//! block, and come from one call site; nothing is allocated between two readings of the clock. Two controls run in between:
//! one whose classes are identical, and one whose second class is delayed on purpose.

use std::hint::black_box;
use std::time::Duration;

use rand::rngs::ChaCha12Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::classes::Classes;
use super::counter::Counter;
use super::delay::{ROUNDS, delay, rounds_for};
use super::progress::Observer;
use super::session::{BLOCK, Budget, Purpose, Session, Stop, Timing, random_seed};
use crate::statistics::Limits;

/// Nanoseconds that are tolerated, if nothing else is said.
const RESOLUTION: f64 = 5.0;
/// Steps of the clock that a timing has to span.
const STEPS: f64 = 50.0;
/// Calls of one timing at most.
const LARGEST_BATCH: u64 = 1024;
/// Calls before the first timing.
const WARM: u64 = 20;
/// Bytes of a cache line: a buffer begins with one, as calls take longer elsewhere.
const LINE: usize = 64;
/// Bytes in which the buffer moves.
const ROOM: usize = 8192;

/// How a function is measured: classes of inputs, resolution, budget.
#[derive(Debug, Clone)]
pub struct Measurement {
    classes: Classes,
    resolution: f64,
    leak: f64,
    budget: Budget,
    seed: Option<u64>,
}

/// Compares the times that a function takes for two classes of inputs, and says whether they can be told apart by more
/// than 5 ns.
///
/// ```
/// use countersign_timing::{Classes, verdict};
/// use subtle::ConstantTimeEq as _;
///
/// let right = "9c1185a5c5e9fc54612808977ee8f548b2258d31";
/// let report = verdict(Classes::mismatch(right), |tag| tag.ct_eq(right.as_bytes()).into());
/// assert!(!report.is_leak(), "{report}");
/// ```
pub fn verdict(classes: Classes, function: impl FnMut(&[u8]) -> bool) -> Timing {
    Measurement::new(classes).verdict(function)
}

impl Measurement {
    /// A measurement that tolerates 5 ns, and takes a million calls or ten seconds at most.
    pub fn new(classes: Classes) -> Self {
        let budget = Budget { calls: 1_000_000, time: Duration::from_secs(10), stop: Stop::AtVerdict };
        Self { classes, resolution: RESOLUTION, leak: Limits::default().leak, budget, seed: None }
    }

    /// Tolerates differences up to this one, 1 ns at least.
    #[must_use]
    pub fn resolution(self, resolution: Duration) -> Self {
        Self { resolution: (resolution.as_nanos() as f64).max(1.0), ..self }
    }

    /// Shares the chance of a false leak with other comparisons: there are so many in all.
    #[must_use]
    pub fn one_of(self, comparisons: u32) -> Self {
        Self { leak: Limits::default().leak / f64::from(comparisons.max(1)), ..self }
    }

    /// Calls and time at most, and whether a verdict ends the measurement.
    #[must_use]
    pub fn budget(self, budget: Budget) -> Self {
        Self { budget, ..self }
    }

    /// Calls at most, without those of controls.
    #[must_use]
    pub fn max_calls(mut self, calls: u64) -> Self {
        self.budget.calls = calls;
        self
    }

    /// Time at most.
    #[must_use]
    pub fn max_time(mut self, time: Duration) -> Self {
        self.budget.time = time;
        self
    }

    /// Goes on after a verdict, until the calls or the time are used up.
    #[must_use]
    pub fn to_the_end(mut self) -> Self {
        self.budget.stop = Stop::AtEnd;
        self
    }

    /// Draws labels and inputs from this seed, to make the same calls again. Without it nobody can predict them.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        Self { seed: Some(seed), ..self }
    }

    /// Calls the function until there is a verdict, or the calls or the time are used up.
    pub fn verdict(&self, function: impl FnMut(&[u8]) -> bool) -> Timing {
        self.observed("function", None, function)
    }

    /// The same under the name of a comparison, with an observer that gets updates.
    pub fn observed(
        &self,
        name: &str,
        observer: Observer<'_>,
        mut function: impl FnMut(&[u8]) -> bool,
    ) -> Timing {
        let counter = Counter::new();
        let length = self.classes.length();
        let (mut x, mut y, mut room) = (vec![0; length], vec![0; length], vec![0; ROOM + LINE + length]);
        let first = room.as_ptr().align_offset(LINE).min(LINE);
        let extra = rounds_for(&counter, self.resolution);
        let mut call = |input: &[u8], rounds: u64| {
            black_box(function(black_box(input)));
            delay(rounds);
        };
        let seed = self.seed.unwrap_or_else(random_seed);
        // A function may fail on what is no tag at all. The session has random numbers of its own, which nobody may predict.
        self.classes.fill([&mut x, &mut y], &mut ChaCha12Rng::seed_from_u64(!seed));
        let batch = batch(&counter, || call(&x, black_box(ROUNDS)));
        let limits = Limits {
            resolution: Some(self.resolution),
            step: counter.step() / batch as f64,
            leak: self.leak,
            ..Limits::default()
        };
        let mut session = Session::new(limits, seed, self.budget, batch).observed(observer);
        let (mut at, mut timings) = (0, 0_u64);
        while !session.is_over() {
            if timings.is_multiple_of(BLOCK) {
                at = first + LINE * session.random().random_range(0..ROOM / LINE);
                // The first call after other work takes longer, and is not timed.
                room[at..at + length].copy_from_slice(&x);
                call(&room[at..at + length], black_box(ROUNDS));
            }
            timings += 1;
            let next = session.next_call();
            self.classes.fill([&mut x, &mut y], session.random());
            if next.purpose != Purpose::Classes {
                y.copy_from_slice(&x);
            }
            let second = next.second();
            let mask = second.wrapping_neg();
            let buffer = &mut room[at..at + length];
            for (to, (one, other)) in buffer.iter_mut().zip(x.iter().zip(&y)) {
                *to = one ^ ((one ^ other) & mask);
            }
            let delayed = u64::from(next.purpose == Purpose::Delayed) * u64::from(second);
            let rounds = black_box(ROUNDS + extra * delayed);
            let start = counter.now();
            for _ in 0..batch {
                call(buffer, rounds);
            }
            session.push(next, counter.nanos(counter.now() - start) / batch as f64);
        }
        session.finish(name, &counter)
    }
}

/// How many calls a timing spans, so that it is long beside the steps of the clock.
fn batch(counter: &Counter, mut call: impl FnMut()) -> u64 {
    let mut shortest = f64::INFINITY;
    for _ in 0..WARM {
        let start = counter.now();
        call();
        shortest = shortest.min(counter.nanos(counter.now() - start));
    }
    ((STEPS * counter.step() / shortest.max(counter.step())).ceil() as u64).clamp(1, LARGEST_BATCH)
}
