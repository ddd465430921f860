//! One running driver: its process, what it was asked, and how it ended.
//!
//! The type to know is [`Worker`]. Requests are written without waiting for answers; answers are matched by
//! number. Whatever goes wrong ends the process, and everything that was asked of it learns how.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_core::line::{FromDriver, Greeting, Hello, PROTOCOL, ToDriver};
use countersign_core::redact::Redactor;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin};
use tokio::sync::{mpsc, oneshot};
use tokio::time::timeout;

use super::schema::Schemas;
use crate::process::command::CommandLine;
use crate::process::errors::Errors;
use crate::process::group::Group;

/// Room for a line to the driver, so that most need no more.
const USUAL: usize = 1024;
/// The longest line of a driver.
const LONGEST: usize = 1 << 20;
/// How long the pipes of a dead process may stay open, which a grandchild that holds them can make for ever.
const LINGER: Duration = Duration::from_millis(300);
/// How long a driver has at least to end after goodbye: a virtual machine on a busy processor needs some seconds.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(5);
/// Numbers that were answered and are remembered, so that a second answer is told from a number never asked.
const REMEMBERED: usize = 4096;

/// In the place of a line: nothing more will be asked.
const GOODBYE: Vec<u8> = Vec::new();

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The process ended by itself.
    Ended(String),
    /// No answer came in time, and the process was stopped.
    Late(String),
    /// The driver broke the protocol, and was stopped.
    Faulty(String),
    /// The process was stopped for another request.
    Stopped(String),
    /// The process ended with status 0, and everything had been answered.
    Clean,
}

/// A running driver.
#[derive(Debug)]
pub(super) struct Worker {
    lines: mpsc::UnboundedSender<Vec<u8>>,
    shared: Arc<Shared>,
    answer_timeout: Duration,
}

#[derive(Debug)]
struct Shared {
    asked: Mutex<Asked>,
    errors: Errors,
    /// The secret that was sent last, and what takes all of them out of a text.
    secrets: Mutex<(Vec<u8>, Redactor)>,
    schemas: Option<Arc<Schemas>>,
    group: Group,
    /// Whether goodbye was said.
    said_goodbye: AtomicBool,
}

