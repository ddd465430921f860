//! From observation to verdict.
//!
//! The types to know are [`Baseline`], without which there is no verdict, and [`Verdict`]. It must
//! not know how a request was sent or how a verdict is shown.

mod requirement;
mod verdict;

pub use requirement::BrokenRequirement;
pub use verdict::{Failure, Verdict};

use crate::case::Case;
use crate::expectation::Expectation;
use crate::observe::{Exposure, Observation, Outcome, Shape};

/// Proof that the same target accepted a valid request of the same scheme.
#[derive(Debug, Clone, Copy)]
pub struct Baseline(());

impl Baseline {
    /// The proof, if the control was accepted.
    pub fn from_control(control: &Observation) -> Option<Self> {
        (control.outcome == Outcome::Accepted).then_some(Self(()))
    }
}

/// All that was observed of one case.
#[derive(Debug, Clone)]
pub struct Seen {
    /// The first setup request that was not accepted.
    pub setup: Option<Observation>,
    /// The answers that are judged: one, or several to parallel copies.
    pub judged: Vec<Observation>,
    /// Whether the target still accepted a valid request after a crash or hang.
    pub alive: Alive,
    /// What any of the answers shows that it must not.
    pub exposed: Option<Exposure>,
    /// The status with which the application refuses a forged request, if it was seen doing so.
    pub forged: Option<u16>,
    /// What the requests that are judged brought about.
    pub effects: Effects,
    /// Whether the whole of a flooded body was taken before it was answered.
    pub swallowed: bool,
    /// How long the answer to the plain form of the request took, in milliseconds, if it was asked for and came.
    pub usual: Option<f64>,
}

impl Seen {
    /// Takes note of answers that are not judged. A request that was put off did not happen, and what was to
    /// come of it is not there to be judged.
    pub fn set_aside(&mut self, answers: Vec<Observation>) {
        let put_off = answers.into_iter().find(|seen| seen.outcome == Outcome::Throttled);
        self.setup = self.setup.take().or(put_off);
    }
}

/// What a counter of effects showed.
#[derive(Debug, Clone, PartialEq)]
pub enum Effects {
    /// It was not asked.
    NotAsked,
    /// Nothing follows from it, and why.
    Unknown(String),
    /// It rose by this much while the judged requests were answered.
    Rose(f64),
}

/// Whether a target survived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alive {
    /// It was not asked, because nothing went wrong.
    NotAsked,
    /// It accepts valid requests.
    Yes,
    /// It no longer does.
    No,
    /// It ended, and was started again.
    Restarted,
}

/// Judges what was seen. The baseline is the proof that refusals mean anything.
pub fn judge(_proof: &Baseline, case: &Case, seen: &Seen) -> Verdict {
    if matches!(seen.alive, Alive::No | Alive::Restarted) {
        return Verdict::Fail(Failure::Died);
    }
    if let Some(setup) = &seen.setup {
        return Verdict::Inconclusive(format!("a request that has to come first was {}", setup.summary()));
    }
    let decided = match decide(case, seen) {
        Verdict::Pass if case.effects => without_effect(seen),
        other => other,
    };
    match (&decided, seen.exposed) {
        (Verdict::Pass | Verdict::Inconclusive(_) | Verdict::Skipped(_), Some(exposure)) => {
            Verdict::Fail(shown(exposure))
        }
        _ => decided,
    }
}

/// The secondary failure of a target that failed in one way already: its answer may show what it must not.
pub fn besides(verdict: &Verdict, seen: &Seen) -> Option<Failure> {
    let Verdict::Fail(failure) = verdict else { return None };
    seen.exposed.map(shown).filter(|other| other != failure)
}

fn shown(exposure: Exposure) -> Failure {
    match exposure {
        Exposure::Secret | Exposure::Tag => Failure::Leaked,
        Exposure::Trace => Failure::Traced,
    }
}

/// What follows from the counter where all answers are right: only what was accepted may have an effect.
fn without_effect(seen: &Seen) -> Verdict {
    let accepted = seen.judged.iter().filter(|one| one.outcome == Outcome::Accepted).count();
    match &seen.effects {
        Effects::NotAsked => Verdict::Skipped("no counter of effects was asked".to_owned()),
        Effects::Unknown(why) => Verdict::Inconclusive(why.clone()),
        Effects::Rose(by) if *by > accepted as f64 => Verdict::Fail(Failure::Acted),
        Effects::Rose(_) => Verdict::Pass,
    }
}

