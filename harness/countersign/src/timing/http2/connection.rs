//! One connection of HTTP/2 with prior knowledge, on which requests go out in pairs.
//!
//! The type to know is [`Connection`]. It asks the socket again and again instead of sleeping: being woken takes longer
//! than what lies between two answers. All that a peer sends is bounded, in bytes and in time.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::{Duration, Instant};

use super::frame::{self, Frame, HEAD, LONGEST, kind};
use super::message::Message;
use super::state::Trouble::{self, Broken, Ended};
use super::state::{Answered, LEAVE_OUT, MOST, State};
use countersign_timing::measure::Counter;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// For how long the socket is asked without giving the CPU to others.
const EAGER: Duration = Duration::from_millis(1);

/// A connection.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    counter: Counter,
    timeout: Duration,
    until: Instant,
    received: Vec<u8>,
    length: usize,
    /// Bytes received for the present pair.
    taken: usize,
    state: State,
}

impl Connection {
    /// Connects, and waits for the first settings of the peer.
    pub(super) fn open(
        (host, port): (&str, u16),
        timeout: Duration,
        counter: Counter,
    ) -> Result<Self, Trouble> {
        let connected = || {
            let address = (host, port).to_socket_addrs()?.next();
            let address = address.ok_or_else(|| io::Error::other("no address"))?;
            let stream = TcpStream::connect_timeout(&address, timeout)?;
            stream.set_nodelay(true)?;
            stream.set_nonblocking(true)?;
            Ok(stream)
        };
        let stream = connected()
            .map_err(|error: io::Error| Broken(format!("cannot connect to {host} port {port}: {error}")))?;
        let mut connection = Self {
            stream,
            counter,
            timeout,
            until: Instant::now() + timeout,
            received: vec![0; 4 * (HEAD + LONGEST)],
            length: 0,
            taken: 0,
            state: State::new(),
        };
        connection.greet()?;
        Ok(connection)
    }

    fn greet(&mut self) -> Result<(), Trouble> {
        let mut bytes = PREFACE.to_vec();
        // No table for header fields, no pushes, and room for all that an answer may have.
        let most = (MOST as u32).to_be_bytes();
        let settings: Vec<u8> = [(1_u16, [0; 4]), (2, [0; 4]), (4, most)]
            .iter()
            .flat_map(|(name, value)| [&name.to_be_bytes()[..], value].concat())
            .collect();
        frame::write(&mut bytes, kind::SETTINGS, 0, 0, &settings);
        frame::write(&mut bytes, kind::WINDOW_UPDATE, 0, 0, &(MOST as u32).to_be_bytes());
        let refused = |trouble| match trouble {
            Ended(why) | Broken(why) => {
                Broken(format!("the endpoint does not speak HTTP/2 with prior knowledge: {why}; {LEAVE_OUT}"))
            }
        };
        self.send(&bytes).map_err(refused)?;
        while !self.state.is_greeted() {
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
        self.state.is_over()
    }

    /// Sends two requests of which the last bytes go out together, once the peer has read all others.
    pub(super) fn pair(&mut self, requests: &[Message; 2]) -> Result<[Answered; 2], Trouble> {
        if self.is_over() {
            return Err(Ended("it takes no more requests".to_owned()));
        }
        self.until = Instant::now() + self.timeout;
        self.taken = 0;
        self.wait_for_room(requests)?;
        let [most, last] = self.state.begin(requests);
        self.send(&most)?;
        while !self.state.has_ponged() {
            self.receive()?;
            self.understand(0)?;
        }
        self.say()?;
        if self.state.has_begun() {
            let why = "the endpoint answered before a request was complete, so that pairs show nothing";
            return Err(Broken(format!("{why}; {LEAVE_OUT}")));
        }
        self.send(&last)?;
        while !self.state.has_answered() {
            let at = self.receive()?;
            self.understand(at)?;
        }
        self.state.give_room();
        self.state.answers()
    }

    /// Waits until the windows of the peer have room for the bodies.
    fn wait_for_room(&mut self, requests: &[Message; 2]) -> Result<(), Trouble> {
        while let Err(why) = self.state.room(requests) {
            self.receive().map_err(|trouble| match trouble {
                Broken(late) => Broken(format!("the endpoint takes no pair: {why}: {late}; {LEAVE_OUT}")),
                ended @ Ended(_) => ended,
            })?;
            self.understand(0)?;
            self.say()?;
        }
        Ok(())
    }

    /// Says what was put off.
    fn say(&mut self) -> Result<(), Trouble> {
        if self.state.to_say.is_empty() {
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.state.to_say);
        self.send(&bytes)?;
        bytes.clear();
        self.state.to_say = bytes;
        Ok(())
    }

    fn send(&mut self, mut bytes: &[u8]) -> Result<(), Trouble> {
        let began = Instant::now();
        while !bytes.is_empty() {
            match self.stream.write(bytes) {
                Ok(length) => bytes = &bytes[length..],
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
                            "the endpoint sent more than {MOST} bytes for two requests"
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
            return Err(Broken(format!("{why} within {} s", self.timeout.as_secs_f64())));
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
                    if let Err(trouble) = self.state.take(&frame, at) {
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
}

fn waits(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
