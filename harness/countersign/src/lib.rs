//! The running side of Countersign: carriers, the embedded endpoint, the run loop, the command line.
//!
//! Every side effect of the project lives in this package. For tests of Rust code there are
//! [`check`] and [`timing::verdict`].

pub mod carrier;
mod check;
pub mod run;
pub mod serve;
pub mod timing;

pub use carrier::{Answer, Asked, Service};
pub use check::{Check, Report, check};
pub use run::made_up_secret;
