//! Mutants of family B: comparison, decoding, algorithm.
//!
//! Each is named after its bug class. They must not know cases.

use std::time::Duration;

use countersign_core::scheme::{Claims, Construction, Field, Hash, Key, Refusal};
use countersign_core::wire::{Octets, Request};

use super::{lenient, worked};
use crate::reference::{Halt, Reference, Setup, Steps, is_public};

/// Whether any tag passes another comparison with the right text.
fn any(claims: &Claims, right: &[u8], same: impl Fn(&[u8], &[u8]) -> bool) -> Result<bool, Halt> {
    Ok(claims.tags.iter().any(|tag| same(tag, right)))
}

/// Takes whatever is configured as the key, the text of a public key among it.
#[derive(Debug, Default)]
pub struct B16;

impl Steps for B16 {
    fn key(&self, setup: &Setup, claims: &Claims) -> Result<Option<Key>, Halt> {
        match Reference.key(setup, claims) {
            Err(Halt::Refused(Refusal::NoKey)) if is_public(&setup.key) => Ok(Some(setup.key.clone())),
            other => other,
        }
    }
}

/// Stops comparing at the first difference.
#[derive(Debug, Default)]
pub struct B01;

impl Steps for B01 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        // No optimizer may make one comparison of many: in most languages it is a loop.
        let same = |(one, other): (&u8, &u8)| std::hint::black_box(*one) == std::hint::black_box(*other);
        any(claims, &setup.tag_text(text), |tag, right| {
            tag.len() == right.len() && tag.iter().zip(right).all(same)
        })
    }
}

/// Compares as many characters as the shorter tag has.
#[derive(Debug, Default)]
pub struct B02;

impl Steps for B02 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        any(claims, &setup.tag_text(text), |tag, right| tag.iter().zip(right).all(|(a, b)| a == b))
    }
}

/// Accepts the front of a tag, from four bytes on.
#[derive(Debug, Default)]
pub struct B03;

impl Steps for B03 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let encoding = setup.scheme.file().mac.encoding;
        any(claims, &setup.tag(text), |tag, right| {
            encoding.decode(tag).is_some_and(|tag| tag.len() >= 4 && right.starts_with(&tag))
        })
    }
}

/// Compares without regard to letter case.
#[derive(Debug, Default)]
pub struct B04;

impl Steps for B04 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        any(claims, &setup.tag_text(text), |tag, right| tag.eq_ignore_ascii_case(right))
    }
}

/// Strips blanks, quotes and control characters around and in the tag.
#[derive(Debug, Default)]
pub struct B05;

impl Steps for B05 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let junk = |byte: &u8| byte.is_ascii_control() || b" \"'".contains(byte);
        let mut trimmed = request.clone();
        if let Some(name) = lenient::carrier(setup, Field::Tag).and_then(|carrier| carrier.header.as_deref())
        {
            for line in trimmed.headers.iter_mut().filter(|line| line.is(name)) {
                let value = line.value.as_slice();
                let start = value.iter().position(|byte| !junk(byte)).unwrap_or(value.len());
                let end = value.iter().rposition(|byte| !junk(byte)).map_or(start, |at| at + 1);
                line.value = value[start..end].to_vec().into();
            }
        }
        let mut claims = Reference.read(setup, &trimmed)?;
        for tag in &mut claims.tags {
            tag.edit(|tag| tag.retain(|byte| !junk(byte)));
        }
        Ok(claims)
    }
}

/// Decodes hexadecimal digits up to the first other character.
#[derive(Debug, Default)]
pub struct B06;

impl Steps for B06 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        if !setup.scheme.file().mac.encoding.is_hex() {
            return Reference.authentic(setup, claims, text);
        }
        any(claims, &setup.tag(text), |tag, right| lenient::hex_prefix(tag) == right)
    }
}

/// Decodes base64 of any alphabet, padding and spare bits, and skips other characters.
#[derive(Debug, Default)]
pub struct B07;

