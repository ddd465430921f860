//! Bytes as data: how a vector writes them, how a message shows them.
//!
//! The type to know is [`ByteString`]. It must not know what the bytes mean.

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::ops::{Deref, Range};
use std::sync::{Arc, OnceLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde::{Deserialize, Serialize};

/// A byte string. In YAML and JSON one of `text:`, `hex:`, `base64:` or `repeat:`.
///
/// A copy shares its bytes with the original, however many they are.
///
/// ```
/// use countersign_core::wire::ByteString;
/// let bytes: ByteString = serde_json::from_str(r#"{ "hex": "7b22ff227d" }"#)?;
/// assert_eq!(bytes.as_slice(), b"{\"\xff\"}");
/// assert_eq!(bytes.to_string(), r#"{"\xff"}"#);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Serialize, Deserialize)]
#[serde(try_from = "OctetsForm", into = "OctetsForm")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(with = "OctetsForm"))]
pub struct ByteString(Store);

/// Where the bytes are: most are few, and then a copy is cheaper than a count of owners; where they are
/// many, two strings one behind the other are cheaper than a copy.
#[derive(Clone)]
enum Store {
    Here { len: u8, bytes: [u8; HERE] },
    Shared(Bytes),
    Chain(Arc<Chain>),
}

/// Strings that are read as one, and that one as soon as it is needed.
struct Chain {
    pieces: Vec<Bytes>,
    whole: OnceLock<Bytes>,
}

/// The longest byte string that is kept in place; with it a [`ByteString`] takes 40 bytes.
const HERE: usize = 38;

/// The shortest byte string that is not copied when it becomes a part of another.
const LARGE: usize = 8 * 1024;

impl ByteString {
    /// Bytes of the program itself.
    pub const fn from_static(bytes: &'static [u8]) -> Self {
        Self(Store::Shared(Bytes::from_static(bytes)))
    }

    /// A copy of some bytes.
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self::joined(&[bytes])
    }

    /// Pieces one behind the other.
    pub fn joined(pieces: &[&[u8]]) -> Self {
        let total = pieces.iter().map(|piece| piece.len()).sum::<usize>();
        if total > HERE {
            return Self(Store::Shared(pieces.concat().into()));
        }
        let (mut bytes, mut len) = ([0; HERE], 0);
        for piece in pieces {
            bytes[len..len + piece.len()].copy_from_slice(piece);
            len += piece.len();
        }
        Self(Store::Here { len: len as u8, bytes })
    }

    /// A whole number in decimal digits.
    pub fn decimal(number: i64) -> Self {
        let (mut digits, mut at, mut rest) = ([0; 20], 20, number.unsigned_abs());
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        Self::joined(&[if number < 0 { b"-" } else { b"" }, &digits[at..]])
    }

    /// The bytes.
    pub fn as_slice(&self) -> &[u8] {
        match &self.0 {
            Store::Here { len, bytes } => &bytes[..usize::from(*len)],
            Store::Shared(bytes) => bytes,
            Store::Chain(chain) => chain.whole.get_or_init(|| chain.pieces.concat().into()),
        }
    }

    /// The bytes in pieces; most have one.
    pub fn pieces(&self) -> impl Iterator<Item = &[u8]> {
        let (one, more) = match &self.0 {
            Store::Chain(chain) => (None, &chain.pieces[..]),
            _ => (Some(self.as_slice()), &[][..]),
        };
        one.into_iter().chain(more.iter().map(|piece| &piece[..]))
    }

    /// Whether they are so many that they are not copied when they become a part of something else.
    pub fn is_large(&self) -> bool {
        self.len() >= LARGE
    }

    /// Strings one behind the other; large ones are not copied for it.
    pub fn chained(all: &[&Self]) -> Self {
        if !all.iter().any(|one| one.is_large()) {
            let all: Vec<&[u8]> = all.iter().map(|one| one.as_slice()).collect();
            return Self::joined(&all);
        }
        let mut pieces = Vec::new();
        for one in all.iter().filter(|one| !one.is_empty()) {
            match &one.0 {
                Store::Chain(chain) => pieces.extend(chain.pieces.iter().cloned()),
                _ => pieces.push((*one).clone().into_bytes()),
            }
        }
        Self(Store::Chain(Arc::new(Chain { pieces, whole: OnceLock::new() })))
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        match &self.0 {
            Store::Chain(chain) => chain.pieces.iter().map(Bytes::len).sum(),
            _ => self.as_slice().len(),
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes the bytes out.
    pub fn into_vec(self) -> Vec<u8> {
        match self.0 {
            Store::Shared(bytes) => bytes.into(),
            Store::Here { .. } | Store::Chain(_) => self.as_slice().to_vec(),
        }
    }

    /// The bytes, shared.
    pub fn into_bytes(self) -> Bytes {
        match self.0 {
            Store::Shared(bytes) => bytes,
            Store::Here { .. } | Store::Chain(_) => Bytes::copy_from_slice(self.as_slice()),
        }
    }

    /// A part of these bytes, shared.
    ///
    /// # Panics
    /// If `part` is not a slice of these bytes.
    #[must_use]
    pub fn share(&self, part: &[u8]) -> Self {
        let shared = match &self.0 {
            Store::Here { .. } => None,
            Store::Shared(bytes) => Some(bytes),
            Store::Chain(chain) => chain.whole.get(),
        };
        match shared {
            Some(bytes) if part.len() > HERE => Self(Store::Shared(bytes.slice_ref(part))),
            _ => Self::copy_of(part),
        }
    }

    /// Puts other bytes in the place of a range.
    pub fn splice(&mut self, range: &Range<usize>, with: Self) {
        *self = if range.len() == self.len() {
            with
        } else {
            Self::chained(&[&self.share(&self[..range.start]), &with, &self.share(&self[range.end..])])
        };
    }

    /// Changes the bytes in place; copies that share them keep the old ones.
    pub fn edit<T>(&mut self, change: impl FnOnce(&mut Vec<u8>) -> T) -> T {
        let mut bytes = std::mem::take(self).into_vec();
        let result = change(&mut bytes);
        *self = Self::from(bytes);
        result
    }
}

impl Default for ByteString {
    fn default() -> Self {
        Self::from_static(b"")
    }
}

impl<T: Into<Vec<u8>>> From<T> for ByteString {
    fn from(bytes: T) -> Self {
        let bytes = bytes.into();
        if bytes.len() > HERE { Self(Store::Shared(bytes.into())) } else { Self::copy_of(&bytes) }
    }
}

impl Deref for ByteString {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl Borrow<[u8]> for ByteString {
    fn borrow(&self) -> &[u8] {
        self
    }
}

impl PartialEq for ByteString {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl Eq for ByteString {}

impl PartialOrd for ByteString {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for ByteString {
    fn cmp(&self, other: &Self) -> Ordering {
        (**self).cmp(&**other)
    }
}

impl Hash for ByteString {
    fn hash<H: Hasher>(&self, state: &mut H) {
        (**self).hash(state);
    }
}

impl PartialEq<[u8]> for ByteString {
    fn eq(&self, other: &[u8]) -> bool {
        **self == *other
    }
}

#[cfg(feature = "generate")]
impl<'a> arbitrary::Arbitrary<'a> for ByteString {
    fn arbitrary(from: &mut arbitrary::Unstructured<'a>) -> arbitrary::Result<Self> {
        Vec::<u8>::arbitrary(from).map(Self::from)
    }

    fn size_hint(depth: usize) -> (usize, Option<usize>) {
        <Vec<u8> as arbitrary::Arbitrary>::size_hint(depth)
    }
}

#[cfg(feature = "generate")]
impl proptest::arbitrary::Arbitrary for ByteString {
    type Parameters = ();
    type Strategy = proptest::strategy::BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> Self::Strategy {
        use proptest::strategy::Strategy as _;
        proptest::arbitrary::any::<Vec<u8>>().prop_map(Self::from).boxed()
    }
}

impl fmt::Display for ByteString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escape(self))
    }
}

impl fmt::Debug for ByteString {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "b\"{}\"", escape(self))
    }
}

