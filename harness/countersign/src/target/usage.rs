//! Options that cannot be honored.
//!
//! The type to know is [`UsageError`].

/// An option or value that cannot be honored, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
}

/// Whether requests carry a key id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNaming {
    /// Under every tested scheme.
    Always,
    /// Not under every tested scheme.
    NotAlways,
}
