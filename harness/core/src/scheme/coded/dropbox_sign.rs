//! Dropbox Sign events: time and type of the event under the MAC, all inside the JSON.

use serde::Deserialize;

use super::text::Text;
use super::{claims, constant, home_of, json, sealed};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme, SchemeFile,
    Signed,
};
use crate::wire::Request;

/// The scheme.
#[derive(Debug)]
pub(super) struct DropboxSign {
    pub(super) file: SchemeFile,
}

#[derive(Deserialize)]
struct Body {
    event: Option<Event>,
}

#[derive(Deserialize)]
struct Event {
    event_time: Option<String>,
    event_type: Option<String>,
    event_hash: Option<String>,
}

impl Scheme for DropboxSign {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp => Coverage::Covered,
            Part::Id | Part::Nonce | Part::Unique | Part::KeyId | Part::CoveredHeader => Coverage::Absent,
            Part::Label | Part::Signature => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Method | Part::Path | Part::Query | Part::Target => {
                Coverage::Uncovered
            }
            Part::Body | Part::Header(_) => Coverage::Uncovered,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp], Home::Body, field)
    }

    fn signing_string(&self, request: &Request, claims: &Claims, _: &Deployment) -> Vec<u8> {
        let kind = json::read(&request.body).ok().and_then(|body: Body| body.event?.event_type);
        let time = claims.get(Field::Timestamp).unwrap_or_default();
        [time, kind.unwrap_or_default().as_bytes()].concat()
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        let claims = claims(&with);
        let kind = serde_json::Value::from(constant(&self.file, "event-type")).to_string();
        let member = Text::default()
            .text(r#""event":{"event_time":"#)
            .json(Field::Timestamp, claims.get(Field::Timestamp).unwrap_or_default())
            .text(r#","event_type":"#)
            .text(kind)
            .text(r#","event_hash":"#)
            .json(Field::Tag, b"")
            .text("}");
        let places = json::put_first(&mut message.body, "event", &member)?;
        Ok(sealed(self, message, places, None, &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let body: Body = json::read(&request.body)?;
        let event = body.event.ok_or(Refusal::MissingSignature)?;
        let tag = event.event_hash.ok_or(Refusal::MissingSignature)?;
        event.event_type.ok_or(Refusal::MalformedSignature)?;
        let time = event.event_time.ok_or(Refusal::MissingTimestamp)?;
        Ok(Claims { tags: vec![tag.into()], timestamp: Some(time.into()), ..Claims::default() })
    }
}
