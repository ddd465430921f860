//! The tests of this package from outside, as one program: each module is a subject.
//!
//! `kill_matrix` computes the kill matrix, the only time in a test run; the other modules use their own data.

mod correct_verifiers;
mod digests;
mod frozen;
mod imported;
mod kill_matrix;
mod laws;
mod published;
mod readers;
mod schemes;
