//! A case: a recipe, what must happen, and why.
//!
//! The type to know is [`Case`]. It must not know what was observed.

mod derive;
mod need;
mod written;

use serde::{Deserialize, Serialize};

pub use derive::derive;
pub use need::Need;

pub use crate::expectation::Expectation;

use self::written::WrittenCase;
use crate::id::{BugClassId, CaseId, RequirementId};
use crate::recipe::{
    Built, CannotBuild, Compare, Delivery, Difference, Inside, KeyChoice, Moment, Purpose, Recipe, Round,
    Signing, Step, World, build, build_with,
};
use crate::scheme::{Construction, Scheme};
use crate::spec::Attacker;
use crate::wire::{ByteString, Framing, Header, Wire, encode};

/// A file of cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SuiteFile {
    /// Name of the suite: the file's own name without its ending.
    pub suite: String,
    /// What the suite is about, in a sentence.
    pub about: String,
    /// The cases.
    pub cases: Vec<Case>,
}

/// A recipe, what must happen, and why.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(from = "WrittenCase", into = "WrittenCase")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "WrittenCase"))]
#[cfg_attr(
    feature = "schema",
    schemars(description = "A case as written: what is sent, and what must happen.")
)]
pub struct Case {
    /// Permanent id: a fact in kebab case.
    pub id: CaseId,
    /// Why the case is there, where the id does not say it.
    pub about: Option<String>,
    /// Requirements that it tests; the first decides level, severity and advice.
    pub requires: Vec<RequirementId>,
    /// Bug classes whose mutants must die of it.
    pub kills: Vec<BugClassId>,
    /// What the scheme must have in addition to what the recipe itself asks for.
    pub needs: Vec<Need>,
    /// Key bytes with which the target is set up for this case, written in the form of the scheme.
    pub secret: Option<ByteString>,
    /// What the attacker holds, if not the weakest level of the first requirement.
    pub attacker: Option<Attacker>,
    /// How its requests come to be.
    pub recipe: Recipe,
    /// With `expect: alike`: a second request, refused for another cause.
    pub twin: Option<Recipe>,
    /// Whether a refused request must also have had no effect, which takes a counter of effects to see.
    pub effects: bool,
    /// What must happen.
    pub expect: Expectation,
}

