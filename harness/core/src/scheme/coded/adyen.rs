//! Adyen standard webhooks: eight members of the one notification in the body, joined with colons
//! that nobody escapes.

use serde::Deserialize;

use super::text::Text;
use super::{home_of, json, sealed};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme, SchemeFile,
    Signed,
};
use crate::wire::{Request, find};

/// The scheme.
#[derive(Debug)]
pub(super) struct Adyen {
    pub(super) file: SchemeFile,
}

#[derive(Deserialize)]
struct Body {
    #[serde(rename = "notificationItems")]
    items: Vec<Wrapped>,
}

#[derive(Deserialize)]
struct Wrapped {
    #[serde(rename = "NotificationRequestItem")]
    item: Item,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    additional_data: Option<Additional>,
    psp_reference: String,
    #[serde(default)]
    original_reference: String,
    merchant_account_code: String,
    merchant_reference: String,
    amount: Amount,
    event_code: String,
    success: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Additional {
    hmac_signature: Option<String>,
}

#[derive(Deserialize)]
struct Amount {
    value: i64,
    currency: String,
}

/// The one notification of a body.
fn item(body: &[u8]) -> Result<Item, Refusal> {
    let body: Body = json::read(body)?;
    let mut items = body.items.into_iter();
    match (items.next(), items.next()) {
        (Some(Wrapped { item }), None) => Ok(item),
        (None, _) => Err(Refusal::MissingSignature),
        (Some(_), Some(_)) => Err(Refusal::DuplicateField),
    }
}

impl Item {
    fn tag(&self) -> Option<&str> {
        self.additional_data.as_ref()?.hmac_signature.as_deref()
    }
}

/// What stands before the members of a notification, and before those of its additional data.
const ITEM: &[u8] = br#""NotificationRequestItem":{"#;
const ADDITIONAL: &[u8] = br#""additionalData":{"#;

impl Scheme for Adyen {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Id | Part::Nonce | Part::Unique | Part::KeyId => Coverage::Absent,
            Part::CoveredHeader | Part::Label | Part::Signature => Coverage::Absent,
            Part::Tag | Part::TagBytes | Part::Method | Part::Path | Part::Query | Part::Target => {
                Coverage::Uncovered
            }
            Part::Body | Part::Header(_) => Coverage::Uncovered,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag], Home::Body, field)
    }

    fn signing_string(&self, request: &Request, _: &Claims, _: &Deployment) -> Vec<u8> {
        let Ok(item) = item(&request.body) else { return Vec::new() };
        let value = item.amount.value.to_string();
        let members = [
            &item.psp_reference,
            &item.original_reference,
            &item.merchant_account_code,
            &item.merchant_reference,
            &value,
            &item.amount.currency,
            &item.event_code,
            &item.success,
        ];
        members.map(String::as_str).join(":").into_bytes()
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        const NONE: CannotSign = CannotSign::BodyIsNot("a standard Adyen notification");
        let known = item(&message.body).map_err(|_| NONE)?;
        let (before, rest) = match known.additional_data {
            Some(Additional { hmac_signature: Some(_) }) => {
                return Err(CannotSign::AlreadyThere("hmacSignature"));
            }
            Some(Additional { hmac_signature: None }) => (ADDITIONAL, false),
            None => (ITEM, true),
        };
        let start = find(&message.body, before).ok_or(NONE)? + before.len();
        let empty = message.body[start..].trim_ascii_start().starts_with(b"}");
        let open = if rest { r#""additionalData":{"hmacSignature":"# } else { r#""hmacSignature":"# };
        let close = match (rest, empty) {
            (true, true) => "}",
            (true, false) => "},",
            (false, true) => "",
            (false, false) => ",",
        };
        let member = Text::default().text(open).json(Field::Tag, b"").text(close);
        message.body.splice(&(start..start), member.bytes().into());
        // What was found as text may have stood inside another string.
        if item(&message.body).ok().and_then(|item| item.tag().map(str::is_empty)) != Some(true) {
            return Err(NONE);
        }
        Ok(sealed(self, message, member.in_body(start), None, &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let item = item(&request.body)?;
        let tag = item.tag().ok_or(Refusal::MissingSignature)?;
        Ok(Claims { tags: vec![tag.as_bytes().into()], ..Claims::default() })
    }
}
