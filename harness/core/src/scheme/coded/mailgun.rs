//! Mailgun webhooks: time and token under the MAC, all three inside the JSON body.

use serde::Deserialize;

use super::text::Text;
use super::{claims, home_of, json, sealed};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme, SchemeFile,
    Signed,
};
use crate::wire::Request;

/// The scheme.
#[derive(Debug)]
pub(super) struct Mailgun {
    pub(super) file: SchemeFile,
}

#[derive(Deserialize)]
struct Body {
    signature: Option<Mark>,
}

#[derive(Deserialize)]
struct Mark {
    timestamp: Option<String>,
    token: Option<String>,
    signature: Option<String>,
}

impl Scheme for Mailgun {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Nonce | Part::Unique => Coverage::Covered,
            Part::Id | Part::KeyId | Part::CoveredHeader | Part::Label | Part::Signature => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Method | Part::Path | Part::Query | Part::Target => {
                Coverage::Uncovered
            }
            Part::Body | Part::Header(_) => Coverage::Uncovered,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::Nonce], Home::Body, field)
    }

    fn signing_string(&self, _: &Request, claims: &Claims, _: &Deployment) -> Vec<u8> {
        let text = |field| claims.get(field).unwrap_or_default();
        [text(Field::Timestamp), text(Field::Nonce)].concat()
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        let claims = claims(&with);
        let text = |field| claims.get(field).unwrap_or_default();
        let member = Text::default()
            .text(r#""signature":{"timestamp":"#)
            .json(Field::Timestamp, text(Field::Timestamp))
            .text(r#","token":"#)
            .json(Field::Nonce, text(Field::Nonce))
            .text(r#","signature":"#)
            .json(Field::Tag, b"")
            .text("}");
        let places = json::put_first(&mut message.body, "signature", &member)?;
        Ok(sealed(self, message, places, None, &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let body: Body = json::read(&request.body)?;
        let mark = body.signature.ok_or(Refusal::MissingSignature)?;
        let tag = mark.signature.ok_or(Refusal::MissingSignature)?;
        Ok(Claims {
            tags: vec![tag.into()],
            timestamp: Some(mark.timestamp.ok_or(Refusal::MissingTimestamp)?.into()),
            nonce: Some(mark.token.ok_or(Refusal::MissingUnique)?.into()),
            ..Claims::default()
        })
    }
}
