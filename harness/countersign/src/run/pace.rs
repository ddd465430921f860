//! How fast requests may follow each other.

use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// A limit on the rate of requests, or none.
#[derive(Debug, Default)]
pub struct Pace {
    every: Option<Duration>,
    next: Mutex<Option<Instant>>,
}

impl Pace {
    /// At most this many requests per second; no limit if none is given.
    pub fn per_second(rate: Option<u32>) -> Self {
        let every = rate.filter(|rate| *rate > 0).map(|rate| Duration::from_secs(1) / rate);
        Self { every, next: Mutex::default() }
    }

    /// How many requests may be sent at once: those of one second, and no more than wanted.
    pub fn at_most(&self, wanted: usize) -> usize {
        let in_a_second = |every: Duration| (1.0 / every.as_secs_f64()).round() as usize;
        self.every.map_or(wanted, |every| in_a_second(every).clamp(1, wanted))
    }

    /// Waits for the next turn.
    pub async fn wait(&self) {
        let Some(every) = self.every else { return };
        let turn = {
            let mut next = self.next.lock().await;
            let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = Some(turn + every);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }
}
