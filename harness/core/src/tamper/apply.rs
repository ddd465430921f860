//! What each tamper does to the bytes.

use std::ops::Range;

use memchr::memmem::rfind;

use super::not_there::NotThere;
use super::typed::{filled, retype};
use super::{
    At, Beside, Bit, Copied, Duplicate, Entry, Keep, Letters, Line, Move, Rename, Retyped, Tamper, With,
};
use crate::moment::Moment;
use crate::scheme::{Carrier, Encoding, Part, Scheme, Signed, Spot};
use crate::time::Timestamp;
use crate::wire::{ByteString, Header, find};

/// What is percent-encoded in the value of a parameter: all but the unreserved characters of RFC 3986.
const VALUE: &percent_encoding::AsciiSet =
    &percent_encoding::NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Applies one tamper. `now` is the verifier's clock, for tampers that write times.
///
/// # Errors
/// The request does not have what the tamper changes; the request is then unchanged.
pub fn apply(
    tamper: &Tamper,
    signed: &mut Signed,
    scheme: &dyn Scheme,
    now: Timestamp,
) -> Result<(), NotThere> {
    let encoding = scheme.file().mac.encoding;
    match tamper {
        Tamper::Remove(on) => remove(signed, &on.part, scheme),
        Tamper::Clear(on) => edit(signed, &on.part, encoding, |_| Ok(ByteString::default())),
        Tamper::Replace(With { part: Part::Query, with }) if signed.find(&Part::Query).is_none() => {
            append_target(signed, &[b"?", with.as_slice()].concat());
            Ok(())
        }
        Tamper::Append(With { part: Part::Query, with }) if signed.find(&Part::Query).is_none() => {
            append_target(signed, &[b"?", with.as_slice()].concat());
            Ok(())
        }
        Tamper::Replace(With { part, with }) => {
            let with = filled(with, signed, scheme, now)?;
            edit(signed, part, encoding, |_| Ok(with))
        }
        Tamper::Prepend(With { part, with }) => {
            let with = filled(with, signed, scheme, now)?;
            edit(signed, part, encoding, |old| Ok(ByteString::chained(&[&with, old])))
        }
        Tamper::Append(With { part, with }) => {
            let with = filled(with, signed, scheme, now)?;
            edit(signed, part, encoding, |old| Ok(ByteString::chained(&[old, &with])))
        }
        Tamper::Insert(At { part, at, with }) => edit(signed, part, encoding, |old| {
            let at = usize::from(*at);
            let (front, back) = old.split_at_checked(at).ok_or_else(|| NotThere::TooShort(part.clone()))?;
            Ok(ByteString::joined(&[front, with, back]))
        }),
        Tamper::FlipBit(Bit { part, bit }) => edit(signed, part, encoding, |old| flip(part, old, *bit)),
        Tamper::Truncate(Keep { part, bytes }) => edit(signed, part, encoding, |old| {
            let kept = old.get(..usize::from(*bytes)).ok_or_else(|| NotThere::TooShort(part.clone()))?;
            Ok(kept.into())
        }),
        Tamper::DropFront(Keep { part, bytes }) => edit(signed, part, encoding, |old| {
            let kept = old.get(usize::from(*bytes)..).ok_or_else(|| NotThere::TooShort(part.clone()))?;
            Ok(kept.into())
        }),
        Tamper::ChangeCase(Letters { part, to }) => {
            edit(signed, part, encoding, |old| changed(old, to.change(old)))
        }
        Tamper::Encode(other) => {
            let text = other.encode(signed.tag());
            edit(signed, &Part::Tag, encoding, |old| changed(old, text.into_bytes()))
        }
        Tamper::SpareBits => edit(signed, &Part::Tag, encoding, |old| spare_bits(old, encoding)),
        Tamper::Retime(moment) => {
            let text = timestamp(scheme, moment, now)?;
            edit(signed, &Part::Timestamp, encoding, |old| changed(old, text))
        }
        Tamper::DuplicateLine(duplicate) => duplicate_line(duplicate, signed, scheme, now),
        Tamper::AddEntry(entry) => add_entry(entry, signed, scheme, now),
        Tamper::AddHeader(Line { name, value }) => {
            let at = signed.request().headers.len();
            let value = filled(value, signed, scheme, now)?;
            signed.insert_line(at, Header { name: name.into(), value });
            Ok(())
        }
        Tamper::AddParameter(Line { name, value }) => {
            let value = filled(value, signed, scheme, now)?;
            let joint = if signed.find(&Part::Query).is_some() { "&" } else { "?" };
            let written = percent_encoding::percent_encode(&value, VALUE);
            append_target(signed, format!("{joint}{name}={written}").as_bytes());
            Ok(())
        }
        Tamper::Retype(Retyped { part, to }) => retype(signed, part, *to),
        Tamper::RenameHeader(Rename { part, to }) => {
            let line = signed.line(part).ok_or_else(|| NotThere::Part(part.clone()))?;
            let name = &signed.request().headers[line].name;
            let name = to.replace("{name}", name).replace("{underscored}", &name.replace('-', "_"));
            signed.rename_line(line, name.into());
            Ok(())
        }
        Tamper::MoveBytes(moved) => move_bytes(moved, signed),
        Tamper::PercentEncodePath => edit(signed, &Part::Path, encoding, |old| {
            let at = old
                .iter()
                .rposition(u8::is_ascii_alphanumeric)
                .filter(|at| !old[..*at].ends_with(b"%"))
                .ok_or(NotThere::TooShort(Part::Path))?;
            Ok([&old[..at], format!("%{:02X}", old[at]).as_bytes(), &old[at + 1..]].concat().into())
        }),
        Tamper::ReverseHeaders => {
            signed.reverse_lines();
            Ok(())
        }
    }
}

