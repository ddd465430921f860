//! Few but very slow calls: by how much more often one class has them.
//!
//! The type to know is [`Tail`]. A call is extreme if it takes longer than nearly all of the window before it. Under the
//! hypothesis "the shares of extreme calls of both classes differ by d or more" a bettor who stakes on a smaller
//! difference wins nothing, at any time. The class that is supposed to have more is given the resolution: what is no
//! more than a tolerated shift does not count.

use super::window::Window;
use super::{Label, log_mean};

/// The share of timings that are not extreme, the difference of shares that is to be ruled out, and the parts of their wealth
/// that bettors stake: the more calls are extreme, the less is gained by staking much.
const BOUNDS: [(f64, f64, [f64; 2]); 2] = [(0.95, 0.05, [0.4, 0.3]), (0.999, 0.01, [0.9, 0.75])];
/// Timings before the first bet.
const FEW: usize = 64;

/// Evidence that neither class has many more extreme calls than the other.
#[derive(Debug, Clone)]
pub struct Tail {
    resolution: f64,
    bounds: [Bound; 2],
}

/// The bettors on one bound.
#[derive(Debug, Clone)]
struct Bound {
    share: f64,
    /// What a call adds to the logarithm of each bettor's wealth: one that is not extreme, one that is extreme and of the
    /// class that is supposed to have more, and one that is extreme and of the other.
    gains: [[f64; 2]; 3],
    /// That Y has more, and that X has more.
    wealth: [[f64; 2]; 2],
}

impl Tail {
    /// Tolerates a shift of this size.
    pub(super) fn beyond(resolution: f64) -> Self {
        let bounds = BOUNDS.map(|(share, difference, stakes)| {
            // Half of the calls have either label.
            let gain = |seen: f64| stakes.map(|stake| (stake * (difference / 2.0 - seen)).ln_1p());
            Bound { share, gains: [gain(0.0), gain(1.0), gain(-1.0)], wealth: Default::default() }
        });
        Self { resolution, bounds }
    }

    /// Takes the timing of a call, and the window before it.
    pub(super) fn push(&mut self, label: Label, timing: f64, window: &Window) {
        if window.len() < FEW {
            return;
        }
        for bound in &mut self.bounds {
            let limit = limit(window, bound.share);
            for (more, bettors) in [Label::Y, Label::X].into_iter().zip(&mut bound.wealth) {
                let seen = match label == more {
                    true if timing > limit + self.resolution => 1,
                    false if timing > limit => 2,
                    true | false => 0,
                };
                for (wealth, gain) in bettors.iter_mut().zip(bound.gains[seen]) {
                    *wealth += gain;
                }
            }
        }
    }

    /// Natural logarithm of the evidence that the shares of calls above the 95 % and the 99.9 % quantile differ by less
    /// than 5 % and 1 % of all calls.
    pub fn evidence(&self) -> f64 {
        let least = |logs: [f64; 2]| logs[0].min(logs[1]);
        least(self.bounds.each_ref().map(|bound| least(bound.wealth.map(|bettors| log_mean(&bettors)))))
    }
}

/// The timing that this share of calls does not exceed. The slowest of too few is exceeded more often than that: as many times as it
/// is, the limit is farther from the middle, as in a tail that falls no faster than one over the time.
fn limit(window: &Window, share: f64) -> f64 {
    let [middle, slow] = [0.5, share].map(|share| window.quantile(share).expect("it holds some"));
    let beyond = (1.0 - share) * window.len() as f64;
    middle + (slow - middle) * beyond.recip().max(1.0)
}
