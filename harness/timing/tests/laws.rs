//! Laws of the timing statistics, on timings made by chance: nothing false is said more often than allowed, and what is
//! there is found.

use countersign_timing::statistics::{Comparison, Label, Limits, Open, Side, Verdict};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

/// A machine: noise that drifts, with some very slow calls.
struct Machine {
    chance: ChaCha8Rng,
    drift: f64,
}

impl Machine {
    fn new(seed: u64) -> Self {
        Self { chance: ChaCha8Rng::seed_from_u64(seed), drift: 0.0 }
    }

    fn coin(&mut self) -> Label {
        if self.chance.random() { Label::Y } else { Label::X }
    }

    /// A timing of about 1000 ns: noise of some 10 ns, slow drift, one call in 50 much slower.
    fn noise(&mut self) -> f64 {
        let bell: f64 = (0..4).map(|_| self.chance.random::<f64>() - 0.5).sum::<f64>() * 17.0;
        self.drift = self.drift * 0.999 + (self.chance.random::<f64>() - 0.5) * 2.0;
        let slow =
            if self.chance.random::<f64>() < 0.02 { self.chance.random::<f64>() * 5000.0 } else { 0.0 };
        1000.0 + bell + self.drift + slow
    }
}

/// After how many calls a leak is certain, if a call of Y takes longer by what is said of the noise and the chance.
fn found(seed: u64, most: u64, mut longer: impl FnMut(Label, Label, f64) -> f64) -> Option<u64> {
    let mut machine = Machine::new(seed);
    let mut comparison = Comparison::new(Limits::default(), seed);
    let mut before = Label::X;
    while comparison.calls() < most && comparison.found().is_none() {
        let label = machine.coin();
        let noise = machine.noise();
        let chance = machine.chance.random();
        comparison.push(label, noise + longer(label, before, chance));
        before = label;
    }
    comparison.found()
}

/// The value in the middle, and the worst.
fn middle(mut values: Vec<u64>) -> (u64, u64) {
    values.sort_unstable();
    (values[values.len() / 2], *values.last().expect("a value"))
}

#[test]
fn evidence_without_a_leak_is_as_rare_as_it_must_be() {
    let runs = 1000_u32;
    let mut above = [0_u32; 3];
    for run in 0..runs {
        let mut machine = Machine::new(u64::from(run));
        let mut comparison = Comparison::new(Limits::default(), 0);
        for _ in 0..2000 {
            let label = machine.coin();
            comparison.push(label, machine.noise());
        }
        for (count, level) in above.iter_mut().zip([20.0_f64, 100.0, 10_000.0]) {
            *count += u32::from(comparison.leak().peak() >= level.ln());
        }
    }
    assert!(above[0] <= runs / 20 && above[1] <= runs / 100 && above[2] <= 1, "{above:?} of {runs}");
}

#[test]
fn a_shift_is_found_in_tens_of_calls() {
    let calls = |shift: f64| {
        let each = (0..20).map(|seed| {
            found(seed, 50_000, |label, _, _| if label == Label::Y { shift } else { 0.0 }).unwrap_or(50_000)
        });
        middle(each.collect())
    };
    let (large, worst) = calls(37.0);
    assert!(large <= 60 && worst <= 120, "37 ns: {large}, {worst} at worst");
    let (small, worst) = calls(2.0);
    assert!(small <= 12_000 && worst < 50_000, "2 ns: {small}, {worst} at worst");
    let (faster, _) = calls(-37.0);
    assert!(faster <= 60, "faster is a difference as well: {faster}");
}

#[test]
fn a_leak_in_few_calls_or_in_the_call_behind_is_found() {
    let tail = |label, _, chance: f64| if label == Label::Y && chance < 0.05 { 200.0 } else { 0.0 };
    let seeds = 0..10;
    let each = seeds.clone().map(|seed| found(seed, 50_000, tail).unwrap_or(50_000));
    let (calls, _) = middle(each.collect());
    assert!(calls <= 10_000, "one in twenty: {calls}");
    let behind = |_, before, _: f64| if before == Label::Y { 20.0 } else { 0.0 };
    let each = seeds.map(|seed| found(seed, 50_000, behind).unwrap_or(50_000));
    let (calls, _) = middle(each.collect());
    assert!(calls <= 1_000, "left behind: {calls}");
}

