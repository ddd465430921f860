//! Values that tampers fill in, and parts as another type.

use super::Type;
use super::not_there::NotThere;
use crate::scheme::{Part, Scheme, Signed, Spot};
use crate::time::{ClockUnit, Timestamp, http_date};
use crate::wire::ByteString;

/// Fills times, key id and constants into a text value.
///
/// # Errors
/// The request carries no key id, or the scheme has no such constant.
pub(super) fn filled(
    value: &ByteString,
    signed: &Signed,
    scheme: &dyn Scheme,
    now: Timestamp,
) -> Result<ByteString, NotThere> {
    if memchr::memchr(b'{', value).is_none() {
        return Ok(value.clone());
    }
    let Ok(text) = std::str::from_utf8(value.as_slice()) else { return Ok(value.clone()) };
    let own = scheme.file().clock.as_ref().map_or_else(String::new, |clock| clock.unit.render(now));
    let mut filled = text
        .replace("{now}", &own)
        .replace("{seconds}", &now.seconds().to_string())
        .replace("{millis}", &now.millis().to_string())
        .replace("{http-date}", &http_date(now))
        .replace("{day}", &ClockUnit::Iso8601Basic.render(now)[..8]);
    if filled.contains("{key-id}") {
        let spot = signed.find(&Part::KeyId).ok_or(NotThere::Part(Part::KeyId))?;
        filled = filled.replace("{key-id}", &String::from_utf8_lossy(signed.bytes(&spot)));
    }
    while let Some((front, (name, back))) =
        filled.split_once("{const:").and_then(|(front, rest)| Some((front, rest.split_once('}')?)))
    {
        let known = scheme.file().constants.get(name).ok_or_else(|| NotThere::Constant(name.to_owned()))?;
        filled = [front, known, back].concat();
    }
    Ok(ByteString::from(filled))
}

/// Writes a part as another type: a JSON text without its quotation marks, a parameter as a list.
///
/// # Errors
/// The part stands elsewhere.
pub(super) fn retype(signed: &mut Signed, part: &Part, to: Type) -> Result<(), NotThere> {
    let untyped = || NotThere::Untyped(part.clone());
    let spot = signed.find(part).ok_or_else(|| NotThere::Part(part.clone()))?;
    let old = signed.bytes(&spot).to_vec();
    let (spot, new) = match spot {
        Spot::Body(range) => {
            let body = &signed.request().body;
            let quoted =
                range.start > 0 && body[range.start - 1] == b'"' && body.get(range.end) == Some(&b'"');
            let literal = match to {
                Type::True => b"true".to_vec(),
                Type::Zero => b"0".to_vec(),
                Type::Null => b"null".to_vec(),
                Type::Array => [b"[\"", &old[..], b"\"]"].concat(),
                Type::EmptyArray => b"[]".to_vec(),
            };
            let literal = quoted.then_some(literal).ok_or_else(untyped)?;
            (Spot::Body(range.start - 1..range.end + 1), literal)
        }
        Spot::Target(range) => {
            let named = range.start > 0 && signed.request().target[range.start - 1] == b'=';
            let value = match to {
                Type::Array if named => old,
                Type::EmptyArray if named => Vec::new(),
                _ => return Err(untyped()),
            };
            (Spot::Target(range.start - 1..range.end), [b"[]=", &value[..]].concat())
        }
        Spot::Method | Spot::Header { .. } => return Err(untyped()),
    };
    signed.splice(&spot, new.into());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Field, Holds, Place};
    use crate::wire::Request;

    fn retyped(target: &str, body: &str, spot: Spot, to: Type) -> Option<(String, String)> {
        let nothing = ByteString::default;
        let request =
            Request { method: nothing(), target: target.into(), headers: Vec::new(), body: body.into() };
        let places = vec![Place { holds: Holds::Field(Field::Tag), spot }];
        let mut signed = Signed::new(request, places, None, Vec::new());
        retype(&mut signed, &Part::Tag, to).ok()?;
        let text = |octets: &ByteString| String::from_utf8_lossy(octets).into_owned();
        Some((text(&signed.request().target), text(&signed.request().body)))
    }

    #[test]
    fn a_member_becomes_another_type() {
        let body = |to| retyped("/", r#"{"t":"ab","u":1}"#, Spot::Body(6..8), to).map(|(_, body)| body);
        assert_eq!(body(Type::True).as_deref(), Some(r#"{"t":true,"u":1}"#));
        assert_eq!(body(Type::Zero).as_deref(), Some(r#"{"t":0,"u":1}"#));
        assert_eq!(body(Type::Null).as_deref(), Some(r#"{"t":null,"u":1}"#));
        assert_eq!(body(Type::Array).as_deref(), Some(r#"{"t":["ab"],"u":1}"#));
        assert_eq!(body(Type::EmptyArray).as_deref(), Some(r#"{"t":[],"u":1}"#));
        assert_eq!(retyped("/", "t=ab", Spot::Body(2..4), Type::True), None, "it is no text of JSON");
        for half in ["\"ab", "ab\"", "ab"] {
            let start = usize::from(half.starts_with('"'));
            assert_eq!(retyped("/", half, Spot::Body(start..start + 2), Type::True), None, "{half}");
        }
    }

    #[test]
    fn a_parameter_becomes_a_list() {
        let target = |to| retyped("/?a=1&tag=ab&b=2", "", Spot::Target(10..12), to).map(|(target, _)| target);
        assert_eq!(target(Type::Array).as_deref(), Some("/?a=1&tag[]=ab&b=2"));
        assert_eq!(target(Type::EmptyArray).as_deref(), Some("/?a=1&tag[]=&b=2"));
        assert_eq!(target(Type::True), None, "a query has texts and lists only");
        for to in [Type::Array, Type::EmptyArray] {
            assert_eq!(retyped("/hook", "", Spot::Target(1..5), to), None, "a path is no parameter");
            assert_eq!(retyped("hook", "", Spot::Target(0..4), to), None);
        }
    }
}
