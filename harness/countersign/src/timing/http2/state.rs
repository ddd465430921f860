//! What a peer of HTTP/2 has said so far, and what is owed to it.
//!
//! The type to know is [`State`]: it takes frames, and knows of no socket.

use super::fields::{self, Head};
use super::frame::{self, Frame, HEAD, LONGEST, error_name, flag, kind, number};
use super::message::Message;

/// Bytes of the answers to a pair at most.
pub(super) const MOST: usize = 1 << 20;
/// What each side may send at first, on a stream and on all together.
const WINDOW: i64 = 65_535;
/// Larger windows are not allowed.
const LARGEST_WINDOW: i64 = 0x7fff_ffff;
/// After this stream a new connection is made.
const LAST_STREAM: u32 = 0x3fff_ffff;

pub(super) const LEAVE_OUT: &str = "leave --pairs out to measure over HTTP/1.1";

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

/// The state of a connection.
#[derive(Debug)]
pub(super) struct State {
    /// What is to be said when there is time.
    pub(super) to_say: Vec<u8>,
    /// Bytes of bodies for which the peer was not yet given new room.
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

impl State {
    /// Nothing was said yet.
    pub(super) fn new() -> Self {
        Self {
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
        }
    }

    /// Whether the peer has sent its first settings.
    pub(super) fn is_greeted(&self) -> bool {
        self.is_greeted
    }

    /// Whether the peer takes no more requests.
    pub(super) fn is_over(&self) -> bool {
        self.is_leaving || self.next >= LAST_STREAM
    }

    /// Whether the last PING was answered.
    pub(super) fn has_ponged(&self) -> bool {
        self.ponged
    }

    /// Whether some of an answer is there.
    pub(super) fn has_begun(&self) -> bool {
        self.streams.iter().any(|stream| !stream.ends.is_empty() || stream.has_ended)
    }

    /// Whether both answers are complete.
    pub(super) fn has_answered(&self) -> bool {
        self.goes_on.is_none() && self.streams.iter().all(|stream| stream.has_ended)
    }

    /// Whether the windows of the peer have room for the bodies; if not, why.
    pub(super) fn room(&self, requests: &[Message; 2]) -> Result<(), String> {
        let [one, other] = requests.each_ref().map(|request| request.body() as i64);
        if self.window < one + other || self.first_window < one.max(other) {
            return Err(format!(
                "its flow control has no room for two bodies of {one} bytes ({} in all, {} each)",
                self.window, self.first_window
            ));
        }
        Ok(())
    }

    /// Begins two requests: what goes out first, with a PING behind it, and what goes out last, in one piece.
    pub(super) fn begin(&mut self, requests: &[Message; 2]) -> [Vec<u8>; 2] {
        let (mut most, mut last) = (std::mem::take(&mut self.to_say), Vec::with_capacity(2 * (HEAD + 1)));
        for (request, stream) in requests.iter().zip(&mut self.streams) {
            stream.id = self.next;
            stream.blocks.clear();
            stream.ends.clear();
            // So that nothing is allocated while it counts.
            stream.blocks.reserve(HEAD + LONGEST);
            stream.ends.reserve(8);
            stream.has_ended = false;
            self.next += 2;
            request.write_most(&mut most, stream.id);
            request.write_last(&mut last, stream.id);
            self.window -= request.body() as i64;
        }
        self.pings += 1;
        frame::write(&mut most, kind::PING, 0, 0, &self.pings.to_be_bytes());
        self.ponged = false;
        [most, last]
    }

    /// The answers.
    pub(super) fn answers(&self) -> Result<[Answered; 2], Trouble> {
        let [one, other] = &self.streams;
        Ok([answered(one)?, answered(other)?])
    }

    /// Gives back the room that answers took.
    pub(super) fn give_room(&mut self) {
        if self.owed > MOST / 4 {
            let owed = (self.owed as u32).to_be_bytes();
            frame::write(&mut self.to_say, kind::WINDOW_UPDATE, 0, 0, &owed);
            self.owed = 0;
        }
    }

