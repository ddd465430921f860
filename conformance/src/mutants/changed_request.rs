//! The signing string of a request that was changed first, as verifiers compute it that normalize before they verify.
//!
//! Shared by the mutants of family C. Nothing here decides whether a request is genuine.

use countersign_core::scheme::Claims;
use countersign_core::wire::Request;

use crate::reference::{Halt, Reference, Setup, Steps};

/// The signing string of a request that was changed first.
pub(super) fn signed_as(
    setup: &Setup,
    request: &Request,
    claims: &Claims,
    change: impl FnOnce(&mut Request),
) -> Result<Vec<u8>, Halt> {
    let mut changed = request.clone();
    change(&mut changed);
    Reference.signing_string(setup, &changed, claims)
}

/// Puts a target together from a path and a query.
pub(super) fn target(path: &[u8], query: Option<&[u8]>) -> Vec<u8> {
    match query {
        Some(query) => [path, b"?", query].concat(),
        None => path.to_vec(),
    }
}

/// Latin-1 bytes as UTF-8.
pub(super) fn latin1(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().map(|&byte| char::from(byte)).collect::<String>().into_bytes()
}