/// Prints bytes for people: printable ASCII as it is, everything else as `\xNN`, `\r`, `\n`, `\t`.
///
/// The result holds no control character, so that nothing a target sends can drive a terminal.
pub fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'\r' => text.push_str("\\r"),
            b'\n' => text.push_str("\\n"),
            b'\t' => text.push_str("\\t"),
            b'\\' => text.push_str("\\\\"),
            0x20..=0x7e => text.push(char::from(byte)),
            other => text.push_str(&format!("\\x{other:02x}")),
        }
    }
    text
}

/// Where a text first stands in another. Made for the short texts of templates, which begin where few
/// other things do.
pub fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    let Some(first) = wanted.first() else { return Some(0) };
    memchr::memchr_iter(*first, text).find(|&at| text[at..].starts_with(wanted))
}

/// How [`ByteString`] are written down.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
enum OctetsForm {
    /// The UTF-8 bytes of a text.
    Text(String),
    /// Pairs of hexadecimal digits.
    Hex(String),
    /// Padded standard base64.
    Base64(String),
    /// A text, many times over.
    Repeat(Repeat),
}

/// A text and how often it stands there.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct Repeat {
    /// The text.
    text: String,
    /// How often; text length times this is at most 64 MiB.
    times: u32,
}

/// The largest byte string a vector may ask for.
const LIMIT: u64 = 64 << 20;

