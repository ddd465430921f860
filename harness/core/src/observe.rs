//! What came back.
//!
//! The types to know are [`Observation`] and [`Oracle`], which turns an answer into an outcome. It
//! must not know what was expected.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::wire::Answer;

/// What a target did with one request.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// The kind of outcome.
    pub outcome: Outcome,
    /// The answer, if there was one.
    pub answer: Option<Answer>,
    /// What a driver reported about its library, if the target is one.
    pub reply: Option<Reply>,
    /// What else there is to say: an error text, a reason.
    pub detail: Option<String>,
    /// From the first byte sent to the end of the answer, in milliseconds.
    pub millis: f64,
}

impl Observation {
    /// An outcome without an answer.
    pub fn without_answer(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self { outcome, answer: None, reply: None, detail: Some(detail.into()), millis: 0.0 }
    }

    /// Whether the target itself said something, be it by HTTP or through a driver.
    pub fn is_answered(&self) -> bool {
        self.answer.is_some() || self.reply.is_some()
    }

    /// In a few words: `accepted, 200`.
    pub fn summary(&self) -> String {
        let says = match (&self.answer, &self.reply) {
            (Some(answer), _) => Some(answer.status.to_string()),
            (None, Some(reply)) => Some(reply.to_string()),
            (None, None) => self.detail.clone(),
        };
        match says {
            Some(says) if !says.is_empty() => format!("{}, {says}", self.outcome),
            _ => self.outcome.to_string(),
        }
    }
}

/// What a driver reported about its library in addition to the outcome.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reply {
    /// The kind of refusal, or the type of an exception.
    pub class: Option<String>,
    /// The library's own text.
    pub text: Option<String>,
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.class, &self.text) {
            (Some(class), Some(text)) => write!(f, "{class}: {text}"),
            (Some(one), None) | (None, Some(one)) => f.write_str(one),
            (None, None) => Ok(()),
        }
    }
}

/// The kind of outcome. A crash is not a rejection, and what was not delivered was not tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// The application did what was asked.
    Accepted,
    /// The verifier, or the application around it, refused.
    Rejected,
    /// The HTTP layer refused before any verifier ran.
    RejectedByTransport,
    /// The target asks to come back later.
    Throttled,
    /// A server error, or the connection was cut.
    Crashed,
    /// No answer in time.
    Hung,
    /// Something that is not HTTP.
    Garbled,
    /// The target cannot do what the case needs.
    Unsupported,
    /// The transport cannot send these bytes.
    NotDelivered,
    /// No connection could be made, or what stands between is at fault.
    Unreachable,
}

impl Outcome {
    /// Whether the target gave no proper answer at all.
    pub fn is_broken(self) -> bool {
        match self {
            Self::Crashed | Self::Hung | Self::Garbled | Self::Unreachable => true,
            Self::Accepted
            | Self::Rejected
            | Self::RejectedByTransport
            | Self::Throttled
            | Self::Unsupported
            | Self::NotDelivered => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::RejectedByTransport => "rejected by the HTTP layer",
            Self::Throttled => "throttled",
            Self::Crashed => "crashed",
            Self::Hung => "hung",
            Self::Garbled => "garbled",
            Self::Unsupported => "unsupported",
            Self::NotDelivered => "not delivered",
            Self::Unreachable => "unreachable",
        })
    }
}

/// Something that an answer shows and must keep to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exposure {
    /// The secret, or the key made of it.
    Secret,
    /// The tag that would have been right for the request.
    Tag,
    /// A stack trace.
    Trace,
}

/// Status codes, such as `200-299,304`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusSet(Vec<RangeInclusive<u16>>);

impl StatusSet {
    /// Whether the set holds a status.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|range| range.contains(&status))
    }
}

/// A part of a set of statuses that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a status or a range of them; write `200-299,304`")]
pub struct InvalidStatuses(String);

impl std::str::FromStr for StatusSet {
    type Err = InvalidStatuses;

    fn from_str(text: &str) -> Result<Self, InvalidStatuses> {
        let bad = |part: &str| InvalidStatuses(part.to_owned());
        let status = |part: &str| match part.trim().parse() {
            Ok(status @ 100..=999u16) => Ok(status),
            _ => Err(bad(part)),
        };
        let range = |part: &str| match part.split_once('-') {
            Some((low, high)) => match status(low)?..=status(high)? {
                range if range.is_empty() => Err(bad(part)),
                range => Ok(range),
            },
            None => status(part).map(|status| status..=status),
        };
        text.split(',').map(range).collect::<Result<_, _>>().map(Self)
    }
}

