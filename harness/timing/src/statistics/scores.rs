//! Bets that one class is slower, by ranks.
//!
//! The type to know is [`Scores`]. Cells have to be learned one by one; who supposes that calls of one class are just
//! slower can stake on it from the first call on. A score turns the rank of a timing into a number between -1 and 1 that
//! grows with it, at least in the middle; a bettor stakes that number, times what it dares, on Y, or on X. These are the
//! statistics of linear rank tests (Wilcoxon's is the first score), made into bets.

use std::f64::consts::TAU;

use super::Label;

/// Scores: each is zero on average over all ranks.
const SCORES: usize = 6;
/// What bettors dare: little where a difference may be small, and nearly all where it may be plain.
const SMALL: [f64; 5] = [0.06, 0.12, 0.25, 0.5, 0.9];
const PLAIN: [f64; 5] = [0.7, 0.8, 0.9, 0.95, 0.98];
/// What bettors on each score own together at first, and what they dare.
const BETTORS: [(f64, [f64; 5]); SCORES] =
    [(12.0, SMALL), (12.0, SMALL), (12.0, SMALL), (12.0, SMALL), (12.0, SMALL), (30.0, PLAIN)];
/// What one believes who stakes on Y for slow calls, and all others.
const DIRECTIONS: usize = 2;

/// What ranks say about a shift, by the short and the long window: where there are few outliers, where there are many,
/// where most is known from the fast calls, the only ones that nothing has disturbed, and where a class is plainly slower.
fn scores([short, long]: [f64; 2]) -> [f64; SCORES] {
    let above = |rank: f64, share: f64| if rank > share { share / (1.0 - share) } else { -1.0 };
    let middle = if short > 0.5 { 1.0 } else { -1.0 };
    [2.0 * short - 1.0, -(TAU * short).sin(), above(short, 0.3), above(short, 0.1), above(long, 0.1), middle]
}

/// The bettors: what each owns.
#[derive(Debug, Clone)]
pub(super) struct Scores {
    wealth: [[[f64; 5]; DIRECTIONS]; SCORES],
}

impl Scores {
    /// What all own together at first, in a unit of their own.
    pub(super) fn share() -> f64 {
        BETTORS.iter().map(|(share, _)| share).sum()
    }

    /// The unit is worth so much.
    pub(super) fn worth(unit: f64) -> Self {
        let each = |(share, stakes): (f64, [f64; 5])| unit * share / (DIRECTIONS * stakes.len()) as f64;
        Self { wealth: BETTORS.map(|bettors| [[each(bettors); 5]; DIRECTIONS]) }
    }

    /// Reveals the label of a call whose timing had these ranks: what all own now.
    pub(super) fn reveal(&mut self, label: Label, ranks: [f64; 2]) -> f64 {
        let sign = match label {
            Label::X => -1.0,
            Label::Y => 1.0,
        };
        let mut sum = 0.0;
        for ((of_score, score), (_, stakes)) in self.wealth.iter_mut().zip(scores(ranks)).zip(&BETTORS) {
            for (of_direction, won) in of_score.iter_mut().zip([sign * score, -sign * score]) {
                for (wealth, stake) in of_direction.iter_mut().zip(stakes) {
                    *wealth *= 1.0 + stake * won;
                    sum += *wealth;
                }
            }
        }
        sum
    }

    /// Counts wealth in a larger unit.
    pub(super) fn divide(&mut self, by: f64) {
        self.wealth.as_flattened_mut().as_flattened_mut().iter_mut().for_each(|wealth| *wealth /= by);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_the_rank_is_a_fair_coin_neither_wins_nor_loses() {
        for rank in [0.001, 0.2, 0.3, 0.5, 0.69, 0.71, 0.999] {
            let after = |label| Scores::worth(1.0 / Scores::share()).reveal(label, [rank; 2]);
            let mean = f64::midpoint(after(Label::X), after(Label::Y));
            assert!((mean - 1.0).abs() < 1e-12, "{rank}: {mean}");
        }
    }

    #[test]
    fn no_score_prefers_a_label_over_all_ranks() {
        let ranks = 10_000;
        let mut sums = [0.0; SCORES];
        for at in 0..ranks {
            let rank = (f64::from(at) + 0.5) / f64::from(ranks);
            for (sum, score) in sums.iter_mut().zip(scores([rank; 2])) {
                assert!((-1.0..=1.0).contains(&score), "nobody stakes more than all: {score}");
                *sum += score;
            }
        }
        assert!(sums.iter().all(|sum| sum.abs() < 1e-6 * f64::from(ranks)), "{sums:?}");
    }
}
