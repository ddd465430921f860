//! Parameters of queries and form bodies, and percent-encoding.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode, percent_encode};

use crate::wire::Request;

/// Everything but the unreserved characters of RFC 3986.
pub(super) const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The same but for the slash, for whole paths.
pub(super) const RESERVED_IN_PATHS: &AsciiSet = &RESERVED.remove(b'/');

/// A name and its value.
pub(super) type Pair = (Vec<u8>, Vec<u8>);

/// Percent-encodes everything but unreserved characters.
pub(super) fn encoded(text: &[u8]) -> String {
    percent_encode(text, RESERVED).to_string()
}

/// Undoes percent-encoding; what is not encoded well stays as it is.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    percent_decode(text).collect()
}

/// The parameters of a form, decoded; a plus sign is a space. Nothing between two `&` is no parameter.
pub(super) fn form(text: &[u8]) -> Vec<Pair> {
    let plain =
        |text: &[u8]| decoded(&text.iter().map(|b| if *b == b'+' { b' ' } else { *b }).collect::<Vec<_>>());
    raw(text).map(|(name, value)| (plain(name), plain(value))).collect()
}

/// The parameters as they stand there.
pub(super) fn raw(text: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    text.split(|byte| *byte == b'&').filter(|piece| !piece.is_empty()).map(|piece| {
        match piece.iter().position(|byte| *byte == b'=') {
            Some(at) => (&piece[..at], &piece[at + 1..]),
            None => (piece, &[][..]),
        }
    })
}

/// The values of a parameter.
pub(super) fn values<'p>(pairs: &'p [Pair], name: &'p str) -> impl Iterator<Item = &'p [u8]> {
    pairs.iter().filter(move |(known, _)| known == name.as_bytes()).map(|(_, value)| &value[..])
}

/// Whether a name appears twice.
pub(super) fn repeats(pairs: &[Pair]) -> bool {
    let mut names: Vec<&[u8]> = pairs.iter().map(|(name, _)| &name[..]).collect();
    names.sort_unstable();
    names.windows(2).any(|two| two[0] == two[1])
}

/// Adds text to the query, and says where in the target it starts.
pub(super) fn append(request: &mut Request, text: &[u8]) -> usize {
    let separator: &[u8] = match request.query() {
        None => b"?",
        Some(query) if query.is_empty() || query.ends_with(b"&") => b"",
        Some(_) => b"&",
    };
    let start = request.target.len() + separator.len();
    request.target.edit(|target| {
        target.extend_from_slice(separator);
        target.extend_from_slice(text);
    });
    start
}

/// Whether the body is a form, by its content type. Of several lines none counts.
pub(super) fn is_form(request: &Request) -> bool {
    media_type(request) == b"application/x-www-form-urlencoded"
}

/// The media type without parameters, in lower case; empty if there is none, or more than one.
pub(super) fn media_type(request: &Request) -> Vec<u8> {
    let mut types = request.values("Content-Type");
    match (types.next(), types.next()) {
        (Some(kind), None) => {
            let end = kind.iter().position(|byte| *byte == b';').unwrap_or(kind.len());
            kind[..end].trim_ascii().to_ascii_lowercase()
        }
        _ => Vec::new(),
    }
}
