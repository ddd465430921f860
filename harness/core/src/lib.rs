//! The core of Countersign: what a signed request is, how it is tampered with, and what an answer
//! to it means. Pure: no socket, process, terminal, clock or environment is touched here.
//!
//! ```text
//!  spec (requirements, bug classes)   schemes   suites (YAML)   proptest · libFuzzer · regressions
//!                      \                 |          /                     /
//!                       ------------- cases  <--  recipes  <-------------
//!                                       |  sign, tamper, encode
//!                                       v
//!                                exact wire bytes  -->  target
//!                                       .                 |
//!                                       .                 v
//!                           control ----------------> observation --> judge --> verdict, finding
//!                                                                                   |
//!                                                                             event stream --> reporters
//! ```
//!
//! No module looks back upstream. `tests/it/architecture/edges.txt` lists which module may use which.

pub mod case;
pub mod engine;
pub mod event;
pub mod evidence;
pub mod expectation;
pub mod exposure;
pub mod finding;
pub mod grid;
pub mod id;
pub mod judge;
pub mod line;
pub mod moment;
pub mod observe;
pub mod recipe;
pub mod redact;
pub mod report;
pub mod result;
#[cfg(feature = "schema")]
pub mod schema;
pub mod scheme;
pub mod secret;
pub mod snapshot;
pub mod spec;
pub mod tamper;
pub mod time;
pub mod vector;
pub mod wire;
