//! Members of JSON bodies: put in before signing, read with duplicates refused.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::text::Text;
use crate::scheme::{CannotSign, Field, Place, Refusal};
use crate::wire::{ByteString, find};

/// Adds a member as the first of a JSON object, without touching any other byte, and says where its
/// fields stand.
pub(super) fn put_first(
    body: &mut ByteString,
    name: &'static str,
    member: &Text,
) -> Result<Vec<Place>, CannotSign> {
    let object: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| CannotSign::BodyIsNotJson(Field::Tag))?;
    if object.contains_key(name) {
        return Err(CannotSign::AlreadyThere(name));
    }
    let start = find(body, b"{").map_or(0, |at| at + 1);
    let comma: &[u8] = if object.is_empty() { b"" } else { b"," };
    body.splice(&(start..start), [member.bytes(), comma].concat().into());
    Ok(member.in_body(start))
}

/// Reads a JSON body; a member that is asked for and stands there twice is an error.
pub(super) fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|_| Refusal::MalformedSignature)
}
