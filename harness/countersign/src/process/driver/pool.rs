//! Several drivers of the same kind, each in its own process. A driver that ends is started again.
//!
//! The type to know is [`Pool`].

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use countersign_core::line::{Capability, FromDriver, Hello, ToDriver};
use tokio::runtime::Handle;
use tokio::sync::RwLock;

use super::schema::Schemas;
use super::worker::{End, StartFailure, Worker};
use crate::process::command::CommandLine;

/// Minimum time a driver gets to say `hello`: virtual machines and large packages take seconds to load.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(30);

/// Running drivers.
pub struct Pool {
    command: CommandLine,
    hello: Hello,
    slots: Vec<RwLock<Option<Worker>>>,
    answer_timeout: Duration,
    schemas: Option<Arc<Schemas>>,
    runtime: Handle,
    seq: AtomicU64,
    /// The first protocol fault of a driver that has since been replaced.
    fault: Mutex<Option<String>>,
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool").field("hello", &self.hello).finish_non_exhaustive()
    }
}

/// Why a driver cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotStartDriver {
    /// The program cannot be started.
    #[error("`{program}` cannot be started: {why}")]
    NoProgram {
        /// The program.
        program: String,
        /// The error of the system.
        why: String,
    },
    /// It does not speak the protocol.
    #[error("the driver `{command}` does not speak the line protocol: {why}")]
    NoHello {
        /// The command line.
        command: String,
        /// What it did instead.
        why: String,
    },
}

/// Whether lines are also validated against the published schemas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemaChecks {
    /// They are only parsed.
    Off,
    /// Both directions are validated, to find out which side is wrong.
    #[cfg(feature = "schema-checks")]
    On,
}

impl Pool {
    /// Starts the first driver and reads its `hello`; the others start on demand. A library that remembers
    /// requests gets one driver only, because drivers do not share their memory.
    ///
    /// # Errors
    /// The program cannot be started, or does not say `hello`.
    pub async fn start(
        command: CommandLine,
        workers: usize,
        answer_timeout: Duration,
        checks: SchemaChecks,
        runtime: Handle,
    ) -> Result<Self, CannotStartDriver> {
        let schemas = match checks {
            SchemaChecks::Off => None,
            #[cfg(feature = "schema-checks")]
            SchemaChecks::On => Some(Arc::new(Schemas::published())),
        };
        let (worker, hello) = start(&command, answer_timeout, schemas.clone(), &runtime).await?;
        let workers = if hello.can(Capability::Replay) { 1 } else { workers.max(1) };
        let slots = std::iter::once(Some(worker)).chain(std::iter::repeat_with(|| None));
        let slots = slots.take(workers).map(RwLock::new).collect();
        let (seq, fault) = (AtomicU64::new(0), Mutex::default());
        Ok(Self { command, hello, slots, answer_timeout, schemas, runtime, seq, fault })
    }

    /// How the driver introduced itself.
    pub fn hello(&self) -> &Hello {
        &self.hello
    }

    /// The next sequence number.
    pub(super) fn next(&self) -> u64 {
        self.seq.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Asks one of the drivers, and starts it first if it is not running.
    pub(super) async fn ask(&self, question: ToDriver) -> Result<FromDriver, End> {
        let slot = self.least_busy().await;
        {
            let guard = slot.read().await;
            if let Some(worker) = guard.as_ref().filter(|worker| worker.is_running()) {
                return worker.ask(question).await;
            }
        }
        let mut guard = slot.write().await;
        if !guard.as_ref().is_some_and(Worker::is_running) {
            let last = guard.take();
            if let Some(why) = last.as_ref().and_then(Worker::fault) {
                self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(why);
            }
            let started =
                start(&self.command, self.answer_timeout, self.schemas.clone(), &self.runtime).await;
            let (worker, hello) = started.map_err(|why| End::Stopped(why.to_string()))?;
            if hello != self.hello {
                return Err(End::Faulty("after a restart, its `hello` is different".to_owned()));
            }
            *guard = Some(worker);
        }
        let guard = guard.downgrade();
        match guard.as_ref() {
            Some(worker) => worker.ask(question).await,
            None => Err(End::Stopped("the run is over".to_owned())),
        }
    }

    /// How a driver broke the protocol, if one did. Then no answer can be trusted.
    pub async fn fault(&self) -> Option<String> {
        if let Some(why) = &*self.fault.lock().unwrap_or_else(PoisonError::into_inner) {
            return Some(why.clone());
        }
        for slot in &self.slots {
            if let Some(why) = slot.read().await.as_ref().and_then(Worker::fault) {
                return Some(why);
            }
        }
        None
    }

    /// The driver with the fewest waiting requests.
    async fn least_busy(&self) -> &RwLock<Option<Worker>> {
        let mut best = (usize::MAX, &self.slots[0]);
        for slot in &self.slots {
            let waiting = match slot.try_read() {
                Ok(guard) => guard.as_ref().map_or(1, Worker::waiting),
                Err(_) => usize::MAX,
            };
            if waiting < best.0 {
                best = (waiting, slot);
            }
        }
        best.1
    }

    /// Says goodbye to all drivers, and waits for them to exit.
    ///
    /// # Errors
    /// How the first one failed to exit with status 0.
    pub async fn shutdown(&self) -> Result<(), String> {
        let mut all = Ok(());
        for slot in &self.slots {
            if let Some(worker) = slot.write().await.take() {
                all = all.and(worker.goodbye().await);
            }
        }
        all
    }
}

async fn start(
    command: &CommandLine,
    answer_timeout: Duration,
    schemas: Option<Arc<Schemas>>,
    runtime: &Handle,
) -> Result<(Worker, Hello), CannotStartDriver> {
    let words = command.clone();
    let started = runtime
        .spawn(async move {
            Worker::start(&words, STARTUP_TIMEOUT.max(answer_timeout), answer_timeout, schemas).await
        })
        .await;
    let failure = match started {
        Ok(Ok(started)) => return Ok(started),
        Ok(Err(failure)) => failure,
        Err(error) => StartFailure::NoProgram(error.to_string()),
    };
    Err(match failure {
        StartFailure::NoProgram(why) => {
            CannotStartDriver::NoProgram { program: command.program().to_owned(), why }
        }
        StartFailure::NoHello(end) => {
            let why = match end {
                End::Ended(why) | End::Late(why) | End::Faulty(why) | End::Stopped(why) => why,
                End::Clean => "it ended without a `hello`".to_owned(),
            };
            CannotStartDriver::NoHello { command: command.to_string(), why }
        }
    })
}
