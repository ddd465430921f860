//! What follows from what was seen: one verdict for each way to answer.

use countersign_core::case::Case;
use countersign_core::expectation::ExpectationKind;
use countersign_core::judge::{
    Alive, Baseline, BrokenRequirement, Effects, Failure, Seen, Verdict, besides, judge,
};
use countersign_core::observe::{Exposure, Observation, Outcome};
use countersign_core::wire::{Answer, Connection, Header};

use Failure::{AcceptedTwice, Blocked, Crashed, Died, Garbled, Hung, Leaked, Swallowed, Told, Traced};
use Outcome::{Accepted, Rejected, RejectedByTransport, Throttled, Unreachable};

const FAILURES: [Failure; 14] = [
    Failure::Accepted,
    Failure::Refused,
    AcceptedTwice,
    Crashed,
    Hung,
    Garbled,
    Died,
    Leaked,
    Traced,
    Told,
    Failure::Acted,
    Failure::Slow,
    Blocked,
    Swallowed,
];

fn case(rest: &str) -> Case {
    let text = format!(r#"{{"id": "a", "requires": ["INT-BODY"], {rest}}}"#);
    serde_json::from_str(&text).unwrap_or_else(|why| panic!("{why}: {text}"))
}

fn silent(outcome: Outcome) -> Observation {
    Observation::without_answer(outcome, "a detail")
}

fn answered(outcome: Outcome, status: u16, body: &str) -> Observation {
    let answer = Answer { status, headers: Vec::new(), body: body.into(), connection: Connection::Reusable };
    Observation { answer: Some(answer), ..silent(outcome) }
}

fn seen(judged: Vec<Observation>) -> Seen {
    Seen {
        setup: None,
        judged,
        alive: Alive::NotAsked,
        exposed: None,
        forged: None,
        effects: Effects::NotAsked,
        swallowed: false,
        usual: None,
    }
}

fn verdict(case: &Case, seen: &Seen) -> Verdict {
    let proof = Baseline::from_control(&silent(Accepted)).expect("it was accepted");
    judge(&proof, case, seen)
}

fn is_inconclusive(verdict: &Verdict, word: &str) -> bool {
    matches!(verdict, Verdict::Inconclusive(why) if why.contains(word))
}

fn is_skipped(verdict: &Verdict, word: &str) -> bool {
    matches!(verdict, Verdict::Skipped(why) if why.contains(word))
}

const REJECT: &str = r#""expect": "reject""#;
const ACCEPT: &str = r#""expect": "accept""#;
const ALIKE: &str = r#""expect": "alike""#;

#[test]
fn a_target_that_died_failed_whatever_else_was_seen() {
    for outcome in [Accepted, Rejected, Unreachable] {
        let died = Seen { alive: Alive::No, setup: Some(silent(Rejected)), ..seen(vec![silent(outcome)]) };
        assert_eq!(verdict(&case(REJECT), &died), Verdict::Fail(Died));
        let restarted = Seen { alive: Alive::Restarted, ..seen(vec![silent(outcome)]) };
        assert_eq!(verdict(&case(REJECT), &restarted), Verdict::Fail(Died));
        let alive = Seen { alive: Alive::Yes, ..seen(vec![silent(Rejected)]) };
        assert_eq!(verdict(&case(REJECT), &alive), Verdict::Pass);
    }
}

#[test]
fn a_case_whose_first_request_failed_says_nothing() {
    let refused = Seen { setup: Some(answered(Rejected, 401, "")), ..seen(vec![silent(Accepted)]) };
    assert!(is_inconclusive(&verdict(&case(REJECT), &refused), "rejected, 401"));
    assert!(is_inconclusive(&verdict(&case(REJECT), &seen(Vec::new())), "nothing was sent"));
    let mut put_off = seen(vec![silent(Accepted)]);
    put_off.set_aside(vec![silent(Accepted), silent(Rejected)]);
    assert!(put_off.setup.is_none());
    put_off.set_aside(vec![silent(Accepted), silent(Throttled)]);
    assert!(is_inconclusive(&verdict(&case(REJECT), &put_off), "throttled"));
}

#[test]
fn what_an_answer_shows_fails_a_case_that_passed_and_stands_beside_another_failure() {
    for (exposure, failure) in
        [(Exposure::Secret, Leaked), (Exposure::Tag, Leaked), (Exposure::Trace, Traced)]
    {
        let showing = |outcome| Seen { exposed: Some(exposure), ..seen(vec![silent(outcome)]) };
        for outcome in [Rejected, Throttled, Outcome::NotDelivered] {
            let shown = showing(outcome);
            assert_eq!(verdict(&case(REJECT), &shown), Verdict::Fail(failure));
            assert_eq!(besides(&Verdict::Fail(failure), &shown), None, "it is said once");
        }
        for (outcome, first) in [(Outcome::Crashed, Crashed), (Accepted, Failure::Accepted)] {
            let shown = showing(outcome);
            let verdict = verdict(&case(REJECT), &shown);
            assert_eq!(verdict, Verdict::Fail(first));
            assert_eq!(besides(&verdict, &shown), Some(failure));
        }
    }
    assert_eq!(besides(&Verdict::Fail(Crashed), &seen(vec![silent(Outcome::Crashed)])), None);
    let traced = Seen { exposed: Some(Exposure::Trace), ..seen(Vec::new()) };
    assert_eq!(besides(&Verdict::Pass, &traced), None);
}

#[test]
fn outcomes_that_say_nothing_of_a_verifier_are_no_verdict() {
    for expect in [REJECT, ACCEPT] {
        let of = |outcome| verdict(&case(expect), &seen(vec![silent(outcome)]));
        assert!(is_inconclusive(&of(Throttled), "come back later"));
        assert!(is_inconclusive(&of(Unreachable), "a detail"));
        assert!(is_skipped(&of(Outcome::Unsupported), "a detail"));
        assert!(is_skipped(&of(Outcome::NotDelivered), "a detail"));
        assert_eq!(of(Outcome::Crashed), Verdict::Fail(Crashed));
        assert_eq!(of(Outcome::Hung), Verdict::Fail(Hung));
        assert_eq!(of(Outcome::Garbled), Verdict::Fail(Garbled));
    }
    let refused_early = seen(vec![silent(RejectedByTransport)]);
    assert!(is_skipped(&verdict(&case(ACCEPT), &refused_early), "HTTP layer"));
}

#[test]
fn either_takes_both_answers_and_no_crash() {
    let either = case(r#""expect": {"either": "why"}"#);
    for outcome in [Accepted, Rejected, RejectedByTransport] {
        assert_eq!(verdict(&either, &seen(vec![silent(outcome)])), Verdict::Pass);
    }
    assert_eq!(verdict(&either, &seen(vec![silent(Outcome::Hung)])), Verdict::Fail(Hung));
}

#[test]
fn an_endpoint_that_does_not_serve_a_route_is_not_blamed_on_its_verifier() {
    let elsewhere = case(r#""expect": "accept", "message": {"path": {"text": "/x"}}"#);
    let deleting = case(r#""expect": "accept", "message": {"method": {"text": "DELETE"}}"#);
    for status in [404, 405] {
        let of = |case: &Case, forged| {
            verdict(case, &Seen { forged, ..seen(vec![answered(Rejected, status, "")]) })
        };
        for case in [&elsewhere, &deleting] {
            assert!(is_skipped(&of(case, Some(401)), "does not serve"));
            assert!(is_skipped(&of(case, None), "does not serve"));
            assert_eq!(of(case, Some(status)), Verdict::Fail(Failure::Refused), "so it refuses everything");
        }
        assert_eq!(of(&case(ACCEPT), Some(401)), Verdict::Fail(Failure::Refused));
        assert_eq!(of(&case(REJECT), Some(401)), Verdict::Pass);
    }
    let other = Seen { forged: Some(401), ..seen(vec![answered(Rejected, 403, "")]) };
    assert_eq!(verdict(&elsewhere, &other), Verdict::Fail(Failure::Refused));
    assert_eq!(verdict(&elsewhere, &seen(vec![answered(Accepted, 404, "")])), Verdict::Pass);
    assert_eq!(verdict(&elsewhere, &seen(vec![silent(Rejected)])), Verdict::Fail(Failure::Refused));
}

#[test]
fn an_application_that_does_not_take_a_body_says_so_differently_from_a_refusal() {
    let bodies = [
        r#""expect": "accept", "message": {"body": {"text": "x"}}"#,
        r#""expect": "accept", "message": {"headers": [{"name": "content-type", "value": {"text": "a/b"}}]}"#,
        r#""expect": "accept", "message": {"without": ["CONTENT-TYPE"]}"#,
    ];
    for body in bodies {
        for (status, skipped) in
            [(400, true), (413, true), (415, true), (422, true), (401, false), (409, false)]
        {
            let of =
                |forged| verdict(&case(body), &Seen { forged, ..seen(vec![answered(Rejected, status, "")]) });
            let different = of(Some(418));
            assert_eq!(is_skipped(&different, "does not take such a body"), skipped, "{body} {status}");
            assert_eq!(of(Some(status)), Verdict::Fail(Failure::Refused), "as a forged request is");
            assert_eq!(of(None), Verdict::Fail(Failure::Refused));
        }
    }
}

#[test]
fn twins_are_refused_and_look_the_same_but_for_numbers_and_ids() {
    let alike = case(ALIKE);
    let of = |one: Observation, other: Observation| verdict(&alike, &seen(vec![one, other]));
    let refused = |body: &str| answered(Rejected, 401, body);
    for (one, other) in [
        ("", ""),
        ("bad signature", "bad signature"),
        ("at 12:00:01, request 8f3a9c0b7d", "at 12:00:02, request 1122aabbcc"),
        (r#"{"error":"no","id":"req_1"}"#, r#"{"error":"no","id":"req_2"}"#),
        ("no, see req1x dead", "no, see req2y cafe"),
    ] {
        assert_eq!(of(refused(one), refused(other)), Verdict::Pass, "{one} / {other}");
    }
    for (one, other) in [
        (refused("unknown key"), refused("bad signature")),
        (refused("bad signature"), refused("bad")),
        (refused("soon"), refused("not")),
        (refused("bad"), answered(Rejected, 403, "bad")),
    ] {
        assert_eq!(of(one.clone(), other.clone()), Verdict::Fail(Told));
        assert_eq!(of(other, one), Verdict::Fail(Told));
    }
    let mut named = refused("bad");
    if let Some(answer) = &mut named.answer {
        answer.headers.push(Header::new("WWW-Authenticate", "x"));
    }
    assert_eq!(of(named, refused("bad")), Verdict::Fail(Told));
    assert_eq!(of(refused(""), answered(Accepted, 200, "")), Verdict::Fail(Failure::Accepted));
    assert_eq!(of(silent(Outcome::Crashed), refused("")), Verdict::Fail(Crashed));
    for (one, other) in [(RejectedByTransport, Rejected), (Rejected, RejectedByTransport)] {
        let verdict = of(answered(one, 400, "one"), answered(other, 401, "other"));
        assert!(is_skipped(&verdict, "HTTP layer"), "{verdict:?}");
    }
}

#[test]
fn refusals_of_a_library_are_not_compared_because_no_client_sees_them() {
    let of = |one, other| verdict(&case(ALIKE), &seen(vec![silent(one), silent(other)]));
    assert!(is_skipped(&of(Rejected, Rejected), "no answer that a client sees"));
    assert_eq!(of(Rejected, Accepted), Verdict::Fail(Failure::Accepted));
}

#[test]
fn of_copies_sent_together_one_is_accepted_and_none_breaks_the_target() {
    let of =
        |outcomes: &[Outcome]| verdict(&case(REJECT), &seen(outcomes.iter().copied().map(silent).collect()));
    assert_eq!(of(&[Accepted, Accepted, Outcome::Crashed]), Verdict::Fail(AcceptedTwice));
    assert_eq!(of(&[Accepted, Outcome::Crashed]), Verdict::Fail(Crashed));
    assert_eq!(of(&[Accepted, Outcome::Hung]), Verdict::Fail(Hung));
    assert_eq!(of(&[Accepted, Outcome::Garbled]), Verdict::Fail(Garbled));
    assert_eq!(of(&[Accepted, Rejected, Throttled]), Verdict::Pass);
    assert!(is_inconclusive(&of(&[Rejected, Throttled]), "none of the parallel copies"));
}

#[test]
fn a_very_long_body_is_refused_before_it_is_taken_or_for_its_length() {
    let of = |expect: &str, swallowed, observation| {
        verdict(&case(expect), &Seen { swallowed, ..seen(vec![observation]) })
    };
    assert_eq!(of(REJECT, true, answered(Rejected, 401, "")), Verdict::Fail(Swallowed));
    assert_eq!(of(REJECT, true, silent(Rejected)), Verdict::Fail(Swallowed));
    assert_eq!(of(REJECT, true, answered(Rejected, 413, "")), Verdict::Pass);
    assert_eq!(of(REJECT, false, answered(Rejected, 401, "")), Verdict::Pass);
    assert_eq!(of(REJECT, true, answered(RejectedByTransport, 400, "")), Verdict::Pass);
    assert_eq!(of(ACCEPT, true, answered(Rejected, 401, "")), Verdict::Fail(Failure::Refused));
}

#[test]
fn silence_beside_slow_requests_is_a_block_and_otherwise_a_hang() {
    let beside = case(r#""expect": "accept", "deliver": {"beside-slow": 4}"#);
    let hung = seen(vec![silent(Outcome::Hung)]);
    assert_eq!(verdict(&beside, &hung), Verdict::Fail(Blocked));
    assert_eq!(verdict(&case(ACCEPT), &hung), Verdict::Fail(Hung));
    assert_eq!(verdict(&beside, &seen(vec![silent(Accepted)])), Verdict::Pass);
}

#[test]
fn an_answer_is_slow_from_half_a_second_and_ten_times_on() {
    let quick = case(r#""expect": "quick""#);
    let of = |millis, usual| {
        let mut seen = Seen { usual, ..seen(vec![silent(Rejected)]) };
        seen.judged[0].millis = millis;
        verdict(&quick, &seen)
    };
    assert_eq!(of(500.0, Some(1.0)), Verdict::Pass);
    assert_eq!(of(500.1, Some(1.0)), Verdict::Fail(Failure::Slow));
    assert_eq!(of(1000.0, Some(100.0)), Verdict::Pass);
    assert_eq!(of(1000.1, Some(100.0)), Verdict::Fail(Failure::Slow));
}

#[test]
fn every_failure_has_words_of_its_own_and_breaks_a_requirement() {
    let words: std::collections::BTreeSet<String> = FAILURES.iter().map(Failure::to_string).collect();
    assert_eq!(words.len(), FAILURES.len());
    for failure in FAILURES {
        let expected = match failure {
            Crashed | Garbled => BrokenRequirement::Refuse,
            Hung | Died => BrokenRequirement::Alive,
            Leaked => BrokenRequirement::Leak,
            Traced => BrokenRequirement::Trace,
            Failure::Acted => BrokenRequirement::Effect,
            _ => BrokenRequirement::Own,
        };
        assert_eq!(failure.breaks(ExpectationKind::Reject), expected, "{failure}");
        let genuine = if expected == BrokenRequirement::Refuse { BrokenRequirement::Own } else { expected };
        assert_eq!(failure.breaks(ExpectationKind::Accept), genuine, "{failure}");
    }
}
