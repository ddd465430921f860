//! One request of an export: on the wire, in pieces, and how it was signed.
//!
//! The type to know is [`Sent`].

use serde::{Deserialize, Serialize};

use super::bytes::Bytes;
use crate::scheme::{Construction, Hash};

/// One request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sent {
    /// What it is in its case.
    pub kind: Kind,
    /// Everything that goes on the wire.
    pub octets: Bytes,
    /// Where a sender waits.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pauses: Vec<Wait>,
    /// Whether the bytes are the plain form of the pieces below.
    pub framing: Form,
    /// The method.
    pub method: Bytes,
    /// Path and query.
    pub target: Bytes,
    /// Name and value of the header lines in order, without the length that plain framing adds.
    pub headers: Vec<(String, Bytes)>,
    /// The body, without transfer coding.
    pub body: Bytes,
    /// How it was signed; none if it was changed afterwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Made>,
}

/// What a request is in its case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Kind {
    /// As signed.
    Signed,
    /// As signed, and then changed or framed in an odd way.
    Tampered,
    /// Another signed request of the same sequence.
    Another,
}

/// Whether bytes are the plain form of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Form {
    /// HTTP/1.1 with a length, one blank after each colon, CR LF at each line end.
    Plain,
    /// Anything else: chunks, bare line feeds, another version, odd blanks, a wrong length, pauses.
    Odd,
}

/// A wait of the sender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Wait {
    /// Before the byte with this index.
    pub before: usize,
    /// In milliseconds.
    pub millis: u16,
}

/// How a request was signed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Made {
    /// The tag as the request carries it.
    pub tag: String,
    /// The canonical string: the bytes under the MAC.
    pub canonical: Bytes,
    /// Whether the tag is the MAC of the canonical string under the key.
    #[serde(default, skip_serializing_if = "By::is_mac")]
    pub by: By,
    /// The key in hexadecimal, if not that of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// The hash, if not that of the scheme.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<Hash>,
    /// How key and text were put together, if not by HMAC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub construction: Option<Construction>,
    /// The origin that was signed, if not that of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// The timestamp as the request carries it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
    /// The message id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The nonce.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// The key id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_id: Option<String>,
}

/// How key and canonical string became a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum By {
    /// By the MAC.
    #[default]
    Mac,
    /// In the scheme's own way, with a derived key, say.
    Scheme,
}

impl By {
    fn is_mac(&self) -> bool {
        *self == Self::Mac
    }
}
