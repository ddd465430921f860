//! Fields inside a JSON body: spliced in before signing, read after authentication.
//!
//! The type to know is [`JsonCarrier`]. It must not know headers.

use serde_json::Value;

use super::{SchemeError, wrong};
use crate::scheme::{Carrier, Field};

#[derive(Debug, Clone)]
pub(super) struct JsonCarrier {
    pub(super) pointer: String,
    pub(super) tokens: Vec<String>,
    pub(super) field: Field,
}

pub(super) fn json_carrier(pointer: &str, carrier: &Carrier) -> Result<JsonCarrier, SchemeError> {
    let field = carrier.field.ok_or_else(|| wrong(pointer, "a `json` entry needs `field:`"))?;
    if field == Field::Tag {
        return Err(wrong(pointer, "a tag inside the body that it covers needs code, not a scheme file"));
    }
    let tokens: Vec<String> = match pointer.strip_prefix('/') {
        Some(rest) => rest.split('/').map(|token| token.replace("~1", "/").replace("~0", "~")).collect(),
        None => return Err(wrong(pointer, "a JSON pointer starts with `/`")),
    };
    Ok(JsonCarrier { pointer: pointer.to_owned(), tokens, field })
}

/// Adds a member as the first of a JSON object, without touching any other byte; the range is that
/// of its text. `None` if the body is not an object.
pub(super) fn splice_json(
    body: &mut Vec<u8>,
    tokens: &[String],
    text: &[u8],
) -> Option<std::ops::Range<usize>> {
    let object: Value = serde_json::from_slice(body).ok()?;
    let empty = object.as_object()?.is_empty();
    let start = body.iter().position(|&byte| byte == b'{')? + 1;
    let mut member = Vec::new();
    for (depth, token) in tokens.iter().enumerate() {
        if depth > 0 {
            member.push(b'{');
        }
        member.extend_from_slice(Value::from(token.as_str()).to_string().as_bytes());
        member.push(b':');
    }
    let bare =
        !text.is_empty() && text.iter().all(u8::is_ascii_digit) && (text.len() == 1 || text[0] != b'0');
    let quoted = Value::from(String::from_utf8_lossy(text)).to_string().into_bytes();
    let at = start + member.len() + usize::from(!bare);
    let shown = if bare { text } else { &quoted[1..quoted.len() - 1] };
    let range = at..at + shown.len();
    member.extend_from_slice(if bare { text } else { &quoted });
    member.extend(std::iter::repeat_n(b'}', tokens.len() - 1));
    if !empty {
        member.push(b',');
    }
    body.splice(start..start, member);
    Some(range)
}

#[cfg(test)]
mod tests {
    use super::splice_json;

    #[test]
    fn a_member_becomes_the_first_and_nothing_else_changes() {
        for (body, path, text, expected) in [
            ("{}", "t", "12", Some(r#"{"t":[12]}"#)),
            (r#" {"a": 1} "#, "t", "12", Some(r#" {"t":[12],"a": 1} "#)),
            (r#"{"a":1}"#, "m/t", "x", Some(r#"{"m":{"t":"[x]"},"a":1}"#)),
            ("{}", "l/m/t", "0", Some(r#"{"l":{"m":{"t":[0]}}}"#)),
            ("{}", "t", "10", Some(r#"{"t":[10]}"#)),
            ("{}", "t", "012", Some(r#"{"t":"[012]"}"#)),
            ("{}", "t", "1x", Some(r#"{"t":"[1x]"}"#)),
            ("{}", "t", "", Some(r#"{"t":"[]"}"#)),
            ("{}", "t", "a\"b", Some(r#"{"t":"[a\"b]"}"#)),
            ("{}", "a\"b", "1", Some(r#"{"a\"b":[1]}"#)),
            ("[]", "t", "1", None),
            ("{", "t", "1", None),
            ("", "t", "1", None),
        ] {
            let tokens: Vec<String> = path.split('/').map(str::to_owned).collect();
            let mut spliced = body.as_bytes().to_vec();
            let range = splice_json(&mut spliced, &tokens, text.as_bytes());
            let marked = range.map(|range| {
                let text = String::from_utf8(spliced).expect("text");
                format!("{}[{}]{}", &text[..range.start], &text[range.clone()], &text[range.end..])
            });
            assert_eq!(marked.as_deref(), expected, "{body} {path} {text}");
        }
    }
}
