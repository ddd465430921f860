//! From a plan to something that can be sent to: a carrier, and for the embedded targets an endpoint.

use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::place::NOW;
use countersign_conformance::reference::Steps;
use countersign_core::line::Hello;
use countersign_core::recipe::Sender;
use countersign_core::redact::Redactor;
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::secret::Secret;
use url::Url;

use super::args::CarrierName;
use super::plan::{Named, Plan, quoted};
use crate::exit::{Exit, Failed};
use crate::targets::TargetSpec;
use countersign::carrier::{
    CannotServe, CannotStartDriver, Carrier, CommandLine, Deadlines, Held, Polite, Pool, Process, Raw,
    Served, Setting,
};
use countersign::made_up_secret;
use countersign::run::{Counter, Pace, Signer, Subject, Workshop, clock};
use countersign::serve::{AuditSink, Endpoint, Running};

/// Host name under which the embedded endpoint is addressed, so that requests do not depend on its port.
pub(crate) const EMBEDDED_HOST: &str = "countersign.test";
/// Path of the hook on the embedded endpoint.
pub(crate) const EMBEDDED_PATH: &str = "/hook";

/// Drivers that are started at most.
const DRIVERS: usize = 2;

/// What was started for a subject, and is to be ended with it.
pub(crate) enum Behind {
    /// Nothing.
    Nothing,
    /// An endpoint of our own.
    Endpoint(Running),
    /// Drivers.
    Drivers(Arc<Pool>),
    /// A server.
    Server(Arc<Served>),
}

impl Behind {
    /// Ends it.
    pub(crate) async fn shutdown(self) {
        match self {
            Self::Nothing => {}
            Self::Endpoint(running) => running.shutdown().await,
            // How it takes leave says nothing of the library; `doctor` looks at it.
            Self::Drivers(pool) => drop(pool.shutdown().await),
            Self::Server(served) => served.shutdown().await,
        }
    }
}

/// Asks a driver who it is.
pub(crate) fn greet(command: &CommandLine) -> Result<Hello, Failed> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Failed::usage(format!("error: the runtime cannot start: {error}")))?;
    runtime.block_on(async {
        let pool = drivers(command, 1, Deadlines::default().total, Held::ToTypes).await?;
        let hello = pool.hello().clone();
        drop(pool.shutdown().await);
        Ok(hello)
    })
}

pub(crate) async fn drivers(
    command: &CommandLine,
    jobs: usize,
    patience: Duration,
    held: Held,
) -> Result<Pool, Failed> {
    let here = tokio::runtime::Handle::current();
    Pool::start(command.clone(), jobs.min(DRIVERS), patience, held, here).await.map_err(|why| match &why {
        CannotStartDriver::NoProgram { .. } => {
            Failed::usage_help(why.to_string(), "check the command line after `exec:`; no shell reads it")
        }
        CannotStartDriver::NoHello { .. } => Failed {
            exit: Exit::Inconclusive,
            message: format!("error: {why}\n  help: conformance/PROTOCOL.md says what a driver does"),
        },
    })
}

