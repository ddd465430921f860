//! Snapshots: what a target answers to a case, without what differs from run to run.
//!
//! The functions to know are [`normalize`], [`snapshot_file`] and [`diff`]. It must not know where
//! snapshots are kept, or what a difference means for a verdict.

mod rules;

use std::collections::BTreeMap;

use similar::TextDiff;

use crate::event::{CaseResult, NormalAnswer};
use crate::judge::Verdict;
use crate::redact::Redactor;
use crate::wire::{Answer, escape};

/// Headers that say something of how a target refuses; all others differ too easily.
const HEADERS: [&str; 5] = ["allow", "content-type", "location", "retry-after", "www-authenticate"];

/// An answer without secrets, times, ids, digests and most headers.
///
/// Several lines of one header are joined by `", "`. Line feeds of the body stay; everything else
/// that is not printable ASCII is escaped.
pub fn normalize(answer: &Answer, redactor: &Redactor) -> NormalAnswer {
    let mut headers: BTreeMap<String, String> = BTreeMap::new();
    for line in &answer.headers {
        let name = line.name.to_ascii_lowercase();
        if !HEADERS.contains(&name.as_str()) {
            continue;
        }
        let value = text(line.value.as_slice(), redactor);
        headers.entry(name).and_modify(|all| *all = format!("{all}, {value}")).or_insert(value);
    }
    NormalAnswer { status: answer.status, headers, body: text(answer.body.as_slice(), redactor) }
}

fn text(bytes: &[u8], redactor: &Redactor) -> String {
    let clean = rules::apply(redactor.bytes(bytes));
    clean.split(|&byte| byte == b'\n').map(escape).collect::<Vec<_>>().join("\n")
}

/// The snapshot of a case, in the file format of insta, so that `cargo insta review` can show a
/// `.snap.new` beside its `.snap`.
///
/// Verdict, outcome and answer are recorded; the texts of reasons and all times are not.
pub fn snapshot_file(result: &CaseResult) -> String {
    let mut lines = vec![
        "---".to_owned(),
        "source: countersign".to_owned(),
        format!("expression: {}", result.id),
        "---".to_owned(),
        format!("scheme: {}", result.scheme),
        format!("expected: {}", result.expected),
    ];
    if let Some(observed) = result.observed {
        lines.push(format!("observed: {observed}"));
    }
    lines.push(match &result.verdict {
        Verdict::Pass => "verdict: pass".to_owned(),
        Verdict::Fail(failure) => format!("verdict: fail: {failure}"),
        Verdict::Inconclusive(_) => "verdict: inconclusive".to_owned(),
        Verdict::Skipped(_) => "verdict: skipped".to_owned(),
    });
    if let Some(answer) = &result.answer {
        lines.push(format!("status: {}", answer.status));
        lines.extend(
            answer.headers.iter().map(|(name, value)| format!("{name}: {}", value.replace('\n', "\\n"))),
        );
        if !answer.body.is_empty() {
            lines.push(String::new());
            lines.extend(answer.body.trim_end().split('\n').map(str::to_owned));
        }
    }
    lines.join("\n") + "\n"
}

/// A line diff of two snapshots with three lines of context, without their metadata; `None` if they
/// say the same.
pub fn diff(old: &str, new: &str) -> Option<String> {
    let (old, new) = (contents(old), contents(new));
    if old == new {
        return None;
    }
    let diff = TextDiff::from_lines(&old, &new);
    let text = diff.unified_diff().context_radius(3).missing_newline_hint(false).to_string();
    Some(text.lines().filter(|line| !line.starts_with("@@")).collect::<Vec<_>>().join("\n"))
}

