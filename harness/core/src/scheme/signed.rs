//! A signed request, and where in it everything stands.
//!
//! The type to know is [`Signed`]: tampers change it through [`Spot`]s, and it keeps the places of
//! all fields true while its bytes change. It must not know why anything is changed.

use std::ops::Range;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

use super::{Claims, Field};
use crate::wire::{ByteString, Header, Request};

/// A part of a signed request, as cases name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Part {
    /// The text of the tag.
    Tag,
    /// The bytes of the tag, whatever its encoding.
    TagBytes,
    /// What stands directly before the tag: `sha256=`, `v1=`.
    Label,
    /// The whole value of the header that carries the tag; the tag itself where no header does.
    Signature,
    /// The timestamp.
    Timestamp,
    /// The message id.
    Id,
    /// The nonce.
    Nonce,
    /// The message id or nonce, whichever the scheme has.
    Unique,
    /// The key id.
    KeyId,
    /// The method.
    Method,
    /// The path, without query.
    Path,
    /// The query, without `?`.
    Query,
    /// Path and query.
    Target,
    /// The body.
    Body,
    /// The value of the first line of a header.
    Header(String),
    /// The value of the first header that the scheme covers by name.
    CoveredHeader,
}

/// A range of bytes in a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Spot {
    /// All of the method.
    Method,
    /// In the request target.
    Target(Range<usize>),
    /// In the value of a header line.
    Header {
        /// Index of the line.
        line: usize,
        /// Bytes of the value.
        range: Range<usize>,
    },
    /// In the body.
    Body(Range<usize>),
}

/// A named spot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// What stands there: a field, or its label.
    pub holds: Holds,
    /// Where.
    pub spot: Spot,
}

/// What stands at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// A field.
    Field(Field),
    /// The label directly before the tag.
    Label,
}

/// A signed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    request: Request,
    places: Vec<Place>,
    covered_header: Option<SmolStr>,
    tag: Vec<u8>,
}

impl Signed {
    /// A signed request with the places of its fields; `tag` is the MAC in bytes.
    pub fn new(request: Request, places: Vec<Place>, covered_header: Option<SmolStr>, tag: Vec<u8>) -> Self {
        Self { request, places, covered_header, tag }
    }

    /// The request as it stands.
    pub fn request(&self) -> &Request {
        &self.request
    }

    /// Takes the request out.
    pub fn into_request(self) -> Request {
        self.request
    }

    /// The MAC that was computed when the request was signed.
    pub fn tag(&self) -> &[u8] {
        &self.tag
    }

    /// Where a part stands; `None` if this request does not have it.
    pub fn find(&self, part: &Part) -> Option<Spot> {
        match part {
            Part::Tag | Part::TagBytes => self.place(Holds::Field(Field::Tag)),
            Part::Label => self.place(Holds::Label),
            Part::Timestamp => self.place(Holds::Field(Field::Timestamp)),
            Part::Id => self.place(Holds::Field(Field::Id)),
            Part::Nonce => self.place(Holds::Field(Field::Nonce)),
            Part::Unique => {
                self.place(Holds::Field(Field::Nonce)).or_else(|| self.place(Holds::Field(Field::Id)))
            }
            Part::KeyId => self.place(Holds::Field(Field::KeyId)),
            Part::Signature => match self.place(Holds::Field(Field::Tag))? {
                Spot::Header { line, .. } => Some(self.whole(line)),
                elsewhere => Some(elsewhere),
            },
            Part::Method => Some(Spot::Method),
            Part::Path => Some(Spot::Target(0..self.request.path_end())),
            Part::Query => {
                let end = self.request.path_end();
                (end < self.request.target.len()).then(|| Spot::Target(end + 1..self.request.target.len()))
            }
            Part::Target => Some(Spot::Target(0..self.request.target.len())),
            Part::Body => Some(Spot::Body(0..self.request.body.len())),
            Part::Header(name) => self.line_of(name).map(|line| self.whole(line)),
            Part::CoveredHeader => self
                .covered_header
                .as_deref()
                .and_then(|name| self.line_of(name))
                .map(|line| self.whole(line)),
        }
    }

    /// The fields that stand in header lines.
    pub(super) fn carried_by_headers(&self) -> Claims {
        let mut claims = Claims::default();
        for place in &self.places {
            if let (Holds::Field(field), Spot::Header { line, range }) = (place.holds, &place.spot) {
                let value = &self.request.headers[*line].value;
                claims.put(field, value.share(&value[range.clone()]));
            }
        }
        claims
    }

