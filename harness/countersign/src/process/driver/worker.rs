//! One running driver: its process, its pending requests, and how it ended.
//!
//! The type to know is [`Worker`]. Requests are written without waiting for answers, and answers are matched by
//! sequence number. Any fault ends the process, and every pending request gets the reason.

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

/// Initial capacity for a line to the driver; enough for most.
const LINE_CAPACITY: usize = 1024;
/// The longest line of a driver.
const MAX_LINE: usize = 1 << 20;
/// How long the pipes of a dead process are still read. A grandchild may hold them open forever.
const LINGER: Duration = Duration::from_millis(300);
/// Minimum time a driver gets to exit after goodbye: a virtual machine on a busy CPU needs seconds.
const GOODBYE_TIMEOUT: Duration = Duration::from_secs(5);
/// Answered sequence numbers to remember, to tell a second answer from an answer to a number never used.
const REMEMBERED: usize = 4096;

/// Queued instead of a line: no more requests follow.
const GOODBYE: Vec<u8> = Vec::new();

/// Why a request has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum End {
    /// The process exited unexpectedly.
    Ended(String),
    /// No answer came in time, so the process was killed.
    Late(String),
    /// The driver broke the protocol, so it was killed.
    Faulty(String),
    /// The process was killed because of another request.
    Stopped(String),
    /// The process exited with status 0 after goodbye, with every request answered.
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
    pending: Mutex<Pending>,
    errors: Errors,
    /// The last secret sent, and a redactor for all of them.
    secrets: Mutex<(Vec<u8>, Redactor)>,
    schemas: Option<Arc<Schemas>>,
    group: Group,
    /// Whether goodbye was said.
    said_goodbye: AtomicBool,
}

#[derive(Debug)]
struct Pending {
    open: HashMap<u64, oneshot::Sender<Result<FromDriver, End>>>,
    answered: VecDeque<u64>,
    hello: Option<oneshot::Sender<Result<Hello, End>>>,
    end: Option<End>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Worker {
    /// Starts a driver and waits for its `hello`. Call it on the runtime that will watch the process.
    ///
    /// # Errors
    /// The program cannot be started, or did something other than say `hello`.
    pub(super) async fn start(
        command: &CommandLine,
        startup: Duration,
        answer_timeout: Duration,
        schemas: Option<Arc<Schemas>>,
    ) -> Result<(Self, Hello), StartFailure> {
        let started = Group::start(command, &[]);
        let (mut child, group) = started.map_err(|error| StartFailure::NoProgram(error.to_string()))?;
        let (to_hello, hello) = oneshot::channel();
        let pending =
            Pending { open: HashMap::new(), answered: VecDeque::new(), hello: Some(to_hello), end: None };
        let shared = Arc::new(Shared {
            pending: Mutex::new(pending),
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
            Ok(Ok(Err(end))) => Err(StartFailure::NoHello(end)),
            Ok(Err(_)) => Err(StartFailure::NoHello(End::Stopped("it was stopped".to_owned()))),
            Err(_) => {
                let why = format!("it said no `hello` within {} s", startup.as_secs());
                let why = worker.shared.with_stderr(why);
                worker.shared.stop(End::Late(why.clone()));
                Err(StartFailure::NoHello(End::Late(why)))
            }
        }
    }

    /// Sends a question and waits for the answer, up to the timeout.
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
            let mut pending = locked(&self.shared.pending);
            if let Some(end) = &pending.end {
                return Err(end.for_other_requests());
            }
            let (to, answer) = oneshot::channel();
            pending.open.insert(seq, to);
            answer
        };
        self.say(&question);
        match timeout(self.answer_timeout, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(End::Stopped("the run is over".to_owned())),
            Err(_) => {
                let why = format!("no answer within {} ms", self.answer_timeout.as_millis());
                let end = End::Late(self.shared.with_stderr(why));
                locked(&self.shared.pending).open.remove(&seq);
                self.shared.stop(end.clone());
                Err(end)
            }
        }
    }

    /// Whether it still takes requests.
    pub(super) fn is_running(&self) -> bool {
        locked(&self.shared.pending).end.is_none()
    }

