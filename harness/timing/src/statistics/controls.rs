//! Comparisons whose answer is known in advance, and what they allow to be said about the real one.
//!
//! The type to know is [`Controls`].

use std::f64::consts::LN_10;

use serde::Serialize;

use super::{Comparison, Effect, Open, Side, Verdict, VerdictKind, bound};

/// How a control came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// As it must.
    Passed,
    /// Two identical classes can be told apart: the measurement itself leaks.
    Failed,
    /// A difference that is there was not seen yet: nothing can be ruled out.
    NotSeen,
}

/// A comparison whose answer is known in advance, made between the calls of the real one.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Control {
    /// What is compared.
    pub name: String,
    /// How it came out.
    pub state: State,
    /// Decimal logarithm of the largest evidence.
    pub evidence: f64,
    /// What was measured.
    pub effect: Effect,
}

/// The controls of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Controls<'a> {
    /// Two identical classes.
    pub identical: Option<&'a Comparison>,
    /// Two classes of which the second is delayed by the resolution.
    pub delayed: Option<&'a Comparison>,
}

/// The name of the control with a difference.
pub(super) const ON_PURPOSE: &str = "a difference made on purpose";

/// Evidence from which on a control is seen: once in a hundred by chance.
const SEEN: f64 = 100.0;

impl Controls<'_> {
    /// By how much identical classes seem to differ.
    pub fn floor(&self) -> f64 {
        self.identical.map_or(0.0, |comparison| comparison.interval().nearest())
    }

    /// Whether the measurement itself tells labels apart.
    pub(super) fn leaks(&self) -> bool {
        self.identical.is_some_and(|comparison| comparison.found().is_some())
    }

    fn is_seen(&self) -> bool {
        let seen = |comparison: &Comparison| {
            let slower = comparison.shift().evidence(0.0, Side::AtMost);
            comparison.leak().peak().max(slower) >= SEEN.ln()
        };
        self.delayed.is_none_or(seen)
    }

    /// The smallest difference, at least the resolution, that these controls would have seen: the timings of the delayed class
    /// would be told from the others if they were longer by what this is above the resolution. None if none would be.
    pub(super) fn visible(&self, resolution: f64) -> Option<f64> {
        if self.is_seen() {
            return Some(resolution);
        }
        let low = self.delayed?.shift().interval(1.0 / SEEN).low;
        low.is_finite().then(|| resolution.max(resolution - low))
    }

    /// What is known about a comparison with these controls, and why; a control that failed leaves everything open.
    pub fn verdict(&self, comparison: &Comparison) -> (VerdictKind, String) {
        if self.leaks() {
            let why = "two identical classes can be told apart: the measurement itself leaks";
            return (VerdictKind::Inconclusive, why.to_owned());
        }
        let effect = Effect::of(comparison);
        match comparison.verdict(self.floor()) {
            Verdict::Leak => {
                let calls = comparison.found().unwrap_or_default();
                let why = format!(
                    "the classes can be told apart after {calls} timings; the second is slower by {effect}"
                );
                (VerdictKind::Leak, why)
            }
            Verdict::NoLeakAbove(above) if !self.is_seen() => {
                let why = format!(
                    "no difference above {} was seen, but the one made on purpose was not seen either",
                    bound(above)
                );
                (VerdictKind::Inconclusive, why)
            }
            Verdict::NoLeakAbove(above) if comparison.found().is_some() => {
                let why = format!("the classes differ, but by less than {}: {effect}", bound(above));
                (VerdictKind::NoLeak, why)
            }
            Verdict::NoLeakAbove(above) => {
                (VerdictKind::NoLeak, format!("no difference above {}: {effect}", bound(above)))
            }
            Verdict::Open(open) => {
                let why = match open {
                    Open::FewCalls => "too few timings to see a difference or to rule one out",
                    Open::Small => {
                        "the classes can be told apart, but the difference may be below the resolution"
                    }
                    Open::Tail => {
                        "no shift is seen, but too few timings to rule out that one class has more of the slowest calls"
                    }
                };
                (VerdictKind::Inconclusive, format!("{why}: {effect}"))
            }
        }
    }

    pub(super) fn shown(&self) -> Vec<Control> {
        let control = |name: &str, state, comparison: &Comparison| Control {
            name: name.to_owned(),
            state,
            evidence: comparison.leak().peak() / LN_10,
            effect: Effect::of(comparison),
        };
        let identical = if self.leaks() { State::Failed } else { State::Passed };
        let delayed = if self.is_seen() { State::Passed } else { State::NotSeen };
        let shown = [
            self.identical.map(|one| control("identical classes", identical, one)),
            self.delayed.map(|one| control(ON_PURPOSE, delayed, one)),
        ];
        shown.into_iter().flatten().collect()
    }
}