/// Why a case does not run under a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApplicable {
    /// The scheme lacks a feature.
    #[error("not for this scheme: {0}")]
    Lacks(&'static str),
    /// The recipe asks for something that the scheme does not have.
    #[error("not for this scheme: {0}")]
    CannotBuild(#[from] CannotBuild),
    /// No verifier of the scheme could notice: a property of the scheme, not of the target.
    #[error("the scheme cannot notice it: {0}")]
    SchemeCannotNotice(&'static str),
    /// The case takes more than there is: not only requests, or another sender.
    #[error("not without more: {0}")]
    TakesMore(&'static str),
}

const NOT_COVERED: &str = "what was changed is not under the MAC";
const NO_WINDOW: &str = "it sets no window for the time of signing";
const NOTHING_UNIQUE: &str = "nothing in it makes a request unique";

impl Case {
    /// Builds the requests of the case under a scheme.
    ///
    /// # Errors
    /// The case does not apply to the scheme.
    pub fn build(&self, world: &World<'_>) -> Result<Built, NotApplicable> {
        if let Some(need) = self.needs.iter().find(|need| !need.met_by(world.scheme)) {
            return Err(self.lacking(*need, world.scheme));
        }
        if let Some(why) = self.lacks_a_sender(world) {
            return Err(NotApplicable::TakesMore(why));
        }
        let compare = if self.depends_on_difference() { Compare::Yes } else { Compare::No };
        let mut built = build_with(&self.recipe, compare, world).map_err(|why| self.unbuildable(why))?;
        if let Some(twin) = &self.twin {
            let other = build(twin, world).map_err(|why| self.unbuildable(why))?;
            if other.difference == Some(Difference::Unseen) && twin.sign.is_genuine() {
                return Err(NotApplicable::SchemeCannotNotice(NOT_COVERED));
            }
            built.rounds.extend(other.rounds);
        }
        if self.expect == Expectation::Quick {
            let plain = plain_beside(&built);
            built.rounds.push(Round::whole(vec![plain], Purpose::Yardstick));
        }
        let unseen = self.is_refused_for_a_change() && built.difference == Some(Difference::Unseen);
        if unseen && self.is_still_in_window(world) {
            return Err(NotApplicable::SchemeCannotNotice(NO_WINDOW));
        }
        if self.repeats_an_accepted_request(&built, world) {
            return Err(NotApplicable::SchemeCannotNotice(NOT_COVERED));
        }
        if unseen && self.recipe.sign.is_genuine() {
            let unique = world.scheme.file().once.is_some();
            match &self.recipe.deliver {
                Delivery::Once | Delivery::Interleaved(_) => {
                    return Err(NotApplicable::SchemeCannotNotice(NOT_COVERED));
                }
                Delivery::Parallel(_) | Delivery::Sequence(_) if !unique => {
                    return Err(NotApplicable::SchemeCannotNotice(NOTHING_UNIQUE));
                }
                Delivery::Parallel(_)
                | Delivery::Sequence(_)
                | Delivery::BesideSlow(_)
                | Delivery::Flooded(_) => {}
            }
        }
        Ok(built)
    }
}

impl Case {
    /// Whether it is to be refused, and not for the secret with which the target is set up.
    fn is_refused_for_a_change(&self) -> bool {
        matches!(self.expect, Expectation::Reject | Expectation::Alike) && self.secret.is_none()
    }

    /// Whether it matters that the scheme can tell the tampered request from the signed one.
    fn depends_on_difference(&self) -> bool {
        let signed_well = self.recipe.sign.is_genuine() || matches!(self.recipe.sign.at, Moment::Text(_));
        let first = matches!(self.recipe.deliver, Delivery::Sequence(_) | Delivery::Interleaved(_));
        match self.expect {
            Expectation::Accept => first && !self.recipe.tamper.is_empty(),
            _ => self.is_refused_for_a_change() && signed_well,
        }
    }

    /// Whether it is genuine but for the text of a time that lies in the window all the same.
    fn is_still_in_window(&self, world: &World<'_>) -> bool {
        let (Moment::Text(_), Some(clock)) = (&self.recipe.sign.at, &world.scheme.file().clock) else {
            return false;
        };
        let is_admitted = || {
            let at = self.recipe.sign.at.render(world.now, clock).and_then(|text| clock.unit.parse(&text));
            at.is_some_and(|at| clock.admits(at, world.now))
        };
        let otherwise = Signing { at: Moment::Now, ..self.recipe.sign.clone() };
        self.recipe.deliver == Delivery::Once && otherwise.is_genuine() && is_admitted()
    }

    /// Whether a genuine request follows a tampered one that counts as the first delivery of it.
    fn repeats_an_accepted_request(&self, built: &Built, world: &World<'_>) -> bool {
        matches!(self.recipe.deliver, Delivery::Sequence(_) | Delivery::Interleaved(Inside::TamperedInside))
            && self.expect == Expectation::Accept
            && built.difference == Some(Difference::Unseen)
            && !self.recipe.tamper.is_empty()
            && world.scheme.file().once.is_some()
    }

    /// A replay needs something unique: without it the scheme, not the target, is open to replays.
    fn lacking(&self, need: Need, scheme: &dyn Scheme) -> NotApplicable {
        match need {
            Need::Nonce | Need::Id | Need::Unique if self.replays() && scheme.file().once.is_none() => {
                NotApplicable::SchemeCannotNotice(NOTHING_UNIQUE)
            }
            _ => NotApplicable::Lacks(need.reason()),
        }
    }

    /// An old or early request needs a window: without it the scheme, not the target, takes every age.
    fn unbuildable(&self, why: CannotBuild) -> NotApplicable {
        let no_window = matches!(why, CannotBuild::NoTimestamp | CannotBuild::NoWindow);
        match self.recipe.sign.at {
            Moment::BeyondPast(_) | Moment::BeyondFuture(_) | Moment::Offset(_)
                if no_window && self.expect == Expectation::Reject =>
            {
                NotApplicable::SchemeCannotNotice(NO_WINDOW)
            }
            _ => NotApplicable::CannotBuild(why),
        }
    }

    /// Whether a refusal needs memory in the target.
    pub fn replays(&self) -> bool {
        matches!(self.recipe.deliver, Delivery::Parallel(_) | Delivery::Sequence(_))
            && self.expect == Expectation::Reject
    }

    /// What an attacker must hold, if neither case nor requirement says more: whoever wants an odd time or
    /// one ahead of the clock under the MAC needs a key holder.
    pub fn attacker_or(&self, otherwise: Attacker) -> Attacker {
        let odd = matches!(self.recipe.sign.at, Moment::Text(_) | Moment::BeyondFuture(_));
        let by_key_holder = odd
            && self.recipe.sign.key == KeyChoice::Right
            && self.recipe.sign.construction == Construction::Hmac;
        self.attacker.unwrap_or(if by_key_holder { Attacker::L2 } else { otherwise })
    }

    /// Seconds that it waits between its requests.
    pub fn waits(&self) -> u32 {
        match &self.recipe.deliver {
            Delivery::Sequence(steps) => steps
                .iter()
                .map(|step| match step {
                    Step::Wait(seconds) => u32::from(*seconds),
                    Step::Genuine
                    | Step::Tampered
                    | Step::Resigned(_)
                    | Step::Others(_)
                    | Step::HandlerFails
                    | Step::Second(_) => 0,
                })
                .sum(),
            Delivery::Once
            | Delivery::Parallel(_)
            | Delivery::Interleaved(_)
            | Delivery::BesideSlow(_)
            | Delivery::Flooded(_) => 0,
        }
    }

    /// Whether it takes a second sender.
    pub fn needs_second_sender(&self) -> bool {
        self.recipe.sign.is_from_second_sender() || self.recipe.deliver.has_second_sender()
    }

    /// Why there are not the senders that it takes. Where both send to one endpoint, each may do so under
    /// its own key id.
    fn lacks_a_sender(&self, world: &World<'_>) -> Option<&'static str> {
        if !self.needs_second_sender() {
            return None;
        }
        let Some(second) = world.second else { return Some("a second sender is needed") };
        let as_itself = self.recipe.sign.key == KeyChoice::Second && self.recipe.sign.key_id.is_some();
        let shared = second.target == world.sender.target;
        (shared && as_itself).then_some("both senders share one endpoint")
    }

    /// Whether it makes the handler behind the verifier fail.
    pub fn fails_the_handler(&self) -> bool {
        matches!(&self.recipe.deliver, Delivery::Sequence(steps) if steps.contains(&Step::HandlerFails))
    }

    /// MiB that it sends, where they are many.
    pub fn floods(&self) -> Option<u8> {
        match self.recipe.deliver {
            Delivery::Flooded(mebibytes) => Some(mebibytes),
            _ => None,
        }
    }

    /// Whether other requests in flight would disturb it, or it them.
    pub fn runs_alone(&self) -> bool {
        matches!(self.recipe.deliver, Delivery::Interleaved(_) | Delivery::BesideSlow(_))
    }

    /// Whether slow requests are in flight beside the judged one.
    pub fn is_beside_slow(&self) -> bool {
        matches!(self.recipe.deliver, Delivery::BesideSlow(_))
    }

    /// Whether it asks for a method or path of its own, which an endpoint may not serve.
    pub fn leaves_the_route(&self) -> bool {
        self.recipe.message.method.is_some() || self.recipe.message.path.is_some()
    }

    /// Whether it sends a body or body type of its own, which an application may not take.
    pub fn has_its_own_body(&self) -> bool {
        let typed = |name: &str| name.eq_ignore_ascii_case("Content-Type");
        self.recipe.message.body.is_some()
            || self.recipe.message.headers.iter().any(|line| typed(&line.name))
            || self.recipe.message.without.iter().any(|name| typed(name))
    }
}

/// The request before its tampers, with a header line of letters that makes it as long as after them.
fn plain_beside(built: &Built) -> Wire {
    let length = |wire: &Wire| wire.pieces().map(<[u8]>::len).sum::<usize>();
    let sent = built.rounds.iter().flat_map(Round::judged).map(length).max().unwrap_or_default();
    let mut request = built.untampered.request().clone();
    let more = vec![b'x'; sent.saturating_sub(length(&built.untampered))];
    request.headers.push(Header { name: "X-Plain".into(), value: more.into() });
    encode(request, Framing::default())
}

impl Signing {
    /// Whether a verifier must accept what is signed like this.
    pub fn is_genuine(&self) -> bool {
        let in_time = match &self.at {
            Moment::Now | Moment::WithinPast(_) | Moment::WithinFuture(_) => true,
            Moment::Offset(_) | Moment::BeyondPast(_) | Moment::BeyondFuture(_) | Moment::Text(_) => false,
        };
        in_time
            && self.unique.as_deref() != Some("")
            && self.key == KeyChoice::Right
            && self.hash.is_none()
            && self.construction == Construction::Hmac
            && self.key_id.is_none()
            && self.origin.is_none()
            && self.algorithm.is_none()
            && self.covers.is_none()
            && self.expires.is_none()
    }
}
