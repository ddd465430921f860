//! One connection of HTTP/2 with prior knowledge, on which requests go out in pairs.
//!
//! The type to know is [`Connection`]. It asks the socket again and again instead of sleeping: being woken takes longer
//! than what lies between two answers. All that a peer sends is bounded, in octets and in time.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use super::super::counter::Counter;
use super::fields::{self, Head};
use super::frame::{self, Frame, HEAD, LONGEST, error_name, flag, kind, number};
use super::message::Message;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Octets of the answers to a pair at most.
const MOST: usize = 1 << 20;
/// What each side may send at first, on a stream and on all together.
const WINDOW: i64 = 65_535;
/// Larger windows are not allowed.
const LARGEST_WINDOW: i64 = 0x7fff_ffff;
/// After this stream a new connection is made.
const LAST_STREAM: u32 = 0x3fff_ffff;
/// For how long the socket is asked without giving the processor to others.
const EAGER: Duration = Duration::from_millis(1);

const LEAVE_OUT: &str = "leave --pairs out to measure over HTTP/1.1";

/// Why there is no answer.
#[derive(Debug)]
pub(super) enum Trouble {
    /// The connection ended and left requests unanswered: another one may be made.
    Ended(String),
    /// It makes no sense to go on.
    Broken(String),
}

use Trouble::{Broken, Ended};

impl From<String> for Trouble {
    fn from(why: String) -> Self {
        Broken(format!("the endpoint does not keep to HTTP/2: {why}"))
    }
}

/// The answer to one of two requests.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Answered {
    /// The ticks when its head arrived.
    pub(in super::super) at: u64,
    pub(in super::super) status: u16,
    /// It asks to come back later.
    pub(in super::super) retry_after: bool,
}

/// What came of a stream so far.
#[derive(Debug, Default)]
struct Stream {
    id: u32,
    /// Header blocks, one behind the other; when each began to arrive, and where it ends.
    blocks: Vec<u8>,
    ends: Vec<(u64, usize)>,
    has_ended: bool,
}

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    counter: Counter,
    patience: Duration,
    until: Instant,
    received: Vec<u8>,
    length: usize,
    /// Octets received for the present pair.
    taken: usize,
    /// What is to be said when there is time.
    to_say: Vec<u8>,
    /// Octets of bodies for which the peer was not yet given new room.
    owed: usize,
    window: i64,
    first_window: i64,
    streams: [Stream; 2],
    /// The stream whose header block goes on in the next frame.
    goes_on: Option<u32>,
    next: u32,
    pings: u64,
    ponged: bool,
    is_greeted: bool,
    is_leaving: bool,
}

