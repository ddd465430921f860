//! Servers that are started for a run and stopped at its end.
//!
//! The type to know is [`Server`]. A server gets its secret in the environment, and prints where it listens. One that
//! exits is started again on the same port.

use std::ffi::OsStr;
use std::fmt;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStrExt as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex as StdMutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::observe::{Observation, Outcome};
use countersign_core::redact::Redactor;
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::wire::Wire;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, AsyncReadExt as _, BufReader};
use tokio::process::{Child, ChildStdin};
use tokio::runtime::Handle;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::command::CommandLine;
use super::errors::Errors;
use super::group::Group;
use crate::clock::Clock;
use crate::transport::{Deadlines, Raw};

/// How long a server may take to start listening.
const STARTUP_TIMEOUT: Duration = Duration::from_secs(30);
/// How long it may take to exit after `SIGTERM`.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(2);
/// Longest path of an endpoint.
const MAX_PATH: usize = 2048;
/// How long a process may take to exit after its connections end.
const LINGER: Duration = Duration::from_millis(300);
/// Bytes a server may print before it says that it listens.
const MAX_PREAMBLE: u64 = 64 << 10;

/// How a server introduces itself once it listens.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct About {
    /// The package that verifies.
    pub name: String,
    /// Its version; code without a package has none.
    #[serde(default)]
    pub version: Option<String>,
    /// The language that it is written in.
    pub language: String,
    /// The schemes it verifies; empty if it did not say.
    #[serde(default)]
    pub schemes: Vec<String>,
    /// The path of its hook.
    #[serde(default = "hook")]
    pub path: String,
    /// Whether its clock is fixed at `HOOK_TIME`, or it never reads a clock.
    #[serde(default)]
    pub clock: bool,
}

fn hook() -> String {
    "/hook".to_owned()
}

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct Setting {
    /// Its command line.
    pub command: CommandLine,
    /// The scheme to verify.
    pub scheme: String,
    /// The time to fix its clock at, if it supports that.
    pub time: Timestamp,
    /// How long an answer may take.
    pub deadlines: Deadlines,
    /// Redacts secrets from everything the server prints.
    pub redactor: Redactor,
}

/// Why a server did not start.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotServe {
    /// The program cannot be started.
    #[error("`{program}` cannot be started: {why}")]
    NoProgram {
        /// The program.
        program: String,
        /// The error of the system.
        why: String,
    },
    /// It did not print where it listens.
    #[error("the server `{command}` does not listen: {why}")]
    Silent {
        /// The command line.
        command: String,
        /// What it did instead.
        why: String,
    },
}

/// A server that was started for the run.
pub struct Server {
    setting: Setting,
    secret: Secret,
    runtime: Handle,
    address: SocketAddr,
    about: Option<About>,
    raw: Raw,
    process: Mutex<Process>,
    starts: AtomicU64,
    /// How long a restart may take to listen.
    startup_timeout: Duration,
    /// Why it could not be started again.
    gone: StdMutex<Option<String>>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { setting, address, .. } = self;
        f.debug_struct("Server").field("command", &setting.command).field("address", address).finish()
    }
}

impl Server {
    /// Starts a server and reads where it listens. `runtime` watches its process.
    ///
    /// # Errors
    /// The program cannot be started, or does not listen.
    pub async fn start(setting: Setting, secret: Secret, runtime: Handle) -> Result<Self, CannotServe> {
        let began = Instant::now();
        let (process, address, about) = launch(&setting, &secret, 0, STARTUP_TIMEOUT, &runtime).await?;
        // The first start shows how long a restart takes.
        let startup_timeout = (began.elapsed() * 3).max(Duration::from_secs(3));
        let raw = Raw::new(address.ip().to_string(), address.port(), setting.deadlines);
        let (process, starts, gone) = (Mutex::new(process), AtomicU64::new(1), StdMutex::default());
        Ok(Self { setting, secret, runtime, address, about, raw, process, starts, startup_timeout, gone })
    }

    /// Starts the same server again with another secret.
    ///
    /// # Errors
    /// It does not start with this secret.
    pub async fn with_secret(&self, secret: &Secret) -> Result<Self, CannotServe> {
        let redactor = self.setting.redactor.clone().and(secret.expose());
        let setting = Setting { redactor, ..self.setting.clone() };
        let other = Self::start(setting, secret.clone(), self.runtime.clone()).await?;
        other.raw.set_oracle(self.raw.oracle());
        Ok(other)
    }

