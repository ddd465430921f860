//! The line protocol: what the harness and a driver say to each other, one JSON object on each line.
//!
//! The types to know are [`ToDriver`] and [`FromDriver`]. A driver is a small program around a library in
//! any language; `conformance/PROTOCOL.md` tells its author what to do. This module must not know of
//! processes or pipes.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use smol_str::SmolStr;

use crate::wire::{ByteString, Request};

/// The version of the protocol.
pub const PROTOCOL: u32 = 1;

/// What the harness says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ToDriver {
    /// The first line: who speaks which version. The driver answers with its own `hello`.
    Hello(Greeting),
    /// Is this request genuine? The driver answers with `accepted`, `rejected`, `error` or `unsupported`.
    Verify(Box<Verify>),
    /// How long does the library take for each of these requests? Only for drivers with the capability `timing`, which
    /// answer with `measured`.
    Measure(Box<Measure>),
}

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Greeting {
    /// The version of the protocol: 1.
    pub protocol: u32,
}

/// A request to be verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Verify {
    /// Number of the request, which the answer repeats.
    pub seq: u64,
    /// How it is signed; one of the schemes that the driver named.
    pub scheme: String,
    /// The shared secret as the sender shows it, before a scheme decodes it.
    pub key: Base64,
    /// The time at which it arrives, in seconds since 1970.
    pub now: i64,
    /// The endpoint that it is sent to, for libraries that are told.
    pub endpoint: Endpoint,
    /// The request.
    pub request: Sent,
}

/// Requests to be verified one by one, with a clock inside the driver.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measure {
    /// Number of the question, which the answer repeats.
    pub seq: u64,
    /// How they are signed.
    pub scheme: String,
    /// The shared secret as the sender shows it.
    pub key: Base64,
    /// The time at which they arrive, in seconds since 1970.
    pub now: i64,
    /// The endpoint that they are sent to.
    pub endpoint: Endpoint,
    /// The requests.
    pub requests: Vec<Sent>,
    /// Which of them are verified, by their places from 0, in this order.
    pub order: Vec<u32>,
    /// Whether instructions are counted from outside: then the driver looks at no clock, and answers zeros.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub untimed: bool,
}

/// The endpoint under which a request arrives.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Endpoint {
    /// Scheme, host and port: `https://countersign.test`.
    pub origin: String,
    /// The id of the key.
    pub key_id: String,
    /// Values that both sides know: a notification URL, a region.
    pub constants: BTreeMap<String, String>,
}

/// A request as an HTTP server hands it to an application.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Sent {
    /// Method, in the letter case that was sent.
    pub method: String,
    /// Path and query, not decoded; a byte above 127 is the character of that number.
    pub target: String,
    /// Header lines in their order: name, and the bytes of the value.
    pub headers: Vec<(SmolStr, Base64)>,
    /// Body, without transfer coding.
    pub body: Base64,
}

impl Sent {
    /// The request as an HTTP server would hand it on.
    pub fn of(request: Request) -> Self {
        let latin = |octets: &[u8]| octets.iter().map(|&octet| char::from(octet)).collect();
        Self {
            method: latin(&request.method),
            target: latin(&request.target),
            headers: request.headers.into_iter().map(|line| (line.name, Base64(line.value))).collect(),
            body: Base64(request.body),
        }
    }
}

/// What a driver says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum FromDriver {
    /// Who it is; the answer to `hello`.
    Hello(Hello),
    /// The library took the request for genuine.
    Accepted(Accepted),
    /// The library refused it, in the way that its documentation names.
    Rejected(Rejected),
    /// The library did what no caller expects of a verifier: an exception of another kind, a panic.
    Error(Raised),
    /// The driver cannot ask the library this.
    Unsupported(Unsupported),
    /// How long the library took.
    Measured(Measured),
}

impl FromDriver {
    /// The number of the request that it answers; none for `hello`.
    pub fn seq(&self) -> Option<u64> {
        match self {
            Self::Hello(_) => None,
            Self::Accepted(Accepted { seq }) => Some(*seq),
            Self::Rejected(rejected) => Some(rejected.seq),
            Self::Error(raised) => Some(raised.seq),
            Self::Unsupported(unsupported) => Some(unsupported.seq),
            Self::Measured(measured) => Some(measured.seq),
        }
    }
}

/// Who a driver is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Hello {
    /// Name of the package or function behind it.
    pub name: String,
    /// Version of the package. A function of one's own has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Programming language, in lower case.
    pub language: String,
    /// Schemes that it verifies, by their names in Countersign.
    pub schemes: Vec<String>,
    /// What else it can do.
    #[serde(default)]
    pub capabilities: Vec<Capability>,
}

