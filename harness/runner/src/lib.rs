//! The running side of Countersign: carriers, the embedded endpoint, the run loop, the command line.
//!
//! Every side effect of the project lives in this package. For tests of Rust code there are
//! [`check`] and [`timing::verdict`].

mod bounded;
pub mod carrier;
mod check;
pub mod cli;
pub mod config;
pub mod exit;
mod glob;
mod picture;
mod progress;
pub mod run;
pub mod secret_source;
pub mod serve;
mod snapshot;
pub mod targets;
pub mod timing;

pub use carrier::{Answer, Asked, Service};
pub use check::{Check, Report, check};
