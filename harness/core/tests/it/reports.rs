//! Every reporter over one recorded run, as golden files, and what all of them have in common.
//!
//! The run has one of everything: failures of each level, a crash, doubts, skips, drift, and bytes
//! that a target sends to break terminals, XML and JSON.

use countersign_core::event::{
    CaseResult, Control, Drift, Event, Phase, RunFinished, RunStarted, RunVerdict, SchemeProperty,
    SchemeSummary, Summary, Tool,
};
use countersign_core::evidence::{Evidence, evidence};
use countersign_core::expectation::ExpectationKind;
use countersign_core::finding::Finding;
use countersign_core::judge::{Failure, Verdict};
use countersign_core::observe::{Observation, Outcome};
use countersign_core::redact::Redactor;
use countersign_core::report::{FailOn, Options, REPORTERS, Style, reporter};
use countersign_core::spec::{Attacker, Level, Severity};
use countersign_core::wire::{Answer, ByteString, Connection, Framing, Header, Request, encode};

/// What a hostile target answers: colors, a cleared screen, the end of CDATA, markup, NUL, and text
/// that runs backwards.
const HOSTILE: &str = "\x1b[2J\x1b[31m]]></testcase><x a=\"'&\u{0}\u{ffff}\u{202e}\u{9b}2J\r\nsecond line";

fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    text.parse().expect("an id")
}

fn shown(case: &str, tamper: impl Fn(&mut Request), answer: Option<(u16, &str)>) -> Option<Evidence> {
    let mut request = Request {
        method: "POST".into(),
        target: "/hook".into(),
        headers: vec![
            Header::new("Host", "127.0.0.1:8080"),
            Header::new("Stripe-Signature", "t=1714557600,v1=5257a869e7"),
        ],
        body: "{\"id\":\"evt_1\"}".into(),
    };
    let untampered = encode(request.clone(), Framing::default());
    tamper(&mut request);
    let sent = encode(request, Framing::default());
    let seen = answer.map(|(status, body)| Observation {
        answer: Some(Answer {
            status,
            headers: vec![Header::new("Content-Type", "text/plain")],
            body: ByteString::from(body),
            connection: Connection::Reusable,
        }),
        ..Observation::without_answer(Outcome::Accepted, "")
    });
    let replay = format!("countersign replay --target http://127.0.0.1:8080/hook stripe/{case}");
    Some(evidence(&untampered, &sent, seen.as_ref(), Some(("127.0.0.1", 8080)), replay, &Redactor::default()))
}

fn case(name: &str, verdict: Verdict) -> CaseResult {
    CaseResult {
        id: id(name),
        scheme: id("stripe"),
        suite: "integrity/body".to_owned(),
        requirements: vec![id("INT-BODY")],
        bug_classes: vec![id("A02")],
        level: Level::Must,
        attacker: Attacker::L1,
        expected: ExpectationKind::Reject,
        observed: Some(Outcome::Rejected),
        status: Some(401),
        reason: match &verdict {
            Verdict::Pass => None,
            Verdict::Fail(failure) => Some(failure.to_string()),
            Verdict::Inconclusive(why) | Verdict::Skipped(why) => Some(why.clone()),
        },
        verdict,
        besides: None,
        millis: 1.25,
        evidence: None,
        answer: None,
    }
}

