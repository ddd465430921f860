//! The `Signature` header of the Cavage drafts: a list of headers says what is under the MAC.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::params::{Params, Values, get, is_quotable, only, params};
use super::text::Text;
use super::{claims, constant, hmac_name, home_of, sealed};
use crate::scheme::mac::digest;
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Hash, Home, Ingredients, Part, Refusal, Scheme,
    SchemeFile, Signed, Terms,
};
use crate::wire::{Header, Request};

const SIGNATURE: &str = "Signature";
const DATE: &str = "Date";
const DIGEST: &str = "Digest";
const REQUEST_TARGET: &str = "(request-target)";

/// The scheme.
#[derive(Debug)]
pub(super) struct Cavage {
    pub(super) file: SchemeFile,
}

fn body_digest(request: &Request) -> String {
    format!("SHA-256={}", STANDARD.encode(digest(Hash::Sha256, &[&request.body])))
}

fn parameters(request: &Request) -> Result<Params<'_>, Refusal> {
    params(only(request, SIGNATURE)?, Values::Quoted)
}

/// The names of what is under the MAC; the date alone if there is no list.
fn listed<'p>(found: &Params<'p>) -> Vec<&'p str> {
    let Some(list) = get(found, "headers") else { return vec!["date"] };
    std::str::from_utf8(list).unwrap_or_default().split(' ').collect()
}

/// Whether the sender covers what a name stands for.
fn is_covered(terms: Terms<'_>, name: &str) -> bool {
    match name {
        REQUEST_TARGET => terms.cover(&[Part::Method, Part::Path, Part::Query, Part::Target]),
        "date" => terms.cover(&[Part::Timestamp]),
        "digest" => terms.cover(&[Part::Body]),
        header => terms.cover(&[Part::Header(header.to_owned())]),
    }
}

impl Cavage {
    /// Names of what must be under the MAC.
    fn demanded(&self) -> impl Iterator<Item = &str> {
        constant(&self.file, "headers").split(' ').filter(|name| !name.is_empty())
    }

    fn demands(&self, name: &str) -> bool {
        self.demanded().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl Scheme for Cavage {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        let by = |name| if self.demands(name) { Coverage::Covered } else { Coverage::Uncovered };
        match part {
            Part::Timestamp => Coverage::Covered,
            Part::Method | Part::Path | Part::Query | Part::Target => by(REQUEST_TARGET),
            Part::Body => by(DIGEST),
            Part::Header(name) => by(name),
            Part::CoveredHeader => Coverage::Covered,
            Part::Tag | Part::TagBytes | Part::Signature | Part::KeyId => Coverage::Uncovered,
            Part::Id | Part::Nonce | Part::Unique | Part::Label => Coverage::Absent,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::KeyId], Home::Header, field)
    }

    fn algorithm(&self, hash: Hash) -> Option<&'static str> {
        Some(hmac_name(hash))
    }

    fn lists_parts(&self) -> bool {
        true
    }

    fn signing_string(&self, request: &Request, _: &Claims, _: &Deployment) -> Vec<u8> {
        let found = parameters(request).unwrap_or_default();
        let line = |name: &str| match name {
            REQUEST_TARGET => {
                let method = request.method.to_ascii_lowercase();
                [name.as_bytes(), b": ", &method, b" ", &request.target].concat()
            }
            _ => [name.as_bytes(), b": ", request.value(name).unwrap_or_default().trim_ascii()].concat(),
        };
        listed(&found).into_iter().map(line).collect::<Vec<_>>().join(&b'\n')
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        let own = [(DATE, "a Date header"), (DIGEST, "a Digest header"), (SIGNATURE, "a Signature header")];
        if let Some((_, which)) = own.into_iter().find(|(name, _)| message.value(name).is_some()) {
            return Err(CannotSign::AlreadyThere(which));
        }
        let claims = claims(&with);
        let [time, key_id] =
            [Field::Timestamp, Field::KeyId].map(|field| claims.get(field).unwrap_or_default());
        let terms = with.terms;
        let algorithm = terms.algorithm.unwrap_or_else(|| hmac_name(self.file.mac.hash));
        if !is_quotable(key_id) || !is_quotable(algorithm.as_bytes()) {
            return Err(CannotSign::Unsignable("this text between quotation marks"));
        }
        let date = Text::default().field(Field::Timestamp, time);
        let mut places = date.in_header(message.headers.len());
        message.headers.push(Header::new(DATE, date.bytes()));
        if self.demands(DIGEST) && terms.cover(&[Part::Body]) {
            message.headers.push(Header::new(DIGEST, body_digest(&message)));
        }
        let there = |name: &&str| {
            (*name == REQUEST_TARGET || message.value(name).is_some())
                && (terms.covers.is_none() || is_covered(terms, name))
        };
        let names: Vec<&str> = self.demanded().filter(there).collect();
        let list = match names[..] {
            [] => String::new(),
            _ => format!("headers=\"{}\",", names.join(" ")),
        };
        let text = Text::default()
            .text("keyId=\"")
            .field(Field::KeyId, key_id)
            .text(format!("\",algorithm=\"{algorithm}\",{list}signature=\""))
            .field(Field::Tag, b"")
            .text("\"");
        places.extend(text.in_header(message.headers.len()));
        message.headers.push(Header::new(SIGNATURE, text.bytes()));
        Ok(sealed(self, message, places, Some("Content-Type"), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let found = parameters(request)?;
        let named = |name| get(&found, name).ok_or(Refusal::MissingSignature);
        let (tag, key_id) = (named("signature")?, named("keyId")?);
        if found.len() != 4
            || get(&found, "headers").is_none()
            || named("algorithm")? != hmac_name(self.file.mac.hash).as_bytes()
        {
            return Err(Refusal::MalformedSignature);
        }
        let names = listed(&found);
        let mut sorted = names.clone();
        sorted.sort_unstable();
        let plain = |name: &&str| !name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_uppercase());
        if sorted.windows(2).any(|two| two[0] == two[1]) || !names.iter().all(plain) {
            return Err(Refusal::MalformedSignature);
        }
        let signed = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let needed =
            |name: &str| [REQUEST_TARGET, "date", "digest"].contains(&name) || request.value(name).is_some();
        if !signed("date") || request.value(DATE).is_none() {
            return Err(Refusal::MissingTimestamp);
        }
        if self.demanded().any(|name| needed(name) && !signed(name)) {
            return Err(Refusal::CoveredHeader);
        }
        if names.iter().any(|name| *name != REQUEST_TARGET && request.values(name).count() != 1) {
            return Err(Refusal::CoveredHeader);
        }
        Ok(Claims {
            tags: vec![tag.into()],
            timestamp: request.value(DATE).map(Into::into),
            key_id: Some(key_id.into()),
            ..Claims::default()
        })
    }

    fn compare_body(&self, request: &Request, _: &Claims) -> Result<(), Refusal> {
        let fits = !self.demands(DIGEST) || request.value(DIGEST) == Some(body_digest(request).as_bytes());
        if fits { Ok(()) } else { Err(Refusal::DigestMismatch) }
    }
}
