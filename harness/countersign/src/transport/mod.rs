//! Ways over the network: exact bytes over TCP, or a full HTTP client.
//!
//! The type to know is [`Transport`]. It does not know what a case expects; what an answer means is decided by the
//! [`Oracle`] that it is given.

#[cfg(feature = "http-client")]
mod http_client;
#[cfg(not(feature = "http-client"))]
#[path = "no_http_client.rs"]
mod http_client;
mod raw;
mod reuse;
mod sending;
#[cfg(feature = "http-client")]
mod verbatim;

use std::time::Duration;

use countersign_core::observe::{Observation, Oracle};
use countersign_core::wire::{Limits, Wire};

pub use http_client::HttpClient;
#[cfg(feature = "http-client")]
pub use http_client::Proxies;
pub use raw::Raw;
pub use sending::Gate;

/// How long each step of a delivery may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Deadlines {
    /// Until a connection stands, with name lookup.
    pub connect: Duration,
    /// Between two pieces of an answer, and before the first.
    pub read: Duration,
    /// From the first byte sent to the end of the answer.
    pub total: Duration,
}

impl Deadlines {
    /// The same time for each step.
    pub fn of(time: Duration) -> Self {
        Self { connect: time, read: time, total: time }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            read: Duration::from_secs(10),
            total: Duration::from_secs(30),
        }
    }
}

/// The name of a way over the network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportName {
    /// Exact bytes over plain HTTP/1.1.
    Raw,
    /// A well-behaved client, for HTTPS; it cannot send malformed requests.
    HttpClient,
}

/// Why there is no HTTP client.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The URL is not one of HTTP.
    #[error("the target is not an http or https URL with a host")]
    Url,
    /// The certificates cannot be read.
    #[error("the file of root certificates holds no certificate in PEM form")]
    Certificates,
    /// The client refuses its settings.
    #[error("the HTTP client does not start: {0}")]
    Client(String),
    /// The library was built without one.
    #[error("this build has no HTTP client; it needs the feature `http-client` of the package `countersign`")]
    NotBuilt,
}

/// A way over the network to one address.
#[derive(Debug)]
pub enum Transport {
    /// Exact bytes over TCP.
    Raw(Raw),
    /// Well-formed requests, over TLS where the URL asks for it.
    HttpClient(HttpClient),
}

impl Transport {
    /// The same with other limits on what is kept of an answer.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        match self {
            Self::Raw(raw) => Self::Raw(raw.with_limits(limits)),
            Self::HttpClient(client) => Self::HttpClient(client.with_limits(limits)),
        }
    }

    /// Decides from now on what answers mean.
    pub fn set_oracle(&self, oracle: Oracle) {
        match self {
            Self::Raw(raw) => raw.set_oracle(oracle),
            Self::HttpClient(client) => client.set_oracle(oracle),
        }
    }

    /// The transport that can hold back a request or stretch its body.
    ///
    /// # Errors
    /// Why this one cannot.
    pub fn raw(&self) -> Result<&Raw, &'static str> {
        match self {
            Self::Raw(raw) => Ok(raw),
            Self::HttpClient(_) => Err("the HTTP client does not hold back a request or stretch its body"),
        }
    }

    /// Sends one request and waits for what comes back.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        match self {
            Self::Raw(raw) => raw.deliver(wire).await,
            Self::HttpClient(client) => client.deliver(wire).await,
        }
    }
}

/// Milliseconds as observations carry them.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
