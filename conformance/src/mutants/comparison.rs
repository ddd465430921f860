//! Mutants that compare, decode or choose the algorithm wrongly (family B).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use std::time::Duration;

use countersign_core::scheme::{Claims, Construction, Field, Hash, Key, Refusal};
use countersign_core::wire::{ByteString, Request};

use super::{lenient_parsing, worked};
use crate::reference::correct::is_public;
use crate::reference::{Halt, Reference, Setup, Steps};

/// Whether any tag passes another comparison with the right text.
fn any(claims: &Claims, right: &[u8], same: impl Fn(&[u8], &[u8]) -> bool) -> Result<bool, Halt> {
    Ok(claims.tags.iter().any(|tag| same(tag, right)))
}

/// Stops comparing at the first difference.
#[derive(Debug, Default)]
pub struct StopsAtFirstDifference;

impl Steps for StopsAtFirstDifference {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        // No optimizer may make one comparison of many: in most languages it is a loop.
        let same = |(one, other): (&u8, &u8)| std::hint::black_box(*one) == std::hint::black_box(*other);
        any(claims, &setup.tag_text(text), |tag, right| {
            tag.len() == right.len() && tag.iter().zip(right).all(same)
        })
    }
}

/// Takes whatever is configured as the key, the text of a public key among it.
#[derive(Debug, Default)]
pub struct PublicKeyAsSecret;

impl Steps for PublicKeyAsSecret {
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
pub struct ShorterLengthCompared;

impl Steps for ShorterLengthCompared {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        any(claims, &setup.tag_text(text), |tag, right| tag.iter().zip(right).all(|(a, b)| a == b))
    }
}

/// Accepts the front of a tag, from four bytes on.
#[derive(Debug, Default)]
pub struct TagPrefixAccepted;

impl Steps for TagPrefixAccepted {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let encoding = setup.scheme.file().mac.encoding;
        any(claims, &setup.tag(text), |tag, right| {
            encoding.decode(tag).is_some_and(|tag| tag.len() >= 4 && right.starts_with(&tag))
        })
    }
}

/// Compares without regard to letter case.
#[derive(Debug, Default)]
pub struct LetterCaseIgnored;

impl Steps for LetterCaseIgnored {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        any(claims, &setup.tag_text(text), |tag, right| tag.eq_ignore_ascii_case(right))
    }
}

/// Strips blanks, quotes and control characters around and in the tag.
#[derive(Debug, Default)]
pub struct BlanksStripped;

impl Steps for BlanksStripped {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let junk = |byte: &u8| byte.is_ascii_control() || b" \"'".contains(byte);
        let mut trimmed = request.clone();
        if let Some(name) =
            lenient_parsing::carrier(setup, Field::Tag).and_then(|carrier| carrier.header.as_deref())
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
pub struct HexStopsAtOtherCharacter;

impl Steps for HexStopsAtOtherCharacter {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        if !setup.scheme.file().mac.encoding.is_hex() {
            return Reference.authentic(setup, claims, text);
        }
        any(claims, &setup.tag(text), |tag, right| lenient_parsing::hex_prefix(tag) == right)
    }
}

/// Decodes base64 of any alphabet, padding and spare bits, and skips other characters.
#[derive(Debug, Default)]
pub struct LaxBase64;

impl Steps for LaxBase64 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        if setup.scheme.file().mac.encoding.is_hex() {
            return Reference.authentic(setup, claims, text);
        }
        any(claims, &setup.tag(text), |tag, right| lenient_parsing::lax_base64(tag) == right)
    }
}

/// Throws when the tag has another length.
#[derive(Debug, Default)]
pub struct ThrowsOnTagLength;

impl Steps for ThrowsOnTagLength {
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
pub struct ThrowsOnNonAsciiTag;

impl Steps for ThrowsOnNonAsciiTag {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        if claims.tags.iter().any(|tag| !tag.is_ascii()) {
            return Err(Halt::Broken("a comparison of text that is not ASCII"));
        }
        Reference.authentic(setup, claims, text)
    }
}

/// Counts characters and then compares bytes, which throws when they differ in number.
#[derive(Debug, Default)]
pub struct CharactersCountedBytesCompared;

impl Steps for CharactersCountedBytesCompared {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let right = setup.tag_text(text);
        let throws = |tag: &ByteString| {
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
pub struct TagFoundAnywhere;

impl Steps for TagFoundAnywhere {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match lenient_parsing::signature(setup, request) {
            Some(value) => lenient_parsing::with_tags(setup, request, vec![value.into()]),
            None => Reference.read(setup, request),
        }
    }

    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        any(claims, &setup.tag_text(text), lenient_parsing::contains)
    }
}

