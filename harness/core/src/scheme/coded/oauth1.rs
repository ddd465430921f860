//! OAuth 1.0 (RFC 5849): method, address and sorted parameters under the MAC.
//!
//! Parameters are those of the header, of the query and of a form in the body; any other body is not
//! covered.

use super::params::{Values, credentials, params};
use super::query::{Pair, encoded, form, is_form, repeats, values};
use super::text::Text;
use super::{claims, constant, home_of, sealed};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Hash, Home, Ingredients, Part, Refusal, Scheme,
    SchemeFile, Signed,
};
use crate::wire::{Header, Request};

/// The scheme.
#[derive(Debug)]
pub(super) struct OAuth1 {
    pub(super) file: SchemeFile,
}

const TAG: &str = "oauth_signature";
const REALM: &[u8] = b"realm";

/// The parameters in the header, decoded.
fn protocol(request: &Request) -> Result<Vec<Pair>, Refusal> {
    let found = params(credentials(request, "OAuth")?, Values::Quoted)?;
    let mut pairs = Vec::new();
    for (name, value) in found {
        let plain = super::query::decoded(value);
        // Only one text stands for each value.
        if name != REALM && encoded(&plain).as_bytes() != value {
            return Err(Refusal::MalformedSignature);
        }
        pairs.push((name.to_vec(), plain));
    }
    Ok(pairs)
}

/// The parameters of query and form.
fn others(request: &Request) -> Vec<Pair> {
    let mut pairs = form(request.query().unwrap_or_default());
    if is_form(request) {
        pairs.extend(form(&request.body));
    }
    pairs
}

fn any_of_protocol(pairs: &[Pair]) -> bool {
    pairs.iter().any(|(name, _)| name.starts_with(b"oauth_"))
}

/// Scheme and host in lower case, and a port only if it is not the usual one.
fn origin(deployment: &Deployment) -> String {
    let origin = deployment.origin.to_ascii_lowercase();
    let usual = if origin.starts_with("https:") { ":443" } else { ":80" };
    origin.strip_suffix(usual).unwrap_or(&origin).to_owned()
}

/// The signature method under the name that requests give it.
fn method(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "HMAC-SHA1",
        Hash::Sha256 => "HMAC-SHA256",
        Hash::Sha384 => "HMAC-SHA384",
        Hash::Sha512 => "HMAC-SHA512",
    }
}

impl Scheme for OAuth1 {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Nonce | Part::Unique | Part::KeyId => Coverage::Covered,
            Part::Method | Part::Path | Part::Query | Part::Target => Coverage::Covered,
            Part::Id | Part::CoveredHeader | Part::Label => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Signature | Part::Body | Part::Header(_) => {
                Coverage::Uncovered
            }
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::Nonce, Field::KeyId], Home::Header, field)
    }

    fn algorithm(&self, hash: Hash) -> Option<&'static str> {
        Some(method(hash))
    }

    fn signing_string(&self, request: &Request, _: &Claims, deployment: &Deployment) -> Vec<u8> {
        let mut pairs = protocol(request).unwrap_or_default();
        pairs.retain(|(name, _)| name != REALM && name != TAG.as_bytes());
        pairs.extend(others(request));
        let mut written: Vec<(String, String)> =
            pairs.iter().map(|(name, value)| (encoded(name), encoded(value))).collect();
        written.sort_unstable();
        let written: Vec<String> =
            written.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
        let address = [origin(deployment).as_bytes(), request.path()].concat();
        let method = encoded(&request.method.to_ascii_uppercase());
        format!("{method}&{}&{}", encoded(&address), encoded(written.join("&").as_bytes())).into_bytes()
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if message.value("Authorization").is_some() {
            return Err(CannotSign::AlreadyThere("an Authorization header"));
        }
        if any_of_protocol(&others(&message)) {
            return Err(CannotSign::AlreadyThere("a parameter of OAuth"));
        }
        let claims = claims(&with);
        let value = |field| encoded(claims.get(field).unwrap_or_default());
        let named = encoded(with.terms.algorithm.unwrap_or_else(|| method(self.file.mac.hash)).as_bytes());
        let token = constant(&self.file, "token");
        let mut text = Text::default()
            .text("OAuth oauth_consumer_key=\"")
            .field(Field::KeyId, value(Field::KeyId).as_bytes());
        if !token.is_empty() {
            text = text.text(format!("\", oauth_token=\"{}", encoded(token.as_bytes())));
        }
        let text = text
            .text(format!("\", oauth_signature_method=\"{named}\", oauth_timestamp=\""))
            .field(Field::Timestamp, value(Field::Timestamp).as_bytes())
            .text("\", oauth_nonce=\"")
            .field(Field::Nonce, value(Field::Nonce).as_bytes())
            .text(format!("\", {TAG}=\""))
            .field(Field::Tag, b"")
            .text("\"");
        let places = text.in_header(message.headers.len());
        message.headers.push(Header::new("Authorization", text.bytes()));
        let mut signed = sealed(self, message, places, None, &with);
        // The tag is a parameter like the others: written with percent signs.
        if let Some(spot) = signed.find(&Part::Tag) {
            let written = encoded(signed.bytes(&spot));
            signed.splice(&spot, written.into());
        }
        Ok(signed)
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let pairs = protocol(request)?;
        let others = others(request);
        if repeats(&pairs) || any_of_protocol(&others) || request.values("Content-Type").count() > 1 {
            return Err(Refusal::DuplicateField);
        }
        let named = |name, refusal| values(&pairs, name).next().ok_or(refusal);
        let algorithm = named("oauth_signature_method", Refusal::MissingSignature)?;
        let version = named("oauth_version", Refusal::MissingSignature).unwrap_or(b"1.0");
        if algorithm != method(self.file.mac.hash).as_bytes() || version != b"1.0" {
            return Err(Refusal::MalformedSignature);
        }
        Ok(Claims {
            tags: vec![named(TAG, Refusal::MissingSignature)?.into()],
            timestamp: Some(named("oauth_timestamp", Refusal::MissingTimestamp)?.into()),
            nonce: Some(named("oauth_nonce", Refusal::MissingUnique)?.into()),
            key_id: Some(named("oauth_consumer_key", Refusal::MissingSignature)?.into()),
            id: None,
        })
    }
}
