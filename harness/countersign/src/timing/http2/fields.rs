//! Header fields of HTTP/2 (RFC 7541), as far as they are needed here.
//!
//! What is written are literals without a code and without a table: a value of so many bytes takes so many on the wire,
//! whatever they are and whatever was sent before. Of what is read only the status counts, and whether the endpoint
//! asks to come back later; the peer is offered no table.

/// What the head of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) status: u16,
    /// There is a `Retry-After`.
    pub(super) retry_after: bool,
}

/// Fields of the static table that matter: the statuses from 8 on, and `retry-after`.
const STATUSES: [u16; 7] = [200, 204, 206, 304, 400, 404, 500];
const STATUS: usize = 8;
const RETRY_AFTER: usize = 53;
/// The last place of the static table.
const STATIC: usize = 61;
/// The same names as text, and in the code of RFC 7541, appendix B.
const STATUS_NAMES: [&[u8]; 2] = [b":status", b"\xb8\x84\x8d\x36\xa3"];
const RETRY_AFTER_NAMES: [&[u8]; 2] = [b"retry-after", b"\xb0\xa9\xb3\xd2\xc3\x95\x25\xb3"];

/// Writes a field as a literal that nobody is to remember.
pub(super) fn write(to: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    to.push(0);
    for text in [name, value] {
        length(to, text.len());
        to.extend_from_slice(text);
    }
}

/// Writes the length of a text that is not in the code.
fn length(to: &mut Vec<u8>, length: usize) {
    let Some(mut rest) = length.checked_sub(0x7f) else { return to.push(length as u8) };
    to.push(0x7f);
    while rest >= 0x80 {
        to.push(0x80 | (rest & 0x7f) as u8);
        rest >>= 7;
    }
    to.push(rest as u8);
}

/// Reads the head of an answer.
pub(super) fn read(block: &[u8]) -> Result<Head, String> {
    let mut at = Reader(block);
    let (mut status, mut retry_after) = (None, false);
    while let Some(&first) = at.0.first() {
        let (name, value) = match first {
            0x80.. => {
                let place = at.place(7)?;
                if let Some(known) = place.checked_sub(STATUS).and_then(|place| STATUSES.get(place)) {
                    status = Some(*known);
                }
                (Name::of(place)?, None)
            }
            // The table that follows has no room anyway.
            0x20..0x40 => {
                at.number(5)?;
                continue;
            }
            0x40..0x80 | 0..0x20 => {
                let name = match at.place(if first >= 0x40 { 6 } else { 4 })? {
                    0 => Name::read(at.text()?.1),
                    place => Name::of(place)?,
                };
                (name, Some(at.text()?))
            }
        };
        match (name, value) {
            (Name::Status, Some((coded, value))) => status = Some(digits(coded, value)?),
            (Name::RetryAfter, _) => retry_after = true,
            (Name::Status | Name::Other, _) => {}
        }
    }
    let status = status.ok_or("an answer without a status")?;
    Ok(Head { status, retry_after })
}

enum Name {
    Status,
    RetryAfter,
    Other,
}

impl Name {
    fn of(place: usize) -> Result<Self, String> {
        match place {
            _ if (STATUS..STATUS + STATUSES.len()).contains(&place) => Ok(Self::Status),
            RETRY_AFTER => Ok(Self::RetryAfter),
            1..=STATIC => Ok(Self::Other),
            _ => Err(format!("a header field from place {place} of a table that has {STATIC}")),
        }
    }

    fn read(text: &[u8]) -> Self {
        match text {
            _ if STATUS_NAMES.contains(&text) => Self::Status,
            _ if RETRY_AFTER_NAMES.contains(&text) => Self::RetryAfter,
            _ => Self::Other,
        }
    }
}

/// What is left of the fields.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn byte(&mut self) -> Result<u8, String> {
        let (&first, rest) = self.0.split_first().ok_or("header fields that end too early")?;
        self.0 = rest;
        Ok(first)
    }

    /// A number in the last bits of an byte, and in those behind it.
    fn number(&mut self, bits: u32) -> Result<usize, String> {
        let full = (1_usize << bits) - 1;
        let mut number = usize::from(self.byte()?) & full;
        if number < full {
            return Ok(number);
        }
        for shift in [0, 7, 14, 21] {
            let byte = self.byte()?;
            number += usize::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err("a header field with an endless number".to_owned())
    }

    /// A place in the table.
    fn place(&mut self, bits: u32) -> Result<usize, String> {
        self.number(bits)
    }

    /// A text, and whether it is in the code.
    fn text(&mut self) -> Result<(bool, &'a [u8]), String> {
        let coded = self.0.first().is_some_and(|first| first & 0x80 != 0);
        let length = self.number(7)?;
        let (text, rest) =
            self.0.split_at_checked(length).ok_or("a header field that is longer than its block")?;
        self.0 = rest;
        Ok((coded, text))
    }
}

