//! What a command will run: command line and profile, merged and checked.
//!
//! The type to know is [`Plan`]. Nothing is sent from here.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::Catalog;
use countersign_core::id::{SchemeName, nearest};
use countersign_core::observe::Oracle;
use countersign_core::scheme::{Coverage, Part, Scheme, with_constants};
use countersign_core::secret::Secret;
use countersign_core::vector::Suite;

use super::args::TargetArgs;
use super::explain::unknown;
use super::{replay, select, vectors};
use crate::config::{Config, is_file};
use crate::exit::{Exit, Failed};
use crate::secret_source::SecretSource;
use countersign::RateLimiter;
use countersign::run::{self, CounterSpec, Planned, Session, Slow};
use countersign::target::{
    KeyNaming, SchemeChoice, SecondSetup, SecretSupply, Setup, TargetSpec, UsageError, greet, guard_host,
};
use countersign::transport::{Deadlines, TransportName};

/// A scheme, and the name or file it was given by.
pub(crate) struct Named {
    pub(crate) given: String,
    pub(crate) scheme: Arc<dyn Scheme>,
}

/// What will be run.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) target: TargetSpec,
    pub(crate) schemes: Vec<Named>,
    pub(crate) secret: Option<Secret>,
    /// A second sender, as far as one was configured.
    pub(crate) second: SecondSetup,
    pub(crate) suites: Vec<Suite>,
    pub(crate) patterns: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) oracle: Oracle,
    pub(crate) deadlines: Deadlines,
    pub(crate) limiter: RateLimiter,
    pub(crate) transport: Option<TransportName>,
    pub(crate) origin: Option<String>,
    pub(crate) constants: BTreeMap<String, String>,
    pub(crate) key_id: Option<String>,
    /// The effect counter of a target that somebody else runs.
    pub(crate) effects: Option<CounterSpec>,
    pub(crate) max_time: Option<Duration>,
    /// Whether slow cases are run.
    pub(crate) slow: Slow,
    pub(crate) replay: String,
}

impl Plan {
    pub(crate) fn new(args: &TargetArgs, patterns: &[String]) -> Result<Self, Failed> {
        let config = Config::load(args.config.as_deref())?;
        let target: TargetSpec =
            args.target.as_deref().or(config.target.as_deref()).unwrap_or("reference").parse()?;
        let target = match &args.folder {
            Some(folder) => target.within(folder),
            None => target,
        };
        let allowed: Vec<String> = args.allow_host.iter().chain(&config.allow_host).cloned().collect();
        target.guard(&allowed).map_err(not_allowed)?;
        let constants = constants(args, &config)?;
        let mut schemes = schemes(args, &config, &target)?;
        for named in &mut schemes {
            named.scheme = with_constants(&named.scheme, &constants).map_err(|why| {
                Failed::usage_help(why.to_string(), "check --constant, and `constants:` in countersign.yaml")
            })?;
        }
        let second = second(args, &config, &target, &schemes)?;
        let secret = secret(args, &config, &target)?;
        for secret in [&secret, &second.secret].into_iter().flatten() {
            for Named { scheme, .. } in &schemes {
                scheme.key(secret).map_err(|why| {
                    let message =
                        format!("the secret does not fit the scheme `{}`: {why}", scheme.file().scheme);
                    Failed::usage_help(message, "give the secret exactly as the sender shows it")
                })?;
            }
        }
        let suites = select::suites(&args.suite)?;
        let seed = match args.seed {
            Some(seed) => seed,
            None => getrandom::u64()
                .map(|random| random >> 11)
                .map_err(|error| Failed::usage_help(format!("no random seed: {error}"), "give --seed"))?,
        };
        let timeout = args.timeout.or(config.timeout).unwrap_or(5.0);
        if !(0.01..=600.0).contains(&timeout) {
            return Err(Failed::usage_help(
                "--timeout must be a number of seconds from 0.01 to 600",
                "5 is the default",
            ));
        }
        let transport = args.transport.map(TransportName::from);
        if transport.is_some() {
            target.profile().transport.check()?;
        }
        if let TargetSpec::Url(url) = &target {
            url.transport(transport)?;
        }
        Ok(Self {
            oracle: oracle(args, &config)?,
            limiter: RateLimiter::per_second(rate(args, &config)?),
            origin: args.origin.clone().or(config.origin.clone()),
            constants,
            max_time: max_time(args)?,
            slow: if args.slow { Slow::Run } else { Slow::Skip },
            effects: effects(args, &config, &target, &allowed)?,
            key_id: args.key_id.clone().or(config.key_id.clone()),
            deadlines: Deadlines::of(Duration::from_secs_f64(timeout)),
            replay: replay::words(args, &target, &config, seed).join(" "),
            patterns: patterns.to_vec(),
            config,
            target,
            schemes,
            secret,
            second,
            suites,
            seed,
            transport,
        })
    }