/// Changes the bytes of a part. For [`Part::TagBytes`] the tag is decoded before and encoded after.
fn edit(
    signed: &mut Signed,
    part: &Part,
    encoding: Encoding,
    change: impl FnOnce(&ByteString) -> Result<ByteString, NotThere>,
) -> Result<(), NotThere> {
    let spot = signed.find(part).ok_or_else(|| NotThere::Part(part.clone()))?;
    let new = if *part == Part::TagBytes {
        // A tag that an earlier tamper left readable is taken as it stands.
        let tag = encoding.decode(signed.bytes(&spot)).unwrap_or_else(|| signed.tag().to_vec());
        ByteString::from(encoding.encode(&change(&tag.into())?))
    } else {
        change(&signed.octets(&spot))?
    };
    signed.splice(&spot, new);
    Ok(())
}

fn changed(old: &[u8], new: impl Into<ByteString>) -> Result<ByteString, NotThere> {
    let new = new.into();
    if *old == *new { Err(NotThere::NoChange) } else { Ok(new) }
}

fn append_target(signed: &mut Signed, with: &[u8]) {
    let end = signed.request().target.len();
    signed.splice(&Spot::Target(end..end), with.into());
}

/// Takes a part away: its entry of a list, its header line if it stands alone there, its parameter of
/// the query, its member of the body, else its bytes.
fn remove(signed: &mut Signed, part: &Part, scheme: &dyn Scheme) -> Result<(), NotThere> {
    let spot = signed.find(part).ok_or_else(|| NotThere::Part(part.clone()))?;
    let Spot::Header { line, range } = &spot else {
        let request = signed.request();
        let whole = match &spot {
            Spot::Target(range) => Spot::Target(parameter_bounds(&request.target, range)),
            Spot::Body(range) => Spot::Body(member_bounds(&request.body, range)),
            other => other.clone(),
        };
        signed.splice(&whole, ByteString::default());
        return Ok(());
    };
    let header = &signed.request().headers[*line];
    let carrier = carrier_of(scheme, &header.name);
    let names_a_line = matches!(part, Part::Signature | Part::Header(_) | Part::CoveredHeader);
    match carrier {
        Some(Carrier { list: Some(list), .. }) if !names_a_line => {
            let value = header.value.as_slice();
            let (start, end) = entry_bounds(value, range, list.separator.as_bytes());
            let width = list.separator.len();
            let with_separator =
                if end < value.len() { start..end + width } else { start.saturating_sub(width)..end };
            signed.splice(&Spot::Header { line: *line, range: with_separator }, ByteString::default());
        }
        _ if !names_a_line && signed.shares_its_line(*line) => signed.splice(&spot, ByteString::default()),
        _ => signed.remove_line(*line),
    }
    Ok(())
}

/// Start and end of the list entry around `range`.
fn entry_bounds(value: &[u8], range: &Range<usize>, separator: &[u8]) -> (usize, usize) {
    let start = rfind(&value[..range.start], separator).map_or(0, |at| at + separator.len());
    let end = find(&value[range.end..], separator).map_or(value.len(), |at| range.end + at);
    (start, end)
}

