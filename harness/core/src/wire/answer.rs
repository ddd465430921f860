//! A bounded reader of HTTP/1.x answers, fed with whatever pieces the socket brings.
//!
//! The type to know is [`AnswerReader`]. It skips 1xx answers, tolerates what browsers tolerate,
//! and never keeps more than its [`Limits`] allow. It must not know what an answer means.

use super::{ByteString, Header};

/// What was answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Header lines in the order they came.
    pub headers: Vec<Header>,
    /// The body, up to the limit.
    pub body: ByteString,
    /// Whether the connection can carry another request.
    pub connection: Connection,
}

/// What becomes of a connection after an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It can be used again.
    Reusable,
    /// It ends: said so, read to its end, or left in the middle of a body.
    Spent,
}

impl Answer {
    /// The first value of a header; the name in any letter case.
    pub fn value(&self, name: &str) -> Option<&[u8]> {
        self.headers.iter().find(|line| line.is(name)).map(|line| line.value.as_slice())
    }
}

/// How much of an answer is kept at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one head.
    pub head: usize,
    /// Header lines of one head.
    pub lines: usize,
    /// Bytes of the body; what follows is not read.
    pub body: usize,
    /// Interim (1xx) answers before the final one.
    pub interim: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { head: 64 * 1024, lines: 200, body: 64 * 1024, interim: 8 }
    }
}

/// Why the bytes are not an answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// Nothing came before the connection ended.
    #[error("the connection ended without an answer")]
    Empty,
    /// The connection ended inside the answer.
    #[error("the connection ended inside the answer")]
    CutOff,
    /// Bytes without a status line, as HTTP/0.9 sends them.
    #[error("an answer without a status line (HTTP/0.9)")]
    Http09,
    /// A head that is longer than the limit.
    #[error("the head of the answer is longer than {0} bytes")]
    HeadTooLong(usize),
    /// More interim answers than the limit.
    #[error("more than {0} interim answers")]
    TooManyInterim(usize),
    /// Bytes that are not HTTP/1.x.
    #[error("not an HTTP/1.x answer: {0}")]
    Malformed(String),
}

/// Whether an answer is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    More,
    /// The answer is complete, or as complete as the limits allow.
    Done(Answer),
}

/// Reads one answer.
///
/// ```
/// use countersign_core::wire::{AnswerReader, Limits, Progress};
/// let mut reader = AnswerReader::new(Limits::default(), false);
/// assert_eq!(reader.push(b"HTTP/1.1 401 Unauthorized\r\nContent-Le"), Ok(Progress::More));
/// let Ok(Progress::Done(answer)) = reader.push(b"ngth: 2\r\n\r\nno") else { panic!() };
/// assert_eq!((answer.status, answer.body.as_slice()), (401, &b"no"[..]));
/// ```
#[derive(Debug)]
pub struct AnswerReader {
    limits: Limits,
    head_only: bool,
    interim: usize,
    buffer: Vec<u8>,
    state: State,
}

#[derive(Debug)]
enum State {
    Head,
    Body { answer: Answer, framing: BodyFraming },
}

#[derive(Debug, Clone, Copy)]
enum BodyFraming {
    Length(usize),
    Chunked,
    UntilEnd,
}

impl AnswerReader {
    /// A reader for the answer to one request; `head_only` for a request with method HEAD.
    pub fn new(limits: Limits, head_only: bool) -> Self {
        Self { limits, head_only, interim: 0, buffer: Vec::new(), state: State::Head }
    }

    /// Takes the next bytes.
    ///
    /// # Errors
    /// The bytes can no longer become an answer, or a limit was passed.
    pub fn push(&mut self, octets: &[u8]) -> Result<Progress, Unreadable> {
        self.buffer.extend_from_slice(octets);
        loop {
            match &mut self.state {
                State::Head => {
                    if !self.take_head()? {
                        return Ok(Progress::More);
                    }
                }
                State::Body { .. } => return self.take_body(),
            }
        }
    }

    /// The connection has ended.
    ///
    /// # Errors
    /// The answer is not complete.
    pub fn end(self) -> Result<Answer, Unreadable> {
        match self.state {
            State::Head if self.buffer.is_empty() => Err(Unreadable::Empty),
            State::Head if !starts_like_http(&self.buffer) => Err(Unreadable::Http09),
            State::Head => Err(Unreadable::CutOff),
            State::Body { mut answer, framing: BodyFraming::UntilEnd } => {
                answer.body = ByteString::from(self.buffer);
                Ok(answer)
            }
            State::Body { .. } => Err(Unreadable::CutOff),
        }
    }

    /// Bytes held so far; never more than the limits and one piece.
    pub fn held(&self) -> usize {
        self.buffer.len()
    }