fn cases() -> Vec<CaseResult> {
    let skipped = |name, scheme, suite: &str| CaseResult {
        scheme: id(scheme),
        suite: suite.to_owned(),
        observed: None,
        status: None,
        millis: 0.0,
        ..case(name, Verdict::Skipped("not for this scheme: it has no nonce".to_owned()))
    };
    vec![
        case("body-byte-appended", Verdict::Pass),
        CaseResult {
            observed: Some(Outcome::Accepted),
            status: Some(200),
            evidence: shown(
                "body-last-bit-flipped",
                |request| request.body.edit(|body| body[7] ^= 0x80),
                Some((200, "ok\n")),
            ),
            ..case("body-last-bit-flipped", Verdict::Fail(Failure::Accepted))
        },
        CaseResult {
            suite: "form/lists".to_owned(),
            requirements: vec![id("FRM-DUPLICATE")],
            level: Level::Should,
            observed: Some(Outcome::Accepted),
            status: Some(204),
            evidence: shown(
                "signature-header-twice",
                |request| request.headers.insert(1, Header::new("Stripe-Signature", "v1=00")),
                Some((204, "")),
            ),
            ..case("signature-header-twice", Verdict::Fail(Failure::Accepted))
        },
        CaseResult {
            requirements: vec![id("FRM-HEX")],
            level: Level::Should,
            observed: Some(Outcome::Crashed),
            status: Some(500),
            reason: Some(format!("crashed, must be refused; {HOSTILE}")),
            evidence: shown(
                "tag-not-hexadecimal",
                |request| {
                    request.headers[1] = Header::new("Stripe-Signature", b"t=1714557600,v1=zz\xff".to_vec())
                },
                Some((500, HOSTILE)),
            ),
            ..case("tag-not-hexadecimal", Verdict::Fail(Failure::Crashed))
        },
        CaseResult {
            observed: Some(Outcome::Throttled),
            status: Some(429),
            evidence: shown(
                "body-emptied",
                |request| request.body = ByteString::default(),
                Some((429, "slow down")),
            ),
            ..case(
                "body-emptied",
                Verdict::Inconclusive("the target kept asking to come back later".to_owned()),
            )
        },
        skipped("nonce-missing", "stripe", "presence/unique"),
        CaseResult {
            scheme: id("line"),
            observed: Some(Outcome::Rejected),
            ..case("body-byte-appended", Verdict::Pass)
        },
        skipped("nonce-missing", "line", "presence/unique"),
        skipped("nonce-empty", "line", "presence/unique"),
        CaseResult {
            scheme: id("line"),
            ..case(
                "path-changed",
                Verdict::Skipped(
                    "the scheme cannot notice it: what was changed is not under the MAC".to_owned(),
                ),
            )
        },
    ]
}

fn finding(requirement: &str, level: Level, severity: Severity, title: &str, case: &str) -> Finding {
    Finding {
        requirement: id(requirement),
        level,
        scheme: id("stripe"),
        bug_classes: vec![id("A02")],
        severity,
        attacker: Attacker::L1,
        title: title.to_owned(),
        cases: vec![id(case)],
        evidence: vec![format!("{case}: accepted, must be refused (200)")],
        cwe: vec![354],
        references: vec!["RFC 9421, section 7.2.8".to_owned(), "API2:2023".to_owned(), "A08:2025".to_owned()],
        remediation: "Read the raw body once, compute the MAC over all of it, and hand the same bytes to the parser. \
                      Where the scheme signs a digest header, compute the digest from the body and compare it too."
            .to_owned(),
        replay: format!("countersign replay --target http://127.0.0.1:8080/hook stripe/{case}"),
    }
}

