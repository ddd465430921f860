//! The one engine: it delivers the rounds of a built case, files what comes back, and judges.
//!
//! The function to know is [`execute`], the trait to know is [`Deliver`]. Every command and the kill matrix call it,
//! so that what the matrix certifies is what users run. It must not know whether a target is
//! an endpoint, a driver or a function, how cases are chosen, or how results are shown.

mod file;
mod ready;

use std::future::Future;

use crate::case::Case;
use crate::exposure::Place;
use crate::judge::{Alive, Baseline, Effects, Failure, Seen, Verdict, besides, judge};
use crate::observe::Observation;
use crate::recipe::{Manner, Purpose, Recipe, Round};
use crate::scheme::Part;
use crate::tamper::{Bit, Tamper};

use file::file;
pub use ready::ready;

/// What one case needs of a target: one case at a time, one target set up for it.
///
/// Delivering never fails: what goes wrong is an observation.
pub trait Deliver {
    /// Sends one round, which has this number in the case.
    fn deliver(&self, number: usize, round: &Round) -> impl Future<Output = Answers>;

    /// Reads the counter of effects, once it no longer moves.
    ///
    /// # Errors
    /// Why nothing follows from the counter.
    fn effects(&self) -> impl Future<Output = Result<f64, String>>;

    /// Whether the target survived what was just observed.
    fn liveness(&self, judged: &[Observation]) -> impl Future<Output = Alive>;

    /// Whether an observation may mean that the target died.
    fn looks_dead(&self, seen: &Observation) -> bool {
        seen.outcome.is_broken() && seen.reply.is_none()
    }

    /// Lets time pass for the target.
    fn advance(&self, seconds: u16) -> impl Future<Output = ()>;

    /// Makes the handler behind the verifier fail once.
    fn fail_handler(&self);

    /// The status with which the application refuses a forged request, if it is known.
    fn forged_status(&self) -> Option<u16>;

    /// What answers are searched for.
    fn place(&self) -> Place<'_>;
}

/// The plain forgery: a valid request with one bit of its tag changed. How a target refuses it tells its verifier from
/// whatever else refuses requests.
pub fn forgery() -> Recipe {
    let flip = Tamper::FlipBit(Bit { part: Part::TagBytes, bit: 0 });
    Recipe { tamper: vec![flip], ..Recipe::default() }
}

/// What came of a round.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// To the requests of the round, in order.
    pub own: Vec<Observation>,
    /// To those that were held back meanwhile, in order.
    pub held: Vec<Observation>,
    /// Whether the whole of a flooded body was taken.
    pub swallowed: bool,
}

/// A case that was executed and judged.
#[derive(Debug, Clone)]
pub struct Executed {
    /// All that was observed.
    pub seen: Seen,
    /// What follows from it.
    pub verdict: Verdict,
    /// A second way in which a failed case failed: its answer shows what it must not.
    pub secondary: Option<Failure>,
}

/// Delivers the rounds of a case and judges what is seen. The baseline proves that refusals mean anything.
pub async fn execute(proof: &Baseline, case: &Case, rounds: &[Round], target: &impl Deliver) -> Executed {
    let seen = observe(case, rounds, target).await;
    let verdict = judge(proof, case, &seen);
    let secondary = besides(&verdict, &seen);
    Executed { seen, verdict, secondary }
}

/// Delivers the rounds of a case and files what is seen.
async fn observe(case: &Case, rounds: &[Round], target: &impl Deliver) -> Seen {
    let mut seen = Seen {
        setup: None,
        judged: Vec::new(),
        alive: Alive::NotAsked,
        exposed: None,
        forged: target.forged_status(),
        effects: Effects::NotAsked,
        swallowed: false,
        usual: None,
    };
    let mut looks_dead = false;
    for (number, round) in rounds.iter().enumerate() {
        let counts = case.effects && !round.judged().is_empty();
        let before = if counts { Some(target.effects().await) } else { None };
        let Answers { own, held, swallowed } = target.deliver(number, round).await;
        if let Some(before) = before {
            let after = target.effects().await;
            seen.effects = rose(&seen.effects, before, after);
        }
        looks_dead |= own.iter().chain(&held).any(|one| target.looks_dead(one));
        seen.swallowed |= swallowed;
        file(&mut seen, target.place(), &round.wires, round.purpose, own);
        if let Manner::Beside(others) = &round.manner {
            file(&mut seen, target.place(), &others.wires, others.purpose, held);
        }
        match round.purpose {
            Purpose::Wait(seconds) => target.advance(seconds).await,
            Purpose::HandlerFails => target.fail_handler(),
            Purpose::Judged | Purpose::Aside | Purpose::Yardstick | Purpose::Setup => {}
        }
    }
    if looks_dead {
        seen.alive = target.liveness(&seen.judged).await;
    }
    seen
}

/// The effects of all judged rounds so far; a counter that failed once says nothing any more.
fn rose(so_far: &Effects, before: Result<f64, String>, after: Result<f64, String>) -> Effects {
    match (so_far, before, after) {
        (Effects::Unknown(why), _, _) => Effects::Unknown(why.clone()),
        (_, Err(why), _) | (_, _, Err(why)) => Effects::Unknown(why),
        (Effects::NotAsked, Ok(before), Ok(after)) => Effects::Rose(after - before),
        (Effects::Rose(by), Ok(before), Ok(after)) => Effects::Rose(by + after - before),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn effects_of_several_judged_rounds_add_up_and_a_failed_counter_is_never_forgotten() {
        let one = rose(&Effects::NotAsked, Ok(1.0), Ok(2.0));
        assert_eq!(one, Effects::Rose(1.0));
        assert_eq!(rose(&one, Ok(5.0), Ok(6.0)), Effects::Rose(2.0));
        let lost = rose(&one, Ok(5.0), Err("gone".to_owned()));
        assert_eq!(rose(&lost, Ok(0.0), Ok(0.0)), Effects::Unknown("gone".to_owned()));
    }
}