fn decide(case: &Case, seen: &Seen) -> Verdict {
    match &seen.judged[..] {
        [] => Verdict::Inconclusive("nothing was sent".to_owned()),
        [one, other] if case.expect == Expectation::Alike => judge_twins(one, other),
        [one] => match not_the_verifier(case, one, seen.forged) {
            Some(why) => Verdict::Skipped(why.to_owned()),
            None if case.expect == Expectation::Quick => judge_time(one, seen.usual),
            None if one.outcome == Outcome::Hung && case.is_beside_slow() => Verdict::Fail(Failure::Blocked),
            None if seen.swallowed && is_late_refusal(case, one) => Verdict::Fail(Failure::Swallowed),
            None => judge_one(&case.expect, one),
        },
        several => judge_copies(several),
    }
}

/// Why a refusal of a genuine request says nothing of the verifier: the endpoint does not serve the
/// route, or the application behind the verifier does not take the body and says so differently.
fn not_the_verifier(case: &Case, seen: &Observation, forged: Option<u16>) -> Option<&'static str> {
    if case.expect != Expectation::Accept || seen.outcome != Outcome::Rejected {
        return None;
    }
    let status = seen.answer.as_ref()?.status;
    if case.leaves_the_route() && matches!(status, 404 | 405) && forged != Some(status) {
        return Some("the target does not serve this method or path");
    }
    if case.has_its_own_body()
        && matches!(status, 400 | 413 | 415 | 422)
        && forged.is_some_and(|f| f != status)
    {
        return Some("refused, but not as a forged request is: the application does not take such a body");
    }
    None
}

/// Two refusals of different causes: nothing in them may tell the causes apart.
fn judge_twins(one: &Observation, other: &Observation) -> Verdict {
    for seen in [one, other] {
        match judge_one(&Expectation::Reject, seen) {
            Verdict::Pass => {}
            other => return other,
        }
    }
    let transport = |seen: &Observation| seen.outcome == Outcome::RejectedByTransport;
    match (&one.answer, &other.answer) {
        _ if transport(one) || transport(other) => {
            Verdict::Skipped("the HTTP layer refused it before the verifier".to_owned())
        }
        (None, None) => Verdict::Skipped("a library gives no answer that a client sees".to_owned()),
        (Some(one), Some(other)) if Shape::of(one) != Shape::of(other) => Verdict::Fail(Failure::Told),
        (Some(one), Some(other)) if words(&one.body) != words(&other.body) => Verdict::Fail(Failure::Told),
        _ => Verdict::Pass,
    }
}

/// A refusal that came when all was read, and not for the length.
fn is_late_refusal(case: &Case, seen: &Observation) -> bool {
    let too_large = seen.answer.as_ref().is_some_and(|answer| answer.status == 413);
    case.expect == Expectation::Reject && seen.outcome == Outcome::Rejected && !too_large
}

/// An answer is slow if it took longer than this, in milliseconds, and ...
const SLOW_MILLIS: f64 = 500.0;
/// ... this many times as long as that to the plain form of the request.
const SLOW_TIMES: f64 = 10.0;

/// Whatever the answer is, it must not take much longer than usual.
fn judge_time(seen: &Observation, usual: Option<f64>) -> Verdict {
    match (judge_one(&Expectation::Quick, seen), usual) {
        (Verdict::Pass, None) => {
            Verdict::Inconclusive("the plain form of the request was not answered".to_owned())
        }
        (Verdict::Pass, Some(usual)) if seen.millis > SLOW_MILLIS.max(usual * SLOW_TIMES) => {
            Verdict::Fail(Failure::Slow)
        }
        (verdict, _) => verdict,
    }
}

/// The words of a body, without what differs from answer to answer: numbers, ids, times.
fn words(body: &[u8]) -> Vec<&[u8]> {
    let is_word = |word: &&[u8]| {
        word.iter().any(|byte| !byte.is_ascii_hexdigit()) && !word.iter().any(u8::is_ascii_digit)
    };
    body.split(|byte| !byte.is_ascii_alphanumeric()).filter(is_word).collect()
}

