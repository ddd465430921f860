//! Tells from the time that calls take whether code depends on a secret.
//!
//! For a plain test of a function there is [`verdict`], and [`Measurement`] where the resolution is chosen:
//!
//! ```
//! use std::time::Duration;
//!
//! use countersign_timing::{Classes, Measurement};
//! use subtle::ConstantTimeEq as _;
//!
//! let right = "9c1185a5c5e9fc54612808977ee8f548b2258d31";
//! let report = Measurement::new(Classes::mismatch(right))
//!     .resolution(Duration::from_nanos(50))
//!     .verdict(|tag| tag.ct_eq(right.as_bytes()).into());
//! assert!(report.is_clean(), "{report}");
//! ```
//!
//! `is_clean` demands that a difference of the resolution would have been seen; the finer the resolution, the quieter the
//! machine has to be. `is_leak` is for machines that may be busy.
//!
//! [`statistics`] is pure: it sees timings and labels, and no clock. [`measure`] calls functions and reads the clock, and has
//! the parts with which something other than a function can be measured. This package must not know of requests, schemes or
//! targets; it can be used without the rest of Countersign.

pub mod measure;
#[cfg(feature = "schema")]
pub mod schema;
pub mod statistics;

pub use measure::{
    Budget, Classes, Measurement, Observer, ProgressUpdate, ReservedCpu, Stop, Timing, pin_to_one_cpu,
    public, random_seed, secret, verdict,
};
