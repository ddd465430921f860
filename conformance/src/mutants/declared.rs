//! What a request declares about its own signature, found and replaced as text, without the scheme's parser.
//!
//! The type to know is [`Declared`]. Nothing here decides whether the declaration is acceptable.

use std::ops::Range;

use countersign_core::scheme::{Encoding, Hash};
use countersign_core::wire::{Header, Request};
use serde_json::Value;

use crate::reference::Setup;

/// What a request declares about its own signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Declared {
    /// The name of the algorithm.
    Algorithm,
    /// The list of what is covered.
    Coverage,
}

/// Code of the scheme, header (empty: the target), and the text before and after the value; no text after it means the end.
type Row = (&'static str, Declared, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    ("rfc9421", Declared::Algorithm, "Signature-Input", ";alg=\"", "\""),
    ("rfc9421", Declared::Coverage, "Signature-Input", "(", ")"),
    ("cavage", Declared::Algorithm, "Signature", "algorithm=\"", "\""),
    ("cavage", Declared::Coverage, "Signature", "headers=\"", "\""),
    ("aws-sigv4", Declared::Algorithm, "Authorization", "", " "),
    ("aws-sigv4", Declared::Coverage, "Authorization", "SignedHeaders=", ","),
    ("aws-sigv4-query", Declared::Algorithm, "", "X-Amz-Algorithm=", "&"),
    ("aws-sigv4-query", Declared::Coverage, "", "X-Amz-SignedHeaders=", "&"),
    ("contentful", Declared::Coverage, "X-Contentful-Signed-Headers", "", ""),
    ("oauth1", Declared::Algorithm, "Authorization", "oauth_signature_method=\"", "\""),
    ("jwt-hmac", Declared::Algorithm, "Authorization", "Bearer ", "."),
];

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    if wanted.is_empty() { Some(0) } else { text.windows(wanted.len()).position(|found| found == wanted) }
}

fn code(setup: &Setup) -> &str {
    setup.scheme.file().code.as_deref().unwrap_or_default()
}

fn row(setup: &Setup, what: Declared) -> Option<&'static Row> {
    ROWS.iter().find(|row| row.0 == code(setup) && row.1 == what)
}

/// The text that holds the declaration, and its range there.
fn place<'r>(row: &Row, request: &'r Request) -> Option<(&'r [u8], Range<usize>)> {
    let (_, _, header, before, behind) = *row;
    let text = if header.is_empty() { &request.target[..] } else { request.value(header)? };
    let start = find(text, before.as_bytes())? + before.len();
    let rest = &text[start..];
    let length =
        if behind.is_empty() { rest.len() } else { find(rest, behind.as_bytes()).unwrap_or(rest.len()) };
    Some((text, start..start + length))
}

fn replaced(row: &Row, request: &Request, with: &str) -> Option<Request> {
    let (text, range) = place(row, request)?;
    let text = [&text[..range.start], with.as_bytes(), &text[range.end..]].concat();
    let mut request = request.clone();
    if row.2.is_empty() {
        request.target = text.into()
    } else {
        request.set(row.2, text)
    }
    Some(request)
}

/// The name that a request gives its algorithm.
pub(super) fn algorithm(setup: &Setup, request: &Request) -> Option<String> {
    let (text, range) = place(row(setup, Declared::Algorithm)?, request)?;
    let text = &text[range];
    if code(setup) != "jwt-hmac" {
        return String::from_utf8(text.to_vec()).ok();
    }
    let head: Value = serde_json::from_slice(&Encoding::Base64url.decode(text)?).ok()?;
    head.get("alg")?.as_str().map(str::to_owned)
}

/// The request as if it named the algorithm of the scheme.
pub(super) fn with_usual_algorithm(setup: &Setup, request: &Request) -> Option<Request> {
    let row = row(setup, Declared::Algorithm)?;
    if code(setup) == "jwt-hmac" {
        let head = setup.scheme.file().constants.get("header")?;
        return replaced(row, request, &Encoding::Base64url.encode(head.as_bytes()));
    }
    replaced(row, request, setup.scheme.algorithm(setup.scheme.file().mac.hash)?)
}