    /// Takes a frame, which arrived at these ticks.
    pub(super) fn take(&mut self, frame: &Frame<'_>, at: u64) -> Result<(), Trouble> {
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
                return Err("a PING without 8 bytes".to_owned().into());
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `:status: 200`, from the static table.
    const OK: &[u8] = b"\x88";
    /// `:status: 103`, spelled out.
    const EARLY_HINTS: &[u8] = b"\x08\x03103";

    /// Two requests that are under way, and their streams.
    fn asked() -> (State, [u32; 2]) {
        let mut state = State::new();
        take(&mut state, kind::SETTINGS, 0, 0, &[]).expect("settings");
        state.begin(&[Message::default(), Message::default()]);
        let ids = state.streams.each_ref().map(|stream| stream.id);
        (state, ids)
    }

    fn take(state: &mut State, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Result<(), Trouble> {
        taken_at(state, 0, (kind, flags, stream, payload))
    }

    fn taken_at(
        state: &mut State,
        at: u64,
        (kind, flags, stream, payload): (u8, u8, u32, &[u8]),
    ) -> Result<(), Trouble> {
        let mut bytes = Vec::new();
        frame::write(&mut bytes, kind, flags, stream, payload);
        let (frame, _) = Frame::first(&bytes).expect("a frame").expect("all of it");
        state.take(&frame, at)
    }

    fn goaway(last: u32, code: u32) -> Vec<u8> {
        [last.to_be_bytes(), code.to_be_bytes()].concat()
    }

    #[test]
    fn the_time_of_an_answer_is_that_of_its_head() {
        let (mut state, [one, other]) = asked();
        let whole = flag::END_HEADERS | flag::END_STREAM;
        for (at, frame) in [
            (3, (kind::HEADERS, flag::END_HEADERS, other, EARLY_HINTS)),
            (5, (kind::HEADERS, flag::END_HEADERS, other, OK)),
            (7, (kind::HEADERS, 0, one, &[][..])),
            (8, (kind::CONTINUATION, flag::END_HEADERS, one, OK)),
            (9, (kind::DATA, flag::END_STREAM, one, b"body")),
        ] {
            taken_at(&mut state, at, frame).expect("as the protocol has it");
            assert!(!state.has_answered());
        }
        taken_at(&mut state, 12, (kind::DATA, flag::END_STREAM, other, b"")).expect("the end");
        assert!(state.has_answered());
        assert_eq!(
            state.answers().expect("both").map(|answer| (answer.at, answer.status)),
            [(7, 200), (5, 200)]
        );
        // Both in what was read at once: the same time.
        let (mut state, ids) = asked();
        for id in ids {
            taken_at(&mut state, 4, (kind::HEADERS, whole, id, OK)).expect("a head");
        }
        let [one, other] = state.answers().expect("both");
        assert!(state.has_answered() && one.at == other.at);
    }

    #[test]
    fn a_peer_that_leaves_may_answer_what_it_has_taken() {
        let (mut state, [_, other]) = asked();
        take(&mut state, kind::GOAWAY, 0, 0, &goaway(other, 0)).expect("both will be answered");
        assert!(state.is_over());
        let (mut state, [one, _]) = asked();
        let left = take(&mut state, kind::GOAWAY, 0, 0, &goaway(one, 0));
        assert!(matches!(left, Err(Ended(_))), "the other is not answered, and may be sent again: {left:?}");
        let (mut state, [_, other]) = asked();
        let blamed = take(&mut state, kind::GOAWAY, 0, 0, &goaway(other, 11));
        assert!(matches!(&blamed, Err(Broken(why)) if why.contains("ENHANCE_YOUR_CALM")), "{blamed:?}");
    }

    #[test]
    fn what_the_protocol_forbids_is_named() {
        let too_wide = 0x7fff_ffff_u32.to_be_bytes();
        let cases: [(&str, u8, &[u8]); 5] = [
            ("a push that nobody allowed", kind::PUSH_PROMISE, &[]),
            ("a PING without 8 bytes", kind::PING, b"short"),
            ("settings that are cut off", kind::SETTINGS, b"short"),
            ("a GOAWAY that is cut off", kind::GOAWAY, b"short"),
            ("a window that is too large", kind::WINDOW_UPDATE, &too_wide),
        ];
        for (why, kind, payload) in cases {
            let (mut state, _) = asked();
            let said = take(&mut state, kind, 0, 0, payload);
            assert!(matches!(&said, Err(Broken(said)) if said.contains(why)), "{why}: {said:?}");
        }
        let (mut state, [one, other]) = asked();
        take(&mut state, kind::HEADERS, 0, one, OK).expect("it goes on");
        let said = take(&mut state, kind::DATA, 0, other, b"");
        assert!(matches!(&said, Err(Broken(why)) if why.contains("is interrupted")), "{said:?}");
    }
}
