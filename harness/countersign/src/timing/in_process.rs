//! Verifiers of this process, measured as functions: from the bytes of a request to the verdict, without a socket.
//!
//! The function to know is [`in_process`]. Over a loopback connection a comparison that stops early is lost in the noise.

use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::reference::{Setup, Steps};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Wire, receive};
use countersign_timing::{Classes, Measurement, Observer, Timing, random_seed};
use rand::SeedableRng as _;
use rand::rngs::ChaCha12Rng;

use super::options::{CannotMeasure, MeasureOptions};
use super::requests::{Contrast, Requests};
use super::wrong;
use crate::session;

/// Nanoseconds that are tolerated by default: a verification takes some microseconds, and allocates.
const RESOLUTION: f64 = 20.0;

/// A verifier that is called with the bytes of a request.
struct Verifier<'a> {
    setup: Setup,
    steps: &'a dyn Steps,
    now: Timestamp,
}

/// Measures the verifier of an embedded target.
///
/// # Errors
/// It accepts what is wrong or refuses what is right, or the scheme has nothing that the classes could differ in.
pub fn in_process(
    session: &session::Session,
    steps: &dyn Steps,
    options: &MeasureOptions,
    observer: Observer<'_>,
) -> Result<Timing, CannotMeasure> {
    let signer = &session.signer;
    let sender = &signer.sender;
    let setup =
        Setup::new(Arc::clone(&signer.scheme), sender.key.clone(), sender.deployment.clone(), &sender.target);
    let verifier = Verifier { setup, steps, now: session.clock.now() };
    let seed = options.seed.unwrap_or_else(random_seed);
    let (genuine, pair) = requests(session, options.contrast, seed).map_err(CannotMeasure::new)?;
    if !verifier.accepts(&genuine.bytes()) {
        return Err(CannotMeasure::new("a valid request was not accepted"));
    }
    let [x, y] = pair.each_ref().map(|wire| wire.bytes().to_vec());
    if verifier.accepts(&x) || verifier.accepts(&y) {
        return Err(CannotMeasure::new("a request with a wrong tag was accepted"));
    }
    let resolution = Duration::from_nanos(options.resolution.unwrap_or(RESOLUTION).ceil() as u64);
    let measurement = Measurement::new(Classes::fixed(x, y))
        .resolution(resolution)
        .one_of(options.comparisons)
        .budget(options.budget)
        .seed(seed);
    let name = options.contrast.about();
    let timing = measurement.observed(&name, observer, |bytes| verifier.accepts(bytes));
    Ok(timing.at(options.contrast.position()))
}

impl Verifier<'_> {
    /// Reads a request as an HTTP server does, and verifies it.
    fn accepts(&self, bytes: &[u8]) -> bool {
        receive(bytes).is_ok_and(|request| self.steps.check(&self.setup, &request, self.now).is_ok())
    }
}

/// The genuine request, and one of each class. Where the tag is wrong at one position or another, nothing else differs: what
/// follows from random characters, as in decoding, is not the question here.
fn requests(session: &session::Session, contrast: Contrast, seed: u64) -> Result<(Wire, [Wire; 2]), String> {
    match contrast {
        Contrast::Mismatch => wrong::pair(session, None),
        Contrast::MismatchAt(position) => wrong::pair(session, Some(position)),
        Contrast::Malformed | Contrast::Stale | Contrast::KeyId => {
            let mut requests = Requests::new(session, contrast);
            Ok((requests.genuine()?, requests.pair(&mut ChaCha12Rng::seed_from_u64(seed))?))
        }
    }
}
