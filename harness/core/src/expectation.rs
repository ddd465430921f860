//! What must happen to a request.
//!
//! The type to know is [`Expectation`]; [`ExpectationKind`] is the same without the reason, for results and
//! reports. It must not know which request it is about.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What must happen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Expectation {
    /// The request is accepted.
    Accept,
    /// The request is refused.
    Reject,
    /// Accepted or refused, but not crashed; the text says why both are fine.
    Either(String),
    /// The request and its twin are refused, with answers that do not tell the causes apart.
    Alike,
    /// Accepted or refused, but not crashed, and about as fast as an equally long request without its tampers.
    Quick,
}

impl Expectation {
    /// The expectation without its reason.
    pub const fn kind(&self) -> ExpectationKind {
        match self {
            Self::Accept => ExpectationKind::Accept,
            Self::Reject => ExpectationKind::Reject,
            Self::Either(_) => ExpectationKind::Either,
            Self::Alike => ExpectationKind::Alike,
            Self::Quick => ExpectationKind::Quick,
        }
    }
}

/// What had to happen, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExpectationKind {
    /// The request is accepted.
    Accept,
    /// The request is refused.
    Reject,
    /// Both are fine.
    Either,
    /// Two refusals look alike.
    Alike,
    /// The answer is about as fast as usual.
    Quick,
}

impl ExpectationKind {
    /// The word in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
            Self::Either => "either",
            Self::Alike => "alike",
            Self::Quick => "quick",
        }
    }
}

impl fmt::Display for ExpectationKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

// Reports have called this a string from the start, and their schemas still do.
#[cfg(feature = "schema")]
impl schemars::JsonSchema for ExpectationKind {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        String::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        String::json_schema(generator)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_is_written_and_read_as_its_name() {
        use ExpectationKind::{Accept, Alike, Either, Quick, Reject};
        for kind in [Accept, Reject, Either, Alike, Quick] {
            assert_eq!(serde_json::to_value(kind).expect("plain data"), kind.name());
            assert_eq!(serde_json::from_value::<ExpectationKind>(kind.name().into()).expect("a kind"), kind);
        }
    }
}
