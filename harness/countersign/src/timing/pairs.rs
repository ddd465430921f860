//! Endpoints, measured by pairs of requests over HTTP/2.
//!
//! The function to know is [`pairs`]. One request of each class, whose last octets arrive in one piece: what the network and
//! the machine do before that concerns both. A secret coin draws which class is sent second. The timing of a pair is when
//! the second answer came, less when the first did; its label is the class that was sent second.
//!
//! Why this number: a server that takes one request after the other answers the second one late by the time that it
//! takes, or the first one if it turns them around; with a worker for each, both times count. In all three cases the class
//! that takes longer by d moves the number by d, or by 2 d, towards its side. The number is negative if the answers came
//! the other way round, so that it holds their order too; and the label stays a fair coin even where there is a leak, as what
//! is said of shifts demands. The class that *finished* last would be no coin then.

use countersign_core::observe::{Oracle, Outcome};
use countersign_core::timing::{Label, Order};
use countersign_core::wire::{Answer, Connection, Header, Octets};

use super::counter::Counter;
use super::http2::{Answered, Endpoint, Message};
use super::requests::Requests;
use super::session::{Observer, Purpose, Session, Timing, seed};
use super::target::{Asked, WARM, limits};
use crate::run;
use crate::target::Exact;

/// Nanoseconds that are tolerated, if nothing else is said: what one of two answers waits for the other varies by more than what
/// one answer takes.
const RESOLUTION: f64 = 1_000.0;

/// Measures an endpoint by pairs.
pub(super) fn pairs(
    subject: &run::Session,
    exact: Exact<'_>,
    place: (String, u16),
    asked: &Asked,
    observer: Observer<'_>,
) -> Result<Timing, String> {
    let counter = Counter::new();
    let limits = limits(asked, RESOLUTION, counter.step());
    let session = Session::new(limits, asked.seed.unwrap_or_else(seed), asked.budget, 1);
    let mut session = session.observed(observer);
    let mut requests = Requests::new(subject, asked.contrast);
    let mut endpoint = Endpoint::new(place, exact.patience(), counter);
    let oracle = exact.oracle();
    accepted(&mut endpoint, &mut requests, &oracle)?;
    let (mut order, mut warm) = (Order::default(), 0);
    let mut slots = [Message::default(), Message::default()];
    while !session.is_over() {
        let draw = session.draw();
        let [x, y] = requests.pair(session.chance())?.each_ref().map(Message::new);
        let (x, mut y) = (x?, y?);
        if !x.is_as_long_as(&y) {
            return Err("the requests of both classes do not have the same length".to_owned());
        }
        if draw.purpose != Purpose::Classes {
            y.clone_from(&x);
        }
        let mask = draw.second().wrapping_neg();
        let [first, second] = &mut slots;
        first.choose([&y, &x], mask);
        second.choose([&x, &y], mask);
        let answers = endpoint.pair(&slots)?;
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
        // Nobody here can make one of two requests wait: the control shows what these timings can show.
        let adds = draw.purpose == Purpose::Spin && draw.label() == Label::Y;
        let added = if adds { limits.resolution.unwrap_or_default() } else { 0.0 };
        session.push(draw, if second < first { -size } else { size } + added);
    }
    accepted(&mut endpoint, &mut requests, &oracle)?;
    Ok(session.finish(&asked.contrast.about(), &counter).in_order(order))
}

/// The control: two valid requests on the same way.
fn accepted(endpoint: &mut Endpoint, requests: &mut Requests<'_>, oracle: &Oracle) -> Result<(), String> {
    let [one, other] = [requests.genuine()?, requests.genuine()?].each_ref().map(Message::new);
    for answer in endpoint.pair(&[one?, other?])? {
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
        body: Octets::default(),
        connection: Connection::Reusable,
    })
}