fn run() -> Vec<Event> {
    let control = |scheme: &str, phase, outcome, status| {
        let detail = (outcome != Outcome::Accepted).then(|| HOSTILE.to_owned());
        Event::Control(Control {
            scheme: id(scheme),
            phase,
            outcome,
            status: Some(status),
            detail,
            millis: 1.0 / 3.0,
        })
    };
    let stripe = Summary { pass: 1, fail: 3, fail_must: 2, inconclusive: 1, skipped: 1 };
    let line = Summary { pass: 1, skipped: 3, ..Summary::default() };
    let mut total = stripe;
    total.add(&line);
    let summary = |name: &str, title: &str, summary, properties| {
        Event::SchemeFinished(SchemeSummary {
            scheme: id(name),
            title: title.to_owned(),
            summary,
            properties,
        })
    };
    let mut cases = cases().into_iter().map(|case| Event::Case(Box::new(case)));
    let mut events = vec![
        Event::RunStarted(RunStarted {
            schema: "countersign.events/1".to_owned(),
            tool: Tool { name: "countersign".to_owned(), version: "0.1.0".to_owned() },
            target: "http://127.0.0.1:8080/hook".to_owned(),
            schemes: vec![id("stripe"), id("line")],
            seed: u64::MAX,
            cases: 10,
            started: "2024-05-01T10:00:00.000Z".to_owned(),
            config: None,
        }),
        control("stripe", Phase::Start, Outcome::Accepted, 200),
    ];
    events.extend(cases.by_ref().take(6));
    events.extend([
        control("stripe", Phase::Liveness, Outcome::Crashed, 500),
        control("stripe", Phase::End, Outcome::Accepted, 200),
        summary("stripe", "Stripe webhooks", stripe, Vec::new()),
        control("line", Phase::Start, Outcome::Accepted, 200),
    ]);
    events.extend(cases);
    let property = SchemeProperty {
        requirement: id("INT-PATH"),
        bug_classes: vec![id("C11"), id("C12")],
        reason: "what was changed is not under the MAC".to_owned(),
        cases: vec![id("path-changed")],
    };
    events.extend([
        control("line", Phase::End, Outcome::Rejected, 401),
        summary("line", "LINE Messaging API webhooks", line, vec![property]),
        Event::RunFinished(Box::new(RunFinished {
            verdict: RunVerdict::Nonconformant,
            reason: Some("the closing control of `line` was refused".to_owned()),
            summary: total,
            findings: vec![
                finding(
                    "INT-BODY",
                    Level::Must,
                    Severity::High,
                    "The body is covered",
                    "body-last-bit-flipped",
                ),
                finding(
                    "ROB-CRASH",
                    Level::Must,
                    Severity::Medium,
                    "No request crashes it",
                    "tag-not-hexadecimal",
                ),
                finding(
                    "FRM-DUPLICATE",
                    Level::Should,
                    Severity::Low,
                    "One signature",
                    "signature-header-twice",
                ),
            ],
            drift: vec![Drift {
                scheme: id("line"),
                case: id("body-byte-appended"),
                diff: format!(" expected: reject\n-status: 401\n+status: 403\n+{HOSTILE}"),
            }],
            millis: 1234.5,
        })),
    ]);
    events
}

fn render(name: &str, options: Options, events: &[Event]) -> String {
    let mut reporter = (reporter(name).expect("a known reporter").make)(&options);
    let mut out = Vec::new();
    for event in events {
        reporter.on(event, &mut out).expect("a buffer takes everything");
    }
    String::from_utf8(out).expect("reports are UTF-8")
}

#[test]
fn terminal_report_is_as_recorded() {
    insta::assert_snapshot!(render("terminal", Options::default(), &run()));
}

#[test]
fn json_report_is_as_recorded() {
    insta::assert_snapshot!(render("json", Options::default(), &run()));
}

#[test]
fn json_lines_are_as_recorded() {
    insta::assert_snapshot!(render("jsonl", Options::default(), &run()));
}

#[test]
fn junit_report_is_as_recorded() {
    insta::assert_snapshot!(render("junit", Options::default(), &run()));
}

#[test]
fn a_recorded_run_gives_the_same_reports_byte_for_byte() {
    let lines = render("jsonl", Options::default(), &run());
    let read: Vec<Event> =
        lines.lines().map(|line| serde_json::from_str(line).expect("a line is an event")).collect();
    for kind in REPORTERS {
        let options = Options { style: Style::Colored, fail_on: FailOn::Should };
        assert_eq!(render(kind.name, options, &run()), render(kind.name, options, &read), "{}", kind.name);
    }
}

#[test]
fn nothing_a_target_sends_can_drive_a_terminal() {
    for name in ["terminal", "json", "jsonl", "junit"] {
        let text = render(name, Options::default(), &run());
        let control =
            text.chars().find(|&c| (c.is_control() && c != '\n') || matches!(c, '\u{202e}' | '\u{ffff}'));
        assert_eq!(control, None, "{name}");
    }
}

