//! HTTP/1.1 over one connection that is kept, with a clock around each exchange.
//!
//! The type to know is [`KeepAlive`]. It blocks: no runtime comes between the clock and the socket.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpStream, ToSocketAddrs as _};
use std::time::Duration;

use countersign_core::wire::{Answer, AnswerReader, Connection, Limits, Progress};

use countersign_timing::measure::Counter;
use countersign_timing::measure::delay;

/// Bytes that are read at once.
const PIECE: usize = 16 << 10;
/// Times that a connection is made anew before the endpoint is given up.
const CONNECTIONS: u32 = 100;

/// An endpoint behind one connection.
pub(super) struct KeepAlive {
    address: (String, u16),
    timeout: Duration,
    stream: Option<TcpStream>,
    connections: u32,
    piece: Vec<u8>,
}

impl KeepAlive {
    pub(super) fn new(address: (String, u16), timeout: Duration) -> Self {
        Self { address, timeout, stream: None, connections: 0, piece: vec![0; PIECE] }
    }

    /// Sends a request: the ticks from the first byte sent, and so many rounds of delay before it, to the first byte
    /// received.
    pub(super) fn exchange(
        &mut self,
        request: &[u8],
        rounds: u64,
        counter: &Counter,
    ) -> Result<(u64, Answer), String> {
        let mut stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.connect()?,
        };
        let failed = |error: io::Error| format!("the exchange failed: {error}");
        let mut reader = AnswerReader::new(Limits::default(), false);
        let start = counter.now();
        delay(rounds);
        stream.write_all(request).map_err(failed)?;
        let mut length = stream.read(&mut self.piece).map_err(failed)?;
        let ticks = counter.now() - start;
        loop {
            if length == 0 {
                let answer = reader.end().map_err(|why| format!("no answer: {why}"))?;
                return Ok((ticks, answer));
            }
            let progress = reader.push(&self.piece[..length]).map_err(|why| format!("no answer: {why}"))?;
            if let Progress::Done(answer) = progress {
                if answer.connection == Connection::Reusable {
                    self.stream = Some(stream);
                }
                return Ok((ticks, answer));
            }
            hurry(&stream);
            length = stream.read(&mut self.piece).map_err(failed)?;
        }
    }

    fn connect(&mut self) -> Result<TcpStream, String> {
        let (host, port) = &self.address;
        if self.connections == CONNECTIONS {
            return Err(format!("the endpoint ended its connection {CONNECTIONS} times: it keeps none"));
        }
        self.connections += 1;
        let connected = || {
            let address = (host.as_str(), *port).to_socket_addrs()?.next();
            let address = address.ok_or_else(|| io::Error::other("no address"))?;
            let stream = TcpStream::connect_timeout(&address, self.timeout)?;
            stream.set_nodelay(true)?;
            stream.set_read_timeout(Some(self.timeout))?;
            stream.set_write_timeout(Some(self.timeout))?;
            Ok(stream)
        };
        connected().map_err(|error: io::Error| format!("cannot connect to {host} port {port}: {error}"))
    }
}

/// Acknowledges what arrives right away: a server that writes head and body separately waits for it, 40 ms each time.
fn hurry(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    {
        // Without it the measurement is as sound, and takes longer.
        let _ = rustix::net::sockopt::set_tcp_quickack(stream, true);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}
