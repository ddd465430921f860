//! What the timings of two classes say.
//!
//! The type to know is [`Comparison`].

use std::f64::consts::LN_10;

use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

use super::window::{LONG, SHORT, Window};
use super::{Checkpoint, History, Interval, Label, Leak, Shift, Side, Tail};

/// Calls that are ranked among one another: ranks among the few calls before them would say little.
const FIRST: usize = 16;

/// What is asked. Times are in the unit of the timings: nanoseconds, if not said otherwise.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Differences up to this one are tolerated; if there is none, every difference is a leak.
    pub resolution: Option<f64>,
    /// The chance of a false leak, whenever and however often one looks.
    pub leak: f64,
    /// The chance that a difference above the resolution is called none.
    pub clean: f64,
    /// The chance that a difference in very slow calls is called none.
    pub tail: f64,
    /// The step of the clock: timings are multiples of it.
    pub step: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { resolution: None, leak: 1e-4, clean: 1e-3, tail: 0.05, step: 0.0 }
    }
}

/// What is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Verdict {
    /// Labels can be told from timings, and the difference is above the resolution.
    Leak,
    /// There is no difference above this.
    NoLeakAbove(f64),
    /// Neither is certain.
    Open(Open),
}

/// Why nothing is certain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Open {
    /// Too few calls for anything.
    FewCalls,
    /// Labels can be told from timings, but the difference may be below the resolution.
    Small,
    /// No shift is seen, but too few calls to rule one out in the very slow ones.
    Tail,
}

/// Two classes of calls, compared.
#[derive(Debug)]
pub struct Comparison {
    limits: Limits,
    dither: ChaCha8Rng,
    calls: u64,
    windows: [Window; 2],
    /// The first calls, whose ranks are not known yet.
    first: Vec<(Label, f64)>,
    leak: Leak,
    found: Option<u64>,
    shift: Shift,
    tail: Tail,
    history: History,
}

impl Comparison {
    /// Nothing is known yet. The seed is for what blurs the steps of the clock, and need not be secret.
    pub fn new(limits: Limits, seed: u64) -> Self {
        Self {
            limits,
            dither: ChaCha8Rng::seed_from_u64(seed),
            calls: 0,
            windows: [SHORT, LONG].map(Window::new),
            first: Vec::with_capacity(FIRST),
            leak: Leak::default(),
            found: None,
            shift: Shift::around(limits.resolution.unwrap_or(1.0)),
            tail: Tail::beyond(limits.resolution.unwrap_or_default()),
            history: History::new(limits.leak, limits.clean),
        }
    }

    /// Takes the timing of a call, in the order of the calls.
    pub fn push(&mut self, label: Label, timing: f64) {
        self.calls += 1;
        let [short, long] = &mut self.windows;
        self.tail.push(label, timing, long);
        // A shift by less than a step of the clock would move timings between multiples that are one. So a timing is blurred by half a
        // step to both sides; a limit, which is a timing itself, then divides equal ones.
        let blur =
            if self.limits.step > 0.0 { self.limits.step * (self.dither.random::<f64>() - 0.5) } else { 0.0 };
        self.shift.push(label, timing + blur, short);
        let ranks = [short.push(timing), long.push(timing)];
        if self.first.len() < FIRST {
            self.first.push((label, timing));
            if self.first.len() == FIRST {
                // No label is revealed before all their ranks are known.
                self.first.iter().for_each(|&(label, timing)| self.leak.push(label, [short.rank(timing); 2]));
            }
        } else {
            self.leak.push(label, ranks);
        }
        if self.found.is_none() && self.leak.evidence() >= (1.0 / self.limits.leak).ln() {
            self.found = Some(self.calls);
        }
        if self.history.is_due(self.calls) {
            self.history.push(self.checkpoint());
        }
    }

    fn checkpoint(&self) -> Checkpoint {
        let above = |shift, side| self.shift.evidence(shift, side) / LN_10;
        Checkpoint {
            timings: self.calls,
            leak: self.leak.evidence() / LN_10,
            not_slower: self.limits.resolution.map(|resolution| above(resolution, Side::AtLeast)),
            not_faster: self.limits.resolution.map(|resolution| above(-resolution, Side::AtMost)),
        }
    }

    /// What is asked.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Timings so far.
    pub fn calls(&self) -> u64 {
        self.calls
    }

    /// After how many calls it was certain that labels can be told from timings.
    pub fn found(&self) -> Option<u64> {
        self.found
    }

    /// How evidence grew up to now; empty before the first call.
    pub fn history(&self) -> History {
        if self.calls == 0 { self.history.clone() } else { self.history.until(self.checkpoint()) }
    }

    /// The evidence that labels can be told from timings.
    pub fn leak(&self) -> &Leak {
        &self.leak
    }

    /// By how much Y is slower.
    pub fn shift(&self) -> &Shift {
        &self.shift
    }

    /// The shifts that are possible.
    pub fn interval(&self) -> Interval {
        self.shift.interval(self.limits.clean)
    }

    /// What is known, if two classes that are alike seem to differ by up to `floor`.
    pub fn verdict(&self, floor: f64) -> Verdict {
        let enough = (1.0 / self.limits.clean).ln();
        let tail = self.tail.evidence() >= (1.0 / self.limits.tail).ln();
        let found = self.found.is_some();
        match self.limits.resolution {
            None if found && (floor <= 0.0 || self.interval().nearest() > floor) => Verdict::Leak,
            Some(resolution) if found && self.interval().nearest() > resolution.max(floor) => Verdict::Leak,
            Some(resolution) => {
                let high = self.shift.evidence(resolution, Side::AtLeast);
                let low = self.shift.evidence(-resolution, Side::AtMost);
                match high >= enough && low >= enough {
                    true if tail => Verdict::NoLeakAbove(resolution),
                    true => Verdict::Open(Open::Tail),
                    false if found => Verdict::Open(Open::Small),
                    false => Verdict::Open(Open::FewCalls),
                }
            }
            None if found => Verdict::Open(Open::Small),
            None => {
                let above = self.interval().farthest();
                match above.is_finite() {
                    true if tail => Verdict::NoLeakAbove(above),
                    true => Verdict::Open(Open::Tail),
                    false => Verdict::Open(Open::FewCalls),
                }
            }
        }
    }

    /// After how many calls a verdict is likely, as evidence grows now; none if it does not grow.
    pub fn forecast(&self) -> Option<u64> {
        let calls = self.calls as f64;
        let after = |evidence: f64, alpha: f64| calls * (1.0 / alpha).ln() / evidence;
        let leak = after(self.leak.evidence(), self.limits.leak);
        let clean = self.limits.resolution.map(|resolution| {
            let high = self.shift.evidence(resolution, Side::AtLeast);
            let low = self.shift.evidence(-resolution, Side::AtMost);
            after(high.min(low), self.limits.clean).max(after(self.tail.evidence(), self.limits.tail))
        });
        // Both can grow, if there is a difference below the resolution.
        let likely =
            [Some(leak), clean].into_iter().flatten().filter(|after| *after > calls && after.is_finite());
        likely.reduce(f64::min).map(|after| after as u64)
    }
}