    /// Sets the target up for one scheme.
    pub(crate) async fn start(&self, named: &Named, jobs: usize) -> Result<Session, Failed> {
        let setup = Setup {
            scheme: Arc::clone(&named.scheme),
            secret: self.secret.clone(),
            second: self.second.clone(),
            origin: self.origin.clone(),
            constants: self.constants.clone(),
            key_id: self.key_id.clone(),
            effects: self.effects.clone(),
            transport: self.transport,
            deadlines: self.deadlines,
            limiter: self.limiter.clone(),
            jobs,
            slow: self.slow,
            seed: self.seed,
            replay: format!("{} --scheme {}", self.replay, replay::quoted(&named.given)),
        };
        Ok(self.target.start(setup).await?)
    }

    /// Number of cases over all schemes.
    pub(crate) fn count(&self, catalog: &Catalog) -> usize {
        self.schemes.iter().map(|named| self.cases(catalog, &*named.scheme).len()).sum()
    }

    /// Refuses a pattern that matches nothing, and a mutant that no case can kill: a run of nothing is never a success.
    pub(crate) fn check_selection(&self) -> Result<(), Failed> {
        self.target.check_runs_cases()?;
        let names: Vec<&str> = self.schemes.iter().map(|named| named.scheme.file().scheme.as_str()).collect();
        match self.patterns.iter().find(|pattern| !select::chooses_any(pattern, &names, &self.suites)) {
            None => Ok(()),
            Some(pattern) => Err(select::no_case(pattern, &self.suites)),
        }
    }

    fn chooses(&self, scheme: &str, suite: &str, case: &str) -> bool {
        self.patterns.is_empty()
            || self.patterns.iter().any(|pattern| select::chooses(pattern, scheme, suite, case))
    }

    /// The selected cases, in order.
    pub(crate) fn cases<'a>(&'a self, catalog: &'a Catalog, scheme: &dyn Scheme) -> Vec<Planned<'a>> {
        let name = scheme.file().scheme.as_str();
        let chosen = self
            .suites
            .iter()
            .flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
            .filter(|(suite, case)| self.chooses(name, &suite.name, case.id.as_str()));
        run::plan(catalog, scheme, chosen)
    }
}

fn schemes(args: &TargetArgs, config: &Config, target: &TargetSpec) -> Result<Vec<Named>, Failed> {
    let catalog = Catalog::embedded();
    let named: Vec<&String> =
        if args.scheme.is_empty() { config.scheme.iter().collect() } else { args.scheme.iter().collect() };
    let all = "see `countersign list schemes`, or describe your own in a file (vectors/README.md)";
    match (target.profile().schemes, named.len()) {
        (SchemeChoice::One | SchemeChoice::Named, 0) => {
            return Err(Failed::usage_help(
                "--scheme is missing: how are requests to this target signed?",
                all,
            ));
        }
        (SchemeChoice::One, 2..) => {
            return Err(Failed::usage_help(
                "an endpoint has one scheme, but --scheme was given more than once",
                all,
            ));
        }
        (SchemeChoice::OfDriver, 0) => return driver_schemes(target),
        (SchemeChoice::All, 0) => {
            let named = |(name, scheme): (&SchemeName, &Arc<dyn Scheme>)| Named {
                given: name.to_string(),
                scheme: Arc::clone(scheme),
            };
            return Ok(catalog.schemes.iter().map(named).collect());
        }
        (SchemeChoice::One | SchemeChoice::Named | SchemeChoice::OfDriver | SchemeChoice::All, _) => {}
    }
    named.into_iter().map(|name| Ok(Named { given: name.clone(), scheme: scheme(name)? })).collect()
}

