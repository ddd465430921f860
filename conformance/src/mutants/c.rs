//! Mutants of family C: the wrong bytes are under the MAC.
//!
//! Each is named after its bug class. They must not know cases.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use countersign_core::scheme::{Claims, Deployment, Key, Slot, Template};
use countersign_core::time::Timestamp;
use countersign_core::wire::{Header, Request};

use super::{json, lenient};
use crate::reference::{Authentic, Halt, Reference, Setup, Steps, checked};

/// The signing string of a request that was changed first.
fn signed_as(
    setup: &Setup,
    request: &Request,
    claims: &Claims,
    change: impl FnOnce(&mut Request),
) -> Result<Vec<u8>, Halt> {
    let mut changed = request.clone();
    change(&mut changed);
    Reference.signing_string(setup, &changed, claims)
}

/// Puts a target together from a path and a query.
fn target(path: &[u8], query: Option<&[u8]>) -> Vec<u8> {
    match query {
        Some(query) => [path, b"?", query].concat(),
        None => path.to_vec(),
    }
}

/// Latin-1 bytes as UTF-8.
fn latin1(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
}

/// Remembers tags that were right, and does not look at the body again.
#[derive(Debug, Default)]
pub struct C01 {
    right: Mutex<BTreeSet<Vec<u8>>>,
}

impl Steps for C01 {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let mut right = self.right.lock().unwrap_or_else(PoisonError::into_inner);
        if claims.tags.iter().any(|tag| right.iter().any(|right| *tag == **right)) {
            return Ok(true);
        }
        let authentic = Reference.authentic(setup, claims, text)?;
        if authentic {
            right.insert(setup.tag_text(text));
        }
        Ok(authentic)
    }
}

/// Parses a JSON body and signs what it serializes again.
#[derive(Debug, Default)]
pub struct C03;

impl Steps for C03 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.body = json::reserialized(&request.body).into())
    }
}

/// Decodes the body as UTF-8 with replacement characters.
#[derive(Debug, Default)]
pub struct C04;

impl Steps for C04 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            request.body = String::from_utf8_lossy(&request.body).into_owned().into();
        })
    }
}

/// Drops a byte order mark before the body.
#[derive(Debug, Default)]
pub struct C05;

impl Steps for C05 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            if request.body.starts_with(b"\xef\xbb\xbf") {
                request.body.edit(|body| drop(body.drain(..3)));
            }
        })
    }
}

/// Reads the body as Latin-1 text.
#[derive(Debug, Default)]
pub struct C06;

impl Steps for C06 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.body = latin1(&request.body).into())
    }
}

/// Signs POST whatever the method is.
#[derive(Debug, Default)]
pub struct C07;

impl Steps for C07 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.method = "POST".into())
    }
}

/// Signs the configured path whatever the path is.
#[derive(Debug, Default)]
pub struct C08;

impl Steps for C08 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            request.target = target(setup.path.as_bytes(), request.query()).into();
        })
    }
}

/// Leaves the query out of the signing string.
#[derive(Debug, Default)]
pub struct C09;

impl Steps for C09 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.target = request.path().into())
    }
}

/// Ends the query at a second question mark, a semicolon or a number sign.
#[derive(Debug, Default)]
pub struct C10;

impl Steps for C10 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let query = request
                .query()
                .map(|query| query.split(|byte| b"?;#".contains(byte)).next().unwrap_or(query));
            request.target = target(request.path(), query).into();
        })
    }
}

/// Builds the query from a map, sorted and without repetitions.
#[derive(Debug, Default)]
pub struct C11;

impl Steps for C11 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let Some(query) = request.query() else { return };
            let mut parameters = BTreeMap::new();
            for parameter in query.split(|&byte| byte == b'&') {
                let name = parameter.split(|&byte| byte == b'=').next().unwrap_or(parameter);
                parameters.insert(name, parameter);
            }
            let query = parameters.into_values().collect::<Vec<_>>().join(&b'&');
            request.target = target(request.path(), Some(&query)).into();
        })
    }
}

/// Takes a delimiter that stands in a field for the end of the field: in an id, and encoded in the path.
#[derive(Debug, Default)]
pub struct C13;

impl Steps for C13 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let mut claims = Reference.read(setup, request)?;
        for text in [&mut claims.id, &mut claims.nonce].into_iter().flatten() {
            let end = text.iter().position(|byte| b".\n".contains(byte)).unwrap_or(text.len());
            text.edit(|text| text.truncate(end));
        }
        Ok(claims)
    }

    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let mut path = request.path().to_vec();
            while let Some(at) = path.windows(3).position(|three| three == b"%0A") {
                path.splice(at..at + 3, *b"\n");
            }
            request.target = target(&path, request.query()).into();
        })
    }
}

/// Signs the percent-decoded path.
#[derive(Debug, Default)]
pub struct C14;

impl Steps for C14 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let path = request.path();
            let mut decoded = Vec::new();
            let mut at = 0;
            while let Some(&byte) = path.get(at) {
                let escaped =
                    path.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(|pair| hex::decode(pair).ok());
                at += if escaped.is_some() { 3 } else { 1 };
                decoded.extend(escaped.unwrap_or_else(|| vec![byte]));
            }
            request.target = target(&decoded, request.query()).into();
        })
    }
}

/// Signs the path without empty and dot segments.
#[derive(Debug, Default)]
pub struct C15;

