//! Bytes in an export: short to write, and easy to read in any language.
//!
//! The type to know is [`Bytes`]. It must not know what the bytes mean.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

/// A byte string, without loss. Four forms, of which the last joins others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Bytes {
    /// These characters, printable ASCII and line feeds only.
    Text(String),
    /// Padded standard base64.
    Base64(String),
    /// A text, many times over.
    Repeat(Repeated),
    /// One after the other.
    Parts(Vec<Bytes>),
}

/// A text and how often it stands there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Repeated {
    /// The text, printable ASCII.
    pub text: String,
    /// How often.
    pub times: usize,
}

/// How the pieces that are no repetition are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plain {
    /// As text where it can be.
    Text,
    /// Always as base64.
    Base64,
}

/// The longest text that is looked for as a repetition.
const PERIOD: usize = 128;

/// The shortest repetition that is worth its own form.
const LONG: usize = 512;

impl Bytes {
    /// Bytes that people may want to read.
    pub fn readable(bytes: &[u8]) -> Self {
        Self::written(bytes, Plain::Text)
    }

    /// Bytes that programs send.
    pub fn exact(bytes: &[u8]) -> Self {
        Self::written(bytes, Plain::Base64)
    }

    /// The bytes themselves; none if a piece of base64 is broken.
    pub fn to_vec(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(text) => Some(text.clone().into_bytes()),
            Self::Base64(text) => STANDARD.decode(text).ok(),
            Self::Repeat(Repeated { text, times }) => Some(text.repeat(*times).into_bytes()),
            Self::Parts(parts) => {
                parts.iter().map(Self::to_vec).collect::<Option<Vec<_>>>().map(|all| all.concat())
            }
        }
    }

    fn written(bytes: &[u8], plain: Plain) -> Self {
        let mut parts = Vec::new();
        let (mut from, mut at) = (0, 0);
        while bytes.len() - at >= LONG {
            let Some((period, times)) = repetition(&bytes[at..]) else {
                at += 1;
                continue;
            };
            if from < at {
                parts.push(plain.write(&bytes[from..at]));
            }
            let text = String::from_utf8_lossy(&bytes[at..at + period]).into_owned();
            parts.push(Self::Repeat(Repeated { text, times }));
            at += period * times;
            from = at;
        }
        if from < bytes.len() || parts.is_empty() {
            parts.push(plain.write(&bytes[from..]));
        }
        if parts.len() > 1 { Self::Parts(parts) } else { parts.remove(0) }
    }
}

impl Plain {
    fn write(self, bytes: &[u8]) -> Bytes {
        let readable = self == Self::Text && bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\n'));
        match std::str::from_utf8(bytes) {
            Ok(text) if readable => Bytes::Text(text.to_owned()),
            _ => Bytes::Base64(STANDARD.encode(bytes)),
        }
    }
}

/// The period of a long repetition at the front, and how often it stands there in full.
fn repetition(bytes: &[u8]) -> Option<(usize, usize)> {
    (1..=PERIOD).find_map(|period| {
        let long = bytes[period..LONG] == bytes[..LONG - period];
        let text = long && bytes[..period].iter().all(|byte| matches!(byte, b' '..=b'~'));
        text.then(|| (period, (in_common(bytes, &bytes[period..]) + period) / period))
    })
}

/// How many bytes are the same at the fronts of two texts; whole blocks first, which are compared fast.
fn in_common(one: &[u8], other: &[u8]) -> usize {
    const BLOCK: usize = 4096;
    let blocks = one.chunks_exact(BLOCK).zip(other.chunks_exact(BLOCK));
    let whole = blocks.take_while(|(one, other)| one == other).count() * BLOCK;
    whole + one[whole..].iter().zip(&other[whole..]).take_while(|(one, other)| one == other).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_string_survives_in_both_forms() {
        let all: Vec<u8> = (0..=255).collect();
        let long = "a line of text; ".repeat(5000).into_bytes();
        let mixed = [&all[..], &long, b"\xff", &b"x".repeat(100_000), b"end"].concat();
        for bytes in [&[][..], b"plain\n", b"tab\t", &all, &long, &mixed, &b"\xe9".repeat(2000)] {
            for written in [Bytes::readable(bytes), Bytes::exact(bytes)] {
                assert_eq!(written.to_vec().as_deref(), Some(bytes));
                let text = serde_json::to_string(&written).expect("JSON");
                assert!(text.len() < 1000 + bytes.len() / 8 || bytes.len() < 4000, "{}", text.len());
                assert_eq!(serde_json::from_str::<Bytes>(&text).expect("it is read back"), written);
            }
        }
    }

    #[test]
    fn short_and_printable_bytes_stay_readable() {
        assert_eq!(Bytes::readable(b"{}\n"), Bytes::Text("{}\n".to_owned()));
        assert_eq!(Bytes::readable(b"\r"), Bytes::Base64("DQ==".to_owned()));
        assert_eq!(Bytes::exact(b"{}"), Bytes::Base64("e30=".to_owned()));
    }
}
