//! `countersign doctor`: checks that a driver follows the line protocol. Every line in both directions is validated against
//! the published schemas.
//!
//! The type to know is [`Checkup`], which collects the lines of the answer. This module must not judge the library behind the
//! driver; `run` does that.

use std::fmt::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_conformance::Catalog;
use countersign_conformance::place::{NOW, SEED};
use countersign_core::id::nearest;
use countersign_core::line::{Capability, Hello};
use countersign_core::observe::{Observation, Outcome};
use countersign_core::recipe::{Message, Moment, Recipe, Sender, Signing, build, genuine};
use countersign_core::scheme::{Deployment, Part, Scheme};
use countersign_core::secret::Secret;
use countersign_core::tamper::{Bit, On, Tamper};
use countersign_core::time::Timestamp;
use countersign_core::wire::Wire;
use futures_util::future::join_all;

use super::args::DoctorArgs;
use super::plan::scheme;
use super::print;
use super::replay::quoted;
use super::signals::{self, OnInterrupt};
use crate::exit::{Exit, Failed};
use crate::secret_source::SecretSource;
use countersign::made_up_secret;
use countersign::process::{CommandLine, Driver, Pool, SchemaChecks};
use countersign::run::{Session, Signer};
use countersign::target::{HOST, PATH, Target};

/// Requests sent at once, to see whether all of them are answered, and how fast.
const MANY: usize = 500;

/// Calls that a driver is asked to time.
const TIMED: usize = 16;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// Days by which the second clock differs from the first.
const DAYS_AGO: i64 = 3 * 365;

/// What was found, one line for each check.
#[derive(Default)]
struct Checkup {
    text: String,
    faults: usize,
}

impl Checkup {
    fn ok(&mut self, what: &str) {
        let _ = writeln!(self.text, "ok     {what}");
    }

    fn note(&mut self, what: &str) {
        let _ = writeln!(self.text, "note   {what}");
    }

    fn fault(&mut self, what: &str, why: impl fmt::Display) {
        self.faults += 1;
        let _ = writeln!(self.text, "FAULT  {what}: {why}");
    }

    fn check(&mut self, what: &str, seen: Result<(), impl fmt::Display>) {
        match seen {
            Ok(()) => self.ok(what),
            Err(why) => self.fault(what, why),
        }
    }

    /// A request that must have this outcome.
    fn outcome(&mut self, what: &str, seen: &Observation, wanted: Outcome) {
        if seen.outcome == wanted {
            self.ok(what);
        } else {
            self.fault(what, format_args!("the request was {}", seen.summary()));
        }
    }

    /// A request that must be refused, in whatever way. An exception may be the library's way to refuse.
    fn refusal(&mut self, what: &str, seen: &Observation) {
        match seen.outcome {
            Outcome::Crashed if seen.is_answered() => self.note(&format!(
                "{what}: {}; if the documentation names this exception for a refusal, let the driver answer `rejected`",
                seen.summary()
            )),
            _ if seen.is_answered() => self.ok(&format!("{what}: {}", seen.summary())),
            _ => self.fault(what, seen.summary()),
        }
    }
}

/// Checks a driver.
pub(crate) fn doctor(args: &DoctorArgs) -> Result<Exit, Failed> {
    let command: CommandLine = args.driver.parse().map_err(|why| {
        Failed::usage_help(
            format!("--driver is not a command line: {why}"),
            "quote the command as one argument",
        )
    })?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failed::usage(format!("error: the runtime cannot start: {error}")))?;
    signals::watch(OnInterrupt::Exit)?;
    let mut checkup = Checkup::default();
    runtime.block_on(examine(&command, args, &mut checkup))?;
    let target = quoted(&format!("exec:{}", args.driver));
    let verdict = match checkup.faults {
        0 => format!("the driver follows the line protocol\nnext: countersign run --target {target}\n"),
        1 => "1 fault in the driver; conformance/PROTOCOL.md describes the protocol\n".to_owned(),
        faults => format!("{faults} faults in the driver; conformance/PROTOCOL.md describes the protocol\n"),
    };
    print(&format!("{}{verdict}", checkup.text))?;
    Ok(if checkup.faults == 0 { Exit::Conformant } else { Exit::Inconclusive })
}

