//! Measuring whether a secret shows in the time that calls take.
//!
//! The function to know is [`verdict`], for a plain test of a function. [`target`] measures libraries behind drivers and
//! endpoints; [`instructions`] and [`taint`] need no clock, and answer exactly. The statistics are in [`countersign_core::timing`].

mod classes;
mod counter;
mod exact;
mod function;
mod http2;
mod instructions;
mod keep_alive;
mod marks;
mod pairs;
mod place;
mod requests;
mod session;
mod taint;
mod target;
mod valgrind;
mod wait;
mod wrong;

pub use classes::Classes;
pub use function::{Measurement, verdict};
pub use instructions::instructions;
pub use marks::{public, secret};
pub use place::{Alone, stay};
pub use requests::Contrast;
pub use session::{Budget, Observer, Standing, Stop, Timing};
pub use taint::taint;
pub use target::{Asked, CannotMeasure, Way, ladder, target};
