//! The running side of Countersign: carriers, the embedded endpoint, the run loop, the command line.
//!
//! Every side effect of the project lives in this package.

pub mod carrier;
pub mod serve;
