//! Adyen standard webhooks: eight members of each notification in the body, joined with colons that
//! nobody escapes, under a tag of its own.

use serde::Deserialize;

use super::text::Text;
use super::{home_of, json};
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Place, Refusal, Scheme,
    SchemeFile, Signed,
};
use crate::wire::{ByteString, Request, find};

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

/// The notifications of a body.
fn items(body: &[u8]) -> Result<Vec<Item>, Refusal> {
    let body: Body = json::read(body)?;
    Ok(body.items.into_iter().map(|wrapped| wrapped.item).collect())
}

/// The one notification of a body.
fn item(body: &[u8]) -> Result<Item, Refusal> {
    let mut items = items(body)?;
    match (items.pop(), items.is_empty()) {
        (Some(item), true) => Ok(item),
        (None, _) => Err(Refusal::MissingSignature),
        (Some(_), false) => Err(Refusal::DuplicateField),
    }
}

/// Puts an empty tag into the `n`-th notification of a body, and says where it stands.
fn put_tag(body: &mut ByteString, n: usize, known: Option<&Additional>) -> Option<Vec<Place>> {
    let mut start = 0;
    for _ in 0..=n {
        start += find(&body[start..], ITEM)? + ITEM.len();
    }
    let rest = known.is_none();
    if !rest {
        start += find(&body[start..], ADDITIONAL)? + ADDITIONAL.len();
    }
    let empty = body[start..].trim_ascii_start().starts_with(b"}");
    let open = if rest { r#""additionalData":{"hmacSignature":"# } else { r#""hmacSignature":"# };
    let close = match (rest, empty) {
        (true, true) => "}",
        (true, false) => "},",
        (false, true) => "",
        (false, false) => ",",
    };
    let member = Text::default().text(open).json(Field::Tag, b"").text(close);
    body.splice(&(start..start), member.bytes().into());
    // What was found as text may have stood inside another string.
    let there = items(body).ok()?.get(n).and_then(Item::tag).map(str::is_empty) == Some(true);
    there.then(|| member.in_body(start))
}

impl Item {
    fn tag(&self) -> Option<&str> {
        self.additional_data.as_ref()?.hmac_signature.as_deref()
    }

    /// The bytes under the MAC.
    fn text(&self) -> Vec<u8> {
        let value = self.amount.value.to_string();
        let members = [
            &self.psp_reference,
            &self.original_reference,
            &self.merchant_account_code,
            &self.merchant_reference,
            &value,
            &self.amount.currency,
            &self.event_code,
            &self.success,
        ];
        members.map(String::as_str).join(":").into_bytes()
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

    /// Of several notifications, that of the first.
    fn signing_string(&self, request: &Request, _: &Claims, _: &Deployment) -> Vec<u8> {
        items(&request.body).ok().and_then(|items| items.first().map(Item::text)).unwrap_or_default()
    }

    /// Signs each notification that has no tag yet.
    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        const NONE: CannotSign = CannotSign::BodyIsNot("a standard Adyen notification");
        let known = items(&message.body).map_err(|_| NONE)?;
        let unsigned = || known.iter().enumerate().filter(|(_, item)| item.tag().is_none());
        let Some((first, item)) = unsigned().next() else {
            return Err(if known.is_empty() { NONE } else { CannotSign::AlreadyThere("hmacSignature") });
        };
        let tag = |item: &Item| self.tag(with.construction, with.hash, with.key, &item.text());
        let encoding = self.file.mac.encoding;
        // The last first: what is put in moves everything behind it.
        for (n, item) in unsigned().skip(1).collect::<Vec<_>>().into_iter().rev() {
            let places = put_tag(&mut message.body, n, item.additional_data.as_ref()).ok_or(NONE)?;
            let mut signed = Signed::new(message, places, None, Vec::new());
            let spot = signed.find(&Part::Tag).ok_or(NONE)?;
            signed.splice(&spot, encoding.encode(&tag(item)).into());
            message = signed.into_request();
        }
        let places = put_tag(&mut message.body, first, item.additional_data.as_ref()).ok_or(NONE)?;
        let tag = tag(item);
        let written = encoding.encode(&tag);
        let mut signed = Signed::new(message, places, None, tag);
        let spot = signed.find(&Part::Tag).ok_or(NONE)?;
        signed.splice(&spot, written.into());
        Ok(signed)
    }

    fn items(&self, request: &Request) -> Option<Vec<Request>> {
        // What is no notification, or has members twice, has no items.
        let known = items(&request.body).map_or(0, |items| items.len());
        let body: serde_json::Value = serde_json::from_slice(&request.body).unwrap_or_default();
        let alone = |n: usize| {
            let body = serde_json::json!({ "notificationItems": [body["notificationItems"][n]] });
            Request { body: body.to_string().into(), ..request.clone() }
        };
        Some((0..known).map(alone).collect())
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let item = item(&request.body)?;
        let tag = item.tag().ok_or(Refusal::MissingSignature)?;
        Ok(Claims { tags: vec![tag.as_bytes().into()], ..Claims::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheme::{Construction, Encoding, Hash, Key, Terms};
    use crate::vector::yaml;
    use serde_json::{Value, json as value};

    fn adyen() -> Adyen {
        let file = "scheme: a\ntitle: A\nsource: here\ncode: adyen-standard\n\
                    mac: { hash: sha256, encoding: base64, key: hex }\n";
        Adyen { file: yaml::parse("a.yaml", file).expect("a scheme file") }
    }

    fn item(reference: &str, additional: Option<Value>) -> Value {
        let mut item = value!({
            "amount": { "currency": "EUR", "value": 1130 }, "eventCode": "AUTHORISATION",
            "merchantAccountCode": "M", "merchantReference": reference, "pspReference": reference,
            "success": "true",
        });
        if let Some(additional) = additional {
            item["additionalData"] = additional;
        }
        value!({ "NotificationRequestItem": item })
    }

    fn request(items: &[Value]) -> Request {
        let nothing = ByteString::default;
        let body = value!({ "live": "false", "notificationItems": items }).to_string();
        Request { method: nothing(), target: nothing(), headers: Vec::new(), body: body.into() }
    }

    fn signed(request: Request) -> Result<Request, CannotSign> {
        let (key, deployment) = (Key::new(b"key".to_vec()), Deployment::default());
        let with = Ingredients {
            key: &key,
            hash: Hash::Sha256,
            construction: Construction::Hmac,
            timestamp: ByteString::default(),
            id: ByteString::default(),
            nonce: ByteString::default(),
            key_id: ByteString::default(),
            deployment: &deployment,
            terms: Terms::default(),
        };
        adyen().sign(request, with).map(crate::scheme::Signed::into_request)
    }

    fn tag_of(item: &Value) -> String {
        let item: Item = serde_json::from_value(item["NotificationRequestItem"].clone()).expect("an item");
        Encoding::Base64.encode(&adyen().tag(
            Construction::Hmac,
            Hash::Sha256,
            &Key::new(b"key".to_vec()),
            &item.text(),
        ))
    }

    #[test]
    fn a_tag_goes_into_the_additional_data_of_each_item() {
        let all = [
            item("one", None),
            item("two", Some(value!({}))),
            item("three", Some(value!({ "more": "data" }))),
            item("four", Some(value!({ "hmacSignature": "kept" }))),
        ];
        for count in 1..=all.len() {
            let items = &all[..count];
            let body: Value =
                serde_json::from_slice(&signed(request(items)).expect("it is signed").body).expect("JSON");
            for (n, item) in items.iter().enumerate() {
                let mut expected = item.clone();
                let additional = &mut expected["NotificationRequestItem"]["additionalData"];
                if n < 3 {
                    additional["hmacSignature"] = tag_of(item).into();
                }
                assert_eq!(body["notificationItems"][n], expected, "{n} of {count}");
            }
        }
        for of_none in [&[][..], &all[3..]] {
            assert!(signed(request(of_none)).is_err());
        }
    }

    #[test]
    fn each_item_is_a_request_of_its_own() {
        let one = item("one", Some(value!({ "hmacSignature": "a" })));
        let two = item("two", Some(value!({ "hmacSignature": "b" })));
        let alone =
            adyen().items(&request(&[one.clone(), two.clone()])).expect("items are signed one by one");
        let bodies: Vec<Value> =
            alone.iter().map(|request| serde_json::from_slice(&request.body).expect("JSON")).collect();
        assert_eq!(bodies, [value!({ "notificationItems": [one] }), value!({ "notificationItems": [two] })]);
        assert_eq!(alone[1].method, request(&[]).method);
        let tags: Vec<_> = alone.iter().map(|request| adyen().read(request).expect("a tag").tags).collect();
        assert_eq!(tags, [[ByteString::from("a")], [ByteString::from("b")]]);
    }
}
