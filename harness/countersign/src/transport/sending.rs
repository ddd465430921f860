//! Writing a request: whole, held back in the middle of its body, byte by byte, or with an endless body.
//!
//! The types to know are [`Sending`] and [`Gate`]. Nothing here reads an answer.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign_core::wire::Wire;
use tokio::io::{AsyncWrite, AsyncWriteExt as _};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

/// Maximum time a request is held back in its body, so that a target with one worker is not blocked for good.
const HALFWAY: Duration = Duration::from_secs(3);
/// The wait before each byte of a slow body.
const BYTE: Duration = Duration::from_millis(100);
/// Bytes of filler per write.
const FILL: usize = 64 * 1024;

/// Synchronizes requests that are held back with the ones sent meanwhile.
#[derive(Debug)]
pub struct Gate {
    arrived: Semaphore,
    open: Semaphore,
}

impl Default for Gate {
    fn default() -> Self {
        Self { arrived: Semaphore::new(0), open: Semaphore::new(0) }
    }
}

impl Gate {
    /// Counts a request that is held back, or that ended before it could be.
    pub fn arrive(&self) {
        self.arrived.add_permits(1);
    }

    /// Waits until this many requests are held back.
    pub async fn arrived(&self, count: u32) {
        // It is never closed.
        let _ = self.arrived.acquire_many(count).await;
    }

    /// Lets the held-back requests go on.
    pub fn open(&self) {
        self.open.close();
    }

    /// Waits until the requests may go on.
    pub async fn opened(&self) {
        // The semaphore has no permits, so this returns when it is closed.
        let _ = self.open.acquire().await;
    }
}

/// How a request is written.
#[derive(Debug, Clone, Copy)]
pub(super) enum Sending<'a> {
    /// All at once.
    Whole,
    /// Up to the middle of its body; the rest once the gate opens.
    Halfway(&'a Gate),
    /// Its head, then its body byte by byte, except the last byte.
    ByteByByte(&'a Gate),
    /// With filler after its body, up to this many bytes. Sets the flag once everything was sent.
    Flooded(u64, &'a AtomicBool),
}

impl Sending<'_> {
    /// Time to add to the total deadline.
    pub(super) fn extra_time(self) -> Duration {
        match self {
            Self::Whole => Duration::ZERO,
            Self::Halfway(_) => HALFWAY,
            // The gate ends it earlier.
            Self::ByteByByte(_) => Duration::from_secs(60),
            Self::Flooded(..) => Duration::from_secs(30),
        }
    }
}

/// Writes a request.
pub(super) async fn send(to: impl AsyncWrite + Unpin, wire: &Wire, sending: Sending<'_>) -> io::Result<()> {
    match sending {
        Sending::Whole => whole(to, wire).await,
        // Boxed, so that the future of a whole request stays small.
        Sending::Halfway(gate) => Box::pin(halfway(to, wire, gate)).await,
        Sending::ByteByByte(gate) => Box::pin(byte_by_byte(to, wire, gate)).await,
        Sending::Flooded(length, taken) => Box::pin(flood(to, wire, length, taken)).await,
    }
}

/// Writes the bytes piece by piece, with the pauses between them.
async fn whole(mut to: impl AsyncWrite + Unpin, wire: &Wire) -> io::Result<()> {
    let mut pauses = wire.pauses().iter().peekable();
    let mut sent = 0;
    for mut piece in wire.pieces() {
        while let Some(pause) = pauses.next_if(|pause| pause.at < sent + piece.len()) {
            let before;
            (before, piece) = piece.split_at(pause.at - sent);
            to.write_all(before).await?;
            sent = pause.at;
            match pause.millis {
                0 => tokio::task::yield_now().await,
                millis => sleep(Duration::from_millis(millis.into())).await,
            }
        }
        to.write_all(piece).await?;
        sent += piece.len();
    }
    Ok(())
}

async fn halfway(mut to: impl AsyncWrite + Unpin, wire: &Wire, gate: &Gate) -> io::Result<()> {
    let bytes = wire.bytes();
    let half = wire.request().body.len() / 2;
    let (first, second) = bytes.split_at(bytes.len() - half.max(1));
    to.write_all(first).await?;
    gate.arrive();
    let _ = timeout(HALFWAY, gate.opened()).await;
    to.write_all(second).await
}

async fn byte_by_byte(mut to: impl AsyncWrite + Unpin, wire: &Wire, gate: &Gate) -> io::Result<()> {
    let bytes = wire.bytes();
    let (head, body) = bytes.split_at(bytes.len() - wire.request().body.len());
    to.write_all(head).await?;
    gate.arrive();
    for byte in &body[..body.len() - 1] {
        to.write_all(&[*byte]).await?;
        sleep(BYTE).await;
    }
    // The last byte never comes.
    gate.opened().await;
    Ok(())
}

async fn flood(
    mut to: impl AsyncWrite + Unpin,
    wire: &Wire,
    length: u64,
    taken: &AtomicBool,
) -> io::Result<()> {
    const END: &[u8] = b"0\r\n\r\n";
    let bytes = wire.bytes();
    let mut left = length.saturating_sub(wire.request().body.len() as u64);
    if wire.framing().chunk.is_none() {
        to.write_all(&bytes).await?;
        let fill = vec![b'f'; FILL];
        while left > 0 {
            let piece = left.min(FILL as u64);
            to.write_all(&fill[..piece as usize]).await?;
            left -= piece;
        }
    } else {
        to.write_all(bytes.strip_suffix(END).unwrap_or(&bytes)).await?;
        let chunk = [format!("{FILL:x}\r\n").as_bytes(), &[b'f'; FILL], b"\r\n"].concat();
        while left > 0 {
            to.write_all(&chunk).await?;
            left = left.saturating_sub(FILL as u64);
        }
        to.write_all(END).await?;
    }
    taken.store(true, Ordering::Relaxed);
    Ok(())
}

#[cfg(test)]
mod tests {
    use countersign_core::wire::{Framing, Request, encode, receive};
    use futures_util::future::join;

    use super::*;

    fn request() -> Request {
        Request {
            method: "POST".into(),
            target: "/hook".into(),
            headers: Vec::new(),
            body: "0123456789".into(),
        }
    }

    async fn written(wire: &Wire, sending: Sending<'_>) -> Vec<u8> {
        let mut bytes = Vec::new();
        send(&mut bytes, wire, sending).await.expect("memory takes all");
        bytes
    }

    #[tokio::test]
    async fn a_request_that_stops_halfway_goes_on_when_the_gate_opens() {
        let (gate, wire) = (Gate::default(), encode(request(), Framing::default()));
        let open = async {
            gate.arrived(1).await;
            gate.open();
        };
        let (bytes, ()) = join(written(&wire, Sending::Halfway(&gate)), open).await;
        assert_eq!(bytes, *wire.bytes());
    }

    #[tokio::test]
    async fn a_flooded_body_is_as_long_as_it_says_with_and_without_chunks() {
        let length = 150_000_u64;
        let said = Framing { content_length: Some(vec![b"150000".to_vec()]), ..Framing::default() };
        for (framing, at_least) in
            [(said, 150_000), (Framing { chunk: Some(4), ..Framing::default() }, 150_000)]
        {
            let taken = AtomicBool::new(false);
            let wire = encode(request(), framing);
            let bytes = written(&wire, Sending::Flooded(length, &taken)).await;
            let body = receive(&bytes).expect("a whole request").body;
            assert!(body.len() >= at_least && body.starts_with(b"0123456789fff"), "{}", body.len());
            assert!(taken.load(Ordering::Relaxed));
        }
    }
}
