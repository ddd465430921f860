//! Finds forged requests that an HMAC check accepts, and genuine ones that it refuses, in a plain Rust test.
//!
//! [`check`] runs the cases of a scheme against a function. [`Check`] takes options, and tests HTTP services too:
//!
//! ```
//! use countersign::{Asked, RunVerdict, check};
//!
//! // Checks the length of the tag and nothing else.
//! fn verify(request: &Asked) -> bool {
//!     request.header("X-Hub-Signature-256").is_some_and(|tag| tag.len() == 71)
//! }
//!
//! let report = check("github", |request, _now| verify(request));
//! assert_eq!(report.verdict, RunVerdict::Nonconformant);
//! assert!(report.findings.iter().any(|finding| finding.requirement.as_str() == "INT-BODY"), "{report}");
//! ```
//!
//! [`timing`] measures whether the time a function takes depends on a secret.
//!
//! # Features
//!
//! All are off by default: a check in a test needs no HTTP server, HTTP client or URL parser.
//!
//! - `targets`: endpoints by address, libraries behind drivers, servers to start, the embedded endpoint, and timing of
//!   them all. The command `countersign` is built on this; its interface may change with every version.
//! - `http-client`: endpoints over HTTPS.
//! - `schema-checks`: the lines of drivers are also validated against the published schemas.
//! - `full`: all of these.

mod check;
#[cfg_attr(not(feature = "targets"), doc(hidden))]
pub mod clock;
mod counter;
mod limiter;
mod made_up;
#[cfg(feature = "targets")]
pub mod process;
#[cfg_attr(not(feature = "targets"), doc(hidden))]
pub mod run;
#[cfg(feature = "targets")]
pub mod serve;
mod session;
#[cfg_attr(not(feature = "targets"), doc(hidden))]
pub mod target;
#[cfg(feature = "targets")]
pub mod timing;
#[cfg(not(feature = "targets"))]
#[path = "timing/functions.rs"]
pub mod timing;
#[cfg_attr(not(feature = "targets"), doc(hidden))]
pub mod transport;

pub use check::{Check, Report, check};
pub use countersign_core::event::{RunVerdict, Summary};
pub use countersign_core::finding::Finding;
pub use countersign_core::id::{BugClassId, CaseId, RequirementId, SchemeName};
pub use countersign_core::spec::{Attacker, Level, Severity};
pub use countersign_core::vector::Diagnostic;
#[cfg_attr(not(feature = "targets"), doc(hidden))]
pub use limiter::RateLimiter;
#[cfg_attr(not(feature = "targets"), doc(hidden))]
pub use made_up::made_up_secret;
pub use target::{Answer, Asked, Service};

/// The crates whose types appear in the signatures of [`target`] and [`run`].
#[cfg(feature = "targets")]
pub use {countersign_conformance, countersign_core};
