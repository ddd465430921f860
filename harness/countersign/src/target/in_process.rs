//! Functions and services in this process, called without a socket.
//!
//! The type to know is [`InProcess`]. A request that an HTTP server would refuse before an application sees it, or that
//! the `http` crate cannot hold, is not delivered. A panic is a crash. A function has no timeout.

use std::any::Any;
use std::fmt;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

use bytes::Bytes;
use countersign_core::observe::{Observation, Oracle, Outcome, Reply};
use countersign_core::redact::Redactor;
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::wire::{self, ByteString, Connection, Header, Wire, receive};
use futures_util::FutureExt as _;
use http_body_util::{BodyExt as _, Full, Limited};
use tower_service::Service as Tower;

use super::{Behavior, CannotVary, Kind, Variant};
use crate::clock::Clock;
use crate::transport::{Raw, millis};

/// How long a service may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(5);
/// Maximum bytes of an answer's body.
const MAX_BODY: usize = 1 << 20;

/// A request, as passed to the function under test.
#[derive(Debug)]
pub struct Asked {
    http: http::Request<Bytes>,
    secret: Secret,
}

impl Asked {
    /// Method, target, headers and body.
    pub fn http(&self) -> &http::Request<Bytes> {
        &self.http
    }

    /// The value of a header; `None` if it is missing or repeated.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.http.headers().get_all(name).iter();
        let value = values.next()?;
        values.next().is_none().then(|| value.as_bytes())
    }

    /// The body.
    pub fn body(&self) -> &[u8] {
        self.http.body()
    }

    /// The shared secret, in the form in which the sender shows it.
    pub fn secret(&self) -> &[u8] {
        self.secret.expose()
    }
}

/// The decision of the function under test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The request is genuine.
    Accepted,
    /// It is not, with an optional reason.
    Rejected(Option<String>),
}

impl From<bool> for Answer {
    fn from(genuine: bool) -> Self {
        if genuine { Self::Accepted } else { Self::Rejected(None) }
    }
}

impl<T, E: fmt::Display> From<Result<T, E>> for Answer {
    fn from(verified: Result<T, E>) -> Self {
        match verified {
            Ok(_) => Self::Accepted,
            Err(why) => Self::Rejected(Some(why.to_string())),
        }
    }
}

/// A function under test. It gets the request and the time in Unix seconds.
pub type Verify = dyn Fn(&Asked, i64) -> Answer + Send + Sync;

type Answering = Pin<Box<dyn Future<Output = Result<http::Response<Bytes>, String>> + Send>>;

/// An HTTP service under test.
#[derive(Clone)]
pub struct Service(Arc<dyn Fn(http::Request<Full<Bytes>>) -> Answering + Send + Sync>);

impl Service {
    /// Wraps any `tower` service for requests of the `http` crate, such as the router of an application.
    pub fn new<S, B>(service: S) -> Self
    where
        S: Tower<http::Request<Full<Bytes>>, Response = http::Response<B>> + Clone + Send + Sync + 'static,
        S::Future: Send,
        S::Error: fmt::Display,
        B: http_body::Body + Send,
        B::Data: Send,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        Self(Arc::new(move |request| {
            let mut service = service.clone();
            Box::pin(async move {
                let failed = |error: S::Error| error.to_string();
                poll_fn(|context| service.poll_ready(context)).await.map_err(failed)?;
                let (head, body) = service.call(request).await.map_err(failed)?.into_parts();
                let body = Limited::new(body, MAX_BODY).collect().await.map_err(|error| error.to_string())?;
                Ok(http::Response::from_parts(head, body.to_bytes()))
            })
        }))
    }
}

/// Makes a service from a secret.
pub type Make = dyn Fn(&[u8]) -> Service + Send + Sync;

/// The function or service under test.
#[derive(Clone)]
enum Callee {
    Function { verify: Arc<Verify>, remembers: bool },
    Service { make: Arc<Make>, made: Service },
}

/// A target in this process.
pub struct InProcess {
    callee: Callee,
    secret: Secret,
    redactor: Redactor,
    clock: Clock,
    clock_offset: Arc<AtomicI64>,
    oracle: RwLock<Oracle>,
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("clock", &self.clock).finish_non_exhaustive()
    }
}

impl InProcess {
    /// A function, whose time is fixed at `fixed`.
    pub fn function(verify: Arc<Verify>, remembers: bool, secret: Secret, fixed: Timestamp) -> Self {
        Self::new(Callee::Function { verify, remembers }, secret, Clock::fixed(fixed))
    }

    /// A service, made anew for each secret. It reads this machine's clock.
    pub fn service(make: Arc<Make>, secret: Secret) -> Self {
        let made = make(secret.expose());
        Self::new(Callee::Service { make, made }, secret, Clock::SHARED)
    }

    fn new(callee: Callee, secret: Secret, clock: Clock) -> Self {
        let redactor = Redactor::new(std::slice::from_ref(&secret));
        Self { callee, secret, redactor, clock, clock_offset: Arc::default(), oracle: RwLock::default() }
    }

