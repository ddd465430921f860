//! Parameters of an `Authorization` or `Signature` header: names, values, commas in between.

use crate::scheme::Refusal;
use crate::wire::Request;

/// Names and values in the order in which they stand there.
pub(super) type Params<'r> = Vec<(&'r [u8], &'r [u8])>;

/// How values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Values {
    /// In quotation marks, without an escape inside.
    Quoted,
    /// As they are.
    Bare,
}

/// The one value of a header.
pub(super) fn only<'r>(request: &'r Request, name: &'r str) -> Result<&'r [u8], Refusal> {
    let mut values = request.values(name);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value),
        (None, _) => Err(Refusal::MissingSignature),
        (Some(_), Some(_)) => Err(Refusal::DuplicateField),
    }
}

/// The credentials in `Authorization`, behind the name of their scheme in any letter case and one space.
pub(super) fn credentials<'r>(request: &'r Request, scheme: &str) -> Result<&'r [u8], Refusal> {
    let value = only(request, "Authorization")?;
    let (word, rest) = value.split_at_checked(scheme.len()).ok_or(Refusal::MalformedSignature)?;
    match (word.eq_ignore_ascii_case(scheme.as_bytes()), rest.split_first()) {
        (true, Some((b' ', rest))) if !rest.starts_with(b" ") => Ok(rest),
        _ => Err(Refusal::MalformedSignature),
    }
}

/// Reads `name="value", name="value"`; a name that appears twice is refused, and so is every other shape.
pub(super) fn params(text: &[u8], form: Values) -> Result<Params<'_>, Refusal> {
    let mut params: Params<'_> = Vec::new();
    let mut rest = text;
    loop {
        let end = rest.iter().position(|byte| *byte == b'=').ok_or(Refusal::MalformedSignature)?;
        let (name, after) = (&rest[..end], &rest[end + 1..]);
        let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-".contains(byte);
        if name.is_empty() || !name.iter().all(token) {
            return Err(Refusal::MalformedSignature);
        }
        if params.iter().any(|(known, _)| *known == name) {
            return Err(Refusal::DuplicateField);
        }
        let (value, behind) = match form {
            Values::Quoted => quoted(after).ok_or(Refusal::MalformedSignature)?,
            Values::Bare => after.split_at(after.iter().position(|b| *b == b',').unwrap_or(after.len())),
        };
        params.push((name, value));
        match behind.split_first() {
            None => return Ok(params),
            Some((b',', more)) => rest = more.trim_ascii_start(),
            Some(_) => return Err(Refusal::MalformedSignature),
        }
    }
}

/// The text between quotation marks at the start, and what stands behind them.
fn quoted(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let text = text.strip_prefix(b"\"")?;
    let end = text.iter().position(|byte| *byte == b'"')?;
    let value = &text[..end];
    is_quotable(value).then_some((value, &text[end + 1..]))
}

/// Whether a text can stand between quotation marks as it is.
pub(super) fn is_quotable(text: &[u8]) -> bool {
    text.iter().all(|byte| (b' '..=b'~').contains(byte) && !b"\"\\".contains(byte))
}

/// The value of a parameter.
pub(super) fn get<'r>(params: &Params<'r>, name: &str) -> Option<&'r [u8]> {
    params.iter().find(|(known, _)| *known == name.as_bytes()).map(|(_, value)| *value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_read_in_one_shape_only() {
        let text = br#"id="a", ts="1",mac="x=+/""#;
        let found = params(text, Values::Quoted).expect("well formed");
        assert_eq!(get(&found, "mac"), Some(&b"x=+/"[..]));
        for odd in
            [r#"id="a""b""#, r#"id="a","#, r#"id=a"#, r#"id="a\"b""#, r#"="a""#, "", r#"id="a" , b="c""#]
        {
            assert_eq!(params(odd.as_bytes(), Values::Quoted), Err(Refusal::MalformedSignature), "{odd}");
        }
        assert_eq!(params(br#"a="1",a="1""#, Values::Quoted), Err(Refusal::DuplicateField));
        let bare = params(b"Credential=a/b/c, SignedHeaders=a;b,Signature=00", Values::Bare).expect("bare");
        assert_eq!(get(&bare, "SignedHeaders"), Some(&b"a;b"[..]));
    }
    #[test]
    fn names_are_tokens_and_values_are_printable() {
        for (text, well) in [
            (r#"a-b_9="x y~""#, true),
            (r#"a b="x""#, false),
            (r#"a.b="x""#, false),
            ("a=\"\t\"", false),
            ("a=\"\x7f\"", false),
            ("a=\"\u{e9}\"", false),
            (r#"a="x";b="y""#, false),
            (r#"a="x",  b="y""#, true),
        ] {
            assert_eq!(params(text.as_bytes(), Values::Quoted).is_ok(), well, "{text}");
        }
        for (text, well) in [("", true), (" ~", true), ("\"", false), ("\\", false), ("\x1f", false)] {
            assert_eq!(is_quotable(text.as_bytes()), well, "{text:?}");
        }
    }

    #[test]
    fn credentials_stand_behind_one_word_and_one_space() {
        let of = |values: &[&str]| {
            let headers =
                values.iter().map(|value| crate::wire::Header::new("Authorization", *value)).collect();
            let nothing = crate::wire::ByteString::default;
            let request = Request { method: nothing(), target: nothing(), headers, body: nothing() };
            credentials(&request, "Hawk").map(<[u8]>::to_vec)
        };
        assert_eq!(of(&["Hawk a=1"]), Ok(b"a=1".to_vec()));
        assert_eq!(of(&["hAWK "]), Ok(Vec::new()));
        for odd in ["Hawk", "Hawk  a=1", "Hawka=1", "Haw a=1", "Bear a=1", "Hawk\ta=1", ""] {
            assert_eq!(of(&[odd]), Err(Refusal::MalformedSignature), "{odd:?}");
        }
        assert_eq!(of(&[]), Err(Refusal::MissingSignature));
        assert_eq!(of(&["Hawk a=1", "Hawk a=1"]), Err(Refusal::DuplicateField));
    }
}
