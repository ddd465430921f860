//! By how much one class of calls is slower than the other.
//!
//! The type to know is [`Effect`].

use std::fmt;

use serde::Serialize;

use super::Comparison;

/// A shift in nanoseconds; an end that is missing is not known.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Effect {
    /// By how much the second class is slower, most likely.
    pub estimate: f64,
    /// By how much at least.
    pub low: Option<f64>,
    /// By how much at most.
    pub high: Option<f64>,
}

impl Effect {
    /// What a comparison knows about the shift.
    pub fn of(comparison: &Comparison) -> Self {
        let interval = comparison.interval();
        let known = |end: f64| end.is_finite().then_some(end);
        Self {
            estimate: comparison.shift().estimate(interval),
            low: known(interval.low),
            high: known(interval.high),
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |end: Option<f64>| end.map_or_else(|| "?".to_owned(), nanos);
        write!(f, "{} ({} to {})", nanos(self.estimate), end(self.low), end(self.high))
    }
}

/// `1.5 ns`, `20 us`: three digits.
pub fn nanos(nanos: f64) -> String {
    let (value, unit) = match nanos.abs() {
        small if small < 1e3 => (nanos, "ns"),
        middle if middle < 1e6 => (nanos / 1e3, "us"),
        large if large < 1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    let digits = match value.abs() {
        small if small < 10.0 => 2,
        middle if middle < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.digits$} {unit}")
}

/// A bound in nanoseconds as people write it, without zeros behind the point and never rounded down: `100 ns`, `1.1 us`.
pub(crate) fn bound(nanos: f64) -> String {
    let (value, unit) = match nanos.abs() {
        small if small < 1e3 => (nanos, "ns"),
        middle if middle < 1e6 => (nanos / 1e3, "us"),
        large if large < 1e9 => (nanos / 1e6, "ms"),
        _ => (nanos / 1e9, "s"),
    };
    let value = (value * 100.0 - 1e-6).ceil() / 100.0;
    format!("{value} {unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_shown_as_people_write_it_and_is_never_rounded_down() {
        for (nanos, shown) in
            [(100.0, "100 ns"), (1100.0, "1.1 us"), (1_101.0, "1.11 us"), (5.0, "5 ns"), (2e6, "2 ms")]
        {
            assert_eq!(bound(nanos), shown);
        }
    }
}
