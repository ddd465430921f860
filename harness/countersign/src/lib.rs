//! Countersign as a library: targets, the run, checks in plain tests, and timing of targets.
//!
//! For tests of Rust code there is [`check`]. The command line is a package of its own, `countersign-cli`.

mod check;
pub mod clock;
mod limiter;
pub mod process;
pub mod run;
pub mod serve;
pub mod target;
pub mod timing;
pub mod transport;

pub use check::{Check, Report, check};
pub use limiter::RateLimiter;
pub use run::made_up_secret;
pub use target::{Answer, Asked, Service};
