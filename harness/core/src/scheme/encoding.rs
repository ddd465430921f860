//! How a tag is written as text.
//!
//! Reading is strict: one text per tag. Looser readings belong to mutants and tampers.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// The canonical writing of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Encoding {
    /// Lower-case hexadecimal.
    Hex,
    /// Upper-case hexadecimal.
    HexUpper,
    /// Padded standard base64 (RFC 4648, section 4).
    Base64,
    /// Standard base64 without padding.
    Base64Unpadded,
    /// Unpadded base64 with the URL-safe alphabet (RFC 4648, section 5).
    Base64url,
}

impl Encoding {
    /// Writes a tag.
    pub fn encode(self, tag: &[u8]) -> String {
        match self {
            Self::Hex => digits(tag),
            Self::HexUpper => digits(tag).to_ascii_uppercase(),
            Self::Base64 => STANDARD.encode(tag),
            Self::Base64Unpadded => STANDARD_NO_PAD.encode(tag),
            Self::Base64url => URL_SAFE_NO_PAD.encode(tag),
        }
    }

    /// Reads a tag; only the one canonical text of each tag is accepted.
    pub fn decode(self, text: &[u8]) -> Option<Vec<u8>> {
        let tag = match self {
            Self::Hex | Self::HexUpper => hex::decode(text).ok()?,
            Self::Base64 => STANDARD.decode(text).ok()?,
            Self::Base64Unpadded => STANDARD_NO_PAD.decode(text).ok()?,
            Self::Base64url => URL_SAFE_NO_PAD.decode(text).ok()?,
        };
        (self.encode(&tag).as_bytes() == text).then_some(tag)
    }

    /// True for the hexadecimal writings.
    pub fn is_hex(self) -> bool {
        matches!(self, Self::Hex | Self::HexUpper)
    }
}

/// Lower-case hexadecimal digits, written in one go: the commonest encoding of the hottest loop.
fn digits(tag: &[u8]) -> String {
    let mut text = vec![0; tag.len() * 2];
    for (two, byte) in text.chunks_exact_mut(2).zip(tag) {
        two.copy_from_slice(&PAIRS[usize::from(*byte)]);
    }
    String::from_utf8(text).expect("digits are ASCII")
}

/// The two lower-case digits of each byte.
const PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_canonical_text_of_a_tag_is_read() {
        let tag = [0xfb, 0xff, 0x01, 0x5f];
        for encoding in [Encoding::Hex, Encoding::HexUpper, Encoding::Base64, Encoding::Base64url] {
            let text = encoding.encode(&tag);
            assert_eq!(encoding.decode(text.as_bytes()), Some(tag.to_vec()));
            for lax in [format!("{text} "), format!(" {text}"), format!("{text}="), format!("{text}\n")] {
                assert_eq!(encoding.decode(lax.as_bytes()), None, "{encoding:?} {lax:?}");
            }
        }
        assert_eq!(Encoding::Hex.decode(b"FBFF015F"), None);
        assert_eq!(Encoding::Base64.decode(b"-_8BXw=="), None, "the URL alphabet is another encoding");
        assert_eq!(Encoding::Base64.decode(b"+/8BXx=="), None, "spare bits must be zero");
    }
}