impl Steps for B07 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        if setup.scheme.file().mac.encoding.is_hex() {
            return Reference.authentic(setup, claims, text);
        }
        any(claims, &setup.tag(text), |tag, right| lenient::lax_base64(tag) == right)
    }
}

/// Throws when the tag has another length.
#[derive(Debug, Default)]
pub struct B08;

impl Steps for B08 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let right = setup.tag_text(text);
        if claims.tags.iter().any(|tag| tag.len() != right.len()) {
            return Err(Halt::Broken("buffers of different length"));
        }
        Reference.authentic(setup, claims, text)
    }
}

/// Throws when the tag is not ASCII.
#[derive(Debug, Default)]
pub struct B09;

impl Steps for B09 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        if claims.tags.iter().any(|tag| !tag.is_ascii()) {
            return Err(Halt::Broken("a comparison of text that is not ASCII"));
        }
        Reference.authentic(setup, claims, text)
    }
}

/// Counts characters and then compares bytes, which throws when they differ in number.
#[derive(Debug, Default)]
pub struct B10;

impl Steps for B10 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let right = setup.tag_text(text);
        let throws = |tag: &Octets| {
            let characters = String::from_utf8_lossy(tag).chars().count();
            characters == right.len() && tag.len() != right.len()
        };
        if claims.tags.iter().any(throws) {
            return Err(Halt::Broken("buffers of different length"));
        }
        Reference.authentic(setup, claims, text)
    }
}

/// Looks for the tag anywhere in the header.
#[derive(Debug, Default)]
pub struct B12;

impl Steps for B12 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match lenient::signature(setup, request) {
            Some(value) => lenient::with_tags(setup, request, vec![value.into()]),
            None => Reference.read(setup, request),
        }
    }

    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        any(claims, &setup.tag_text(text), lenient::contains)
    }
}

/// Searches the header for its pattern and does not match all of it.
#[derive(Debug, Default)]
pub struct B13;

impl Steps for B13 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let Some(value) = lenient::signature(setup, request) else { return Reference.read(setup, request) };
        let label = lenient::label(setup);
        let length = setup.tag_text(b"").len();
        let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let pattern =
            |window: &&[u8]| window.starts_with(label.as_bytes()) && window[label.len()..].iter().all(digit);
        let found =
            value.windows(label.len() + length).filter(pattern).map(|window| window[label.len()..].to_vec());
        lenient::with_tags(setup, request, found.map(Octets::from).collect())
    }
}

/// Takes the hash that the label names, HMAC-SHA1 among them.
#[derive(Debug, Default)]
pub struct B14;

/// Labels that this mutant knows, and what they name.
const LABELS: [(&str, Hash); 3] =
    [("sha1=", Hash::Sha1), ("sha256=", Hash::Sha256), ("sha512=", Hash::Sha512)];

impl Steps for B14 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let value = lenient::signature(setup, request).unwrap_or_default();
        match LABELS.iter().find_map(|(label, _)| value.strip_prefix(label.as_bytes())) {
            Some(tag) => lenient::with_tags(setup, request, vec![tag.into()]),
            None => Reference.read(setup, request),
        }
    }

    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        // The length of a tag says which label it had.
        let encoding = setup.scheme.file().mac.encoding;
        for (_, hash) in LABELS {
            let tag = encoding.encode(&setup.scheme.tag(Construction::Hmac, hash, &setup.key, text));
            if any(claims, tag.as_bytes(), |sent, right| sent == right)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Ignores the label before the tag.
#[derive(Debug, Default)]
pub struct B17;

impl Steps for B17 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let Some((value, carrier)) = lenient::signature(setup, request)
            .and_then(|value| Some((value, lenient::carrier(setup, Field::Tag)?)))
        else {
            return Reference.read(setup, request);
        };
        let other = |name: &[u8]| {
            carrier.fields.0.iter().any(|(known, field)| known.as_bytes() == name && *field != Field::Tag)
        };
        let tags = match &carrier.list {
            Some(list) => lenient::entries(list, value)
                .into_iter()
                .filter(|(name, _)| !name.is_some_and(other))
                .map(|(_, tag)| tag.to_vec())
                .collect(),
            None => {
                let end = lenient::label(setup).bytes().last();
                let cut = end.and_then(|end| value.iter().position(|byte| *byte == end));
                vec![value[cut.map_or(0, |at| at + 1)..].to_vec()]
            }
        };
        lenient::with_tags(setup, request, tags.into_iter().map(Octets::from).collect())
    }
}

