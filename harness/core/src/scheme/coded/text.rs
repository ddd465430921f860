//! Text that is written piece by piece, with the places of the fields in it.
//!
//! The type to know is [`Text`]. It must not know where in a request the text will stand.

use std::ops::Range;

use crate::scheme::{Field, Holds, Place, Spot};

/// Text with fields in it.
#[derive(Debug, Default)]
pub(super) struct Text {
    bytes: Vec<u8>,
    found: Vec<(Field, Range<usize>)>,
}

impl Text {
    /// Adds text as it is.
    pub(super) fn text(mut self, text: impl AsRef<[u8]>) -> Self {
        self.bytes.extend_from_slice(text.as_ref());
        self
    }

    /// Adds a field.
    pub(super) fn field(mut self, field: Field, text: &[u8]) -> Self {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(text);
        self.found.push((field, start..self.bytes.len()));
        self
    }

    /// Adds a field as a JSON string, with its quotation marks.
    pub(super) fn json(self, field: Field, text: &[u8]) -> Self {
        let quoted = serde_json::Value::from(String::from_utf8_lossy(text)).to_string();
        let inner = &quoted[1..quoted.len() - 1];
        self.text("\"").field(field, inner.as_bytes()).text("\"")
    }

    /// The text so far.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The places of the fields where the text stands in the body, from this offset on.
    pub(super) fn in_body(&self, start: usize) -> Vec<Place> {
        self.places(|range| Spot::Body(range.start + start..range.end + start))
    }

    /// The places of the fields where the text stands in the target, from this offset on.
    pub(super) fn in_target(&self, start: usize) -> Vec<Place> {
        self.places(|range| Spot::Target(range.start + start..range.end + start))
    }

    /// The places of the fields where the text is the value of a header line.
    pub(super) fn in_header(&self, line: usize) -> Vec<Place> {
        self.places(|range| Spot::Header { line, range })
    }

    fn places(&self, spot: impl Fn(Range<usize>) -> Spot) -> Vec<Place> {
        let place = |(field, range): &(Field, Range<usize>)| Place {
            holds: Holds::Field(*field),
            spot: spot(range.clone()),
        };
        self.found.iter().map(place).collect()
    }
}
