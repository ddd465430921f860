//! A request as HTTP/2 has it.
//!
//! The type to know is [`Message`].

use countersign_core::wire::Wire;

use super::fields;
use super::frame::{LONGEST, flag, kind, write};

/// Header lines of HTTP/1.1 that say something of one connection, or that are written another way.
const NOT_CARRIED: [&str; 8] = [
    "host",
    "connection",
    "keep-alive",
    "proxy-connection",
    "transfer-encoding",
    "upgrade",
    "te",
    "content-length",
];

/// A request: its header fields, and behind them its body.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Message {
    bytes: Vec<u8>,
    head: usize,
}

impl Message {
    /// A request over plain TCP.
    ///
    /// # Errors
    /// Its head is longer than a frame.
    pub(in super::super) fn new(wire: &Wire) -> Result<Self, String> {
        let request = wire.request();
        let mut bytes = Vec::new();
        let mut field = |name: &[u8], value: &[u8]| fields::write(&mut bytes, name, value);
        field(b":method", &request.method);
        field(b":scheme", b"http");
        field(b":authority", request.value("Host").unwrap_or_default());
        field(b":path", &request.target);
        for line in &request.headers {
            let name = line.name.to_ascii_lowercase();
            if !NOT_CARRIED.contains(&name.as_str()) {
                field(name.as_bytes(), line.value.trim_ascii());
            }
        }
        if !request.body.is_empty() {
            field(b"content-length", request.body.len().to_string().as_bytes());
        }
        let head = bytes.len();
        if head > LONGEST {
            return Err(format!("the head of the request has {head} bytes, more than a frame of HTTP/2"));
        }
        bytes.extend_from_slice(&request.body);
        Ok(Self { bytes, head })
    }

    /// Whether head and body are as long as those of another.
    pub(in super::super) fn is_as_long_as(&self, other: &Self) -> bool {
        (self.head, self.bytes.len()) == (other.head, other.bytes.len())
    }

    /// Becomes one of two that are equally long: the first where the mask is 0, the second where it is 255. Nothing
    /// branches on the mask.
    pub(in super::super) fn choose(&mut self, [one, other]: [&Self; 2], mask: u8) {
        self.head = one.head;
        self.bytes.clear();
        let both = one.bytes.iter().zip(&other.bytes);
        self.bytes.extend(both.map(|(one, other)| one ^ ((one ^ other) & mask)));
    }

    /// Bytes of the body.
    pub(super) fn body(&self) -> usize {
        self.bytes.len() - self.head
    }

    /// Writes all frames but the last: the body without its last byte.
    pub(super) fn write_most(&self, to: &mut Vec<u8>, stream: u32) {
        let (head, body) = self.bytes.split_at(self.head);
        write(to, kind::HEADERS, flag::END_HEADERS, stream, head);
        let (most, _) = split_last(body);
        most.chunks(LONGEST).for_each(|piece| write(to, kind::DATA, 0, stream, piece));
    }

    /// Writes the last frame: the last byte of the body, and the end.
    pub(super) fn write_last(&self, to: &mut Vec<u8>, stream: u32) {
        let (_, last) = split_last(&self.bytes[self.head..]);
        write(to, kind::DATA, flag::END_STREAM, stream, last);
    }
}

fn split_last(body: &[u8]) -> (&[u8], &[u8]) {
    body.split_at(body.len().saturating_sub(1))
}

#[cfg(test)]
mod tests {
    use countersign_core::wire::{Framing, Header, Request, encode};

    use super::*;

    fn message(tag: &str, body: &str) -> Message {
        let headers = [("Host", "example.test"), ("Connection", "close"), ("X-Tag", tag)];
        let headers = headers.map(|(name, value)| Header::new(name, value)).to_vec();
        let request = Request { method: "POST".into(), target: "/hook".into(), headers, body: body.into() };
        Message::new(&encode(request, Framing::default())).expect("it is short")
    }

    #[test]
    fn two_requests_of_one_length_take_as_much_on_the_wire_and_either_can_be_chosen() {
        let (one, other) = (message("0000", "body"), message("zz~!", "BODY"));
        assert!(one.is_as_long_as(&other) && !one.is_as_long_as(&message("000", "bodyy")));
        let mut chosen = Message::default();
        for (mask, expected) in [(0, &one), (255, &other)] {
            chosen.choose([&one, &other], mask);
            assert_eq!(chosen.bytes, expected.bytes);
        }
    }

    #[test]
    fn the_last_byte_of_the_body_is_held_back() {
        let text = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut bytes = Vec::new();
            write(&mut bytes);
            bytes.escape_ascii().to_string()
        };
        let request = message("00", "body");
        let most = text(&|to| request.write_most(to, 3));
        assert!(most.ends_with(r"\x00\x00\x03\x00\x00\x00\x00\x00\x03bod"), "{most}");
        assert!(!most.contains("connection") && most.contains(r":authority\x0cexample.test"), "{most}");
        assert_eq!(text(&|to| request.write_last(to, 3)), r"\x00\x00\x01\x00\x01\x00\x00\x00\x03y");
        let empty = message("00", "");
        assert_eq!(text(&|to| empty.write_last(to, 3)), r"\x00\x00\x00\x00\x01\x00\x00\x00\x03");
    }
}