impl Hello {
    /// Whether it can do something.
    pub fn can(&self, capability: Capability) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// What a driver can do other than tell genuine requests from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Capability {
    /// The library takes the time from `now`. Without it requests are signed at the time of this machine.
    Clock,
    /// The library remembers what it accepted, from one request to the next.
    Replay,
    /// It can time the library from the inside.
    Timing,
}

/// A request was accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Accepted {
    /// Number of the request.
    pub seq: u64,
}

/// A request was refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Rejected {
    /// Number of the request.
    pub seq: u64,
    /// Why, in one of a few words: `bad-tag`, `stale`, `malformed`, ...; whatever the library tells apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<String>,
    /// The library's own text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The library failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Raised {
    /// Number of the request.
    pub seq: u64,
    /// Type of the exception.
    pub r#type: String,
    /// Its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The library was not asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Unsupported {
    /// Number of the request.
    pub seq: u64,
    /// What it takes.
    pub why: String,
}

/// The answer to `measure`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Measured {
    /// Number of the question.
    pub seq: u64,
    /// Nanoseconds of each call, in the order that was asked for.
    pub nanos: Vec<f64>,
}

/// Bytes, written in base64 with padding.
#[derive(Clone, PartialEq, Eq, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "schema", schemars(transparent))]
pub struct Base64(#[cfg_attr(feature = "schema", schemars(with = "String"))] pub ByteString);

/// What stands in it may be a secret.
impl fmt::Debug for Base64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Base64({} bytes)", self.0.len())
    }
}

impl Serialize for Base64 {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Most are short, and every line has some ten of them.
        let mut short = [0; 256];
        match STANDARD.encode_slice(&*self.0, &mut short) {
            Ok(length) => {
                serializer.serialize_str(std::str::from_utf8(&short[..length]).expect("base64 is ASCII"))
            }
            Err(_) => serializer.serialize_str(&STANDARD.encode(&*self.0)),
        }
    }
}

impl<'de> Deserialize<'de> for Base64 {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        STANDARD.decode(text).map(|octets| Self(octets.into())).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Header;

    #[test]
    fn a_request_is_written_as_the_protocol_page_shows_it() {
        let request = Request {
            method: "POST".into(),
            target: ByteString::from(b"/\xff?a".to_vec()),
            headers: vec![Header { name: "X-A".into(), value: ByteString::from(vec![0xe9]) }],
            body: "hi".into(),
        };
        let verify = Verify {
            seq: 7,
            scheme: "github".to_owned(),
            key: Base64("canary".into()),
            now: 1_700_000_000,
            endpoint: Endpoint::default(),
            request: Sent::of(request),
        };
        assert!(!format!("{verify:?}").contains("canary"));
        let line = serde_json::to_string(&ToDriver::Verify(Box::new(verify))).expect("JSON");
        let wanted = concat!(
            r#"{"verify":{"seq":7,"scheme":"github","key":"Y2FuYXJ5","now":1700000000,"#,
            r#""endpoint":{"origin":"","key_id":"","constants":{}},"#,
            r#""request":{"method":"POST","target":"/ÿ?a","headers":[["X-A","6Q=="]],"body":"aGk="}}}"#
        );
        assert_eq!(line, wanted);
    }

    #[test]
    fn a_driver_of_a_function_without_a_package_has_no_version() {
        let line =
            r#"{"hello":{"name":"my-hook","language":"python","schemes":["github"],"capabilities":[]}}"#;
        let said: FromDriver = serde_json::from_str(line).expect("a greeting without a version");
        assert!(matches!(&said, FromDriver::Hello(hello) if hello.version.is_none()), "{said:?}");
        assert_eq!(serde_json::to_string(&said).expect("JSON"), line);
    }

    #[test]
    fn answers_are_read_strictly() {
        let read = serde_json::from_str::<FromDriver>;
        assert_eq!(read(r#"{"accepted":{"seq":3}}"#).expect("an answer").seq(), Some(3));
        assert_eq!(read(r#"{"rejected":{"seq":3,"class":"bad-tag"}}"#).expect("an answer").seq(), Some(3));
        for line in [
            r#"{"accepted":{}}"#,
            r#"{"accepted":{"seq":-1}}"#,
            r#"{"accepted":{"seq":1,"sure":true}}"#,
            r#"{"accepted":{"seq":1},"rejected":{"seq":1}}"#,
            r#"{"error":{"seq":1}}"#,
            r#""accepted""#,
            "",
        ] {
            assert!(read(line).is_err(), "{line}");
        }
    }
}
