//! A scheme as written in YAML.
//!
//! The type to know is [`SchemeFile`]. It is data only; [`super::scheme`] gives it meaning.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Encoding, Field, Hash, Key};
use crate::id::SchemeName;
use crate::secret::Secret;
use crate::time::{ClockUnit, Timestamp};
use crate::wire::{ByteString, Header};

/// A scheme: how requests are signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SchemeFile {
    /// The scheme's name.
    pub scheme: SchemeName,
    /// A title for people.
    pub title: String,
    /// Where the scheme is documented: an address or a citation.
    pub source: String,
    /// What else a reader should know, in a sentence or two.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// How the MAC is made and written.
    pub mac: MacSpec,
    /// The code that signs and reads, for schemes that no template can describe; then there is neither
    /// `signs` nor `carries`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Template of the signing string, such as `{timestamp}.{body}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs: Option<String>,
    /// What the request carries, and where.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub carries: Vec<Carrier>,
    /// Form and window of the timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSpec>,
    /// Which field makes a request unique, for replay memory.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
    /// Constants that templates use as `{const:NAME}`; a target's configuration can override them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, String>,
    /// The message that is signed where a case says nothing else.
    #[serde(default)]
    pub message: MessageDefaults,
    /// Known-answer vectors, recomputed in tests.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub published: Vec<Published>,
}

/// What is wrong with a scheme file, beyond its syntax.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SchemeError {
    /// The text in the file that the message is about, for finding the line.
    pub at: String,
    /// What is wrong, and what to write instead.
    pub message: String,
}

impl SchemeError {
    pub(super) fn new(at: &str, message: impl Into<String>) -> Self {
        Self { at: at.to_owned(), message: message.into() }
    }
}

/// How the MAC is made and written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MacSpec {
    /// Hash function under HMAC.
    pub hash: Hash,
    /// How the tag is written.
    pub encoding: Encoding,
    /// How the configured secret becomes key bytes.
    pub key: KeyForm,
}

/// How the configured secret becomes key bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum KeyForm {
    /// The bytes of the secret as they are.
    Utf8,
    /// Hexadecimal digits.
    Hex,
    /// Standard base64.
    Base64,
    /// Standard base64 after a prefix such as `whsec_`.
    Base64After(String),
}

/// How a secret differs from the form that its scheme asks for. It does not say what the secret is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WrongSecret {
    /// It has to be hexadecimal.
    #[error("the secret is not a string of hexadecimal digit pairs")]
    NotHex,
    /// It has to be base64.
    #[error("the secret is not standard base64")]
    NotBase64,
    /// It has to have this prefix.
    #[error("the secret does not start with `{0}`")]
    NoPrefix(String),
}

impl KeyForm {
    /// The secret that becomes these key bytes.
    pub fn write(&self, key: &[u8]) -> Secret {
        match self {
            Self::Utf8 => Secret::new(key),
            Self::Hex => Secret::new(hex::encode(key)),
            Self::Base64 => Secret::new(Encoding::Base64.encode(key)),
            Self::Base64After(prefix) => Secret::new(format!("{prefix}{}", Encoding::Base64.encode(key))),
        }
    }

    /// Turns the configured secret into key bytes.
    ///
    /// # Errors
    /// The secret has another form; the text says which is asked for, not what the secret is.
    pub fn decode(&self, secret: &Secret) -> Result<Key, WrongSecret> {
        let bytes = secret.expose();
        let base64 = |text: &[u8]| Encoding::Base64.decode(text).map(Key::new).ok_or(WrongSecret::NotBase64);
        match self {
            Self::Utf8 => Ok(Key::new(bytes.to_vec())),
            Self::Hex => hex::decode(bytes).map(Key::new).map_err(|_| WrongSecret::NotHex),
            Self::Base64 => base64(bytes),
            Self::Base64After(prefix) => match bytes.strip_prefix(prefix.as_bytes()) {
                Some(rest) => base64(rest),
                None => Err(WrongSecret::NoPrefix(prefix.clone())),
            },
        }
    }
}