impl Connection {
    /// Connects, and waits for the first settings of the peer.
    pub(super) fn open(
        (host, port): (&str, u16),
        patience: Duration,
        counter: Counter,
    ) -> Result<Self, Trouble> {
        let connected = || {
            let address = (host, port).to_socket_addrs()?.next();
            let address = address.ok_or_else(|| io::Error::other("no address"))?;
            let stream = TcpStream::connect_timeout(&address, patience)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        let stream = connected()
            .map_err(|error: io::Error| Broken(format!("cannot connect to {host} port {port}: {error}")))?;
        let mut connection = Self {
            stream,
            counter,
            patience,
            until: Instant::now() + patience,
            received: vec![0; 4 * (HEAD + LONGEST)],
            length: 0,
            taken: 0,
            to_say: Vec::with_capacity(1 << 10),
            owed: 0,
            window: WINDOW,
            first_window: WINDOW,
            streams: Default::default(),
            goes_on: None,
            next: 1,
            pings: 0,
            ponged: true,
            is_greeted: false,
            is_leaving: false,
        };
        connection.greet()?;
        Ok(connection)
    }

    fn greet(&mut self) -> Result<(), Trouble> {
        let mut octets = PREFACE.to_vec();
        // No table for header fields, no pushes, and room for all that an answer may have.
        let most = (MOST as u32).to_be_bytes();
        let settings: Vec<u8> = [(1_u16, [0; 4]), (2, [0; 4]), (4, most)]
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], value].concat())
            .collect();
        frame::write(&mut octets, kind::SETTINGS, 0, 0, &settings);
        frame::write(&mut octets, kind::WINDOW_UPDATE, 0, 0, &(MOST as u32).to_be_bytes());
        let refused = |trouble| match trouble {
            Ended(why) | Broken(why) => {
                Broken(format!("the endpoint does not speak HTTP/2 with prior knowledge: {why}; {LEAVE_OUT}"))
            }
        };
        self.send(&octets).map_err(refused)?;
        while !self.is_greeted {
            self.receive().map_err(refused)?;
            if self.received[..self.length].starts_with(b"HTTP/1.") {
                return Err(refused(Ended("it answered with HTTP/1.1".to_owned())));
            }
            self.understand(0).map_err(refused)?;
        }
        self.say()
    }

    /// Whether the peer takes no more requests.
    pub(super) fn is_over(&self) -> bool {
        self.is_leaving || self.next >= LAST_STREAM
    }

    /// Sends two requests of which the last octets go out together, once the peer has read all others.
    pub(super) fn pair(&mut self, requests: &[Message; 2]) -> Result<[Answered; 2], Trouble> {
        if self.is_over() {
            return Err(Ended("it takes no more requests".to_owned()));
        }
        self.until = Instant::now() + self.patience;
        self.taken = 0;
        for stream in &mut self.streams {
            stream.id = self.next;
            stream.blocks.clear();
            stream.ends.clear();
            // So that nothing is allocated while it counts.
            stream.blocks.reserve(HEAD + LONGEST);
            stream.ends.reserve(8);
            stream.has_ended = false;
            self.next += 2;
        }
        self.wait_for_room(requests)?;
        let ids = self.streams.each_ref().map(|stream| stream.id);
        let (mut most, mut last) = (std::mem::take(&mut self.to_say), Vec::with_capacity(2 * (HEAD + 1)));
        for (request, id) in requests.iter().zip(ids) {
            request.write_most(&mut most, id);
            request.write_last(&mut last, id);
            self.window -= request.body() as i64;
        }
        self.pings += 1;
        frame::write(&mut most, kind::PING, 0, 0, &self.pings.to_be_bytes());
        self.ponged = false;
        self.send(&most)?;
        while !self.ponged {
            self.receive()?;
            self.understand(0)?;
        }
        self.say()?;
        if self.streams.iter().any(|stream| !stream.ends.is_empty() || stream.has_ended) {
            let why = "the endpoint answered before a request was complete, so that pairs show nothing";
            return Err(Broken(format!("{why}; {LEAVE_OUT}")));
        }
        self.send(&last)?;
        while self.goes_on.is_some() || !self.streams.iter().all(|stream| stream.has_ended) {
            let at = self.receive()?;
            self.understand(at)?;
        }
        self.give_room();
        let [one, other] = &self.streams;
        Ok([answered(one)?, answered(other)?])
    }

    /// Waits until the windows of the peer have room for the bodies.
    fn wait_for_room(&mut self, requests: &[Message; 2]) -> Result<(), Trouble> {
        let [one, other] = requests.each_ref().map(|request| request.body() as i64);
        while self.window < one + other || self.first_window < one.max(other) {
            let why = format!(
                "its flow control has no room for two bodies of {one} octets ({} in all, {} each)",
                self.window, self.first_window
            );
            self.receive().map_err(|trouble| match trouble {
                Broken(late) => Broken(format!("the endpoint takes no pair: {why}: {late}; {LEAVE_OUT}")),
                ended @ Ended(_) => ended,
            })?;
            self.understand(0)?;
            self.say()?;
        }
        Ok(())
    }

    /// Gives back the room that answers took.
    fn give_room(&mut self) {
        if self.owed > MOST / 4 {
            let owed = (self.owed as u32).to_be_bytes();
            frame::write(&mut self.to_say, kind::WINDOW_UPDATE, 0, 0, &owed);
            self.owed = 0;
        }
    }

    /// Says what was put off.
    fn say(&mut self) -> Result<(), Trouble> {
        if self.to_say.is_empty() {
            return Ok(());
        }
        let mut octets = std::mem::take(&mut self.to_say);
        self.send(&octets)?;
        octets.clear();
        self.to_say = octets;
        Ok(())
    }

    fn send(&mut self, mut octets: &[u8]) -> Result<(), Trouble> {
        let began = Instant::now();
        while !octets.is_empty() {
            match self.stream.write(octets) {
                Ok(length) => octets = &octets[length..],
                Err(error) if waits(&error) => self.pause(began, "it reads nothing")?,
                Err(error) => return Err(Ended(format!("the connection ended: {error}"))),
            }
        }
        Ok(())
    }

    /// Takes what arrives next: the ticks when it was there.
    fn receive(&mut self) -> Result<u64, Trouble> {
        let began = Instant::now();
        loop {
            let read = self.stream.read(&mut self.received[self.length..]);
            let at = self.counter.now();
            match read {
                Ok(0) => return Err(Ended("the connection ended".to_owned())),
                Ok(length) => {
                    self.length += length;
                    self.taken += length;
                    if self.taken > MOST {
                        return Err(Broken(format!(
                            "the endpoint sent more than {MOST} octets for two requests"
                        )));
                    }
                    return Ok(at);
                }
                Err(error) if waits(&error) => self.pause(began, "nothing complete came")?,
                Err(error) => return Err(Ended(format!("the connection ended: {error}"))),
            }
        }
    }

    fn pause(&self, began: Instant, why: &str) -> Result<(), Trouble> {
        let now = Instant::now();
        if now >= self.until {
            return Err(Broken(format!("{why} within {} s", self.patience.as_secs_f64())));
        }
        if now - began < EAGER {
            std::hint::spin_loop()
        } else {
            std::thread::yield_now()
        }
        Ok(())
    }

    /// Takes the complete frames of what was received, which arrived at these ticks.
    fn understand(&mut self, at: u64) -> Result<(), Trouble> {
        let received = std::mem::take(&mut self.received);
        let mut from = 0;
        let done = loop {
            match Frame::first(&received[from..self.length]) {
                Ok(None) => break Ok(()),
                Err(why) => break Err(Trouble::from(why)),
                Ok(Some((frame, length))) => {
                    from += length;
                    if let Err(trouble) = self.take(&frame, at) {
                        break Err(trouble);
                    }
                }
            }
        };
        self.received = received;
        self.received.copy_within(from..self.length, 0);
        self.length -= from;
        done
    }

    fn take(&mut self, frame: &Frame<'_>, at: u64) -> Result<(), Trouble> {
        if self.goes_on.is_some_and(|stream| (frame.kind, frame.stream) != (kind::CONTINUATION, stream)) {
            return Err("a header block is interrupted".to_owned().into());
        }
        if !self.is_greeted && frame.kind != kind::SETTINGS {
            return Err("it does not begin with its settings".to_owned().into());
        }
        match frame.kind {
            kind::SETTINGS if frame.has(flag::ACK) => {}
            kind::SETTINGS => self.agree(frame.payload)?,
            kind::PING if frame.payload.len() != 8 => {
                return Err("a PING without 8 octets".to_owned().into());
            }
            kind::PING if frame.has(flag::ACK) => self.ponged |= frame.payload == self.pings.to_be_bytes(),
            kind::PING => frame::write(&mut self.to_say, kind::PING, flag::ACK, 0, frame.payload),
            kind::WINDOW_UPDATE if frame.stream == 0 => {
                self.window += i64::from(number(frame.payload) & 0x7fff_ffff);
                if self.window > LARGEST_WINDOW {
                    return Err("a window that is too large".to_owned().into());
                }
            }
            kind::GOAWAY => self.leave(frame.payload)?,
            kind::PUSH_PROMISE => return Err("a push that nobody allowed".to_owned().into()),
            kind::DATA => self.owed += frame.payload.len(),
            _ => {}
        }
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.id == frame.stream && stream.id > 0)
        else {
            return match frame.kind {
                kind::HEADERS | kind::CONTINUATION => {
                    Err(format!("header fields of stream {}, on which nothing was asked", frame.stream)
                        .into())
                }
                _ => Ok(()),
            };
        };
        match frame.kind {
            kind::HEADERS | kind::CONTINUATION => {
                let starts = frame.kind == kind::HEADERS;
                if starts == self.goes_on.is_some() {
                    return Err("a header block goes on that did not begin".to_owned().into());
                }
                let content = if starts { frame.content()? } else { frame.payload };
                stream.blocks.extend_from_slice(content);
                if starts {
                    stream.ends.push((at, 0));
                    stream.has_ended |= frame.has(flag::END_STREAM);
                }
                if let Some((_, end)) = stream.ends.last_mut() {
                    *end = stream.blocks.len();
                }
                self.goes_on = (!frame.has(flag::END_HEADERS)).then_some(frame.stream);
            }
            kind::DATA => stream.has_ended |= frame.has(flag::END_STREAM),
            kind::RST_STREAM => {
                let code = number(frame.payload);
                // Once it has answered, it may say so that it needs no more of the request.
                if code != 0 || stream.ends.is_empty() {
                    return Err(Broken(format!("the endpoint reset a request with {}", error_name(code))));
                }
                stream.has_ended = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// Takes the settings of the peer.
    fn agree(&mut self, settings: &[u8]) -> Result<(), Trouble> {
        if !settings.len().is_multiple_of(6) {
            return Err("settings that are cut off".to_owned().into());
        }
        for setting in settings.chunks(6) {
            let (name, value) = setting.split_at(2);
            let value = number(value);
            match number(name) {
                3 if value < 2 => {
                    return Err(Broken(format!(
                        "the endpoint takes {value} requests at a time (SETTINGS_MAX_CONCURRENT_STREAMS); {LEAVE_OUT}"
                    )));
                }
                4 if i64::from(value) > LARGEST_WINDOW => {
                    return Err("a window that is too large".to_owned().into());
                }
                4 => self.first_window = i64::from(value),
                _ => {}
            }
        }
        self.is_greeted = true;
        frame::write(&mut self.to_say, kind::SETTINGS, flag::ACK, 0, &[]);
        Ok(())
    }

    /// Takes the farewell of the peer.
    fn leave(&mut self, payload: &[u8]) -> Result<(), Trouble> {
        let Some((head, text)) = payload.split_at_checked(8) else {
            return Err("a GOAWAY that is cut off".to_owned().into());
        };
        let (last, code) = (number(&head[..4]) & 0x7fff_ffff, number(&head[4..]));
        if code != 0 {
            let text: String = text.escape_ascii().to_string().chars().take(80).collect();
            let why = format!("the endpoint ended the connection with {} `{text}`", error_name(code));
            return Err(Broken(format!("{why}; {LEAVE_OUT}")));
        }
        self.is_leaving = true;
        match self.streams.iter().any(|stream| stream.id > last && !stream.has_ended) {
            true => Err(Ended("it takes no more requests".to_owned())),
            false => Ok(()),
        }
    }
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

/// The first head on a stream that is not an interim one.
fn answered(stream: &Stream) -> Result<Answered, Trouble> {
    let mut from = 0;
    for &(at, end) in &stream.ends {
        let Head { status, retry_after } = fields::read(&stream.blocks[from..end])?;
        if status >= 200 {
            return Ok(Answered { at, status, retry_after });
        }
        from = end;
    }
    Err("an answer without header fields".to_owned().into())
}