    /// How it broke the protocol, if it did.
    pub(super) fn fault(&self) -> Option<String> {
        match &locked(&self.shared.pending).end {
            Some(End::Faulty(why)) => Some(why.clone()),
            Some(End::Ended(_) | End::Late(_) | End::Stopped(_) | End::Clean) | None => None,
        }
    }

    /// How many requests wait for an answer.
    pub(super) fn waiting(&self) -> usize {
        locked(&self.shared.pending).open.len()
    }

    /// Says goodbye and waits for the process to exit; one that does not is killed.
    ///
    /// # Errors
    /// How it ended, if not with status 0.
    pub(super) async fn goodbye(self) -> Result<(), String> {
        self.shared.said_goodbye.store(true, Ordering::Relaxed);
        let _ = self.lines.send(GOODBYE);
        let limit = GOODBYE_TIMEOUT.max(self.answer_timeout);
        for _ in 0..limit.as_millis() / 5 {
            match &locked(&self.shared.pending).end {
                Some(End::Clean) => return Ok(()),
                Some(End::Ended(why) | End::Late(why) | End::Faulty(why) | End::Stopped(why)) => {
                    return Err(why.clone());
                }
                None => {}
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        Err(format!("it did not exit within {} seconds of the end of its input", limit.as_secs()))
    }

    fn say(&self, message: &ToDriver) {
        let mut line = Vec::with_capacity(LINE_CAPACITY);
        serde_json::to_writer(&mut line, message).expect("texts and numbers can be written");
        if let Some(Err(why)) = self.shared.schemas.as_ref().map(|schemas| schemas.ours(&line)) {
            self.shared.stop(End::Faulty(why));
        }
        line.push(b'\n');
        // If nobody reads the queue, the process has ended, and `watch` records why.
        let _ = self.lines.send(line);
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.stop(End::Stopped("the run is over".to_owned()));
    }
}

/// Why a driver did not start.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum StartFailure {
    /// There is no such program, or it cannot be started.
    NoProgram(String),
    /// It did something other than say `hello`.
    NoHello(End),
}

impl End {
    /// The same end, as seen by the other pending requests.
    fn for_other_requests(&self) -> Self {
        match self {
            Self::Late(why) => Self::Stopped(format!("the driver was stopped for another request: {why}")),
            Self::Ended(_) | Self::Faulty(_) | Self::Stopped(_) => self.clone(),
            Self::Clean => Self::Stopped("the driver ended".to_owned()),
        }
    }
}

impl Shared {
    /// Fails all pending requests, and kills the process with its children.
    fn stop(&self, end: End) {
        let first = locked(&self.pending).close(end);
        if first {
            self.group.kill();
        }
    }

    /// Adds a secret to what is redacted from standard error.
    fn know(&self, secret: &[u8]) {
        let mut secrets = locked(&self.secrets);
        if secrets.0 != secret {
            secret.clone_into(&mut secrets.0);
            let redactor = std::mem::take(&mut secrets.1);
            secrets.1 = redactor.and(secret);
        }
    }

    fn with_stderr(&self, why: String) -> String {
        self.errors.with_stderr(why, &locked(&self.secrets).1)
    }