/// One place in the request that carries fields: exactly one of `header` and `json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Carrier {
    /// A header, by name, written as it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<String>,
    /// A member of the JSON body, as a JSON pointer (RFC 6901).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub json: Option<String>,
    /// Template of the whole header value, such as `sha256={tag}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// Syntax of a list of items in the header value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list: Option<ListSpec>,
    /// Names of list items, in the order they are sent, and the fields they carry; other names are ignored.
    #[serde(default, skip_serializing_if = "Ordered::is_empty")]
    pub fields: Ordered,
    /// With `json`: the field that stands there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Field>,
    /// Whether a genuine request always has it.
    #[serde(default, skip_serializing_if = "Presence::is_required")]
    pub presence: Presence,
}

impl Carrier {
    /// A header with a template of its whole value.
    pub(super) fn header(name: &str, value: &str) -> Self {
        Self {
            header: Some(name.to_owned()),
            json: None,
            value: Some(value.to_owned()),
            list: None,
            fields: Ordered::default(),
            field: None,
            presence: Presence::Required,
        }
    }
}

/// Whether a genuine request always carries something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Presence {
    /// Always there.
    #[default]
    Required,
    /// Read if it is there, but not sent by default: a second key while rotating, say.
    Optional,
}

impl Presence {
    fn is_required(&self) -> bool {
        *self == Self::Required
    }
}

/// Syntax of a list inside a header value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ListSpec {
    /// What stands between items.
    pub separator: String,
    /// Template of one item, such as `{name}={value}`.
    pub item: String,
}

/// Form and window of the timestamp.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct ClockSpec {
    /// How the timestamp is written.
    pub unit: ClockUnit,
    /// How old a request may be, in seconds; none if the scheme sets no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub past: Option<u32>,
    /// How far ahead of the verifier's clock a timestamp may be, in seconds; none if the scheme sets no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub future: Option<u32>,
}

impl ClockSpec {
    /// The oldest time within the window; none if the scheme sets no limit.
    pub fn oldest(&self, now: Timestamp) -> Option<Timestamp> {
        self.past.map(|past| now.plus_seconds(-i64::from(past)))
    }

    /// The time within the window that is furthest ahead; none if the scheme sets no limit.
    pub fn latest(&self, now: Timestamp) -> Option<Timestamp> {
        self.future.map(|future| now.plus_seconds(i64::from(future)))
    }

    /// Where a time lies; both ends of the window are within.
    pub fn place(&self, at: Timestamp, now: Timestamp) -> InWindow {
        if self.oldest(now).is_some_and(|oldest| at < oldest) {
            InWindow::TooOld
        } else if self.latest(now).is_some_and(|latest| at > latest) {
            InWindow::TooFarAhead
        } else {
            InWindow::Within
        }
    }

    /// Whether a time is within the window.
    pub fn admits(&self, at: Timestamp, now: Timestamp) -> bool {
        self.place(at, now) == InWindow::Within
    }

    /// The length of the window in seconds; none if it is open on a side.
    pub fn length(&self) -> Option<u32> {
        Some(self.past?.saturating_add(self.future?))
    }

    /// Seconds by which the clock of a verifier may differ from ours that accepted what we signed just now.
    pub fn tolerance(&self) -> Option<u32> {
        self.past.or(self.future)
    }

    /// Whether every time is within the window.
    pub fn is_unbounded(&self) -> bool {
        self.past.is_none() && self.future.is_none()
    }
}

/// Where a time lies, seen from the window of a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InWindow {
    /// Within it.
    Within,
    /// Before it.
    TooOld,
    /// After it.
    TooFarAhead,
}

/// Which field makes a request unique.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Once {
    /// A nonce: a second delivery must be refused.
    Nonce,
    /// A message id: senders retry with the same id, so that a second delivery should have no second effect.
    Id,
}