    /// How it introduced itself, if it did.
    pub fn about(&self) -> Option<&About> {
        self.about.as_ref()
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The transport to it.
    pub fn raw(&self) -> &Raw {
        &self.raw
    }

    /// Its clock, which is fixed if the server says so.
    pub fn clock(&self) -> Clock {
        match &self.about {
            Some(about) if about.clock => Clock::fixed(self.setting.time),
            Some(_) | None => Clock::SHARED,
        }
    }

    /// How often it was started.
    pub fn starts(&self) -> u64 {
        self.starts.load(Ordering::Relaxed)
    }

    /// Why it could not be restarted, if so.
    pub fn gone(&self) -> Option<String> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Restarts it if it exited. Returns whether it runs now.
    async fn revive(&self) -> bool {
        let mut process = self.process.lock().await;
        if timeout(LINGER, process.child.wait()).await.is_err() {
            return true;
        }
        self.launch_again(&mut process).await
    }

    /// Kills it and starts it again. Returns whether that worked.
    pub async fn replace(&self) -> bool {
        let mut process = self.process.lock().await;
        self.launch_again(&mut process).await
    }

    async fn launch_again(&self, process: &mut Process) -> bool {
        if self.gone().is_some() {
            return false;
        }
        process.end().await;
        let port = self.address.port();
        let why = match launch(&self.setting, &self.secret, port, self.startup_timeout, &self.runtime).await {
            Ok((launched, address, _)) if address == self.address => {
                *process = launched;
                self.starts.fetch_add(1, Ordering::Relaxed);
                return true;
            }
            Ok((_, address, _)) => {
                format!("after a restart, it listens on {address} instead of {}", self.address)
            }
            Err(why) => format!("it could not be restarted: {why}"),
        };
        *self.gone.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
        false
    }

    /// Asks it to exit, waits, and kills it if it does not.
    pub async fn shutdown(&self) {
        let mut process = self.process.lock().await;
        drop(process.stdin.take());
        process.group.terminate();
        let _ = timeout(SHUTDOWN_TIMEOUT, process.child.wait()).await;
        process.end().await;
    }
}

impl Server {
    /// Sends one request. If the server has exited, restarts it and sends the request again.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        let seen = self.raw.deliver(wire).await;
        if seen.outcome != Outcome::Unreachable {
            return seen;
        }
        if self.revive().await {
            return self.raw.deliver(wire).await;
        }
        Observation { detail: self.gone().or(seen.detail), ..seen }
    }
}

/// The process of a server.
struct Process {
    child: Child,
    group: Group,
    /// Kept open as long as the server is needed.
    stdin: Option<ChildStdin>,
}

impl Process {
    /// Kills it with all its children, and waits for it.
    async fn end(&mut self) {
        self.group.kill();
        let _ = self.child.wait().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.group.kill();
    }
}

async fn launch(
    setting: &Setting,
    secret: &Secret,
    port: u16,
    startup_timeout: Duration,
    runtime: &Handle,
) -> Result<(Process, SocketAddr, Option<About>), CannotServe> {
    let redactor = &setting.redactor;
    let silent = |why: String| CannotServe::Silent { command: setting.command.to_string(), why };
    if secret.expose().contains(&0) {
        return Err(silent("a secret with a NUL byte cannot be put into its environment".to_owned()));
    }
    let (of_server, secret) = (setting.clone(), secret.clone());
    let launched = runtime.spawn(async move {
        let (port, time) = (port.to_string(), of_server.time.seconds().to_string());
        let variables = [
            ("HOOK_SECRET", OsStr::from_bytes(secret.expose())),
            ("HOOK_SCHEME", OsStr::new(&of_server.scheme)),
            ("HOOK_TIME", OsStr::new(&time)),
            ("PORT", OsStr::new(&port)),
        ];
        let started = Group::start(&of_server.command, &variables);
        let (mut child, group) = started.map_err(|error| CannotServe::NoProgram {
            program: of_server.command.program().to_owned(),
            why: error.to_string(),
        })?;
        let stdout = child.stdout.take().expect("it was piped");
        let stderr = child.stderr.take().expect("it was piped");
        let errors = Errors::default();
        let reading = tokio::spawn(errors.clone().keep(stderr));
        let process = Process { stdin: child.stdin.take(), child, group };
        let announced = timeout(startup_timeout, listening(stdout, of_server.redactor)).await;
        Ok((process, announced, errors, reading))
    });
    let (mut process, announced, errors, reading) =
        launched.await.map_err(|error| silent(error.to_string()))??;
    let why = match announced {
        Ok(Ok((address, about))) => return Ok((process, address, about)),
        Ok(Err(why)) => why,
        Err(_) => format!("no line `listening ADDRESS:PORT` within {} s", startup_timeout.as_secs()),
    };
    process.end().await;
    let _ = timeout(LINGER, reading).await;
    Err(silent(errors.with_stderr(why, redactor)))
}

