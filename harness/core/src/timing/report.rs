//! What a comparison found, for people and programs.
//!
//! The types to know are [`Finding`], one comparison, and [`Report`], all of a target.

use std::collections::BTreeMap;
use std::f64::consts::LN_10;
use std::fmt;

use serde::Serialize;

use super::{
    Comparison, Dudect, History, Open, Order, Profile, Recording, Side, Verdict, holm, kolmogorov_smirnov,
    mann_whitney,
};

/// The name of the format.
pub const SCHEMA: &str = "countersign.timing/1";

/// In a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Word {
    /// A secret shows in the time that calls take.
    Leak,
    /// There is no difference above the resolution.
    NoLeak,
    /// Neither is certain.
    Inconclusive,
}

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

/// How a control came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum State {
    /// As it must.
    Passed,
    /// What is the same can be told apart: the measurement itself leaks.
    Failed,
    /// A difference that is there was not seen yet: nothing can be ruled out.
    NotSeen,
}

/// A comparison whose answer is known beforehand, made between the calls of the real one.
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

/// What other tools say of the same timings. It decides nothing.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Reference {
    /// The largest t of dudect's tests that count.
    pub dudect_t: f64,
    /// After how many timings dudect's rule said that there is a leak.
    pub dudect_found: Option<u64>,
    /// Kolmogorov-Smirnov, p-value for a single look.
    pub kolmogorov_smirnov_p: f64,
    /// Mann-Whitney, z.
    pub mann_whitney_z: f64,
}

/// What a comparison of two classes found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// What is compared.
    pub name: String,
    /// The place in the tag that is compared with the first, from 0, if places are compared.
    pub place: Option<u16>,
    /// The verdict.
    pub verdict: Word,
    /// Why.
    pub reason: String,
    /// Timings of the comparison, without controls.
    pub timings: u64,
    /// Calls that each timing spans.
    pub batch: u64,
    /// Decimal logarithm of the largest evidence that the classes can be told apart.
    pub evidence: f64,
    /// After how many timings that was certain.
    pub found: Option<u64>,
    /// By how much the second class is slower, for each call.
    pub effect: Effect,
    /// Differences up to this many nanoseconds are tolerated.
    pub resolution: Option<f64>,
    /// After how many timings a verdict is likely, if there is none.
    pub forecast: Option<u64>,
    /// What was measured in between.
    pub controls: Vec<Control>,
    /// In which order answers came, if requests went out in pairs.
    pub order: Option<Order>,
    /// What other tools say.
    pub reference: Reference,
    /// Where among fast and slow calls the classes differ.
    pub profile: Profile,
    /// How evidence grew. It is that of this comparison alone, not what several comparisons leave of it.
    pub history: History,
    /// What is known of the machine and the run.
    pub facts: BTreeMap<String, String>,
}

/// All comparisons of a target.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// The name of this format.
    pub schema: &'static str,
    /// What was measured.
    pub target: String,
    /// A leak if there is one anywhere; no leak if there is none anywhere.
    pub verdict: Word,
    /// The comparisons.
    pub findings: Vec<Finding>,
}

impl Report {
    /// What all findings say together. What is left of the evidence of each is what e-Holm leaves of it.
    pub fn new(target: impl Into<String>, mut findings: Vec<Finding>) -> Self {
        let evidence: Vec<f64> = findings.iter().map(|finding| finding.evidence * LN_10).collect();
        for (finding, left) in findings.iter_mut().zip(holm(&evidence)) {
            finding.evidence = left / LN_10;
        }
        let any = |word| findings.iter().any(|finding| finding.verdict == word);
        let verdict = match (any(Word::Leak), any(Word::Inconclusive) || findings.is_empty()) {
            (true, _) => Word::Leak,
            (false, true) => Word::Inconclusive,
            (false, false) => Word::NoLeak,
        };
        Self { schema: SCHEMA, target: target.into(), verdict, findings }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| writeln!(f, "{finding}"))?;
        if self.findings.len() > 1 {
            writeln!(f, "all together: {}", self.verdict)?;
        }
        Ok(())
    }
}

impl fmt::Display for Word {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leak => "leak",
            Self::NoLeak => "no leak",
            Self::Inconclusive => "inconclusive",
        })
    }
}

/// Controls, and what they allow.
#[derive(Debug, Clone, Default)]
pub struct Controls<'a> {
    /// Two classes that are the same.
    pub identical: Option<&'a Comparison>,
    /// Two classes of which the second waits as long as the resolution.
    pub spin: Option<&'a Comparison>,
}

/// The control that needs a difference.
const ON_PURPOSE: &str = "a difference made on purpose";

/// Evidence from which on a control is seen: once in a hundred by chance.
const SEEN: f64 = 100.0;

