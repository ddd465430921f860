//! Single changes to a signed request.
//!
//! The types to know are [`Tamper`] and [`WireTamper`]. A tamper must not know what a target will
//! make of it, and it never sees the key: whatever it does, an attacker who holds one signed
//! request could do.

mod apply;
mod not_there;
mod typed;
mod wire;

use serde::{Deserialize, Serialize};

pub use apply::apply;
pub use not_there::NotThere;
pub use wire::{Lengths, Padded, WireTamper, framing};

use crate::moment::Moment;
use crate::scheme::{Encoding, Part};
use crate::wire::ByteString;

/// One change to a signed request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Tamper {
    /// Takes a part away: with its whole header line, query parameter or JSON member if it stands alone
    /// there, else only its bytes.
    Remove(On),
    /// Empties a part and leaves what stands around it.
    Clear(On),
    /// Puts other bytes in place of a part.
    Replace(With),
    /// Puts bytes before a part.
    Prepend(With),
    /// Puts bytes after a part.
    Append(With),
    /// Puts bytes into a part.
    Insert(At),
    /// Flips one bit of a part; bit 0 is the lowest of the first byte. Counted from the end if negative.
    FlipBit(Bit),
    /// Cuts a part after this many bytes.
    Truncate(Keep),
    /// Takes this many bytes off the front of a part.
    DropFront(Keep),
    /// Changes the letter case of a part.
    ChangeCase(Letters),
    /// Writes the right tag in another encoding.
    Encode(Encoding),
    /// Writes the tag with the first character that leaves the decoded bytes unchanged replaced, if
    /// its encoding has spare bits.
    SpareBits,
    /// Writes another time over the timestamp, without signing anew.
    Retime(Moment),
    /// Adds a second header line with the same name.
    DuplicateLine(Duplicate),
    /// Adds an entry to a list of signatures.
    AddEntry(Entry),
    /// Adds a header line at the end.
    AddHeader(Line),
    /// Adds a parameter at the end of the query, its value percent-encoded.
    AddParameter(Line),
    /// Writes a part that stands in JSON, or as a parameter of the query, as another type.
    Retype(Retyped),
    /// Gives the header line of a part another name; `{name}` stands for the old one.
    RenameHeader(Rename),
    /// Moves bytes over the border between two parts: from the front of the second to the end of the
    /// first, or back if negative.
    MoveBytes(Move),
    /// Percent-encodes the last letter of the path.
    PercentEncodePath,
    /// Puts the header lines in the opposite order.
    ReverseHeaders,
}

impl Tamper {
    /// The names of all tampers as cases write them, and what each does.
    pub const NAMES: &'static [(&'static str, &'static str)] = &[
        ("remove", "takes a part away with its header line or list entry"),
        ("clear", "empties a part and leaves what stands around it"),
        ("replace", "puts other bytes in place of a part"),
        ("prepend", "puts bytes before a part"),
        ("append", "puts bytes after a part"),
        ("insert", "puts bytes into a part"),
        ("flip-bit", "flips one bit of a part"),
        ("truncate", "cuts a part after some bytes"),
        ("drop-front", "takes bytes off the front of a part"),
        ("change-case", "changes the letter case of a part"),
        ("encode", "writes the right tag in another encoding"),
        ("spare-bits", "sets spare bits of a base64 tag"),
        ("retime", "writes another time over the timestamp"),
        ("duplicate-line", "adds a second header line with the same name"),
        ("add-entry", "adds an entry to a list of signatures"),
        ("add-header", "adds a header line at the end"),
        ("add-parameter", "adds a parameter at the end of the query"),
        ("retype", "writes a member of the body or a parameter of the query as another type"),
        ("rename-header", "gives the header line of a part another name"),
        ("move-bytes", "moves bytes over the border between two parts"),
        ("percent-encode-path", "percent-encodes the last letter of the path"),
        ("reverse-headers", "puts the header lines in the opposite order"),
    ];
}

