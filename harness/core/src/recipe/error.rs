//! Why a recipe makes no request under a scheme.
//!
//! The type to know is [`CannotBuild`]. It must not know cases, which may see in it a property of the scheme.

use crate::scheme::CannotSign;
use crate::tamper::NotThere;

/// Why a recipe makes no request under a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotBuild {
    /// A tamper found nothing to change.
    #[error(transparent)]
    NotThere(#[from] NotThere),
    /// The message cannot be signed.
    #[error(transparent)]
    CannotSign(#[from] CannotSign),
    /// The scheme has no timestamp.
    #[error("the scheme carries no timestamp")]
    NoTimestamp,
    /// The scheme has no window on that side.
    #[error("the scheme sets no such window")]
    NoWindow,
    /// The scheme carries no message id or nonce.
    #[error("the scheme carries no message id or nonce")]
    NoUnique,
    /// The scheme names no key.
    #[error("its requests name no key")]
    NoKeyId,
    /// The scheme names no algorithm.
    #[error("its requests name no algorithm")]
    NoAlgorithm,
    /// The scheme lists no parts.
    #[error("its requests do not list what is covered")]
    NoList,
    /// The scheme has no time of expiry.
    #[error("its requests do not say when they expire")]
    NoExpiry,
    /// There is no second sender.
    #[error("there is no second sender")]
    NoSecond,
    /// The message has no body that could come in parts.
    #[error("its message has no body that could come in parts")]
    NoBody,
    /// The choice of key or hash is the scheme's own.
    #[error("for this scheme it is the genuine choice")]
    Genuine,
}
