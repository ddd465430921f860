//! Sends one round of a case: whole requests, or requests while others are held back.
//!
//! The function to know is [`send`]. It must not know what a case expects.

use std::time::Duration;

use countersign_core::engine::Answers;
use countersign_core::observe::{Observation, Outcome};
use countersign_core::recipe::{Held, Hold, Manner, Round};
use countersign_core::wire::Wire;
use futures_util::future::{join, join_all};
use tokio::time::{sleep, timeout};

use crate::session::Session;
use crate::target::Exact;
use crate::transport::Gate;

/// How long a target gets to notice requests that are held back.
const NOTICE: Duration = Duration::from_millis(15);
/// How long a request beside slow ones may take before it counts as blocked.
const BLOCKED: Duration = Duration::from_secs(2);

/// Sends a round.
pub(super) async fn send(session: &Session, round: &Round) -> Answers {
    let (mut held, mut swallowed) = (Vec::new(), false);
    let own = match (&round.manner, session.target.exact()) {
        (Manner::Whole, _) => whole(session, &round.wires).await,
        (Manner::Beside(others), Ok(exact)) => {
            let own;
            (own, held) = Box::pin(beside(session, exact, &round.wires, others)).await;
            own
        }
        (Manner::Flooded(length), Ok(exact)) => {
            let mut own = Vec::with_capacity(round.wires.len());
            for wire in &round.wires {
                let (seen, taken) = exact.deliver_flooded(wire, *length).await;
                swallowed |= taken;
                own.push(seen);
            }
            own
        }
        (Manner::Beside(_) | Manner::Flooded(_), Err(why)) => {
            let not = |_: &Wire| Observation::without_answer(Outcome::NotDelivered, why);
            round.wires.iter().map(not).collect()
        }
    };
    Answers { own, held, swallowed }
}

async fn whole(session: &Session, wires: &[Wire]) -> Vec<Observation> {
    match wires {
        [one] => vec![session.deliver(one).await],
        wires => join_all(wires.iter().map(|wire| session.deliver(wire))).await,
    }
}

/// Sends requests while others are held back. Returns the observations of both.
async fn beside(
    session: &Session,
    exact: Exact<'_>,
    wires: &[Wire],
    held: &Held,
) -> (Vec<Observation>, Vec<Observation>) {
    let gate = Gate::default();
    let others = join_all(held.wires.iter().map(async |wire| match held.hold {
        Hold::Halfway => exact.deliver_halfway(wire, &gate).await,
        Hold::ByteByByte => exact.deliver_slowly(wire, &gate).await,
    }));
    let inside = async {
        gate.arrived(u32::try_from(held.wires.len()).unwrap_or(u32::MAX)).await;
        sleep(NOTICE).await;
        let seen = match held.hold {
            Hold::Halfway => whole(session, wires).await,
            Hold::ByteByByte => timeout(BLOCKED, whole(session, wires)).await.unwrap_or_else(|_| {
                let why = format!("nothing arrived for {} ms", BLOCKED.as_millis());
                let late = |_: &Wire| Observation::without_answer(Outcome::Hung, why.clone());
                wires.iter().map(late).collect()
            }),
        };
        gate.open();
        seen
    };
    join(inside, others).await
}
