//! The tests that other tools use, to compare with: dudect's rule, Kolmogorov-Smirnov, Mann-Whitney. They decide nothing in
//! Countersign.
//!
//! The type to know is [`Dudect`].

use countersign_timing::statistics::{Label, Recording};

fn index(label: Label) -> usize {
    match label {
        Label::X => 0,
        Label::Y => 1,
    }
}

/// Running mean and variance of both classes.
#[derive(Debug, Clone, Copy, Default)]
struct Welch {
    count: [f64; 2],
    mean: [f64; 2],
    squares: [f64; 2],
}

impl Welch {
    fn push(&mut self, label: Label, value: f64) {
        let class = index(label);
        self.count[class] += 1.0;
        let off = value - self.mean[class];
        self.mean[class] += off / self.count[class];
        self.squares[class] += off * (value - self.mean[class]);
    }

    /// Welch's t.
    fn t(&self) -> f64 {
        let part = |class: usize| self.squares[class] / (self.count[class] - 1.0) / self.count[class];
        let t = (self.mean[0] - self.mean[1]) / (part(0) + part(1)).sqrt();
        if t.is_finite() { t } else { 0.0 }
    }
}

/// Crops, of which each keeps the timings below one quantile of the first chunk.
const CROPS: usize = 100;
/// Timings of the first chunk, which are used for nothing else.
const CHUNK: usize = 500;
/// Timings of the first class before a test counts.
const ENOUGH: f64 = 10_000.0;
/// From which t on there probably is a leak.
const PROBABLE: f64 = 10.0;

/// The rule of dudect (Reparaz, Balasch and Verbauwhede, "Dude, is my code constant time?", 2017): Welch's t of all
/// timings, of 100 crops of them and of squares, a leak if any is above 10 and has 10,000 timings of the first class.
#[derive(Debug, Clone)]
pub struct Dudect {
    first: Vec<f64>,
    calls: u64,
    crops: Vec<f64>,
    tests: Vec<Welch>,
    found: Option<u64>,
}

impl Default for Dudect {
    fn default() -> Self {
        Self {
            first: Vec::with_capacity(CHUNK),
            calls: 0,
            crops: Vec::new(),
            tests: vec![Welch::default(); CROPS + 2],
            found: None,
        }
    }
}

impl Dudect {
    /// All of a recording.
    pub fn of(recording: &Recording) -> Self {
        let mut dudect = Self::default();
        recording.timings.iter().for_each(|&(label, timing)| dudect.push(label, timing));
        dudect
    }

    /// Takes a timing.
    pub fn push(&mut self, label: Label, timing: f64) {
        self.calls += 1;
        if self.crops.is_empty() {
            self.first.push(timing);
            if self.first.len() == CHUNK {
                self.first.sort_by(f64::total_cmp);
                let share = |crop: usize| 1.0 - 0.5_f64.powf(10.0 * (crop + 1) as f64 / CROPS as f64);
                self.crops =
                    (0..CROPS).map(|crop| self.first[(share(crop) * CHUNK as f64) as usize]).collect();
            }
            return;
        }
        self.tests[0].push(label, timing);
        for (test, &crop) in self.tests[1..=CROPS].iter_mut().zip(&self.crops) {
            if timing < crop {
                test.push(label, timing);
            }
        }
        if self.tests[0].count[0] > ENOUGH {
            let off = timing - self.tests[0].mean[index(label)];
            self.tests[CROPS + 1].push(label, off * off);
        }
        if self.found.is_none() && self.calls.is_multiple_of(CHUNK as u64) && self.t() > PROBABLE {
            self.found = Some(self.calls);
        }
    }

    /// The largest t of those that count, without its sign; 0 before 10,000 timings of the first class.
    pub fn t(&self) -> f64 {
        let counting = self.tests.iter().filter(|test| test.count[0] > ENOUGH);
        counting.map(|test| test.t().abs()).fold(0.0, f64::max)
    }

    /// After how many calls it said that there is a leak.
    pub fn found(&self) -> Option<u64> {
        self.found
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

/// The p-value of the Kolmogorov-Smirnov test (asymptotic), for a single look; 1 if a class has no timing.
pub fn kolmogorov_smirnov(timings: &[(Label, f64)]) -> f64 {
    let [xs, ys] = classes(timings);
    if xs.is_empty() || ys.is_empty() {
        return 1.0;
    }
    let (n, m) = (xs.len() as f64, ys.len() as f64);
    let (mut i, mut j, mut apart) = (0, 0, 0.0_f64);
    while i < xs.len() && j < ys.len() {
        let at = xs[i].min(ys[j]);
        i += xs[i..].iter().take_while(|&&x| x <= at).count();
        j += ys[j..].iter().take_while(|&&y| y <= at).count();
        apart = apart.max((i as f64 / n - j as f64 / m).abs());
    }
    let root = (n * m / (n + m)).sqrt();
    let lambda = (root + 0.12 + 0.11 / root) * apart;
    if lambda < 0.2 {
        return 1.0;
    }
    let term = |k: i32| f64::from(1 - 2 * ((k - 1) % 2)) * (-2.0 * lambda.powi(2) * f64::from(k * k)).exp();
    (2.0 * (1..=100).map(term).sum::<f64>()).clamp(0.0, 1.0)
}

/// The z of the Mann-Whitney test, with its correction for equal timings; positive if Y is slower.
pub fn mann_whitney(timings: &[(Label, f64)]) -> f64 {
    let mut sorted = timings.to_vec();
    sorted.sort_by(|one, other| one.1.total_cmp(&other.1));
    let all = sorted.len() as f64;
    let ys = sorted.iter().filter(|(label, _)| *label == Label::Y).count() as f64;
    let xs = all - ys;
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in sorted.chunk_by(|one, other| one.1 == other.1) {
        let count = equal.len() as f64;
        let of_y = equal.iter().filter(|(label, _)| *label == Label::Y).count() as f64;
        ranks += of_y * (before + (count + 1.0) / 2.0);
        ties += count.powi(3) - count;
        before += count;
    }
    let off = ranks - ys * (all + 1.0) / 2.0;
    let variance = xs * ys / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let z = off / variance.sqrt();
    if z.is_finite() { z } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values with the same ranks in both classes but for a shift.
    fn shifted(by: f64) -> Vec<(Label, f64)> {
        let each = |n: i32| {
            let value = f64::from(n * 37 % 100);
            [(Label::X, value), (Label::Y, value + by)]
        };
        (0..100).flat_map(each).collect()
    }

    #[test]
    fn equal_classes_show_nothing() {
        assert!(mann_whitney(&shifted(0.0)).abs() < 1e-9);
        assert!((kolmogorov_smirnov(&shifted(0.0)) - 1.0).abs() < 1e-9);
        assert!(kolmogorov_smirnov(&[]) >= 1.0 && mann_whitney(&[]) == 0.0);
    }

    #[test]
    fn a_shift_shows_with_its_sign() {
        assert!(mann_whitney(&shifted(30.0)) > 4.0);
        assert!(mann_whitney(&shifted(-30.0)) < -4.0);
        assert!(kolmogorov_smirnov(&shifted(30.0)) < 1e-3);
    }
}
