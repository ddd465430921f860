//! One round of a case: sending its requests, whole or beside others that are held up.
//!
//! The function to know is [`send`]. It must not know what a case expects.

use std::time::Duration;

use countersign_core::observe::{Observation, Outcome};
use countersign_core::recipe::{Held, Hold, Manner, Round};
use countersign_core::wire::Wire;
use futures_util::future::{join, join_all};
use tokio::time::{sleep, timeout};

use super::subject::Subject;
use crate::carrier::{Gate, Raw};

/// How long a target has to notice requests that are held up.
const NOTICE: Duration = Duration::from_millis(15);
/// How long a request beside slow ones may take until it is taken to be blocked.
const BLOCKED: Duration = Duration::from_secs(2);

/// What came of a round.
#[derive(Debug)]
pub(super) struct Answers {
    /// To the requests of the round, in order.
    pub(super) own: Vec<Observation>,
    /// To those that were held up, in order.
    pub(super) held: Vec<Observation>,
    /// Whether the whole of a flooded body was taken.
    pub(super) swallowed: bool,
}

/// Sends a round.
pub(super) async fn send(subject: &Subject, round: &Round) -> Answers {
    let (mut held, mut swallowed) = (Vec::new(), false);
    let own = match (&round.manner, subject.carrier.exact()) {
        (Manner::Whole, _) => whole(subject, &round.wires).await,
        (Manner::Beside(others), Ok(raw)) => {
            let own;
            (own, held) = Box::pin(beside(subject, raw, &round.wires, others)).await;
            own
        }
        (Manner::Flooded(length), Ok(raw)) => {
            let mut own = Vec::with_capacity(round.wires.len());
            for wire in &round.wires {
                subject.pace.wait().await;
                let (seen, taken) = raw.deliver_flooded(wire, *length).await;
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

async fn whole(subject: &Subject, wires: &[Wire]) -> Vec<Observation> {
    match wires {
        [one] => vec![subject.deliver(one).await],
        wires => join_all(wires.iter().map(|wire| subject.deliver(wire))).await,
    }
}

/// Sends requests while others are held up: what is seen of the ones, and of the others.
async fn beside(
    subject: &Subject,
    raw: &Raw,
    wires: &[Wire],
    held: &Held,
) -> (Vec<Observation>, Vec<Observation>) {
    let gate = Gate::default();
    let others = join_all(held.wires.iter().map(async |wire| {
        subject.pace.wait().await;
        match held.hold {
            Hold::Halfway => raw.deliver_halfway(wire, &gate).await,
            Hold::ByteByByte => raw.deliver_slowly(wire, &gate).await,
        }
    }));
    let inside = async {
        gate.arrived(u32::try_from(held.wires.len()).unwrap_or(u32::MAX)).await;
        sleep(NOTICE).await;
        let seen = match held.hold {
            Hold::Halfway => whole(subject, wires).await,
            Hold::ByteByByte => timeout(BLOCKED, whole(subject, wires)).await.unwrap_or_else(|_| {
                let why = format!("nothing came for {} ms", BLOCKED.as_millis());
                let late = |_: &Wire| Observation::without_answer(Outcome::Hung, why.clone());
                wires.iter().map(late).collect()
            }),
        };
        gate.open();
        seen
    };
    join(inside, others).await
}
