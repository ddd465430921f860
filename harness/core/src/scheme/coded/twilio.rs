//! Twilio: the URL and the sorted parameters of a form, put together without anything in between.
//!
//! A body that is no form is covered by its digest in the query.

use super::query::{Pair, append, form, is_form, repeats, values};
use super::{home_of, sealed};
use crate::scheme::declarative::{HeaderCarrier, header_carrier};
use crate::scheme::mac::digest;
use crate::scheme::{
    CannotSign, Carrier, Claims, Coverage, Deployment, Field, Hash, Home, Ingredients, Part, Refusal, Scheme,
    SchemeError, SchemeFile, Signed,
};
use crate::wire::Request;

const HEADER: &str = "X-Twilio-Signature";
const DIGEST: &str = "bodySHA256";

/// The scheme.
#[derive(Debug)]
pub(super) struct Twilio {
    file: SchemeFile,
    carriers: [Carrier; 1],
    header: HeaderCarrier,
}

impl Twilio {
    pub(super) fn new(file: SchemeFile) -> Result<Self, SchemeError> {
        let carrier = Carrier::header(HEADER, "{tag}");
        Ok(Self { file, header: header_carrier(HEADER, &carrier)?, carriers: [carrier] })
    }
}

/// The parameters of a body that is a form.
fn parameters(request: &Request) -> Vec<Pair> {
    if is_form(request) { form(&request.body) } else { Vec::new() }
}

fn body_digest(request: &Request) -> String {
    hex::encode(digest(Hash::Sha256, &[&request.body]))
}

impl Scheme for Twilio {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Path | Part::Query | Part::Target | Part::Body => Coverage::Covered,
            Part::Timestamp | Part::Id | Part::Nonce | Part::Unique | Part::KeyId => Coverage::Absent,
            Part::CoveredHeader | Part::Label => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Signature | Part::Method | Part::Header(_) => {
                Coverage::Uncovered
            }
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag], Home::Header, field)
    }

    fn carriers(&self) -> &[Carrier] {
        &self.carriers
    }

    fn signing_string(&self, request: &Request, _: &Claims, deployment: &Deployment) -> Vec<u8> {
        let mut text = [deployment.origin.as_bytes(), &request.target].concat();
        let mut parameters = parameters(request);
        parameters.sort();
        for (name, value) in parameters {
            text.extend(name);
            text.extend(value);
        }
        text
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if repeats(&parameters(&message)) {
            return Err(CannotSign::Unsignable("a form that names a parameter twice"));
        }
        let known = form(message.query().unwrap_or_default());
        if values(&known, DIGEST).next().is_some() {
            return Err(CannotSign::AlreadyThere(DIGEST));
        }
        if !is_form(&message) && !message.body.is_empty() {
            let parameter = format!("{DIGEST}={}", body_digest(&message));
            append(&mut message, parameter.as_bytes());
        }
        let mut places = Vec::new();
        self.header.put(&mut message, &Claims::default(), &mut places);
        Ok(sealed(self, message, places, None, &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let mut claims = Claims::default();
        self.header.take(request, &mut claims)?;
        if request.values("Content-Type").count() > 1 || repeats(&parameters(request)) {
            return Err(Refusal::DuplicateField);
        }
        Ok(claims)
    }

    fn compare_body(&self, request: &Request, _: &Claims) -> Result<(), Refusal> {
        if is_form(request) {
            return Ok(());
        }
        let query = form(request.query().unwrap_or_default());
        let mut digests = values(&query, DIGEST);
        let fits = match (digests.next(), digests.next()) {
            (None, _) => request.body.is_empty(),
            (Some(digest), None) => digest == body_digest(request).as_bytes(),
            (Some(_), Some(_)) => false,
        };
        if fits { Ok(()) } else { Err(Refusal::DigestMismatch) }
    }
}
