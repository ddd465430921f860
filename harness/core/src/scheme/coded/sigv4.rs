//! AWS Signature Version 4 in the `Authorization` header: a hash of the canonical request under a key
//! that is derived for each day, region and service.

use percent_encoding::percent_encode;

use super::params::{Params, Values, credentials, get, only, params};
use super::query::{RESERVED_IN_PATHS, decoded, encoded, raw};
use super::text::Text;
use super::{claims, constant, home_of, sealed};
use crate::scheme::mac::{digest, mac};
use crate::scheme::{
    CannotSign, Claims, Construction, Coverage, Deployment, Field, Hash, Home, Ingredients, Key, Part,
    Refusal, Scheme, SchemeError, SchemeFile, Signed, Terms,
};
use crate::wire::{Header, Request};

pub(super) const ALGORITHM: &str = "AWS4-HMAC-SHA256";
/// The parameter of the query form that holds the tag.
pub(super) const SIGNATURE: &str = "X-Amz-Signature";
const DATE: &str = "X-Amz-Date";
const BODY: &str = "X-Amz-Content-SHA256";
const END: &str = "aws4_request";

/// Headers that proxies and clients change on the way.
pub(super) const NEVER_SIGNED: [&str; 5] =
    ["authorization", "connection", "expect", "user-agent", "x-amzn-trace-id"];

/// The scheme.
#[derive(Debug)]
pub(super) struct SigV4 {
    file: SchemeFile,
    path: PathForm,
    body: BodyForm,
}

/// How the path is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PathForm {
    /// Without dot segments and repeated slashes, then encoded.
    Normalized,
    /// Encoded as it is sent.
    Unnormalized,
    /// As sent, with every character in its usual form: the way of S3.
    Once,
}

/// How the body is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum BodyForm {
    /// By its digest in a header.
    Header,
    /// By its digest in the canonical request alone.
    Implied,
    /// The same, in a request that carries its signature in the query.
    Presigned,
}

impl SigV4 {
    pub(super) fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        let body = match constant(&file, "content-sha256") {
            "header" => BodyForm::Header,
            "implied" => BodyForm::Implied,
            other => {
                return Err(SchemeError::new(
                    other,
                    "the constant `content-sha256` is `header` or `implied`",
                ));
            }
        };
        Self::with(file, body)
    }

    /// The same for requests that carry the signature in their query.
    pub(super) fn presigned(file: SchemeFile) -> Result<Self, SchemeError> {
        Self::with(file, BodyForm::Presigned)
    }

    fn with(file: SchemeFile, body: BodyForm) -> Result<Self, SchemeError> {
        let path = match constant(&file, "path") {
            "normalized" => PathForm::Normalized,
            "unnormalized" => PathForm::Unnormalized,
            "encoded-once" => PathForm::Once,
            other => {
                let hint = "the constant `path` is `normalized`, `unnormalized` or `encoded-once`";
                return Err(SchemeError::new(other, hint));
            }
        };
        if file.mac.hash != Hash::Sha256 {
            return Err(SchemeError::new("mac", format!("`{ALGORITHM}` has the hash sha256")));
        }
        Ok(Self { file, path, body })
    }

    fn canonical_path(&self, request: &Request) -> String {
        let path = request.path();
        if self.path == PathForm::Once {
            return path
                .split(|b| *b == b'/')
                .map(|part| encoded(&decoded(part)))
                .collect::<Vec<_>>()
                .join("/");
        }
        let path = if self.path == PathForm::Normalized { normalized(path) } else { path.to_vec() };
        let path = percent_encode(&path, RESERVED_IN_PATHS).to_string();
        if path.is_empty() { "/".to_owned() } else { path }
    }

    fn canonical_request(&self, request: &Request, signed: &str, payload: &[u8]) -> Vec<u8> {
        // In the header form this is a parameter like any other; in the query form it is the tag.
        let is_tag = |name: &[u8]| self.body == BodyForm::Presigned && decoded(name) == SIGNATURE.as_bytes();
        let mut query: Vec<(String, String)> = raw(request.query().unwrap_or_default())
            .filter(|(name, _)| !is_tag(name))
            .map(|(name, value)| (encoded(&decoded(name)), encoded(&decoded(value))))
            .collect();
        query.sort_unstable();
        let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut text = [&request.method[..], b"\n"].concat();
        text.extend(format!("{}\n{}\n", self.canonical_path(request), query.join("&")).bytes());
        for name in signed.split(';') {
            let values: Vec<Vec<u8>> = request.values(name).map(|value| squeezed(value)).collect();
            text.extend([name.as_bytes(), b":", &values.join(&b','), b"\n"].concat());
        }
        text.extend(format!("\n{signed}\n").bytes());
        text.extend_from_slice(payload);
        text
    }

    /// What is under the MAC, of a request that names this algorithm and these signed headers.
    pub(super) fn string_to_sign(
        &self,
        request: &Request,
        (algorithm, signed): (&[u8], &str),
        time: &[u8],
        payload: &[u8],
    ) -> Vec<u8> {
        let canonical = self.canonical_request(request, signed, payload);
        let hashed = hex::encode(digest(Hash::Sha256, &[&canonical]));
        let scope = format!("{}/{}", day(time), self.scope());
        [algorithm, time, scope.as_bytes(), hashed.as_bytes()].join(&b'\n')
    }

    /// The key id of a credential whose scope is that of the time, region and service.
    pub(super) fn key_id_of<'c>(&self, credential: &'c str, time: &[u8]) -> Option<&'c str> {
        let rest = credential.strip_suffix(&self.scope())?.strip_suffix('/')?;
        rest.strip_suffix(day(time)).filter(|_| !day(time).is_empty())?.strip_suffix('/')
    }

    /// Whether all headers that have to be signed are, and all that are signed are there.
    pub(super) fn covers_headers(&self, request: &Request, names: &[&str]) -> bool {
        let covered = |line: &Header| {
            let name = line.name.to_ascii_lowercase();
            self.coverage(&Part::Header(name.clone())) == Coverage::Uncovered
                || names.contains(&name.as_str())
        };
        let single = ["Host", "Content-Type", BODY].iter().all(|name| request.values(name).count() <= 1);
        let there = names.iter().all(|name| request.value(name).is_some());
        names.contains(&"host") && single && there && request.headers.iter().all(covered)
    }

    /// Region, service and end of the scope.
    pub(super) fn scope(&self) -> String {
        format!("{}/{}/{END}", constant(&self.file, "region"), constant(&self.file, "service"))
    }
}

