//! Well-formed requests through an HTTP client, with TLS and proxies.
//!
//! The type to know is [`HttpClient`]. A request that it cannot send unchanged is not delivered, with the reason. It
//! follows no redirects, keeps no cookies, retries nothing and decompresses nothing. It adds an `Accept: */*` line to
//! requests without one.

use std::error::Error;
use std::pin::Pin;
use std::sync::{PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Instant;

use countersign_core::observe::{Observation, Oracle, Outcome};
use countersign_core::wire::{Answer, ByteString, Connection, Header, Limits, Wire};
use hyper::body::{Body as HttpBody, Bytes, Frame};
use reqwest::{Body, Certificate, Client, Response, Url, redirect, retry};

use super::verbatim::{Sendable, check};
use super::{CannotStart, Deadlines, millis};

/// A target at an origin, reached with an HTTP client.
#[derive(Debug)]
pub struct HttpClient {
    client: Client,
    origin: Url,
    limits: Limits,
    oracle: RwLock<Oracle>,
}

/// Whether the proxies of the environment (`HTTPS_PROXY` and the like) are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxies {
    /// Requests go straight to the target.
    None,
    /// Requests go through the proxies that the environment names.
    FromEnvironment,
}

impl HttpClient {
    /// A target at a URL, of which only scheme, host and port are used; no proxies. `roots` are PEM certificates to
    /// trust instead of the system's.
    ///
    /// # Errors
    /// The URL or the certificates are invalid, or the system has no certificates.
    pub fn new(url: Url, deadlines: Deadlines, roots: Option<&[u8]>) -> Result<Self, CannotStart> {
        Self::through(Proxies::None, url, deadlines, roots)
    }

    /// The same through proxies.
    ///
    /// # Errors
    /// As for [`HttpClient::new`].
    pub fn through(
        proxies: Proxies,
        url: Url,
        deadlines: Deadlines,
        roots: Option<&[u8]>,
    ) -> Result<Self, CannotStart> {
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(CannotStart::Url);
        }
        // Fails on later calls, where the same provider is already installed.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = Client::builder()
            .redirect(redirect::Policy::none())
            .retry(retry::never())
            .referer(false)
            .connect_timeout(deadlines.connect)
            .read_timeout(deadlines.read)
            .timeout(deadlines.total);
        if proxies == Proxies::None {
            builder = builder.no_proxy();
        }
        match roots {
            Some(pem) => {
                let roots = Certificate::from_pem_bundle(pem).map_err(|_| CannotStart::Certificates)?;
                if roots.is_empty() {
                    return Err(CannotStart::Certificates);
                }
                builder = builder.tls_certs_only(roots);
            }
            // Without TLS no certificates are needed, and the system may have none.
            None if url.scheme() == "http" => builder = builder.tls_certs_only([]),
            None => {}
        }
        let client = builder.build().map_err(|error| CannotStart::Client(reasons(&error)))?;
        Ok(Self { client, origin: url, limits: Limits::default(), oracle: RwLock::default() })
    }

    /// The same with other limits on the size of answers.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets how answers are read from now on.
    pub fn set_oracle(&self, oracle: Oracle) {
        *self.oracle.write().unwrap_or_else(PoisonError::into_inner) = oracle;
    }

    async fn exchange(&self, wire: &Wire, sendable: Sendable) -> Result<Answer, reqwest::Error> {
        let body = wire.request().body.clone().into_bytes();
        let mut request = reqwest::Request::new(sendable.method, sendable.url);
        *request.headers_mut() = sendable.headers;
        *request.body_mut() = match wire.framing().chunk {
            Some(size) => Some(Body::wrap(Chunks { rest: body, size: size.max(1) })),
            None if body.is_empty() => None,
            None => Some(Body::from(body)),
        };
        answer(self.client.execute(request).await?, self.limits).await
    }
}

impl HttpClient {
    /// Sends one request and waits for the answer.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        let sendable = match check(wire, &self.origin) {
            Ok(sendable) => sendable,
            Err(what) => {
                let why = format!("an HTTP client does not send {what}");
                return Observation::without_answer(Outcome::NotDelivered, why);
            }
        };
        let started = Instant::now();
        let result = self.exchange(wire, sendable).await;
        let millis = millis(started.elapsed());
        match result {
            Ok(answer) => {
                let outcome = self.oracle.read().unwrap_or_else(PoisonError::into_inner).decide(&answer);
                Observation { outcome, answer: Some(answer), reply: None, detail: None, millis }
            }
            Err(error) => {
                let outcome = outcome(&error);
                Observation {
                    outcome,
                    answer: None,
                    reply: None,
                    detail: Some(reasons(&error.without_url())),
                    millis,
                }
            }
        }
    }
}

/// Reads the answer, up to the limits.
async fn answer(mut response: Response, limits: Limits) -> Result<Answer, reqwest::Error> {
    let line = |(name, value): (&reqwest::header::HeaderName, &reqwest::header::HeaderValue)| {
        Header::new(name.as_str(), value.as_bytes())
    };
    let headers = response.headers().iter().map(line).collect();
    let status = response.status().as_u16();
    let mut body = Vec::new();
    let mut connection = Connection::Reusable;
    while let Some(piece) = response.chunk().await? {
        body.extend_from_slice(&piece[..piece.len().min(limits.body - body.len())]);
        if body.len() >= limits.body {
            connection = Connection::Spent;
            break;
        }
    }
    Ok(Answer { status, headers, body: ByteString::from(body), connection })
}

/// What a failed exchange says about the target.
fn outcome(error: &reqwest::Error) -> Outcome {
    if error.is_connect() {
        return Outcome::Unreachable;
    }
    if error.is_builder() {
        return Outcome::NotDelivered;
    }
    if error.is_timeout() {
        return Outcome::Hung;
    }
    let garbled = causes(error)
        .filter_map(|cause| cause.downcast_ref::<hyper::Error>())
        .any(|cause| cause.is_parse() || cause.is_parse_too_large());
    if garbled { Outcome::Garbled } else { Outcome::Crashed }
}

fn causes<'e>(error: &'e (dyn Error + 'static)) -> impl Iterator<Item = &'e (dyn Error + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}

/// The error and what caused it, in one line.
fn reasons(error: &(dyn Error + 'static)) -> String {
    causes(error).map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// A body of unknown length, in chunks of one size.
struct Chunks {
    rest: Bytes,
    size: usize,
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::convert::Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.size.min(self.rest.len());
        Poll::Ready(Some(Ok(Frame::data(self.rest.split_to(length)))))
    }
}