async fn examine(command: &CommandLine, args: &DoctorArgs, checkup: &mut Checkup) -> Result<(), Failed> {
    let secret = args.secret.as_deref().map(secret).transpose()?;
    let here = tokio::runtime::Handle::current();
    let pool = Arc::new(Pool::start(command.clone(), 1, PATIENCE, SchemaChecks::On, here).await?);
    let hello = pool.hello();
    checkup.ok(&format!("says hello: {}", introduced(hello)));
    if hello.version.is_none() {
        checkup.note(
            "no version: right for your own code; for a published package, name the package and its version",
        );
    }
    let mut schemes = Vec::new();
    for name in args.scheme.iter().chain(&hello.schemes) {
        match Catalog::embedded().schemes.get(name.as_str()) {
            Some(known) => schemes.push(Arc::clone(known)),
            None if args.scheme.contains(name) => schemes.push(scheme(name)?),
            None => {
                let near = nearest(name, Catalog::embedded().schemes.keys().map(|known| known.as_str()));
                let near: String = near.iter().map(|near| format!("did you mean `{near}`? ")).collect();
                let name = name.escape_debug();
                checkup
                    .note(&format!("no scheme `{name}` is built in; {near}give its file with --scheme FILE"));
            }
        }
    }
    if schemes.is_empty() {
        checkup.fault("names a scheme that can be checked", "it names none");
    }
    for scheme in &schemes {
        verify(&pool, scheme, secret.as_ref(), checkup).await?;
    }
    checkup.check("exits with status 0 when its input ends", pool.shutdown().await);
    Ok(())
}

fn secret(source: &str) -> Result<Secret, Failed> {
    let source: SecretSource = source.parse().map_err(|why| Failed::usage(format!("error: {why}")))?;
    source.read()
}

fn introduced(hello: &Hello) -> String {
    let can = |(capability, name)| hello.can(capability).then_some(name);
    let named =
        [(Capability::Clock, "clock"), (Capability::Replay, "replay"), (Capability::Timing, "timing")];
    let cans: Vec<&str> = named.into_iter().filter_map(can).collect();
    let cans = if cans.is_empty() { "none".to_owned() } else { cans.join(", ") };
    let version = hello.version.as_ref().map_or_else(String::new, |version| format!(" {version}"));
    let text = format!("{}{version} ({}), capabilities: {cans}", hello.name, hello.language);
    text.escape_debug().to_string()
}

/// A library under one scheme at one time.
fn session(
    pool: &Arc<Pool>,
    scheme: &Arc<dyn Scheme>,
    secret: Option<&Secret>,
    at: Timestamp,
) -> Result<Session, Failed> {
    let secret = secret.cloned().unwrap_or_else(|| made_up_secret(&**scheme, SEED));
    let origin = format!("https://{HOST}");
    let deployment = Deployment { origin, ..Deployment::default() };
    let driver = Driver::new(Arc::clone(pool), &**scheme, secret.clone(), &deployment, at);
    let signer = Signer {
        scheme: Arc::clone(scheme),
        sender: Sender::new(&**scheme, secret, PATH, deployment)
            .map_err(|why| Failed::usage(format!("error: {why}")))?,
        host: HOST.to_owned(),
        address: None,
        replay: String::new(),
        seed: SEED,
    };
    Ok(Session::new(signer, Target::driver(driver)))
}

