//! What a person asked for and cannot have.
//!
//! The type to know is [`UsageError`].

/// Something that was asked for and cannot be done, and what to do instead.
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

/// Whether requests name the key that they are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNaming {
    /// Under every scheme that is tested.
    Always,
    /// Not under every one.
    NotAlways,
}