/// Searches the header for its pattern and does not match all of it.
#[derive(Debug, Default)]
pub struct UnanchoredPattern;

impl Steps for UnanchoredPattern {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let Some(value) = lenient_parsing::signature(setup, request) else {
            return Reference.read(setup, request);
        };
        let label = lenient_parsing::label(setup);
        let length = setup.tag_text(b"").len();
        let digit = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=".contains(byte);
        let pattern =
            |window: &&[u8]| window.starts_with(label.as_bytes()) && window[label.len()..].iter().all(digit);
        let found =
            value.windows(label.len() + length).filter(pattern).map(|window| window[label.len()..].to_vec());
        lenient_parsing::with_tags(setup, request, found.map(ByteString::from).collect())
    }
}

/// Takes the hash that the label names, HMAC-SHA1 among them.
#[derive(Debug, Default)]
pub struct HashFromLabel;

/// Labels that this mutant knows, and what they name.
const LABELS: [(&str, Hash); 3] =
    [("sha1=", Hash::Sha1), ("sha256=", Hash::Sha256), ("sha512=", Hash::Sha512)];

impl Steps for HashFromLabel {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let value = lenient_parsing::signature(setup, request).unwrap_or_default();
        match LABELS.iter().find_map(|(label, _)| value.strip_prefix(label.as_bytes())) {
            Some(tag) => lenient_parsing::with_tags(setup, request, vec![tag.into()]),
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
pub struct LabelIgnored;

impl Steps for LabelIgnored {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let Some((value, carrier)) = lenient_parsing::signature(setup, request)
            .and_then(|value| Some((value, lenient_parsing::carrier(setup, Field::Tag)?)))
        else {
            return Reference.read(setup, request);
        };
        let other = |name: &[u8]| {
            carrier.fields.0.iter().any(|(known, field)| known.as_bytes() == name && *field != Field::Tag)
        };
        let tags = match &carrier.list {
            Some(list) => lenient_parsing::entries(list, value)
                .into_iter()
                .filter(|(name, _)| !name.is_some_and(other))
                .map(|(_, tag)| tag.to_vec())
                .collect(),
            None => {
                let end = lenient_parsing::label(setup).bytes().last();
                let cut = end.and_then(|end| value.iter().position(|byte| *byte == end));
                vec![value[cut.map_or(0, |at| at + 1)..].to_vec()]
            }
        };
        lenient_parsing::with_tags(setup, request, tags.into_iter().map(ByteString::from).collect())
    }
}

/// Looks at the last signature of a list only.
#[derive(Debug, Default)]
pub struct OnlyLastSignatureChecked;

impl Steps for OnlyLastSignatureChecked {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let last = Claims { tags: claims.tags.last().cloned().into_iter().collect(), ..claims.clone() };
        Reference.authentic(setup, &last, text)
    }
}

/// Gives up at a malformed entry of a list.
#[derive(Debug, Default)]
pub struct MalformedEntryEndsList;

impl Steps for MalformedEntryEndsList {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let list = lenient_parsing::carrier(setup, Field::Tag).and_then(|carrier| carrier.list.as_ref());
        if let (Some(list), Some(value)) = (list, lenient_parsing::signature(setup, request))
            && lenient_parsing::entries(list, value).iter().any(|(name, _)| name.is_none())
        {
            return Err(Refusal::MalformedSignature.into());
        }
        Reference.read(setup, request)
    }
}

/// Computes the tag anew for each signature of a list, however many there are: some 300 nanoseconds and one
/// more for each byte.
#[derive(Debug, Default)]
pub struct TagComputedPerSignature;

impl Steps for TagComputedPerSignature {
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
pub struct PlainHashAccepted;

impl Steps for PlainHashAccepted {
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
pub struct LastByteDecides;

impl Steps for LastByteDecides {
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
pub struct First53BitsCompared;

impl Steps for First53BitsCompared {
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
pub struct UndecodedSecretAccepted;

impl Steps for UndecodedSecretAccepted {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let secret = setup.scheme.file().mac.key.write(&setup.key);
        let raw = setup.tag_text_under(&Key::new(secret.expose().to_vec()), text);
        Ok(claims.tags.iter().any(|tag| **tag == *raw) || Reference.authentic(setup, claims, text)?)
    }
}
