//! Why a verifier refuses a request.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a verifier refuses a request. The text of each is what the audit log prints.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Refusal {
    /// No signature, or none of a known version.
    MissingSignature,
    /// A signature header of another shape.
    MalformedSignature,
    /// Two lines where one is allowed.
    DuplicateField,
    /// No timestamp.
    MissingTimestamp,
    /// A timestamp that is not written as the scheme says.
    MalformedTimestamp,
    /// No nonce or message id.
    MissingUnique,
    /// A covered header is missing or appears twice.
    CoveredHeader,
    /// No key has this id.
    UnknownKey,
    /// The verifier has no key.
    NoKey,
    /// No tag matches.
    BadTag,
    /// The body is not the one that the authenticated head describes.
    DigestMismatch,
    /// Older than the window.
    Stale,
    /// Further ahead than the window.
    Future,
    /// Seen before.
    Replayed,
}

impl Refusal {
    /// The reason as one word, for logs and metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MissingSignature => "missing-signature",
            Self::MalformedSignature => "malformed-signature",
            Self::DuplicateField => "duplicate-field",
            Self::MissingTimestamp => "missing-timestamp",
            Self::MalformedTimestamp => "malformed-timestamp",
            Self::MissingUnique => "missing-unique",
            Self::CoveredHeader => "covered-header",
            Self::UnknownKey => "unknown-key",
            Self::NoKey => "no-key",
            Self::BadTag => "bad-tag",
            Self::DigestMismatch => "digest-mismatch",
            Self::Stale => "stale",
            Self::Future => "future",
            Self::Replayed => "replayed",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Refusal;

    #[test]
    fn every_reason_for_a_refusal_is_a_word_of_its_own() {
        let reasons = [
            Refusal::MissingSignature,
            Refusal::MalformedSignature,
            Refusal::DuplicateField,
            Refusal::MissingTimestamp,
            Refusal::MalformedTimestamp,
            Refusal::MissingUnique,
            Refusal::CoveredHeader,
            Refusal::UnknownKey,
            Refusal::NoKey,
            Refusal::BadTag,
            Refusal::DigestMismatch,
            Refusal::Stale,
            Refusal::Future,
            Refusal::Replayed,
        ];
        let words: BTreeSet<String> = reasons.iter().map(Refusal::to_string).collect();
        assert_eq!(words.len(), reasons.len());
        for word in words {
            assert!(
                word.len() > 3 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'),
                "{word}"
            );
        }
    }
}
