//! What comparisons found, for people and programs.
//!
//! The types to know are [`Finding`], about one comparison, and [`Report`], about all comparisons of a target.

use std::collections::BTreeMap;
use std::f64::consts::LN_10;
use std::fmt;

use serde::Serialize;

use super::controls::ON_PURPOSE;
use super::wider::no_leak_above;
use super::{
    Comparison, Control, Controls, Effect, History, Order, Profile, Recording, State, Verdict, VerdictKind,
    bound, holm,
};

/// The name of the format.
pub const SCHEMA: &str = "countersign.timing/1";

/// What a comparison of two classes found.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Finding {
    /// What is compared.
    pub name: String,
    /// The position in the tag that is compared with the first, from 0, if positions are compared.
    #[serde(rename = "place")]
    pub position: Option<u16>,
    /// The verdict.
    pub verdict: VerdictKind,
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
    /// Nanoseconds above which there is certainly no leak: the resolution, or what is certain where that is not; none if there is
    /// a leak or nothing is certain.
    pub no_leak_above: Option<f64>,
    /// After how many timings a verdict is likely, if there is none.
    pub forecast: Option<u64>,
    /// The controls that ran in between.
    pub controls: Vec<Control>,
    /// In which order answers came, if requests went out in pairs.
    pub order: Option<Order>,
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
    pub verdict: VerdictKind,
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
        let verdict = match (any(VerdictKind::Leak), any(VerdictKind::Inconclusive) || findings.is_empty()) {
            (true, _) => VerdictKind::Leak,
            (false, true) => VerdictKind::Inconclusive,
            (false, false) => VerdictKind::NoLeak,
        };
        Self { schema: SCHEMA, target: target.into(), verdict, findings }
    }
}

impl Report {
    /// The verdict in words: that of the only finding, or of all together.
    pub fn conclusion(&self) -> String {
        match &self.findings[..] {
            [only] => only.conclusion(),
            _ => self.verdict.to_string(),
        }
    }
}

/// The findings, each of which begins with its verdict.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.findings.iter().try_for_each(|finding| finding.fmt(f))
    }
}

impl Finding {
    /// What is known after these timings, which the comparison took in this order.
    pub fn new(
        name: impl Into<String>,
        comparison: &Comparison,
        controls: &Controls<'_>,
        batch: u64,
        recording: &Recording,
    ) -> Self {
        let (verdict, reason) = controls.verdict(comparison);
        let no_leak_above = match (verdict, comparison.verdict(controls.floor())) {
            (VerdictKind::Leak, _) => None,
            (VerdictKind::NoLeak, Verdict::NoLeakAbove(above)) => Some(above),
            (VerdictKind::NoLeak | VerdictKind::Inconclusive, _) => {
                no_leak_above(comparison, controls, &recording.timings)
            }
        };
        Self {
            name: name.into(),
            position: None,
            verdict,
            reason,
            timings: comparison.calls(),
            batch,
            evidence: comparison.leak().peak() / LN_10,
            found: comparison.found(),
            effect: Effect::of(comparison),
            resolution: comparison.limits().resolution,
            no_leak_above,
            forecast: if verdict == VerdictKind::Inconclusive { comparison.forecast() } else { None },
            controls: controls.shown(),
            order: None,
            profile: Profile::of(&recording.timings),
            history: comparison.history(),
            facts: recording.facts.clone(),
        }
    }

    /// About a recording from which nothing follows, because time and class go together in it.
    pub fn uncertifiable(name: impl Into<String>, recording: &Recording, comparison: &Comparison) -> Self {
        let finding = Self::new(name, comparison, &Controls::default(), 1, recording);
        let reason = "cannot be certified: the labels can be predicted from the ones before, as if all calls of one class came \
                      first; draw the label of every call with a fair coin";
        Self {
            verdict: VerdictKind::Inconclusive,
            reason: reason.to_owned(),
            no_leak_above: None,
            forecast: None,
            ..finding
        }
    }
}

impl Finding {
    /// The same for pairs whose answers came in this order. If many came at once, a difference need not show, and nothing is
    /// ruled out. The difference made on purpose was added to the timings.
    #[must_use]
    pub fn in_order(mut self, order: Order) -> Self {
        if self.verdict != VerdictKind::Leak && order.hides() {
            self.no_leak_above = None;
        }
        if self.verdict == VerdictKind::NoLeak && order.hides() {
            self.verdict = VerdictKind::Inconclusive;
            self.reason = format!(
                "the server often sends both answers at once, so the gap between them says nothing ({order})"
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

impl Finding {
    /// The verdict in words: `inconclusive at 100 ns; no leak above 1.1 us`.
    pub fn conclusion(&self) -> String {
        let above = |above: f64| format!("no leak above {}", bound(above));
        match (self.verdict, self.resolution, self.no_leak_above) {
            (VerdictKind::Inconclusive, Some(resolution), Some(wider)) => {
                format!("inconclusive at {}; {}", bound(resolution), above(wider))
            }
            (VerdictKind::Inconclusive, None, Some(wider)) => format!("inconclusive; {}", above(wider)),
            (VerdictKind::NoLeak, _, Some(certain)) => above(certain),
            (verdict, _, _) => verdict.to_string(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}: {}", self.name, self.conclusion())?;
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
        Ok(())
    }
}
