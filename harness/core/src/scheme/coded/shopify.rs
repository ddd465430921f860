//! Shopify's signed queries: sorted parameters, with delimiters for OAuth and without for app proxies.

use super::query::{Pair, append, encoded, form, repeats, values};
use super::text::Text;
use super::{claims, home_of, sealed};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme, SchemeFile,
    Signed,
};
use crate::wire::Request;

/// The scheme.
#[derive(Debug)]
pub(super) struct Shopify {
    pub(super) file: SchemeFile,
    pub(super) form: Form,
}

/// What tells one form from the other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Form {
    /// Name of the parameter that carries the tag.
    tag: &'static str,
    /// What stands between parameters in the signing string.
    between: &'static str,
    /// What stands between the values of a repeated parameter; none if none may be repeated.
    repeated: Option<&'static [u8]>,
}

/// The redirect at the end of an installation.
pub(super) const OAUTH: Form = Form { tag: "hmac", between: "&", repeated: None };

/// Requests that a shop passes on to an app.
pub(super) const APP_PROXY: Form = Form { tag: "signature", between: "", repeated: Some(b",") };

const TIMESTAMP: &str = "timestamp";

impl Form {
    /// One parameter as it is signed.
    fn written(self, name: &[u8], values: &[&[u8]]) -> Vec<u8> {
        match self.repeated {
            Some(comma) => [name, b"=", &values.join(comma)].concat(),
            // The delimiters of the signing string, escaped.
            None => [&escaped(name, b"%=&")[..], b"=", &escaped(&values.concat(), b"%&")].concat(),
        }
    }

    /// Whether the parameters can be told apart once they are signed.
    fn takes(self, pairs: &[Pair]) -> bool {
        self.repeated.is_some() || !(repeats(pairs) || pairs.iter().any(|(name, _)| name.ends_with(b"[]")))
    }
}

fn escaped(text: &[u8], delimiters: &[u8]) -> Vec<u8> {
    let mut escaped = Vec::with_capacity(text.len());
    for byte in text {
        if delimiters.contains(byte) {
            escaped.extend_from_slice(format!("%{byte:02X}").as_bytes());
        } else {
            escaped.push(*byte);
        }
    }
    escaped
}

fn parameters(request: &Request) -> Vec<Pair> {
    form(request.query().unwrap_or_default())
}

impl Scheme for Shopify {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Query => Coverage::Covered,
            Part::Id | Part::Nonce | Part::Unique | Part::KeyId | Part::CoveredHeader => Coverage::Absent,
            Part::Label | Part::Signature => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Method | Part::Path | Part::Target => Coverage::Uncovered,
            Part::Body | Part::Header(_) => Coverage::Uncovered,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp], Home::Query, field)
    }

    fn signing_string(&self, request: &Request, _: &Claims, _: &Deployment) -> Vec<u8> {
        let mut pairs = parameters(request);
        pairs.retain(|(name, _)| name != self.form.tag.as_bytes());
        let mut names: Vec<&[u8]> = pairs.iter().map(|(name, _)| &name[..]).collect();
        names.sort_unstable();
        names.dedup();
        let of = |wanted: &[u8]| {
            let same = pairs.iter().filter(|(name, _)| name == wanted);
            same.map(|(_, value)| &value[..]).collect::<Vec<_>>()
        };
        let mut written: Vec<Vec<u8>> =
            names.into_iter().map(|name| self.form.written(name, &of(name))).collect();
        written.sort_unstable();
        written.join(self.form.between.as_bytes())
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        let known = parameters(&message);
        for name in [self.form.tag, TIMESTAMP] {
            if values(&known, name).next().is_some() {
                return Err(CannotSign::AlreadyThere(name));
            }
        }
        if !self.form.takes(&known) {
            return Err(CannotSign::Unsignable("a query with repeated parameters or lists"));
        }
        let time = encoded(claims(&with).get(Field::Timestamp).unwrap_or_default());
        let text = Text::default()
            .text(format!("{TIMESTAMP}="))
            .field(Field::Timestamp, time.as_bytes())
            .text(format!("&{}=", self.form.tag))
            .field(Field::Tag, b"");
        let start = append(&mut message, text.bytes());
        Ok(sealed(self, message, text.in_target(start), None, &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let pairs = parameters(request);
        let one = |name, missing| {
            let mut values = values(&pairs, name);
            match (values.next(), values.next()) {
                (Some(value), None) => Ok(value.into()),
                (None, _) => Err(missing),
                (Some(_), Some(_)) => Err(Refusal::DuplicateField),
            }
        };
        let tag = one(self.form.tag, Refusal::MissingSignature)?;
        let time = one(TIMESTAMP, Refusal::MissingTimestamp)?;
        if !self.form.takes(&pairs) {
            return Err(Refusal::DuplicateField);
        }
        Ok(Claims { tags: vec![tag], timestamp: Some(time), ..Claims::default() })
    }
}
