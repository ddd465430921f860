//! Running the engine where nothing waits.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs a future that never waits, such as a case against a verifier in the same process.
///
/// # Panics
/// It waits for something: nothing here would wake it.
pub fn ready<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(done) => done,
        Poll::Pending => panic!("a target that answers at once waited for something"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_waits_is_run_to_its_end() {
        assert_eq!(ready(async { 1 + 1 }), 2);
    }

    #[test]
    #[should_panic(expected = "waited for something")]
    fn what_waits_is_a_bug_and_not_a_hang() {
        ready(std::future::pending::<()>());
    }
}
