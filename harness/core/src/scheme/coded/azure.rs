//! Azure Storage, Shared Key: eleven headers by position, all `x-ms-` headers, and the resource.

use std::collections::BTreeMap;

use super::query::{decoded, raw};
use super::{claims, sealed};
use crate::scheme::declarative::{HeaderCarrier, header_carrier};
use crate::scheme::{
    CannotSign, Carrier, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme,
    SchemeError, SchemeFile, Signed,
};
use crate::wire::Request;

/// Headers that have a line of their own, in order; the length and the date are not read from theirs.
const STANDARD: [&str; 11] = [
    "Content-Encoding",
    "Content-Language",
    LENGTH,
    "Content-MD5",
    "Content-Type",
    DATE,
    "If-Modified-Since",
    "If-Match",
    "If-None-Match",
    "If-Unmodified-Since",
    "Range",
];
const LENGTH: &str = "Content-Length";
const DATE: &str = "Date";
const PREFIX: &str = "x-ms-";

/// The scheme.
#[derive(Debug)]
pub(super) struct Azure {
    file: SchemeFile,
    carriers: [Carrier; 2],
    headers: [HeaderCarrier; 2],
}

impl Azure {
    pub(super) fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        let carriers = [
            Carrier::header("x-ms-date", "{timestamp}"),
            Carrier::header("Authorization", "SharedKey {key-id}:{tag}"),
        ];
        let headers =
            [header_carrier("x-ms-date", &carriers[0])?, header_carrier("Authorization", &carriers[1])?];
        Ok(Self { file, carriers, headers })
    }
}

/// The `x-ms-` headers, sorted by name, each on its line.
fn canonical_headers(request: &Request) -> Vec<u8> {
    let mut lines: Vec<(String, &[u8])> = request
        .headers
        .iter()
        .map(|line| (line.name.to_ascii_lowercase(), line.value.as_slice()))
        .filter(|(name, _)| name.starts_with(PREFIX))
        .collect();
    lines.sort_unstable();
    lines
        .iter()
        .flat_map(|(name, value)| [name.as_bytes(), b":", value.trim_ascii(), b"\n"].concat())
        .collect()
}

/// Account and path, then the parameters, decoded and sorted, with the values of each joined.
fn canonical_resource(request: &Request, account: &[u8]) -> Vec<u8> {
    let mut text = [b"/", account, request.path()].concat();
    let mut parameters: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in raw(request.query().unwrap_or_default()) {
        parameters.entry(decoded(name).to_ascii_lowercase()).or_default().push(decoded(value));
    }
    for (name, mut values) in parameters {
        values.sort_unstable();
        text.extend([b"\n", &name[..], b":", &values.join(&b',')].concat());
    }
    text
}

impl Scheme for Azure {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::KeyId | Part::CoveredHeader => Coverage::Covered,
            Part::Method | Part::Path | Part::Query | Part::Target => Coverage::Covered,
            Part::Header(name) => {
                let named = STANDARD.iter().any(|known| known.eq_ignore_ascii_case(name));
                let prefixed = name.to_ascii_lowercase().starts_with(PREFIX);
                if prefixed || named { Coverage::Covered } else { Coverage::Uncovered }
            }
            Part::Tag | Part::TagBytes | Part::Signature | Part::Label | Part::Body => Coverage::Uncovered,
            Part::Id | Part::Nonce | Part::Unique => Coverage::Absent,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        super::home_of(&[Field::Tag, Field::Timestamp, Field::KeyId], Home::Header, field)
    }

    fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    fn signing_string(&self, request: &Request, claims: &Claims, _: &Deployment) -> Vec<u8> {
        let mut text = [&request.method[..], b"\n"].concat();
        for name in STANDARD {
            match name {
                LENGTH if request.body.is_empty() => {}
                LENGTH => text.extend(request.body.len().to_string().bytes()),
                // The date is that of `x-ms-date`, which every request has here.
                DATE => {}
                _ => text.extend_from_slice(request.value(name).unwrap_or_default()),
            }
            text.push(b'\n');
        }
        text.extend(canonical_headers(request));
        text.extend(canonical_resource(request, claims.get(Field::KeyId).unwrap_or_default()));
        text
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        let claims = claims(&with);
        let mut places = Vec::new();
        for header in &self.headers {
            header.put(&mut message, &claims, &mut places);
        }
        Ok(sealed(self, message, places, Some("x-ms-version"), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let mut claims = Claims::default();
        for header in &self.headers {
            header.take(request, &mut claims)?;
        }
        let twice = |line: &&crate::wire::Header| {
            let covered = self.coverage(&Part::Header(line.name.to_string())) == Coverage::Covered;
            covered && request.values(&line.name).count() > 1
        };
        if request.headers.iter().any(|line| twice(&line)) {
            return Err(Refusal::CoveredHeader);
        }
        Ok(claims)
    }
}
