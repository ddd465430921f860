//! Connection reuse: which connections may be kept after a request, and which kept ones are still usable.
//!
//! The type to know is [`Idle`]. It must not know what was answered, only that the answer is complete.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use countersign_core::wire::{LineEnd, Wire};
use tokio::net::TcpStream;
use tokio::runtime::{Handle, Id};

/// Maximum number of kept connections.
const KEPT: usize = 128;
/// How long a connection is kept. Servers close idle connections after a few seconds, so a younger one is rarely
/// closed just as it is used again.
const KEPT_FOR: Duration = Duration::from_secs(1);

/// Idle connections. The youngest is used first, and only on the runtime that watches it.
#[derive(Debug, Default)]
pub(super) struct Idle(Mutex<Vec<Kept>>);

#[derive(Debug)]
struct Kept {
    stream: TcpStream,
    since: Instant,
    watched_by: Id,
}

impl Idle {
    /// Takes the youngest connection that still seems usable.
    pub(super) fn take(&self) -> Option<TcpStream> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let here = Handle::current().id();
        while let Some(youngest) = kept.iter().rposition(|kept| kept.watched_by == here) {
            let Kept { stream, since, .. } = kept.remove(youngest);
            if since.elapsed() > KEPT_FOR {
                kept.retain(|kept| kept.watched_by != here);
                return None;
            }
            if is_silent(&stream) {
                return Some(stream);
            }
        }
        None
    }

    /// Keeps a connection for the next request.
    pub(super) fn keep(&self, stream: TcpStream) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(Kept { stream, since: Instant::now(), watched_by: Handle::current().id() });
        }
    }
}

/// Whether nothing has arrived and the connection is open. Stray bytes would be read as the next answer.
fn is_silent(stream: &TcpStream) -> bool {
    let mut one = [0];
    matches!(stream.try_read(&mut one), Err(error) if error.kind() == std::io::ErrorKind::WouldBlock)
}

/// Whether both sides must agree on where this request ends. If not, the server may take its tail for another
/// request, and answer that too.
pub(super) fn has_certain_end(wire: &Wire) -> bool {
    let request = wire.request();
    let framing = wire.framing();
    let plain_head = framing.version == b"HTTP/1.1"
        && framing.line_end == LineEnd::CrLf
        && framing.content_length.is_none()
        && framing.padding.is_empty()
        && *request.method != *b"CONNECT"
        && request.method.iter().chain(&request.target[..]).all(u8::is_ascii_graphic);
    plain_head
        && request.headers.iter().all(|line| {
            let framed = ["Content-Length", "Transfer-Encoding", "Connection", "Upgrade", "Expect"];
            !framed.iter().any(|name| line.is(name))
                && line.name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
                && !line.value.as_slice().iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0))
        })
}

#[cfg(test)]
mod tests {
    use countersign_core::wire::{Framing, Header, Request, encode};

    use super::*;

    fn request(header: Header) -> Request {
        Request {
            method: "POST".into(),
            target: "/hook".into(),
            headers: vec![Header::new("Host", "x"), header],
            body: "{}".into(),
        }
    }

    #[test]
    fn a_connection_is_kept_only_after_a_request_whose_end_is_beyond_doubt() {
        let plain = request(Header::new("X-A", "1"));
        assert!(has_certain_end(&encode(plain.clone(), Framing::default())));
        assert!(has_certain_end(&encode(plain.clone(), Framing { chunk: Some(1), ..Framing::default() })));
        let missing = Framing { content_length: Some(Vec::new()), ..Framing::default() };
        assert!(!has_certain_end(&encode(plain.clone(), missing)));
        let bare = Framing { line_end: LineEnd::Lf, ..Framing::default() };
        assert!(!has_certain_end(&encode(plain, bare)));
        for (name, value) in [("content-length", "1"), ("Transfer-Encoding", "chunked"), ("X", "a\r\nY: b")] {
            assert!(
                !has_certain_end(&encode(request(Header::new(name, value)), Framing::default())),
                "{name}"
            );
        }
    }
}
