//! Exact bytes over TCP: what the case says is what goes on the wire.
//!
//! The type to know is [`Raw`]. It reads while it writes, so that it sees an early refusal instead of a reset.
//! Redirects are not followed, nothing is decompressed, and nothing beyond the limits is kept.

use std::sync::atomic::AtomicBool;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use countersign_core::observe::{Observation, Oracle, Outcome};
use countersign_core::wire::{Answer, AnswerReader, Connection, Limits, Progress, Unreadable, Wire};
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::reuse::{Idle, has_certain_end};
use super::sending::{Gate, Sending, send};
use super::{Deadlines, millis};

/// A target at a host and port, reached with exact bytes.
#[derive(Debug)]
pub struct Raw {
    host: String,
    port: u16,
    deadlines: Deadlines,
    limits: Limits,
    oracle: RwLock<Oracle>,
    idle: Idle,
}

/// How an exchange on one connection ended.
enum End {
    /// With an answer.
    Answered(Answer, Connection),
    /// The connection ended before anything came.
    Silent(String),
    /// The connection ended inside the answer.
    Cut(String),
    /// With something that is not an HTTP answer.
    Garbled(String),
    /// A deadline passed.
    Late(String),
}

impl Raw {
    /// A target at a host and port. The host is a name or an address (IPv6 with or without brackets).
    pub fn new(host: impl Into<String>, port: u16, deadlines: Deadlines) -> Self {
        let host = host.into();
        let bare = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).map(str::to_owned);
        let (oracle, idle) = (RwLock::default(), Idle::default());
        Self { host: bare.unwrap_or(host), port, deadlines, limits: Limits::default(), oracle, idle }
    }

    /// The same with other limits on the size of answers.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Sets how answers are read from now on.
    pub fn set_oracle(&self, oracle: Oracle) {
        *self.oracle.write().unwrap_or_else(PoisonError::into_inner) = oracle;
    }

    /// How answers are read.
    #[cfg(feature = "targets")]
    pub(crate) fn oracle(&self) -> Oracle {
        self.oracle.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// How long an answer may take.
    #[cfg(feature = "targets")]
    pub(crate) fn answer_timeout(&self) -> Duration {
        self.deadlines.total
    }

    async fn connect(&self) -> Result<TcpStream, String> {
        let place = (self.host.as_str(), self.port);
        let failed = |why: String| format!("cannot connect to {} port {}: {why}", self.host, self.port);
        match timeout(self.deadlines.connect, TcpStream::connect(place)).await {
            Ok(Ok(stream)) => {
                // Otherwise the pieces of a request would be merged and delayed.
                stream.set_nodelay(true).map_err(|error| failed(error.to_string()))?;
                Ok(stream)
            }
            Ok(Err(error)) => Err(failed(error.to_string())),
            Err(_) => Err(failed(format!("no connection within {}", shown(self.deadlines.connect)))),
        }
    }

    /// Sends a request and reads the answer. Keeps the connection if another request can use it.
    async fn exchange(&self, mut stream: TcpStream, wire: &Wire, sending: Sending<'_>) -> (End, Duration) {
        let started = Instant::now();
        let total = self.deadlines.total + sending.extra_time();
        let end =
            timeout(total, send_and_receive(&mut stream, wire, sending, self.limits, self.deadlines.read))
                .await
                .unwrap_or_else(|_| End::Late(format!("no complete answer within {}", shown(total))));
        let took = started.elapsed();
        if matches!(end, End::Answered(_, Connection::Reusable))
            && matches!(sending, Sending::Whole)
            && has_certain_end(wire)
        {
            self.idle.keep(stream);
        }
        (end, took)
    }

    fn observe(&self, (end, took): (End, Duration)) -> Observation {
        let millis = millis(took);
        let without =
            |outcome, why| Observation { outcome, answer: None, reply: None, detail: Some(why), millis };
        match end {
            End::Answered(answer, _) => {
                let outcome = self.oracle.read().unwrap_or_else(PoisonError::into_inner).decide(&answer);
                Observation { outcome, answer: Some(answer), reply: None, detail: None, millis }
            }
            End::Silent(why) | End::Cut(why) => without(Outcome::Crashed, why),
            End::Garbled(why) => without(Outcome::Garbled, why),
            End::Late(why) => without(Outcome::Hung, why),
        }
    }
}

impl Raw {
    /// Sends a request up to the middle of its body, waits at most three seconds for the gate to open, and sends the
    /// rest.
    pub async fn deliver_halfway(&self, wire: &Wire, gate: &Gate) -> Observation {
        let seen = match self.connect().await {
            Ok(fresh) => self.observe(self.exchange(fresh, wire, Sending::Halfway(gate)).await),
            Err(why) => Observation::without_answer(Outcome::Unreachable, why),
        };
        gate.arrive();
        seen
    }

