//! Taking secrets out of whatever is shown or stored.
//!
//! The type to know is [`Redactor`]: everything that a target sends back and every piece of evidence
//! goes through it. It must not know what the bytes are for.

use std::borrow::Borrow;
use std::fmt;
use std::sync::OnceLock;

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use memchr::memmem;
use zeroize::Zeroizing;

use crate::secret::Secret;
use crate::wire::{Answer, ByteString, Header, escape};

/// What stands in place of a secret.
pub const MARK: &str = "[secret]";

/// The shortest text that is searched for. Anything shorter would be found everywhere by chance.
const SHORTEST: usize = 4;

const LOWER: &[u8; 16] = b"0123456789abcdef";
const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// Replaces secrets by [`MARK`], in every common way of writing them: raw, hexadecimal in both
/// letter cases, base64 in both alphabets with and without padding (also in the middle of a longer
/// base64 text), percent-encoded, escaped.
///
/// A way of writing that is shorter than four bytes is not searched for: a secret of three bytes or
/// fewer is found in hexadecimal, not raw.
///
/// ```
/// use countersign_core::{redact::Redactor, secret::Secret};
/// let redactor = Redactor::new(&[Secret::new("canary")]);
/// assert_eq!(redactor.text("key=canary, hex 63616e617279"), "key=[secret], hex [secret]");
/// ```
#[derive(Clone, Default)]
pub struct Redactor {
    /// Longest first, so that a padded text is replaced with its padding.
    needles: Vec<Zeroizing<Vec<u8>>>,
    /// Finds any of them; built when first asked for, which for many redactors is never.
    finder: OnceLock<Option<AhoCorasick>>,
}

impl Redactor {
    /// A redactor for these secrets.
    pub fn new(secrets: &[impl Borrow<Secret>]) -> Self {
        secrets.iter().fold(Self::default(), |redactor, secret| redactor.and(secret.borrow().expose()))
    }

    /// Also redacts these bytes: a key that a scheme decoded from a secret.
    #[must_use]
    pub fn and(mut self, key: &[u8]) -> Self {
        self.needles
            .extend(writings(key).into_iter().filter(|needle| needle.len() >= SHORTEST).map(Zeroizing::new));
        self.needles.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        self.needles.dedup();
        self.finder = OnceLock::new();
        self
    }

    /// Whether any secret stands in the bytes.
    pub fn finds(&self, bytes: &[u8]) -> bool {
        let build = || AhoCorasick::new(self.needles.iter().map(|needle| &needle[..])).ok();
        self.finder.get_or_init(build).as_ref().is_some_and(|finder| finder.is_match(bytes))
    }

    /// The bytes without secrets.
    pub fn bytes(&self, bytes: &[u8]) -> Vec<u8> {
        let mut clean = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some(&first) = rest.first() {
            match self.needles.iter().find(|needle| rest.starts_with(needle)) {
                Some(needle) => {
                    clean.extend_from_slice(MARK.as_bytes());
                    rest = &rest[needle.len()..];
                }
                None => {
                    clean.push(first);
                    rest = &rest[1..];
                }
            }
        }
        clean
    }

    /// The text without secrets. Half of a character that a secret cut through becomes U+FFFD.
    pub fn text(&self, text: &str) -> String {
        String::from_utf8_lossy(&self.bytes(text.as_bytes())).into_owned()
    }

    /// The answer without secrets in header names, header values and body.
    pub fn answer(&self, answer: &Answer) -> Answer {
        let headers = answer.headers.iter().map(|line| Header {
            name: self.text(&line.name).into(),
            value: ByteString::from(self.bytes(line.value.as_slice())),
        });
        Answer {
            status: answer.status,
            headers: headers.collect(),
            body: ByteString::from(self.bytes(answer.body.as_slice())),
            connection: answer.connection,
        }
    }
}

/// Every common way of writing some bytes, for a few questions; for many a [`Redactor`] is faster.
pub(crate) struct Writings(Vec<Vec<u8>>);

impl Writings {
    /// Of these bytes.
    pub(crate) fn of(bytes: &[u8]) -> Self {
        Self(writings(bytes).into_iter().filter(|needle| needle.len() >= SHORTEST).collect())
    }

    /// Whether any of them stands in a text.
    pub(crate) fn stand_in(&self, text: &[u8]) -> bool {
        self.0.iter().any(|needle| memmem::find(text, needle).is_some())
    }
}

impl fmt::Debug for Redactor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Redactor(…)")
    }
}

/// Every common way of writing some bytes.
fn writings(bytes: &[u8]) -> Vec<Vec<u8>> {
    let unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let mut found = vec![bytes.to_vec(), escape(bytes).into_bytes()];
    found.extend([hex::encode(bytes), hex::encode_upper(bytes)].map(String::into_bytes));
    found.extend(
        [LOWER, UPPER]
            .into_iter()
            .flat_map(|digits| [percent(bytes, digits, unreserved), percent(bytes, digits, |_| false)]),
    );
    for engine in [STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD] {
        found.push(engine.encode(bytes).into_bytes());
    }
    for before in 0..3 {
        found.extend(
            [STANDARD_NO_PAD, URL_SAFE_NO_PAD].map(|engine| inside(bytes, before, |all| engine.encode(all))),
        );
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        let quoted = serde_json::Value::from(text).to_string();
        found.push(quoted.as_bytes()[1..quoted.len() - 1].to_vec());
    }
    found
}

