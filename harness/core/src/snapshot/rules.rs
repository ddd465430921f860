//! What differs from run to run, one rule each.
//!
//! A rule looks at the bytes from one position on and says how many of them it redacts. It must not
//! know of headers, bodies or cases.

/// How many bytes at `at` a rule redacts; none if it finds nothing there.
type Rule = fn(&[u8], usize) -> Option<usize>;

/// Rules with what stands in place of what they find. The first that finds something wins.
const RULES: [(Rule, &str); 7] = [
    (uuid, "[uuid]"),
    (iso8601, "[time]"),
    (http_date, "[time]"),
    (id_field, "[id]"),
    (epoch, "[time]"),
    (hex, "[hex]"),
    (base64, "[base64]"),
];

/// Applies all rules from left to right.
pub(super) fn apply(bytes: Vec<u8>) -> Vec<u8> {
    let mut clean = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match RULES.iter().find_map(|(rule, mark)| rule(&bytes, at).map(|length| (length, mark))) {
            Some((length, mark)) => {
                clean.extend_from_slice(mark.as_bytes());
                at += length;
            }
            None => {
                clean.push(bytes[at]);
                at += 1;
            }
        }
    }
    clean
}

/// Length of the longest run at the beginning.
fn run(bytes: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    bytes.iter().position(|&byte| !belongs(byte)).unwrap_or(bytes.len())
}

/// Whether a word could begin here: nothing that belongs to a word stands before.
fn begins(bytes: &[u8], at: usize) -> bool {
    at == 0 || !is_word(bytes[at - 1])
}

