//! Filing answers under what they are for.

use crate::exposure::{Place, exposed};
use crate::judge::Seen;
use crate::observe::{Observation, Outcome};
use crate::recipe::Purpose;
use crate::wire::Wire;

/// Adds answers to what was seen, for their purpose.
pub(super) fn file(
    seen: &mut Seen,
    place: Place<'_>,
    wires: &[Wire],
    purpose: Purpose,
    answers: Vec<Observation>,
) {
    for (wire, answer) in wires.iter().zip(&answers) {
        if answer.is_answered() {
            seen.exposed = seen.exposed.or_else(|| exposed(place, wire, answer));
        }
    }
    match purpose {
        Purpose::Judged => seen.judged.extend(answers),
        Purpose::Aside => seen.set_aside(answers),
        Purpose::Wait(_) | Purpose::HandlerFails => {}
        Purpose::Yardstick => {
            let answered = answers.iter().find(|seen| seen.is_answered());
            seen.usual = answered.map(|seen| seen.millis);
        }
        Purpose::Setup => {
            let refused = answers.into_iter().find(|seen| seen.outcome != Outcome::Accepted);
            seen.setup = seen.setup.take().or(refused);
        }
    }
}
