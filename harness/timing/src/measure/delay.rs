//! A delay of some nanoseconds that reads no clock: the difference that a control makes on purpose.
//!
//! The functions to know are [`delay`] and [`rounds_for`].

use std::hint::black_box;

use super::counter::Counter;

/// Rounds that every delay has, so that both classes run the same loop.
pub const ROUNDS: u64 = 16;

/// Spends so many rounds of work, of which each depends on the one before.
#[inline(always)]
pub fn delay(rounds: u64) {
    let mut value = rounds;
    for _ in 0..rounds {
        value = value.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7);
    }
    black_box(value);
}

/// How many rounds take at least so many nanoseconds on this machine.
pub fn rounds_for(counter: &Counter, nanos: f64) -> u64 {
    let many = 4096;
    let took = || {
        let start = counter.now();
        delay(black_box(many));
        counter.nanos(counter.now() - start)
    };
    let shortest = (0..64).map(|_| took()).fold(f64::INFINITY, f64::min);
    (nanos * many as f64 / shortest).ceil() as u64
}