/// One scheme against the target; for the embedded endpoint, a fresh one with empty memory.
pub(crate) async fn subject(plan: &Plan, named: &Named, jobs: usize) -> Result<(Subject, Behind), Failed> {
    let scheme = &named.scheme;
    let steps: Option<Arc<dyn Steps>> = plan.target.steps()?;
    let secret = plan.secret.clone().unwrap_or_else(|| made_up_secret(&**scheme, plan.seed));
    let replay = format!("{} --scheme {}", plan.replay, quoted(&named.given));
    let second = second_sender(plan, &**scheme)?;
    let workshop = steps.as_ref().map(|steps| Workshop {
        steps: Arc::clone(steps),
        deployment: deployment(plan, format!("https://{EMBEDDED_HOST}")),
        path: EMBEDDED_PATH.to_owned(),
        second: second.clone(),
    });
    let (host, target, origin, address, carrier, behind) = match (&plan.target, steps) {
        (TargetSpec::Exec(command), _) => {
            let pool = Arc::new(drivers(command, jobs, plan.deadlines.total, Held::ToTypes).await?);
            let (origin, hello) = (format!("https://{EMBEDDED_HOST}"), pool.hello());
            let name = scheme.file().scheme.as_str();
            if !hello.schemes.iter().any(|known| known == name) {
                let message =
                    format!("the driver of `{}` does not verify `{name}`", hello.name.escape_debug());
                let help = format!("it names: {}", hello.schemes.join(", ").escape_debug());
                return Err(Failed::usage_help(message, help));
            }
            let process = Process::new(
                Arc::clone(&pool),
                &**scheme,
                secret.clone(),
                &deployment(plan, origin.clone()),
                NOW,
            );
            let (host, path) = (EMBEDDED_HOST.to_owned(), EMBEDDED_PATH.to_owned());
            (host, path, origin, None, Carrier::Process(process), Behind::Drivers(pool))
        }
        (TargetSpec::Serve(command), _) => {
            let served = Arc::new(served(plan, &**scheme, command, secret.clone()).await?);
            let path = served.about().map_or(EMBEDDED_PATH, |about| &about.path).to_owned();
            let address = (served.address().ip().to_string(), served.address().port());
            // It speaks plain HTTP, and may sign what it is spoken to by.
            let (host, origin) = (EMBEDDED_HOST.to_owned(), format!("http://{EMBEDDED_HOST}"));
            (host, path, origin, Some(address), Carrier::Served(Arc::clone(&served)), Behind::Server(served))
        }
        (TargetSpec::Url(url), _) => {
            let (host, port) =
                (url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned(), port_of(url));
            let target = url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
            let authority = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
            let origin = origin_of(url);
            let carrier = match plan.carrier {
                CarrierName::Raw => Carrier::Raw(Raw::new(host.clone(), port, plan.deadlines)),
                CarrierName::Polite => Carrier::Polite(
                    Polite::new(url.clone(), plan.deadlines, None)
                        .map_err(|why| Failed::usage(format!("error: {why}")))?,
                ),
            };
            (authority, target, origin, Some((host, port)), carrier, Behind::Nothing)
        }
        (_, steps) => {
            let steps = steps.expect("every target but an address or a driver is embedded");
            let deployment = deployment(plan, format!("https://{EMBEDDED_HOST}"));
            let endpoint = Endpoint::start(countersign::serve::Config {
                scheme: Arc::clone(scheme),
                secret: secret.clone(),
                steps,
                deployment,
                path: EMBEDDED_PATH.to_owned(),
                second: second.clone(),
                bind: ([127, 0, 0, 1], 0).into(),
                clock: Arc::new(clock::now),
                audit: AuditSink::Discard,
            })
            .await
            .map_err(|error| Failed::usage(format!("error: the embedded endpoint cannot start: {error}")))?;
            let address = (endpoint.addr().ip().to_string(), endpoint.addr().port());
            let carrier = match plan.carrier {
                CarrierName::Raw => Carrier::Raw(Raw::new(address.0.clone(), address.1, plan.deadlines)),
                CarrierName::Polite => {
                    let text = format!("http://{}:{}{EMBEDDED_PATH}", address.0, address.1);
                    let url = Url::parse(&text).expect("an address and a path make a URL");
                    Carrier::Polite(
                        Polite::new(url, plan.deadlines, None)
                            .map_err(|why| Failed::usage(format!("error: {why}")))?,
                    )
                }
            };
            let origin = format!("https://{EMBEDDED_HOST}");
            let (host, path) = (EMBEDDED_HOST.to_owned(), EMBEDDED_PATH.to_owned());
            (host, path, origin, Some(address), carrier, Behind::Endpoint(endpoint))
        }
    };
    let pace = Pace::per_second(plan.rate);
    let deployment = deployment(plan, origin);
    let (scheme, seed) = (Arc::clone(scheme), plan.seed);
    let sender = Sender::new(&*scheme, secret, target, deployment)
        .map_err(|why| Failed::usage(format!("error: {why}")))?;
    let signer = Signer { scheme, sender, host, address, replay, seed };
    let mut subject = Subject::new(signer, carrier, pace);
    subject.effects = match &plan.effects {
        Some(spec) => Some(
            Counter::new(spec, plan.deadlines)
                .map_err(|why| Failed::usage(format!("error: --effects: {why}")))?,
        ),
        None => None,
    };
    subject.second = second;
    if subject.second.as_ref().is_some_and(|second| second.key[..] == subject.key()[..]) {
        let help = "the cases between two senders need two keys";
        return Err(Failed::usage_help("--second-secret is the same secret as --secret", help));
    }
    subject.slow = plan.slow;
    subject.workshop = workshop;
    Ok((subject, behind))
}

