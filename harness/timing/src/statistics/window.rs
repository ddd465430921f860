//! A rolling window of timings, and the rank of a new one in it.
//!
//! The type to know is [`Window`]. It must not know labels: the rank of a timing among earlier ones says nothing about
//! its label unless the timing itself does.

use std::collections::VecDeque;

/// Timings in the short and in the long window.
pub(super) const SHORT: usize = 1024;
pub(super) const LONG: usize = 4096;

/// The last timings, in the order in which they came and in the order of their size.
#[derive(Debug, Clone)]
pub(super) struct Window {
    size: usize,
    came: VecDeque<f64>,
    sorted: Vec<f64>,
}

impl Window {
    /// A window of so many timings, which fills up first.
    pub(super) fn new(size: usize) -> Self {
        Self { size, came: VecDeque::with_capacity(size), sorted: Vec::with_capacity(size) }
    }

    /// The timing below which this share of the window lies; none in an empty window.
    pub(super) fn quantile(&self, share: f64) -> Option<f64> {
        let last = self.sorted.len().checked_sub(1)?;
        Some(self.sorted[((last as f64 * share).round() as usize).min(last)])
    }

    /// How many timings it holds.
    pub(super) fn len(&self) -> usize {
        self.came.len()
    }

    /// The mid-rank of a timing of the window, above 0 and below 1.
    pub(super) fn rank(&self, timing: f64) -> f64 {
        let to = self.below(timing);
        (to as f64 + self.equal(to, timing) / 2.0) / self.sorted.len() as f64
    }

    /// How many are smaller.
    fn below(&self, timing: f64) -> usize {
        self.sorted.partition_point(|&other| other < timing)
    }

    /// How many are equal, of which the first has this index.
    fn equal(&self, first: usize, timing: f64) -> f64 {
        match self.sorted.get(first) {
            Some(&next) if next <= timing => {
                self.sorted[first..].partition_point(|&other| other <= timing) as f64
            }
            Some(_) | None => 0.0,
        }
    }

    /// Takes a timing, drops the oldest of a full window, and returns the mid-rank of the new one among those that were there
    /// before, above 0 and below 1.
    pub(super) fn push(&mut self, timing: f64) -> f64 {
        let to = self.below(timing);
        let rank = (to as f64 + self.equal(to, timing) / 2.0 + 0.5) / (self.sorted.len() as f64 + 1.0);
        if self.came.len() < self.size {
            self.sorted.insert(to, timing);
        } else {
            let oldest = self.came.pop_front().expect("a full window");
            let from = self.sorted.partition_point(|&other| other < oldest);
            if from < to {
                self.sorted.copy_within(from + 1..to, from);
                self.sorted[to - 1] = timing;
            } else {
                self.sorted.copy_within(to..from, to + 1);
                self.sorted[to] = timing;
            }
        }
        self.came.push_back(timing);
        rank
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_holds_the_last_timings_in_order() {
        let mut window = Window::new(5);
        assert!(window.quantile(0.5).is_none());
        let mut seen: Vec<f64> = Vec::new();
        for n in 0..200_u32 {
            // A walk through small numbers with many equal ones.
            let timing = f64::from(n * 7919 % 11);
            window.push(timing);
            seen.push(timing);
            let mut last = seen[seen.len().saturating_sub(5)..].to_vec();
            last.sort_by(f64::total_cmp);
            assert_eq!(window.sorted, last);
        }
    }

    #[test]
    fn equal_timings_share_the_middle_of_their_ranks() {
        let rank = |timing: f64| {
            let mut window = Window::new(4);
            assert!((window.push(1.0) - 0.5).abs() < 1e-12, "the first of all");
            for timing in [2.0, 2.0, 3.0] {
                window.push(timing);
            }
            window.push(timing)
        };
        assert!((rank(2.0) - 2.5 / 5.0).abs() < 1e-12);
        assert!((rank(0.0) - 0.5 / 5.0).abs() < 1e-12);
        assert!((rank(9.0) - 4.5 / 5.0).abs() < 1e-12);
        let mut window = Window::new(4);
        for timing in [3.0, 2.0, 1.0, 2.0] {
            window.push(timing);
        }
        assert_eq!([1.0, 2.0, 3.0].map(|timing| window.rank(timing)), [0.125, 0.5, 0.875]);
    }
}
