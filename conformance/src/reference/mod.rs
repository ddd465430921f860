//! The correct verifier: read it from top to bottom.
//!
//! [`Steps`] is the whole procedure, and [`correct`] is how each step is done right. [`Reference`] takes every step
//! unchanged, and each mutant replaces one. The clock is an argument, replay memory is a value, and nothing here knows
//! which cases exist.

pub mod correct;
mod handler;
mod memory;

use std::fmt;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use countersign_core::redact::Redactor;
use countersign_core::scheme::{Claims, Construction, Deployment, Key, Refusal, Scheme};
use countersign_core::time::Timestamp;
use countersign_core::wire::Request;

pub use handler::{Handler, HandlerFailed};
pub use memory::Memory;

/// Where a verifier runs, and what it holds.
pub struct Setup {
    /// How requests are signed.
    pub scheme: Arc<dyn Scheme>,
    /// Key bytes.
    pub key: Key,
    /// Origin and constants.
    pub deployment: Deployment,
    /// Path of the endpoint, as configured.
    pub path: String,
    /// Message ids and nonces that were accepted.
    pub memory: Arc<Mutex<Memory>>,
    /// What accepted requests are handed to.
    pub handler: Arc<Handler>,
    /// The same for a second sender, at an endpoint of its own; memory and handler are shared.
    pub second: Option<Box<Setup>>,
    /// Key ids and keys of the other senders. A correct verifier looks at none of them.
    pub others: Vec<(String, Key)>,
    /// Finds all of these keys; made when first asked for, and shared by setups with the same keys.
    pub(crate) secrets: Arc<OnceLock<Redactor>>,
}

/// Shows nothing of the key.
impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.scheme.file().scheme.as_str();
        f.debug_struct("Setup").field("scheme", &scheme).field("path", &self.path).finish_non_exhaustive()
    }
}

impl Setup {
    /// A verifier's place with empty memory.
    pub fn new(scheme: Arc<dyn Scheme>, key: Key, deployment: Deployment, path: impl Into<String>) -> Self {
        let (memory, handler) = (Arc::default(), Arc::default());
        let (second, others) = (None, Vec::new());
        let (path, secrets) = (path.into(), Arc::default());
        Self { scheme, key, deployment, path, memory, handler, second, others, secrets }
    }

    /// The same with a second sender.
    #[must_use]
    pub fn with_second(mut self, key: Key, key_id: &str, path: impl Into<String>) -> Self {
        let mut deployment = self.deployment.clone();
        key_id.clone_into(&mut deployment.key_id);
        self.others.push((deployment.key_id.clone(), key.clone()));
        let mut second = Self::new(Arc::clone(&self.scheme), key, deployment, path);
        second.memory = Arc::clone(&self.memory);
        second.handler = Arc::clone(&self.handler);
        second.secrets = Arc::clone(&self.secrets);
        second.others.push((self.deployment.key_id.clone(), self.key.clone()));
        self.second = Some(Box::new(second));
        self
    }

    /// The place at which a request is verified: that of the second sender if it is addressed to it.
    pub fn at(&self, request: &Request) -> &Self {
        let second = self.second.as_deref().filter(|second| request.path() == second.path.as_bytes());
        second.unwrap_or(self)
    }

    /// Finds the keys of all senders.
    pub fn secrets(&self) -> &Redactor {
        let keys = || self.others.iter().map(|(_, key)| key);
        self.secrets.get_or_init(|| keys().fold(Redactor::default().and(&self.key), |all, key| all.and(key)))
    }

    /// The tag of a text under the right key.
    pub fn tag(&self, text: &[u8]) -> Vec<u8> {
        self.scheme.tag(Construction::Hmac, self.scheme.file().mac.hash, &self.key, text)
    }

    /// The tag of a text under another key, as the scheme writes it.
    pub fn tag_text_under(&self, key: &Key, text: &[u8]) -> Vec<u8> {
        let spec = &self.scheme.file().mac;
        spec.encoding.encode(&self.scheme.tag(Construction::Hmac, spec.hash, key, text)).into_bytes()
    }

    /// The tag of a text, as the scheme writes it.
    pub fn tag_text(&self, text: &[u8]) -> Vec<u8> {
        self.scheme.file().mac.encoding.encode(&self.tag(text)).into_bytes()
    }
}

/// Why verification stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Halt {
    /// The request is refused.
    Refused(Refusal),
    /// Only in mutants: the code throws where it should decide.
    Broken(&'static str),
    /// Only in mutants: the request is let through without being verified.
    LetThrough,
    /// Only in mutants: the process ends.
    Died,
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A request that is authentic and fresh, but not yet known to be new.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Authentic {
    /// What replay memory remembers; none if nothing makes the request unique.
    pub once: Option<Vec<u8>>,
    /// Until when it must be remembered.
    pub until: Timestamp,
}

/// What a verifier answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// The request is good.
    Accepted,
    /// The request is refused.
    Refused(Refusal),
    /// The request is good, but its handler failed: the sender may try again.
    HandlerFailed,
    /// Only from mutants: an internal error.
    Broken(&'static str),
    /// Only from mutants: no answer, because the process ended.
    Died,
}

impl Reply {
    /// The result as logs and metrics name it.
    pub fn result(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused(_) => "rejected",
            Self::HandlerFailed | Self::Broken(_) | Self::Died => "error",
        }
    }

    /// The reason as logs and metrics name it.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Accepted => "ok",
            Self::Refused(refusal) => refusal.as_str(),
            Self::HandlerFailed => "handler-failed",
            Self::Broken(what) => what,
            Self::Died => "died",
        }
    }
}

