//! Why a tamper cannot be applied.
//!
//! The type to know is [`NotThere`]. It must not know tampers.

use crate::scheme::Part;

/// Why a tamper cannot be applied: the request does not have what it wants to change.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotThere {
    /// The scheme, or this message, does not have the part.
    #[error("there is no {}", part_name(.0))]
    Part(Part),
    /// The part is too short.
    #[error("the {} is too short", part_name(.0))]
    TooShort(Part),
    /// The scheme does not carry a list of signatures.
    #[error("the scheme carries no list of signatures")]
    List,
    /// The scheme has no timestamp, or no window on that side.
    #[error("the scheme sets no such window")]
    Window,
    /// The encoding of the tag has no spare bits, or the tag is no longer whole.
    #[error("the encoding of the tag has no spare bits")]
    SpareBits,
    /// The part does not stand where it could have another type.
    #[error("the {} has no type where it stands", part_name(.0))]
    Untyped(Part),
    /// The scheme has no constant of this name.
    #[error("the scheme has no constant `{0}`")]
    Constant(String),
    /// The request would be what it was.
    #[error("it would change nothing")]
    NoChange,
}

/// The name of a part, as cases write it.
fn part_name(part: &Part) -> String {
    match part {
        Part::Header(name) => format!("header `{name}`"),
        Part::Unique => "nonce or message id".to_owned(),
        Part::CoveredHeader => "header that the scheme covers".to_owned(),
        Part::Label => "label before the tag".to_owned(),
        other => {
            serde_json::to_value(other).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
        }
    }
}