async fn verify(
    pool: &Arc<Pool>,
    scheme: &Arc<dyn Scheme>,
    secret: Option<&Secret>,
    checkup: &mut Checkup,
) -> Result<(), Failed> {
    let name = scheme.file().scheme.to_string();
    let here = session(pool, scheme, secret, NOW)?;
    let seen = ask(&here, "genuine", &Recipe::default()).await;
    checkup.outcome(&format!("{name}: accepts a genuine request"), &seen, Outcome::Accepted);
    let forged =
        Recipe { tamper: vec![Tamper::FlipBit(Bit { part: Part::TagBytes, bit: 0 })], ..Recipe::default() };
    let seen = ask(&here, "forged", &forged).await;
    checkup.outcome(&format!("{name}: refuses a request with a wrong tag"), &seen, Outcome::Rejected);
    let every_byte: Vec<u8> = (0..=255).collect();
    let message = Message { body: Some(every_byte.into()), ..Message::default() };
    let seen = ask(&here, "every-byte", &Recipe { message, ..Recipe::default() }).await;
    match seen.outcome {
        Outcome::Accepted => checkup.ok(&format!("{name}: accepts a genuine body with every byte value")),
        _ => checkup.note(&format!("{name}: a genuine body with every byte value was {}", seen.summary())),
    }
    if pool.hello().can(Capability::Clock) {
        let then = session(pool, scheme, secret, NOW.plus_seconds(-DAYS_AGO * 86_400))?;
        let seen = ask(&then, "then", &Recipe::default()).await;
        checkup.outcome(&format!("{name}: takes the time from `now`"), &seen, Outcome::Accepted);
    }
    let broken = Recipe { tamper: vec![Tamper::Remove(On { part: Part::Signature })], ..Recipe::default() };
    let seen = ask(&here, "broken", &broken).await;
    checkup.refusal(&format!("{name}: answers a request without a signature"), &seen);
    if scheme.file().clock.as_ref().is_some_and(|clock| clock.past.is_some()) {
        let old = Recipe {
            sign: Signing { at: Moment::BeyondPast(3600), ..Signing::default() },
            ..Recipe::default()
        };
        let seen = ask(&here, "old", &old).await;
        checkup.refusal(&format!("{name}: answers a request that is too old"), &seen);
    }
    many(&here, &name, checkup).await;
    if pool.hello().can(Capability::Timing) {
        timed(&here, &name, checkup).await;
    }
    Ok(())
}

/// Sends many requests at once.
async fn many(session: &Session, name: &str, checkup: &mut Checkup) {
    let Some(wires) = different(session, "many", MANY) else { return };
    let started = Instant::now();
    let seen = join_all(wires.iter().map(|wire| session.target.deliver(wire))).await;
    let rate = MANY as f64 / started.elapsed().as_secs_f64();
    let what = format!("{name}: answers {MANY} requests sent at once");
    match seen.iter().find(|one| one.outcome != Outcome::Accepted) {
        Some(other) => checkup.fault(&what, other.summary()),
        None => checkup.ok(&format!("{what}, {rate:.0} per second")),
    }
}

/// Has the driver time calls with its own clock.
async fn timed(session: &Session, name: &str, checkup: &mut Checkup) {
    let Some(driver) = session.target.library() else { return };
    let Some(wires) = different(session, "timed", TIMED) else { return };
    let order: Vec<u32> = (0..TIMED as u32).collect();
    let what = format!("{name}: times {TIMED} calls");
    match driver.measure(&wires, &order).await {
        Ok(mut nanos) => {
            nanos.sort_by(f64::total_cmp);
            checkup.ok(&format!("{what}, median {:.1} us", nanos[TIMED / 2] / 1000.0));
        }
        Err(why) => checkup.fault(&what, why),
    }
}

/// Genuine requests, all different.
fn different(session: &Session, case: &str, count: usize) -> Option<Vec<Wire>> {
    let world = session.world(case, session.clock.now());
    (0..count as u64).map(|n| genuine(&world, n).ok()).collect()
}

async fn ask(session: &Session, case: &str, recipe: &Recipe) -> Observation {
    match build(recipe, &session.world(case, session.clock.now())) {
        Ok(built) => match built.rounds.last().and_then(|round| round.wires.last()) {
            Some(wire) => session.target.deliver(wire).await,
            None => Observation::without_answer(Outcome::NotDelivered, "nothing to send"),
        },
        Err(why) => Observation::without_answer(Outcome::NotDelivered, why.to_string()),
    }
}
