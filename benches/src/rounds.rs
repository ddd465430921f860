//! Two things measured against each other in one run, so that what else the machine does hits both.

use std::time::{Duration, Instant};

/// How fast two things went, round by round.
#[derive(Debug, Clone, PartialEq)]
pub struct Rounds {
    /// Units per second of the first, in each round.
    pub first: Vec<f64>,
    /// Units per second of the second, in each round.
    pub second: Vec<f64>,
}

impl Rounds {
    /// Runs both in turn; each call says how many units it did. A first round warms up and is dropped.
    pub fn interleaved(
        rounds: usize,
        mut first: impl FnMut(u64) -> usize,
        mut second: impl FnMut(u64) -> usize,
    ) -> Self {
        let mut found = Self { first: Vec::new(), second: Vec::new() };
        for round in 0..=rounds as u64 {
            let one = rate(|| first(round));
            let other = rate(|| second(round));
            if round > 0 {
                found.first.push(one);
                found.second.push(other);
            }
        }
        found
    }

    /// The median of the first rate over the second, pair by pair.
    pub fn ratio(&self) -> f64 {
        median(self.first.iter().zip(&self.second).map(|(first, second)| first / second).collect())
    }

    /// The smallest and the largest of these ratios.
    pub fn spread(&self) -> (f64, f64) {
        let ratios = self.first.iter().zip(&self.second).map(|(first, second)| first / second);
        ratios.fold((f64::MAX, f64::MIN), |(low, high), ratio| (low.min(ratio), high.max(ratio)))
    }
}

/// Units per second.
fn rate(run: impl FnOnce() -> usize) -> f64 {
    let start = Instant::now();
    let units = run();
    units as f64 / start.elapsed().max(Duration::from_nanos(1)).as_secs_f64()
}

/// The middle of some numbers; not-a-number if there are none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => numbers[n / 2],
        n => f64::midpoint(numbers[n / 2 - 1], numbers[n / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ratio_is_the_median_of_pairs() {
        let rounds = Rounds { first: vec![1.0, 10.0, 9.0], second: vec![2.0, 10.0, 10.0] };
        assert_eq!((rounds.ratio(), rounds.spread()), (0.9, (0.5, 1.0)));
        assert_eq!(median(vec![4.0, 1.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
