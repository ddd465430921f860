//! The tests of this package from outside, as one program: each module is a subject.
//!
//! One program is linked once. A test goes into a program of its own only if it cannot run beside others.

mod architecture;
mod reading;
mod reports;
mod scheme_files;
mod tampers;
mod verdicts;
