//! Mutants that let the sender choose how its request is verified.
//!
//! Each is named after its bug class. They must not know cases.

use countersign_core::scheme::{Claims, Construction, Hash};
use countersign_core::time::Timestamp;
use countersign_core::wire::Request;

use super::said;
use crate::reference::{Authentic, Halt, Reference, Setup, Steps, checked};

/// Verifies under the algorithm that the request names, or under none.
#[derive(Debug, Default)]
pub struct B15;

impl Steps for B15 {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let own = setup.scheme.file().mac.hash;
        let algorithm = match said::algorithm(setup, request) {
            Some(name) if name.is_empty() || name.eq_ignore_ascii_case("none") => Some(None),
            Some(name) => said::hash_of(setup, &name).filter(|hash| *hash != own).map(Some),
            None => None,
        };
        match (algorithm, said::with_usual_algorithm(setup, request)) {
            (Some(algorithm), Some(usual)) => checked(&Following { algorithm, usual }, setup, request, now),
            _ => checked(&Reference, setup, request, now),
        }
    }
}

/// Verifies one request under the algorithm that it names.
struct Following {
    algorithm: Option<Hash>,
    /// The request as if it named the algorithm of the scheme.
    usual: Request,
}

impl Steps for Following {
    fn read(&self, setup: &Setup, _request: &Request) -> Result<Claims, Halt> {
        Reference.read(setup, &self.usual)
    }

    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let Some(hash) = self.algorithm else { return Ok(true) };
        let tag = setup.scheme.tag(Construction::Hmac, hash, &setup.key, text);
        let right = setup.scheme.file().mac.encoding.encode(&tag);
        Ok(claims.tags.iter().any(|tag| **tag == *right.as_bytes()))
    }
}

/// Takes any list of what is covered, and demands nothing.
#[derive(Debug, Default)]
pub struct C18;

impl Steps for C18 {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match (Reference.read(setup, request), said::with_full_list(setup, request)) {
            (Err(_), Some(full)) => Reference.read(setup, &full),
            (other, _) => other,
        }
    }

    /// A body without a digest is not looked at.
    fn compare_body(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<(), Halt> {
        let digested = ["Content-Digest", "Digest"].iter().any(|name| request.value(name).is_some());
        let own = ["rfc9421", "cavage"].map(Some).contains(&setup.scheme.file().code.as_deref());
        if own && !digested { Ok(()) } else { Reference.compare_body(setup, request, claims) }
    }
}

/// Never asks whether a request has expired.
#[derive(Debug, Default)]
pub struct D23;

impl Steps for D23 {
    fn unexpired(&self, _setup: &Setup, _request: &Request, _now: Timestamp) -> Result<(), Halt> {
        Ok(())
    }
}
