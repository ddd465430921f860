//! AWS Signature Version 4 in the query: requests that were signed beforehand and live for a while.

use super::query::{Pair, append, encoded, form, values};
use super::sigv4::{ALGORITHM, NEVER_SIGNED, SigV4, body_digest, day, lists_well};
use super::text::Text;
use super::{claims, home_of, sealed};
use crate::scheme::{
    CannotSign, Claims, Construction, Coverage, Deployment, Field, Hash, Home, Ingredients, Key, Part,
    Refusal, Scheme, SchemeError, SchemeFile, Signed,
};
use crate::wire::Request;

pub(super) const SIGNATURE: &str = "X-Amz-Signature";
const DATE: &str = "X-Amz-Date";
const PREFIX: &[u8] = b"X-Amz-";

/// The scheme.
#[derive(Debug)]
pub(super) struct Presigned {
    inner: SigV4,
}

impl Presigned {
    pub(super) fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        SigV4::presigned(file).map(|inner| Self { inner })
    }

    /// How long a request lives: as long as the window is.
    fn lifetime(&self) -> String {
        self.file().clock.as_ref().and_then(|clock| clock.past).unwrap_or_default().to_string()
    }
}

fn parameters(request: &Request) -> Vec<Pair> {
    form(request.query().unwrap_or_default())
}

/// The one value of a parameter, as text.
fn one<'p>(pairs: &'p [Pair], name: &'p str, missing: Refusal) -> Result<&'p str, Refusal> {
    let mut found = values(pairs, name);
    match (found.next(), found.next()) {
        (Some(value), None) => std::str::from_utf8(value).map_err(|_| Refusal::MalformedSignature),
        (None, _) => Err(missing),
        (Some(_), Some(_)) => Err(Refusal::DuplicateField),
    }
}

impl Scheme for Presigned {
    fn file(&self) -> &SchemeFile {
        self.inner.file()
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::KeyId => Coverage::Covered,
            Part::Signature => Coverage::Absent,
            other => self.inner.coverage(other),
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::KeyId], Home::Query, field)
    }

    fn tag(&self, construction: Construction, hash: Hash, key: &Key, text: &[u8]) -> Vec<u8> {
        self.inner.tag(construction, hash, key, text)
    }

    fn signing_string(&self, request: &Request, claims: &Claims, _: &Deployment) -> Vec<u8> {
        let pairs = parameters(request);
        let signed = one(&pairs, "X-Amz-SignedHeaders", Refusal::MissingSignature).unwrap_or_default();
        let time = claims.get(Field::Timestamp).unwrap_or_default();
        self.inner.string_to_sign(request, signed, time, body_digest(request).as_bytes())
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if parameters(&message).iter().any(|(name, _)| name.starts_with(PREFIX)) {
            return Err(CannotSign::AlreadyThere("a parameter of the signature"));
        }
        let claims = claims(&with);
        let [time, key_id] =
            [Field::Timestamp, Field::KeyId].map(|field| claims.get(field).unwrap_or_default());
        let mut names: Vec<String> =
            message.headers.iter().map(|line| line.name.to_ascii_lowercase()).collect();
        names.sort_unstable();
        names.dedup();
        names.retain(|name| !NEVER_SIGNED.contains(&name.as_str()));
        let scope = format!("/{}/{}", day(time), self.inner.scope());
        let text = Text::default()
            .text(format!("X-Amz-Algorithm={ALGORITHM}&X-Amz-Credential="))
            .field(Field::KeyId, encoded(key_id).as_bytes())
            .text(encoded(scope.as_bytes()))
            .text(format!("&{DATE}="))
            .field(Field::Timestamp, encoded(time).as_bytes())
            .text(format!("&X-Amz-Expires={}", self.lifetime()))
            .text(format!("&X-Amz-SignedHeaders={}", encoded(names.join(";").as_bytes())))
            .text(format!("&{SIGNATURE}="))
            .field(Field::Tag, b"");
        let start = append(&mut message, text.bytes());
        Ok(sealed(self, message, text.in_target(start), Some("Content-Type"), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let pairs = parameters(request);
        let named = |name| one(&pairs, name, Refusal::MissingSignature);
        let tag = named(SIGNATURE)?;
        let time = one(&pairs, DATE, Refusal::MissingTimestamp)?;
        let key_id = self
            .inner
            .key_id_of(named("X-Amz-Credential")?, time.as_bytes())
            .ok_or(Refusal::MalformedSignature)?;
        let names: Vec<&str> = named("X-Amz-SignedHeaders")?.split(';').collect();
        let own = named("X-Amz-Algorithm")? == ALGORITHM && named("X-Amz-Expires")? == self.lifetime();
        if !own || !lists_well(&names) {
            return Err(Refusal::MalformedSignature);
        }
        if !self.inner.covers_headers(request, &names) {
            return Err(Refusal::CoveredHeader);
        }
        Ok(Claims {
            tags: vec![tag.as_bytes().into()],
            timestamp: Some(time.as_bytes().into()),
            key_id: Some(key_id.as_bytes().into()),
            ..Claims::default()
        })
    }
}
