//! HTTP/2 as far as pairs of requests need it: two requests whose last bytes arrive together.
//!
//! The type to know is [`Endpoint`]. A client of our own, because it decides byte by byte: crates that speak HTTP/2 put
//! header fields into a code and a table, with which two values of one length take different room on the wire, and write when they
//! see fit.

mod connection;
mod fields;
mod frame;
mod message;
mod state;

use std::time::Duration;

use connection::Connection;
use state::Trouble;

pub(super) use message::Message;
pub(super) use state::Answered;

use countersign_timing::measure::Counter;

/// Times that a connection is made anew before the endpoint is given up.
const CONNECTIONS: u32 = 100;

/// An endpoint behind one connection.
pub(super) struct Endpoint {
    address: (String, u16),
    timeout: Duration,
    counter: Counter,
    connection: Option<Connection>,
    connections: u32,
}

impl Endpoint {
    pub(super) fn new(address: (String, u16), timeout: Duration, counter: Counter) -> Self {
        Self { address, timeout, counter, connection: None, connections: 0 }
    }

    /// Sends two requests, the last byte of both in one piece, and says when the head of each answer came. A pair that a
    /// connection leaves unanswered is sent again on a new one, so that none is left out. `turn` waits before each attempt until
    /// the rate limit allows two requests.
    pub(super) fn pair(
        &mut self,
        requests: &[Message; 2],
        turn: &mut impl FnMut(),
    ) -> Result<[Answered; 2], String> {
        let mut last = "it takes no requests".to_owned();
        while self.connections <= CONNECTIONS {
            let mut connection = match self.connection.take() {
                Some(connection) => connection,
                None => {
                    self.connections += 1;
                    let address = (self.address.0.as_str(), self.address.1);
                    match Connection::open(address, self.timeout, self.counter) {
                        Ok(connection) => connection,
                        Err(Trouble::Ended(why) | Trouble::Broken(why)) => return Err(why),
                    }
                }
            };
            turn();
            match connection.pair(requests) {
                Ok(answers) => {
                    self.connection = Some(connection).filter(|connection| !connection.is_over());
                    return Ok(answers);
                }
                Err(Trouble::Ended(why)) => last = why,
                Err(Trouble::Broken(why)) => return Err(why),
            }
        }
        Err(format!("the endpoint ended its connection {CONNECTIONS} times: {last}"))
    }
}
