//! Parsing that is more lenient than the scheme's own, shared by several mutants.
//!
//! Everything here reads claims from a request that the reference would refuse. Nothing here decides whether the
//! claims are acceptable.

use countersign_core::scheme::{Carrier, Claims, Encoding, Field, ListSpec, Refusal, Slot, Template};
use countersign_core::wire::{ByteString, Header, Request, find};

use crate::reference::{Halt, Setup};

/// The header that carries a field, as the scheme describes it.
pub(super) fn carrier(setup: &Setup, field: Field) -> Option<&Carrier> {
    let slot = format!("{{{}}}", field.name());
    let holds = |text: Option<&str>| text.is_some_and(|text| text.contains(&slot));
    setup.scheme.carriers().iter().filter(|carrier| carrier.header.is_some()).find(|carrier| {
        holds(carrier.value.as_deref())
            || holds(carrier.list.as_ref().map(|list| list.item.as_str()))
            || carrier.fields.0.iter().any(|(_, carried)| *carried == field)
    })
}

/// The value of the header that carries the tag, if there is exactly one line of it.
pub(super) fn signature<'r>(setup: &'r Setup, request: &'r Request) -> Option<&'r [u8]> {
    let name = carrier(setup, Field::Tag)?.header.as_deref()?;
    let mut values = request.values(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The text directly before the tag: `sha256=`, `v1,`, or nothing.
pub(super) fn label(setup: &Setup) -> String {
    let Some(carrier) = carrier(setup, Field::Tag) else { return String::new() };
    let template = match (&carrier.value, &carrier.list) {
        (Some(value), _) => value.clone(),
        (None, Some(list)) => item(list, carrier, Field::Tag, "{tag}"),
        (None, None) => String::new(),
    };
    template.split("{tag}").next().unwrap_or_default().to_owned()
}

/// One entry of a list that carries a field.
fn item(list: &ListSpec, carrier: &Carrier, field: Field, text: &str) -> String {
    let name = carrier.fields.0.iter().find(|(_, carried)| *carried == field).map_or("", |(name, _)| name);
    list.item.replace("{name}", name).replace("{value}", text).replace("{tag}", text)
}

/// The entries of a list header: the name where items have one, and the value; a malformed entry
/// is a value as a whole.
pub(super) fn entries<'v>(list: &ListSpec, value: &'v [u8]) -> Vec<(Option<&'v [u8]>, &'v [u8])> {
    let template: Template = list.item.parse().expect("the scheme was checked when it was read");
    split(value, list.separator.as_bytes())
        .into_iter()
        .map(|entry| {
            let Some(slots) = template.matches(entry) else { return (None, entry) };
            let name = slots.iter().find(|(slot, _)| **slot == Slot::Name).map(|(_, text)| *text);
            (name, slots.iter().find(|(slot, _)| **slot != Slot::Name).map_or(entry, |(_, text)| *text))
        })
        .collect()
}

/// Parts of a text between separators.
pub(super) fn split<'v>(value: &'v [u8], separator: &[u8]) -> Vec<&'v [u8]> {
    let mut parts = Vec::new();
    let mut rest = value;
    while let Some(at) = rest.windows(separator.len()).position(|window| window == separator) {
        parts.push(&rest[..at]);
        rest = &rest[at + separator.len()..];
    }
    parts.push(rest);
    parts
}

/// Whether one text contains another.
pub(super) fn contains(text: &[u8], wanted: &[u8]) -> bool {
    find(text, wanted).is_some()
}

/// Reads everything but the tag as the scheme says, and takes these tags in its place.
pub(super) fn with_tags(setup: &Setup, request: &Request, tags: Vec<ByteString>) -> Result<Claims, Halt> {
    let mut claims = match setup.scheme.read(request) {
        Err(Refusal::MalformedSignature | Refusal::MissingSignature) => {
            read_filled(setup, request, Field::Tag)?
        }
        other => other?,
    };
    claims.tags = tags;
    Ok(claims)
}

/// Reads a request as if a field that is not there stood in it, empty.
pub(super) fn read_filled(setup: &Setup, request: &Request, field: Field) -> Result<Claims, Refusal> {
    let mut filled = request.clone();
    if let Some((carrier, name)) = carrier(setup, field).and_then(|c| Some((c, c.header.as_deref()?))) {
        match &carrier.list {
            Some(list) => {
                let before = request.value(name).unwrap_or_default();
                let entry = item(list, carrier, field, "");
                filled.set(name, [before, list.separator.as_bytes(), entry.as_bytes()].concat());
            }
            None => filled.set(name, empty(carrier)),
        }
    }
    setup.scheme.read(&filled)
}

/// A well-formed header value in which every field is empty.
fn empty(carrier: &Carrier) -> Vec<u8> {
    let template: Template =
        carrier.value.as_deref().unwrap_or_default().parse().expect("checked when it was read");
    template.render(|_, _| Ok::<(), std::convert::Infallible>(())).unwrap_or_else(|never| match never {})
}

