//! What a scheme must have for a case to make sense.

use serde::{Deserialize, Serialize};

use crate::scheme::{Claims, Coverage, Deployment, Field, Hash, Home, KeyForm, Once, Part, Scheme};
use crate::time::ClockUnit;
use crate::wire::{ByteString, Request};

/// A feature of a scheme that a case needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Need {
    /// The tag is written in hexadecimal.
    Hex,
    /// The tag is written in base64 of some kind.
    Base64,
    /// The hash is SHA-256.
    Sha256,
    /// The hash is not SHA-1.
    NotSha1,
    /// The timestamp is written in seconds.
    Seconds,
    /// The timestamp is written in milliseconds.
    Milliseconds,
    /// The timestamp is a decimal number.
    Decimal,
    /// The timestamp stands in a header.
    TimestampInHeader,
    /// A nonce makes requests unique.
    Nonce,
    /// A message id makes requests unique.
    Id,
    /// A nonce or a message id makes requests unique.
    Unique,
    /// The tag stands in a list that may hold several.
    List,
    /// The tag stands alone in its header, without label or list.
    BareTag,
    /// The scheme covers the body only, so that one tag fits every time and path.
    BodyOnly,
    /// The method is under the MAC.
    CoversMethod,
    /// The path is under the MAC.
    CoversPath,
    /// The query is under the MAC.
    CoversQuery,
    /// Any body can be signed: nothing is carried inside it.
    FreeBody,
    /// The request names the key.
    KeyId,
    /// The timestamp is a calendar time.
    Calendar,
    /// The scheme limits how old a request may be.
    Window,
    /// The origin of the endpoint is under the MAC.
    CoversOrigin,
    /// The key is decoded from the text of the secret.
    DecodedKey,
    /// The items of a body are signed one by one.
    Items,
}

impl Need {
    pub(super) fn met_by(self, scheme: &dyn Scheme) -> bool {
        let file = scheme.file();
        let unit = file.clock.as_ref().map(|clock| clock.unit);
        let covers = |part| scheme.coverage(&part) == Coverage::Covered;
        match self {
            Self::Hex => file.mac.encoding.is_hex(),
            Self::Base64 => !file.mac.encoding.is_hex(),
            Self::Sha256 => file.mac.hash == Hash::Sha256,
            Self::NotSha1 => file.mac.hash != Hash::Sha1,
            Self::Seconds => unit == Some(ClockUnit::Seconds),
            Self::Milliseconds => unit == Some(ClockUnit::Milliseconds),
            Self::Decimal => matches!(unit, Some(ClockUnit::Seconds | ClockUnit::Milliseconds)),
            Self::TimestampInHeader => scheme.home(Field::Timestamp) == Some(Home::Header),
            Self::Nonce => file.once == Some(Once::Nonce),
            Self::Id => file.once == Some(Once::Id),
            Self::Unique => file.once.is_some(),
            Self::List => scheme
                .carriers()
                .iter()
                .any(|c| c.list.is_some() && c.fields.0.iter().any(|(_, f)| *f == Field::Tag)),
            Self::BareTag => {
                scheme.carriers().iter().any(|carrier| carrier.value.as_deref() == Some("{tag}"))
            }
            Self::BodyOnly => file.signs.as_deref() == Some("{body}"),
            Self::CoversMethod => covers(Part::Method),
            Self::CoversPath => covers(Part::Path),
            Self::CoversQuery => covers(Part::Query),
            Self::FreeBody => Field::ALL.into_iter().all(|field| scheme.home(field) != Some(Home::Body)),
            Self::KeyId => scheme.coverage(&Part::KeyId) != Coverage::Absent,
            Self::Calendar => !matches!(unit, None | Some(ClockUnit::Seconds | ClockUnit::Milliseconds)),
            Self::Window => file.clock.as_ref().is_some_and(|clock| clock.past.is_some()),
            Self::CoversOrigin => covers_origin(scheme),
            Self::Items => has_items(scheme),
            Self::DecodedKey => file.mac.key != KeyForm::Utf8,
        }
    }

    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Hex => "its tag is not hexadecimal",
            Self::Base64 => "its tag is not base64",
            Self::Sha256 => "its hash is not SHA-256",
            Self::NotSha1 => "its hash is SHA-1",
            Self::Seconds => "its timestamp is not in seconds",
            Self::Milliseconds => "its timestamp is not in milliseconds",
            Self::Decimal => "its timestamp is not a decimal number",
            Self::TimestampInHeader => "its timestamp is not in a header",
            Self::Nonce => "it has no nonce",
            Self::Id => "it has no message id",
            Self::Unique => "it has no message id or nonce",
            Self::List => "it carries no list of tags",
            Self::BareTag => "its tag does not stand alone in a header",
            Self::BodyOnly => "it covers more than the body",
            Self::CoversMethod => "it does not cover the method",
            Self::CoversPath => "it does not cover the path",
            Self::CoversQuery => "it does not cover the query",
            Self::FreeBody => "it carries fields inside the body",
            Self::KeyId => "its requests name no key",
            Self::Calendar => "its timestamp is not a calendar time",
            Self::Window => "it sets no limit for the age",
            Self::CoversOrigin => "it does not cover the origin",
            Self::DecodedKey => "its key is the text of the secret itself",
            Self::Items => "it signs requests as a whole",
        }
    }
}

/// Whether the items of a body are signed one by one.
fn has_items(scheme: &dyn Scheme) -> bool {
    let nothing = ByteString::default;
    let request = Request { method: nothing(), target: "/".into(), headers: Vec::new(), body: nothing() };
    scheme.items(&request).is_some()
}

/// Whether another origin makes another text under the MAC.
fn covers_origin(scheme: &dyn Scheme) -> bool {
    let nothing = ByteString::default;
    let request = Request { method: nothing(), target: "/".into(), headers: Vec::new(), body: nothing() };
    let text = |origin: &str| {
        let deployment = Deployment { origin: origin.to_owned(), ..Deployment::default() };
        scheme.signing_string(&request, &Claims::default(), &deployment)
    };
    text("https://one.example") != text("https://another.example")
}
