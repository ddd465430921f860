//! The HTTP/1.1 writer.
//!
//! The type to know is [`Wire`]: the only thing that a transport can send, and [`encode`] is the
//! only way to make one. It must not know schemes or tampers; it writes what it is told to.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::{ByteString, Request};

/// Ready to send: bytes, and the places where the sender waits.
///
/// A copy shares its bytes with the original, and the bytes are written when they are first asked for.
#[derive(Debug, Clone)]
pub struct Wire(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    request: Request,
    framing: Framing,
    written: OnceLock<Written>,
}

/// What goes on the wire.
#[derive(Debug)]
struct Written {
    /// All up to the first large value or body, which is not copied only to be sent.
    front: Vec<u8>,
    /// That, and what follows.
    rest: Vec<ByteString>,
    pauses: Vec<Pause>,
}

impl PartialEq for Wire {
    fn eq(&self, other: &Self) -> bool {
        self.0.request == other.0.request && self.0.framing == other.0.framing
    }
}

impl Eq for Wire {}

/// A wait before the byte at `at` is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Offset into the bytes.
    pub at: usize,
    /// Length of the wait in milliseconds.
    pub millis: u16,
}

/// How the bytes differ from the plain form of the request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Framing {
    /// Chunked transfer coding with chunks of this many bytes, instead of a length.
    pub chunk: Option<usize>,
    /// What ends a line of the head.
    pub line_end: LineEnd,
    /// Version on the request line, `HTTP/1.1` by default.
    pub version: &'static [u8],
    /// What stands around single header values.
    pub padding: Vec<Padding>,
    /// Values of the `Content-Length` lines, if not the true one.
    pub content_length: Option<Vec<Vec<u8>>>,
    /// Into how many pieces the bytes are cut, and the wait between them in milliseconds.
    pub split: Option<(u16, u16)>,
}

impl Default for Framing {
    fn default() -> Self {
        Self {
            chunk: None,
            line_end: LineEnd::CrLf,
            version: b"HTTP/1.1",
            padding: Vec::new(),
            content_length: None,
            split: None,
        }
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LineEnd {
    /// Carriage return and line feed.
    CrLf,
    /// A bare line feed.
    Lf,
}

/// What stands around the value of one header line, instead of `": "` before and nothing after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Padding {
    /// Index of the header line.
    pub line: usize,
    /// Between name and value.
    pub before: Vec<u8>,
    /// Between value and line end.
    pub after: Vec<u8>,
}

impl Wire {
    /// What goes on the wire.
    pub fn bytes(&self) -> Cow<'_, [u8]> {
        let Written { front, rest, .. } = self.written();
        if rest.is_empty() { Cow::Borrowed(front) } else { self.pieces().collect::<Vec<_>>().concat().into() }
    }

    /// What goes on the wire, in pieces.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let Written { front, rest, .. } = self.written();
        std::iter::once(&front[..]).chain(rest.iter().flat_map(ByteString::pieces))
    }

    /// Where the sender waits, in ascending order.
    pub fn pauses(&self) -> &[Pause] {
        &self.written().pauses
    }

    /// The request that the bytes say, before framing.
    pub fn request(&self) -> &Request {
        &self.0.request
    }

    /// How it is framed.
    pub fn framing(&self) -> &Framing {
        &self.0.framing
    }

    fn written(&self) -> &Written {
        self.0.written.get_or_init(|| {
            let (front, rest) = write(&self.0.request, &self.0.framing);
            let length = front.len() + rest.iter().map(ByteString::len).sum::<usize>();
            let pauses = pauses(length, self.0.framing.split);
            Written { front, rest, pauses }
        })
    }

    /// Whether the answer to it has no body, whatever its head says.
    pub fn asks_for_head_only(&self) -> bool {
        *self.0.request.method == *b"HEAD"
    }
}

/// Writes a request as bytes.
///
/// A `Content-Length` line with the true length is added unless the request has one already, the
/// framing says otherwise, or there is no body and the method does not expect one.
///
/// ```
/// use countersign_core::wire::{Framing, Header, ByteString, Request, encode};
/// let request = Request {
///     method: ByteString::from_static(b"POST"),
///     target: "/hook".into(),
///     headers: vec![Header::new("Host", "localhost")],
///     body: ByteString::from("{}"),
/// };
/// let wire = encode(request, Framing::default());
/// assert_eq!(*wire.bytes(), *b"POST /hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
/// ```
pub fn encode(request: Request, framing: Framing) -> Wire {
    Wire(Arc::new(Inner { request, framing, written: OnceLock::new() }))
}