/// Why a written byte string is none.
#[derive(Debug, thiserror::Error)]
enum InvalidBytes {
    #[error("`hex:` is not hexadecimal: {0}")]
    Hex(#[from] hex::FromHexError),
    #[error("`base64:` is not padded standard base64: {0}")]
    Base64(#[from] base64::DecodeError),
    #[error("`repeat:` makes more than {LIMIT} bytes")]
    TooLong,
}

impl TryFrom<OctetsForm> for ByteString {
    type Error = InvalidBytes;

    fn try_from(form: OctetsForm) -> Result<Self, InvalidBytes> {
        match form {
            OctetsForm::Text(text) => Ok(Self::from(text)),
            OctetsForm::Hex(text) => Ok(Self::from(hex::decode(&text)?)),
            OctetsForm::Base64(text) => Ok(Self::from(STANDARD.decode(&text)?)),
            OctetsForm::Repeat(Repeat { text, times }) => {
                if text.len() as u64 * u64::from(times) > LIMIT {
                    return Err(InvalidBytes::TooLong);
                }
                Ok(Self::from(text.repeat(times as usize)))
            }
        }
    }
}

impl From<ByteString> for OctetsForm {
    fn from(octets: ByteString) -> Self {
        if let Some(&first) = octets.first()
            && octets.len() > 256
            && first.is_ascii_graphic()
            && octets.iter().all(|&byte| byte == first)
            && let Ok(times) = u32::try_from(octets.len())
        {
            return Self::Repeat(Repeat { text: char::from(first).to_string(), times });
        }
        match String::from_utf8(octets.into_vec()) {
            Ok(text) if text.chars().all(|c| !c.is_control() || c == '\n') => Self::Text(text),
            Ok(text) => Self::Hex(hex::encode(text)),
            Err(error) => Self::Hex(hex::encode(error.into_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_writing_and_reading() {
        let all: ByteString = (0..=255u8).collect::<Vec<_>>().into();
        let text = serde_json::to_string(&all).expect("bytes serialize");
        assert_eq!(serde_json::from_str::<ByteString>(&text).expect("and come back"), all);
    }

    #[test]
    fn short_and_long_ones_share_split_and_compare_alike() {
        for length in [0, 1, HERE - 1, HERE, HERE + 1, 3 * HERE] {
            let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
            let octets = ByteString::from(bytes.clone());
            assert_eq!((&*octets, octets.clone().into_vec()), (&bytes[..], bytes.clone()));
            assert_eq!(octets.clone().into_bytes(), bytes);
            let part = &octets[length / 3..length - length / 3];
            assert_eq!(octets.share(part), ByteString::joined(&[part, b""]));
            let mut spliced = octets.clone();
            spliced.splice(&(0..length / 2), ByteString::from_static(b"x"));
            let expected =
                if length / 2 == length { b"x".to_vec() } else { [b"x", &bytes[length / 2..]].concat() };
            assert_eq!(spliced.into_vec(), expected);
            assert!(octets <= ByteString::joined(&[&bytes, &[0]]));
        }
        assert_eq!(size_of::<ByteString>(), 40);
    }

    #[test]
    fn a_chain_reads_as_one() {
        let front = ByteString::from(vec![b'a'; LARGE]);
        let chain = ByteString::chained(&[&ByteString::chained(&[&front, &"bc".into()]), &"d".into()]);
        assert_eq!((chain.len(), chain.pieces().count()), (LARGE + 3, 3));
        assert_eq!(chain.pieces().collect::<Vec<_>>().concat(), *chain);
        assert_eq!(chain, ByteString::joined(&[&front, b"bcd"]));
        assert_eq!(chain.share(&chain[LARGE..]), ByteString::from("bcd"));
        let mut spliced = ByteString::from("(tag)");
        spliced.splice(&(1..4), front.clone());
        assert_eq!(spliced, ByteString::joined(&[b"(", &front, b")"]));
        assert_eq!(chain.clone().into_bytes(), chain.into_vec());
    }

    #[test]
    fn numbers_are_written_as_they_are_everywhere() {
        for number in [0, 1, 9, 10, -1, 1_795_262_400, 1_795_262_400_123, i64::MIN, i64::MAX] {
            assert_eq!(*ByteString::decimal(number), *number.to_string().as_bytes());
        }
    }

    #[test]
    fn escaped_text_holds_no_control_character() {
        let all: Vec<u8> = (0..=255).collect();
        assert!(escape(&all).bytes().all(|byte| (0x20..=0x7e).contains(&byte)));
    }

    #[test]
    fn a_huge_repeat_is_refused_before_it_is_made() {
        let form = r#"{ "repeat": { "text": "0123456789abcdef", "times": 4294967295 } }"#;
        let error = serde_json::from_str::<ByteString>(form).expect_err("64 GiB is too much");
        assert!(error.to_string().contains("67108864"), "{error}");
    }
}
