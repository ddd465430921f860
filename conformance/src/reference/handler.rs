//! The application behind a verifier, as far as a verifier can do it wrong.
//!
//! The type to know is [`Handler`]. It must not know why a request reached it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what it did, and fails when it is told to.
#[derive(Debug, Default)]
pub struct Handler {
    effects: AtomicU64,
    failing: AtomicU64,
}

/// The handler could not do it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HandlerFailed;

impl Handler {
    /// Does what a request asks: one effect.
    ///
    /// # Errors
    /// It was told to fail; nothing was done.
    pub fn handle(&self) -> Result<(), HandlerFailed> {
        let one_less = |left: u64| left.checked_sub(1);
        if self.failing.fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less).is_ok() {
            return Err(HandlerFailed);
        }
        self.effects.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Effects so far.
    pub fn effects(&self) -> u64 {
        self.effects.load(Ordering::Relaxed)
    }

    /// Lets it fail at the next request that reaches it.
    pub fn fail_next(&self) {
        self.failing.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_fails_once_for_each_time_that_it_is_told_to() {
        let handler = Handler::default();
        handler.fail_next();
        assert_eq!((handler.handle(), handler.effects()), (Err(HandlerFailed), 0));
        assert_eq!((handler.handle(), handler.effects()), (Ok(()), 1));
    }
}