/// The schemes that a driver names in its `hello`.
fn driver_schemes(target: &TargetSpec) -> Result<Vec<Named>, Failed> {
    let TargetSpec::Exec(command) = target else { return Ok(Vec::new()) };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failed::usage(format!("error: the runtime cannot start: {error}")))?;
    let hello = runtime.block_on(greet(command))?;
    if hello.schemes.is_empty() {
        let message = format!("the driver of `{}` names no scheme", hello.name.escape_debug());
        return Err(Failed::usage_help(message, "name one with --scheme, or let its `hello` name some"));
    }
    hello.schemes.into_iter().map(|name| Ok(Named { scheme: scheme(&name)?, given: name })).collect()
}

/// A shipped scheme by name, or a user's scheme from a file.
pub(crate) fn scheme(name: &str) -> Result<Arc<dyn Scheme>, Failed> {
    let catalog = Catalog::embedded();
    if is_file(name) {
        let text = vectors::read(Path::new(name))?;
        return countersign_core::vector::scheme(name, &text)
            .map_err(|found| Failed::usage(found.to_string()));
    }
    catalog.schemes.get(name).cloned().ok_or_else(|| {
        let near = nearest(name, catalog.schemes.keys().map(|known| known.as_str()));
        unknown("scheme", name, near, "see `countersign list schemes`; a file of your own ends in .yaml")
    })
}

fn secret(args: &TargetArgs, config: &Config, target: &TargetSpec) -> Result<Option<Secret>, Failed> {
    let source = args.secret.as_ref().or(config.secret.as_ref());
    match (target.profile().secret, source) {
        (SecretSupply::Given, None) => {
            let help = "give the secret that the endpoint verifies with: --secret env:NAME, file:PATH, stdin or cmd:COMMAND";
            Err(Failed::usage_help("--secret is missing", help))
        }
        (SecretSupply::MadeUp, None) => Ok(None),
        (SecretSupply::Given | SecretSupply::MadeUp, Some(source)) => {
            let source: SecretSource =
                source.parse().map_err(|why| Failed::usage(format!("error: {why}")))?;
            source.read().map(Some)
        }
    }
}

/// The second sender. The embedded endpoint makes up its secret if none is given.
fn second(
    args: &TargetArgs,
    config: &Config,
    target: &TargetSpec,
    schemes: &[Named],
) -> Result<SecondSetup, Failed> {
    let path = args.second_path.clone().or(config.second_path.clone());
    let key_id = args.second_key_id.clone().or(config.second_key_id.clone());
    let given = args.second_secret.as_ref().or(config.second_secret.as_ref());
    if given.is_some() {
        target.profile().second_sender.check()?;
    }
    if given.is_none() && (args.second_path.is_some() || args.second_key_id.is_some()) {
        let help = "add --second-secret env:NAME, file:PATH, stdin or cmd:COMMAND";
        return Err(Failed::usage_help(
            "--second-path and --second-key-id need --second-secret: a second sender has a secret of its own",
            help,
        ));
    }
    if let Some(path) = &path {
        let names_key = |named: &Named| named.scheme.coverage(&Part::KeyId) != Coverage::Absent;
        let naming = if schemes.iter().all(names_key) { KeyNaming::Always } else { KeyNaming::NotAlways };
        target.check_second_path(path, naming)?;
    }
    let first = args.secret.as_ref().or(config.secret.as_ref());
    if given.is_some_and(|given| given == "stdin" && first == Some(given)) {
        let message = "standard input holds one secret, and --secret already reads it";
        return Err(Failed::usage_help(message, "give --second-secret env:NAME, file:PATH or cmd:COMMAND"));
    }
    let secret = match given {
        None => None,
        Some(source) => {
            let source: SecretSource =
                source.parse().map_err(|why| Failed::usage(format!("error: --second-secret: {why}")))?;
            Some(source.read()?)
        }
    };
    let key_id = key_id.unwrap_or_else(|| SecondSetup::default().key_id);
    Ok(SecondSetup { secret, path, key_id })
}