#[derive(Debug)]
struct Asked {
    open: HashMap<u64, oneshot::Sender<Result<FromDriver, End>>>,
    answered: VecDeque<u64>,
    hello: Option<oneshot::Sender<Result<Hello, End>>>,
    end: Option<End>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Worker {
    /// Starts a driver and waits for its `hello`. To be called on the runtime that will watch the process.
    ///
    /// # Errors
    /// The program cannot be started (the text of the system's error), or what it did instead of greeting.
    pub(super) async fn start(
        command: &CommandLine,
        startup: Duration,
        answer_timeout: Duration,
        schemas: Option<Arc<Schemas>>,
    ) -> Result<(Self, Hello), Unstarted> {
        let started = Group::start(command, &[]);
        let (mut child, group) = started.map_err(|error| Unstarted::NoProgram(error.to_string()))?;
        let (to_hello, hello) = oneshot::channel();
        let asked =
            Asked { open: HashMap::new(), answered: VecDeque::new(), hello: Some(to_hello), end: None };
        let shared = Arc::new(Shared {
            asked: Mutex::new(asked),
            errors: Errors::default(),
            secrets: Mutex::default(),
            schemas,
            group,
            said_goodbye: AtomicBool::new(false),
        });
        let (lines, queue) = mpsc::unbounded_channel();
        let stdin = child.stdin.take().expect("it was piped");
        tokio::spawn(write(stdin, queue));
        tokio::spawn(watch(child, Arc::clone(&shared)));
        let worker = Self { lines, shared, answer_timeout };
        worker.say(&ToDriver::Hello(Greeting { protocol: PROTOCOL }));
        match timeout(startup, hello).await {
            Ok(Ok(Ok(hello))) => Ok((worker, hello)),
            Ok(Ok(Err(end))) => Err(Unstarted::NoHello(end)),
            Ok(Err(_)) => Err(Unstarted::NoHello(End::Stopped("it was stopped".to_owned()))),
            Err(_) => {
                let why = format!("it said no `hello` within {} s", startup.as_secs());
                let why = worker.shared.with_errors(why);
                worker.shared.stop(End::Late(why.clone()));
                Err(Unstarted::NoHello(End::Late(why)))
            }
        }
    }

    /// Asks, and waits for the answer, but not longer than the deadline.
    pub(super) async fn ask(&self, question: ToDriver) -> Result<FromDriver, End> {
        let (seq, key) = match &question {
            ToDriver::Hello(_) => (0, None),
            ToDriver::Verify(verify) => (verify.seq, Some(&verify.key)),
            ToDriver::Measure(measure) => (measure.seq, Some(&measure.key)),
        };
        if let Some(key) = key {
            self.shared.know(&key.0);
        }
        let answer = {
            let mut asked = locked(&self.shared.asked);
            if let Some(end) = &asked.end {
                return Err(end.beside());
            }
            let (to, answer) = oneshot::channel();
            asked.open.insert(seq, to);
            answer
        };
        self.say(&question);
        match timeout(self.answer_timeout, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(End::Stopped("the run is over".to_owned())),
            Err(_) => {
                let why = format!("no answer within {} ms", self.answer_timeout.as_millis());
                let end = End::Late(self.shared.with_errors(why));
                locked(&self.shared.asked).open.remove(&seq);
                self.shared.stop(end.clone());
                Err(end)
            }
        }
    }

    /// Whether it can be asked.
    pub(super) fn is_running(&self) -> bool {
        locked(&self.shared.asked).end.is_none()
    }

    /// What it did against the protocol, if anything.
    pub(super) fn fault(&self) -> Option<String> {
        match &locked(&self.shared.asked).end {
            Some(End::Faulty(why)) => Some(why.clone()),
            Some(End::Ended(_) | End::Late(_) | End::Stopped(_) | End::Clean) | None => None,
        }
    }

    /// How many requests wait for an answer.
    pub(super) fn waiting(&self) -> usize {
        locked(&self.shared.asked).open.len()
    }

    /// Says goodbye, and waits for the end; whoever does not end is stopped.
    ///
    /// # Errors
    /// How it ended, if not by itself with status 0.
    pub(super) async fn goodbye(self) -> Result<(), String> {
        self.shared.said_goodbye.store(true, Ordering::Relaxed);
        let _ = self.lines.send(GOODBYE);
        let limit = GOODBYE_TIMEOUT.max(self.answer_timeout);
        for _ in 0..limit.as_millis() / 5 {
            match &locked(&self.shared.asked).end {
                Some(End::Clean) => return Ok(()),
                Some(End::Ended(why) | End::Late(why) | End::Faulty(why) | End::Stopped(why)) => {
                    return Err(why.clone());
                }
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(format!("it did not end within {} seconds after its input had ended", limit.as_secs()))
    }

    fn say(&self, message: &ToDriver) {
        let mut line = Vec::with_capacity(USUAL);
        serde_json::to_writer(&mut line, message).expect("texts and numbers can be written");
        if let Some(Err(why)) = self.shared.schemas.as_ref().map(|schemas| schemas.ours(&line)) {
            self.shared.stop(End::Faulty(why));
        }
        line.push(b'\n');
        // Whoever no longer listens has ended, and its end is known from elsewhere.
        let _ = self.lines.send(line);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.stop(End::Stopped("the run is over".to_owned()));
    }
}

/// Why there is no driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Unstarted {
    /// There is no such program, or it cannot be started.
    NoProgram(String),
    /// It did something else than greet.
    NoHello(End),
}

impl End {
    /// What this end is to a request that was asked at the same time.
    fn beside(&self) -> Self {
        match self {
            Self::Late(why) => Self::Stopped(format!("the driver was stopped for another request: {why}")),
            Self::Ended(_) | Self::Faulty(_) | Self::Stopped(_) => self.clone(),
            Self::Clean => Self::Stopped("the driver ended".to_owned()),
        }
    }
}

impl Shared {
    /// Ends everything that waits, and the process with all its children.
    fn stop(&self, end: End) {
        let first = locked(&self.asked).close(end);
        if first {
            self.group.kill();
        }
    }

    /// Keeps a secret out of what is shown of standard error.
    fn know(&self, secret: &[u8]) {
        let mut secrets = locked(&self.secrets);
        if secrets.0 != secret {
            secret.clone_into(&mut secrets.0);
            let redactor = std::mem::take(&mut secrets.1);
            secrets.1 = redactor.and(secret);
        }
    }

    fn with_errors(&self, why: String) -> String {
        self.errors.behind(why, &locked(&self.secrets).1)
    }

    /// Takes one line of the driver.
    fn hear(&self, line: &[u8]) -> Result<(), String> {
        let shown = || {
            let text: String = String::from_utf8_lossy(line).chars().take(80).collect();
            text.escape_debug().to_string()
        };
        let said: FromDriver =
            serde_json::from_slice(line).map_err(|error| match std::str::from_utf8(line) {
                Ok(_) => format!("its line `{}` is not of the protocol: {error}", shown()),
                Err(_) => format!("its line `{}` is not UTF-8", shown()),
            })?;
        if let Some(schemas) = &self.schemas {
            schemas.theirs(line)?;
        }
        let mut asked = locked(&self.asked);
        match (said, asked.hello.take()) {
            (FromDriver::Hello(hello), Some(to)) => {
                let _ = to.send(Ok(hello));
                Ok(())
            }
            (FromDriver::Hello(_), None) => Err("it said `hello` a second time".to_owned()),
            (_, Some(to)) => {
                asked.hello = Some(to);
                Err(format!("its first line is `{}`, not `hello`", shown()))
            }
            (said, None) => {
                let seq = said.seq().unwrap_or_default();
                match asked.open.remove(&seq) {
                    Some(to) => {
                        asked.answered.push_back(seq);
                        if asked.answered.len() > REMEMBERED {
                            asked.answered.pop_front();
                        }
                        let _ = to.send(Ok(said));
                        Ok(())
                    }
                    None if asked.answered.contains(&seq) => Err(format!("it answered number {seq} twice")),
                    None => Err(format!("it answered number {seq}, which it was not asked")),
                }
            }
        }
    }
}

impl Asked {
    /// Whether it was still open.
    fn close(&mut self, end: End) -> bool {
        if self.end.is_some() {
            return false;
        }
        for (_, to) in self.open.drain() {
            let _ = to.send(Err(end.beside()));
        }
        if let Some(hello) = self.hello.take() {
            let _ = hello.send(Err(end.clone()));
        }
        self.end = Some(end);
        true
    }
}

/// Writes what is queued, as much as there is at once, until nobody asks any more.
async fn write(mut stdin: ChildStdin, mut queue: mpsc::UnboundedReceiver<Vec<u8>>) {
    let mut lines = Vec::new();
    while queue.recv_many(&mut lines, 256).await > 0 {
        let last = lines.contains(&GOODBYE);
        if stdin.write_all(&lines.concat()).await.is_err() || stdin.flush().await.is_err() || last {
            return;
        }
        lines.clear();
    }
}

/// Hears a driver to its end, and says how it ended.
async fn watch(mut child: Child, shared: Arc<Shared>) {
    let stdout = child.stdout.take().expect("it was piped");
    let stderr = child.stderr.take().expect("it was piped");
    let mut errors = tokio::spawn(shared.errors.clone().keep(stderr));
    let hearing = Arc::clone(&shared);
    let mut heard = tokio::spawn(async move { hear(stdout, &hearing).await });
    let end = tokio::select! {
        faulty = &mut heard => match faulty {
            Ok(Err(fault)) => Some(End::Faulty(fault)),
            // The end of standard output is the end of the driver, if it does not end soon. After goodbye it may take its time.
            Ok(Ok(())) | Err(_) => {
                let linger = if shared.said_goodbye.load(Ordering::Relaxed) { GOODBYE_TIMEOUT } else { LINGER };
                match timeout(linger, child.wait()).await {
                    Ok(status) => ended(status),
                    Err(_) => Some(End::Ended("it closed its standard output".to_owned())),
                }
            }
        },
        status = child.wait() => {
            // What it said last is still in the pipe.
            match timeout(LINGER, &mut heard).await {
                Ok(Ok(Err(fault))) => Some(End::Faulty(fault)),
                _ => ended(status),
            }
        }
    };
    // What else stands on standard error.
    if timeout(LINGER, &mut errors).await.is_err() {
        errors.abort();
    }
    let idle = locked(&shared.asked).open.is_empty();
    shared.stop(match end {
        None if shared.said_goodbye.load(Ordering::Relaxed) && idle => End::Clean,
        None => End::Faulty("it ended with status 0 before its input did".to_owned()),
        Some(End::Ended(why)) => End::Ended(shared.with_errors(why)),
        Some(end) => end,
    });
    heard.abort();
    // Reaps it; a process that was killed ends.
    let _ = child.wait().await;
}

/// How a process ended; nothing if with success.
fn ended(status: std::io::Result<std::process::ExitStatus>) -> Option<End> {
    match status {
        Ok(status) if status.success() => None,
        Ok(status) => Some(End::Ended(format!("the driver's process ended ({status})"))),
        Err(error) => Some(End::Ended(format!("the driver's process ended ({error})"))),
    }
}

/// Takes lines until there are no more, or one is not of the protocol.
async fn hear(mut from: impl AsyncRead + Unpin, shared: &Shared) -> Result<(), String> {
    let mut held: Vec<u8> = Vec::with_capacity(64 * 1024);
    let mut searched = 0;
    loop {
        if !matches!(from.read_buf(&mut held).await, Ok(1..)) {
            return match held.len() {
                0 => Ok(()),
                _ => Err("its last line has no end".to_owned()),
            };
        }
        let mut start = 0;
        while let Some(length) = memchr::memchr(b'\n', &held[searched.max(start)..]) {
            let end = searched.max(start) + length;
            let line = held[start..end].strip_suffix(b"\r").unwrap_or(&held[start..end]);
            shared.hear(line)?;
            start = end + 1;
        }
        held.drain(..start);
        searched = held.len();
        if held.len() > LONGEST {
            return Err(format!("a line of it is longer than {} KiB", LONGEST / 1024));
        }
    }
}