    /// The same function or service, with another secret and its own clock offset.
    fn with_secret(&self, secret: &Secret) -> Self {
        let callee = match &self.callee {
            Callee::Service { make, .. } => {
                Callee::Service { make: Arc::clone(make), made: make(secret.expose()) }
            }
            function @ Callee::Function { .. } => function.clone(),
        };
        let other = Self::new(callee, secret.clone(), self.clock);
        other.set_oracle(self.oracle.read().unwrap_or_else(PoisonError::into_inner).clone());
        other
    }

    fn crashed(&self, panic: &(dyn Any + Send)) -> Observation {
        let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
        let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
        let reply =
            Reply { class: Some("panic".to_owned()), text: text.map(|text| self.redactor.text(&text)) };
        Observation { outcome: Outcome::Crashed, answer: None, reply: Some(reply), detail: None, millis: 0.0 }
    }

    async fn ask(&self, http: http::Request<Bytes>) -> Observation {
        let said = |outcome, text| Observation {
            outcome,
            answer: None,
            reply: Some(Reply { class: None, text }),
            detail: None,
            millis: 0.0,
        };
        match &self.callee {
            Callee::Function { verify, .. } => {
                let asked = Asked { http, secret: self.secret.clone() };
                let now = self.clock.now().seconds() + self.clock_offset.load(Ordering::Relaxed);
                match catch_unwind(AssertUnwindSafe(|| verify(&asked, now))) {
                    Ok(Answer::Accepted) => said(Outcome::Accepted, None),
                    Ok(Answer::Rejected(why)) => {
                        said(Outcome::Rejected, why.map(|why| self.redactor.text(&why)))
                    }
                    Err(panic) => self.crashed(&*panic),
                }
            }
            Callee::Service { made, .. } => {
                let answering = AssertUnwindSafe((made.0)(http.map(Full::new))).catch_unwind();
                let answer = match tokio::time::timeout(ANSWER_TIMEOUT, answering).await {
                    Ok(Ok(Ok(answer))) => answer,
                    Ok(Ok(Err(why))) => {
                        let why = self.redactor.text(&format!("the service failed: {why}"));
                        return said(Outcome::Crashed, Some(why));
                    }
                    Ok(Err(panic)) => return self.crashed(&*panic),
                    Err(_) => {
                        let why = format!("no answer within {} s", ANSWER_TIMEOUT.as_secs());
                        return Observation::without_answer(Outcome::Hung, why);
                    }
                };
                let answer = answered(answer);
                let outcome = self.oracle.read().unwrap_or_else(PoisonError::into_inner).decide(&answer);
                Observation { outcome, answer: Some(answer), reply: None, detail: None, millis: 0.0 }
            }
        }
    }
}

impl Behavior for InProcess {
    async fn deliver(&self, wire: &Wire) -> Observation {
        let not = |why: String| Observation::without_answer(Outcome::NotDelivered, why);
        let request = match receive(&wire.bytes()) {
            Ok(request) => request,
            Err(why) => return not(format!("no HTTP server lets it through: {why}")),
        };
        let http = match in_http(&request) {
            Ok(http) => http,
            Err(why) => return not(format!("a request of the `http` crate cannot hold it: {why}")),
        };
        let started = Instant::now();
        let seen = self.ask(http).await;
        Observation { millis: millis(started.elapsed()), ..seen }
    }

    fn set_oracle(&self, oracle: Oracle) {
        *self.oracle.write().unwrap_or_else(PoisonError::into_inner) = oracle;
    }

    fn raw(&self) -> Result<&Raw, &'static str> {
        Err("a function gets whole requests")
    }

    fn clock(&self) -> Clock {
        self.clock
    }

    fn remembers(&self) -> bool {
        match &self.callee {
            Callee::Function { remembers, .. } => *remembers,
            Callee::Service { .. } => true,
        }
    }

    async fn variant(&self, wanted: &Variant<'_>) -> Option<Result<Kind, CannotVary>> {
        if wanted.case.fails_the_handler() || (wanted.case.waits() > 0 && self.clock_offset().is_none()) {
            return None;
        }
        Some(Ok(Kind::InProcess(self.with_secret(wanted.secret))))
    }

    /// Only a function that is given the time can have it moved.
    fn clock_offset(&self) -> Option<&Arc<AtomicI64>> {
        self.clock.is_fixed().then_some(&self.clock_offset)
    }
}

fn in_http(request: &wire::Request) -> Result<http::Request<Bytes>, http::Error> {
    let mut building = http::Request::builder().method(&*request.method).uri(&*request.target);
    for line in &request.headers {
        building = building.header(&*line.name, &*line.value);
    }
    building.body(Bytes::copy_from_slice(&request.body))
}

fn answered(answer: http::Response<Bytes>) -> wire::Answer {
    let (head, body) = answer.into_parts();
    let line = |(name, value): (&http::HeaderName, &http::HeaderValue)| Header {
        name: name.as_str().into(),
        value: ByteString::from(value.as_bytes()),
    };
    wire::Answer {
        status: head.status.as_u16(),
        headers: head.headers.iter().map(line).collect(),
        body: ByteString::from(body.as_ref()),
        connection: Connection::Reusable,
    }
}