/// The base64 digits that bytes have wherever they stand in a longer text: those that the bytes
/// before and after them do not touch. Empty if there are too few to mean anything.
fn inside(bytes: &[u8], before: usize, encode: impl Fn(&[u8]) -> String) -> Vec<u8> {
    let padded = [&vec![0; before][..], bytes].concat();
    let digits = encode(&padded);
    let first = (before * 8).div_ceil(6);
    let end = padded.len() * 8 / 6;
    if end < first + 2 * SHORTEST { Vec::new() } else { digits.as_bytes()[first..end].to_vec() }
}

/// Percent-encodes every byte that is not plain (RFC 3986, section 2.1).
fn percent(bytes: &[u8], digits: &[u8; 16], plain: impl Fn(u8) -> bool) -> Vec<u8> {
    let mut text = Vec::new();
    for &byte in bytes {
        if plain(byte) {
            text.push(byte);
        } else {
            text.extend([b'%', digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Odd on purpose: quotes, a backslash, a space and bytes whose base64 has both odd digits.
    const SECRET: &[u8] = b"can\\ary\"?>\xff\xfb 7f3a";

    fn redactor() -> Redactor {
        Redactor::new(&[Secret::new(SECRET)])
    }

    #[test]
    fn a_secret_is_found_in_every_writing() {
        let percent_lower = "can%5cary%22%3f%3e%ff%fb%207f3a";
        for writing in [
            SECRET.to_vec(),
            hex::encode(SECRET).into_bytes(),
            hex::encode_upper(SECRET).into_bytes(),
            STANDARD.encode(SECRET).into_bytes(),
            STANDARD_NO_PAD.encode(SECRET).into_bytes(),
            URL_SAFE.encode(SECRET).into_bytes(),
            URL_SAFE_NO_PAD.encode(SECRET).into_bytes(),
            percent_lower.into(),
            percent_lower.replace("%5c", "%5C").replace("%3f%3e%ff%fb", "%3F%3E%FF%FB").into(),
            percent(SECRET, UPPER, |_| false),
            escape(SECRET).into_bytes(),
        ] {
            let shown = String::from_utf8_lossy(&writing).into_owned();
            let text = [b"<".as_slice(), &writing, b">"].concat();
            assert_eq!(redactor().bytes(&text), b"<[secret]>", "{shown}");
        }
    }

    #[test]
    fn a_secret_inside_a_longer_base64_text_leaves_no_digit_of_its_own() {
        for user in ["", "a", "ab", "abc"] {
            let basic = STANDARD.encode([user.as_bytes(), b":", SECRET, b"!"].concat());
            let clean = redactor().text(&basic);
            assert!(clean.contains(MARK) && clean.len() < 8 + MARK.len() + 4, "{clean}");
        }
    }

    #[test]
    fn a_json_string_with_the_secret_is_redacted() {
        let secret = "quo\"te\\d\u{e9}";
        let json = serde_json::json!({ "key": secret }).to_string();
        assert_eq!(Redactor::new(&[Secret::new(secret)]).text(&json), r#"{"key":"[secret]"}"#);
    }

    #[test]
    fn the_decoded_key_is_redacted_too() {
        let redactor =
            Redactor::new(&[Secret::new("whsec_AAECAwQFBgcICQ")]).and(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        assert_eq!(redactor.text("key 00010203040506070809"), "key [secret]");
    }

    #[test]
    fn a_secret_of_three_bytes_is_not_searched_for_raw() {
        let redactor = Redactor::new(&[Secret::new("key")]);
        assert_eq!(redactor.text("a key, a keyhole, 6b6579, a2V5"), "a key, a keyhole, [secret], [secret]");
        assert_eq!(Redactor::new(&[Secret::new("")]).text("left alone"), "left alone");
    }

    #[test]
    fn answers_are_redacted_in_names_values_and_body() {
        use crate::wire::Connection;
        let answer = Answer {
            status: 500,
            headers: vec![Header::new("X-canary", "canary")],
            body: ByteString::from("the canary sings"),
            connection: Connection::Reusable,
        };
        let clean = Redactor::new(&[Secret::new("canary")]).answer(&answer);
        assert_eq!(clean.headers, [Header::new("X-[secret]", "[secret]")]);
        assert_eq!(clean.body, ByteString::from("the [secret] sings"));
    }

    #[test]
    fn debug_shows_nothing_of_the_secret() {
        assert_eq!(format!("{:?}", redactor()), "Redactor(…)");
    }
}
