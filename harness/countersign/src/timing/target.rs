//! Libraries behind drivers and endpoints, measured request by request.
//!
//! The function to know is [`target`].

use std::hint::black_box;

use countersign_core::line::Capability;
use countersign_core::observe::Outcome;
use countersign_timing::measure::{Assignment, Counter, Purpose, ROUNDS, Session, random_seed, rounds_for};
use countersign_timing::statistics::Label;
use countersign_timing::{Observer, Timing};
use tokio::runtime::Handle;

use super::keep_alive::KeepAlive;
use super::options::{CannotMeasure, MeasureOptions, Technique, WARM, limits, wait_for_turn};
use super::pairs::pairs;
use super::requests::{Contrast, Requests, tag_length};
use crate::process::Driver;
use crate::session;
use crate::target::Exact;

/// Requests in one question to a driver at most.
const QUESTION: usize = 64;

/// The first character against positions all along the tag of a target, to see where a leak starts.
///
/// # Errors
/// Its scheme carries no tag.
pub fn ladder(session: &session::Session) -> Result<Vec<Contrast>, CannotMeasure> {
    tag_length(session).map(Contrast::ladder).map_err(CannotMeasure)
}

/// Measures a target, with the driver's clock or over one connection that is kept. The rate limit of the session holds for every
/// request.
///
/// # Errors
/// The target cannot be measured, or does not refuse what it is asked to.
pub fn target(
    session: &session::Session,
    options: &MeasureOptions,
    runtime: &Handle,
    observer: Observer<'_>,
) -> Result<Timing, CannotMeasure> {
    let measured = match (session.target.library(), session.target.exact(), &session.signer.address) {
        (Some(_), _, _) if options.technique == Technique::Pairs => {
            Err("only endpoints over plain HTTP can be measured by pairs: leave --pairs out".to_owned())
        }
        (Some(process), _, _) => library(session, process, options, runtime, observer),
        (_, Ok(exact), Some(address)) if options.technique == Technique::Pairs => {
            pairs(session, exact, address.clone(), options, runtime, observer)
        }
        (_, Ok(exact), Some(address)) => {
            endpoint(session, exact, address.clone(), options, runtime, observer)
        }
        (_, _, _) => Err("only endpoints over plain HTTP and drivers can be measured".to_owned()),
    };
    measured.map(|timing| timing.at(options.contrast.position())).map_err(CannotMeasure)
}

/// An endpoint: one connection, one buffer, from the first byte sent to the first received.
fn endpoint(
    session: &session::Session,
    exact: Exact<'_>,
    address: (String, u16),
    options: &MeasureOptions,
    runtime: &Handle,
    observer: Observer<'_>,
) -> Result<Timing, String> {
    let counter = Counter::new();
    // What a request takes on loopback varies by more than a microsecond.
    let limits = limits(options, 100.0, counter.step());
    let extra = rounds_for(&counter, limits.resolution.unwrap_or_default());
    let measurement = Session::new(limits, options.seed.unwrap_or_else(random_seed), options.budget, 1);
    let mut measurement = measurement.observed(observer);
    let mut requests = Requests::new(session, options.contrast);
    let mut connection = KeepAlive::new(address, exact.answer_timeout());
    let oracle = exact.oracle();
    let mut warm = 0;
    let mut buffer = Vec::new();
    while !measurement.is_over() {
        wait_for_turn(session, runtime);
        let next = measurement.next_call();
        let pair = requests.pair(measurement.random())?;
        let [x, y] = pair.each_ref().map(|wire| wire.bytes());
        let second = next.second();
        let mask = second.wrapping_neg() & u8::from(next.purpose == Purpose::Classes).wrapping_neg();
        buffer.clear();
        buffer.extend(x.iter().zip(y.iter()).map(|(one, other)| one ^ ((one ^ other) & mask)));
        let delayed = u64::from(next.purpose == Purpose::Delayed) * u64::from(second);
        let (ticks, answer) = connection.exchange(&buffer, black_box(ROUNDS + extra * delayed), &counter)?;
        let outcome = oracle.decide(&answer);
        if outcome != Outcome::Rejected {
            return Err(format!("a request with a wrong tag was {outcome}, with status {}", answer.status));
        }
        if warm < WARM {
            warm += 1;
        } else {
            measurement.push(next, counter.nanos(ticks));
        }
    }
    Ok(measurement.finish(&options.contrast.about(), &counter))
}

/// A library: questions of many requests, timed by its driver.
fn library(
    session: &session::Session,
    process: &Driver,
    options: &MeasureOptions,
    runtime: &Handle,
    observer: Observer<'_>,
) -> Result<Timing, String> {
    if !process.hello().can(Capability::Timing) {
        return Err("the driver has no clock of its own (capability `timing`)".to_owned());
    }
    let counter = Counter::new();
    // The steps of the driver's clock are those of this machine, or wider.
    let limits = limits(options, 100.0, counter.step());
    let measurement = Session::new(limits, options.seed.unwrap_or_else(random_seed), options.budget, 1);
    let mut measurement = measurement.observed(observer);
    let mut requests = Requests::new(session, options.contrast);
    let (mut warm, size) = (WARM as usize, session.target.limiter().at_most(QUESTION));
    while !measurement.is_over() {
        let mut calls: Vec<Assignment> = Vec::with_capacity(size);
        let mut wires = Vec::with_capacity(size);
        (0..size).for_each(|_| wait_for_turn(session, runtime));
        while calls.len() < size {
            let next = measurement.next_call();
            let [x, y] = requests.pair(measurement.random())?;
            wires.push(if next.purpose == Purpose::Classes && next.label() == Label::Y { y } else { x });
            calls.push(next);
        }
        let order: Vec<u32> = (0..size as u32).collect();
        let nanos = runtime.block_on(process.measure(&wires, &order)).map_err(|why| why.to_string())?;
        for (call, nanos) in calls.into_iter().zip(nanos).skip(warm) {
            // A library cannot be delayed from here: the control shows what these timings can show.
            let delayed = call.purpose == Purpose::Delayed && call.label() == Label::Y;
            measurement.push(call, nanos + if delayed { limits.resolution.unwrap_or_default() } else { 0.0 });
        }
        warm = warm.saturating_sub(size);
    }
    Ok(measurement.finish(&options.contrast.about(), &counter))
}
