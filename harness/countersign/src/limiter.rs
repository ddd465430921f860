//! The limit on requests per second.
//!
//! The type to know is [`RateLimiter`]. Everything that sends to a target waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// A limit on the rate of requests, or no limit. Clones share the limit.
#[derive(Debug, Clone, Default)]
pub struct RateLimiter(Option<Arc<Limit>>);

#[derive(Debug)]
struct Limit {
    /// Time between two requests.
    interval: Duration,
    /// When the next request may be sent.
    next: Mutex<Option<Instant>>,
}

impl RateLimiter {
    /// At most this many requests per second; `None` is no limit.
    pub fn per_second(rate: Option<u32>) -> Self {
        let interval = rate.filter(|rate| *rate > 0).map(|rate| Duration::from_secs(1) / rate);
        Self(interval.map(|interval| Arc::new(Limit { interval, next: Mutex::default() })))
    }

    /// Waits until another request may be sent.
    pub async fn wait(&self) {
        let Some(limit) = &self.0 else { return };
        let turn = {
            let mut next = limit.next.lock().await;
            let turn = next.unwrap_or_else(Instant::now).max(Instant::now());
            *next = Some(turn + limit.interval);
            turn
        };
        tokio::time::sleep_until(turn).await;
    }

    /// How many requests may be sent at once: those of one second, but no more than `wanted`.
    pub fn at_most(&self, wanted: usize) -> usize {
        let in_a_second = |limit: &Arc<Limit>| (1.0 / limit.interval.as_secs_f64()).round() as usize;
        self.0.as_ref().map_or(wanted, |limit| in_a_second(limit).clamp(1, wanted))
    }
}