/// A part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct On {
    /// The part.
    pub part: Part,
}

/// A part and bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct With {
    /// The part.
    pub part: Part,
    /// The bytes; in `text`, the same words are filled in as in the value of a header line that is added.
    pub with: ByteString,
}

/// A part, an offset and bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct At {
    /// The part.
    pub part: Part,
    /// Offset in bytes; at most the length of the part.
    pub at: u16,
    /// The bytes.
    pub with: ByteString,
}

/// A part and a bit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Bit {
    /// The part.
    pub part: Part,
    /// Number of the bit; -1 is the highest of the last byte.
    pub bit: i32,
}

/// A part and a length.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Keep {
    /// The part.
    pub part: Part,
    /// A number of bytes.
    pub bytes: u16,
}

/// A part and a letter case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Letters {
    /// The part.
    pub part: Part,
    /// The letter case.
    pub to: Case,
}

/// A letter case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Case {
    /// Lower case.
    Lower,
    /// Upper case.
    Upper,
    /// Each letter the other way.
    Swap,
}

impl Case {
    /// Changes ASCII letters; everything else stays.
    pub fn change(self, bytes: &[u8]) -> Vec<u8> {
        bytes
            .iter()
            .map(|byte| match self {
                Self::Lower => byte.to_ascii_lowercase(),
                Self::Upper => byte.to_ascii_uppercase(),
                Self::Swap if byte.is_ascii_uppercase() => byte.to_ascii_lowercase(),
                Self::Swap => byte.to_ascii_uppercase(),
            })
            .collect()
    }
}

/// Where something is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Beside {
    /// Before the genuine one.
    Before,
    /// After the genuine one.
    After,
}

/// What a copy looks like.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Copied {
    /// The same.
    Same,
    /// The same with one bit of the part flipped; a tag keeps its form.
    Corrupted,
    /// These bytes in place of the part.
    Part(ByteString),
    /// These bytes in place of the whole value or entry.
    Whole(ByteString),
    /// The part as another time, for a timestamp.
    Retimed(Moment),
}

/// A second header line for a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Duplicate {
    /// The part whose line is copied.
    pub part: Part,
    /// Where the copy stands.
    pub place: Beside,
    /// What the copy says.
    pub copy: Copied,
}

/// A second entry in a list of signatures, made from the entry that carries the part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Entry {
    /// The part whose entry is copied: the tag or the timestamp.
    pub part: Part,
    /// Where the copy stands.
    pub place: Beside,
    /// What the copy says.
    pub copy: Copied,
    /// How often it stands there.
    #[serde(default = "once")]
    pub times: u16,
}

fn once() -> u16 {
    1
}

/// A part and another type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Retyped {
    /// The part.
    pub part: Part,
    /// The type.
    pub to: Type,
}

/// A type that is not a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Type {
    /// `true`, in JSON.
    True,
    /// The number 0, in JSON.
    Zero,
    /// `null`, in JSON.
    Null,
    /// A list with the text in it; in a query, a name that ends in `[]`.
    Array,
    /// A list with nothing, or with an empty text, in it.
    EmptyArray,
}

/// A header line, or a parameter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Line {
    /// Name.
    pub name: String,
    /// Value; in `text`, `{now}`, `{seconds}`, `{millis}`, `{http-date}` and `{day}` stand for the time of sending,
    /// `{key-id}` for the key id that the request carries, and `{const:NAME}` for a constant of the scheme.
    pub value: ByteString,
}

/// A new name for the header line of a part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rename {
    /// The part.
    pub part: Part,
    /// The new name.
    pub to: String,
}

/// Two neighbors in the signing string and a number of bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Move {
    /// The first part.
    pub first: Part,
    /// The part that follows it.
    pub second: Part,
    /// How many bytes move from the second to the first; negative moves back.
    pub bytes: i16,
}
