//! Measuring whether a secret shows in the time that calls take.
//!
//! The function to know is [`verdict`], for a plain test of a function. [`target`] measures libraries behind drivers and
//! endpoints. The statistics are in [`countersign_core::timing`].

mod classes;
mod counter;
mod function;
mod http2;
mod keep_alive;
mod pairs;
mod place;
mod requests;
mod session;
mod target;
mod wait;

pub use classes::Classes;
pub use function::{Measurement, verdict};
pub use place::{Alone, stay};
pub use requests::Contrast;
pub use session::{Budget, Observer, Standing, Stop, Timing};
pub use target::{Asked, CannotMeasure, Way, ladder, target};
