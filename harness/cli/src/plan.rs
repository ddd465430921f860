//! What a command will run: the command line and the profile, merged and checked.
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

use super::args::{CarrierName, TargetArgs};
use super::explain::unknown;
use super::subject::EMBEDDED_PATH;
use super::{select, vectors};
use crate::config::{Config, is_file};
use crate::exit::Failed;
use crate::secret_source::SecretSource;
use crate::targets::{TargetSpec, guard_host, without_mutant};
use countersign::carrier::{CommandLine, Deadlines};
use countersign::run::{CounterSpec, Planned, Robust};

/// A scheme and how the person named it.
pub(crate) struct Named {
    pub(crate) given: String,
    pub(crate) scheme: Arc<dyn Scheme>,
}

/// What a person says of a second sender.
pub(crate) struct Second {
    pub(crate) secret: Option<Secret>,
    pub(crate) path: Option<String>,
    pub(crate) key_id: String,
}

/// What will be run.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) target: TargetSpec,
    pub(crate) schemes: Vec<Named>,
    pub(crate) secret: Option<Secret>,
    /// A second sender, as far as the person named one.
    pub(crate) second: Second,
    pub(crate) suites: Vec<Suite>,
    pub(crate) patterns: Vec<String>,
    pub(crate) seed: u64,
    pub(crate) oracle: Oracle,
    pub(crate) deadlines: Deadlines,
    pub(crate) rate: Option<u32>,
    pub(crate) carrier: CarrierName,
    pub(crate) origin: Option<String>,
    pub(crate) constants: BTreeMap<String, String>,
    pub(crate) key_id: Option<String>,
    /// Where a target that somebody else runs counts what it does.
    pub(crate) effects: Option<CounterSpec>,
    pub(crate) max_time: Option<Duration>,
    /// Whether cases that wait are run.
    pub(crate) slow: bool,
    pub(crate) replay: String,
}

impl Plan {
    pub(crate) fn new(args: &TargetArgs, patterns: &[String]) -> Result<Self, Failed> {
        let config = Config::load(args.config.as_deref())?;
        let target: TargetSpec =
            args.target.as_deref().or(config.target.as_deref()).unwrap_or("reference").parse()?;
        let target = match (target, &args.folder) {
            (TargetSpec::Exec(command), Some(folder)) => TargetSpec::Exec(command.within(folder)),
            (TargetSpec::Serve(command), Some(folder)) => TargetSpec::Serve(command.within(folder)),
            (other, _) => other,
        };
        let allowed: Vec<String> = args.allow_host.iter().chain(&config.allow_host).cloned().collect();
        target.guard(&allowed)?;
        let constants = constants(args, &config)?;
        let mut schemes = schemes(args, &config, &target)?;
        for named in &mut schemes {
            named.scheme = with_constants(&named.scheme, &constants).map_err(|why| {
                Failed::usage_help(why.to_string(), "see `--constant` and `constants:` of the configuration")
            })?;
        }
        let second = second(args, &config, &target, &schemes)?;
        let secret = secret(args, &config, &target)?;
        for secret in [&secret, &second.secret].into_iter().flatten() {
            for Named { scheme, .. } in &schemes {
                scheme.key(secret).map_err(|why| {
                    let message =
                        format!("the secret does not fit the scheme `{}`: {why}", scheme.file().scheme);
                    Failed::usage_help(message, "give the secret in the form in which the sender shows it")
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
                "--timeout is a number of seconds from 0.01 to 600",
                "5 is the default",
            ));
        }
        let total = Duration::from_secs_f64(timeout);
        let https = matches!(&target, TargetSpec::Url(url) if url.scheme() == "https");
        let carrier = match (args.carrier, https) {
            (Some(CarrierName::Raw), true) => {
                let help = "leave --carrier out, or terminate TLS before the endpoint and test it over http";
                return Err(Failed::usage_help("the raw carrier speaks plain HTTP only", help));
            }
            (Some(carrier), _) => carrier,
            (None, true) => CarrierName::Polite,
            (None, false) => CarrierName::Raw,
        };
        if matches!(target, TargetSpec::Exec(_) | TargetSpec::Serve(_)) && args.carrier.is_some() {
            let help = "leave it out: a driver is asked by lines, and a server that is started here gets exact octets";
            return Err(Failed::usage_help("--carrier is for endpoints by address and for our own", help));
        }
        Ok(Self {
            oracle: oracle(args, &config)?,
            rate: rate(args, &config)?,
            origin: args.origin.clone().or(config.origin.clone()),
            constants,
            max_time: max_time(args)?,
            slow: args.slow,
            effects: effects(args, &config, &target, &allowed)?,
            key_id: args.key_id.clone().or(config.key_id.clone()),
            deadlines: Deadlines { connect: total, read: total, total },
            replay: replay_command(args, &target, seed),
            patterns: patterns.to_vec(),
            config,
            target,
            schemes,
            secret,
            second,
            suites,
            seed,
            carrier,
        })
    }

    /// Cases over all schemes.
    pub(crate) fn count(&self, catalog: &Catalog, robust: &Robust<'_>) -> usize {
        self.schemes.iter().map(|named| self.cases(catalog, robust, &*named.scheme).len()).sum()
    }

    /// Refuses a pattern that chooses nothing, and a mutant that no case can kill: nothing run is never a success.
    pub(crate) fn check_selection(&self) -> Result<(), Failed> {
        if let TargetSpec::Mutant(id) = &self.target
            && countersign_conformance::mutants::Mutant::shown_by_timing(id).is_some()
        {
            return without_mutant(Catalog::embedded(), id).map_or(Ok(()), Err);
        }
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

    /// The cases that match, in order.
    pub(crate) fn cases<'a>(
        &'a self,
        catalog: &'a Catalog,
        robust: &'a Robust<'a>,
        scheme: &dyn Scheme,
    ) -> Vec<Planned<'a>> {
        let name = scheme.file().scheme.as_str();
        self.suites
            .iter()
            .flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
            .filter(|(suite, case)| self.chooses(name, &suite.name, case.id.as_str()))
            .filter_map(|(suite, case)| {
                let requirement = catalog.decides(case, scheme)?;
                Some(Planned { suite, case, requirement, robust })
            })
            .collect()
    }
}