/// The hash that a name means, if it names HMAC with one.
pub(super) fn hash_of(setup: &Setup, name: &str) -> Option<Hash> {
    [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512]
        .into_iter()
        .find(|hash| setup.scheme.algorithm(*hash).is_some_and(|known| known.eq_ignore_ascii_case(name)))
}

/// Headers with a digest of the body, which a request may leave out if nobody demands them.
const DIGESTS: [(&str, &str); 2] = [("rfc9421", "Content-Digest"), ("cavage", "Digest")];

/// The request as if it listed all that the scheme demands.
pub(super) fn with_full_list(setup: &Setup, request: &Request) -> Option<Request> {
    let row = row(setup, Declared::Coverage)?;
    let mut request = request.clone();
    let digest = DIGESTS.iter().find(|(code, _)| *code == row.0);
    if let Some((_, name)) = digest.filter(|(_, name)| request.value(name).is_none()) {
        request.headers.push(Header::new(*name, "none"));
    }
    let constant = |name: &str| setup.scheme.file().constants.get(name).map_or("", String::as_str).to_owned();
    let there = |name: &&str| name.starts_with(['@', '(']) || request.value(name).is_some();
    let all = || {
        let mut names: Vec<String> = request.headers.iter().map(|line| line.name.to_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        names
    };
    let list = match row.0 {
        "rfc9421" => {
            let names = constant("components");
            names.split(' ').filter(there).map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(" ")
        }
        "cavage" => constant("headers").split(' ').filter(there).collect::<Vec<_>>().join(" "),
        "contentful" => {
            let chosen = constant("signed-headers").to_lowercase();
            let chosen: Vec<&str> = chosen.split(',').map(str::trim).collect();
            let own = |name: &String| chosen.contains(&name.as_str()) || name.starts_with("x-contentful-");
            let tag = |name: &String| name == "x-contentful-signature";
            all().into_iter().filter(|name| own(name) && !tag(name)).collect::<Vec<_>>().join(",")
        }
        _ => all().into_iter().filter(|name| name != "authorization").collect::<Vec<_>>().join(";"),
    };
    match replaced(row, &request, &list) {
        // Without a list the Cavage drafts sign the date.
        None if row.0 == "cavage" => {
            let value = request.value("Signature")?;
            let value = [format!("headers=\"{list}\",").as_bytes(), value].concat();
            request.set("Signature", value);
            Some(request)
        }
        other => other,
    }
}

/// Where the tag is in a JSON body.
const MEMBERS: [(&str, &str); 3] = [
    ("mailgun", "/signature/signature"),
    ("dropbox-sign", "/event/event_hash"),
    ("adyen-standard", "/notificationItems/0/NotificationRequestItem/additionalData/hmacSignature"),
];

/// A request whose tag is not a string, with a string in its place, and whether a loose comparison finds the tag equal
/// to every string.
pub(super) fn typed_tag(setup: &Setup, request: &Request) -> Option<(Request, bool)> {
    if let Some(at) = find(&request.target, b"[]=") {
        let target = [&request.target[..at], &request.target[at + 2..]].concat();
        return Some((Request { target: target.into(), ..request.clone() }, true));
    }
    let (_, pointer) = MEMBERS.iter().find(|(known, _)| *known == code(setup))?;
    let mut body: Value = serde_json::from_slice(&request.body).ok()?;
    let tag = body.pointer_mut(pointer)?;
    let (text, equal) = match tag {
        Value::Bool(true) => (String::new(), true),
        Value::Number(number) if number.as_i64() == Some(0) => (String::new(), true),
        Value::Array(list) => (list.first()?.as_str()?.to_owned(), false),
        _ => return None,
    };
    *tag = text.into();
    Some((Request { body: body.to_string().into(), ..request.clone() }, equal))
}