fn write(request: &Request, framing: &Framing) -> (Vec<u8>, Vec<ByteString>) {
    let end: &[u8] = match framing.line_end {
        LineEnd::CrLf => b"\r\n",
        LineEnd::Lf => b"\n",
    };
    let here = |value: &ByteString| if value.is_large() { 0 } else { value.len() };
    let lines: usize = request.headers.iter().map(|line| line.name.len() + here(&line.value) + 4).sum();
    let room = 96 + request.target.len() + lines + here(&request.body);
    let mut writer = Writer { front: Vec::with_capacity(room), rest: Vec::new(), last: Vec::new() };
    writer.put(&[&request.method, b" ", &request.target, b" ", framing.version, end]);
    for (index, line) in request.headers.iter().enumerate() {
        let padding = framing.padding.iter().find(|padding| padding.line == index);
        let (before, after) = padding.map_or((&b": "[..], &b""[..]), |p| (&p.before, &p.after));
        writer.put(&[line.name.as_bytes(), before]);
        writer.put_value(&line.value);
        writer.put(&[after, end]);
    }
    match &framing.content_length {
        Some(values) => values.iter().for_each(|value| writer.put(&[b"Content-Length: ", value, end])),
        None if framing.chunk.is_some() || request.value("Content-Length").is_some() => {}
        None if request.body.is_empty() && matches!(&request.method[..], b"GET" | b"HEAD") => {}
        None => writer.put(&[b"Content-Length: ", &ByteString::decimal(request.body.len() as i64), end]),
    }
    if framing.chunk.is_some() {
        writer.put(&[b"Transfer-Encoding: chunked", end]);
    }
    writer.put(&[end]);
    match framing.chunk {
        None => writer.put_value(&request.body),
        Some(size) => {
            for chunk in request.body.chunks(size.max(1)) {
                writer.put(&[format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"]);
            }
            writer.put(&[b"0\r\n\r\n"]);
        }
    }
    writer.finish()
}

/// Puts small pieces together, and large ones beside them.
struct Writer {
    front: Vec<u8>,
    rest: Vec<ByteString>,
    /// What follows the last large piece.
    last: Vec<u8>,
}

impl Writer {
    fn put(&mut self, pieces: &[&[u8]]) {
        let to = if self.rest.is_empty() { &mut self.front } else { &mut self.last };
        for piece in pieces {
            to.extend_from_slice(piece);
        }
    }

    fn put_value(&mut self, value: &ByteString) {
        if !value.is_large() {
            return self.put(&[value]);
        }
        if !self.last.is_empty() {
            self.rest.push(std::mem::take(&mut self.last).into());
        }
        self.rest.push(value.clone());
    }

    fn finish(mut self) -> (Vec<u8>, Vec<ByteString>) {
        if !self.last.is_empty() {
            self.rest.push(self.last.into());
        }
        (self.front, self.rest)
    }
}

fn pauses(length: usize, split: Option<(u16, u16)>) -> Vec<Pause> {
    let Some((pieces, millis)) = split else { return Vec::new() };
    let step = (length / usize::from(pieces.max(1))).max(1);
    (1..usize::from(pieces)).map(|n| Pause { at: n * step, millis }).filter(|p| p.at < length).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ByteString, Header, receive};
    use super::*;

    fn request() -> Request {
        Request {
            method: ByteString::from_static(b"POST"),
            target: "/hook?a=1".into(),
            headers: vec![Header::new("host", "x"), Header::new("B", "2"), Header::new("b", "1")],
            body: ByteString::from("0123456789"),
        }
    }

    #[test]
    fn order_case_and_duplicates_reach_the_wire() {
        let wire = encode(request(), Framing::default());
        assert!(wire.bytes().starts_with(b"POST /hook?a=1 HTTP/1.1\r\nhost: x\r\nB: 2\r\nb: 1\r\n"));
    }

    #[test]
    fn a_large_body_goes_out_as_it_is() {
        let body = ByteString::from(vec![b'x'; 8192]);
        let wire = encode(Request { body: body.clone(), ..request() }, Framing::default());
        let pieces: Vec<&[u8]> = wire.pieces().collect();
        assert!(pieces[0].ends_with(b"Content-Length: 8192\r\n\r\n"));
        assert_eq!(pieces[1].as_ptr(), body.as_ptr(), "the body was copied");
        assert_eq!(receive(&wire.bytes()).expect("well-formed").body, body);
    }

    #[test]
    fn a_large_value_goes_out_between_the_lines_around_it() {
        let mut long = request();
        long.headers.insert(1, Header { name: "Long".into(), value: vec![b'x'; 9000].into() });
        let wire = encode(long.clone(), Framing::default());
        assert_eq!(wire.pieces().count(), 3);
        let heard = receive(&wire.bytes()).expect("well-formed");
        assert_eq!((&heard.headers[..4], heard.body), (&long.headers[..], long.body));
    }

    #[test]
    fn chunked_and_plain_bodies_are_received_alike() {
        let chunked = encode(request(), Framing { chunk: Some(3), ..Framing::default() });
        let plain = encode(request(), Framing::default());
        let body = |wire: &Wire| receive(&wire.bytes()).expect("well-formed").body;
        assert_eq!(body(&chunked), body(&plain));
    }

    #[test]
    fn pauses_fall_inside_the_octets_in_order() {
        let wire = encode(request(), Framing { split: Some((5, 1)), ..Framing::default() });
        assert_eq!(wire.pauses().len(), 4);
        assert!(wire.pauses().windows(2).all(|pair| pair[0].at < pair[1].at));
        assert!(wire.pauses().iter().all(|pause| pause.at < wire.bytes().len()));
    }
}
