//! Countersign in a plain test: runs the shipped cases against a function or an HTTP service in the same program.
//!
//! The types to know are [`Check`] and [`Report`].

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use countersign_conformance::Catalog;
use countersign_conformance::place::{NOW, SEED};
use countersign_core::event::{Event, RunFinished, RunVerdict, Summary};
use countersign_core::finding::Finding;
use countersign_core::observe::Oracle;
use countersign_core::recipe::Sender;
use countersign_core::report::{FailOn, Options, Style, reporter};
use countersign_core::scheme::{Deployment, Scheme, with_constants};
use countersign_core::secret::Secret;
use countersign_core::vector::Diagnostic;

use crate::made_up::made_up_secret;
use crate::run::{
    self, Announcement, Campaign, Keep, RunContext, Session, Settings, Signer, Workers, is_repeatable,
};
use crate::target::{Answer, Asked, HOST, InProcess, PATH, Service, Target, Verify};

/// Requests in flight.
const JOBS: usize = 4;

/// Runs the shipped cases of a scheme against a function, which gets the request and the time in Unix seconds.
/// The shared secret is in the request.
///
/// ```
/// # fn verify(request: &countersign::Asked) -> Result<(), String> {
/// #     use countersign_core::scheme::{Construction, Encoding, Hash, mac};
/// #     let tag = mac(Construction::Hmac, Hash::Sha256, request.secret(), request.body());
/// #     let wanted = format!("sha256={}", Encoding::Hex.encode(&tag));
/// #     // An empty secret or a public key must not verify anything.
/// #     let key = String::from_utf8_lossy(request.secret());
/// #     let is_secret = !key.is_empty() && !key.contains("-----BEGIN") && !key.starts_with("ssh-");
/// #     match request.header("X-Hub-Signature-256") {
/// #         Some(given) if given == wanted.as_bytes() && is_secret => Ok(()),
/// #         _ => Err("signature does not match".to_owned()),
/// #     }
/// # }
/// countersign::check("github", |request, _now| verify(request)).assert_conformant();
/// ```
///
/// # Panics
/// There is no scheme of this name.
#[track_caller]
pub fn check<A: Into<Answer>>(
    scheme: &str,
    verify: impl Fn(&Asked, i64) -> A + Send + Sync + 'static,
) -> Report {
    Check::new(scheme).function(verify)
}

/// What to check, and how.
#[derive(Debug)]
#[must_use = "nothing is checked before `function` or `service`"]
pub struct Check {
    scheme: Arc<dyn Scheme>,
    secret: Option<Secret>,
    deployment: Deployment,
    path: String,
    remembers: bool,
    fail_on: FailOn,
}

impl Check {
    /// The shipped cases of a scheme.
    ///
    /// # Panics
    /// There is no scheme of this name.
    #[track_caller]
    pub fn new(scheme: &str) -> Self {
        let known = Catalog::embedded().schemes.get(scheme);
        let Some(scheme) = known.cloned() else {
            panic!("there is no scheme `{scheme}`; see `countersign list schemes`");
        };
        Self::of(scheme)
    }

    fn of(scheme: Arc<dyn Scheme>) -> Self {
        let deployment = Deployment { origin: format!("https://{HOST}"), ..Deployment::default() };
        let (secret, path, remembers) = (None, PATH.to_owned(), false);
        Self { scheme, secret, deployment, path, remembers, fail_on: FailOn::Must }
    }

    /// A scheme of your own, given as the text of a scheme file. `name` appears in errors.
    ///
    /// # Errors
    /// The first mistake in it, with its position.
    pub fn of_file(name: &str, text: &str) -> Result<Self, Diagnostic> {
        countersign_core::vector::scheme(name, text).map(Self::of)
    }

    /// The shared secret, in the form in which the sender shows it. The default is made up.
    pub fn secret(self, secret: &str) -> Self {
        Self { secret: Some(Secret::new(secret.as_bytes().to_vec())), ..self }
    }

