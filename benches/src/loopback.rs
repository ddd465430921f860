//! The embedded endpoint over a loopback socket, and the run loop against it.
//!
//! The types to know are [`Served`], an endpoint in a process of its own, and [`Judge`], which runs
//! cases against one. Only cases of one small request each are run, so that a load generator that
//! repeats one small request is a fair peer.

use std::io::{self, BufRead as _, BufReader, Read as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use countersign::clock;
use countersign::run::{self, Keep, Planned, Session, Settings, Workers};
use countersign::serve::{AuditSink, Config, Endpoint, Running};
use countersign_conformance::Catalog;
use countersign_conformance::place::PATH;
use countersign_conformance::reference::Reference;
use countersign_core::case::Case;
use countersign_core::event::Summary;
use countersign_core::observe::{Observation, Oracle};
use countersign_core::recipe::{Delivery, Unique, World, genuine};
use countersign_core::scheme::Deployment;
use countersign_core::wire::Wire;

use crate::subjects::{SCHEME, endpoint, scheme, the_secret};

/// Starts the embedded endpoint on the current runtime.
pub async fn start() -> Running {
    let config = Config {
        scheme: scheme(SCHEME),
        secret: the_secret(),
        steps: Arc::new(Reference),
        deployment: Deployment::default(),
        path: PATH.to_owned(),
        second: None,
        bind: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        clock: Arc::new(clock::now),
        audit: AuditSink::Discard,
    };
    Endpoint::start(config).await.expect("a free port of this machine")
}

/// An endpoint in a child process, so that it shares no runtime with what measures it.
pub struct Served {
    child: Child,
    /// Where it listens.
    pub address: SocketAddr,
}

impl Served {
    /// Runs this program again with one argument; it must call [`Served::serve`] then.
    ///
    /// # Errors
    /// The child does not start or does not say where it listens.
    pub fn spawn(argument: &str) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child =
            Command::new(program).arg(argument).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is piped")).read_line(&mut line)?;
        match line.trim().parse() {
            Ok(address) => Ok(Self { child, address }),
            Err(_) => Err(io::Error::other(format!("the endpoint said `{}`, not an address", line.trim()))),
        }
    }

    /// The child: says where it listens, then serves until its input ends.
    pub fn serve() {
        let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build();
        threads.expect("threads can be started").block_on(async {
            let running = start().await;
            println!("{}", running.addr());
            let until = tokio::task::spawn_blocking(|| io::stdin().read_to_end(&mut Vec::new()));
            drop(until.await);
            running.shutdown().await;
        });
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// The shipped cases of one small request each, run against an endpoint.
pub struct Judge {
    session: Session,
    cases: Vec<Planned<'static>>,
    workers: Workers,
}

impl Judge {
    /// At most `jobs` requests in flight; at least `cases` cases in one run.
    pub fn new(address: SocketAddr, jobs: usize, cases: usize) -> Self {
        let catalog = Catalog::embedded();
        let requirement = |id: &str| catalog.requirements.get(id).expect("the requirement is shipped");
        let session = endpoint(address);
        let world = session.world("selection", clock::now());
        let planned: Vec<Planned<'static>> = catalog
            .cases()
            .filter(|(_, case)| is_one_small_request(case, &world))
            .map(|(suite, case)| Planned {
                suite,
                case,
                requirement: requirement(case.requires[0].as_str()),
                requirements: &catalog.requirements,
            })
            .collect();
        let cases = planned.iter().copied().cycle().take(cases.next_multiple_of(planned.len())).collect();
        Self { session, cases, workers: Workers::new(jobs).expect("runtimes can be started") }
    }

    /// Runs all cases once, with texts that no other round has, and judges every answer.
    ///
    /// Panics if the reference does not pass: figures of a broken run mean nothing.
    pub fn run(&mut self, round: u64) -> usize {
        self.session.signer.seed = round;
        let settings = Settings { keep: Keep::Failures, oracle: Oracle::default(), until: None };
        let stop = AtomicBool::new(false);
        let (workers, session, cases) = (&self.workers, &mut self.session, &self.cases);
        let done = run::scheme(workers, session, cases, &settings, &stop, &mut |_| {}, &|| {});
        let Summary { fail, inconclusive, pass, .. } = done.summary.summary;
        assert!(fail == 0 && inconclusive == 0 && pass > 0, "{:?}", done.summary.summary);
        self.cases.len()
    }

    /// A genuine request, as a load generator repeats it.
    pub fn genuine(&self) -> Wire {
        let mut world = self.session.world("genuine", clock::now());
        world.unique = Unique::new(1, SCHEME, "genuine");
        genuine(&world, 0).expect("the secret fits the scheme")
    }

    /// Sends one request and reads the answer, without judging it.
    pub fn deliver(&self, wire: &Wire) -> Observation {
        self.workers.block_on(self.session.target.deliver(wire))
    }
}

fn is_one_small_request(case: &Case, world: &World<'_>) -> bool {
    case.recipe.deliver == Delivery::Once
        && case.recipe.wire.is_empty()
        && case.build(world).is_ok_and(|built| built.rounds[0].wires[0].bytes().len() <= 1024)
}

/// How long one round of a load generator lasts.
pub const ROUND: Duration = Duration::from_secs(3);
