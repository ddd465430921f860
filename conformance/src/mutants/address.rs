//! Mutants that cover another method, path, query or host than was sent (family C).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use std::collections::BTreeMap;

use countersign_core::scheme::{Claims, Deployment};
use countersign_core::wire::Request;

use super::changed_request::{signed_as, target};
use crate::reference::{Halt, Reference, Setup, Steps};

/// Signs POST whatever the method is.
#[derive(Debug, Default)]
pub struct MethodFixed;

impl Steps for MethodFixed {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.method = "POST".into())
    }
}

/// Signs the configured path whatever the path is.
#[derive(Debug, Default)]
pub struct PathFixed;

impl Steps for PathFixed {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            request.target = target(setup.path.as_bytes(), request.query()).into();
        })
    }
}

/// Leaves the query out of the signing string.
#[derive(Debug, Default)]
pub struct QueryNotCovered;

impl Steps for QueryNotCovered {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| request.target = request.path().into())
    }
}

/// Ends the query at a second question mark, a semicolon or a number sign.
#[derive(Debug, Default)]
pub struct QueryCutShort;

impl Steps for QueryCutShort {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let query = request
                .query()
                .map(|query| query.split(|byte| b"?;#".contains(byte)).next().unwrap_or(query));
            request.target = target(request.path(), query).into();
        })
    }
}

/// Builds the query from a map, sorted and without repetitions.
#[derive(Debug, Default)]
pub struct QueryBuiltFromMap;

impl Steps for QueryBuiltFromMap {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let Some(query) = request.query() else { return };
            let mut parameters = BTreeMap::new();
            for parameter in query.split(|&byte| byte == b'&') {
                let name = parameter.split(|&byte| byte == b'=').next().unwrap_or(parameter);
                parameters.insert(name, parameter);
            }
            let query = parameters.into_values().collect::<Vec<_>>().join(&b'&');
            request.target = target(request.path(), Some(&query)).into();
        })
    }
}

/// Signs the percent-decoded path.
#[derive(Debug, Default)]
pub struct PathDecoded;

impl Steps for PathDecoded {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let path = request.path();
            let mut decoded = Vec::new();
            let mut at = 0;
            while let Some(&byte) = path.get(at) {
                let escaped =
                    path.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(|pair| hex::decode(pair).ok());
                at += if escaped.is_some() { 3 } else { 1 };
                decoded.extend(escaped.unwrap_or_else(|| vec![byte]));
            }
            request.target = target(&decoded, request.query()).into();
        })
    }
}

/// Signs the path without empty and dot segments.
#[derive(Debug, Default)]
pub struct PathNormalized;

impl Steps for PathNormalized {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let path = request.path();
            let mut segments: Vec<&[u8]> = Vec::new();
            for segment in path.split(|&byte| byte == b'/') {
                match segment {
                    b"" | b"." => {}
                    b".." => {
                        segments.pop();
                    }
                    other => segments.push(other),
                }
            }
            let end: &[u8] = if path.ends_with(b"/") && !segments.is_empty() { b"/" } else { b"" };
            let normal = [b"/", &segments.join(&b'/')[..], end].concat();
            request.target = target(&normal, request.query()).into();
        })
    }
}

/// Signs the path in lower case.
#[derive(Debug, Default)]
pub struct PathInLowerCase;

impl Steps for PathInLowerCase {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        signed_as(setup, request, claims, |request| {
            let end = request.path_end();
            request.target.edit(|target| target[..end].make_ascii_lowercase());
        })
    }
}

/// Builds the address from the host that the request or a proxy names.
#[derive(Debug, Default)]
pub struct HostFromRequest;

impl Steps for HostFromRequest {
    fn signing_string(&self, setup: &Setup, request: &Request, claims: &Claims) -> Result<Vec<u8>, Halt> {
        let named = request.value("X-Forwarded-Host").or_else(|| request.value("Host"));
        let Some(host) = named.and_then(|host| std::str::from_utf8(host).ok()) else {
            return Reference.signing_string(setup, request, claims);
        };
        let scheme = setup.deployment.origin.split_once("://").map_or("https", |(scheme, _)| scheme);
        let deployment = Deployment { origin: format!("{scheme}://{host}"), ..setup.deployment.clone() };
        Ok(setup.scheme.signing_string(request, claims, &deployment))
    }
}
