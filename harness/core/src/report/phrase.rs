//! What several reporters say in the same words.
//!
//! The function to know is [`reason`]. It must not know where the words are shown.

use std::io;

use crate::event::CaseResult;
use crate::expectation::ExpectationKind;
use crate::finding::Finding;
use crate::judge::{Failure, Verdict};

/// Why a case has its verdict: `accepted (200), must be refused`.
pub(super) fn reason(case: &CaseResult) -> Option<String> {
    let failure = match &case.verdict {
        Verdict::Pass => return case.reason.clone(),
        Verdict::Inconclusive(why) | Verdict::Skipped(why) => return Some(why.clone()),
        Verdict::Fail(failure) => *failure,
    };
    let happened = happened(case, failure);
    let plain = failure.to_string();
    let more = case.reason.as_deref().map(|more| more.strip_prefix(&plain).unwrap_or(more));
    let more = more.map(|more| more.trim_start_matches([';', ',', ':', ' '])).filter(|more| !more.is_empty());
    Some(more.map_or(happened.clone(), |more| format!("{happened}; {more}")))
}

fn happened(case: &CaseResult, failure: Failure) -> String {
    let status = case.status.map(|status| format!(" ({status})")).unwrap_or_default();
    let must = match case.expected {
        ExpectationKind::Accept => "must be accepted",
        ExpectationKind::Reject | ExpectationKind::Alike => "must be refused",
        ExpectationKind::Either | ExpectationKind::Quick => "must be answered",
    };
    match failure {
        Failure::Accepted => format!("accepted{status}, must be refused"),
        Failure::Refused => format!("refused{status}, must be accepted"),
        Failure::AcceptedTwice => format!("several parallel copies accepted{status}, at most one allowed"),
        Failure::Crashed => format!("crashed{status}, {must}"),
        Failure::Hung => format!("no answer in time, {must}"),
        Failure::Garbled => format!("answered with something that is not HTTP, {must}"),
        Failure::Died => "the target stopped accepting valid requests".to_owned(),
        Failure::Leaked => {
            format!("the answer{status} shows the secret or the tag that would have been right")
        }
        Failure::Traced => format!("the answer{status} shows a stack trace"),
        Failure::Acted => format!("refused{status}, but it had its effect: the effect counter rose"),
        Failure::Told => "the answers to both requests differ, must look alike".to_owned(),
        Failure::Slow => format!("answered{status} much later than the plain request"),
        Failure::Blocked => "no answer to a genuine request while slow ones were in flight".to_owned(),
        Failure::Swallowed => format!("took the whole of a very long body and then answered{status}"),
    }
}

/// The finding that a failed case belongs to.
pub(super) fn finding<'a>(findings: &'a [Finding], case: &CaseResult) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.scheme == case.scheme && finding.cases.contains(&case.id))
}

/// A number with its noun: `1 case`, `2 cases`.
pub(super) fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

/// A length of time for people.
pub(super) fn elapsed(millis: f64) -> String {
    if millis < 1000.0 {
        format!("{millis:.0} ms")
    } else if millis < 120_000.0 {
        format!("{:.1} s", millis / 1000.0)
    } else {
        format!("{:.1} min", millis / 60_000.0)
    }
}

/// The text without anything that can drive a terminal, turn the direction of writing, hide, or
/// break XML: such characters are escaped.
pub fn printable(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            other if is_unsafe(other) => shown.extend(other.escape_unicode()),
            other => shown.push(other),
        }
    }
    shown
}

/// The same JSON, with such characters written as `\uNNNN`. They stand in strings only.
///
/// # Errors
/// It is not UTF-8.
pub fn printable_json(json: Vec<u8>) -> io::Result<Vec<u8>> {
    let text = String::from_utf8(json).map_err(io::Error::other)?;
    if !text.chars().any(|character| character != '\n' && is_unsafe(character)) {
        return Ok(text.into_bytes());
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character == '\n' || !is_unsafe(character) {
            shown.push(character);
        } else {
            let units = character
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect::<String>();
            shown.push_str(&units);
        }
    }
    Ok(shown.into_bytes())
}

fn is_unsafe(character: char) -> bool {
    let hidden = matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{200b}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    );
    hidden || character.is_control() || u32::from(character) & 0xfffe == 0xfffe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_printable_can_drive_a_terminal() {
        let shown = printable("\x1b[2J\u{9b}31m\u{202e}gpj.exe\u{7f}\r\n\u{200b}é…");
        assert_eq!(shown, "\\u{1b}[2J\\u{9b}31m\\u{202e}gpj.exe\\u{7f}\\r\\n\\u{200b}é…");
    }

    #[test]
    fn printable_json_says_the_same() {
        let value = serde_json::json!({ "a": "\u{9b}2J\u{202e}\u{7f}\u{e0041}\u{1}é\n" });
        let json = printable_json(serde_json::to_vec_pretty(&value).expect("JSON")).expect("UTF-8");
        assert_eq!(serde_json::from_slice::<serde_json::Value>(&json).expect("still JSON"), value);
        let text = String::from_utf8(json).expect("UTF-8");
        assert!(text.contains("\\u009b2J\\u202e\\u007f\\udb40\\udc41\\u0001é\\n"), "{text}");
    }

    #[test]
    fn one_case_is_not_one_cases() {
        assert_eq!([count(0, "case"), count(1, "case"), count(2, "case")], ["0 cases", "1 case", "2 cases"]);
    }

    #[test]
    fn times_have_the_unit_that_a_person_would_use() {
        assert_eq!(
            [elapsed(0.4), elapsed(999.0), elapsed(1234.0), elapsed(150_000.0)],
            ["0 ms", "999 ms", "1.2 s", "2.5 min"]
        );
    }
}
