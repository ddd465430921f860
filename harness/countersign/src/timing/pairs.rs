//! Endpoints, measured by pairs of requests over HTTP/2.
//!
//! The function to know is [`pairs`]. One request of each class, whose last bytes arrive in one piece: what the network and
//! the machine do before that affects both. A secret coin draws which class is sent second. The timing of a pair is the arrival
//! of the second answer less that of the first; its label is the class that was sent second.
//!
//! Why this number: a server that takes one request after the other delays the second answer by the time that the second
//! request takes, or the first answer if it turns them around; with a worker for each, both times count. In all three cases the
//! class that takes longer by d moves the number by d, or by 2 d, towards its side. The number is negative if the answers came
//! the other way round, so it holds their order too; and the label stays a fair coin even where there is a leak, as the
//! statistics of shifts require. The class that *finished* last would be no coin then.

use countersign_core::observe::{Oracle, Outcome};
use countersign_timing::measure::{Counter, Purpose, Session, random_seed};
use countersign_timing::statistics::{Label, Order};
use countersign_timing::{Observer, Timing};
use tokio::runtime::Handle;

use super::http2::{Answered, Endpoint, Message};
use super::options::{MeasureOptions, WARM, limits, wait_for_turn};
use super::requests::Requests;
use crate::session;
use crate::target::Exact;
use countersign_core::wire::{Answer, ByteString, Connection, Header};

/// Nanoseconds that are tolerated by default: the gap between two answers varies more than the time of one.
const RESOLUTION: f64 = 1_000.0;

/// Measures an endpoint by pairs.
pub(super) fn pairs(
    session: &session::Session,
    exact: Exact<'_>,
    address: (String, u16),
    options: &MeasureOptions,
    runtime: &Handle,
    observer: Observer<'_>,
) -> Result<Timing, String> {
    let counter = Counter::new();
    let limits = limits(options, RESOLUTION, counter.step());
    let measurement = Session::new(limits, options.seed.unwrap_or_else(random_seed), options.budget, 1);
    let mut measurement = measurement.observed(observer);
    let mut requests = Requests::new(session, options.contrast);
    let mut endpoint = Endpoint::new(address, exact.answer_timeout(), counter);
    let oracle = exact.oracle();
    let mut turn = || (0..2).for_each(|_| wait_for_turn(session, runtime));
    accepted(&mut endpoint, &mut requests, &oracle, &mut turn)?;
    let (mut order, mut warm) = (Order::default(), 0);
    let mut slots = [Message::default(), Message::default()];
    while !measurement.is_over() {
        let next = measurement.next_call();
        let [x, y] = requests.pair(measurement.random())?.each_ref().map(Message::new);
        let (x, mut y) = (x?, y?);
        if !x.is_as_long_as(&y) {
            return Err("the requests of both classes do not have the same length".to_owned());
        }
        if next.purpose != Purpose::Classes {
            y.clone_from(&x);
        }
        let mask = next.second().wrapping_neg();
        let [first, second] = &mut slots;
        first.choose([&y, &x], mask);
        second.choose([&x, &y], mask);
        let answers = endpoint.pair(&slots, &mut turn)?;
        for answer in &answers {
            let (outcome, status) = (outcome(answer, &oracle), answer.status);
            if outcome != Outcome::Rejected {
                return Err(format!("a request with a wrong tag was {outcome}, with status {status}"));
            }
        }
        if warm < WARM {
            warm += 1;
            continue;
        }
        let [first, second] = answers.map(|answer| answer.at);
        let size = counter.nanos(first.abs_diff(second));
        order.push(second.cmp(&first));
        // One of two requests cannot be delayed from here: the control shows what these timings can show.
        let adds = next.purpose == Purpose::Delayed && next.label() == Label::Y;
        let added = if adds { limits.resolution.unwrap_or_default() } else { 0.0 };
        measurement.push(next, if second < first { -size } else { size } + added);
    }
    accepted(&mut endpoint, &mut requests, &oracle, &mut turn)?;
    Ok(measurement.finish(&options.contrast.about(), &counter).in_order(order))
}

/// The positive control: two valid requests, sent like the others.
fn accepted(
    endpoint: &mut Endpoint,
    requests: &mut Requests<'_>,
    oracle: &Oracle,
    turn: &mut impl FnMut(),
) -> Result<(), String> {
    let [one, other] = [requests.genuine()?, requests.genuine()?].each_ref().map(Message::new);
    for answer in endpoint.pair(&[one?, other?], turn)? {
        let (outcome, status) = (outcome(&answer, oracle), answer.status);
        if outcome != Outcome::Accepted {
            return Err(format!("a valid request was not accepted but {outcome}, with status {status}"));
        }
    }
    Ok(())
}

fn outcome(answer: &Answered, oracle: &Oracle) -> Outcome {
    let retry = answer.retry_after.then(|| Header::new("Retry-After", ""));
    oracle.decide(&Answer {
        status: answer.status,
        headers: retry.into_iter().collect(),
        body: ByteString::default(),
        connection: Connection::Reusable,
    })
}