impl Steps for C15 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let path = request.path();
            let mut segments: Vec<&[u8]> = Vec::new();
            for segment in path.split(|&byte| byte == b'/') {
                match segment {
                    b"" | b"." => {}
                    b".." => {
                        segments.pop();
                    }
                    other => segments.push(other),
                }
            }
            let end: &[u8] = if path.ends_with(b"/") && !segments.is_empty() { b"/" } else { b"" };
            let normal = [b"/", &segments.join(&b'/')[..], end].concat();
            request.target = target(&normal, request.query()).into();
        })
    }
}

/// Signs the path in lower case.
#[derive(Debug, Default)]
pub struct C16;

impl Steps for C16 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let end = request.path_end();
            request.target.edit(|target| target[..end].make_ascii_lowercase());
        })
    }
}

/// Signs an absent covered header as empty text, or as a word for nothing.
#[derive(Debug, Default)]
pub struct C20;

impl Steps for C20 {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let signs = setup.scheme.file().signs.as_deref().unwrap_or_default();
        let signs: Template = signs.parse().expect("the scheme was checked when it was read");
        let mut answer = Reference.check(setup, request, now);
        for word in ["", "undefined", "null", "None"] {
            let mut filled = request.clone();
            for slot in signs.slots() {
                if let Slot::Header(name) = slot
                    && request.value(name).is_none()
                {
                    filled.set(name, word);
                }
            }
            answer = answer.or_else(|_| Reference.check(setup, &filled, now));
        }
        answer
    }
}

/// Takes any of several lines of a header, or all joined, whichever fits.
#[derive(Debug, Default)]
pub struct C21;

impl Steps for C21 {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut answer = Reference.check(setup, request, now);
        let most = lenient::most_lines(request);
        let picked = (0..most).map(|n| lenient::nth_lines(&request.headers, n));
        for headers in picked.chain((most > 1).then(|| lenient::joined_lines(request))) {
            answer = answer.or_else(|_| Reference.check(setup, &Request { headers, ..request.clone() }, now));
        }
        answer
    }
}

/// Signs the first 64 KiB of the body.
#[derive(Debug, Default)]
pub struct C27;

impl Steps for C27 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.body.edit(|body| body.truncate(64 * 1024)))
    }
}

/// Reads header bytes as Latin-1 and signs them as UTF-8.
#[derive(Debug, Default)]
pub struct C31;

impl Steps for C31 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        let mut encoded = claims.clone();
        for text in [&mut encoded.timestamp, &mut encoded.id, &mut encoded.nonce, &mut encoded.key_id] {
            *text = text.as_deref().map(|text| latin1(text).into());
        }
        signed_as(setup, request, &encoded, |request| {
            for line in &mut request.headers {
                line.value = latin1(line.value.as_slice()).into();
            }
        })
    }
}

/// Builds the address from the host that the request or a proxy names.
#[derive(Debug, Default)]
pub struct C17;

impl Steps for C17 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        let named = request.value("X-Forwarded-Host").or_else(|| request.value("Host"));
        let Some(host) = named.and_then(|host| std::str::from_utf8(host).ok()) else {
            return Reference.signing_string(setup, request, claims);
        };
        let scheme = setup.deployment.origin.split_once("://").map_or("https", |(scheme, _)| scheme);
        let deployment = Deployment { origin: format!("{scheme}://{host}"), ..setup.deployment.clone() };
        Ok(setup.scheme.signing_string(request, claims, &deployment))
    }
}

/// Stands behind a gateway that turns underscores in header names into hyphens, the last line winning.
#[derive(Debug, Default)]
pub struct C22;

impl C22 {
    fn folded(request: &Request) -> Request {
        let mut folded = request.clone();
        for line in &request.headers {
            let name = line.name.replace('_', "-");
            if name != line.name.as_str() {
                folded.headers.retain(|other| !other.is(&name) && other.name != line.name);
                folded.headers.push(Header::new(name, line.value.to_vec()));
            }
        }
        folded
    }
}

impl Steps for C22 {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        Reference.check(setup, &Self::folded(request), now)
    }
}

/// Puts the body into its template with a function for which `$$` and `%%` are one character.
#[derive(Debug, Default)]
pub struct C23;

impl Steps for C23 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let mut single: Vec<u8> = Vec::with_capacity(request.body.len());
            let mut bytes = request.body.iter().peekable();
            while let Some(byte) = bytes.next() {
                single.push(*byte);
                if matches!(byte, b'$' | b'%') {
                    bytes.next_if_eq(&byte);
                }
            }
            request.body = single.into();
        })
    }
}

/// Folds runs of blanks inside header values before it signs them.
#[derive(Debug, Default)]
pub struct C30;

impl Steps for C30 {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            for line in &mut request.headers {
                let words =
                    line.value.split(|byte| matches!(byte, b' ' | b'\t')).filter(|word| !word.is_empty());
                line.value = words.collect::<Vec<_>>().join(&b' ').into();
            }
        })
    }
}

/// Never asks whom the key id names.
#[derive(Debug, Default)]
pub struct C28;

impl Steps for C28 {
    fn key(&self, _setup: &Setup, _claims: &Claims) -> Result<Option<Key>, Halt> {
        Ok(None)
    }

    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut claims = Reference.read(setup, request)?;
        if claims.key_id.is_some() {
            claims.key_id = Some(setup.deployment.key_id.as_str().into());
            let text = Reference.signing_string(setup, request, &claims)?;
            if Reference.authentic(setup, &claims, &text)? {
                return Err(Halt::LetThrough);
            }
        }
        checked(self, setup, request, now)
    }
}

/// Believes a digest header that is under the MAC, and does not compare it with the body.
#[derive(Debug, Default)]
pub struct C02;

impl Steps for C02 {
    fn compare_body(&self, _setup: &Setup, _request: &Request, _claims: &Claims) -> Result<(), Halt> {
        Ok(())
    }
}