#[test]
fn color_changes_no_word() {
    let colored = Options { style: Style::Colored, ..Options::default() };
    let mut text = render("terminal", colored, &run());
    assert!(text.contains("\x1b["));
    for code in ["\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[0m"] {
        text = text.replace(code, "");
    }
    assert_eq!(text, render("terminal", Options::default(), &run()));
}

#[test]
fn the_json_report_reads_back_and_counts_what_it_lists() {
    use countersign_core::report::json::{CaseVerdict, Report};
    let report: Report = serde_json::from_str(&render("json", Options::default(), &run())).expect("a report");
    let count = |verdict| report.cases.iter().filter(|case| case.verdict == verdict).count();
    assert_eq!(report.summary.pass, count(CaseVerdict::Pass));
    assert_eq!(report.summary.fail, count(CaseVerdict::Fail));
    assert_eq!(report.summary.inconclusive, count(CaseVerdict::Inconclusive));
    assert_eq!(report.summary.skipped, count(CaseVerdict::Skipped));
}

#[test]
fn field_names_are_snake_case_in_everything_that_programs_read() {
    for name in ["json", "jsonl"] {
        let text = render(name, Options::default(), &run());
        assert!(text.contains("\"bug_classes\"") && !text.contains("\"bug-classes\""), "{name}");
    }
}

fn junit(fail_on: FailOn, events: &[Event]) -> quick_junit::Report {
    let text = render("junit", Options { fail_on, ..Options::default() }, events);
    quick_junit::Report::deserialize_from_str(&text).expect("JUnit XML")
}

#[test]
fn a_failed_should_turns_a_pipeline_red_only_when_asked_to() {
    // Two failed MUSTs (one of them a crash) and one drifted answer; one failed SHOULD.
    for (fail_on, failures) in [(FailOn::Must, 3), (FailOn::Should, 4), (FailOn::None, 1)] {
        let report = junit(fail_on, &run());
        assert_eq!(
            (report.failures, report.errors, report.skipped, report.tests),
            (failures, 1, 4, 11),
            "{fail_on}"
        );
    }
}

#[test]
fn a_run_without_a_verdict_is_never_green() {
    let mut events = run();
    events.retain(|event| matches!(event, Event::RunStarted(_)));
    events.push(Event::RunFinished(Box::new(RunFinished {
        verdict: RunVerdict::Inconclusive,
        reason: Some("the valid request was rejected, 401".to_owned()),
        summary: Summary::default(),
        findings: Vec::new(),
        drift: Vec::new(),
        millis: 5.0,
    })));
    let report = junit(FailOn::Must, &events);
    assert_eq!((report.errors, report.tests), (1, 1));
    insta::assert_snapshot!(render("terminal", Options::default(), &events));
}

#[test]
fn events_without_a_beginning_are_an_error() {
    let end = run().pop().expect("an event");
    for name in ["terminal", "json", "junit"] {
        let mut reporter = (reporter(name).expect("a known reporter").make)(&Options::default());
        assert!(reporter.on(&end, &mut Vec::new()).is_err(), "{name}");
    }
}

#[test]
fn of_many_failures_one_per_requirement_is_shown_in_full_and_the_others_by_id() {
    let mut events = run();
    let many = (0..20).map(|n| CaseResult {
        observed: Some(Outcome::Accepted),
        status: Some(200),
        evidence: shown("more", |request| request.body.edit(|body| body.push(b'x')), Some((200, "ok"))),
        ..case(&format!("body-variant-{n}"), Verdict::Fail(Failure::Accepted))
    });
    let place = events.len() - 1;
    events.splice(place..place, many.map(|case| Event::Case(Box::new(case))));
    let text = render("terminal", Options::default(), &events);
    assert_eq!(text.matches("replay: countersign").count(), 4, "three requirements and one doubt:\n{text}");
    assert!(text.contains("20 more cases failed, INT-BODY:\n    stripe/body-variant-0, "), "{text}");
    assert!((0..20).all(|n| text.contains(&format!("stripe/body-variant-{n}"))), "{text}");
}
