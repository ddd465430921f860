//! The format of an export: the cases of one scheme as frozen bytes.
//!
//! The type to know is [`Document`]. Field for field it is a contract with readers in other languages:
//! what changes their meaning changes [`FORMAT`] too.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::sent::Sent;
use crate::case::Expectation;
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::scheme::{Carrier, ClockSpec, Encoding, Hash, Once};
use crate::spec::{Attacker, Level};

/// Name and version of the format.
pub const FORMAT: &str = "countersign.vectors/1";

/// The cases of one scheme, ready to send: no signing, tampering or encoding is left to the reader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Document {
    /// Name and version of the format: `countersign.vectors/1`.
    #[cfg_attr(feature = "schema", schemars(extend("const" = FORMAT)))]
    pub format: String,
    /// What wrote it, with its version.
    pub tool: String,
    /// How requests are signed.
    pub scheme: Signs,
    /// What sender and verifier share.
    pub endpoint: Endpoint,
    /// A genuine request. A verifier that refuses it says nothing with its other answers.
    pub control: Sent,
    /// The cases that apply to the scheme, in order.
    pub cases: Vec<Frozen>,
    /// The cases that do not.
    pub not_applicable: Vec<Absent>,
}

/// How requests are signed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Signs {
    /// Name of the scheme.
    pub name: SchemeName,
    /// A title for people.
    pub title: String,
    /// Where it is documented.
    pub source: String,
    /// The hash under HMAC.
    pub hash: Hash,
    /// How a tag is written.
    pub encoding: Encoding,
    /// Template of the canonical string; none if code makes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// What requests carry, and where, as in a scheme file.
    pub carries: Vec<Carrier>,
    /// Form of the timestamp and its window in seconds; none if there is no timestamp.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clock: Option<ClockSpec>,
    /// Which field makes a request unique.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
}

/// What sender and verifier share.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// The secret as it is configured. It is public, and only for tests.
    pub secret: String,
    /// The bytes of the key that the scheme makes of the secret, in hexadecimal.
    pub key: String,
    /// Text of the key id, for schemes that carry one.
    pub key_id: String,
    /// The verifier's clock, in seconds since 1970-01-01T00:00:00Z.
    pub now: i64,
    /// Scheme and authority under which the endpoint knows itself.
    pub origin: String,
    /// The path of the endpoint.
    pub path: String,
    /// Constants of the canonical string.
    pub constants: BTreeMap<String, String>,
}

/// A case as frozen bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Frozen {
    /// Permanent id.
    pub id: CaseId,
    /// The suite that it belongs to.
    pub suite: String,
    /// Why the case is there, where the id does not say it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<String>,
    /// The requirements that it tests.
    pub requirements: Vec<RequirementId>,
    /// The bug classes that it finds.
    pub bug_classes: Vec<BugClassId>,
    /// How binding the requirement is.
    pub level: Level,
    /// What the attacker holds.
    pub attacker: Attacker,
    /// Key bytes in hexadecimal with which the target is set up for this case, if not those of the endpoint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Whether a refused request must also have had no effect.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub effects: bool,
    /// What must happen to the judged request. Of several judged ones at most one may be accepted.
    pub expect: Expectation,
    /// The requests, each once. The first is the one as signed, before any change; it may not be sent at all.
    pub requests: Vec<Sent>,
    /// What is sent, in order.
    pub rounds: Vec<Together>,
}

/// Requests that are sent together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Together {
    /// What the answers are for.
    pub purpose: Answers,
    /// Indices into `requests`; several are sent at the same time, on as many connections.
    pub send: Vec<usize>,
    /// Seconds that pass, if nothing is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<u16>,
}

/// What answers are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Answers {
    /// It must be an acceptance, or the case says nothing.
    Setup,
    /// It does not matter.
    Aside,
    /// It is what the expectation is about.
    Judged,
    /// There are none: time passes.
    Wait,
}

/// A case that does not apply to the scheme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Absent {
    /// Its id.
    pub id: CaseId,
    /// Whether a verifier could do anything about it.
    pub because: Because,
    /// Why, in words.
    pub reason: String,
}

/// Why a case does not apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Because {
    /// The scheme lacks what the case is about.
    SchemeLacks,
    /// No verifier of the scheme could notice: the scheme itself is open to it.
    SchemeCannotNotice,
    /// Frozen bytes cannot hold it: it takes more than sending, or is about when bytes arrive or how many.
    BytesCannotSay,
}
