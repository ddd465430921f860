//! Measuring: the coin, the clock, the controls, and functions of this process.
//!
//! The types to know are [`Measurement`], for a function, and [`Session`], with which anything else is measured: it draws
//! labels, takes timings, runs the controls and says when there is a verdict. This module must not know what is behind a
//! call. The statistics are in [`crate::statistics`].

mod classes;
mod counter;
mod cpu;
mod delay;
mod function;
mod marks;
mod progress;
mod session;

pub use classes::Classes;
pub use counter::Counter;
pub use cpu::{ReservedCpu, pin_to_one_cpu};
pub use delay::{ROUNDS, delay, rounds_for};
pub use function::{Measurement, verdict};
pub use marks::{PUBLIC_MARK, SECRET_MARK, public, secret};
pub use progress::{Observer, ProgressUpdate};
pub use session::{Assignment, Budget, Purpose, Session, Stop, Timing, random_seed};