    /// Reads a head if there is a whole one; true if the state moved on.
    fn take_head(&mut self) -> Result<bool, Unreadable> {
        if !starts_like_http(&self.buffer) {
            return Err(Unreadable::Http09);
        }
        // Most heads have few lines; room for all that the limits allow is made when they have not.
        let mut few = [httparse::EMPTY_HEADER; 16];
        let mut many = Vec::new();
        let mut head = httparse::Response::new(&mut few[..self.limits.lines.min(16)]);
        let mut config = httparse::ParserConfig::default();
        config
            .allow_obsolete_multiline_headers_in_responses(true)
            .allow_spaces_after_header_name_in_responses(true)
            .ignore_invalid_headers_in_responses(true);
        let mut parsed = config.parse_response(&mut head, &self.buffer);
        if parsed == Err(httparse::Error::TooManyHeaders) {
            many.resize(self.limits.lines, httparse::EMPTY_HEADER);
            head = httparse::Response::new(&mut many);
            parsed = config.parse_response(&mut head, &self.buffer);
        }
        let length = match parsed {
            Ok(httparse::Status::Complete(length)) if length <= self.limits.head => length,
            Ok(httparse::Status::Partial) if self.buffer.len() <= self.limits.head => return Ok(false),
            Ok(_) => return Err(Unreadable::HeadTooLong(self.limits.head)),
            Err(error) => return Err(Unreadable::Malformed(error.to_string())),
        };
        let status = head.code.unwrap_or_default();
        let minor = head.version.unwrap_or_default();
        let headers: Vec<Header> = head
            .headers
            .iter()
            .map(|line| Header { name: line.name.into(), value: ByteString::from(line.value) })
            .collect();
        self.buffer.drain(..length);
        if (100..200).contains(&status) && status != 101 {
            self.interim += 1;
            if self.interim > self.limits.interim {
                return Err(Unreadable::TooManyInterim(self.limits.interim));
            }
            return Ok(!self.buffer.is_empty());
        }
        let connection = if keeps_open(&headers, minor) { Connection::Reusable } else { Connection::Spent };
        let answer = Answer { status, headers, body: ByteString::default(), connection };
        let framing = self.framing(&answer)?;
        self.state = State::Body { answer, framing };
        Ok(true)
    }

    fn framing(&self, answer: &Answer) -> Result<BodyFraming, Unreadable> {
        if self.head_only || answer.status == 204 || answer.status == 304 {
            return Ok(BodyFraming::Length(0));
        }
        if answer.value("Transfer-Encoding").is_some_and(|v| v.to_ascii_lowercase().ends_with(b"chunked")) {
            return Ok(BodyFraming::Chunked);
        }
        match answer.value("Content-Length") {
            None => Ok(BodyFraming::UntilEnd),
            Some(value) => std::str::from_utf8(value)
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .map(BodyFraming::Length)
                .ok_or_else(|| Unreadable::Malformed("the content length is not a number".to_owned())),
        }
    }

    fn take_body(&mut self) -> Result<Progress, Unreadable> {
        let limit = self.limits.body;
        let State::Body { answer, framing } = &mut self.state else { return Ok(Progress::More) };
        let (body, spent) = match *framing {
            BodyFraming::Length(length) if self.buffer.len() >= length.min(limit) => {
                let body = self.buffer[..length.min(limit)].to_vec();
                (body, length > limit || self.buffer.len() > length)
            }
            BodyFraming::UntilEnd if self.buffer.len() >= limit => (self.buffer[..limit].to_vec(), true),
            BodyFraming::Length(_) | BodyFraming::UntilEnd => return Ok(Progress::More),
            BodyFraming::Chunked => {
                // Chunk heads may be longer than their data: the raw bytes are bounded too, and the
                // same ones are looked at however they come.
                let bound = limit.saturating_mul(16);
                let raw = &self.buffer[..self.buffer.len().min(bound)];
                match dechunk(raw, limit)? {
                    Some((body, left)) => (body, left || raw.len() < self.buffer.len()),
                    None if self.buffer.len() > bound => (Vec::new(), true),
                    None => return Ok(Progress::More),
                }
            }
        };
        if spent || matches!(framing, BodyFraming::UntilEnd) {
            answer.connection = Connection::Spent;
        }
        answer.body = ByteString::from(body);
        let nothing = Answer { headers: Vec::new(), body: ByteString::default(), ..*answer };
        Ok(Progress::Done(std::mem::replace(answer, nothing)))
    }
}

/// The body and whether bytes are left over; `None` if more are needed.
fn dechunk(mut rest: &[u8], limit: usize) -> Result<Option<(Vec<u8>, bool)>, Unreadable> {
    let mut body = Vec::new();
    loop {
        let (start, size) = match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete(found)) => found,
            Ok(httparse::Status::Partial) => return Ok(None),
            Err(_) => return Err(Unreadable::Malformed("a chunk size is not a number".to_owned())),
        };
        rest = &rest[start..];
        if size == 0 {
            return Ok(trailer_end(rest).map(|end| (body, rest.len() > end)));
        }
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let take = size.min(limit - body.len());
        if rest.len() < take {
            return Ok(None);
        }
        body.extend_from_slice(&rest[..take]);
        if body.len() >= limit {
            return Ok(Some((body, true)));
        }
        match rest.get(size..size.saturating_add(2)) {
            None => return Ok(None),
            Some(b"\r\n") => rest = &rest[size + 2..],
            Some(_) => return Err(Unreadable::Malformed("a chunk does not end with its line".to_owned())),
        }
    }
}

