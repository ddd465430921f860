//! Libraries behind drivers and endpoints, measured request by request.
//!
//! The function to know is [`target`].

use std::hint::black_box;

use countersign_core::line::Capability;
use countersign_core::observe::Outcome;
use countersign_core::timing::{Label, Limits};
use tokio::runtime::Handle;

use super::counter::Counter;
use super::keep_alive::KeepAlive;
use super::pairs::pairs;
use super::requests::{Contrast, Requests, tag_length};
use super::session::{Budget, Draw, Observer, Purpose, Session, Timing, seed};
use super::wait::{ROUNDS, rounds_for};
use crate::process::Driver;
use crate::run;
use crate::target::Exact;

/// Requests in one question to a driver.
const QUESTION: usize = 64;
/// Exchanges before the first that counts.
pub(super) const WARM: u32 = 20;

/// What is asked of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Asked {
    /// How an endpoint is asked.
    pub way: Way,
    /// In what the classes differ.
    pub contrast: Contrast,
    /// Nanoseconds that are tolerated, if not those of the carrier.
    pub resolution: Option<f64>,
    /// When to stop without a verdict.
    pub budget: Budget,
    /// How many comparisons of this target there are, among which the chance of a false leak is shared.
    pub comparisons: u32,
    /// Where labels and tags come from; by chance, if nothing is said.
    pub seed: Option<u64>,
}

/// How an endpoint is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Way {
    /// One request after the other, over HTTP/1.1.
    #[default]
    OneByOne,
    /// Two at a time, over HTTP/2 with prior knowledge.
    Pairs,
}

/// Why a target cannot be measured.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CannotMeasure(String);

impl CannotMeasure {
    pub(super) fn new(why: impl Into<String>) -> Self {
        Self(why.into())
    }
}

/// The first character against places all along the tag of a target: where a leak starts.
///
/// # Errors
/// Its scheme carries no tag.
pub fn ladder(subject: &run::Session) -> Result<Vec<Contrast>, CannotMeasure> {
    tag_length(subject).map(Contrast::ladder).map_err(CannotMeasure)
}

/// Measures a target: with the driver's clock, or over one connection that is kept. The observer is told how it stands.
///
/// # Errors
/// The target cannot be measured, or does not refuse what it is asked to.
pub fn target(
    subject: &run::Session,
    asked: &Asked,
    runtime: &Handle,
    observer: Observer<'_>,
) -> Result<Timing, CannotMeasure> {
    let measured = match (subject.target.library(), subject.target.exact(), &subject.signer.address) {
        (Some(_), _, _) if asked.way == Way::Pairs => {
            Err("only endpoints over plain HTTP can be measured by pairs: leave --pairs out".to_owned())
        }
        (Some(process), _, _) => library(subject, process, asked, runtime, observer),
        (_, Ok(exact), Some(address)) if asked.way == Way::Pairs => {
            pairs(subject, exact, address.clone(), asked, observer)
        }
        (_, Ok(exact), Some(address)) => endpoint(subject, exact, address.clone(), asked, observer),
        (_, _, _) => Err("only endpoints over plain HTTP and drivers can be measured".to_owned()),
    };
    measured.map(|timing| timing.at(asked.contrast.place())).map_err(CannotMeasure)
}

pub(super) fn limits(asked: &Asked, default: f64, step: f64) -> Limits {
    let usual = Limits::default();
    let leak = usual.leak / f64::from(asked.comparisons.max(1));
    Limits { resolution: Some(asked.resolution.unwrap_or(default)), step, leak, ..usual }
}

/// An endpoint: one connection, one buffer, from the first octet sent to the first received.
fn endpoint(
    subject: &run::Session,
    exact: Exact<'_>,
    place: (String, u16),
    asked: &Asked,
    observer: Observer<'_>,
) -> Result<Timing, String> {
    let counter = Counter::new();
    // What a request takes on loopback varies by more than a microsecond.
    let limits = limits(asked, 100.0, counter.step());
    let extra = rounds_for(&counter, limits.resolution.unwrap_or_default());
    let session = Session::new(limits, asked.seed.unwrap_or_else(seed), asked.budget, 1);
    let mut session = session.observed(observer);
    let mut requests = Requests::new(subject, asked.contrast);
    let mut connection = KeepAlive::new(place, exact.patience());
    let oracle = exact.oracle();
    let mut warm = 0;
    let mut buffer = Vec::new();
    while !session.is_over() {
        let draw = session.draw();
        let pair = requests.pair(session.chance())?;
        let [x, y] = pair.each_ref().map(|wire| wire.octets());
        let second = draw.second();
        let mask = second.wrapping_neg() & u8::from(draw.purpose == Purpose::Classes).wrapping_neg();
        buffer.clear();
        buffer.extend(x.iter().zip(y.iter()).map(|(one, other)| one ^ ((one ^ other) & mask)));
        let waits = u64::from(draw.purpose == Purpose::Spin) * u64::from(second);
        let (ticks, answer) = connection.exchange(&buffer, black_box(ROUNDS + extra * waits), &counter)?;
        let outcome = oracle.decide(&answer);
        if outcome != Outcome::Rejected {
            return Err(format!("a request with a wrong tag was {outcome}, with status {}", answer.status));
        }
        if warm < WARM {
            warm += 1;
        } else {
            session.push(draw, counter.nanos(ticks));
        }
    }
    Ok(session.finish(&asked.contrast.about(), &counter))
}

/// A library: questions of many requests, timed by its driver.
fn library(
    subject: &run::Session,
    process: &Driver,
    asked: &Asked,
    runtime: &Handle,
    observer: Observer<'_>,
) -> Result<Timing, String> {
    if !process.hello().can(Capability::Timing) {
        return Err("the driver has no clock of its own (capability `timing`)".to_owned());
    }
    let counter = Counter::new();
    // The driver's clock stands on the steps of this machine's, if not on wider ones.
    let limits = limits(asked, 100.0, counter.step());
    let session = Session::new(limits, asked.seed.unwrap_or_else(seed), asked.budget, 1);
    let mut session = session.observed(observer);
    let mut requests = Requests::new(subject, asked.contrast);
    let mut warm = true;
    while !session.is_over() {
        let mut draws: Vec<Draw> = Vec::with_capacity(QUESTION);
        let mut wires = Vec::with_capacity(QUESTION);
        while draws.len() < QUESTION {
            let draw = session.draw();
            let [x, y] = requests.pair(session.chance())?;
            wires.push(if draw.purpose == Purpose::Classes && draw.label() == Label::Y { y } else { x });
            draws.push(draw);
        }
        let order: Vec<u32> = (0..QUESTION as u32).collect();
        let nanos = runtime.block_on(process.measure(&wires, &order))?;
        for (draw, nanos) in draws.into_iter().zip(nanos).skip(if warm { WARM as usize } else { 0 }) {
            // Nobody here can make a library wait: the control shows what these timings can show.
            let waits = draw.purpose == Purpose::Spin && draw.label() == Label::Y;
            session.push(draw, nanos + if waits { limits.resolution.unwrap_or_default() } else { 0.0 });
        }
        warm = false;
    }
    Ok(session.finish(&asked.contrast.about(), &counter))
}