/// Looks at the last signature of a list only.
#[derive(Debug, Default)]
pub struct B18;

impl Steps for B18 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let last = Claims { tags: claims.tags.last().cloned().into_iter().collect(), ..claims.clone() };
        Reference.authentic(setup, &last, text)
    }
}

/// Gives up at a malformed entry of a list.
#[derive(Debug, Default)]
pub struct B19;

impl Steps for B19 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let list = lenient::carrier(setup, Field::Tag).and_then(|carrier| carrier.list.as_ref());
        if let (Some(list), Some(value)) = (list, lenient::signature(setup, request))
            && lenient::entries(list, value).iter().any(|(name, _)| name.is_none())
        {
            return Err(Refusal::MalformedSignature.into());
        }
        Reference.read(setup, request)
    }
}

/// Computes the tag anew for each signature of a list, however many there are: some 300 nanoseconds and one
/// more for each byte.
#[derive(Debug, Default)]
pub struct B20;

impl Steps for B20 {
    fn takes(&self, setup: &Setup, request: &Request) -> Duration {
        let Ok(claims) = Reference.read(setup, request) else { return Duration::ZERO };
        let others = claims.tags.len().saturating_sub(1);
        if others == 0 {
            return Duration::ZERO;
        }
        let text = setup.scheme.signing_string(request, &claims, &setup.deployment);
        worked(others * (text.len() + 300))
    }
}

/// Also accepts the plain hash of key and text.
#[derive(Debug, Default)]
pub struct B21;

impl Steps for B21 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let spec = &setup.scheme.file().mac;
        let hashed = spec.encoding.encode(&setup.scheme.tag(
            Construction::HashOfKeyAndText,
            spec.hash,
            &setup.key,
            text,
        ));
        let found = any(claims, hashed.as_bytes(), |tag, hashed| tag == hashed)?;
        Ok(found || Reference.authentic(setup, claims, text)?)
    }
}

/// Overwrites the accumulator of the comparison, so that the last byte decides.
#[derive(Debug, Default)]
pub struct B23;

impl Steps for B23 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let encoding = setup.scheme.file().mac.encoding;
        any(claims, &setup.tag(text), |tag, right| {
            let Some(tag) = encoding.decode(tag).filter(|tag| tag.len() == right.len()) else { return false };
            let mut difference = 0;
            for (a, b) in tag.iter().zip(right) {
                difference = a ^ b;
            }
            difference == 0
        })
    }
}

/// Compares the first 53 bits, as much as a floating-point number holds.
#[derive(Debug, Default)]
pub struct B24;

impl Steps for B24 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let encoding = setup.scheme.file().mac.encoding;
        let number =
            |tag: &[u8]| tag.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte)) >> 11;
        any(claims, &setup.tag(text), |tag, right| {
            encoding.decode(tag).is_some_and(|tag| tag.len() == right.len() && number(&tag) == number(right))
        })
    }
}

/// Falls back to the text of the secret where its decoded form does not fit.
#[derive(Debug, Default)]
pub struct B22;

impl Steps for B22 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let secret = setup.scheme.file().mac.key.write(&setup.key);
        let raw = setup.tag_text_under(&Key::new(secret.expose().to_vec()), text);
        Ok(claims.tags.iter().any(|tag| **tag == *raw) || Reference.authentic(setup, claims, text)?)
    }
}
