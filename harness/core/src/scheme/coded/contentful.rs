//! Contentful: method, path, chosen headers and body under the MAC; the sender says which headers.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_encode};

use super::{claims, constant, home_of, sealed};
use crate::scheme::declarative::{HeaderCarrier, header_carrier};
use crate::scheme::{
    CannotSign, Carrier, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme,
    SchemeError, SchemeFile, Signed,
};
use crate::wire::{Header, Request};

const LIST: &str = "X-Contentful-Signed-Headers";
const TIMESTAMP: &str = "X-Contentful-Timestamp";
const SIGNATURE: &str = "X-Contentful-Signature";

/// What one component of an address keeps as it is, and what a whole address does.
const COMPONENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'!')
    .remove(b'~')
    .remove(b'*')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')');
const ADDRESS: &AsciiSet = &COMPONENT
    .remove(b';')
    .remove(b',')
    .remove(b'/')
    .remove(b'?')
    .remove(b':')
    .remove(b'@')
    .remove(b'&')
    .remove(b'=')
    .remove(b'+')
    .remove(b'$')
    .remove(b'#');

/// The scheme.
#[derive(Debug)]
pub(super) struct Contentful {
    file: SchemeFile,
    carriers: [Carrier; 2],
    headers: [HeaderCarrier; 2],
}

impl Contentful {
    pub(super) fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        let carriers = [Carrier::header(TIMESTAMP, "{timestamp}"), Carrier::header(SIGNATURE, "{tag}")];
        let headers = [header_carrier(TIMESTAMP, &carriers[0])?, header_carrier(SIGNATURE, &carriers[1])?];
        Ok(Self { file, carriers, headers })
    }

    /// Names of headers that the sender signs in addition to its own.
    fn chosen(&self) -> impl Iterator<Item = &str> {
        constant(&self.file, "signed-headers").split(',').filter(|name| !name.is_empty())
    }
}

/// The names in the list of signed headers.
fn listed(request: &Request) -> Vec<String> {
    let list = request.value(LIST).unwrap_or_default();
    String::from_utf8_lossy(list).split(',').map(str::to_owned).collect()
}

/// Path and query as they are signed: the query escaped as one component, then all of it as an address.
fn address(request: &Request) -> String {
    let path = percent_encode(request.path(), ADDRESS).to_string();
    match request.query() {
        None | Some([]) => path,
        Some(query) => {
            let query = percent_encode(query, COMPONENT).to_string();
            format!("{path}?{}", percent_encode(query.as_bytes(), ADDRESS))
        }
    }
}

fn has_two_queries(request: &Request) -> bool {
    request.query().is_some_and(|query| query.contains(&b'?'))
}

impl Scheme for Contentful {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Method | Part::Path | Part::Query | Part::Target | Part::Body => {
                Coverage::Covered
            }
            Part::CoveredHeader => Coverage::Covered,
            Part::Header(name) => {
                let own = [LIST, TIMESTAMP].iter().any(|own| own.eq_ignore_ascii_case(name));
                let chosen = self.chosen().any(|chosen| chosen.eq_ignore_ascii_case(name));
                if own || chosen { Coverage::Covered } else { Coverage::Uncovered }
            }
            Part::Tag | Part::TagBytes | Part::Signature => Coverage::Uncovered,
            Part::Id | Part::Nonce | Part::Unique | Part::KeyId | Part::Label => Coverage::Absent,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp], Home::Header, field)
    }

    fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    fn lists_parts(&self) -> bool {
        true
    }

    fn signing_string(&self, request: &Request, _: &Claims, _: &Deployment) -> Vec<u8> {
        let headers: Vec<Vec<u8>> = listed(request)
            .iter()
            .map(|name| {
                [name.as_bytes(), b":", request.value(name).unwrap_or_default().trim_ascii()].concat()
            })
            .collect();
        [&request.method[..], address(request).as_bytes(), &headers.join(&b';'), &request.body].join(&b'\n')
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if has_two_queries(&message) {
            return Err(CannotSign::Unsignable("a query with a question mark in it"));
        }
        let terms = with.terms;
        let covered = |name: &&str| match *name {
            TIMESTAMP => terms.cover(&[Part::Timestamp]),
            name => terms.cover(&[Part::Header(name.to_owned())]),
        };
        let there = self.chosen().filter(|name| message.value(name).is_some());
        let own = there.chain([LIST, TIMESTAMP]).filter(|name| terms.covers.is_none() || covered(name));
        let mut names: Vec<String> = own.map(str::to_ascii_lowercase).collect();
        names.sort_unstable();
        let covered = self.chosen().next().map(str::to_owned);
        message.headers.push(Header::new(LIST, names.join(",")));
        let claims = claims(&with);
        let mut places = Vec::new();
        for header in &self.headers {
            header.put(&mut message, &claims, &mut places);
        }
        Ok(sealed(self, message, places, covered.as_deref(), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let mut claims = Claims::default();
        for header in &self.headers {
            header.take(request, &mut claims)?;
        }
        if request.values(LIST).count() != 1 || has_two_queries(request) {
            return Err(Refusal::MalformedSignature);
        }
        let names = listed(request);
        let ascending = names.windows(2).all(|two| two[0] < two[1]);
        let plain = names.iter().all(|name| name.bytes().all(|byte| !byte.is_ascii_uppercase()));
        let required = [LIST, TIMESTAMP].iter().all(|own| names.contains(&own.to_ascii_lowercase()));
        if !ascending || !plain || !required {
            return Err(Refusal::MalformedSignature);
        }
        // A chosen header that is there is signed, and every signed one stands there once.
        let signed = |name: &str| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let all = self.chosen().all(|name| signed(name) || request.value(name).is_none());
        if !all || names.iter().any(|name| request.values(name).count() != 1) {
            return Err(Refusal::CoveredHeader);
        }
        Ok(claims)
    }
}