fn judge_one(expect: &Expectation, seen: &Observation) -> Verdict {
    let detail = || seen.detail.clone().unwrap_or_default();
    match (seen.outcome, expect) {
        (Outcome::Accepted, Expectation::Reject | Expectation::Alike) => Verdict::Fail(Failure::Accepted),
        (Outcome::Accepted, Expectation::Accept | Expectation::Either(_) | Expectation::Quick) => {
            Verdict::Pass
        }
        (Outcome::Rejected, Expectation::Accept) => Verdict::Fail(Failure::Refused),
        (Outcome::RejectedByTransport, Expectation::Accept) => {
            Verdict::Skipped("the HTTP layer refused it before the verifier".to_owned())
        }
        (
            Outcome::Rejected | Outcome::RejectedByTransport,
            Expectation::Reject | Expectation::Alike | Expectation::Either(_) | Expectation::Quick,
        ) => Verdict::Pass,
        (Outcome::Crashed, _) => Verdict::Fail(Failure::Crashed),
        (Outcome::Hung, _) => Verdict::Fail(Failure::Hung),
        (Outcome::Garbled, _) => Verdict::Fail(Failure::Garbled),
        (Outcome::Throttled, _) => {
            Verdict::Inconclusive("the target kept asking to come back later".to_owned())
        }
        (Outcome::Unreachable, _) => Verdict::Inconclusive(detail()),
        (Outcome::Unsupported, _) => Verdict::Skipped(format!("unsupported: {}", detail())),
        (Outcome::NotDelivered, _) => Verdict::Skipped(format!("not delivered: {}", detail())),
    }
}