/// The algorithm under the name that requests give it.
pub(super) const fn algorithm(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "AWS4-HMAC-SHA1",
        Hash::Sha256 => ALGORITHM,
        Hash::Sha384 => "AWS4-HMAC-SHA384",
        Hash::Sha512 => "AWS4-HMAC-SHA512",
    }
}

/// The names of the headers that a sender signs, in order.
pub(super) fn signed_headers(message: &Request, terms: Terms<'_>) -> String {
    let covered = |name: &str| match name {
        "x-amz-date" => terms.cover(&[Part::Timestamp]),
        "x-amz-content-sha256" => terms.cover(&[Part::Body]),
        _ => terms.cover(&[Part::Header(name.to_owned())]),
    };
    let mut names: Vec<String> = message.headers.iter().map(|line| line.name.to_ascii_lowercase()).collect();
    names.sort_unstable();
    names.dedup();
    names.retain(|name| !NEVER_SIGNED.contains(&name.as_str()) && (terms.covers.is_none() || covered(name)));
    names.join(";")
}

pub(super) fn body_digest(request: &Request) -> String {
    hex::encode(digest(Hash::Sha256, &[&request.body]))
}

/// The path without empty and dot segments.
fn normalized(path: &[u8]) -> Vec<u8> {
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in path.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let directory = path.ends_with(b"/") || path.ends_with(b"/.") || path.ends_with(b"/..");
    let end: &[u8] = if directory && !segments.is_empty() { b"/" } else { b"" };
    [b"/", &segments.join(&b'/')[..], end].concat()
}

/// A header value without blanks around it, and with one for each run of blanks inside.
fn squeezed(value: &[u8]) -> Vec<u8> {
    let words: Vec<&[u8]> =
        value.split(|b| b.is_ascii_whitespace()).filter(|word| !word.is_empty()).collect();
    words.join(&b' ')
}

/// The first eight characters of a timestamp.
pub(super) fn day(time: &[u8]) -> &str {
    time.get(..8).and_then(|day| std::str::from_utf8(day).ok()).unwrap_or_default()
}

/// Whether a list of signed headers is in order, each once, in lower case.
pub(super) fn lists_well(names: &[&str]) -> bool {
    let plain = |name: &&str| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
    names.windows(2).all(|two| two[0] < two[1]) && names.iter().all(plain)
}

fn authorization(request: &Request) -> Result<Params<'_>, Refusal> {
    params(credentials(request, ALGORITHM)?, Values::Bare)
}

/// A parameter of the header as text.
fn named<'r>(found: &Params<'r>, name: &str) -> Result<&'r str, Refusal> {
    let value = get(found, name).ok_or(Refusal::MissingSignature)?;
    std::str::from_utf8(value).map_err(|_| Refusal::MalformedSignature)
}