impl Controls<'_> {
    /// What alike classes seem to differ by.
    pub fn floor(&self) -> f64 {
        self.identical.map_or(0.0, |comparison| comparison.interval().nearest())
    }

    /// Whether the measurement itself tells labels apart.
    fn leaks(&self) -> bool {
        self.identical.is_some_and(|comparison| comparison.found().is_some())
    }

    fn is_seen(&self) -> bool {
        let seen = |comparison: &Comparison| {
            let slower = comparison.shift().evidence(0.0, Side::AtMost);
            comparison.leak().peak().max(slower) >= SEEN.ln()
        };
        self.spin.is_none_or(seen)
    }

    /// What is known of a comparison with these controls: one that failed leaves everything open.
    pub fn verdict(&self, comparison: &Comparison) -> (Word, String) {
        if self.leaks() {
            let why = "two classes that are the same can be told apart: the measurement itself leaks";
            return (Word::Inconclusive, why.to_owned());
        }
        let effect = Effect::of(comparison);
        match comparison.verdict(self.floor()) {
            Verdict::Leak => {
                let calls = comparison.found().unwrap_or_default();
                (
                    Word::Leak,
                    format!(
                        "the classes can be told apart after {calls} timings; the second is slower by {effect}"
                    ),
                )
            }
            Verdict::NoLeakAbove(above) if !self.is_seen() => {
                let why = format!(
                    "no difference above {} is seen, but neither is one that was made on purpose",
                    nanos(above)
                );
                (Word::Inconclusive, why)
            }
            Verdict::NoLeakAbove(above) if comparison.found().is_some() => {
                let why = format!("the classes differ, but by less than {}: {effect}", nanos(above));
                (Word::NoLeak, why)
            }
            Verdict::NoLeakAbove(above) => {
                (Word::NoLeak, format!("no difference above {}: {effect}", nanos(above)))
            }
            Verdict::Open(open) => {
                let why = match open {
                    Open::FewCalls => "too few timings to see a difference or to rule one out",
                    Open::Small => {
                        "the classes can be told apart, but the difference may be below the resolution"
                    }
                    Open::Tail => {
                        "no shift is seen, but too few timings to rule out that one class has more of the slowest"
                    }
                };
                (Word::Inconclusive, format!("{why}: {effect}"))
            }
        }
    }

    fn shown(&self) -> Vec<Control> {
        let control = |name: &str, state, comparison: &Comparison| Control {
            name: name.to_owned(),
            state,
            evidence: comparison.leak().peak() / LN_10,
            effect: Effect::of(comparison),
        };
        let alike = if self.leaks() { State::Failed } else { State::Passed };
        let seen = if self.is_seen() { State::Passed } else { State::NotSeen };
        let identical = self.identical.map(|one| control("identical classes", alike, one));
        let spin = self.spin.map(|one| control(ON_PURPOSE, seen, one));
        identical.into_iter().chain(spin).collect()
    }
}

impl Effect {
    /// What a comparison knows of the shift.
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

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let end = |end: Option<f64>| end.map_or_else(|| "?".to_owned(), nanos);
        write!(f, "{} ({} to {})", nanos(self.estimate), end(self.low), end(self.high))
    }
}

impl Finding {
    /// What is known after these timings.
    pub fn new(
        name: impl Into<String>,
        comparison: &Comparison,
        controls: &Controls<'_>,
        batch: u64,
        recording: &Recording,
    ) -> Self {
        let (verdict, reason) = controls.verdict(comparison);
        let mut dudect = Dudect::default();
        recording.timings.iter().for_each(|&(label, timing)| dudect.push(label, timing));
        Self {
            name: name.into(),
            place: None,
            verdict,
            reason,
            timings: comparison.calls(),
            batch,
            evidence: comparison.leak().peak() / LN_10,
            found: comparison.found(),
            effect: Effect::of(comparison),
            resolution: comparison.limits().resolution,
            forecast: if verdict == Word::Inconclusive { comparison.forecast() } else { None },
            controls: controls.shown(),
            order: None,
            reference: Reference {
                dudect_t: dudect.t(),
                dudect_found: dudect.found(),
                kolmogorov_smirnov_p: kolmogorov_smirnov(&recording.timings),
                mann_whitney_z: mann_whitney(&recording.timings),
            },
            profile: Profile::of(&recording.timings),
            history: comparison.history(),
            facts: recording.facts.clone(),
        }
    }

    /// A recording from which nothing follows, because time and class go together in it.
    pub fn uncertifiable(name: impl Into<String>, recording: &Recording, comparison: &Comparison) -> Self {
        let finding = Self::new(name, comparison, &Controls::default(), 1, recording);
        let reason = "cannot be certified: the labels follow from their places, as if all calls of one class came first; \
                      draw the label of every call by a fair coin";
        Self { verdict: Word::Inconclusive, reason: reason.to_owned(), forecast: None, ..finding }
    }
}

impl Finding {
    /// The same of pairs whose answers came in this order. If many came at once, a difference need not show, and nothing is
    /// ruled out. The difference that was made on purpose was added to the timings.
    #[must_use]
    pub fn in_order(mut self, order: Order) -> Self {
        if self.verdict == Word::NoLeak && order.hides() {
            self.verdict = Word::Inconclusive;
            self.reason = format!(
                "the server often sends both answers at once, and what lies between them says nothing ({order})"
            );
        }
        for control in &mut self.controls {
            if control.name == ON_PURPOSE {
                control.name = "a difference added to the timings".to_owned();
            }
        }
        self.order = Some(order);
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.verdict)?;
        writeln!(f, "  {}", self.reason)?;
        let batch = if self.batch > 1 { format!(" of {} calls each", self.batch) } else { String::new() };
        writeln!(f, "  {} timings{batch}; evidence 10^{:.1}", self.timings, self.evidence)?;
        if let Some(forecast) = self.forecast {
            writeln!(f, "  a verdict is likely after {forecast} timings")?;
        }
        for control in &self.controls {
            let state = match control.state {
                State::Passed => "as it must be",
                State::Failed => "FAILED",
                State::NotSeen => "not seen",
            };
            writeln!(f, "  control, {}: {state}; {}", control.name, control.effect)?;
        }
        if let Some(order) = &self.order {
            writeln!(f, "  {order}")?;
        }
        let Reference { dudect_t, dudect_found, kolmogorov_smirnov_p, mann_whitney_z } = &self.reference;
        let rule = match dudect_found {
            Some(timings) => format!("leak after {timings} timings"),
            None => "nothing".to_owned(),
        };
        write!(
            f,
            "  for reference: dudect {rule} (t {dudect_t:.1}), Kolmogorov-Smirnov p {kolmogorov_smirnov_p:.1e}, \
             Mann-Whitney z {mann_whitney_z:.1}"
        )
    }
}
