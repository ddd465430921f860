//! The embedded endpoint: the reference verifier or a mutant of it, behind a real socket.
//!
//! The types to know are [`Spec`] and [`Embedded`]. [`EndpointFactory`] starts more of them for single cases, with
//! another secret or a clock that can be moved.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use countersign_conformance::mutants::{MUTANTS, Mutant, SHOWN_BY_TIMING};
use countersign_conformance::reference::{Reference, Steps};
use countersign_core::id::nearest;
use countersign_core::observe::{Observation, Oracle};
use countersign_core::recipe::Sender;
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::secret::Secret;
use countersign_core::wire::Wire;
use tokio::sync::Mutex;

use super::setup::{CannotSetUp, Setup, Started};
use super::{
    Behavior, CannotVary, HOST, Kind, PATH, Profile, SchemeChoice, SecretSupply, Support, UsageError,
    Variant, url,
};
use crate::clock;
use crate::counter::Counter;
use crate::serve::{AuditSink, CannotServe, Config, Endpoint, Running};
use crate::transport::{Deadlines, Raw, Transport, TransportName};

/// Defaults for an embedded endpoint. It takes many connections.
pub(super) const PROFILE: Profile = Profile {
    jobs: 16,
    secret: SecretSupply::MadeUp,
    schemes: SchemeChoice::All,
    second_sender: Support::Yes,
    effects: Support::No {
        message: "--effects needs an endpoint given by its URL",
        help: "leave it out: the embedded endpoint counts effects by itself",
    },
    transport: Support::Yes,
};

/// The verifier of an embedded endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spec {
    /// The correct one.
    Reference,
    /// A deliberately broken one, by its bug class.
    Mutant(String),
}

impl Spec {
    /// Parses an embedded target; `None` if the text names another kind.
    pub(super) fn parse(text: &str) -> Option<Result<Self, UsageError>> {
        if text == "reference" {
            return Some(Ok(Self::Reference));
        }
        let id = text.strip_prefix("mutant:")?;
        Some(mutant(id).map(|_| Self::Mutant(id.to_uppercase())))
    }

    pub(super) fn name(&self) -> String {
        match self {
            Self::Reference => "reference".to_owned(),
            Self::Mutant(id) => format!("mutant:{id}"),
        }
    }

    /// Refuses a mutant that only timing shows.
    pub(super) fn check_runs_cases(&self) -> Result<(), UsageError> {
        match self {
            Self::Mutant(id) if Mutant::shown_by_timing(id).is_some() => {
                no_mutant_error(id).map_or(Ok(()), Err)
            }
            Self::Mutant(_) | Self::Reference => Ok(()),
        }
    }

    /// The verifier.
    ///
    /// # Errors
    /// There is no such mutant.
    pub fn steps(&self) -> Result<Arc<dyn Steps>, UsageError> {
        match self {
            Self::Reference => Ok(Arc::new(Reference)),
            Self::Mutant(id) => mutant(id),
        }
    }

    pub(super) async fn start(&self, setup: &Setup) -> Result<Started, CannotSetUp> {
        let origin = format!("https://{HOST}");
        let factory = EndpointFactory {
            steps: self.steps()?,
            deployment: setup.deployment(&origin),
            second: setup.embedded_sender(&origin)?,
        };
        let running = factory.start(&setup.scheme, &setup.secret(), Arc::default()).await?;
        let (host, port) = (running.addr().ip().to_string(), running.addr().port());
        let transport = match setup.transport.unwrap_or(TransportName::Raw) {
            TransportName::Raw => Transport::Raw(Raw::new(host.clone(), port, setup.deadlines)),
            TransportName::HttpClient => {
                let text = format!("http://{host}:{port}{PATH}");
                let address = ::url::Url::parse(&text).expect("an address and a path make a URL");
                url::client(address, setup.deadlines)?
            }
        };
        Ok(Started {
            kind: Kind::Embedded(Embedded::new(running, transport, Scope::WholeRun, factory)),
            host: HOST.to_owned(),
            path: PATH.to_owned(),
            origin,
            address: Some((host, port)),
        })
    }
}

/// The verifier of a mutant.
///
/// # Errors
/// There is no mutant with this id; the help names similar ones.
pub fn mutant(id: &str) -> Result<Arc<dyn Steps>, UsageError> {
    let wanted = id.to_uppercase();
    if let Some(mutant) = MUTANTS.iter().chain(SHOWN_BY_TIMING).find(|mutant| mutant.class == wanted) {
        return Ok(Arc::from((mutant.make)()));
    }
    if let Some(error) = no_mutant_error(&wanted) {
        return Err(error);
    }
    let near: Vec<String> = nearest(&wanted, MUTANTS.iter().map(|mutant| mutant.class))
        .into_iter()
        .map(|name| format!("`{name}`"))
        .collect();
    let help = if near.is_empty() {
        "see `countersign list mutants`".to_owned()
    } else {
        format!("did you mean {}? see `countersign list mutants`", near.join(" or "))
    };
    Err(UsageError::new(format!("unknown mutant `{}`", id.escape_debug()), help))
}

