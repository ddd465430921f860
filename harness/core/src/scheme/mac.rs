//! The MAC itself, and the ways in which people get its construction wrong.
//!
//! Keys and texts in, bytes out. It must not know of requests.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha384, Sha512};

use super::Key;

/// A hash function under HMAC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Hash {
    /// SHA-1 (legacy schemes only).
    Sha1,
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl Hash {
    /// Name as logs print it: `HMAC-SHA256`.
    pub const fn algorithm(self) -> &'static str {
        match self {
            Self::Sha1 => "HMAC-SHA1",
            Self::Sha256 => "HMAC-SHA256",
            Self::Sha384 => "HMAC-SHA384",
            Self::Sha512 => "HMAC-SHA512",
        }
    }
}

/// How key, text and hash are put together. All but the first are broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Construction {
    /// HMAC (RFC 2104).
    #[default]
    Hmac,
    /// Hash of key followed by text: open to length extension.
    HashOfKeyAndText,
    /// Hash of text followed by key.
    HashOfTextAndKey,
    /// Hash of the text alone.
    HashOfText,
}

/// Computes a tag.
///
/// ```
/// use countersign_core::scheme::{Construction, Hash, mac};
/// // RFC 4231, test case 2.
/// let tag = mac(Construction::Hmac, Hash::Sha256, b"Jefe", b"what do ya want for nothing?");
/// assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
/// ```
pub fn mac(construction: Construction, hash: Hash, key: &[u8], text: &[u8]) -> Vec<u8> {
    mac_in_pieces(construction, hash, key, &[text])
}

/// Computes the tag of a text that is given in pieces, under a key that is used again and again.
pub(super) fn mac_of(construction: Construction, hash: Hash, key: &Key, text: &[&[u8]]) -> Vec<u8> {
    match (construction, hash) {
        (Construction::Hmac, Hash::Sha256) => finish(key.hmac_sha256(), text),
        _ => mac_in_pieces(construction, hash, key, text),
    }
}

fn mac_in_pieces(construction: Construction, hash: Hash, key: &[u8], text: &[&[u8]]) -> Vec<u8> {
    match construction {
        Construction::Hmac => hmac(hash, key, text),
        Construction::HashOfKeyAndText => digest(hash, &[&[key], text].concat()),
        Construction::HashOfTextAndKey => digest(hash, &[text, &[key]].concat()),
        Construction::HashOfText => digest(hash, text),
    }
}

fn hmac(hash: Hash, key: &[u8], text: &[&[u8]]) -> Vec<u8> {
    fn with<M: Mac + KeyInit>(key: &[u8], text: &[&[u8]]) -> Vec<u8> {
        finish(<M as KeyInit>::new_from_slice(key).expect("HMAC takes keys of every length"), text)
    }
    match hash {
        Hash::Sha1 => with::<Hmac<Sha1>>(key, text),
        Hash::Sha256 => with::<Hmac<Sha256>>(key, text),
        Hash::Sha384 => with::<Hmac<Sha384>>(key, text),
        Hash::Sha512 => with::<Hmac<Sha512>>(key, text),
    }
}

fn finish<M: Mac>(mut mac: M, text: &[&[u8]]) -> Vec<u8> {
    for piece in text {
        mac.update(piece);
    }
    mac.finalize().into_bytes().to_vec()
}

/// The plain hash of a text in pieces.
pub(super) fn digest(hash: Hash, texts: &[&[u8]]) -> Vec<u8> {
    fn with<D: Digest>(texts: &[&[u8]]) -> Vec<u8> {
        let mut digest = D::new();
        for text in texts {
            digest.update(text);
        }
        digest.finalize().to_vec()
    }
    match hash {
        Hash::Sha1 => with::<Sha1>(texts),
        Hash::Sha256 => with::<Sha256>(texts),
        Hash::Sha384 => with::<Sha384>(texts),
        Hash::Sha512 => with::<Sha512>(texts),
    }
}

#[cfg(test)]
mod tests {
    use super::{Construction, Hash, Key, mac, mac_of};

    const HASHES: [Hash; 4] = [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512];

    #[test]
    fn a_text_in_pieces_has_the_tag_of_the_whole() {
        let key = Key::new(b"a key".to_vec());
        for hash in HASHES {
            for construction in [
                Construction::Hmac,
                Construction::HashOfKeyAndText,
                Construction::HashOfTextAndKey,
                Construction::HashOfText,
            ] {
                let whole = mac(construction, hash, &key, b"one text");
                assert_eq!(mac_of(construction, hash, &key, &[b"one", b"", b" text"]), whole);
            }
        }
    }

    #[test]
    fn logs_name_the_algorithm_as_its_standard_does() {
        let names = HASHES.map(Hash::algorithm);
        assert_eq!(names, ["HMAC-SHA1", "HMAC-SHA256", "HMAC-SHA384", "HMAC-SHA512"]);
    }
}
