//! Mutants that let the sender choose how its request is verified (families A to D).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use countersign_core::scheme::{Claims, Construction, Hash};
use countersign_core::time::Timestamp;
use countersign_core::wire::Request;

use super::{declared, lenient_parsing};
use crate::reference::correct::check_one;
use crate::reference::{Authentic, Halt, Reference, Setup, Steps};

/// Verifies the first of several signed items.
#[derive(Debug, Default)]
pub struct OnlyFirstItemVerified;

impl Steps for OnlyFirstItemVerified {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let items = setup.scheme.items(request).unwrap_or_default();
        check_one(&Reference, setup, items.first().unwrap_or(request), now)
    }
}

/// Compares loosely: what is true, zero or a list equals a text.
#[derive(Debug, Default)]
pub struct LooseTypeComparison;

impl Steps for LooseTypeComparison {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        match declared::typed_tag(setup, request) {
            Some((plain, equal)) => check_one(&Loosely { equal }, setup, &plain, now),
            None => Reference.check(setup, request, now),
        }
    }
}

/// Verifies one request whose tag is not a text.
struct Loosely {
    /// Whether the tag equals every text.
    equal: bool,
}

impl Steps for Loosely {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        Ok(self.equal || Reference.authentic(setup, claims, text)?)
    }
}

/// Verifies under the algorithm that the request names, or under none.
#[derive(Debug, Default)]
pub struct AlgorithmFromRequest;

impl Steps for AlgorithmFromRequest {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let own = setup.scheme.file().mac.hash;
        let algorithm = match declared::algorithm(setup, request) {
            Some(name) if name.is_empty() || name.eq_ignore_ascii_case("none") => Some(None),
            Some(name) => declared::hash_of(setup, &name).filter(|hash| *hash != own).map(Some),
            None => None,
        };
        match (algorithm, declared::with_usual_algorithm(setup, request)) {
            (Some(algorithm), Some(usual)) => check_one(&Following { algorithm, usual }, setup, request, now),
            _ => check_one(&Reference, setup, request, now),
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
pub struct AnyCoverageAccepted;

impl Steps for AnyCoverageAccepted {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match (Reference.read(setup, request), declared::with_full_list(setup, request)) {
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

/// Undoes the content coding before it verifies.
#[derive(Debug, Default)]
pub struct BodyDecompressedFirst;

impl Steps for BodyDecompressedFirst {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let coded =
            request.value("Content-Encoding").is_some_and(|coding| coding.eq_ignore_ascii_case(b"gzip"));
        match unpacked(&request.body).filter(|_| coded) {
            Some(body) => Reference.check(setup, &Request { body: body.into(), ..request.clone() }, now),
            None => Reference.check(setup, request, now),
        }
    }
}

/// Reads a gzip member of stored blocks (RFC 1951, section 3.2.4) without optional fields; its checksum is not looked at.
fn unpacked(body: &[u8]) -> Option<Vec<u8>> {
    let mut rest = body.strip_prefix(&[0x1f, 0x8b, 8, 0])?.get(6..)?;
    let mut plain = Vec::new();
    while let [kind @ (0 | 1), low, high, _, _, data @ ..] = rest {
        let (block, behind) = data.split_at_checked(usize::from(u16::from_le_bytes([*low, *high])))?;
        plain.extend_from_slice(block);
        if *kind == 1 {
            return Some(plain);
        }
        rest = behind;
    }
    None
}

/// Believes credentials in a place other than the signature: in the query of a request that is signed in a header,
/// and the other way around.
#[derive(Debug, Default)]
pub struct CredentialsElsewhereTrusted;

impl Steps for CredentialsElsewhereTrusted {
    fn admit(&self, setup: &Setup, request: &Request, _now: Timestamp) -> Result<(), Halt> {
        let elsewhere = match setup.scheme.file().code.as_deref() {
            Some("aws-sigv4") => request.query(),
            Some("aws-sigv4-query") => request.value("Authorization"),
            _ => None,
        };
        let known = format!("Credential={}", setup.deployment.key_id);
        if elsewhere.is_some_and(|text| lenient_parsing::contains(text, known.as_bytes())) {
            return Err(Halt::LetThrough);
        }
        Ok(())
    }
}

/// Never asks whether a request has expired.
#[derive(Debug, Default)]
pub struct ExpiryIgnored;

impl Steps for ExpiryIgnored {
    fn unexpired(&self, _setup: &Setup, _request: &Request, _now: Timestamp) -> Result<(), Halt> {
        Ok(())
    }
}