/// All values of a field that can be in several lines or entries, in order.
pub(super) fn all(setup: &Setup, request: &Request, field: Field) -> Vec<Vec<u8>> {
    let Some((carrier, header)) = carrier(setup, field).and_then(|c| Some((c, c.header.as_deref()?))) else {
        return Vec::new();
    };
    let wanted =
        carrier.fields.0.iter().find(|(_, carried)| *carried == field).map(|(name, _)| name.as_bytes());
    let template: Option<Template> = carrier.value.as_deref().and_then(|value| value.parse().ok());
    let mut found = Vec::new();
    for value in request.values(header) {
        match (&carrier.list, &template) {
            (Some(list), _) => {
                let named =
                    entries(list, value).into_iter().filter(|(name, _)| name.is_some() && *name == wanted);
                found.extend(named.map(|(_, text)| text.to_vec()));
            }
            (None, Some(template)) => {
                let slots = template.matches(value).unwrap_or_default();
                found.extend(
                    slots
                        .iter()
                        .filter(|(slot, _)| **slot == Slot::Field(field))
                        .map(|(_, text)| text.to_vec()),
                );
            }
            (None, None) => {}
        }
    }
    found
}

/// The request with only the `n`-th line, or the `n`-th list entry, of a field.
pub(super) fn only_nth(setup: &Setup, request: &Request, field: Field, n: usize) -> Request {
    let mut kept = request.clone();
    let Some((carrier, name)) = carrier(setup, field).and_then(|c| Some((c, c.header.as_deref()?))) else {
        return kept;
    };
    let wanted =
        carrier.fields.0.iter().find(|(_, carried)| *carried == field).map(|(name, _)| name.as_bytes());
    match (&carrier.list, request.value(name)) {
        (Some(list), Some(value)) if request.values(name).count() == 1 => {
            let separator = list.separator.as_bytes();
            let mut seen = 0;
            let texts =
                split(value, separator).into_iter().zip(entries(list, value)).filter(|(_, (name, _))| {
                    let is_field = name.is_some() && *name == wanted;
                    seen += usize::from(is_field);
                    !is_field || seen == n + 1
                });
            kept.set(name, texts.map(|(text, _)| text).collect::<Vec<_>>().join(separator));
        }
        _ => {
            let line = request.values(name).nth(n).map(|value| value.to_vec());
            line.into_iter().for_each(|line| kept.set(name, line));
        }
    }
    kept
}

/// How many lines the most frequent header has.
pub(super) fn most_lines(request: &Request) -> usize {
    request.headers.iter().map(|line| request.values(&line.name).count()).max().unwrap_or_default()
}

/// Header lines, of which each name keeps the `n`-th, or its last.
pub(super) fn nth_lines(lines: &[Header], n: usize) -> Vec<Header> {
    let mut kept: Vec<(Header, usize)> = Vec::new();
    for line in lines {
        match kept.iter_mut().find(|(known, _)| known.is(&line.name)) {
            Some((_, seen)) if *seen > n => {}
            Some((known, seen)) => {
                *known = line.clone();
                *seen += 1;
            }
            None => kept.push((line.clone(), 1)),
        }
    }
    kept.into_iter().map(|(line, _)| line).collect()
}

/// Header lines, of which those with the same name are one, joined with a comma.
pub(super) fn joined_lines(request: &Request) -> Vec<Header> {
    let mut joined = nth_lines(&request.headers, 0);
    for line in &mut joined {
        line.value =
            request.values(&line.name).map(ByteString::as_slice).collect::<Vec<_>>().join(&b", "[..]).into();
    }
    joined
}

/// Hexadecimal digits up to the first other character, in any letter case; half a byte is dropped.
pub(super) fn hex_prefix(text: &[u8]) -> Vec<u8> {
    let digits = text.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    hex::decode(&text[..digits - digits % 2]).unwrap_or_default()
}

/// Base64 of either alphabet up to the padding, other characters skipped, spare bits ignored.
pub(super) fn lax_base64(text: &[u8]) -> Vec<u8> {
    let value = |byte: u8| match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' | b'-' => Some(62),
        b'/' | b'_' => Some(63),
        _ => None,
    };
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0u32, 0);
    for sextet in text.iter().take_while(|&&byte| byte != b'=').filter_map(|&byte| value(byte)) {
        bits = bits << 6 | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count & 0xff) as u8);
        }
    }
    bytes
}

/// The bytes of a tag as a lenient decoder of the scheme's encoding reads them.
pub(super) fn decode(encoding: Encoding, text: &[u8]) -> Vec<u8> {
    if encoding.is_hex() { hex_prefix(text) } else { lax_base64(text) }
}