/// A server, started for one scheme and secret.
async fn served(
    plan: &Plan,
    scheme: &dyn Scheme,
    command: &CommandLine,
    secret: Secret,
) -> Result<Served, Failed> {
    let name = scheme.file().scheme.to_string();
    let mut redactor = Redactor::new(std::slice::from_ref(&secret));
    if let Ok(key) = scheme.key(&secret) {
        redactor = redactor.and(&key);
    }
    let (command, deadlines) = (command.clone(), plan.deadlines);
    let setting = Setting { command, scheme: name.clone(), time: NOW, deadlines, redactor };
    let started = Served::start(setting, secret, tokio::runtime::Handle::current()).await;
    let served = started.map_err(|why| match &why {
        CannotServe::NoProgram { .. } => {
            Failed::usage_help(why.to_string(), "check the command line after `serve:`; no shell reads it")
        }
        CannotServe::Silent { .. } => Failed {
            exit: Exit::Inconclusive,
            message: format!(
                "error: {why}\n  help: it gets PORT and HOOK_SECRET in its environment, and prints `listening 127.0.0.1:PORT` once it \
                 listens"
            ),
        },
    })?;
    if let Some(about) = served.about()
        && !about.schemes.is_empty()
        && !about.schemes.contains(&name)
    {
        let message = format!("the server of `{}` does not verify `{name}`", about.name.escape_debug());
        let help = format!("it names: {}", about.schemes.join(", ").escape_debug());
        return Err(Failed::usage_help(message, help));
    }
    Ok(served)
}

/// The second sender; none if somebody else runs the target and nobody said that there is one.
fn second_sender(plan: &Plan, scheme: &dyn Scheme) -> Result<Option<Sender>, Failed> {
    let given = plan.second.secret.clone();
    let (secret, own, origin) = match &plan.target {
        TargetSpec::Exec(_) | TargetSpec::Serve(_) => return Ok(None),
        TargetSpec::Url(url) => {
            let Some(secret) = given else { return Ok(None) };
            (secret, url.path().trim_end_matches('/'), origin_of(url))
        }
        // Another seed, another secret.
        TargetSpec::Reference | TargetSpec::Mutant(_) => {
            let secret = given.unwrap_or_else(|| made_up_secret(scheme, !plan.seed));
            (secret, EMBEDDED_PATH, format!("https://{EMBEDDED_HOST}"))
        }
    };
    let path = plan.second.path.clone().unwrap_or_else(|| format!("{own}/second"));
    let deployment = Deployment { key_id: plan.second.key_id.clone(), ..deployment(plan, origin) };
    let sender = Sender::new(scheme, secret, path, deployment);
    sender.map(Some).map_err(|why| Failed::usage(format!("error: --second-secret: {why}")))
}

/// Scheme, host and port of a URL.
fn origin_of(url: &Url) -> String {
    format!("{}://{}", url.scheme(), &url[url::Position::BeforeHost..url::Position::AfterPort])
}

fn deployment(plan: &Plan, origin: String) -> Deployment {
    let mut deployment =
        Deployment { origin: plan.origin.clone().unwrap_or(origin), ..Deployment::default() };
    deployment.constants.clone_from(&plan.constants);
    if let Some(key_id) = &plan.key_id {
        deployment.key_id.clone_from(key_id);
    }
    deployment
}

fn port_of(url: &Url) -> u16 {
    url.port_or_known_default().unwrap_or(80)
}