/// The error for a bug class without a mutant that cases can kill; `None` if there is no such class.
pub fn no_mutant_error(class: &str) -> Option<UsageError> {
    use countersign_core::spec::ClassState;
    let class = countersign_conformance::Catalog::embedded().bug_classes.get(class)?;
    if Mutant::shown_by_timing(class.id.as_str()).is_some() {
        let message = format!("only timing shows the bug class `{}`: no case can kill its mutant", class.id);
        let help = format!("measure it: countersign timing --target mutant:{} --scheme github", class.id);
        return Some(UsageError::new(message, help));
    }
    let why = match &class.state {
        ClassState::Covered => class.state.name().to_owned(),
        ClassState::Planned(why) | ClassState::NotTestable(why) => format!("{}: {why}", class.state.name()),
    };
    let message = format!("the bug class `{}` has no mutant ({why})", class.id);
    Some(UsageError::new(message, "see `countersign list mutants`"))
}

/// Refuses the path of the first sender for the second one.
pub(super) fn check_second_path(path: &str) -> Result<(), UsageError> {
    if path != PATH {
        return Ok(());
    }
    let message = format!("`{PATH}` is the endpoint of the first sender");
    Err(UsageError::new(message, "give --second-path another path, or leave it out"))
}

/// Starts more endpoints like the one under test.
#[derive(Clone)]
pub struct EndpointFactory {
    steps: Arc<dyn Steps>,
    deployment: Deployment,
    second: Sender,
}

impl fmt::Debug for EndpointFactory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EndpointFactory").finish_non_exhaustive()
    }
}

impl EndpointFactory {
    /// Starts an endpoint on the current runtime. `offset` moves its clock, in seconds.
    async fn start(
        &self,
        scheme: &Arc<dyn Scheme>,
        secret: &Secret,
        offset: Arc<AtomicI64>,
    ) -> Result<Running, CannotServe> {
        Endpoint::start(Config {
            scheme: Arc::clone(scheme),
            secret: secret.clone(),
            steps: Arc::clone(&self.steps),
            deployment: self.deployment.clone(),
            path: PATH.to_owned(),
            second: Some(self.second.clone()),
            bind: ([127, 0, 0, 1], 0).into(),
            clock: Arc::new(move || clock::now().plus_seconds(offset.load(Ordering::Relaxed))),
            audit: AuditSink::Discard,
        })
        .await
    }
}

/// Whether an endpoint serves a whole run or one case.
#[derive(Debug)]
enum Scope {
    /// The whole run, with this machine's clock.
    WholeRun,
    /// One case, with a clock that can be moved.
    OneCase(Arc<AtomicI64>),
}

/// A running embedded endpoint.
#[derive(Debug)]
pub struct Embedded {
    running: Mutex<Option<Running>>,
    handler: Arc<countersign_conformance::reference::Handler>,
    metrics: std::net::SocketAddr,
    transport: Transport,
    scope: Scope,
    factory: EndpointFactory,
}

impl Embedded {
    fn new(running: Running, transport: Transport, scope: Scope, factory: EndpointFactory) -> Self {
        let (handler, metrics) = (Arc::clone(running.handler()), running.metrics_addr());
        Self { running: Mutex::new(Some(running)), handler, metrics, transport, scope, factory }
    }
}

impl Behavior for Embedded {
    async fn deliver(&self, wire: &Wire) -> Observation {
        self.transport.deliver(wire).await
    }

    fn set_oracle(&self, oracle: Oracle) {
        self.transport.set_oracle(oracle);
    }

    fn raw(&self) -> Result<&Raw, &'static str> {
        self.transport.raw()
    }

    fn stays_on_one_runtime(&self) -> bool {
        matches!(self.transport, Transport::HttpClient(_))
    }

    async fn variant(&self, wanted: &Variant<'_>) -> Option<Result<Kind, CannotVary>> {
        let offset = Arc::new(AtomicI64::new(0));
        let started = self.factory.start(wanted.scheme, wanted.secret, Arc::clone(&offset)).await;
        Some(started.map_err(CannotVary::from).map(|running| {
            let address = running.addr();
            let raw = Raw::new(address.ip().to_string(), address.port(), Deadlines::default());
            let scope = Scope::OneCase(offset);
            Kind::Embedded(Self::new(running, Transport::Raw(raw), scope, self.factory.clone()))
        }))
    }

    fn clock_offset(&self) -> Option<&Arc<AtomicI64>> {
        match &self.scope {
            Scope::WholeRun => None,
            Scope::OneCase(offset) => Some(offset),
        }
    }

    fn fail_handler(&self) {
        if let Scope::OneCase(_) = self.scope {
            self.handler.fail_next();
        }
    }

    fn counter(&self) -> Option<Counter> {
        match self.scope {
            Scope::WholeRun => None,
            Scope::OneCase(_) => Some(Counter::embedded(self.metrics)),
        }
    }

    async fn shutdown(&self) {
        if let Some(running) = self.running.lock().await.take() {
            running.shutdown().await;
        }
    }
}
