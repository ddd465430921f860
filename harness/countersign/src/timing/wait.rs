//! Waiting for some nanoseconds without asking a clock: the difference that is made on purpose.

use std::hint::black_box;

use super::counter::Counter;

/// Rounds that every wait has, so that both classes go through the same loop.
pub(super) const ROUNDS: u64 = 16;

/// Waits for so many rounds, of which each depends on the one before.
#[inline(always)]
pub(super) fn wait(rounds: u64) {
    let mut value = rounds;
    for _ in 0..rounds {
        value = value.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7);
    }
    black_box(value);
}

/// How many rounds take at least so many nanoseconds on this machine.
pub(super) fn rounds_for(counter: &Counter, nanos: f64) -> u64 {
    let many = 4096;
    let took = || {
        let start = counter.now();
        wait(black_box(many));
        counter.nanos(counter.now() - start)
    };
    let shortest = (0..64).map(|_| took()).fold(f64::INFINITY, f64::min);
    (nanos * many as f64 / shortest).ceil() as u64
}