/// Copies that were sent at the same time: at most one may be accepted.
fn judge_copies(seen: &[Observation]) -> Verdict {
    let count = |outcome| seen.iter().filter(|one| one.outcome == outcome).count();
    if count(Outcome::Accepted) > 1 {
        return Verdict::Fail(Failure::AcceptedTwice);
    }
    for (outcome, failure) in [
        (Outcome::Crashed, Failure::Crashed),
        (Outcome::Hung, Failure::Hung),
        (Outcome::Garbled, Failure::Garbled),
    ] {
        if count(outcome) > 0 {
            return Verdict::Fail(failure);
        }
    }
    if count(Outcome::Accepted) == 1 {
        return Verdict::Pass;
    }
    Verdict::Inconclusive("none of the parallel copies was accepted".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTCOMES: [Outcome; 10] = [
        Outcome::Accepted,
        Outcome::Rejected,
        Outcome::RejectedByTransport,
        Outcome::Throttled,
        Outcome::Crashed,
        Outcome::Hung,
        Outcome::Garbled,
        Outcome::Unsupported,
        Outcome::NotDelivered,
        Outcome::Unreachable,
    ];

    fn seen(outcomes: &[Outcome]) -> Seen {
        let judged = outcomes.iter().map(|outcome| Observation::without_answer(*outcome, "")).collect();
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

    fn case(text: &str) -> Case {
        serde_json::from_str(text).expect("a case")
    }

    const REJECT: &str = r#"{"id": "a", "requires": ["INT-BODY"], "expect": "reject"}"#;
    const ACCEPT: &str = r#"{"id": "a", "requires": ["INT-BODY"], "expect": "accept"}"#;

    #[test]
    fn only_a_rejection_passes_a_case_that_must_be_rejected() {
        for outcome in OUTCOMES {
            let verdict = judge(&Baseline(()), &case(REJECT), &seen(&[outcome]));
            let rejected = matches!(outcome, Outcome::Rejected | Outcome::RejectedByTransport);
            assert_eq!(verdict == Verdict::Pass, rejected, "{outcome}");
        }
    }

    #[test]
    fn only_an_acceptance_passes_a_case_that_must_be_accepted() {
        for outcome in OUTCOMES {
            let verdict = judge(&Baseline(()), &case(ACCEPT), &seen(&[outcome]));
            assert_eq!(verdict == Verdict::Pass, outcome == Outcome::Accepted, "{outcome}");
        }
    }

    #[test]
    fn of_parallel_copies_exactly_one_is_accepted() {
        use Outcome::{Accepted, Rejected};
        let verdict = |outcomes: &[Outcome]| judge(&Baseline(()), &case(REJECT), &seen(outcomes));
        assert_eq!(verdict(&[Accepted, Rejected, Rejected]), Verdict::Pass);
        assert_eq!(verdict(&[Accepted, Accepted]), Verdict::Fail(Failure::AcceptedTwice));
        assert!(matches!(verdict(&[Rejected, Rejected]), Verdict::Inconclusive(_)));
    }

    #[test]
    fn an_answer_is_slow_only_beside_the_usual_one_and_beyond_half_a_second() {
        let case = case(r#"{"id": "a", "requires": ["ROB-LIMITS"], "expect": "quick"}"#);
        let verdict = |outcome, millis, usual| {
            let mut seen = Seen { usual, ..seen(&[outcome]) };
            seen.judged[0].millis = millis;
            judge(&Baseline(()), &case, &seen)
        };
        for outcome in [Outcome::Accepted, Outcome::Rejected, Outcome::RejectedByTransport] {
            assert_eq!(verdict(outcome, 499.0, Some(1.0)), Verdict::Pass);
            assert_eq!(verdict(outcome, 900.0, Some(100.0)), Verdict::Pass);
            assert_eq!(verdict(outcome, 900.0, Some(50.0)), Verdict::Fail(Failure::Slow));
            assert!(matches!(verdict(outcome, 1.0, None), Verdict::Inconclusive(_)));
        }
        assert_eq!(verdict(Outcome::Crashed, 1.0, Some(1.0)), Verdict::Fail(Failure::Crashed));
    }

    #[test]
    fn a_target_that_always_refuses_gives_no_baseline() {
        for outcome in OUTCOMES {
            let control = Observation::without_answer(outcome, "");
            assert_eq!(Baseline::from_control(&control).is_some(), outcome == Outcome::Accepted);
        }
    }

    #[test]
    fn a_refusal_with_an_effect_is_none_and_a_silent_counter_is_no_proof() {
        use Outcome::{Accepted, Rejected};
        let watched = r#"{"id": "a", "requires": ["INT-BODY"], "effects": true, "expect": "reject"}"#;
        let verdict = |outcomes: &[Outcome], effects| {
            judge(&Baseline(()), &case(watched), &Seen { effects, ..seen(outcomes) })
        };
        assert_eq!(verdict(&[Rejected], Effects::Rose(0.0)), Verdict::Pass);
        assert_eq!(verdict(&[Rejected], Effects::Rose(1.0)), Verdict::Fail(Failure::Acted));
        assert_eq!(verdict(&[Accepted], Effects::Rose(1.0)), Verdict::Fail(Failure::Accepted));
        assert_eq!(verdict(&[Accepted, Rejected], Effects::Rose(1.0)), Verdict::Pass);
        assert_eq!(verdict(&[Accepted, Rejected], Effects::Rose(2.0)), Verdict::Fail(Failure::Acted));
        assert!(matches!(verdict(&[Rejected], Effects::NotAsked), Verdict::Skipped(_)));
        assert!(matches!(verdict(&[Rejected], Effects::Unknown("why".into())), Verdict::Inconclusive(_)));
    }

    #[test]
    fn an_application_that_does_not_take_a_body_is_not_blamed_on_its_verifier() {
        let odd = case(
            r#"{"id": "a", "requires": ["INT-BODY"], "expect": "accept", "message": {"body": {"text": "x"}}}"#,
        );
        let mut refused = seen(&[Outcome::Rejected]);
        refused.judged[0].answer = Some(crate::wire::Answer {
            status: 415,
            headers: Vec::new(),
            body: crate::wire::ByteString::default(),
            connection: crate::wire::Connection::Reusable,
        });
        refused.forged = Some(401);
        assert!(matches!(judge(&Baseline(()), &odd, &refused), Verdict::Skipped(_)));
        refused.forged = Some(415);
        assert_eq!(judge(&Baseline(()), &odd, &refused), Verdict::Fail(Failure::Refused));
        assert_eq!(judge(&Baseline(()), &case(ACCEPT), &refused), Verdict::Fail(Failure::Refused));
    }
}
