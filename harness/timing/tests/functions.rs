//! Functions that take longer for some inputs, and some that do not.

use std::time::Duration;

use countersign_timing::{Classes, Measurement, verdict};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

const BODY: &[u8] = &[b'a'; 256];

fn tag() -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(b"a key for tests").expect("keys of any length");
    mac.update(std::hint::black_box(BODY));
    hex::encode(mac.finalize().into_bytes())
}

/// Stops at the first difference.
fn early_exit(given: &[u8]) -> bool {
    let right = tag();
    given.len() == right.len()
        && given.iter().zip(right.as_bytes()).all(|(one, other)| std::hint::black_box(one == other))
}

fn constant_time(given: &[u8]) -> bool {
    tag().as_bytes().ct_eq(given).into()
}

#[test]
fn an_early_exit_is_a_leak() {
    let report = verdict(Classes::mismatch(tag()), early_exit);
    assert!(report.is_leak(), "{report}");
    assert!(
        report.finding().effect.low.is_some_and(|low| low > 0.0),
        "the last position is the slower one: {report}"
    );
}

#[test]
fn a_comparison_in_constant_time_is_never_called_a_leak() {
    let measurement = Measurement::new(Classes::mismatch(tag())).max_time(Duration::from_secs(5));
    let report = measurement.resolution(Duration::from_nanos(20)).verdict(constant_time);
    assert!(!report.is_leak(), "{report}");
    assert!(report.recording().is_random());
}

#[test]
fn a_function_is_given_nothing_but_tags() {
    let measurement = Measurement::new(Classes::mismatch(tag())).max_calls(1_000).to_the_end();
    measurement.verdict(|given| {
        let decoded = hex::decode(given);
        assert!(decoded.is_ok(), "{given:?}");
        constant_time(given)
    });
}
