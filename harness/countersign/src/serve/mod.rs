//! The embedded endpoint: a verifier behind a real socket.
//!
//! The types to know are [`Config`] and [`Running`]. Every request to the main port is verified, whatever its path;
//! metrics have their own port. Nothing here knows which cases exist.

mod audit;
mod connections;
mod hook;
mod metrics;
mod tap;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::reference::{Handler, Setup, Steps};
use countersign_core::recipe::Sender;
use countersign_core::scheme::{Deployment, Scheme, WrongSecret};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::timeout;

pub use audit::{AuditSink, Lines};
pub use metrics::EFFECTS;

use connections::{accept, serve_hook, serve_metrics};
use hook::Hook;

/// The time, as the endpoint sees it.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The configuration of an endpoint.
pub struct Config {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    /// The shared secret.
    pub secret: Secret,
    /// How requests are verified: the reference, or a mutant.
    pub steps: Arc<dyn Steps>,
    /// Origin and constants.
    pub deployment: Deployment,
    /// The endpoint's path, as the verifier knows it. Requests to other paths are verified too.
    pub path: String,
    /// A second sender, if there is one.
    pub second: Option<Sender>,
    /// Where it listens; port 0 takes a free port. Metrics get a free port on the same address.
    pub bind: SocketAddr,
    /// The time.
    pub clock: Clock,
    /// Where the audit log goes.
    pub audit: AuditSink,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("scheme", &self.scheme.file().scheme)
            .field("path", &self.path)
            .field("bind", &self.bind)
            .finish_non_exhaustive()
    }
}

/// Limits on requests and connections.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Maximum bytes of a body; a longer one is refused with 413.
    pub body: usize,
    /// How long the head of a request may take. An idle connection is closed after the same time.
    pub head_within: Duration,
    /// How long the body of a request may take; then the answer is 408.
    pub body_within: Duration,
    /// Maximum number of open connections; more have to wait.
    pub connections: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body: 32 << 20,
            head_within: Duration::from_secs(10),
            body_within: Duration::from_secs(10),
            connections: 512,
        }
    }
}

/// Why an endpoint does not start.
#[derive(Debug, thiserror::Error)]
pub enum CannotServe {
    /// The secret does not fit the scheme.
    #[error("{0}")]
    Secret(WrongSecret),
    /// It cannot listen on the address.
    #[error("cannot listen on {address}: {error}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        error: io::Error,
    },
}

/// Starts endpoints.
#[derive(Debug)]
pub struct Endpoint;

impl Endpoint {
    /// Starts an endpoint on the current runtime, with default limits.
    ///
    /// # Errors
    /// The secret does not fit the scheme, or it cannot listen on the address.
    pub async fn start(config: Config) -> Result<Running, CannotServe> {
        Self::start_within(config, Bounds::default()).await
    }

    /// Starts an endpoint on the current runtime, with these limits.
    ///
    /// # Errors
    /// The secret does not fit the scheme, or it cannot listen on the address.
    pub async fn start_within(config: Config, bounds: Bounds) -> Result<Running, CannotServe> {
        let key = config.scheme.key(&config.secret).map_err(CannotServe::Secret)?;
        let (listener, addr) = listen(config.bind).await?;
        let (metrics_listener, metrics_addr) = listen(SocketAddr::new(config.bind.ip(), 0)).await?;
        let mut setup = Setup::new(config.scheme, key, config.deployment, config.path);
        if let Some(Sender { key, target, deployment, .. }) = config.second {
            setup = setup.with_second(key, &deployment.key_id, target);
        }
        let handler = Arc::clone(&setup.handler);
        let hook = Arc::new(Hook::new(setup, config.steps, config.clock, config.audit, bounds));
        let (stop, stopped) = watch::channel(());
        let for_metrics = Arc::clone(&hook);
        let tasks = [
            tokio::spawn(accept(listener, bounds, stopped.clone(), move |stream, client, stopped| {
                serve_hook(stream, client, Arc::clone(&hook), stopped)
            })),
            tokio::spawn(accept(metrics_listener, bounds, stopped, move |stream, _, stopped| {
                serve_metrics(stream, Arc::clone(&for_metrics), stopped)
            })),
        ];
        Ok(Running { addr, metrics_addr, handler, stop, tasks })
    }
}

async fn listen(address: SocketAddr) -> Result<(TcpListener, SocketAddr), CannotServe> {
    let cannot = |error| CannotServe::Bind { address, error };
    let listener = TcpListener::bind(address).await.map_err(cannot)?;
    let bound = listener.local_addr().map_err(cannot)?;
    Ok((listener, bound))
}

/// An endpoint that serves until it is shut down or dropped.
#[derive(Debug)]
pub struct Running {
    addr: SocketAddr,
    metrics_addr: SocketAddr,
    handler: Arc<Handler>,
    stop: watch::Sender<()>,
    tasks: [JoinHandle<()>; 2],
}

/// How long requests in progress may take at shutdown.
const GRACE: Duration = Duration::from_secs(2);

impl Running {
    /// Where the endpoint listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Where it answers `GET /metrics`.
    pub fn metrics_addr(&self) -> SocketAddr {
        self.metrics_addr
    }

    /// The handler that gets accepted requests.
    pub fn handler(&self) -> &Arc<Handler> {
        &self.handler
    }

    /// Stops listening, closes idle connections, and gives requests in progress two seconds to finish.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(());
        for task in &mut self.tasks {
            // Aborting the task closes its connections.
            if timeout(GRACE, &mut *task).await.is_err() {
                task.abort();
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}