    /// Whether a header line carries more than one field.
    pub fn shares_its_line(&self, line: usize) -> bool {
        let fields = self.places.iter().filter(|place| {
            matches!(place.holds, Holds::Field(_))
                && matches!(place.spot, Spot::Header { line: at, .. } if at == line)
        });
        fields.count() > 1
    }

    /// The header line that carries a part, if a header does.
    pub fn line(&self, part: &Part) -> Option<usize> {
        match self.find(part)? {
            Spot::Header { line, .. } => Some(line),
            Spot::Method | Spot::Target(_) | Spot::Body(_) => None,
        }
    }

    /// The bytes at a spot.
    pub fn bytes(&self, spot: &Spot) -> &[u8] {
        match spot {
            Spot::Method => &self.request.method,
            Spot::Target(range) => &self.request.target[range.clone()],
            Spot::Header { line, range } => &self.request.headers[*line].value.as_slice()[range.clone()],
            Spot::Body(range) => &self.request.body[range.clone()],
        }
    }

    /// The same, shared.
    pub fn octets(&self, spot: &Spot) -> ByteString {
        let (all, range) = match spot {
            Spot::Method => return self.request.method.clone(),
            Spot::Target(range) => (&self.request.target, range),
            Spot::Header { line, range } => (&self.request.headers[*line].value, range),
            Spot::Body(range) => (&self.request.body, range),
        };
        if range.len() == all.len() { all.clone() } else { all.share(&all[range.clone()]) }
    }

    /// Puts other bytes at a spot.
    pub fn splice(&mut self, spot: &Spot, with: ByteString) {
        let length = with.len();
        let old = match spot {
            Spot::Method => {
                self.request.method = with;
                return;
            }
            Spot::Target(range) => {
                self.request.target.splice(range, with);
                range
            }
            Spot::Header { line, range } => {
                self.request.headers[*line].value.splice(range, with);
                range
            }
            Spot::Body(range) => {
                self.request.body.splice(range, with);
                range
            }
        };
        for place in &mut self.places {
            let range = match (&mut place.spot, spot) {
                (Spot::Header { line, range }, Spot::Header { line: changed, .. }) if line == changed => {
                    range
                }
                (Spot::Body(range), Spot::Body(_)) | (Spot::Target(range), Spot::Target(_)) => range,
                _ => continue,
            };
            *range = moved(range, old, length);
        }
    }

    /// Takes a header line out, with every place in it.
    pub fn remove_line(&mut self, at: usize) {
        self.request.headers.remove(at);
        self.places.retain(|place| !matches!(place.spot, Spot::Header { line, .. } if line == at));
        self.shift_lines(at, |line| line - 1);
    }

    /// Puts a header line in; places move along.
    pub fn insert_line(&mut self, at: usize, header: Header) {
        self.shift_lines(at, |line| line + 1);
        self.request.headers.insert(at, header);
    }

    /// Puts header lines behind all others.
    pub fn append_lines(&mut self, lines: impl IntoIterator<Item = Header>) {
        self.request.headers.extend(lines);
    }

    /// Gives a header line another name.
    pub fn rename_line(&mut self, at: usize, name: SmolStr) {
        self.request.headers[at].name = name;
    }

    /// Puts the header lines in the opposite order.
    pub fn reverse_lines(&mut self) {
        self.request.headers.reverse();
        let last = self.request.headers.len().saturating_sub(1);
        for place in &mut self.places {
            if let Spot::Header { line, .. } = &mut place.spot {
                *line = last - *line;
            }
        }
    }

    fn shift_lines(&mut self, from: usize, shift: impl Fn(usize) -> usize) {
        for place in &mut self.places {
            if let Spot::Header { line, .. } = &mut place.spot
                && *line >= from
            {
                *line = shift(*line);
            }
        }
    }

    fn place(&self, holds: Holds) -> Option<Spot> {
        self.places.iter().find(|place| place.holds == holds).map(|place| place.spot.clone())
    }

    fn line_of(&self, name: &str) -> Option<usize> {
        self.request.headers.iter().position(|line| line.is(name))
    }

    fn whole(&self, line: usize) -> Spot {
        Spot::Header { line, range: 0..self.request.headers[line].value.as_slice().len() }
    }
}

