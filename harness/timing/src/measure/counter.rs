//! The clock of measurements in this process.
//!
//! The type to know is [`Counter`]. On x86-64 it is the time stamp counter between two fences, so that nothing of the
//! measured call moves out of the measurement and nothing else moves in. Elsewhere it is the monotonic clock.

use std::time::{Duration, Instant};

/// Pairs of readings from which the step is found.
const READINGS: usize = 2000;

/// A clock, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Counter {
    origin: Instant,
    /// Nanoseconds of one tick.
    tick: f64,
    /// Nanoseconds between two values that it can show.
    step: f64,
}

impl Default for Counter {
    fn default() -> Self {
        Self::new()
    }
}

impl Counter {
    /// The clock of this machine, measured against its monotonic one.
    pub fn new() -> Self {
        let origin = Instant::now();
        let mut counter = Self { origin, tick: 1.0, step: 1.0 };
        if cfg!(target_arch = "x86_64") {
            let (start, first) = (Instant::now(), counter.now());
            while start.elapsed() < Duration::from_millis(20) {
                std::hint::spin_loop();
            }
            let ticks = counter.now() - first;
            counter.tick = start.elapsed().as_nanos() as f64 / ticks as f64;
        }
        // All differences are multiples of the step.
        let mut step = 0;
        for _ in 0..READINGS {
            let before = counter.now();
            std::hint::black_box(READINGS);
            step = common(step, counter.now() - before);
        }
        counter.step = step.max(1) as f64 * counter.tick;
        counter
    }

    /// The ticks now.
    #[inline(always)]
    pub fn now(&self) -> u64 {
        ticks(self.origin)
    }

    /// Nanoseconds of so many ticks.
    pub fn nanos(&self, ticks: u64) -> f64 {
        ticks as f64 * self.tick
    }

    /// Nanoseconds between two values that it can show.
    pub fn step(&self) -> f64 {
        self.step
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[expect(
    unsafe_code,
    reason = "no safe function reads the counter between fences; these read registers only"
)]
fn ticks(_: Instant) -> u64 {
    use std::arch::x86_64::{_mm_lfence, _rdtsc};
    // SAFETY: every x86-64 processor has these instructions, and they touch no memory of ours.
    unsafe {
        _mm_lfence();
        let ticks = _rdtsc();
        _mm_lfence();
        ticks
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn ticks(origin: Instant) -> u64 {
    origin.elapsed().as_nanos() as u64
}

/// The greatest common divisor.
fn common(one: u64, other: u64) -> u64 {
    if other == 0 { one } else { common(other, one % other) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_become_nanoseconds() {
        let counter = Counter::new();
        let (start, first) = (Instant::now(), counter.now());
        std::thread::sleep(Duration::from_millis(50));
        let (real, ours) = (start.elapsed().as_nanos() as f64, counter.nanos(counter.now() - first));
        assert!((0.9..1.1).contains(&(ours / real)), "{ours} ns instead of {real}");
        assert!(counter.step() > 0.0 && counter.step() < 1e6);
    }
}