/// Start and end of the query parameter whose value is at `range`, with one of the `&` around it; of the whole
/// query with its `?`; of the range itself if it stands in the path.
fn parameter_bounds(target: &[u8], range: &Range<usize>) -> Range<usize> {
    let Some(start) = target[..range.start].iter().rposition(|byte| matches!(byte, b'?' | b'&')) else {
        return range.clone();
    };
    match target.get(range.end) {
        Some(b'&') => start + 1..range.end + 1,
        _ => start..range.end,
    }
}

/// Start and end of the JSON member whose value is at `range`, with one of the commas around it; of the
/// range itself if it is not the value of a member.
fn member_bounds(body: &[u8], range: &Range<usize>) -> Range<usize> {
    let solid = |byte: &u8| !byte.is_ascii_whitespace();
    let before = |at: usize| body[..at].iter().rposition(solid).map(|at| (at, body[at]));
    let after = |at: usize| body[at..].iter().position(solid).map(|by| (at + by, body[at + by]));
    let quoted = before(range.start).filter(|(_, byte)| *byte == b'"');
    let (value, end) = quoted.map_or((range.start, range.end), |(at, _)| (at, range.end + 1));
    let named = before(value).filter(|(_, byte)| *byte == b':').and_then(|(at, _)| before(at));
    let Some((close, b'"')) = named else { return range.clone() };
    let Some(open) = body[..close].iter().rposition(|&byte| byte == b'"') else { return range.clone() };
    match (after(end), before(open)) {
        (Some((comma, b',')), _) => open..comma + 1,
        (_, Some((comma, b','))) => comma..end,
        _ => open..end,
    }
}

fn carrier_of<'s>(scheme: &'s dyn Scheme, header: &str) -> Option<&'s Carrier> {
    let named =
        |carrier: &&Carrier| carrier.header.as_deref().is_some_and(|name| name.eq_ignore_ascii_case(header));
    scheme.carriers().iter().find(named)
}

fn flip(part: &Part, old: &[u8], bit: i32) -> Result<ByteString, NotThere> {
    let bits = i64::try_from(old.len()).unwrap_or(i64::MAX).saturating_mul(8);
    let at = if bit < 0 { bits + i64::from(bit) } else { i64::from(bit) };
    if at < 0 || at >= bits {
        return Err(NotThere::TooShort(part.clone()));
    }
    let mut new = old.to_vec();
    new[usize::try_from(at / 8).expect("within the part")] ^= 1 << (at % 8);
    Ok(new.into())
}

/// Replaces the last character by another with the same leading bits.
fn spare_bits(old: &[u8], encoding: Encoding) -> Result<ByteString, NotThere> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let spare = match (encoding, old.iter().filter(|&&byte| byte == b'=').count()) {
        (Encoding::Base64, 1) => true,
        (Encoding::Base64 | Encoding::Base64Unpadded | Encoding::Base64url, _) => {
            !old.len().is_multiple_of(4)
        }
        (Encoding::Hex | Encoding::HexUpper, _) => false,
    };
    let at = old.iter().rposition(|&byte| byte != b'=').filter(|_| spare).ok_or(NotThere::SpareBits)?;
    let value = ALPHABET.iter().position(|&letter| letter == old[at]).ok_or(NotThere::SpareBits)?;
    let mut new = old.to_vec();
    new[at] = ALPHABET[value ^ 1];
    Ok(new.into())
}

fn timestamp(scheme: &dyn Scheme, moment: &Moment, now: Timestamp) -> Result<ByteString, NotThere> {
    let clock = scheme.file().clock.as_ref().ok_or(NotThere::Window)?;
    moment.render(now, clock).ok_or(NotThere::Window)
}

/// The bytes of a copied part.
fn copied(
    copy: &Copied,
    part: &Part,
    signed: &Signed,
    scheme: &dyn Scheme,
    now: Timestamp,
) -> Result<ByteString, NotThere> {
    let spot = signed.find(part).ok_or_else(|| NotThere::Part(part.clone()))?;
    match copy {
        Copied::Same => Ok(signed.bytes(&spot).into()),
        Copied::Corrupted if matches!(part, Part::Tag | Part::Signature) => {
            let tag = flip(part, signed.tag(), 0)?;
            Ok(scheme.file().mac.encoding.encode(&tag).into())
        }
        Copied::Corrupted => flip(part, signed.bytes(&spot), 0),
        Copied::Part(octets) | Copied::Whole(octets) => Ok(octets.clone()),
        Copied::Retimed(moment) => timestamp(scheme, moment, now),
    }
}