fn schemes(args: &TargetArgs, config: &Config, target: &TargetSpec) -> Result<Vec<Named>, Failed> {
    let catalog = Catalog::embedded();
    let named: Vec<&String> =
        if args.scheme.is_empty() { config.scheme.iter().collect() } else { args.scheme.iter().collect() };
    let all = || "see `countersign list schemes`, or describe your own in a file (vectors/README.md)";
    match (target, named.len()) {
        (TargetSpec::Url(_) | TargetSpec::Serve(_), 0) => {
            return Err(Failed::usage_help("how does this endpoint sign? --scheme is missing", all()));
        }
        (TargetSpec::Exec(command), 0) => return spoken(command),
        (TargetSpec::Url(_), 2..) => {
            return Err(Failed::usage_help(
                "an endpoint has one scheme; --scheme was given more than once",
                all(),
            ));
        }
        (_, 0) => {
            let named = |(name, scheme): (&SchemeName, &Arc<dyn Scheme>)| Named {
                given: name.to_string(),
                scheme: Arc::clone(scheme),
            };
            return Ok(catalog.schemes.iter().map(named).collect());
        }
        _ => {}
    }
    named.into_iter().map(|name| Ok(Named { given: name.clone(), scheme: scheme(name)? })).collect()
}

/// The schemes that a driver says it verifies.
fn spoken(command: &CommandLine) -> Result<Vec<Named>, Failed> {
    let hello = super::subject::greet(command)?;
    if hello.schemes.is_empty() {
        let message = format!("the driver of `{}` names no scheme", hello.name.escape_debug());
        return Err(Failed::usage_help(message, "name one with --scheme, or in its `hello`"));
    }
    hello.schemes.into_iter().map(|name| Ok(Named { scheme: scheme(&name)?, given: name })).collect()
}

/// A scheme by name, or from a file of the user.
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
    match (target, source) {
        (TargetSpec::Url(_), None) => {
            let help =
                "the endpoint and Countersign share it: --secret env:NAME, file:PATH, stdin or cmd:COMMAND";
            Err(Failed::usage_help("--secret is missing", help))
        }
        (
            TargetSpec::Reference | TargetSpec::Mutant(_) | TargetSpec::Exec(_) | TargetSpec::Serve(_),
            None,
        ) => Ok(None),
        (_, Some(source)) => {
            let source: SecretSource =
                source.parse().map_err(|why| Failed::usage(format!("error: {why}")))?;
            source.read().map(Some)
        }
    }
}