    /// Handles one line from the driver.
    fn take_line(&self, line: &[u8]) -> Result<(), String> {
        let shown = || {
            let text: String = String::from_utf8_lossy(line).chars().take(80).collect();
            text.escape_debug().to_string()
        };
        let said: FromDriver =
            serde_json::from_slice(line).map_err(|error| match std::str::from_utf8(line) {
                Ok(_) => format!("its line `{}` is not part of the protocol: {error}", shown()),
                Err(_) => format!("its line `{}` is not UTF-8", shown()),
            })?;
        if let Some(schemas) = &self.schemas {
            schemas.theirs(line)?;
        }
        let mut pending = locked(&self.pending);
        match (said, pending.hello.take()) {
            (FromDriver::Hello(hello), Some(to)) => {
                let _ = to.send(Ok(hello));
                Ok(())
            }
            (FromDriver::Hello(_), None) => Err("it said `hello` a second time".to_owned()),
            (_, Some(to)) => {
                pending.hello = Some(to);
                Err(format!("its first line is `{}`, not `hello`", shown()))
            }
            (said, None) => {
                let seq = said.seq().unwrap_or_default();
                match pending.open.remove(&seq) {
                    Some(to) => {
                        pending.answered.push_back(seq);
                        if pending.answered.len() > REMEMBERED {
                            pending.answered.pop_front();
                        }
                        let _ = to.send(Ok(said));
                        Ok(())
                    }
                    None if pending.answered.contains(&seq) => Err(format!("it answered number {seq} twice")),
                    None => Err(format!("it answered number {seq}, which was never asked")),
                }
            }
        }
    }
}

impl Pending {
    /// Fails everything that waits. Returns whether it was still open.
    fn close(&mut self, end: End) -> bool {
        if self.end.is_some() {
            return false;
        }
        for (_, to) in self.open.drain() {
            let _ = to.send(Err(end.for_other_requests()));
        }
        if let Some(hello) = self.hello.take() {
            let _ = hello.send(Err(end.clone()));
        }
        self.end = Some(end);
        true
    }
}

/// Writes queued lines in batches until goodbye.
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

/// Reads a driver's output until it ends, and records how it ended.
async fn watch(mut child: Child, shared: Arc<Shared>) {
    let stdout = child.stdout.take().expect("it was piped");
    let stderr = child.stderr.take().expect("it was piped");
    let mut errors = tokio::spawn(shared.errors.clone().keep(stderr));
    let reader = Arc::clone(&shared);
    let mut reading = tokio::spawn(async move { read_lines(stdout, &reader).await });
    let end = tokio::select! {
        faulty = &mut reading => match faulty {
            Ok(Err(fault)) => Some(End::Faulty(fault)),
            // A driver that closes its standard output must exit soon. After goodbye it gets longer.
            Ok(Ok(())) | Err(_) => {
                let linger = if shared.said_goodbye.load(Ordering::Relaxed) { GOODBYE_TIMEOUT } else { LINGER };
                match timeout(linger, child.wait()).await {
                    Ok(status) => ended(status),
                    Err(_) => Some(End::Ended("it closed its standard output".to_owned())),
                }
            }
        },
        status = child.wait() => {
            // Its last lines are still in the pipe.
            match timeout(LINGER, &mut reading).await {
                Ok(Ok(Err(fault))) => Some(End::Faulty(fault)),
                _ => ended(status),
            }
        }
    };
    // Read what is left on standard error.
    if timeout(LINGER, &mut errors).await.is_err() {
        errors.abort();
    }
    let idle = locked(&shared.pending).open.is_empty();
    shared.stop(match end {
        None if shared.said_goodbye.load(Ordering::Relaxed) && idle => End::Clean,
        None => End::Faulty("it exited with status 0 before its input ended".to_owned()),
        Some(End::Ended(why)) => End::Ended(shared.with_stderr(why)),
        Some(end) => end,
    });
    reading.abort();
    // Reap it; a killed process does end.
    let _ = child.wait().await;
}

/// How a process ended; `None` for success.
fn ended(status: std::io::Result<std::process::ExitStatus>) -> Option<End> {
    match status {
        Ok(status) if status.success() => None,
        Ok(status) => Some(End::Ended(format!("the driver's process ended ({status})"))),
        Err(error) => Some(End::Ended(format!("the driver's process ended ({error})"))),
    }
}

/// Handles lines until there are no more, or until one breaks the protocol.
async fn read_lines(mut from: impl AsyncRead + Unpin, shared: &Shared) -> Result<(), String> {
    let mut held: Vec<u8> = Vec::with_capacity(64 * 1024);
    let mut searched = 0;
    loop {
        if !matches!(from.read_buf(&mut held).await, Ok(1..)) {
            return match held.len() {
                0 => Ok(()),
                _ => Err("its last line does not end with a newline".to_owned()),
            };
        }
        let mut start = 0;
        while let Some(length) = memchr::memchr(b'\n', &held[searched.max(start)..]) {
            let end = searched.max(start) + length;
            let line = held[start..end].strip_suffix(b"\r").unwrap_or(&held[start..end]);
            shared.take_line(line)?;
            start = end + 1;
        }
        held.drain(..start);
        searched = held.len();
        if held.len() > MAX_LINE {
            return Err(format!("one of its lines is longer than {} KiB", MAX_LINE / 1024));
        }
    }
}
