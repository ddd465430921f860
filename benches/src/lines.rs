//! The line protocol beside bare pipes.
//!
//! The types to know are [`Asking`], the transport with a driver behind it, and [`Echo`], lines of the same size through a
//! child that reads each as JSON and writes it back.

use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use countersign::clock;
use countersign::process::{Driver, Pool, SchemaChecks};
use countersign_conformance::place::{NOW, SEED, secret};
use countersign_core::line::{Accepted, Base64, Endpoint, FromDriver, Sent, ToDriver, Unsupported, Verify};
use countersign_core::observe::Outcome;
use countersign_core::recipe::{Message, Recipe, Sender, Unique, World, build};
use countersign_core::scheme::{Deployment, Scheme};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Wire, receive};
use futures_util::stream::{self, StreamExt as _};
use serde_json::Value;

use crate::subjects::scheme;

/// Requests that wait for an answer at the same time.
const IN_FLIGHT: usize = 128;

/// What requests carry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// What the requests of a run carry, if a case does not say otherwise: 50 bytes.
    OfACase,
    /// 1 KiB.
    Large,
}

/// Genuine requests.
fn wires(scheme: &dyn Scheme, now: Timestamp, body: Body, count: usize) -> Vec<Wire> {
    let secret = secret(&scheme.file().mac.key);
    let sender =
        Sender::new(scheme, secret, "/hook", Deployment::default()).expect("the secret fits the scheme");
    let name = scheme.file().scheme.as_str();
    let one = |n: usize| {
        let case = n.to_string();
        let world = World {
            scheme,
            sender: &sender,
            host: "countersign.test",
            now,
            unique: Unique::new(SEED, name, &case),
            second: None,
        };
        let body = match body {
            Body::OfACase => None,
            Body::Large => Some(vec![b'a'; 1024].into()),
        };
        let message = Message { body, ..Message::default() };
        let built = build(&Recipe { message, ..Recipe::default() }, &world).expect("a genuine request");
        built.rounds[0].wires[0].clone()
    };
    (0..count).map(one).collect()
}

/// The transport, with drivers behind it.
pub struct Asking {
    runtime: tokio::runtime::Runtime,
    process: Driver,
    wires: Vec<Wire>,
}

impl Asking {
    /// Starts a driver of a scheme; at most `workers` of them.
    ///
    /// # Errors
    /// It does not start.
    pub fn new(command: &str, name: &str, workers: usize, body: Body, count: usize) -> Result<Self, String> {
        let scheme = scheme(name);
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let command = command.parse().map_err(str::to_owned)?;
        let pool = runtime.block_on(async {
            let here = tokio::runtime::Handle::current();
            Pool::start(command, workers, Duration::from_secs(10), SchemaChecks::Off, here).await
        });
        let pool = Arc::new(pool.map_err(|why| why.to_string())?);
        let secret = secret(&scheme.file().mac.key);
        let process = Driver::new(pool, &*scheme, secret, &Deployment::default(), NOW);
        Ok(Self { runtime, process, wires: wires(&*scheme, NOW, body, count) })
    }

    /// Asks everything once, without waiting for each answer.
    ///
    /// Panics if something is refused: then another thing is measured.
    pub fn run(&self) -> usize {
        self.runtime.block_on(async {
            let asked = stream::iter(&self.wires).map(|wire| self.process.deliver(wire));
            let accepted = asked
                .buffer_unordered(IN_FLIGHT)
                .filter(|seen| std::future::ready(seen.outcome == Outcome::Accepted));
            let accepted = accepted.count().await;
            assert_eq!(accepted, self.wires.len(), "all requests are genuine");
            accepted
        })
    }
}

/// A child that does nothing with a line but to read it as JSON and to write it back.
pub struct Echo {
    child: Child,
    out: BufReader<ChildStdout>,
    lines: Vec<Vec<u8>>,
}

impl Echo {
    /// Runs this program again with one argument; it must call [`echo`] then.
    ///
    /// # Errors
    /// The child does not start.
    pub fn spawn(argument: &str, body: Body, count: usize) -> io::Result<Self> {
        let program = std::env::current_exe()?;
        let mut child =
            Command::new(program).arg(argument).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let out = BufReader::with_capacity(64 << 10, child.stdout.take().expect("it is piped"));
        let lines = requests("github", NOW, body, count).iter().map(line).collect();
        Ok(Self { child, out, lines })
    }

