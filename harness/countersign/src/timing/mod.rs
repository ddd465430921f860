//! Measuring whether a verifier's timing depends on the secret.
//!
//! The function to know is [`verdict`], for a plain test of a function. [`target`] measures libraries behind drivers and
//! endpoints, [`in_process`] the embedded verifiers; [`instructions`] and [`taint`] need no clock, and answer exactly. The statistics, and the measuring of functions,
//! are in [`countersign_timing`]; this module must not compute any of its own.

mod exact;
mod functions;
mod http2;
mod in_process;
mod instructions;
mod keep_alive;
mod options;
mod pairs;
mod requests;
mod taint;
mod target;
mod valgrind;
mod wrong;

pub use functions::{
    Budget, Classes, Measurement, Observer, ProgressUpdate, ReservedCpu, Stop, Timing, pin_to_one_cpu,
    public, secret, statistics, verdict,
};
pub use in_process::in_process;
pub use instructions::instructions;
pub use options::{CannotMeasure, MeasureOptions, Technique};
pub use requests::Contrast;
pub use taint::taint;
pub use target::{ladder, target};
