//! Generated recipes, signed for real and delivered to the reference in this process.
//!
//! The first byte chooses the scheme; the rest is a [`Recipe`]. Where an expectation follows from the
//! recipe alone, the reference must meet it; and whatever the recipe, the reference accepts only texts
//! that the right key has signed, in time, and each nonce or id once.

use std::collections::BTreeSet;

use arbitrary::{Arbitrary as _, Unstructured};
use countersign_conformance::in_process::InProcess;
use countersign_conformance::place::{NOW, Place};
use countersign_conformance::reference::{Reference, Setup, Steps};
use countersign_core::case::{Expectation, derive};
use countersign_core::observe::Outcome;
use countersign_core::recipe::{Built, Delivery, Purpose, Recipe, Step, World, build};
use countersign_core::scheme::{Claims, Construction};
use countersign_core::tamper::{Tamper, WireTamper};
use countersign_core::wire::{Wire, receive};

use crate::chosen;

/// Runs the target.
pub fn run(data: &[u8]) {
    if let Some((place, recipe)) = read(data) {
        judge(place, &recipe, &Reference);
    }
}

/// The scheme and the recipe that an input stands for.
pub fn read(data: &[u8]) -> Option<(&'static Place, Recipe)> {
    let (scheme, rest) = data.split_first()?;
    let mut recipe = Recipe::arbitrary_take_rest(Unstructured::new(rest)).ok()?;
    bound(&mut recipe);
    Some((chosen(*scheme), recipe))
}

/// Builds one recipe under one scheme, delivers it to a verifier and checks what it answers. Panics
/// where the reference would never answer like that.
pub fn judge(place: &Place, recipe: &Recipe, steps: &dyn Steps) {
    // One sender: what two of them may do beside each other is for the suites.
    let world = World { second: None, ..place.world("fuzz") };
    let Ok(built) = build(recipe, &world) else { return };
    let setup = place.setup();
    let verifier = InProcess { setup: &setup, steps };
    let mut seen = Seen { place, setup: &setup, recipe, remembered: BTreeSet::new() };
    let expected = derive(recipe, &built, &*place.scheme);
    for round in &built.rounds {
        for (wire, observation) in round.wires.iter().zip(verifier.deliver(&round.wires, NOW)) {
            match observation.outcome {
                Outcome::Accepted => seen.accepted(wire, &built),
                Outcome::Rejected | Outcome::RejectedByTransport => {}
                other => panic!("the reference {other} under {}: {recipe:?}", place.scheme.file().scheme),
            }
            if round.purpose == Purpose::Judged {
                agree(expected.as_ref(), observation.outcome, &seen);
            }
        }
    }
}

fn agree(expected: Option<&Expectation>, outcome: Outcome, seen: &Seen<'_>) {
    let agrees = match expected {
        Some(Expectation::Accept) => outcome == Outcome::Accepted,
        Some(Expectation::Reject) => outcome != Outcome::Accepted,
        Some(Expectation::Either(_) | Expectation::Alike | Expectation::Quick) | None => true,
    };
    assert!(agrees, "{expected:?} is derived, {outcome} by the reference under {}", seen.shown());
}

/// What the reference has accepted so far, and of what.
struct Seen<'a> {
    place: &'a Place,
    setup: &'a Setup,
    recipe: &'a Recipe,
    remembered: BTreeSet<Vec<u8>>,
}

impl Seen<'_> {
    fn shown(&self) -> String {
        let recipe = as_yaml(self.recipe);
        format!("{}:\n{recipe}", self.place.scheme.file().scheme)
    }

    /// Checks that an accepted request is one that nobody could have forged.
    fn accepted(&mut self, wire: &Wire, built: &Built) {
        let scheme = &self.place.scheme;
        let heard = receive(&wire.bytes()).expect("an accepted request was read");
        let claims =
            scheme.read(&heard).unwrap_or_else(|why| panic!("accepted, but {why}: {}", self.shown()));
        self.in_time(&claims);
        if let Some(once) = scheme.file().once {
            let text = claims.get(once.field()).unwrap_or_default().to_vec();
            assert!(!text.is_empty(), "accepted without an id: {}", self.shown());
            assert!(self.remembered.insert(text), "accepted twice: {}", self.shown());
        }
        // Steps that sign again have signed other texts than the first one.
        let signs_once = match &self.recipe.deliver {
            Delivery::Once
            | Delivery::Parallel(_)
            | Delivery::Interleaved(_)
            | Delivery::BesideSlow(_)
            | Delivery::Flooded(_) => true,
            Delivery::Sequence(steps) => {
                !steps.iter().any(|s| matches!(s, Step::Resigned(_) | Step::Others(_)))
            }
        };
        let Ok(signed) = scheme.read(built.untampered.request()) else { return };
        if signs_once {
            let sign = &self.recipe.sign;
            let right = sign.hash.is_none() && sign.construction == Construction::Hmac;
            assert!(right, "accepted, but signed wrongly: {}", self.shown());
            let text = scheme.signing_string(&heard, &claims, &self.setup.deployment);
            let known = scheme.signing_string(built.untampered.request(), &signed, &self.setup.deployment);
            assert_eq!(text, known, "accepted, but nobody signed this text: {}", self.shown());
        }
    }

    fn in_time(&self, claims: &Claims) {
        let Some(clock) = &self.place.scheme.file().clock else { return };
        // A timestamp inside the body is checked where the body is read, in `scheme_verify`.
        let Some(text) = claims.timestamp.as_deref() else { return };
        let at =
            clock.unit.parse(text).unwrap_or_else(|| panic!("accepted without a time: {}", self.shown()));
        assert!(clock.admits(at, NOW), "accepted out of time: {}", self.shown());
    }
}

fn as_yaml(recipe: &Recipe) -> String {
    countersign_core::vector::yaml::write(recipe).unwrap_or_else(|_| format!("{recipe:?}"))
}

/// Keeps what multiplies small: a thousand copies find nothing that three do not.
fn bound(recipe: &mut Recipe) {
    recipe.tamper.truncate(4);
    recipe.wire.truncate(4);
    for tamper in &mut recipe.tamper {
        if let Tamper::AddEntry(entry) = tamper {
            entry.times %= 4;
        }
    }
    for tamper in &mut recipe.wire {
        if let WireTamper::ExtraHeaders(count) = tamper {
            *count %= 160;
        }
    }
    match &mut recipe.deliver {
        Delivery::Once | Delivery::Interleaved(_) | Delivery::Flooded(_) => {}
        Delivery::BesideSlow(copies) => *copies %= 4,
        Delivery::Parallel(copies) => *copies %= 4,
        Delivery::Sequence(steps) => {
            steps.truncate(4);
            for step in steps {
                if let Step::Others(count) = step {
                    *count %= 4;
                }
            }
        }
    }
}