/// Reads standard output until the server prints where it listens. Later output is discarded.
async fn listening(
    stdout: impl AsyncRead + Unpin + Send + 'static,
    redactor: Redactor,
) -> Result<(SocketAddr, Option<About>), String> {
    let mut lines = BufReader::new(stdout).take(MAX_PREAMBLE);
    let mut line = Vec::new();
    loop {
        line.clear();
        match lines.read_until(b'\n', &mut line).await {
            Ok(1..) if line.ends_with(b"\n") => {}
            Ok(_) | Err(_) if lines.limit() == 0 => {
                return Err(format!("no line `listening ADDRESS:PORT` within {} KiB", MAX_PREAMBLE >> 10));
            }
            Ok(_) | Err(_) => return Err("it did not print the line `listening ADDRESS:PORT`".to_owned()),
        }
        let text = String::from_utf8_lossy(&redactor.bytes(&line)).into_owned();
        if let Some(said) = text.trim_end().strip_prefix("listening ") {
            let said = parse_listening(said)?;
            tokio::spawn(async move {
                let _ = tokio::io::copy(&mut lines.into_inner(), &mut tokio::io::sink()).await;
            });
            return Ok(said);
        }
    }
}

/// Parses `ADDRESS:PORT`, optionally followed by a space and a JSON object about the package.
fn parse_listening(said: &str) -> Result<(SocketAddr, Option<About>), String> {
    let (address, about) = match said.split_once(' ') {
        Some((address, about)) => (address, Some(about)),
        None => (said, None),
    };
    let shown = said.chars().take(120).collect::<String>().escape_debug().to_string();
    let address: SocketAddr =
        address.parse().map_err(|_| format!("`listening {shown}` has no address and port"))?;
    if address.port() == 0 {
        return Err(format!("`listening {shown}` names port 0; print the port that the system assigned"));
    }
    if !address.ip().is_loopback() {
        return Err(format!("it listens on {address}, which others can reach; let it listen on 127.0.0.1"));
    }
    let about: Option<About> = about
        .map(serde_json::from_str)
        .transpose()
        .map_err(|error| format!("what follows the address in `listening {shown}` is wrong: {error}"))?;
    // The path goes into the request line unchanged.
    let is_plain = |path: &str| {
        path.starts_with('/')
            && path.len() <= MAX_PATH
            && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#')
    };
    match &about {
        Some(about) if !is_plain(&about.path) => Err(format!(
            "the path in `{shown}` must start with a slash and consist of printable ASCII without `#`"
        )),
        Some(_) | None => Ok((address, about)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_of_a_server_is_read_or_named() {
        let (address, about) = parse_listening("127.0.0.1:80").expect("an address");
        assert_eq!((address.port(), about), (80, None));
        let said = r#"127.0.0.1:80 {"name":"a","version":"1","language":"go"}"#;
        let about = parse_listening(said).expect("an address").1.expect("a package");
        assert_eq!((about.name.as_str(), about.path.as_str(), about.clock), ("a", "/hook", false));
        for (bad, word) in [
            ("soon", "no address"),
            ("0.0.0.0:80", "others can reach"),
            ("127.0.0.1:80 {}", "is wrong"),
            (
                r#"127.0.0.1:80 {"name":"a","version":"1","language":"go","path":"x"}"#,
                "must start with a slash",
            ),
        ] {
            let why = parse_listening(bad).expect_err(bad);
            assert!(why.contains(word), "{bad}: {why}");
        }
    }
}