impl Scheme for SigV4 {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Method | Part::Path | Part::Query | Part::Target => Coverage::Covered,
            Part::Body | Part::CoveredHeader => Coverage::Covered,
            Part::Header(name) => {
                let name = name.to_ascii_lowercase();
                let always = name.starts_with("x-amz-") || name == "host" || name == "content-type";
                if always { Coverage::Covered } else { Coverage::Uncovered }
            }
            Part::Tag | Part::TagBytes | Part::Signature | Part::KeyId => Coverage::Uncovered,
            Part::Id | Part::Nonce | Part::Unique | Part::Label => Coverage::Absent,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::KeyId], Home::Header, field)
    }

    fn algorithm(&self, hash: Hash) -> Option<&'static str> {
        Some(algorithm(hash))
    }

    fn lists_parts(&self) -> bool {
        true
    }

    /// The scope stands in the third line of the text.
    fn tag(&self, construction: Construction, hash: Hash, key: &Key, text: &[u8]) -> Vec<u8> {
        let scope = text.split(|byte| *byte == b'\n').nth(2).unwrap_or_default();
        let first = Key::new([b"AWS4", &key[..]].concat());
        let derived = scope
            .split(|byte| *byte == b'/')
            .fold(first, |key, part| Key::new(mac(Construction::Hmac, Hash::Sha256, &key, part)));
        mac(construction, hash, &derived, text)
    }

    fn signing_string(&self, request: &Request, claims: &Claims, _: &Deployment) -> Vec<u8> {
        let header = request.value("Authorization").unwrap_or_default();
        let (algorithm, rest) =
            header.split_at(header.iter().position(|byte| *byte == b' ').unwrap_or(header.len()));
        let found = params(rest.trim_ascii_start(), Values::Bare).unwrap_or_default();
        let time = claims.get(Field::Timestamp).unwrap_or_default();
        let signed = named(&found, "SignedHeaders").unwrap_or_default();
        match request.value(BODY) {
            Some(claimed) => self.string_to_sign(request, (algorithm, signed), time, claimed),
            None => self.string_to_sign(request, (algorithm, signed), time, body_digest(request).as_bytes()),
        }
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if ["Authorization", DATE, BODY].iter().any(|name| message.value(name).is_some()) {
            return Err(CannotSign::AlreadyThere("a header of the signature"));
        }
        let claims = claims(&with);
        let [time, key_id] =
            [Field::Timestamp, Field::KeyId].map(|field| claims.get(field).unwrap_or_default());
        if key_id.contains(&b',') {
            return Err(CannotSign::Unsignable("a key id with a comma"));
        }
        let date = Text::default().field(Field::Timestamp, time);
        let mut places = date.in_header(message.headers.len());
        message.headers.push(Header::new(DATE, date.bytes()));
        if self.body == BodyForm::Header {
            message.headers.push(Header::new(BODY, body_digest(&message)));
        }
        let algorithm = with.terms.algorithm.unwrap_or(ALGORITHM);
        if !algorithm.bytes().all(|byte| byte.is_ascii_graphic() && byte != b',') {
            return Err(CannotSign::Unsignable("this name of an algorithm"));
        }
        let names = signed_headers(&message, with.terms);
        let text = Text::default()
            .text(format!("{algorithm} Credential="))
            .field(Field::KeyId, key_id)
            .text(format!("/{}/{}, SignedHeaders={}, Signature=", day(time), self.scope(), names))
            .field(Field::Tag, b"");
        places.extend(text.in_header(message.headers.len()));
        message.headers.push(Header::new("Authorization", text.bytes()));
        Ok(sealed(self, message, places, Some("Content-Type"), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let found = authorization(request)?;
        let (credential, signed) = (named(&found, "Credential")?, named(&found, "SignedHeaders")?);
        let tag = named(&found, "Signature")?;
        let time = match request.value(DATE) {
            Some(_) => only(request, DATE)?,
            None => return Err(Refusal::MissingTimestamp),
        };
        let key_id = self.key_id_of(credential, time).ok_or(Refusal::MalformedSignature)?;
        let names: Vec<&str> = signed.split(';').collect();
        if found.len() != 3 || !lists_well(&names) {
            return Err(Refusal::MalformedSignature);
        }
        let described = self.body != BodyForm::Header || request.value(BODY).is_some();
        if !described || !self.covers_headers(request, &names) {
            return Err(Refusal::CoveredHeader);
        }
        Ok(Claims {
            tags: vec![tag.as_bytes().into()],
            timestamp: Some(time.into()),
            key_id: Some(key_id.as_bytes().into()),
            ..Claims::default()
        })
    }

    fn compare_body(&self, request: &Request, _: &Claims) -> Result<(), Refusal> {
        match request.value(BODY) {
            Some(claimed) if claimed != body_digest(request).as_bytes() => Err(Refusal::DigestMismatch),
            _ => Ok(()),
        }
    }
}
