//! Transports: exact bytes over TCP, or an HTTP client.
//!
//! The type to know is [`Transport`]. It does not know what a case expects; the [`Oracle`] decides what an answer
//! means.

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
    /// Until the connection is open, including name lookup.
    pub connect: Duration,
    /// Until the first piece of an answer, and between two pieces.
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

/// The name of a transport.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransportName {
    /// Exact bytes over plain HTTP/1.1.
    Raw,
    /// An HTTP client, for HTTPS. It cannot send malformed requests.
    HttpClient,
}

/// Why the HTTP client does not start.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    /// The URL is not an HTTP URL.
    #[error("the target is not an http or https URL with a host")]
    Url,
    /// The certificates cannot be read.
    #[error("the file of root certificates holds no certificate in PEM form")]
    Certificates,
    /// The client refuses its settings.
    #[error("the HTTP client does not start: {0}")]
    Client(String),
    /// The library was built without it.
    #[error("this build has no HTTP client; build the package `countersign` with the feature `http-client`")]
    NotBuilt,
}

/// A transport to one address.
#[derive(Debug)]
pub enum Transport {
    /// Exact bytes over TCP.
    Raw(Raw),
    /// Well-formed requests, over TLS where the URL asks for it.
    HttpClient(HttpClient),
}

impl Transport {
    /// The same with other limits on the size of answers.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        match self {
            Self::Raw(raw) => Self::Raw(raw.with_limits(limits)),
            Self::HttpClient(client) => Self::HttpClient(client.with_limits(limits)),
        }
    }

    /// Sets how answers are read from now on.
    pub fn set_oracle(&self, oracle: Oracle) {
        match self {
            Self::Raw(raw) => raw.set_oracle(oracle),
            Self::HttpClient(client) => client.set_oracle(oracle),
        }
    }

    /// The raw transport, which can hold back part of a request or stretch its body.
    ///
    /// # Errors
    /// Why this one cannot.
    pub fn raw(&self) -> Result<&Raw, &'static str> {
        match self {
            Self::Raw(raw) => Ok(raw),
            Self::HttpClient(_) => {
                Err("the HTTP client cannot hold back part of a request or stretch its body")
            }
        }
    }

    /// Sends one request and waits for the answer.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        match self {
            Self::Raw(raw) => raw.deliver(wire).await,
            Self::HttpClient(client) => client.deliver(wire).await,
        }
    }
}

/// A duration in milliseconds, as in observations.
pub(crate) fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
