//! Countersign as a library: targets, the run, checks in plain tests, and timing of targets.
//!
//! For tests of Rust code there is [`check`]. The command line is a package of its own, `countersign-cli`.

mod check;
pub mod clock;
mod counter;
mod limiter;
mod made_up;
#[cfg(feature = "targets")]
pub mod process;
pub mod run;
#[cfg(feature = "targets")]
pub mod serve;
mod session;
pub mod target;
#[cfg(feature = "targets")]
pub mod timing;
#[cfg(not(feature = "targets"))]
#[path = "timing/functions.rs"]
pub mod timing;
pub mod transport;

pub use check::{Check, Report, check};
pub use limiter::RateLimiter;
pub use made_up::made_up_secret;
pub use target::{Answer, Asked, Service};
