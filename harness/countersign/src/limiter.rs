//! How fast requests may follow each other.
//!
//! The type to know is [`RateLimiter`]. Everything that sends to a target goes through it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

/// A limit on the rate of requests, or none. Clones share the limit.
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
    /// At most this many requests per second; no limit if none is given.
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
}