    /// Sends all lines and reads each that comes back as JSON.
    pub fn run(&mut self) -> usize {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        let (lines, out) = (&self.lines, &mut self.out);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // As many at once as the transport has in flight.
                for some in lines.chunks(IN_FLIGHT) {
                    stdin.write_all(&some.concat()).expect("the child reads");
                }
            });
            let mut held = Vec::new();
            for _ in lines {
                held.clear();
                out.read_until(b'\n', &mut held).expect("the child writes");
                let _: Value = serde_json::from_slice(&held).expect("it is JSON");
            }
        });
        lines.len()
    }
}

impl Drop for Echo {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}

/// What the transport would ask.
pub fn requests(name: &str, now: Timestamp, body: Body, count: usize) -> Vec<Verify> {
    let scheme = scheme(name);
    let key = Base64(secret(&scheme.file().mac.key).expose().into());
    let wires = wires(&*scheme, now, body, count);
    let asked = wires.iter().zip(1..).map(|(wire, seq)| Verify {
        seq,
        scheme: name.to_owned(),
        key: key.clone(),
        now: now.seconds(),
        endpoint: Endpoint::default(),
        request: Sent::of(receive(&wire.bytes()).expect("a genuine request")),
    });
    asked.collect()
}

/// A request as a line.
pub fn line(verify: &Verify) -> Vec<u8> {
    let said = ToDriver::Verify(Box::new(verify.clone()));
    let mut line = serde_json::to_vec(&said).expect("texts and numbers can be written");
    line.push(b'\n');
    line
}

/// The child of [`Echo`].
///
/// # Errors
/// A pipe broke, or a line is not JSON.
pub fn echo() -> io::Result<()> {
    answer(|line| {
        let value: Value = serde_json::from_slice(line)?;
        serde_json::to_vec(&value)
    })
}

/// A driver that takes everything for genuine.
///
/// # Errors
/// A pipe broke, or a line is not of the protocol.
pub fn nothing() -> io::Result<()> {
    let hello = r#"{"hello":{"name":"nothing","version":"0","language":"rust","schemes":["github"],"capabilities":["clock"]}}"#;
    answer(|line| match serde_json::from_slice(line)? {
        ToDriver::Hello(_) => Ok(hello.as_bytes().to_vec()),
        ToDriver::Verify(verify) => serde_json::to_vec(&FromDriver::Accepted(Accepted { seq: verify.seq })),
        ToDriver::Measure(measure) => {
            let (seq, why) = (measure.seq, "it has no clock".to_owned());
            serde_json::to_vec(&FromDriver::Unsupported(Unsupported { seq, why }))
        }
    })
}

/// Answers each line; flushes when no further one is there yet.
fn answer(mut to: impl FnMut(&[u8]) -> serde_json::Result<Vec<u8>>) -> io::Result<()> {
    let mut input = BufReader::with_capacity(64 << 10, io::stdin().lock());
    let mut output = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    let mut line = Vec::new();
    while input.read_until(b'\n', &mut line)? > 0 {
        let mut said = to(&line)?;
        said.push(b'\n');
        output.write_all(&said)?;
        if !input.buffer().contains(&b'\n') {
            output.flush()?;
        }
        line.clear();
    }
    Ok(())
}

/// A Python process that calls the package standardwebhooks in a loop.
pub struct Loop {
    child: Child,
    out: BufReader<ChildStdout>,
    count: usize,
}

impl Loop {
    /// Starts it and hands it the same requests that the driver gets.
    ///
    /// # Errors
    /// It does not start.
    pub fn spawn(python: &str, script: &str, body: Body, count: usize) -> io::Result<Self> {
        let mut child =
            Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let out = BufReader::new(child.stdout.take().expect("it is piped"));
        let stdin = child.stdin.as_mut().expect("it is piped");
        writeln!(stdin, "{count}")?;
        // The loop has this machine's clock.
        for verify in requests("standard-webhooks", clock::now(), body, count) {
            stdin.write_all(&line(&verify))?;
        }
        stdin.flush()?;
        Ok(Self { child, out, count })
    }

    /// Runs through them once; calls in a second.
    ///
    /// # Errors
    /// It printed no number, because a call failed for example.
    pub fn rate(&mut self) -> io::Result<f64> {
        let stdin = self.child.stdin.as_mut().expect("it is piped");
        stdin.write_all(b"again\n")?;
        stdin.flush()?;
        let mut said = String::new();
        self.out.read_line(&mut said)?;
        match said.trim().parse::<f64>() {
            Ok(seconds) => Ok(self.count as f64 / seconds),
            Err(_) => Err(io::Error::other(format!("the loop said `{}`, not seconds", said.trim()))),
        }
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        drop(self.child.wait());
    }
}
