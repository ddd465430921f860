//! Measuring whether the time that a function takes depends on a secret.
//!
//! The function to know is [`verdict`]. All of it comes from [`countersign_timing`].

pub use countersign_timing::{
    Budget, Classes, Measurement, Observer, ProgressUpdate, ReservedCpu, Stop, Timing, pin_to_one_cpu,
    public, secret, statistics, verdict,
};
