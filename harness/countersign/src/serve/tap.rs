//! Records the head of each request exactly as received, alongside the HTTP server that parses it.
//!
//! The type to know is [`Tap`]. The HTTP server lower-cases header names, regroups repeated lines and drops the
//! fragment of a target, but a verifier must see what was sent. This module must not know what a head means.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Maximum bytes kept of a head; the server refuses longer ones itself.
const MAX_KEPT: usize = 512 * 1024;

/// The head of the current request on one connection.
#[derive(Debug, Clone, Default)]
pub(super) struct Head(Arc<Mutex<State>>);

#[derive(Debug)]
enum State {
    /// Receiving a head.
    Head(Vec<u8>),
    /// The head is complete; further bytes belong to the body.
    Body(Vec<u8>),
}

impl Default for State {
    fn default() -> Self {
        Self::Head(Vec::new())
    }
}

impl Head {
    /// Takes the head as received. It is empty if the request was sent before the previous answer (pipelined).
    pub(super) fn take(&self) -> Vec<u8> {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match std::mem::replace(&mut *state, State::Body(Vec::new())) {
            State::Head(bytes) | State::Body(bytes) => bytes,
        }
    }

    /// The request is over, and the next head starts.
    pub(super) fn start_head(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = State::default();
    }

    fn record(&self, bytes: &[u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let State::Head(head) = &mut *state else { return };
        // Empty lines before a request are skipped by every server.
        let skipped = if head.is_empty() {
            bytes.iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count()
        } else {
            0
        };
        let from = head.len().saturating_sub(2);
        head.extend_from_slice(&bytes[skipped..]);
        if let Some(end) = end_of_head(&head[from..]) {
            head.truncate(from + end);
        } else if head.len() <= MAX_KEPT {
            return;
        }
        *state = State::Body(std::mem::take(head));
    }
}

/// The position after the empty line that ends the head.
fn end_of_head(bytes: &[u8]) -> Option<usize> {
    let feeds = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
    feeds.into_iter().find_map(|at| match &bytes[at..] {
        [b'\n', ..] => Some(at + 1),
        [b'\r', b'\n', ..] => Some(at + 2),
        _ => None,
    })
}

/// A connection whose request heads are recorded.
#[derive(Debug)]
pub(super) struct Tap {
    stream: TcpStream,
    head: Head,
}

impl Tap {
    /// Records the heads on a connection.
    pub(super) fn new(stream: TcpStream) -> (Self, Head) {
        let head = Head::default();
        (Self { stream, head: head.clone() }, head)
    }
}

impl AsyncRead for Tap {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(cx, buf);
        self.head.record(&buf.filled()[before..]);
        polled
    }
}

impl AsyncWrite for Tap {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_kept_exactly_however_it_is_cut_into_pieces() {
        for head in [
            &b"POST /a#b HTTP/1.1\r\nX: 1\r\nx: 2\r\n\r\n"[..],
            b"GET / HTTP/1.1\nA: b\n\n",
            b"GET / HTTP/1.1\n\r\n",
        ] {
            let bytes = [b"\r\n", head, b"a body\r\n\r\n"].concat();
            for size in 1..bytes.len() {
                let kept = Head::default();
                bytes.chunks(size).for_each(|piece| kept.record(piece));
                assert_eq!(kept.take(), head, "pieces of {size}");
            }
        }
    }

    #[test]
    fn an_endless_head_is_not_kept_without_end() {
        let head = Head::default();
        (0..4096).for_each(|_| head.record(&[b'x'; 1024]));
        assert!(head.take().len() <= MAX_KEPT + 1024);
    }

    #[test]
    fn a_pipelined_request_has_no_head_of_its_own() {
        let head = Head::default();
        head.record(b"GET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
        assert_eq!(head.take(), b"GET /1 HTTP/1.1\r\n\r\n");
        head.start_head();
        assert_eq!(head.take(), b"");
    }
}