/// Where a range lies after `old` was replaced by `len` bytes.
fn moved(range: &Range<usize>, old: &Range<usize>, len: usize) -> Range<usize> {
    let shift = |at: usize| at - old.len() + len;
    if range == old {
        old.start..old.start + len
    } else if range.start >= old.end {
        shift(range.start)..shift(range.end)
    } else if range.end <= old.start {
        range.clone()
    } else if range.start <= old.start && old.end <= range.end {
        range.start..shift(range.end)
    } else {
        // The replaced bytes swallowed this place or cut into it: what is left is what replaced them.
        old.start..old.start + len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signed() -> Signed {
        let request = Request {
            method: "POST".into(),
            target: "/hook".into(),
            headers: vec![Header::new("Host", "x"), Header::new("S", "t=12,v1=abcd")],
            body: ByteString::default(),
        };
        let place = |holds, range| Place { holds, spot: Spot::Header { line: 1, range } };
        let places = vec![
            place(Holds::Field(Field::Timestamp), 2..4),
            place(Holds::Label, 5..8),
            place(Holds::Field(Field::Tag), 8..12),
        ];
        Signed::new(request, places, None, vec![0xab, 0xcd])
    }

    fn text(signed: &Signed, part: &Part) -> String {
        let spot = signed.find(part).expect("the part is there");
        String::from_utf8(signed.bytes(&spot).to_vec()).expect("text")
    }

    #[test]
    fn places_follow_every_change_before_them() {
        let mut signed = signed();
        let timestamp = signed.find(&Part::Timestamp).expect("there");
        signed.splice(&timestamp, ByteString::from("123456"));
        assert_eq!(text(&signed, &Part::Tag), "abcd");
        assert_eq!(text(&signed, &Part::Timestamp), "123456");
        signed.insert_line(0, Header::new("X", "y"));
        assert_eq!(text(&signed, &Part::Label), "v1=");
        signed.remove_line(0);
        signed.reverse_lines();
        assert_eq!(text(&signed, &Part::Signature), "t=123456,v1=abcd");
    }

    #[test]
    fn the_fields_of_header_lines_are_what_a_reader_finds() {
        let claims = signed().carried_by_headers();
        assert_eq!(claims.timestamp.as_deref(), Some(&b"12"[..]));
        assert_eq!(claims.tags, [ByteString::from("abcd")]);
        assert_eq!((claims.id, claims.nonce, claims.key_id), (None, None, None));
    }

    #[test]
    fn places_in_target_and_body_follow_too() {
        let request = Request {
            method: "POST".into(),
            target: "/hook?a=1&hmac=abcd&t=9".into(),
            headers: Vec::new(),
            body: "ef".into(),
        };
        let places = vec![
            Place { holds: Holds::Field(Field::Tag), spot: Spot::Target(15..19) },
            Place { holds: Holds::Field(Field::Timestamp), spot: Spot::Target(22..23) },
            Place { holds: Holds::Field(Field::Nonce), spot: Spot::Body(0..2) },
        ];
        let mut signed = Signed::new(request, places, None, vec![0xab, 0xcd]);
        let path = signed.find(&Part::Path).expect("there");
        signed.splice(&path, ByteString::from("/"));
        assert_eq!((text(&signed, &Part::Tag), text(&signed, &Part::Timestamp)), ("abcd".into(), "9".into()));
        let tag = signed.find(&Part::Tag).expect("there");
        signed.splice(&tag, ByteString::from("abcdef"));
        assert_eq!(text(&signed, &Part::Timestamp), "9");
        let query = signed.find(&Part::Query).expect("there");
        signed.splice(&query, ByteString::from("x"));
        assert_eq!(text(&signed, &Part::Timestamp), "x", "what was swallowed is what replaced it");
        assert_eq!(text(&signed, &Part::Nonce), "ef");
        assert_eq!(signed.find(&Part::Signature), signed.find(&Part::Tag), "no header carries the tag");
    }

    #[test]
    fn an_emptied_part_can_be_filled_again() {
        let mut signed = signed();
        let tag = signed.find(&Part::Tag).expect("there");
        signed.splice(&tag, ByteString::default());
        assert_eq!(text(&signed, &Part::Signature), "t=12,v1=");
        let tag = signed.find(&Part::Tag).expect("still there, empty");
        signed.splice(&tag, ByteString::from("ff"));
        assert_eq!(text(&signed, &Part::Signature), "t=12,v1=ff");
        assert_eq!(text(&signed, &Part::Label), "v1=");
    }
}
