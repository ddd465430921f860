//! One verification: from a received request to an answer, an audit line and metrics.
//!
//! The type to know is [`Hook`]. All refusals look alike from outside; the reason is in the audit log.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use countersign_conformance::reference::{Reply, Setup, Steps};
use countersign_core::time::{Timestamp, http_date};
use countersign_core::wire::{Request, TransportRefusal, receive_head};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Bytes, Incoming};
use hyper::header::{CONNECTION, CONTENT_TYPE, DATE, WWW_AUTHENTICATE};
use hyper::{Response, StatusCode};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::audit::{AuditSink, Record, method, path};
use super::metrics::Metrics;
use super::{Bounds, Clock};

/// How long the rest of a refused body is read, so that the refusal arrives before the connection closes.
const LINGER: Duration = Duration::from_secs(2);

/// A verifier with its setup, clock, audit log and metrics.
pub(super) struct Hook {
    setup: Setup,
    steps: Arc<dyn Steps>,
    clock: Clock,
    audit: AuditSink,
    bounds: Bounds,
    metrics: Metrics,
    started: Timestamp,
    requests: AtomicU64,
    ended: AtomicBool,
    /// Limits how many requests are handled at once.
    slots: Semaphore,
}

impl Hook {
    pub(super) fn new(
        setup: Setup,
        steps: Arc<dyn Steps>,
        clock: Clock,
        audit: AuditSink,
        bounds: Bounds,
    ) -> Self {
        let started = clock();
        let (metrics, requests) = (Metrics::default(), AtomicU64::new(0));
        let slots = Semaphore::new(steps.places().min(Semaphore::MAX_PERMITS));
        let ended = AtomicBool::new(false);
        Self { setup, steps, clock, audit, bounds, metrics, started, requests, ended, slots }
    }

    pub(super) fn bounds(&self) -> Bounds {
        self.bounds
    }

    /// Whether a request has made it die.
    pub(super) fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// The text of the metrics page.
    pub(super) fn scrape(&self) -> String {
        let remembered = self.setup.memory.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.metrics.render(remembered, self.setup.handler.effects())
    }

    /// Answers one request. `head` is its head, exactly as received.
    pub(super) async fn answer(
        &self,
        head: &[u8],
        incoming: hyper::Request<Incoming>,
        client: IpAddr,
    ) -> Response<Full<Bytes>> {
        let received = match receive_head(head) {
            // For a pipelined request, the head is missing or belongs to another request.
            Ok((request, _)) if *request.method == *incoming.method().as_str().as_bytes() => Ok(request),
            Err(TransportRefusal::TooManyHeaders | TransportRefusal::HeadTooLong) => {
                Err(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE)
            }
            Ok(_) | Err(_) => Err(StatusCode::BAD_REQUEST),
        };
        let _slot = self.slots.acquire().await;
        let request = match received {
            Ok(request) => {
                self.steps.begin(&self.setup, &request);
                let bounds = Bounds { body: self.steps.reads(self.bounds.body), ..self.bounds };
                collect(request, incoming.into_body(), bounds).await
            }
            Err(status) => Err(status),
        };
        match request {
            Ok(request) => self.verify(&request, client).await,
            Err(status) => self.unread(status),
        }
    }

    async fn verify(&self, request: &Request, client: IpAddr) -> Response<Full<Bytes>> {
        let started = Instant::now();
        let now = (self.clock)();
        let setup = self.setup.at(request);
        let checked = self.steps.check(setup, request, now);
        let mut takes = self.steps.takes(setup, request);
        if checked.is_ok() {
            takes += self.steps.storing_takes();
        }
        if !takes.is_zero() {
            sleep(takes).await;
        }
        let reply = self.steps.finish(setup, checked, now);
        let took = started.elapsed();
        if reply == Reply::Died {
            self.ended.store(true, Ordering::Relaxed);
        }
        let status =
            StatusCode::from_u16(self.steps.status(reply)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let count = self.requests.fetch_add(1, Ordering::Relaxed);
        let id = format!("{:x}-{count:06x}", self.started.millis());
        self.metrics.count(reply, took);
        let record = Record {
            time: now.iso8601(),
            request_id: &id,
            client: client.to_canonical(),
            method: method(request),
            path: path(request),
            algorithm: self.setup.scheme.file().mac.hash.algorithm(),
            scheme: &self.setup.scheme.file().scheme,
            key_id: if std::ptr::eq(setup, &raw const self.setup) { "primary" } else { "secondary" },
            result: reply.result(),
            reason: reply.reason(),
            status: status.as_u16(),
            millis: (took.as_secs_f64() * 1e6).round() / 1e3,
        };
        self.audit.take(&record.line());
        let body = match reply {
            Reply::Accepted => r#"{"status":"accepted"}"#,
            Reply::Refused(_) => r#"{"error":"unauthorized"}"#,
            Reply::HandlerFailed | Reply::Broken(_) | Reply::Died => r#"{"error":"internal"}"#,
        };
        let remark = self.steps.remark(setup, request, reply);
        let body = remark.map_or(Bytes::from_static(body.as_bytes()), Bytes::from);
        let mut response = Response::builder()
            .status(status)
            .header(DATE, http_date(now))
            .header(CONTENT_TYPE, "application/json")
            .header("X-Request-Id", id);
        if status == StatusCode::UNAUTHORIZED {
            response = response.header(WWW_AUTHENTICATE, "HMAC");
        }
        response.body(Full::from(body)).expect("header values are made of printable ASCII")
    }

    /// A refusal by the HTTP layer. It looks like the HTTP server's own refusals.
    fn unread(&self, status: StatusCode) -> Response<Full<Bytes>> {
        Response::builder()
            .status(status)
            .header(DATE, http_date((self.clock)()))
            .header(CONNECTION, "close")
            .body(Full::default())
            .expect("header values are made of printable ASCII")
    }
}

/// Reads the body, within bounds of length and time.
async fn collect(mut request: Request, mut body: Incoming, bounds: Bounds) -> Result<Request, StatusCode> {
    let limit = bounds.body;
    let announced = body.size_hint().lower();
    let mut taken = Vec::new();
    let read = async {
        if announced > limit as u64 {
            return Err(StatusCode::PAYLOAD_TOO_LARGE);
        }
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| StatusCode::BAD_REQUEST)?;
            let Some(data) = frame.data_ref() else { continue };
            if data.len() > limit - taken.len() {
                return Err(StatusCode::PAYLOAD_TOO_LARGE);
            }
            taken.extend_from_slice(data);
        }
        Ok(())
    };
    match timeout(bounds.body_within, read).await {
        Ok(Ok(())) => {
            request.body = taken.into();
            Ok(request)
        }
        Ok(Err(StatusCode::PAYLOAD_TOO_LARGE)) => {
            // A client that waits for `100 Continue` sends no body, so there is nothing to read.
            if request.value("Expect").is_none() {
                tokio::spawn(timeout(LINGER, async move { while let Some(Ok(_)) = body.frame().await {} }));
            }
            Err(StatusCode::PAYLOAD_TOO_LARGE)
        }
        Ok(Err(status)) => Err(status),
        Err(_) => Err(StatusCode::REQUEST_TIMEOUT),
    }
}
