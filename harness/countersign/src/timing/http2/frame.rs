//! Frames of HTTP/2 (RFC 9113), written and read.
//!
//! The type to know is [`Frame`].

/// Bytes before the payload of a frame.
pub(super) const HEAD: usize = 9;
/// The longest payload that either side may send, if nobody allows more.
pub(super) const LONGEST: usize = 16_384;

/// Kinds of frames.
pub(super) mod kind {
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PUSH_PROMISE: u8 = 5;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

/// Flags of frames.
pub(super) mod flag {
    pub(in super::super) const END_STREAM: u8 = 1;
    pub(in super::super) const ACK: u8 = 1;
    pub(in super::super) const END_HEADERS: u8 = 4;
    pub(in super::super) const PADDED: u8 = 8;
    pub(in super::super) const PRIORITY: u8 = 32;
}

/// A frame as it was received.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'a> {
    pub(super) kind: u8,
    flags: u8,
    pub(super) stream: u32,
    pub(super) payload: &'a [u8],
}

impl<'a> Frame<'a> {
    /// The first frame of these bytes, and how many it has; none if it is not complete.
    pub(super) fn first(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, String> {
        let Some((head, rest)) = bytes.split_at_checked(HEAD) else { return Ok(None) };
        let length = usize::from(head[0]) << 16 | usize::from(head[1]) << 8 | usize::from(head[2]);
        if length > LONGEST {
            return Err(format!("a frame of {length} bytes, where {LONGEST} are allowed"));
        }
        let stream = number(&head[5..HEAD]) & 0x7fff_ffff;
        let frame = |payload| (Self { kind: head[3], flags: head[4], stream, payload }, HEAD + length);
        Ok(rest.get(..length).map(frame))
    }

    pub(super) fn has(&self, flag: u8) -> bool {
        self.flags & flag != 0
    }

    /// The payload without what only fills it, and without a priority.
    pub(super) fn content(&self) -> Result<&'a [u8], String> {
        let short = || "a frame that is shorter than its own length field says".to_owned();
        let mut content = self.payload;
        let mut fill = 0;
        if self.has(flag::PADDED) {
            let (&first, rest) = content.split_first().ok_or_else(short)?;
            (fill, content) = (usize::from(first), rest);
        }
        if self.kind == kind::HEADERS && self.has(flag::PRIORITY) {
            content = content.get(5..).ok_or_else(short)?;
        }
        let length = content.len().checked_sub(fill).ok_or_else(short)?;
        Ok(&content[..length])
    }
}

/// Writes a frame; its payload is at most as long as a frame may be.
pub(super) fn write(to: &mut Vec<u8>, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
    debug_assert!(payload.len() <= LONGEST);
    to.extend_from_slice(&(payload.len() as u32).to_be_bytes()[1..]);
    to.extend_from_slice(&[kind, flags]);
    to.extend_from_slice(&stream.to_be_bytes());
    to.extend_from_slice(payload);
}

/// Up to four bytes as a number.
pub(super) fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, &byte| number << 8 | u32::from(byte))
}

/// What a code of RST_STREAM or GOAWAY is called.
pub(super) fn error_name(code: u32) -> String {
    let names = [
        "NO_ERROR",
        "PROTOCOL_ERROR",
        "INTERNAL_ERROR",
        "FLOW_CONTROL_ERROR",
        "SETTINGS_TIMEOUT",
        "STREAM_CLOSED",
        "FRAME_SIZE_ERROR",
        "REFUSED_STREAM",
        "CANCEL",
        "COMPRESSION_ERROR",
        "CONNECT_ERROR",
        "ENHANCE_YOUR_CALM",
        "INADEQUATE_SECURITY",
        "HTTP_1_1_REQUIRED",
    ];
    names.get(code as usize).map_or_else(|| format!("error {code}"), |name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        write(&mut bytes, kind::DATA, flag::END_STREAM, 7, b"body");
        let (frame, length) = Frame::first(&bytes).expect("a frame").expect("all of it");
        assert_eq!((frame.kind, frame.stream, frame.payload, length), (kind::DATA, 7, &b"body"[..], 13));
        assert!(frame.has(flag::END_STREAM) && !frame.has(flag::PADDED));
        for short in 0..bytes.len() {
            assert!(Frame::first(&bytes[..short]).expect("no error").is_none(), "{short}");
        }
    }

    #[test]
    fn padding_and_priority_are_taken_off_and_never_more_than_there_is() {
        let content = |kind, flags, payload: &'static [u8]| {
            let frame = Frame { kind, flags, stream: 1, payload };
            frame.content().map(<[u8]>::to_vec)
        };
        let both = flag::PADDED | flag::PRIORITY;
        assert_eq!(content(kind::HEADERS, both, b"\x02pppppheadxx"), Ok(b"head".to_vec()));
        assert_eq!(content(kind::DATA, flag::PADDED, b"\x00body"), Ok(b"body".to_vec()));
        for (flags, payload) in
            [(flag::PADDED, &b""[..]), (flag::PADDED, b"\x03ab"), (flag::PRIORITY, b"1234")]
        {
            assert!(content(kind::HEADERS, flags, payload).is_err());
        }
    }
}