/// Decides what an answer means for one target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Oracle {
    /// Statuses that mean acceptance.
    pub accepted: StatusSet,
    /// Statuses that mean refusal.
    pub rejected: StatusSet,
    /// How the HTTP layer refuses, if it was seen doing so.
    pub transport: Option<Shape>,
    /// How the application refuses, if it was seen doing so.
    pub application: Option<Shape>,
}

impl Default for Oracle {
    /// 2xx is acceptance; 3xx and 4xx are refusals; everything else is a crash.
    fn default() -> Self {
        Self {
            accepted: StatusSet(vec![200..=299]),
            rejected: StatusSet(vec![300..=499]),
            transport: None,
            application: None,
        }
    }
}

/// What refusals of one origin have in common: status and names of headers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    status: u16,
    names: BTreeSet<String>,
}

impl Shape {
    /// The status.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The shape of an answer.
    pub fn of(answer: &Answer) -> Self {
        let names = answer
            .headers
            .iter()
            .map(|line| line.name.to_ascii_lowercase())
            .filter(|name| !matches!(name.as_str(), "date" | "content-length" | "connection" | "keep-alive"))
            .collect();
        Self { status: answer.status, names }
    }
}

/// Statuses that only an HTTP layer has reason to give.
const TRANSPORT: [u16; 9] = [408, 411, 414, 417, 421, 426, 431, 501, 505];

impl Oracle {
    /// What an answer means.
    pub fn decide(&self, answer: &Answer) -> Outcome {
        if self.accepted.contains(answer.status) {
            return Outcome::Accepted;
        }
        // 429 says so by itself; 503 does only if it names a time.
        if answer.status == 429 || (answer.status == 503 && answer.value("Retry-After").is_some()) {
            return Outcome::Throttled;
        }
        let shape = Shape::of(answer);
        let like = |known: &Option<Shape>| known.as_ref() == Some(&shape);
        if !like(&self.application) && (like(&self.transport) || TRANSPORT.contains(&answer.status)) {
            return Outcome::RejectedByTransport;
        }
        if self.rejected.contains(answer.status) { Outcome::Rejected } else { Outcome::Crashed }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{ByteString, Connection, Header};

    fn answer(status: u16, names: &[&str]) -> Answer {
        Answer {
            status,
            headers: names.iter().map(|name| Header::new(*name, "x")).collect(),
            body: ByteString::default(),
            connection: Connection::Reusable,
        }
    }

    #[test]
    fn a_server_error_is_a_crash_unless_the_profile_says_otherwise() {
        let mut oracle = Oracle::default();
        assert_eq!(oracle.decide(&answer(500, &[])), Outcome::Crashed);
        oracle.rejected = "400-499,500".parse().expect("a set");
        assert_eq!(oracle.decide(&answer(500, &[])), Outcome::Rejected);
        assert_eq!(oracle.decide(&answer(429, &[])), Outcome::Throttled);
        assert_eq!(oracle.decide(&answer(503, &["Retry-After"])), Outcome::Throttled);
        assert_eq!(oracle.decide(&answer(503, &[])), Outcome::Crashed);
    }

    #[test]
    fn the_http_layer_is_known_by_the_shape_of_its_refusals() {
        let oracle = Oracle {
            transport: Some(Shape::of(&answer(400, &["Connection"]))),
            application: Some(Shape::of(&answer(400, &["Content-Type"]))),
            ..Oracle::default()
        };
        assert_eq!(oracle.decide(&answer(400, &["Date"])), Outcome::RejectedByTransport);
        assert_eq!(oracle.decide(&answer(400, &["Content-Type"])), Outcome::Rejected);
        assert_eq!(oracle.decide(&answer(431, &["Content-Type"])), Outcome::RejectedByTransport);
    }

    #[test]
    fn status_sets_are_read_strictly() {
        assert!("200-299,304".parse::<StatusSet>().expect("a set").contains(304));
        for text in ["", "2xx", "99", "200-", "200 299", "299-200"] {
            assert!(text.parse::<StatusSet>().is_err(), "{text}");
        }
    }
}