/// Three digits. In the code, 0 to 2 are the numbers 0 to 2 of five bits, and 3 to 9 the numbers 25 to 31 of six.
fn digits(coded: bool, text: &[u8]) -> Result<u16, String> {
    let bad = || format!("the status `{}`", text.escape_ascii());
    let mut all = Vec::with_capacity(3);
    if coded {
        let mut bits = text.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1));
        while all.len() < 3 {
            let mut next = || bits.next().ok_or_else(bad);
            let mut number = 0;
            for _ in 0..5 {
                number = number << 1 | next()?;
            }
            match number {
                0..=2 => all.push(number),
                _ => all.push(
                    (number << 1 | next()?).checked_sub(22).filter(|digit| *digit >= 3).ok_or_else(bad)?,
                ),
            }
        }
        if bits.count() >= 8 {
            return Err(bad());
        }
    } else {
        all.extend(text.iter().map(|byte| byte.wrapping_sub(b'0')));
    }
    match all[..] {
        [first @ 1..=9, second @ 0..=9, third @ 0..=9] => {
            Ok(u16::from(first) * 100 + u16::from(second) * 10 + u16::from(third))
        }
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(block: &[u8]) -> Result<u16, String> {
        read(block).map(|head| head.status)
    }

    #[test]
    fn a_status_is_read_in_all_forms_that_servers_send() {
        assert_eq!(status(b"\x88"), Ok(200), "from the table");
        assert_eq!(status(b"\x20\x8c"), Ok(400), "behind a change of the table");
        assert_eq!(status(b"\x08\x03401"), Ok(401), "as text under a known name");
        for (coded, expected) in
            [(b"\x48\x82\x68\x01", 401), (b"\x48\x82\x10\x01", 200), (b"\x18\x82\x64\x02", 302)]
        {
            assert_eq!(status(coded), Ok(expected), "in the code");
        }
        assert_eq!(status(b"\x48\x83\x64\x4f\xff"), Ok(329));
        assert_eq!(status(b"\x00\x07:status\x03403"), Ok(403), "under its own name");
        assert_eq!(status(b"\x00\x85\xb8\x84\x8d\x36\xa3\x83\x68\x0c\xff"), Ok(403), "all in the code");
    }

    #[test]
    fn a_wish_to_come_back_later_is_seen() {
        for block in [
            &b"\x08\x03429\x0f\x26\x015"[..],
            b"\x08\x03429\x00\x0bretry-after\x015",
            b"\x08\x03429\x00\x88\xb0\xa9\xb3\xd2\xc3\x95\x25\xb3\x015",
        ] {
            assert_eq!(read(block), Ok(Head { status: 429, retry_after: true }));
        }
        assert_eq!(read(b"\x08\x03429\x0f\x10\x015"), Ok(Head { status: 429, retry_after: false }));
    }

    #[test]
    fn what_is_not_a_head_is_an_error_and_no_panic() {
        for bad in [
            &b""[..],
            b"\x08",
            b"\x08\x05401",
            b"\x08\x0340x",
            b"\x08\x04\x34\x30\x31\x31",
            b"\x08\x81\xff",
            b"\x08\x85\x68\x01\xff\xff\xff",
            b"\x80",
            b"\xbe",
            b"\xff\xff\xff\xff\xff\xff",
            b"\x3f\xff\xff\xff\xff\xff\xff",
            b"\x7f\x80",
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        // All short blocks.
        for number in 0..1_u32 << 24 {
            if number % 97 == 0 {
                let _ = read(&number.to_be_bytes()[1..]);
            }
        }
    }

    #[test]
    fn long_values_are_written_with_long_lengths() {
        for (length, expected) in
            [(126, &[126][..]), (127, &[127, 0]), (255, &[127, 128, 1]), (1337, &[127, 186, 9])]
        {
            let mut bytes = Vec::new();
            write(&mut bytes, b"n", &vec![b'v'; length]);
            assert_eq!(bytes[3..3 + expected.len()], *expected);
            assert_eq!(bytes.len(), 3 + expected.len() + length);
        }
    }
}