/// Whether a word could end here.
fn ends(bytes: &[u8], at: usize) -> bool {
    bytes.get(at).is_none_or(|&byte| !is_word(byte))
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Length of a text of this shape: `0` a digit, `x` a hexadecimal digit, `A` a letter, anything else itself.
fn shape(bytes: &[u8], shape: &[u8]) -> Option<usize> {
    let fits = bytes.len() >= shape.len()
        && shape.iter().zip(bytes).all(|(wanted, byte)| match wanted {
            b'0' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            b'A' => byte.is_ascii_alphabetic(),
            other => other == byte,
        });
    fits.then_some(shape.len())
}

/// `4bf92f35-77b3-4da6-a3ce-929d0e0e4736`.
fn uuid(bytes: &[u8], at: usize) -> Option<usize> {
    let length = shape(&bytes[at..], b"xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx")?;
    (begins(bytes, at) && ends(bytes, at + length)).then_some(length)
}

/// `2024-05-01T10:00:00.123Z`, with a space for the `T`, without seconds, with another zone or none.
fn iso8601(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let mut length = shape(rest, b"0000-00-00T00:00").or_else(|| shape(rest, b"0000-00-00 00:00"))?;
    if !begins(bytes, at) {
        return None;
    }
    length += shape(&rest[length..], b":00").unwrap_or(0);
    if let Some(point) = shape(&rest[length..], b".0").or_else(|| shape(&rest[length..], b",0")) {
        length += point - 1 + run(&rest[length + 1..], |byte| byte.is_ascii_digit());
    }
    let zones: [&[u8]; 5] = [b"Z", b"+00:00", b"-00:00", b"+0000", b"-0000"];
    length += zones.iter().find_map(|zone| shape(&rest[length..], zone)).unwrap_or(0);
    ends(bytes, at + length).then_some(length)
}

/// `Wed, 01 May 2024 10:00:00 GMT` (RFC 1123), also with a numeric zone.
fn http_date(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    let forms: [&[u8]; 2] = [b"AAA, 00 AAA 0000 00:00:00 ", b"AAA, 0 AAA 0000 00:00:00 "];
    let length = forms.iter().find_map(|form| shape(rest, form))?;
    let zones: [&[u8]; 4] = [b"GMT", b"UTC", b"+0000", b"-0000"];
    let zone = zones.iter().find_map(|zone| shape(&rest[length..], zone))?;
    (begins(bytes, at) && ends(bytes, at + length + zone)).then_some(length + zone)
}

/// Seconds (10 digits, with or without a fraction) or milliseconds (13 digits) between 2001 and 2128.
fn epoch(bytes: &[u8], at: usize) -> Option<usize> {
    let rest = &bytes[at..];
    if !matches!(rest[0], b'1'..=b'4') || !begins(bytes, at) || (at > 0 && bytes[at - 1] == b'.') {
        return None;
    }
    let mut length = run(rest, |byte| byte.is_ascii_digit());
    if length == 10 && shape(&rest[length..], b".0").is_some() {
        length += 1 + run(&rest[length + 1..], |byte| byte.is_ascii_digit());
    } else if !matches!(length, 10 | 13) {
        return None;
    }
    ends(bytes, at + length).then_some(length)
}

/// The number in `"id": 17` or `"requestId":"17"`: any JSON member whose name is or ends in an id.
fn id_field(bytes: &[u8], at: usize) -> Option<usize> {
    if at > 0 && bytes[at - 1].is_ascii_digit() {
        return None;
    }
    let length = run(&bytes[at..], |byte| byte.is_ascii_digit());
    let quoted = bytes[..at].strip_suffix(b"\"");
    let closes = match quoted {
        Some(_) => bytes.get(at + length) == Some(&b'"'),
        None => bytes.get(at + length).is_none_or(|byte| b" \t\r\n,}]".contains(byte)),
    };
    let name = quoted.unwrap_or(&bytes[..at]).trim_ascii_end().strip_suffix(b":")?;
    let name = name.trim_ascii_end().strip_suffix(b"\"")?;
    let name = &name[name.iter().rposition(|&byte| byte == b'"')? + 1..];
    let camel = name.len() > 2 && name[name.len() - 3].is_ascii_lowercase();
    let is_id = name.eq_ignore_ascii_case(b"id")
        || [b"_id", b"-id", b"_ID", b"-ID"].iter().any(|end| name.ends_with(*end))
        || (camel && (name.ends_with(b"Id") || name.ends_with(b"ID")));
    (length > 0 && closes && is_id).then_some(length)
}

/// Sixteen hexadecimal digits or more, at least one of them a decimal digit.
fn hex(bytes: &[u8], at: usize) -> Option<usize> {
    if !begins(bytes, at) {
        return None;
    }
    let length = run(&bytes[at..], |byte| byte.is_ascii_hexdigit());
    let found = &bytes[at..at + length];
    let random = length >= 16 && found.iter().any(u8::is_ascii_digit);
    (random && ends(bytes, at + length)).then_some(length)
}

/// Twenty-four base64 digits or more of either alphabet, in both letter cases, as mixed as random
/// digits are: after one letter or digit in four comes one of another kind. Words and paths are not mixed so.
fn base64(bytes: &[u8], at: usize) -> Option<usize> {
    let digit = |byte: u8| byte.is_ascii_alphanumeric() || b"+/-_".contains(&byte);
    if at > 0 && digit(bytes[at - 1]) {
        return None;
    }
    let length = run(&bytes[at..], digit);
    let found = &bytes[at..at + length];
    let kind = |byte: u8| (byte.is_ascii_lowercase(), byte.is_ascii_digit());
    let changes = found
        .windows(2)
        .filter(|pair| pair.iter().all(u8::is_ascii_alphanumeric) && kind(pair[0]) != kind(pair[1]));
    let mixed = changes.count() * 4 >= length;
    let both = found.iter().any(u8::is_ascii_lowercase) && found.iter().any(u8::is_ascii_uppercase);
    if length < 24 || !both || !mixed {
        return None;
    }
    Some(length + run(&bytes[at + length..], |byte| byte == b'=').min(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redacts(mark: &str, texts: &[&str]) {
        for text in texts {
            for (before, after) in [("", ""), ("\"", "\""), ("at=", ", then"), ("[", "]")] {
                let all = apply(format!("{before}{text}{after}").into_bytes());
                assert_eq!(String::from_utf8_lossy(&all), format!("{before}{mark}{after}"), "{text}");
            }
        }
    }

    fn leaves(texts: &[&str]) {
        for text in texts {
            assert_eq!(String::from_utf8_lossy(&apply(text.as_bytes().to_vec())), *text);
        }
    }

    #[test]
    fn iso_times_are_redacted_and_dates_are_not() {
        redacts(
            "[time]",
            &[
                "2024-05-01T10:00:00Z",
                "2024-05-01T10:00:00.123456+02:00",
                "2024-05-01 10:00:00,5",
                "2024-05-01T10:00",
                "2024-05-01T10:00:00-0700",
            ],
        );
        leaves(&["api version 2024-05-01", "10:00:00", "12024-05-01T10:00:00Z", "2024-05-01Tea"]);
    }

    #[test]
    fn http_dates_are_redacted_and_sentences_are_not() {
        redacts("[time]", &["Wed, 01 May 2024 10:00:00 GMT", "Wed, 1 May 2024 10:00:00 +0000"]);
        leaves(&["Wed, 01 May 2024", "Yes, 12 May be 2024", "Wed, 01 May 2024 10:00:00 maybe"]);
    }

    #[test]
    fn epoch_seconds_and_milliseconds_are_redacted_and_other_numbers_are_not() {
        redacts("[time]", &["1714557600", "1714557600123", "1714557600.042"]);
        leaves(&[
            "171455760",
            "17145576000",
            "0714557600",
            "9714557600",
            "0.1714557600",
            "v1714557600",
            "300",
        ]);
    }

    #[test]
    fn uuids_are_redacted_and_hyphened_words_are_not() {
        redacts("[uuid]", &["4bf92f35-77b3-4da6-a3ce-929d0e0e4736", "4BF92F35-77B3-4DA6-A3CE-929D0E0E4736"]);
        leaves(&["4bf92f35-77b3-4da6-a3ce", "bad-dead-beef-face", "x4bf92f35-77b3-4da6-a3ce-929d0e0e4736"]);
    }

    #[test]
    fn digests_in_hexadecimal_are_redacted_and_words_are_not() {
        redacts(
            "[hex]",
            &["4bf92f3577b34da6", "DEADBEEF00112233445566778899AABBCCDDEEFF", "1714557600123456789"],
        );
        leaves(&["deadbeef", "deadbeef0011223", "aaaaaaaaaaaaaaaaaaaaaaaa", "0123456789abcdefg"]);
    }

    #[test]
    fn digests_in_base64_are_redacted_and_words_and_paths_are_not() {
        redacts(
            "[base64]",
            &[
                "K7gNU3sdo+OL0wNhqoVWhr3g6s1xYv72ol/pe/Unols=",
                "K7gNU3sdo-OL0wNhqoVWhr3g6s1xYv72ol_pe_Unols",
                "MTIzNDU2Nzg5MDEyMzQ1Njc4",
            ],
        );
        leaves(&[
            "InvalidWebhookSignatureException",
            "/api/v1/webhooks/Stripe/endpoint",
            "application/vnd.example.error+json",
            "Content-Security-Policy-Report-Only",
            "K7gNU3sdo+OL0wNhqoVWhr3",
        ]);
    }

    #[test]
    fn numbers_in_id_fields_are_redacted_and_other_numbers_are_not() {
        for name in ["id", "ID", "request_id", "requestId", "trace-id", "eventID"] {
            let text = format!("{{\"{name}\": 17, \"{name}\":\"18\"}}");
            let expected = format!("{{\"{name}\": [id], \"{name}\":\"[id]\"}}");
            assert_eq!(String::from_utf8_lossy(&apply(text.into_bytes())), expected);
        }
        leaves(&[
            "{\"paid\": 5, \"valid\":1, \"grid\":3, \"code\":401}",
            "id: 17",
            "{\"id\":\"17 apples\"}",
            "{\"id\":1.5}",
        ]);
    }
}