    /// Sends the body of a request byte by byte, ten bytes a second, and gives up when the gate opens.
    pub async fn deliver_slowly(&self, wire: &Wire, gate: &Gate) -> Observation {
        let slow = async {
            let seen = match self.connect().await {
                Ok(fresh) => self.observe(self.exchange(fresh, wire, Sending::ByteByByte(gate)).await),
                Err(why) => Observation::without_answer(Outcome::Unreachable, why),
            };
            gate.arrive();
            seen
        };
        tokio::select! {
            seen = slow => seen,
            () = gate.opened() => {
                Observation::without_answer(Outcome::NotDelivered, "given up before its end")
            }
        }
    }

    /// Sends a request whose body goes on for up to `length` bytes. Returns the observation, and whether the target read
    /// all of it. Closing the connection earlier counts as a refusal.
    pub async fn deliver_flooded(&self, wire: &Wire, length: u64) -> (Observation, bool) {
        let taken = AtomicBool::new(false);
        let (end, took) = match self.connect().await {
            Ok(fresh) => self.exchange(fresh, wire, Sending::Flooded(length, &taken)).await,
            Err(why) => return (Observation::without_answer(Outcome::Unreachable, why), false),
        };
        let taken = taken.into_inner();
        let seen = match end {
            End::Silent(why) | End::Cut(why) if !taken => {
                Observation::without_answer(Outcome::RejectedByTransport, why)
            }
            End::Late(why) if !taken => {
                let why = format!("{why}, with part of the body unsent");
                Observation::without_answer(Outcome::NotDelivered, why)
            }
            end => self.observe((end, took)),
        };
        (seen, taken)
    }
}

impl Raw {
    /// Sends one request and waits for the answer.
    pub async fn deliver(&self, wire: &Wire) -> Observation {
        if let Some(kept) = self.idle.take() {
            let seen = self.exchange(kept, wire, Sending::Whole).await;
            // A server may close an idle connection just as a request arrives. Only on a fresh connection does
            // the same silence count.
            if !matches!(seen.0, End::Silent(_)) {
                return self.observe(seen);
            }
        }
        match self.connect().await {
            Ok(fresh) => self.observe(self.exchange(fresh, wire, Sending::Whole).await),
            Err(why) => Observation::without_answer(Outcome::Unreachable, why),
        }
    }
}

/// Writes the request and reads the answer at the same time.
async fn send_and_receive(
    stream: &mut TcpStream,
    wire: &Wire,
    sending: Sending<'_>,
    limits: Limits,
    read_timeout: Duration,
) -> End {
    let (mut from, to) = stream.split();
    let mut reader = AnswerReader::new(limits, wire.asks_for_head_only());
    let mut sending = std::pin::pin!(send(to, wire, sending));
    let mut sent = Sent::Sending;
    let mut received = 0;
    let mut buffer = Vec::with_capacity(16 * 1024);
    loop {
        buffer.clear();
        let read = async {
            match sent {
                // While bytes are still being sent, silence is normal: only the total deadline counts.
                Sent::Sending => Ok(from.read_buf(&mut buffer).await),
                Sent::All | Sent::Failed => timeout(read_timeout, from.read_buf(&mut buffer)).await,
            }
        };
        let read = tokio::select! {
            biased;
            read = read => read,
            result = &mut sending, if sent == Sent::Sending => {
                // The peer may have answered before it closed: keep reading.
                sent = if result.is_ok() { Sent::All } else { Sent::Failed };
                continue;
            }
        };
        let length = match read {
            Err(_) => return End::Late(format!("nothing arrived for {}", shown(read_timeout))),
            Ok(Ok(length)) => length,
            Ok(Err(error)) if received == 0 => {
                return End::Silent(format!("the connection was cut before an answer: {error}"));
            }
            // A server that refuses early and closes with unread data resets the connection. An answer without a
            // length ends there, as it would at a regular end.
            Ok(Err(error)) => {
                return match reader.end() {
                    Ok(answer) => End::Answered(answer, Connection::Spent),
                    Err(_) => End::Cut(format!("the connection was cut inside the answer: {error}")),
                };
            }
        };
        if length == 0 {
            return match reader.end() {
                Ok(answer) => End::Answered(answer, Connection::Spent),
                Err(why @ (Unreadable::Empty | Unreadable::CutOff)) if received == 0 => {
                    End::Silent(why.to_string())
                }
                Err(why @ (Unreadable::Empty | Unreadable::CutOff)) => End::Cut(why.to_string()),
                Err(why) => End::Garbled(why.to_string()),
            };
        }
        received += length;
        match reader.push(&buffer) {
            Ok(Progress::More) => {}
            Ok(Progress::Done(answer)) => {
                // After an answer to an incomplete request, the state of the connection is unknown.
                let connection = match sent {
                    // A body where none is allowed would be read as the next answer.
                    Sent::All if wire.asks_for_head_only() || matches!(answer.status, 101 | 204 | 304) => {
                        Connection::Spent
                    }
                    Sent::All => answer.connection,
                    Sent::Sending | Sent::Failed => Connection::Spent,
                };
                return End::Answered(answer, connection);
            }
            Err(why) => return End::Garbled(why.to_string()),
        }
    }
}

/// How far the request has gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sent {
    Sending,
    All,
    Failed,
}

fn shown(duration: Duration) -> String {
    format!("{} ms", duration.as_millis())
}
