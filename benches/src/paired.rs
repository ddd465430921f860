//! The tests that compare calls pair by pair, to see how many timings they need.
//!
//! The function to know is [`needed`].

use countersign_timing::statistics::{Label, Recording};

/// Numbers of timings at which the tests look, once each.
const SIZES: [usize; 11] = [50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000, 100_000];

/// What z has to reach: p below 1e-5, on both sides.
const CERTAIN: f64 = 4.417;

/// The smallest number of timings at which a test is certain in nine of ten recordings; none if it never is.
pub fn needed(recordings: &[&Recording], test: fn(&[f64]) -> f64) -> Option<usize> {
    SIZES.into_iter().find(|&size| {
        let enough = recordings.iter().filter(|recording| recording.timings.len() >= size);
        let certain = enough.filter(|recording| test(&differences(recording, size)).abs() >= CERTAIN).count();
        certain * 10 >= recordings.len() * 9
    })
}

/// What the second class takes longer, pair by pair: the k-th call of each class.
fn differences(recording: &Recording, size: usize) -> Vec<f64> {
    let of = |wanted| {
        let calls = recording.timings[..size].iter().filter(move |(label, _)| *label == wanted);
        calls.map(|(_, timing)| *timing)
    };
    of(Label::Y).zip(of(Label::X)).map(|(second, first)| second - first).collect()
}

/// z of the sign test.
pub fn sign(differences: &[f64]) -> f64 {
    let signs: Vec<f64> = differences.iter().filter(|one| **one != 0.0).map(|one| one.signum()).collect();
    if signs.is_empty() { 0.0 } else { signs.iter().sum::<f64>() / (signs.len() as f64).sqrt() }
}

/// z of the Wilcoxon signed-rank test.
pub fn wilcoxon(differences: &[f64]) -> f64 {
    let mut by_size: Vec<f64> = differences.iter().copied().filter(|one| *one != 0.0).collect();
    by_size.sort_by(|one, other| one.abs().total_cmp(&other.abs()));
    let (mut sum, mut squares, mut at) = (0.0, 0.0, 0);
    while at < by_size.len() {
        let alike = by_size[at..].iter().take_while(|one| one.abs() == by_size[at].abs()).count();
        let rank = at as f64 + (alike as f64 + 1.0) / 2.0;
        for one in &by_size[at..at + alike] {
            sum += one.signum() * rank;
            squares += rank * rank;
        }
        at += alike;
    }
    if squares > 0.0 { sum / f64::sqrt(squares) } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_tests_see_a_shift_and_are_silent_without_one() {
        let shifted: Vec<f64> = (0..100).map(|n| f64::from(n % 10)).collect();
        let even: Vec<f64> = (0..100).map(|n| f64::from(n % 10) - 4.5).collect();
        for test in [sign, wilcoxon] {
            assert!(test(&shifted) > CERTAIN);
            assert!(test(&even).abs() < 1e-9);
            assert_eq!(test(&[]), 0.0);
        }
        // 1, 2 and 3 with one sign against the others: (1 + 2 - 3) / sqrt(14), (1 - 2 + 3) / sqrt(14).
        assert!((wilcoxon(&[1.0, -2.0, 3.0]) - 2.0 / 14.0_f64.sqrt()).abs() < 1e-9);
    }
}