/// The steps of verification, in order. The provided ones are the correct ones.
///
/// A provided method is compiled again for every verifier, and there are over a hundred: what is longer than a line is
/// a function in [`correct`].
pub trait Steps: AsSteps + Send + Sync {
    /// Before anything else.
    ///
    /// # Errors
    /// A correct verifier never stops here.
    fn admit(&self, _setup: &Setup, _request: &Request, _now: Timestamp) -> Result<(), Halt> {
        Ok(())
    }

    /// Reads what the request claims: every field once, in exactly the scheme's syntax.
    ///
    /// # Errors
    /// Something is missing, is there twice, or has another shape.
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        Ok(setup.scheme.read(request)?)
    }

    /// The key that checks the request, where it is not the configured one. Only a mutant finds another.
    ///
    /// # Errors
    /// No key has the id that the request names, or there is none at all.
    fn key(&self, setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
        correct::key(setup, claims)
    }

    /// The bytes under the MAC, from the request exactly as it was received.
    ///
    /// # Errors
    /// A correct verifier can always compute them.
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        Ok(setup.scheme.signing_string(request, claims, &setup.deployment))
    }

    /// Whether any of the tags is the right one for the text.
    ///
    /// # Errors
    /// A correct verifier always comes to a decision.
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        Ok(correct::authentic(setup, claims, text))
    }

    /// Compares the body with the digest of it in the head, now that the head can be believed.
    ///
    /// # Errors
    /// It is the digest of another body.
    fn compare_body(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<(), Halt> {
        Ok(setup.scheme.compare_body(request, claims)?)
    }

    /// Reads what is in the body, now that the body can be trusted.
    ///
    /// # Errors
    /// Something is missing or has another shape.
    fn read_body(&self, setup: &Setup, request: &Request, claims: &mut Claims) -> Result<(), Halt> {
        Ok(setup.scheme.read_body(request, claims)?)
    }

    /// Whether the timestamp lies in the window.
    ///
    /// # Errors
    /// It does not, or it is no timestamp.
    fn fresh(&self, setup: &Setup, _request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        correct::fresh(setup, claims, now)
    }

    /// Whether the request is past the time at which it says that it expires, if it says one.
    ///
    /// # Errors
    /// It is, or what it says is no time.
    fn unexpired(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<(), Halt> {
        correct::unexpired(setup, request, now)
    }

    /// What replay memory remembers of the request.
    ///
    /// # Errors
    /// The scheme has a message id or nonce, and this one is empty.
    fn once(&self, setup: &Setup, _request: &Request, claims: &Claims) -> Result<Option<Vec<u8>>, Halt> {
        correct::once(setup, claims)
    }

    /// The key under which memory holds a message id or nonce: each sender has its own.
    fn remembered_as(&self, setup: &Setup, once: &[u8]) -> Vec<u8> {
        [setup.path.as_bytes(), &[0], once].concat()
    }

    /// Remembers the request; checking and storing are one step.
    ///
    /// # Errors
    /// It was seen before.
    fn remember(&self, setup: &Setup, authentic: &Authentic, now: Timestamp) -> Result<(), Halt> {
        correct::remember(self.as_steps(), setup, authentic, now)
    }

    /// Takes back what was remembered, because the handler failed and the sender will try again.
    fn forget(&self, setup: &Setup, authentic: &Authentic) {
        correct::forget(self.as_steps(), setup, authentic);
    }

    /// Does what an accepted request asks, last of all.
    ///
    /// # Errors
    /// The handler failed; nothing was done.
    fn act(&self, setup: &Setup) -> Result<(), HandlerFailed> {
        setup.handler.handle()
    }

    /// The status with which a reply is sent. All refusals look alike.
    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Accepted => 200,
            Reply::Refused(_) => 401,
            Reply::HandlerFailed | Reply::Broken(_) | Reply::Died => 500,
        }
    }

    /// Additional text of an answer. Only a mutant has a reason to add any.
    fn remark(&self, _setup: &Setup, _request: &Request, _reply: Reply) -> Option<String> {
        None
    }

    /// When the head of a request is there, before its body. Only a mutant keeps anything of it.
    fn begin(&self, _setup: &Setup, _head: &Request) {}

    /// How many requests are read and answered at the same time. Only a mutant has few places.
    fn places(&self) -> usize {
        usize::MAX
    }

    /// How many bytes of a body are read where the server would read `limit`. Only a mutant reads more.
    fn reads(&self, limit: usize) -> usize {
        limit
    }

    /// How long a request is worked on beyond what the reference needs. Only a mutant has reason to be slow.
    fn takes(&self, _setup: &Setup, _request: &Request) -> Duration {
        Duration::ZERO
    }

    /// How long storing takes. Only a mutant has reason to be slow.
    fn storing_takes(&self) -> Duration {
        Duration::ZERO
    }

    /// The first half of verification: is the request authentic and fresh? Items that are signed one by one are
    /// all verified.
    ///
    /// # Errors
    /// It is not.
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        correct::check(self.as_steps(), setup, request, now)
    }

    /// The second half: is it new? Then it is handed to the handler.
    fn finish(&self, setup: &Setup, checked: Result<Authentic, Halt>, now: Timestamp) -> Reply {
        correct::finish(self.as_steps(), setup, checked, now)
    }
}

/// The correct verifier.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference;

impl Steps for Reference {}

/// A verifier of any type as one type, which the functions of [`correct`] take.
pub trait AsSteps {
    /// The same verifier.
    fn as_steps(&self) -> &dyn Steps;
}

impl<S: Steps> AsSteps for S {
    fn as_steps(&self) -> &dyn Steps {
        self
    }
}
