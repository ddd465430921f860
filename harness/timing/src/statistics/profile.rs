//! Where two classes differ: among their fast calls, their slow ones, or all.
//!
//! The type to know is [`Profile`]. It is for looking at and decides nothing: its band takes timings for independent of
//! each other, which they are not while a machine is busy with something else.

use serde::Serialize;

use super::Label;

/// The chance that the band misses any of the differences.
const MISSED: f64 = 0.05;
/// Quantiles of 1 % to 99 %.
const PERCENTS: std::ops::RangeInclusive<u8> = 1..=99;

/// The differences of the quantiles of two classes: empty if a class has no timing.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Profile {
    /// The chance that the band holds all differences, if timings are independent of each other.
    pub level: f64,
    /// The quantiles of 1 % to 99 %.
    pub quantiles: Vec<Quantile>,
}

/// The difference at one quantile, in nanoseconds for each call; an end of the band that is missing is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Quantile {
    /// This share of the calls of a class is as fast or faster, in percent.
    pub percent: u8,
    /// The quantile of the second class less that of the first.
    pub difference: f64,
    /// The low end of the band.
    pub low: Option<f64>,
    /// The high end of the band.
    pub high: Option<f64>,
}

impl Profile {
    /// The profile of timings, in any order.
    ///
    /// The band is free of any distribution: timings below a quantile are as many as coins of its bias show heads, so that
    /// two order statistics enclose it (Chernoff, "A measure of asymptotic efficiency for tests of a hypothesis based on
    /// the sum of observations", 1952), for 99 quantiles of two classes at once (Bonferroni).
    pub fn of(timings: &[(Label, f64)]) -> Self {
        let [x, y] = classes(timings);
        if x.is_empty() || y.is_empty() {
            return Self { level: 1.0 - MISSED, quantiles: Vec::new() };
        }
        let quantile = |percent| {
            let [x, y] = [&x, &y].map(|sorted| Enclosed::of(sorted, percent));
            Quantile {
                percent,
                difference: less(y.middle, x.middle),
                low: y.low.zip(x.high).map(|(y, x)| less(y, x)),
                high: y.high.zip(x.low).map(|(y, x)| less(y, x)),
            }
        };
        Self { level: 1.0 - MISSED, quantiles: PERCENTS.map(quantile).collect() }
    }
}

/// The timings of both classes, each from the fastest to the slowest.
fn classes(timings: &[(Label, f64)]) -> [Vec<f64>; 2] {
    let of = |class: Label| {
        let mut values: Vec<f64> =
            timings.iter().filter(|(label, _)| *label == class).map(|(_, value)| *value).collect();
        values.sort_by(f64::total_cmp);
        values
    };
    [of(Label::X), of(Label::Y)]
}

/// A difference of finite numbers, which stays one.
fn less(one: f64, other: f64) -> f64 {
    (one - other).clamp(f64::MIN, f64::MAX)
}

/// A quantile of one class, and what encloses it.
struct Enclosed {
    middle: f64,
    low: Option<f64>,
    high: Option<f64>,
}

impl Enclosed {
    fn of(sorted: &[f64], percent: u8) -> Self {
        let (calls, share) = (sorted.len() as f64, f64::from(percent) / 100.0);
        // Two ends of each of two classes.
        let ends = 4.0 * PERCENTS.count() as f64;
        let apart = (ends / MISSED).ln() / calls;
        let at = |rank: f64| sorted[(rank as usize).min(sorted.len() - 1)];
        Self {
            middle: sorted[(usize::from(percent) * sorted.len()).div_ceil(100) - 1],
            low: beyond(share, 0.0, apart).map(|share| at((share * calls).floor())),
            high: beyond(share, 1.0, apart).map(|share| at((share * calls).ceil() - 1.0)),
        }
    }
}

/// The share, from `share` towards `end`, whose relative entropy to `share` is `apart`; none if even that of the end is
/// less.
fn beyond(share: f64, end: f64, apart: f64) -> Option<f64> {
    let entropy = |seen: f64| {
        let part = |seen: f64, share: f64| if seen > 0.0 { seen * (seen / share).ln() } else { 0.0 };
        part(seen, share) + part(1.0 - seen, 1.0 - share)
    };
    if entropy(end) < apart {
        return None;
    }
    let (mut inside, mut outside) = (share, end);
    for _ in 0..50 {
        let middle = f64::midpoint(inside, outside);
        if entropy(middle) < apart {
            inside = middle;
        } else {
            outside = middle;
        }
    }
    Some(outside)
}

#[cfg(test)]
mod tests {
    use rand::rngs::ChaCha8Rng;
    use rand::{RngExt as _, SeedableRng as _};

    use super::*;

    #[test]
    fn a_class_without_timings_has_no_profile() {
        assert!(Profile::of(&[]).quantiles.is_empty());
        assert!(Profile::of(&[(Label::X, 1.0)]).quantiles.is_empty());
    }

    #[test]
    fn few_timings_leave_the_band_open() {
        let few = Profile::of(&[(Label::X, 1.0), (Label::Y, 3.0)]).quantiles;
        let open =
            |quantile: &Quantile| (quantile.difference, quantile.low, quantile.high) == (2.0, None, None);
        assert!(few.len() == 99 && few.iter().all(open), "{few:?}");
    }

    #[test]
    fn the_band_holds_the_truth_at_all_quantiles_but_for_one_run_in_twenty() {
        let (runs, shift) = (200, 30.0);
        let missed = (0..runs).filter(|&run| {
            let mut chance = ChaCha8Rng::seed_from_u64(run);
            let timings: Vec<(Label, f64)> = (0..4000)
                .map(|at| {
                    let noise = chance.random::<f64>().powi(4) * 1000.0;
                    if at % 2 == 0 { (Label::X, noise) } else { (Label::Y, noise + shift) }
                })
                .collect();
            let holds = |quantile: &Quantile| {
                quantile.low.is_none_or(|low| low <= shift) && quantile.high.is_none_or(|high| high >= shift)
            };
            !Profile::of(&timings).quantiles.iter().all(holds)
        });
        let missed = missed.count();
        assert!(missed <= 10, "{missed} of {runs}");
    }

    #[test]
    fn the_band_becomes_narrow() {
        let timing = |at: u32| {
            let label = if at.is_multiple_of(2) { Label::X } else { Label::Y };
            (label, f64::from(at * 7919 % 1009))
        };
        let timings: Vec<(Label, f64)> = (0..20_000).map(timing).collect();
        let middle = Profile::of(&timings).quantiles[49];
        let width = middle.high.expect("many timings") - middle.low.expect("many timings");
        assert!((50.0..130.0).contains(&width), "of 1009 ns: {width}");
    }
}
