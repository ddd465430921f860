//! By how much one class is slower than the other: the shifts that the timings do not rule out.
//!
//! The type to know is [`Shift`]. For each of many shifts d it holds two bets: one wins if Y is slower than X by less than
//! d, the other if it is slower by more. Under the hypothesis "Y is X, slower by d or more" the timings of Y less d are
//! never faster than those of X; so among the calls below any limit that was fixed beforehand the label is Y at most half
//! of the time, and X at most half of the time above it. Who bets on the opposite wins nothing, at any time (Ville), unless
//! the hypothesis is wrong. The shifts with too much evidence against them are ruled out; the rest is a confidence
//! interval that holds at all times at once.
//!
//! It assumes that a leak moves timings by about the same time; what concerns few calls only is for [`super::tail`].

use super::window::Window;
use super::{Label, log_mean};

/// Shares of the window at which limits are set.
const LIMITS: [f64; 5] = [0.05, 0.15, 0.3, 0.5, 0.7];
/// Timings before the first bet.
const FEW: usize = 16;
/// Each shift is larger by this than the one before.
const STEP: f64 = 1.03;
/// Shifts below and above the resolution, of each sign.
const BELOW: i32 = 160;
const ABOVE: i32 = 640;
/// By how much bettors believe that a label is more frequent than one half.
const STAKES: [f64; 12] = [0.45, 0.3, 0.2, 0.135, 0.09, 0.06, 0.04, 0.027, 0.018, 0.012, 0.008, 0.005];

/// How often a label was below and above the limit, for each shift.
#[derive(Debug, Clone)]
struct Limit {
    share: f64,
    /// Calls of X below, and above.
    x: [f64; 2],
    /// Calls of Y by the first shift that takes them below the limit; the last entry is for those above it in any case.
    y: Vec<u32>,
}

/// Evidence against each of many shifts.
#[derive(Debug, Clone)]
pub struct Shift {
    shifts: Vec<f64>,
    limits: [Limit; 5],
}

/// What is known of a shift, in the unit of the timings.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// No smaller shift is possible, at the level asked for.
    pub low: f64,
    /// No larger one.
    pub high: f64,
}

impl Interval {
    /// The possible shift that is nearest to none.
    pub fn nearest(self) -> f64 {
        if self.low > 0.0 {
            self.low
        } else if self.high < 0.0 {
            -self.high
        } else {
            0.0
        }
    }

    /// The possible shift that is farthest from none.
    pub fn farthest(self) -> f64 {
        self.high.max(-self.low)
    }
}

/// Which of two one-sided hypotheses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Y is slower by this or more.
    AtLeast,
    /// Y is slower by this or less.
    AtMost,
}

impl Shift {
    /// Shifts around a resolution, which is one of them, in the unit of the timings.
    pub fn around(resolution: f64) -> Self {
        let sizes = (-BELOW..=ABOVE).map(|power| resolution * STEP.powi(power));
        let sizes: Vec<f64> = sizes.collect();
        let shifts: Vec<f64> =
            sizes.iter().rev().map(|size| -size).chain([0.0]).chain(sizes.iter().copied()).collect();
        let limits = LIMITS.map(|share| Limit { share, x: [0.0; 2], y: vec![0; shifts.len() + 1] });
        Self { shifts, limits }
    }

    /// Takes the timing of a call, and the window before it. The steps of the clock must not be wide
    /// compared with the shifts of interest.
    pub(super) fn push(&mut self, label: Label, timing: f64, window: &Window) {
        if window.len() < FEW {
            return;
        }
        for limit in &mut self.limits {
            let at = window.quantile(limit.share).expect("it holds some");
            match label {
                Label::X => limit.x[usize::from(timing > at)] += 1.0,
                Label::Y => {
                    let first = self.shifts.partition_point(|&shift| shift < timing - at);
                    limit.y[first] += 1;
                }
            }
        }
    }

    /// Natural logarithm of the evidence against a hypothesis about the shift at an index of the table.
    fn against(&self, index: usize, side: Side) -> f64 {
        log_mean(&self.limits.each_ref().map(|limit| {
            let below = f64::from(limit.y[..=index].iter().sum::<u32>());
            let above = f64::from(limit.y[index + 1..].iter().sum::<u32>());
            match side {
                Side::AtLeast => wealth(below, limit.x[0]) + wealth(limit.x[1], above),
                Side::AtMost => wealth(limit.x[0], below) + wealth(above, limit.x[1]),
            }
        }))
    }

    /// Natural logarithm of the evidence against a hypothesis about the shift.
    pub fn evidence(&self, shift: f64, side: Side) -> f64 {
        // A neighbor that is ruled out rules out this one as well.
        let inside = 1e-9 * shift.abs();
        let index = match side {
            Side::AtLeast => self.shifts.partition_point(|&other| other <= shift + inside).saturating_sub(1),
            Side::AtMost => self.shifts.partition_point(|&other| other < shift - inside),
        };
        self.against(index.min(self.shifts.len() - 1), side)
    }

    /// The shifts that are not ruled out; each end is wrong with a probability of at most alpha, ever. If fast and slow
    /// calls are shifted differently, all shifts between theirs.
    pub fn interval(&self, alpha: f64) -> Interval {
        let enough = (1.0 / alpha).ln();
        // One that is ruled out rules out all beyond it.
        let indices: Vec<usize> = (0..self.shifts.len()).collect();
        let above_low = indices.partition_point(|&index| self.against(index, Side::AtMost) >= enough);
        let high = indices.partition_point(|&index| self.against(index, Side::AtLeast) < enough);
        let low = above_low.checked_sub(1).map_or(f64::NEG_INFINITY, |index| self.shifts[index]);
        let high = self.shifts.get(high).copied().unwrap_or(f64::INFINITY);
        Interval { low: low.min(high), high: high.max(low) }
    }

    /// The shift against which there is least evidence, from both sides, among those of an interval.
    pub fn estimate(&self, within: Interval) -> f64 {
        let against =
            |index: usize| self.against(index, Side::AtLeast).max(self.against(index, Side::AtMost));
        let first = self.shifts.partition_point(|&shift| shift < within.low);
        let last = self.shifts.partition_point(|&shift| shift <= within.high);
        let evidence: Vec<f64> = (first..last).map(against).collect();
        let least = evidence.iter().copied().fold(f64::INFINITY, f64::min);
        // Neighbors are often alike: the one in their middle.
        let alike: Vec<usize> =
            (first..last).filter(|&index| evidence[index - first] <= least + 0.1).collect();
        alike.get(alike.len() / 2).map_or(0.0, |&index| self.shifts[index])
    }
}

/// Natural logarithm of what bets on a label have made that came `hits` times, and `misses` times not.
fn wealth(hits: f64, misses: f64) -> f64 {
    log_mean(&STAKES.map(|stake| hits * (2.0 * stake).ln_1p() + misses * (-2.0 * stake).ln_1p()))
}
