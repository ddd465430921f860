//! Laws of what is drawn of timings.

use countersign_timing::statistics::{Checkpoint, Comparison, History, Label, Limits, Profile, Quantile};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rand::rngs::ChaCha8Rng;
use rand::{Rng as _, SeedableRng as _};

/// A runner whose stream is always the same; it shrinks what fails.
fn runner() -> TestRunner {
    let config = Config { cases: 200, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

fn timings() -> impl Strategy<Value = Vec<(Label, f64)>> {
    let label = any::<bool>().prop_map(|second| if second { Label::Y } else { Label::X });
    vec((label, -1e4..1e4), 0..3000)
}

fn other(label: Label) -> Label {
    match label {
        Label::X => Label::Y,
        Label::Y => Label::X,
    }
}

#[test]
fn a_profile_changes_its_sign_with_the_labels() {
    let law = |timings: Vec<(Label, f64)>| {
        let exchanged: Vec<(Label, f64)> =
            timings.iter().map(|&(label, timing)| (other(label), timing)).collect();
        let turned = |quantile: Quantile| Quantile {
            difference: -quantile.difference,
            low: quantile.high.map(|end| -end),
            high: quantile.low.map(|end| -end),
            ..quantile
        };
        let (profile, back) = (Profile::of(&timings), Profile::of(&exchanged));
        let turned: Vec<Quantile> = back.quantiles.into_iter().map(turned).collect();
        prop_assert_eq!(profile.quantiles, turned);
        Ok(())
    };
    runner().run(&timings(), law).expect("the law holds");
}

#[test]
fn the_profile_of_equal_classes_is_zero_and_that_of_a_shift_is_the_shift() {
    let law = |(timings, shift): (Vec<f64>, f64)| {
        let both = |by: f64| -> Vec<(Label, f64)> {
            timings.iter().flat_map(|&timing| [(Label::X, timing), (Label::Y, timing + by)]).collect()
        };
        for quantile in Profile::of(&both(0.0)).quantiles {
            prop_assert_eq!(quantile.difference, 0.0);
            prop_assert!(
                quantile.low.is_none_or(|low| low <= 0.0) && quantile.high.is_none_or(|high| high >= 0.0)
            );
        }
        for quantile in Profile::of(&both(shift)).quantiles {
            prop_assert!((quantile.difference - shift).abs() < 1e-6, "{quantile:?} of {shift}");
        }
        Ok(())
    };
    runner().run(&(vec(-1e4..1e4, 1..2000), -1e4..1e4), law).expect("the law holds");
}

#[test]
fn a_history_keeps_its_first_and_last_checkpoint_and_stays_small() {
    let checkpoint =
        |timings: u64| Checkpoint { timings, leak: timings as f64, not_slower: None, not_faster: None };
    // From single calls to jumps that no machine makes.
    let jumps = vec((0_u32..56).prop_map(|power| 1_u64 << power), 1..4000);
    let law = |jumps: Vec<u64>| {
        let (mut history, mut now) = (History::new(1e-4, 1e-3), 1_u64);
        history.push(checkpoint(now));
        for jump in jumps {
            now = now.saturating_add(jump);
            history.push(checkpoint(now));
        }
        let kept = history.until(checkpoint(now)).checkpoints;
        prop_assert_eq!(kept.first(), Some(&checkpoint(1)));
        prop_assert_eq!(kept.last(), Some(&checkpoint(now)));
        prop_assert!(kept.len() <= 257, "{} kept", kept.len());
        prop_assert!(kept.windows(2).all(|pair| pair[0].timings < pair[1].timings));
        Ok(())
    };
    runner().run(&jumps, law).expect("the law holds");
}

#[test]
fn a_history_of_many_calls_is_thinned_out_and_even_on_a_logarithmic_axis() {
    let checkpoint = |timings: u64| Checkpoint { timings, leak: 0.0, not_slower: None, not_faster: None };
    let mut history = History::new(1e-4, 1e-3);
    let mut now = 1.0_f64;
    while now < 1e18 {
        history.push(checkpoint(now as u64));
        now = (now * 1.001).max(now + 1.0);
    }
    let kept = history.checkpoints;
    assert!((100..=256).contains(&kept.len()), "{} kept", kept.len());
    let widest = kept.windows(2).filter(|pair| pair[0].timings > 100);
    let widest = widest.map(|pair| pair[1].timings as f64 / pair[0].timings as f64).fold(1.0, f64::max);
    assert!(widest < 1.3, "a gap of {widest}");
}

#[test]
fn the_history_of_a_comparison_ends_with_what_it_knows() {
    let limits = Limits { resolution: Some(5.0), ..Limits::default() };
    let mut comparison = Comparison::new(limits, 1);
    assert!(comparison.history().checkpoints.is_empty());
    let mut chance = ChaCha8Rng::seed_from_u64(1);
    for _ in 0..1000 {
        let drawn = chance.next_u32();
        let label = if drawn & 1 == 1 { Label::Y } else { Label::X };
        let shift = if label == Label::Y { 30.0 } else { 0.0 };
        comparison.push(label, f64::from(drawn >> 8 & 63) + shift);
    }
    let history = comparison.history();
    let last = history.checkpoints.last().expect("the last");
    assert_eq!(last.timings, 1000);
    assert!((last.leak - comparison.leak().evidence() / std::f64::consts::LN_10).abs() < 1e-12);
    assert!(last.leak > history.leak_certain, "30 ns are seen: {last:?}");
    assert!(last.not_slower < Some(0.0), "it is slower by more than 5 ns: {last:?}");
    assert!(last.not_faster > Some(history.clean_certain), "it is not faster: {last:?}");
}
