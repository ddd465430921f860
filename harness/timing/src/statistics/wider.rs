//! What is certain where the resolution asked for is not: "inconclusive at 100 ns; no leak above 1.1 us".
//!
//! The function to know is [`no_leak_above`].

use super::controls::Controls;
use super::window::{LONG, Window};
use super::{Comparison, Label, Tail};

/// Tolerances of the tail that are tried: each is twice the one before.
const TOLERANCES: i32 = 8;

/// The bound above which there is no leak, if one is certain; not below the resolution. The timings are those that the
/// comparison took.
///
/// It comes from the same evidence at the same error rates as a verdict at the resolution, though it is chosen after looking:
///
/// - The shift. The bound is not below the far end of [`Comparison::interval`]. A claim "the shift is below b" is false only if
///   the shift is b or more. Evidence against "it is s or more" never falls with s, so a false claim, for whatever b and at
///   whatever time, needs evidence of 1/[`clean`](super::Limits::clean) against the true shift, which it ever reaches with a
///   probability of at most `clean` (Ville). Shifts towards the other side are excluded in the same way, and only one of both
///   claims can be false.
/// - The slowest calls. [`Tail`] is asked again with more tolerance: only what is slower by the bound counts as more extreme. Its
///   bettors win with every tolerance at least what they win with a smaller one, so the same argument holds for the tolerance
///   that is chosen, at the error rate [`tail`](super::Limits::tail).
/// - The control. A difference as large as the bound would have been seen in the control with a difference.
pub(super) fn no_leak_above(
    comparison: &Comparison,
    controls: &Controls<'_>,
    timings: &[(Label, f64)],
) -> Option<f64> {
    if controls.leaks() {
        return None;
    }
    let limits = comparison.limits();
    let resolution = limits.resolution.unwrap_or_default();
    let least = comparison.interval().farthest().max(controls.visible(resolution)?);
    if !least.is_finite() || least <= 0.0 {
        return None;
    }
    let mut tails: Vec<(f64, Tail)> = (0..TOLERANCES)
        .map(|power| round_up(least * 2_f64.powi(power)))
        .map(|tolerance| (tolerance, Tail::beyond(tolerance)))
        .collect();
    let mut window = Window::new(LONG);
    for &(label, timing) in timings {
        tails.iter_mut().for_each(|(_, tail)| tail.push(label, timing, &window));
        window.push(timing);
    }
    let enough = (1.0 / limits.tail).ln();
    tails.iter().find(|(_, tail)| tail.evidence() >= enough).map(|(tolerance, _)| *tolerance)
}

/// The next number with two digits: a larger bound is as certain.
fn round_up(nanos: f64) -> f64 {
    let unit = 10_f64.powi(nanos.log10().floor() as i32 - 1);
    (nanos / unit - 1e-9).ceil() * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_has_two_digits_and_is_never_rounded_down() {
        for (nanos, up) in [(1_049.0, 1_100.0), (1_100.0, 1_100.0), (99.5, 100.0), (5.0, 5.0), (0.123, 0.13)]
        {
            assert!((round_up(nanos) - up).abs() < 1e-9 * up, "{nanos}: {}", round_up(nanos));
        }
    }
}
