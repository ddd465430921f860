//! AWS Signature Version 4 in the query: requests that were signed beforehand and live for a while.

use super::query::{Pair, append, encoded, form, values};
use super::sigv4::{ALGORITHM, SIGNATURE, SigV4, algorithm, body_digest, day, lists_well, signed_headers};
use super::text::Text;
use super::{claims, home_of, sealed};
use crate::scheme::{
    CannotSign, Claims, Construction, Coverage, Deployment, Field, Hash, Home, Ingredients, Key, Part,
    Refusal, Scheme, SchemeError, SchemeFile, Signed,
};
use crate::time::Timestamp;
use crate::wire::Request;

const DATE: &str = "X-Amz-Date";
const EXPIRES: &str = "X-Amz-Expires";
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

    /// How long a request lives, if it says nothing else: as long as the window is.
    fn lifetime(&self) -> String {
        self.file().clock.as_ref().and_then(|clock| clock.past).unwrap_or_default().to_string()
    }

    fn time(&self, text: &[u8]) -> Option<Timestamp> {
        self.file().clock.as_ref().and_then(|clock| clock.unit.parse(text))
    }

    /// The seconds from the time of signing to that of expiry; what is no time, as it is.
    fn lifetime_until(&self, expires: &[u8], time: &[u8]) -> String {
        let text = String::from_utf8_lossy(expires).into_owned();
        let until = text.parse::<i64>().ok().filter(|until| until.to_string() == text);
        let seconds = until.zip(self.time(time)).and_then(|(until, at)| until.checked_sub(at.seconds()));
        seconds.map_or(text, |seconds| seconds.to_string())
    }
}

/// The longest life of a request in seconds: a week.
const LONGEST: u32 = 604_800;

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

    fn algorithm(&self, hash: Hash) -> Option<&'static str> {
        Some(algorithm(hash))
    }

    fn lists_parts(&self) -> bool {
        true
    }

    fn expires(&self) -> bool {
        true
    }

    fn expiry(&self, request: &Request) -> Result<Option<Timestamp>, Refusal> {
        let pairs = parameters(request);
        let text = one(&pairs, EXPIRES, Refusal::MissingTimestamp)?;
        let seconds = text.parse::<u32>().ok().filter(|seconds| seconds.to_string() == text);
        let seconds = seconds.filter(|seconds| (1..=LONGEST).contains(seconds));
        let at = self.time(one(&pairs, DATE, Refusal::MissingTimestamp)?.as_bytes());
        let (at, seconds) = at.zip(seconds).ok_or(Refusal::MalformedTimestamp)?;
        Ok(Some(at.plus_seconds(i64::from(seconds))))
    }

    fn tag(&self, construction: Construction, hash: Hash, key: &Key, text: &[u8]) -> Vec<u8> {
        self.inner.tag(construction, hash, key, text)
    }

    fn signing_string(&self, request: &Request, claims: &Claims, _: &Deployment) -> Vec<u8> {
        let pairs = parameters(request);
        let signed = one(&pairs, "X-Amz-SignedHeaders", Refusal::MissingSignature).unwrap_or_default();
        let time = claims.get(Field::Timestamp).unwrap_or_default();
        let algorithm = one(&pairs, "X-Amz-Algorithm", Refusal::MissingSignature).unwrap_or(ALGORITHM);
        self.inner.string_to_sign(
            request,
            (algorithm.as_bytes(), signed),
            time,
            body_digest(request).as_bytes(),
        )
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if parameters(&message).iter().any(|(name, _)| name.starts_with(PREFIX)) {
            return Err(CannotSign::AlreadyThere("a parameter of the signature"));
        }
        let claims = claims(&with);
        let [time, key_id] =
            [Field::Timestamp, Field::KeyId].map(|field| claims.get(field).unwrap_or_default());
        let names = signed_headers(&message, with.terms);
        let algorithm = encoded(with.terms.algorithm.unwrap_or(ALGORITHM).as_bytes());
        let lifetime = with.terms.expires.map(|expires| self.lifetime_until(expires, time));
        let lifetime = lifetime.map_or_else(|| self.lifetime(), |text| encoded(text.as_bytes()));
        let scope = format!("/{}/{}", day(time), self.inner.scope());
        let text = Text::default()
            .text(format!("X-Amz-Algorithm={algorithm}&X-Amz-Credential="))
            .field(Field::KeyId, encoded(key_id).as_bytes())
            .text(encoded(scope.as_bytes()))
            .text(format!("&{DATE}="))
            .field(Field::Timestamp, encoded(time).as_bytes())
            .text(format!("&{EXPIRES}={lifetime}"))
            .text(format!("&X-Amz-SignedHeaders={}", encoded(names.as_bytes())))
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
        named(EXPIRES)?;
        if named("X-Amz-Algorithm")? != ALGORITHM || !lists_well(&names) {
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
