//! What the command does, seen from outside. Hermetic: everything that it starts is built from this workspace.
//!
//! Each module is a subject, and all are one program, which is linked once. What measures time is in `../timing`,
//! what needs another language in `../real`, and what takes long in `../nightly`.

#[path = "../support/mod.rs"]
mod support;

mod contracts;
mod drivers;
mod effects;
mod endpoint;
mod export;
mod hostile;
mod matrix;
mod pairs;
mod pictures;
mod recordings;
mod served;
