//! What is kept of a request and its answer.
//!
//! The type to know is [`Evidence`]. It must not know where the bytes come from.

use serde::{Deserialize, Serialize};

/// Request and answer of a case as bytes, for people.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Evidence {
    /// Lines of the request as sent, escaped; what was tampered with is marked.
    pub request: Vec<MarkedLine>,
    /// Lines of the answer, escaped; empty if there was none.
    pub answer: Vec<String>,
    /// A shell command that sends the same bytes.
    pub reproduce: String,
    /// The command that runs the case again.
    pub replay: String,
}

/// A line, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MarkedLine {
    /// How it differs from the request before tampering.
    pub mark: Mark,
    /// The escaped text.
    pub text: String,
    /// For a changed line: the column and width of what changed, in characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub span: Option<(usize, usize)>,
}

/// How a line differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mark {
    /// Not at all.
    Same,
    /// It is new or changed.
    Tampered,
    /// It stood in the signed request and was taken out.
    Removed,
}