/// What stands under the metadata, with one line feed at its end.
fn contents(file: &str) -> String {
    let file = file.replace("\r\n", "\n");
    let body = file
        .strip_prefix("---\n")
        .and_then(|rest| rest.split_once("\n---\n"))
        .map_or(&*file, |(_, body)| body);
    format!("{}\n", body.trim_end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judge::Failure;
    use crate::secret::Secret;
    use crate::spec::{Attacker, Level};
    use crate::wire::{ByteString, Connection, Header};

    fn answer(headers: &[(&str, &str)], body: &str) -> Answer {
        Answer {
            status: 401,
            headers: headers.iter().map(|(name, value)| Header::new(*name, *value)).collect(),
            body: ByteString::from(body),
            connection: Connection::Reusable,
        }
    }

    fn result(answer: Option<NormalAnswer>) -> CaseResult {
        CaseResult {
            id: "body-one-bit-flipped".parse().expect("a case id"),
            scheme: "stripe".parse().expect("a scheme name"),
            suite: "integrity/body".to_owned(),
            requirements: Vec::new(),
            bug_classes: Vec::new(),
            level: Level::Must,
            attacker: Attacker::L1,
            expected: crate::expectation::ExpectationKind::Reject,
            observed: Some(crate::observe::Outcome::Accepted),
            status: Some(200),
            verdict: Verdict::Fail(Failure::Accepted),
            besides: None,
            reason: Some("took 3 ms".to_owned()),
            millis: 3.0,
            evidence: None,
            answer,
        }
    }

    #[test]
    fn two_answers_that_differ_in_time_id_and_digest_are_the_same_snapshot() {
        let one = answer(
            &[
                ("Content-Type", "application/json"),
                ("Date", "Wed, 01 May 2024 10:00:00 GMT"),
                ("X-Request-Id", "1"),
            ],
            "{\"error\":\"bad tag\",\"at\":1714557600,\"request_id\":17,\n\"trace\":\"4bf92f3577b34da6a3ce929d0e0e4736\"}",
        );
        let other = answer(
            &[
                ("content-type", "application/json"),
                ("Date", "Thu, 02 May 2024 10:00:00 GMT"),
                ("X-Request-Id", "2"),
            ],
            "{\"error\":\"bad tag\",\"at\":1714557999,\"request_id\":18,\n\"trace\":\"00f067aa0ba902b74bf92f3577b34da6\"}",
        );
        let plain = Redactor::default();
        assert_eq!(normalize(&one, &plain), normalize(&other, &plain));
        let third = answer(&[("Content-Type", "text/plain")], "bad tag");
        assert_ne!(normalize(&one, &plain), normalize(&third, &plain));
    }

    #[test]
    fn no_secret_and_no_control_character_gets_into_a_snapshot() {
        let echo = answer(&[("WWW-Authenticate", "HMAC key=\"canary\"")], "canary \x1b[31m\r\nred\u{202e}");
        let normal = normalize(&echo, &Redactor::new(&[Secret::new("canary")]));
        assert_eq!(normal.headers["www-authenticate"], "HMAC key=\"[secret]\"");
        assert_eq!(normal.body, "[secret] \\x1b[31m\\r\nred\\xe2\\x80\\xae");
    }

    #[test]
    fn the_file_is_in_the_format_of_insta() {
        let normal =
            normalize(&answer(&[("Allow", "POST"), ("Allow", "PUT")], "no\nway\n"), &Redactor::default());
        let expected = "---\nsource: countersign\nexpression: body-one-bit-flipped\n---\nscheme: stripe\n\
                        expected: reject\nobserved: accepted\nverdict: fail: accepted, must be refused\n\
                        status: 401\nallow: POST, PUT\n\nno\nway\n";
        let file = snapshot_file(&result(Some(normal)));
        assert_eq!(file, expected);
        let folder = std::env::temp_dir().join(format!("countersign-snapshot-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a temporary folder");
        std::fs::write(folder.join("stripe.snap"), &file).expect("a temporary file");
        let mut settings = insta::Settings::new();
        settings.set_snapshot_path(&folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.bind(|| insta::assert_snapshot!("stripe", contents(&file)));
        std::fs::remove_dir_all(&folder).expect("it was made above");
    }

    #[test]
    fn a_diff_shows_changed_lines_and_ignores_metadata() {
        let old = snapshot_file(&result(None));
        assert_eq!(diff(&old, &old.replace("source: countersign", "source: else\nassertion_line: 3")), None);
        assert_eq!(diff(&old, &old.replace('\n', "\r\n")), None, "line ends that a checkout changed");
        let new = old.replace("observed: accepted", "observed: crashed");
        let shown = diff(&old, &new).expect("they differ");
        assert!(shown.contains("-observed: accepted\n+observed: crashed"), "{shown}");
        assert!(!shown.contains("@@") && !shown.contains("source"), "{shown}");
    }
}
