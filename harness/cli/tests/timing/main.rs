//! Tests that measure time. They are a program of their own because Cargo runs one program after the other, and each
//! test holds [`alone`] from its first line, so nothing of the test run takes the processor beside it.

#[path = "../support/mod.rs"]
mod support;

mod measured;
mod pairs;
#[cfg(feature = "nightly")]
mod python;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by every test of this program, those that do not measure too: they would disturb one that does.
pub(crate) fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    // A failed test does not make the next one fail.
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}
