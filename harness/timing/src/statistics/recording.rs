//! Recorded timings, as a table of text.
//!
//! The type to know is [`Recording`]: lines of `# name: value`, a header, and a line of label and timing for each call, in
//! the order of the calls. `# unit: 0.385 ns` says how long one unit of the numbers is, `# timer step: 10 ns` the step of the clock.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Coin, Label};

/// The fact that says how long one unit is.
const UNIT: &str = "unit";
/// The fact that says the step of the clock.
const STEP: &str = "timer step";

/// Timings in nanoseconds with their labels, in the order of the calls.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recording {
    /// What is known of the machine and the run.
    pub facts: BTreeMap<String, String>,
    /// The calls.
    pub timings: Vec<(Label, f64)>,
}

/// Why a text is no recording.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("line {line} `{text}`: {why}")]
pub struct BadRecording {
    /// The line, from 1.
    pub line: usize,
    /// Its text, or the begin of it.
    pub text: String,
    /// What is wrong.
    pub why: &'static str,
}

impl Recording {
    /// Reads a recording.
    ///
    /// # Errors
    /// The first line that is not of the format.
    pub fn parse(text: &str) -> Result<Self, BadRecording> {
        let mut recording = Self::default();
        let (mut header, mut unit) = (false, 1.0);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            let bad = |why| BadRecording { line: number + 1, text: line.chars().take(60).collect(), why };
            if line.is_empty() {
                continue;
            }
            if let Some(fact) = line.strip_prefix('#') {
                let (name, value) =
                    fact.split_once(':').ok_or_else(|| bad("a fact is written `# name: value`"))?;
                let (name, value) = (name.trim(), value.trim());
                if [UNIT, STEP].contains(&name) && in_nanos(value).is_none() {
                    return Err(bad("it is a number of nanoseconds above 0, such as `0.385 ns`"));
                }
                match in_nanos(value) {
                    Some(nanos) if name == UNIT => unit = nanos,
                    _ => drop(recording.facts.insert(name.to_owned(), value.to_owned())),
                }
                continue;
            }
            let mut fields = line.split(',').map(str::trim);
            let (Some(label), Some(timing)) = (fields.next(), fields.next()) else {
                return Err(bad("a call is written `label,timing`"));
            };
            let class = match label {
                "X" | "0" => Label::X,
                "Y" | "1" => Label::Y,
                _ if !header && recording.timings.is_empty() => {
                    header = true;
                    continue;
                }
                _ => return Err(bad("the label must be X or Y, or 0 or 1")),
            };
            match timing.parse::<f64>() {
                Ok(timing) if timing.is_finite() => recording.timings.push((class, timing * unit)),
                _ => return Err(bad("the timing must be a number")),
            }
        }
        Ok(recording)
    }

    /// The text of the recording.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.facts {
            let _ = writeln!(text, "# {name}: {}", value.replace(['\r', '\n'], " "));
        }
        text.push_str("label,nanos\n");
        for (label, timing) in &self.timings {
            let _ = writeln!(text, "{label:?},{timing}");
        }
        text
    }

    /// The step of the clock in nanoseconds; 0 if it is not known.
    pub fn step(&self) -> f64 {
        self.facts.get(STEP).and_then(|value| in_nanos(value)).unwrap_or_default()
    }

    /// Whether the labels were drawn by a fair coin, so that a verdict is possible.
    pub fn is_random(&self) -> bool {
        let mut coin = Coin::default();
        self.timings.iter().for_each(|(label, _)| coin.push(*label));
        coin.is_fair()
    }
}

/// `10 ns` as a number.
fn in_nanos(text: &str) -> Option<f64> {
    let number = text.strip_suffix("ns")?.trim().parse::<f64>().ok()?;
    (number > 0.0 && number.is_finite()).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recording_is_read_as_it_was_written() {
        let facts = [("seed".to_owned(), "7".to_owned())].into();
        let recording = Recording { facts, timings: vec![(Label::X, 1.5), (Label::Y, 20.0)] };
        assert_eq!(recording.to_text(), "# seed: 7\nlabel,nanos\nX,1.5\nY,20\n");
        assert_eq!(Recording::parse(&recording.to_text()), Ok(recording));
    }

    #[test]
    fn tables_of_other_tools_are_read() {
        let text = "V1,V2\r\nY,1950\r\nX,1612\r\n";
        assert_eq!(
            Recording::parse(text).map(|read| read.timings),
            Ok(vec![(Label::Y, 1950.0), (Label::X, 1612.0)])
        );
        let text = "first_sent,gap,later\n0,-1118,0\n1,40,1\n";
        assert_eq!(Recording::parse(text).map(|read| read.timings.len()), Ok(2));
    }

    #[test]
    fn a_unit_is_applied_and_a_step_is_known() {
        let read = Recording::parse("# unit: 0.5 ns\n# timer step: 10 ns\nX,3\n").expect("a recording");
        assert_eq!((read.timings.as_slice(), read.step()), (&[(Label::X, 1.5)][..], 10.0));
        assert!(!read.to_text().contains("unit"), "it is in nanoseconds now");
        assert!(
            Recording::parse("# unit: 0 ns\n").is_err() && Recording::parse("# timer step: 3\n").is_err()
        );
    }

    #[test]
    fn a_bad_line_is_named() {
        for (text, line) in
            [("X,1\nZ,2\n", 2), ("X,1\nX,slow\n", 2), ("X,1\nX\n", 2), ("X,NaN\n", 1), ("# seed\n", 1)]
        {
            assert_eq!(Recording::parse(text).map_err(|bad| bad.line), Err(line), "{text}");
        }
    }
}
