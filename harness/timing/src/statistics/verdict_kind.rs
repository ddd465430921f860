//! A verdict on timings in one word, as reports have it.

use std::fmt;

use serde::Serialize;

/// A verdict on timings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum VerdictKind {
    /// The time that calls take depends on the class, and so on the secret.
    Leak,
    /// There is no difference above the resolution.
    NoLeak,
    /// Neither is certain.
    Inconclusive,
}

impl fmt::Display for VerdictKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Leak => "leak",
            Self::NoLeak => "no leak",
            Self::Inconclusive => "inconclusive",
        })
    }
}
