//! Laws of the wider bound that an inconclusive measurement can still certify.

use countersign_timing::statistics::{
    Comparison, Controls, Finding, Label, Limits, Order, Recording, State, VerdictKind,
};
use rand::rngs::ChaCha8Rng;
use rand::{RngExt as _, SeedableRng as _};

/// Timings of about 100 us with noise of some 2 us, and now and then a very slow one. The second class takes longer.
fn timings(seed: u64, calls: usize, longer: f64) -> Vec<(Label, f64)> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut one = || {
        let label = if random.random() { Label::Y } else { Label::X };
        let bell: f64 = (0..4).map(|_| random.random::<f64>() - 0.5).sum::<f64>() * 3_500.0;
        let slow = if random.random::<f64>() < 0.01 { random.random::<f64>() * 50_000.0 } else { 0.0 };
        (label, 100_000.0 + bell + slow + if label == Label::Y { longer } else { 0.0 })
    };
    (0..calls).map(|_| one()).collect()
}

fn compared(timings: &[(Label, f64)], resolution: f64) -> Comparison {
    let limits = Limits { resolution: Some(resolution), ..Limits::default() };
    let mut comparison = Comparison::new(limits, 1);
    timings.iter().for_each(|&(label, timing)| comparison.push(label, timing));
    comparison
}

/// What is found with controls: identical classes, and a second class that is delayed by the resolution.
fn found(seed: u64, calls: usize, longer: f64, resolution: f64) -> Finding {
    let recording = Recording { timings: timings(seed, calls, longer), ..Recording::default() };
    let comparison = compared(&recording.timings, resolution);
    let identical = compared(&timings(seed + 1_000_000, calls, 0.0), resolution);
    let delayed = compared(&timings(seed + 2_000_000, calls, resolution), resolution);
    let controls = Controls { identical: Some(&identical), delayed: Some(&delayed) };
    Finding::new("test", &comparison, &controls, 1, &recording)
}

#[test]
fn what_cannot_be_certified_at_the_resolution_is_certified_at_a_wider_one() {
    let finding = found(1, 4_000, 0.0, 10.0);
    assert_eq!(finding.verdict, VerdictKind::Inconclusive, "{finding}");
    assert!(finding.controls.iter().any(|control| control.state == State::NotSeen), "{finding}");
    let bound = finding.no_leak_above.expect("a bound");
    assert!((100.0..2_000.0).contains(&bound), "{finding}");
    assert!(finding.to_string().starts_with("test: inconclusive at 10 ns; no leak above "), "{finding}");
}

#[test]
fn a_bound_becomes_smaller_with_more_timings_and_ends_at_the_resolution() {
    let bounds: Vec<f64> =
        [2_000, 8_000, 32_000].iter().filter_map(|&calls| found(2, calls, 0.0, 10.0).no_leak_above).collect();
    assert!(bounds.len() == 3 && bounds[0] > bounds[1] && bounds[1] > bounds[2], "{bounds:?}");
    let finding = found(2, 8_000, 0.0, 1_000.0);
    assert_eq!((finding.verdict, finding.no_leak_above), (VerdictKind::NoLeak, Some(1_000.0)), "{finding}");
}

#[test]
fn no_bound_is_below_a_difference_that_is_there() {
    let (runs, longer) = (30, 400.0);
    let mut bounds = 0;
    for seed in 0..runs {
        // After several numbers of calls: the bound must be right whenever somebody looks.
        for calls in [1_500, 3_000] {
            if let Some(bound) = found(seed, calls, longer, 10.0).no_leak_above {
                bounds += 1;
                assert!(bound > longer, "seed {seed}, {calls} calls: {bound}");
            }
        }
    }
    assert!(bounds >= runs, "{bounds} bounds are few: the test shows nothing");
}

#[test]
fn few_slow_calls_of_one_class_are_part_of_the_bound() {
    // One in eight calls of the second class takes 20 us longer; the others do not differ.
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut slower = timings(3, 6_000, 0.0);
    for (label, timing) in &mut slower {
        if *label == Label::Y && random.random::<f64>() < 0.125 {
            *timing += 20_000.0;
        }
    }
    let recording = Recording { timings: slower, ..Recording::default() };
    let comparison = compared(&recording.timings, 10.0);
    let finding = Finding::new("test", &comparison, &Controls::default(), 1, &recording);
    let shift = comparison.interval().farthest();
    assert!(shift < 5_000.0, "the middle does not move by much: {shift}");
    assert!(finding.no_leak_above.is_none_or(|bound| bound > 10_000.0), "{finding}");
}

#[test]
fn nothing_is_certain_if_the_measurement_itself_leaks_or_answers_come_at_once() {
    let recording = Recording { timings: timings(5, 4_000, 0.0), ..Recording::default() };
    let comparison = compared(&recording.timings, 10.0);
    let leaking = compared(&timings(6, 4_000, 50_000.0), 10.0);
    let controls = Controls { identical: Some(&leaking), delayed: None };
    assert_eq!(Finding::new("test", &comparison, &controls, 1, &recording).no_leak_above, None);
    let together = Order { pairs: 100, reversed: 0, together: 50 };
    let finding = Finding::new("test", &comparison, &Controls::default(), 1, &recording);
    assert!(finding.no_leak_above.is_some(), "{finding}");
    assert_eq!(finding.in_order(together).no_leak_above, None);
}
