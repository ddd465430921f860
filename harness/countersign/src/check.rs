//! Countersign in a plain test: the shipped cases against a function or an HTTP service of the same program.
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

/// Runs the shipped cases of a scheme against a function, which gets the request and the time in seconds since 1970.
/// The shared secret comes with each request.
///
/// ```
/// # fn verify(request: &countersign::Asked) -> Result<(), String> {
/// #     use countersign_core::scheme::{Construction, Encoding, Hash, mac};
/// #     let tag = mac(Construction::Hmac, Hash::Sha256, request.secret(), request.body());
/// #     let wanted = format!("sha256={}", Encoding::Hex.encode(&tag));
/// #     // A secret that is missing, or is a public key, verifies nothing.
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

/// What is to be checked, and how.
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

    /// A scheme in the words of a scheme file.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where.
    pub fn of_file(name: &str, text: &str) -> Result<Self, Diagnostic> {
        countersign_core::vector::scheme(name, text).map(Self::of)
    }

    /// The shared secret in the form in which its sender shows it. Without it one is made up.
    pub fn secret(self, secret: &str) -> Self {
        Self { secret: Some(Secret::new(secret.as_bytes().to_vec())), ..self }
    }

    /// A constant of the scheme, such as the address that a sender was given.
    pub fn constant(mut self, name: &str, value: &str) -> Self {
        self.deployment.constants.insert(name.to_owned(), value.to_owned());
        self
    }

    /// The path of the hook; `/hook` without it.
    pub fn path(self, path: &str) -> Self {
        Self { path: path.to_owned(), ..self }
    }

    /// The function remembers what it accepted: it is asked about replays too, one request at a time.
    pub fn remembers(self) -> Self {
        Self { remembers: true, ..self }
    }

    /// What is recommended counts like what is required.
    pub fn strict(self) -> Self {
        Self { fail_on: FailOn::Should, ..self }
    }

    /// Checks a function, which gets the request and the time in seconds since 1970. One that never returns is waited for.
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

    /// Checks an HTTP service, such as the router of an application, without a socket. It is made from the secret.
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

/// What came of a check. It is shown as on a terminal.
#[derive(Debug, Clone)]
#[must_use = "a report that nobody reads checks nothing"]
pub struct Report {
    /// The verdict.
    pub verdict: RunVerdict,
    /// How many cases passed, failed, were skipped.
    pub summary: Summary,
    /// What failed, by requirement.
    pub findings: Vec<Finding>,
    text: String,
}

impl Report {
    /// Ends a test unless everything could be judged and nothing that is required failed.
    ///
    /// # Panics
    /// With the report, if the verdict is another one.
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
