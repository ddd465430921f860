//! Expectations of generated cases.

use super::Expectation;
use crate::recipe::{Built, Delivery, Difference, KeyChoice, Moment, Recipe, Signing};
use crate::scheme::{Construction, Scheme};
use crate::wire::{Wire, receive};

/// What follows from a generated recipe alone, without anybody having written an expectation.
///
/// A change before signing is accepted; a change after signing that the scheme sees is refused; one
/// that it does not see is accepted, and a gap of the scheme. Nothing follows where the answer does
/// not depend on the signature: deliveries that need memory in the target, framing, requests that
/// their HTTP layer refuses or reads differently, literal times and ids, and the very ends of the
/// window.
pub fn derive(recipe: &Recipe, built: &Built, scheme: &dyn Scheme) -> Option<Expectation> {
    if recipe.deliver != Delivery::Once || !recipe.wire.is_empty() {
        return None;
    }
    let Signing { key, hash, construction, at, unique, key_id, origin, algorithm, covers, expires } =
        &recipe.sign;
    let own_terms = algorithm.is_some() || covers.is_some() || expires.is_some();
    if key_id.is_some() || origin.is_some() || own_terms {
        return None;
    }
    if *key != KeyChoice::Right || hash.is_some() || *construction != Construction::Hmac {
        return Some(Expectation::Reject);
    }
    // A text of its own may break the syntax around it, and what signs twice may read once.
    if unique.is_some() || scheme.read(built.untampered.request()).is_err() {
        return None;
    }
    let in_time = match at {
        Moment::Now | Moment::WithinPast(1..) | Moment::WithinFuture(1..) => true,
        Moment::BeyondPast(1..) | Moment::BeyondFuture(1..) => false,
        // Where `now` has a fraction of a second, the ends of the window belong to neither side.
        Moment::WithinPast(0) | Moment::WithinFuture(0) | Moment::BeyondPast(0) | Moment::BeyondFuture(0) => {
            return None;
        }
        Moment::Offset(_) | Moment::Text(_) => return None,
    };
    let sent = &built.rounds.first()?.wires.first()?;
    if [&built.untampered, sent].into_iter().any(|wire| !heard_as_said(wire)) {
        return None;
    }
    Some(match (in_time, built.difference.as_ref()?) {
        (true, Difference::Unseen) => Expectation::Accept,
        (true, Difference::Seen) if recipe.tamper.is_empty() => Expectation::Accept,
        (_, Difference::Seen) | (false, Difference::Unseen) => Expectation::Reject,
    })
}

/// Whether the HTTP layer hands on exactly what was meant: no odd token, no blank that is trimmed,
/// no second framing.
fn heard_as_said(wire: &Wire) -> bool {
    let said = wire.request();
    receive(&wire.bytes()).is_ok_and(|heard| {
        heard.method == said.method
            && heard.target == said.target
            && heard.body == said.body
            && heard.headers.starts_with(&said.headers)
    })
}