/// Length of the trailer section with its closing empty line.
fn trailer_end(rest: &[u8]) -> Option<usize> {
    if rest.starts_with(b"\r\n") {
        return Some(2);
    }
    rest.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Whether the bytes can still become a status line, after empty lines.
fn starts_like_http(buffer: &[u8]) -> bool {
    let mut start = buffer;
    while let Some(rest) = start.strip_prefix(b"\r\n").or_else(|| start.strip_prefix(b"\n")) {
        start = rest;
    }
    let length = start.len().min(5);
    start == b"\r" || start[..length] == b"HTTP/"[..length]
}

fn keeps_open(headers: &[Header], minor: u8) -> bool {
    let says = |word: &[u8]| {
        headers.iter().filter(|line| line.is("Connection")).any(|line| {
            line.value
                .as_slice()
                .split(|&b| b == b',')
                .any(|token| token.trim_ascii().eq_ignore_ascii_case(word))
        })
    };
    if minor == 0 { says(b"keep-alive") } else { !says(b"close") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(octets: &[u8]) -> Result<Answer, Unreadable> {
        let mut reader = AnswerReader::new(Limits::default(), false);
        match reader.push(octets)? {
            Progress::Done(answer) => Ok(answer),
            Progress::More => reader.end(),
        }
    }

    #[test]
    fn an_answer_is_the_same_however_it_is_cut_into_pieces() {
        let octets = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n";
        let whole = read(octets).expect("well-formed");
        assert_eq!((whole.status, whole.body.as_slice()), (400, &b"abcde"[..]));
        for size in 1..octets.len() {
            let mut reader = AnswerReader::new(Limits::default(), false);
            let done = octets.chunks(size).find_map(|piece| match reader.push(piece) {
                Ok(Progress::Done(answer)) => Some(answer),
                Ok(Progress::More) => None,
                Err(error) => panic!("{error} with pieces of {size}"),
            });
            assert_eq!(done.as_ref(), Some(&whole), "pieces of {size}");
        }
    }

    #[test]
    fn chunk_heads_that_outgrow_the_limit_read_the_same_however_they_come() {
        let limits = Limits { body: 2, ..Limits::default() };
        let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        let octets = format!("{head}1;{}\r\na\r\n0\r\n\r\n", "x".repeat(60));
        let body = |size: usize| {
            let mut reader = AnswerReader::new(limits, false);
            octets.as_bytes().chunks(size).find_map(|piece| match reader.push(piece) {
                Ok(Progress::Done(answer)) => Some((answer.body, answer.connection)),
                Ok(Progress::More) => None,
                Err(error) => panic!("{error}"),
            })
        };
        assert_eq!(body(octets.len()), Some((ByteString::default(), Connection::Spent)));
        assert_eq!(body(octets.len()), body(5));
    }

    #[test]
    fn http09_garbage_and_silence_are_told_apart() {
        assert_eq!(read(b"<html>hello"), Err(Unreadable::Http09));
        assert_eq!(read(b"\rHello"), Err(Unreadable::Http09));
        assert_eq!(read(b"\r\n\nHTTP/1.1 200 OK\r\n\r\n").map(|answer| answer.status), Ok(200));
        assert_eq!(read(b""), Err(Unreadable::Empty));
        assert_eq!(read(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"), Err(Unreadable::CutOff));
        assert!(matches!(read(b"HTTP/2.0 200 OK\r\n\r\n"), Err(Unreadable::Malformed(_))));
    }

    #[test]
    fn an_endless_body_is_cut_at_the_limit_and_spends_the_connection() {
        let mut reader = AnswerReader::new(Limits::default(), false);
        let mut progress = reader.push(b"HTTP/1.1 200 OK\r\n\r\n").expect("a head");
        let mut pushes = 0;
        while progress == Progress::More {
            progress = reader.push(&[b'x'; 4096]).expect("a body");
            pushes += 1;
            assert!(pushes < 100, "the reader must stop by itself");
        }
        let Progress::Done(answer) = progress else { unreachable!() };
        assert_eq!(answer.body.as_slice().len(), Limits::default().body);
        assert_eq!(answer.connection, Connection::Spent);
    }

    #[test]
    fn an_endless_head_is_refused_within_the_limit() {
        let mut reader = AnswerReader::new(Limits::default(), false);
        reader.push(b"HTTP/1.1 200 OK\r\n").expect("a status line");
        let line = format!("X-Fill: {}\r\n", "y".repeat(1000));
        let error = (0..10_000).find_map(|_| reader.push(line.as_bytes()).err()).expect("it gives up");
        assert!(matches!(error, Unreadable::HeadTooLong(_) | Unreadable::Malformed(_)), "{error}");
        assert!(reader.held() < 80 * 1024);
    }

    #[test]
    fn endless_interim_answers_are_refused() {
        let many = b"HTTP/1.1 103 Early Hints\r\n\r\n".repeat(20);
        assert_eq!(read(&many), Err(Unreadable::TooManyInterim(8)));
    }
}
