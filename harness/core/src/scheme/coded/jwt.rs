//! JSON Web Tokens under HMAC as bearer tokens (RFC 7519, RFC 7515).
//!
//! A token says nothing of the request that carries it. Its time is that from which it is good, or without
//! one its expiry less the window: a token lives at most as long as the window of the scheme.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::params::credentials;
use super::text::Text;
use super::{claims, constant, home_of, sealed};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Encoding, Field, Hash, Home, Ingredients, Part, Refusal,
    Scheme, SchemeError, SchemeFile, Signed,
};
use crate::time::{ClockUnit, Timestamp};
use crate::wire::{Header, Request};

/// The scheme.
#[derive(Debug)]
pub(super) struct Jwt {
    file: SchemeFile,
}

#[derive(Deserialize)]
struct Head {
    alg: String,
    crit: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Payload {
    exp: Option<serde_json::Value>,
    nbf: Option<i64>,
    jti: Option<String>,
}

impl Jwt {
    pub(super) fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        if file.mac.encoding == Encoding::Base64url && file.mac.hash != Hash::Sha1 {
            return Ok(Self { file });
        }
        Err(SchemeError::new("mac", "a JSON Web Token is base64url, and its hash sha256, sha384 or sha512"))
    }

    /// Seconds from the time of a token to its expiry.
    fn lifetime(&self) -> i64 {
        self.file.clock.as_ref().and_then(|clock| clock.past).map_or(0, i64::from)
    }

    /// The header, with another name of the algorithm if the sender gives it one.
    fn header(&self, algorithm: Option<&str>) -> String {
        let usual = constant(&self.file, "header");
        let members = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(usual);
        match (algorithm, members) {
            (Some(name), Ok(mut members)) => {
                members.insert("alg".to_owned(), name.into());
                serde_json::Value::from(members).to_string()
            }
            _ => usual.to_owned(),
        }
    }

    /// The payload with its texts and times.
    fn payload(&self, claims: &Claims, expires: Option<&[u8]>) -> String {
        let text = |field| String::from_utf8_lossy(claims.get(field).unwrap_or_default()).into_owned();
        let json = |text: &str| serde_json::Value::from(text).to_string();
        let time = text(Field::Timestamp);
        // Only a time that is a number can be one in JSON.
        let number_of = |text: &str| text.parse::<i64>().ok().filter(|number| number.to_string() == text);
        let number = number_of(&time);
        let expiry = match expires.map(String::from_utf8_lossy) {
            None => (number.and_then(|number| number.checked_add(self.lifetime())), time.clone()),
            Some(text) => (number_of(&text), text.into_owned()),
        };
        constant(&self.file, "payload")
            .replace("{expiry}", &expiry.0.map_or_else(|| json(&expiry.1), |number| number.to_string()))
            .replace("{timestamp}", &number.map_or_else(|| json(&time), |number| number.to_string()))
            .replace("\"{nonce}\"", &json(&text(Field::Nonce)))
    }
}

/// The algorithm under the name that tokens give it.
fn algorithm(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "HS1",
        Hash::Sha256 => "HS256",
        Hash::Sha384 => "HS384",
        Hash::Sha512 => "HS512",
    }
}

/// The parts of a token that are signed, and the tag.
fn token(request: &Request) -> Result<(&[u8], &[u8]), Refusal> {
    let token = credentials(request, "Bearer")?;
    let last = token.iter().rposition(|byte| *byte == b'.').ok_or(Refusal::MalformedSignature)?;
    Ok((&token[..last], &token[last + 1..]))
}

/// A part of a token, read as JSON.
fn json<T: serde::de::DeserializeOwned>(part: &[u8]) -> Result<T, Refusal> {
    let text = Encoding::Base64url.decode(part).ok_or(Refusal::MalformedSignature)?;
    serde_json::from_slice(&text).map_err(|_| Refusal::MalformedSignature)
}

impl Scheme for Jwt {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Nonce | Part::Unique => Coverage::Covered,
            Part::Id | Part::KeyId | Part::CoveredHeader | Part::Label => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Signature | Part::Method | Part::Path | Part::Query => {
                Coverage::Uncovered
            }
            Part::Target | Part::Body | Part::Header(_) => Coverage::Uncovered,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::Nonce], Home::Header, field)
    }

    fn algorithm(&self, hash: Hash) -> Option<&'static str> {
        Some(algorithm(hash))
    }

    fn expires(&self) -> bool {
        true
    }

    fn expiry(&self, request: &Request) -> Result<Option<Timestamp>, Refusal> {
        let (signed, _) = token(request)?;
        let start = signed.iter().position(|byte| *byte == b'.').map_or(signed.len(), |dot| dot + 1);
        let payload: Payload = json(&signed[start..])?;
        let seconds = payload.exp.ok_or(Refusal::MissingTimestamp)?.as_i64();
        let text = seconds.ok_or(Refusal::MalformedTimestamp)?.to_string();
        ClockUnit::Seconds.parse(text.as_bytes()).map(Some).ok_or(Refusal::MalformedTimestamp)
    }

    fn signing_string(&self, request: &Request, _: &Claims, _: &Deployment) -> Vec<u8> {
        token(request).map(|(signed, _)| signed.to_vec()).unwrap_or_default()
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if message.value("Authorization").is_some() {
            return Err(CannotSign::AlreadyThere("an Authorization header"));
        }
        let head = URL_SAFE_NO_PAD.encode(self.header(with.terms.algorithm));
        let payload = URL_SAFE_NO_PAD.encode(self.payload(&claims(&with), with.terms.expires));
        let text = Text::default().text(format!("Bearer {head}.{payload}.")).field(Field::Tag, b"");
        let places = text.in_header(message.headers.len());
        message.headers.push(Header::new("Authorization", text.bytes()));
        Ok(sealed(self, message, places, None, &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let (signed, tag) = token(request)?;
        let dot = signed.iter().position(|byte| *byte == b'.').ok_or(Refusal::MalformedSignature)?;
        let head: Head = json(&signed[..dot])?;
        if head.alg != algorithm(self.file.mac.hash) || head.crit.is_some() {
            return Err(Refusal::MalformedSignature);
        }
        let payload: Payload = json(&signed[dot + 1..])?;
        let expiry = payload.exp.ok_or(Refusal::MissingTimestamp)?;
        let time = payload.nbf.or_else(|| expiry.as_i64()?.checked_sub(self.lifetime()));
        let time = time.ok_or(Refusal::MalformedTimestamp)?;
        Ok(Claims {
            tags: vec![tag.into()],
            timestamp: Some(time.to_string().into()),
            nonce: payload.jti.map(Into::into),
            ..Claims::default()
        })
    }
}