    /// Sets a constant of the scheme, such as the URL registered with the sender.
    pub fn constant(mut self, name: &str, value: &str) -> Self {
        self.deployment.constants.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The path of the endpoint. The default is `/hook`.
    pub fn path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// Says that the function remembers accepted requests. Replay cases are run too, one request at a time.
    pub fn remembers(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// Makes a failed SHOULD count like a failed MUST.
    pub fn strict(self) -> Self {
        Self { fail_on: FailOn::Should, ..self }
    }

    /// Checks a function, which gets the request and the time in Unix seconds. There is no timeout: a function that never
    /// returns blocks the test.
    ///
    /// # Panics
    /// The secret or a constant does not fit the scheme.
    #[track_caller]
    pub fn function<A: Into<Answer>>(
        self,
        verify: impl Fn(&Asked, i64) -> A + Send + Sync + 'static,
    ) -> Report {
        let verify: Arc<Verify> = Arc::new(move |request, now| verify(request, now).into());
        let remembers = self.remembers;
        self.run(|secret| InProcess::function(verify, remembers, secret, NOW))
    }

    /// Checks an HTTP service, such as the router of an application, without a socket. `make` builds it from the secret.
    ///
    /// # Panics
    /// The secret or a constant does not fit the scheme.
    #[track_caller]
    pub fn service(self, make: impl Fn(&[u8]) -> Service + Send + Sync + 'static) -> Report {
        self.run(|secret| InProcess::service(Arc::new(make), secret))
    }

    #[track_caller]
    fn run(self, callee: impl FnOnce(Secret) -> InProcess) -> Report {
        let made = with_constants(&self.scheme, &self.deployment.constants);
        let scheme = made.unwrap_or_else(|why| panic!("{why}"));
        let secret = self.secret.unwrap_or_else(|| made_up_secret(&*scheme, SEED));
        let sender = Sender::new(&*scheme, secret.clone(), self.path, self.deployment);
        let signer = Signer {
            scheme: Arc::clone(&scheme),
            sender: sender.unwrap_or_else(|why| panic!("{why}")),
            host: HOST.to_owned(),
            address: None,
            replay: "countersign explain".to_owned(),
            seed: SEED,
        };
        let session = Session::new(signer, Target::in_process(callee(secret)));
        judge(session, &*scheme, self.fail_on)
    }
}

fn judge(mut session: Session, scheme: &dyn Scheme, fail_on: FailOn) -> Report {
    let catalog = Catalog::embedded();
    let repeatable = catalog.cases().filter(|(_, case)| is_repeatable(case));
    let cases = run::plan(catalog, scheme, repeatable);
    let mut terminal =
        reporter("terminal").map(|kind| (kind.make)(&Options { style: Style::Plain, fail_on }));
    let mut text = Vec::new();
    let mut emit = |event: &Event| {
        if let Some(terminal) = &mut terminal {
            terminal.on(event, &mut text).expect("memory can be written");
        }
    };
    let about = Announcement {
        target: "in process".to_owned(),
        schemes: vec![scheme.file().scheme.clone()],
        seed: SEED,
        cases: cases.len(),
        config: None,
    };
    let jobs = if session.target.remembers() { 1 } else { JOBS };
    let workers = Workers::new(jobs).expect("a runtime can be started");
    let settings = Settings { keep: Keep::Failures, oracle: Oracle::default(), until: None };
    let context = RunContext { workers: &workers, stop: &AtomicBool::new(false), tick: &|| {} };
    let mut campaign = Campaign::begin(about, fail_on, &mut emit);
    campaign.scheme(&context, &mut session, &cases, &settings);
    let RunFinished { verdict, summary, findings, .. } = campaign.finish(Vec::new());
    let text = String::from_utf8_lossy(&text).into_owned();
    Report { verdict, summary, findings, text }
}

/// The result of a check. `Display` writes the terminal report.
#[derive(Debug, Clone)]
#[must_use = "read the verdict, or call `assert_conformant`"]
pub struct Report {
    /// The verdict.
    pub verdict: RunVerdict,
    /// How many cases passed, failed, were inconclusive or skipped.
    pub summary: Summary,
    /// The failures, grouped by requirement.
    pub findings: Vec<Finding>,
    text: String,
}

impl Report {
    /// Fails the test unless the verdict is conformant.
    ///
    /// # Panics
    /// The verdict is not conformant. The message is the report.
    #[track_caller]
    pub fn assert_conformant(&self) {
        assert!(self.verdict == RunVerdict::Conformant, "{}", self.text);
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