/// What is said in the end about a shift, with this resolution.
fn said(seed: u64, shift: f64, resolution: f64, most: u64) -> (Verdict, u64, Comparison) {
    let mut machine = Machine::new(seed);
    let limits = Limits { resolution: Some(resolution), step: 10.0, ..Limits::default() };
    let mut comparison = Comparison::new(limits, seed);
    loop {
        for _ in 0..50 {
            let label = machine.coin();
            let timing = machine.noise() + if label == Label::Y { shift } else { 0.0 };
            comparison.push(label, (timing / 10.0).floor() * 10.0);
        }
        let verdict = comparison.verdict(0.0);
        if !matches!(verdict, Verdict::Open(_)) || comparison.calls() >= most {
            return (verdict, comparison.calls(), comparison);
        }
    }
}

#[test]
fn a_shift_of_exactly_the_resolution_is_never_called_none() {
    let wrong =
        (0..200).filter(|&seed| matches!(said(seed, 5.0, 5.0, 5_000).0, Verdict::NoLeakAbove(_))).count();
    assert!(wrong <= 1, "{wrong} of 200");
}

#[test]
fn no_shift_is_called_none_above_the_resolution() {
    let each: Vec<u64> = (0..20)
        .map(|seed| {
            let (verdict, calls, _) = said(seed, 0.0, 5.0, 20_000);
            assert_eq!(verdict, Verdict::NoLeakAbove(5.0), "seed {seed}");
            calls
        })
        .collect();
    let (calls, worst) = middle(each);
    assert!(calls <= 3_000, "{calls}, {worst} at worst");
}

#[test]
fn where_most_timings_stand_on_one_step_both_directions_are_ruled_out_as_soon() {
    let limits = Limits { resolution: Some(5.0), step: 10.0, ..Limits::default() };
    for seed in 0..10 {
        let mut machine = Machine::new(seed);
        let mut comparison = Comparison::new(limits, seed);
        for _ in 0..1_000 {
            let label = machine.coin();
            let step = if machine.chance.random::<f64>() < 0.85 { 550.0 } else { 560.0 };
            comparison.push(label, step);
        }
        let (slower, faster) = (
            comparison.shift().evidence(5.0, Side::AtLeast),
            comparison.shift().evidence(-5.0, Side::AtMost),
        );
        let certain = 1000.0_f64.ln();
        assert!(slower > 5.0 * certain && faster > 5.0 * certain, "seed {seed}: {slower} and {faster}");
    }
}

#[test]
fn a_difference_below_the_resolution_is_no_leak_and_one_above_it_is() {
    let (verdict, _, comparison) = said(1, 20.0, 100.0, 20_000);
    assert_eq!(verdict, Verdict::NoLeakAbove(100.0));
    let interval = comparison.interval();
    assert!(interval.low <= 20.0 && interval.high >= 20.0, "{interval:?}");
    assert_eq!(said(1, 20.0, 5.0, 20_000).0, Verdict::Leak);
    assert_eq!(said(1, 20.0, 20.0, 3_000).0, Verdict::Open(Open::Small));
}

#[test]
fn the_interval_holds_the_shift_and_becomes_narrow() {
    for (seed, shift) in [(1, 0.0), (2, 3.0), (3, -40.0), (4, 800.0), (5, 1e6)] {
        let mut machine = Machine::new(seed);
        let mut comparison = Comparison::new(Limits::default(), seed);
        for _ in 0..5_000 {
            let label = machine.coin();
            comparison.push(label, machine.noise() + if label == Label::Y { shift } else { 0.0 });
        }
        let interval = comparison.interval();
        let estimate = comparison.shift().estimate(interval);
        assert!(interval.low <= shift && shift <= interval.high, "{shift}: {interval:?}");
        assert!(interval.high - interval.low < 5.0 + shift.abs() / 8.0, "{shift}: {interval:?}");
        assert!((estimate - shift).abs() < 2.0 + shift.abs() / 16.0, "{shift}: {estimate}");
    }
}