impl Once {
    /// The field that carries it.
    pub fn field(self) -> Field {
        match self {
            Self::Nonce => Field::Nonce,
            Self::Id => Field::Id,
        }
    }
}

/// The message that is signed where a case says nothing else.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MessageDefaults {
    /// Method; `POST` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Query, without `?`, where neither the case nor the target has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub query: Option<String>,
    /// Header lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Body; `{marker}` is replaced by a text that is fresh for each request. A small JSON object if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

/// A known-answer vector: recomputed in tests, byte for byte.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Published {
    /// Where it was published.
    pub source: String,
    /// The secret as it was published.
    pub key: String,
    /// How it becomes key bytes, if not as in the scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_form: Option<KeyForm>,
    /// The text of the timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The message id or nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// The key id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Method; `POST` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Request target; `/` if not given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Header lines.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Constants that differ from the scheme's.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, String>,
    /// Origin for `{url}`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The body.
    #[serde(default)]
    pub body: ByteString,
    /// The tag, as the scheme writes it.
    pub tag: String,
}

/// A map from item names to fields that keeps the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ordered(pub Vec<(String, Field)>);

impl Ordered {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Ordered {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, field)| (name, field)))
    }
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> serde::de::Visitor<'de> for Pairs {
            type Value = Ordered;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a map from item names to fields")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
                let mut pairs: Vec<(String, Field)> = Vec::new();
                while let Some((name, field)) = map.next_entry::<String, Field>()? {
                    if pairs.iter().any(|(known, _)| *known == name) {
                        return Err(serde::de::Error::custom(format!("item name `{name}` is used twice")));
                    }
                    pairs.push((name, field));
                }
                Ok(Ordered(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Ordered {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ItemFields".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        <BTreeMap<String, Field> as schemars::JsonSchema>::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::{Carrier, ClockSpec, Ordered};
    use crate::time::{ClockUnit, Timestamp};
    use crate::vector::yaml;

    fn clock(past: Option<u32>, future: Option<u32>) -> ClockSpec {
        ClockSpec { unit: ClockUnit::Milliseconds, past, future }
    }

    #[test]
    fn both_ends_of_the_window_are_inside_to_the_millisecond() {
        let now = Timestamp::from_millis(1_700_000_000_000);
        let admits =
            |clock: &ClockSpec, millis: i64| clock.admits(Timestamp::from_millis(now.millis() + millis), now);
        let both = clock(Some(300), Some(60));
        for (millis, within) in
            [(-300_001, false), (-300_000, true), (0, true), (60_000, true), (60_001, false)]
        {
            assert_eq!(admits(&both, millis), within, "{millis}");
        }
        assert!(
            admits(&clock(None, Some(60)), -10_000_000_000)
                && admits(&clock(Some(300), None), 10_000_000_000)
        );
    }

    #[test]
    fn a_window_with_one_side_is_bounded() {
        assert!(clock(None, None).is_unbounded());
        assert!(!clock(Some(1), None).is_unbounded() && !clock(None, Some(1)).is_unbounded());
    }

    #[test]
    fn items_of_a_list_have_names_of_their_own_in_their_order() {
        let parse = |fields: &str| {
            let text = format!(
                "header: X-Tag\nlist: {{ separator: ',', item: '{{name}}={{value}}' }}\nfields: {fields}\n"
            );
            yaml::parse::<Carrier>("acme.yaml", &text).map_err(|error| error.to_string())
        };
        let order = |fields| {
            parse(fields).map(|carrier| carrier.fields.0.iter().map(|(name, _)| name.clone()).collect())
        };
        assert_eq!(order("{ v1: tag, t: timestamp }"), Ok(vec!["v1".to_owned(), "t".to_owned()]));
        let twice = parse("{ v1: tag, 'v1': id }").expect_err("a name twice");
        assert!(twice.contains("v1"), "{twice}");
        let list = serde_json::from_str::<Ordered>("[]").expect_err("a list is no map").to_string();
        assert!(list.contains("a map from item names to fields"), "{list}");
    }
}