/// The effect counter, if one was given. The embedded endpoint has its own.
fn effects(
    args: &TargetArgs,
    config: &Config,
    target: &TargetSpec,
    allowed: &[String],
) -> Result<Option<CounterSpec>, Failed> {
    if let Err(refusal) = target.profile().effects.check() {
        // A profile may be shared by several targets, but an option is meant for this one.
        return if args.effects.is_some() { Err(refusal.into()) } else { Ok(None) };
    }
    let Some(text) = args.effects.as_ref().or(config.effects.as_ref()) else { return Ok(None) };
    let spec: CounterSpec = text.parse().map_err(|why| {
        let help = "write --effects http://127.0.0.1:8080/metrics#orders_total, or the URL of a plain number";
        Failed::usage_help(format!("--effects: {why}"), help)
    })?;
    guard_host(&spec.url, allowed).map_err(not_allowed)?;
    Ok(Some(spec))
}

fn oracle(args: &TargetArgs, config: &Config) -> Result<Oracle, Failed> {
    let mut oracle = Oracle::default();
    for (name, text, set) in [
        (
            "--accept-status",
            args.accept_status.as_ref().or(config.accept_status.as_ref()),
            &mut oracle.accepted,
        ),
        (
            "--reject-status",
            args.reject_status.as_ref().or(config.reject_status.as_ref()),
            &mut oracle.rejected,
        ),
    ] {
        if let Some(text) = text {
            *set = text.parse().map_err(|why| Failed::usage(format!("error: {name}: {why}")))?;
        }
    }
    Ok(oracle)
}

fn rate(args: &TargetArgs, config: &Config) -> Result<Option<u32>, Failed> {
    let Some(text) = args.rate.as_ref().or(config.rate.as_ref()) else { return Ok(None) };
    match text.strip_suffix("/s").unwrap_or(text).parse() {
        Ok(rate @ 1..) => Ok(Some(rate)),
        _ => Err(Failed::usage_help(format!("`{}` is not a rate", text.escape_debug()), "write --rate 50/s")),
    }
}

fn max_time(args: &TargetArgs) -> Result<Option<Duration>, Failed> {
    match args.max_time {
        None => Ok(None),
        Some(seconds) if (0.1..=86_400.0).contains(&seconds) => Ok(Some(Duration::from_secs_f64(seconds))),
        Some(_) => Err(Failed::usage_help(
            "--max-time must be a number of seconds from 0.1 to 86400",
            "300 is a good start",
        )),
    }
}

fn constants(args: &TargetArgs, config: &Config) -> Result<BTreeMap<String, String>, Failed> {
    let mut constants = config.constants.clone();
    for text in &args.constant {
        let Some((name, value)) = text.split_once('=') else {
            let message = format!("`{}` is not a constant", text.escape_debug());
            return Err(Failed::usage_help(
                message,
                "write --constant notification-url=https://example.com/hook",
            ));
        };
        constants.insert(name.to_owned(), value.to_owned());
    }
    Ok(constants)
}

/// The error for a host that was not allowed. Nothing was sent.
fn not_allowed(error: UsageError) -> Failed {
    Failed { exit: Exit::Guard, ..error.into() }
}