fn duplicate_line(
    duplicate: &Duplicate,
    signed: &mut Signed,
    scheme: &dyn Scheme,
    now: Timestamp,
) -> Result<(), NotThere> {
    let Duplicate { part, place, copy } = duplicate;
    let Some(Spot::Header { line, range }) = signed.find(part) else {
        return Err(NotThere::Part(part.clone()));
    };
    let new = copied(copy, part, signed, scheme, now)?;
    let mut header = signed.request().headers[line].clone();
    header.value = match copy {
        Copied::Whole(_) => new,
        _ => {
            let mut value = header.value;
            value.splice(&range, new);
            value
        }
    };
    signed.insert_line(if *place == Beside::Before { line } else { line + 1 }, header);
    Ok(())
}

fn add_entry(
    entry: &Entry,
    signed: &mut Signed,
    scheme: &dyn Scheme,
    now: Timestamp,
) -> Result<(), NotThere> {
    let Entry { part, place, copy, times } = entry;
    let Some(Spot::Header { line, range }) = signed.find(part) else {
        return Err(NotThere::Part(part.clone()));
    };
    let header = &signed.request().headers[line];
    let list =
        carrier_of(scheme, &header.name).and_then(|carrier| carrier.list.as_ref()).ok_or(NotThere::List)?;
    let separator = list.separator.as_str();
    let value = header.value.clone();
    let (start, end) = entry_bounds(&value, &range, separator.as_bytes());
    let new = copied(copy, part, signed, scheme, now)?;
    let one = match copy {
        Copied::Whole(_) => new,
        _ => [&value[start..range.start], &new, &value[range.end..end]].concat().into(),
    };
    let (at, text) = match place {
        Beside::Before => (start, [&one[..], separator.as_bytes()].concat()),
        Beside::After => (end, [separator.as_bytes(), &one].concat()),
    };
    signed.splice(&Spot::Header { line, range: at..at }, text.repeat(usize::from(*times)).into());
    Ok(())
}

fn move_bytes(moved: &Move, signed: &mut Signed) -> Result<(), NotThere> {
    let Move { first, second, bytes } = moved;
    let at = |signed: &Signed, part: &Part| signed.find(part).ok_or_else(|| NotThere::Part(part.clone()));
    let count = usize::from(bytes.unsigned_abs());
    let first_bytes = signed.bytes(&at(signed, first)?).to_vec();
    let second_bytes = signed.bytes(&at(signed, second)?).to_vec();
    let (new_first, new_second) = if *bytes >= 0 {
        let (front, rest) =
            second_bytes.split_at_checked(count).ok_or_else(|| NotThere::TooShort(second.clone()))?;
        ([&first_bytes[..], front].concat(), rest.to_vec())
    } else {
        let keep = first_bytes.len().checked_sub(count).ok_or_else(|| NotThere::TooShort(first.clone()))?;
        (first_bytes[..keep].to_vec(), [&first_bytes[keep..], &second_bytes].concat())
    };
    let spot = at(signed, first)?;
    signed.splice(&spot, new_first.into());
    let spot = at(signed, second)?;
    signed.splice(&spot, new_second.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn without(text: &str, value: &str, bounds: fn(&[u8], &Range<usize>) -> Range<usize>) -> String {
        let at = text.find(value).expect("the value is there");
        let whole = bounds(text.as_bytes(), &(at..at + value.len()));
        [&text[..whole.start], &text[whole.end..]].concat()
    }

    #[test]
    fn a_parameter_goes_with_its_name() {
        assert_eq!(without("/?tag=ab&t=1", "ab", parameter_bounds), "/?t=1");
        assert_eq!(without("/?t=1&tag=ab", "ab", parameter_bounds), "/?t=1");
        assert_eq!(without("/?tag=ab", "ab", parameter_bounds), "/");
        assert_eq!(without("/hook/ab", "ab", parameter_bounds), "/hook/");
    }

    #[test]
    fn a_member_goes_with_its_name() {
        assert_eq!(without(r#"{"tag":"ab","t":1}"#, "ab", member_bounds), r#"{"t":1}"#);
        assert_eq!(without(r#"{"t":1, "tag" : "ab" }"#, "ab", member_bounds), r#"{"t":1 }"#);
        assert_eq!(without(r#"{"time":12,"t":1}"#, "12", member_bounds), r#"{"t":1}"#);
        assert_eq!(without("{\"tag\":\"ab\"\n  ,\"t\":1}", "ab", member_bounds), r#"{"t":1}"#);
        assert_eq!(without(r#"{"tag":"ab"}"#, "ab", member_bounds), "{}");
        assert_eq!(without("tag=ab", "ab", member_bounds), "tag=");
    }
}
