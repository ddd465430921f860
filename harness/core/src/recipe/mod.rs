//! How one request comes to be, as plain data.
//!
//! The type to know is [`Recipe`]: a YAML vector, a proptest value, a libFuzzer input and a saved
//! regression are all this type. It must not know what is expected of a target.

mod build;
mod draft;
mod error;
mod round;
mod sender;
mod signature;
mod terms;
mod world;

use serde::{Deserialize, Serialize};

pub use build::{Built, Compare, Difference, build, build_with, genuine};
pub use error::CannotBuild;
pub use round::{Held, Hold, Manner, Purpose, Round};
pub use sender::Sender;
pub use signature::{Signature, signatures};
pub use world::{Unique, World};

pub use crate::moment::Moment;
use crate::scheme::{Construction, Hash, Part};
use crate::tamper::{Tamper, WireTamper};
use crate::wire::{ByteString, Header};

/// How one request, or a short sequence of them, comes to be.
///
/// The message is signed, the signed request is tampered with, and the result is framed and
/// delivered. Everything left out is genuine.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Recipe {
    /// What is signed.
    #[serde(skip_serializing_if = "is_default")]
    pub message: Message,
    /// How it is signed.
    #[serde(skip_serializing_if = "is_default")]
    pub sign: Signing,
    /// What is changed after signing, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub tamper: Vec<Tamper>,
    /// How the framing differs from the plain form.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub wire: Vec<WireTamper>,
    /// How often and in which order it is sent.
    #[serde(skip_serializing_if = "is_default")]
    pub deliver: Delivery,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// What is signed, as far as it differs from the scheme's default message.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Message {
    /// Method token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<ByteString>,
    /// Appended to the path of the target under test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub path: Option<ByteString>,
    /// Query, without `?`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<ByteString>,
    /// Header lines added, or put in place of lines with the same name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<Header>,
    /// Names of default header lines that are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<String>,
    /// Body; the first `{now}` in it stands for the time of signing, as the scheme writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<ByteString>,
}

/// How a message is signed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signing {
    /// Which key.
    #[serde(skip_serializing_if = "is_default")]
    pub key: KeyChoice,
    /// Hash, if not the scheme's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// Construction, if not HMAC.
    #[serde(skip_serializing_if = "is_default")]
    pub construction: Construction,
    /// When.
    #[serde(skip_serializing_if = "is_default")]
    pub at: Moment,
    /// Text of the message id or nonce; `{unique}` stands for the fresh one, `{UNIQUE}` for it in upper case.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unique: Option<String>,
    /// Text of the key id, if not the configured one; `{second}` stands for that of the second sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
    /// Origin under which the sender knows the endpoint, if not the configured one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// Name that the request gives the algorithm; `{sha1}`, `{sha256}`, `{sha384}` and `{sha512}` stand for the
    /// scheme's name of HMAC with that hash.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub algorithm: Option<String>,
    /// Parts that the request lists as covered, if not all that the scheme demands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers: Option<Vec<Part>>,
    /// When the request says that it expires, in seconds since 1970, whatever the unit of the timestamp.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expires: Option<Moment>,
}

impl Signing {
    /// Whether a key or key id of the second sender is used.
    pub(crate) fn is_from_second_sender(&self) -> bool {
        self.key == KeyChoice::Second || self.key_id.as_deref().is_some_and(|id| id.contains(SECOND_KEY_ID))
    }
}

impl Delivery {
    /// Whether the second sender sends something.
    pub(crate) fn has_second_sender(&self) -> bool {
        matches!(self, Self::Sequence(steps) if steps.iter().any(|step| matches!(step, Step::Second(_))))
    }
}

/// What stands for the key id of the second sender.
const SECOND_KEY_ID: &str = "{second}";

/// Which key signs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum KeyChoice {
    /// The configured secret, decoded as the scheme says.
    #[default]
    Right,
    /// Another key of the same length.
    Wrong,
    /// No bytes at all.
    Empty,
    /// The configured secret as text, not decoded.
    Undecoded,
    /// The right key followed by these bytes.
    RightThen(ByteString),
    /// The first bytes of the right key.
    RightPrefix(u8),
    /// These bytes: words such as `undefined`, default secrets.
    Bytes(ByteString),
    /// The key of the second sender.
    Second,
}

/// How often and in which order requests are sent. The answer to the last one is judged.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Delivery {
    /// The tampered request, once.
    #[default]
    Once,
    /// Several requests, one after the other.
    Sequence(Vec<Step>),
    /// This many copies of the tampered request at the same time, on as many connections; all are
    /// judged: at most one may be accepted.
    Parallel(u8),
    /// Two requests at the same time, on two connections: one stops halfway through its body until the
    /// other, which comes whole, was answered. The answer to the one that stops is judged.
    Interleaved(Inside),
    /// The genuine request, whose answer is judged, while the bodies of this many copies of the tampered
    /// one come byte by byte, at most 16.
    BesideSlow(u8),
    /// The tampered request, once, with a body that goes on up to this many MiB.
    Flooded(u8),
}

/// Which of two interleaved requests comes whole, while the other stops halfway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Inside {
    /// The genuine one; it must be accepted for a verdict.
    GenuineInside,
    /// The tampered one; its own answer does not matter.
    TamperedInside,
}

/// One step of a sequence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Step {
    /// The signed request before any tamper; it must be accepted for a verdict.
    Genuine,
    /// The request after all tampers.
    Tampered,
    /// The same message signed anew with another message id or nonce; `{unique}` and `{UNIQUE}` as in `sign`.
    Resigned(String),
    /// This many other genuine requests; they must be accepted for a verdict.
    Others(u8),
    /// So many seconds pass.
    Wait(u16),
    /// The handler behind the verifier fails at the next request that reaches it.
    HandlerFails,
    /// The same message, signed by the second sender for its own endpoint, with this message id or nonce
    /// where the scheme has one; `{unique}` and `{UNIQUE}` as in `sign`. It must be accepted for a verdict.
    Second(String),
}