/// The second sender. That of the embedded endpoint has a secret that is made up, if none is given.
fn second(
    args: &TargetArgs,
    config: &Config,
    target: &TargetSpec,
    schemes: &[Named],
) -> Result<Second, Failed> {
    let path = args.second_path.clone().or(config.second_path.clone());
    let key_id = args.second_key_id.clone().or(config.second_key_id.clone());
    let given = args.second_secret.as_ref().or(config.second_secret.as_ref());
    if matches!(target, TargetSpec::Exec(_) | TargetSpec::Serve(_)) && given.is_some() {
        let help = "leave --second-secret out, or start an endpoint with both secrets yourself";
        return Err(Failed::usage_help("a driver or a server is given one secret at a time", help));
    }
    if given.is_none() && (args.second_path.is_some() || args.second_key_id.is_some()) {
        let help = "give --second-secret env:NAME, file:PATH, stdin or cmd:COMMAND";
        return Err(Failed::usage_help("a second sender needs a secret of its own", help));
    }
    if path.as_ref().is_some_and(|path| !path.starts_with('/')) {
        return Err(Failed::usage_help(
            "--second-path starts with a slash",
            "write --second-path /hook/second",
        ));
    }
    let embedded = !matches!(target, TargetSpec::Url(_));
    if embedded && path.as_deref() == Some(EMBEDDED_PATH) {
        let message = format!("`{EMBEDDED_PATH}` is the endpoint of the first sender");
        return Err(Failed::usage_help(message, "give --second-path another path, or leave it out"));
    }
    let first = args.secret.as_ref().or(config.secret.as_ref());
    if given.is_some_and(|given| given == "stdin" && first == Some(given)) {
        let message = "standard input holds one secret, and --secret reads it";
        return Err(Failed::usage_help(message, "give --second-secret env:NAME, file:PATH or cmd:COMMAND"));
    }
    if let (TargetSpec::Url(url), Some(path)) = (target, &path) {
        let own = url[url::Position::BeforePath..url::Position::AfterQuery] == **path;
        let named = |named: &Named| named.scheme.coverage(&Part::KeyId) != Coverage::Absent;
        if own && !schemes.iter().all(named) {
            let message = "where requests name no key, two senders cannot share one endpoint";
            return Err(Failed::usage_help(message, "give --second-path the path of the second one"));
        }
    }
    let secret = match given {
        None => None,
        Some(source) => {
            let source: SecretSource =
                source.parse().map_err(|why| Failed::usage(format!("error: --second-secret: {why}")))?;
            Some(source.read()?)
        }
    };
    Ok(Second { secret, path, key_id: key_id.unwrap_or_else(|| "secondary".to_owned()) })
}

/// Where effects are counted. The embedded endpoint counts by itself.
fn effects(
    args: &TargetArgs,
    config: &Config,
    target: &TargetSpec,
    allowed: &[String],
) -> Result<Option<CounterSpec>, Failed> {
    let TargetSpec::Url(_) = target else {
        return match args.effects {
            None => Ok(None),
            Some(_) => Err(Failed::usage_help(
                "--effects is for endpoints of your own",
                "give the address of an endpoint with --target; the embedded one counts by itself",
            )),
        };
    };
    let Some(text) = args.effects.as_ref().or(config.effects.as_ref()) else { return Ok(None) };
    let spec: CounterSpec = text.parse().map_err(|why| {
        let help =
            "write --effects http://127.0.0.1:8080/metrics#orders_total, or the address of a plain number";
        Failed::usage_help(format!("--effects: {why}"), help)
    })?;
    guard_host(&spec.url, allowed)?;
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
            "--max-time is a number of seconds from 0.1 to 86400",
            "300 is a good one",
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

/// The command that runs a case again, up to the scheme and the case.
fn replay_command(args: &TargetArgs, target: &TargetSpec, seed: u64) -> String {
    let mut words = vec!["countersign replay".to_owned()];
    if *target != TargetSpec::Reference {
        words.push(format!("--target {}", quoted(&target.name())));
    }
    let mut option = |name: &str, value: Option<&String>| {
        if let Some(value) = value {
            words.push(format!("--{name} {}", quoted(value)));
        }
    };
    option("secret", args.secret.as_ref());
    option("second-secret", args.second_secret.as_ref());
    option("second-path", args.second_path.as_ref());
    option("second-key-id", args.second_key_id.as_ref());
    option("origin", args.origin.as_ref());
    option("key-id", args.key_id.as_ref());
    option("effects", args.effects.as_ref());
    option("accept-status", args.accept_status.as_ref());
    option("reject-status", args.reject_status.as_ref());
    for host in &args.allow_host {
        option("allow-host", Some(host));
    }
    for constant in &args.constant {
        option("constant", Some(constant));
    }
    for suite in args.suite.iter().filter(|suite| suite.ends_with(".yaml")) {
        option("suite", Some(suite));
    }
    let config = args.config.as_ref().map(|path| path.display().to_string());
    option("config", config.as_ref());
    option("seed", Some(&seed.to_string()));
    words.join(" ")
}

/// A word for a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@,+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}
