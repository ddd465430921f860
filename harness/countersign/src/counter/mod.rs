//! Counters of effects: how often a target acted on a request, whatever it answered.
//!
//! The type to know is [`Counter`]. Everything on a counter page except the number is neither kept nor shown.

#[cfg(feature = "targets")]
mod spec;

use std::time::Duration;

use countersign_core::observe::{Observation, Outcome};
use countersign_core::wire::Wire;
use tokio::time::sleep;

use crate::transport::Transport;

#[cfg(feature = "targets")]
pub use spec::{BadCounterSpec, CannotCount, CounterSpec};

/// A counter that can be read.
#[derive(Debug)]
pub struct Counter {
    transport: Transport,
    page: Wire,
    metric: Option<String>,
    /// Minimum time to wait for an effect to show.
    min_settle: Duration,
}

/// Why nothing follows from a counter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CounterError {
    /// Its page was not answered, or not with success.
    #[error("the effect counter cannot be read: {0}")]
    Unreadable(String),
    /// Its page is not UTF-8.
    #[error("the page of the effect counter is not UTF-8 text")]
    NotText,
    /// The page is more than a number, and no metric was named.
    #[error("the page of the effect counter is not a plain number; name the metric after `#`")]
    NotANumber,
    /// The page lacks the metric.
    #[error("the page of the effect counter has no metric `{}`", .0.escape_debug())]
    NoMetric(String),
    /// The metric has another value than a number.
    #[error("the metric `{}` on the page of the effect counter is not a number", .0.escape_debug())]
    MetricNotANumber(String),
    /// The request that should have raised it was not accepted.
    #[error("the valid request before it was {0}")]
    NotAccepted(String),
    /// A valid request did not raise it, so that it proves nothing when it stays the same.
    #[error("the effect counter does not rise with a valid request")]
    DoesNotRise,
    /// It never stood still.
    #[error("the effect counter keeps changing: something else is using the target")]
    KeepsChanging,
}

/// A counter that rose with a valid request.
#[derive(Debug)]
pub struct VerifiedCounter<'a> {
    counter: &'a Counter,
    /// How long an effect may take to show.
    settle: Duration,
}

/// Pauses, in milliseconds, within which the effect of a valid request must show.
const READ_PAUSES: [u64; 8] = [0, 20, 50, 100, 200, 400, 800, 1600];
/// How often a counter is read until it stops changing.
const MAX_READS: usize = 20;

impl Counter {
    /// Reads the number.
    ///
    /// # Errors
    /// The page cannot be read, or has no such number.
    pub async fn read(&self) -> Result<f64, CounterError> {
        let seen = self.transport.deliver(&self.page).await;
        let page = match (&seen.outcome, &seen.answer) {
            (Outcome::Accepted, Some(answer)) => &answer.body,
            _ => return Err(CounterError::Unreadable(seen.summary().to_string())),
        };
        let text = std::str::from_utf8(page).map_err(|_| CounterError::NotText)?;
        value(text, self.metric.as_deref())
    }

    /// Sends a valid request and waits until the counter has risen with it.
    ///
    /// # Errors
    /// The counter cannot be read, or does not rise with a valid request, so that an unchanged counter proves nothing.
    pub async fn prove(
        &self,
        control: impl AsyncFnOnce() -> Observation,
    ) -> Result<VerifiedCounter<'_>, CounterError> {
        let before = self.read().await?;
        let control = control().await;
        if control.outcome != Outcome::Accepted {
            return Err(CounterError::NotAccepted(control.summary().to_string()));
        }
        let mut waited = Duration::ZERO;
        for pause in READ_PAUSES.map(Duration::from_millis) {
            sleep(pause).await;
            waited += pause;
            if self.read().await? > before {
                let settle = if self.min_settle.is_zero() { waited } else { self.min_settle.max(waited * 2) };
                return Ok(VerifiedCounter { counter: self, settle });
            }
        }
        Err(CounterError::DoesNotRise)
    }
}

impl VerifiedCounter<'_> {
    /// The number, once it has stopped changing.
    ///
    /// # Errors
    /// It cannot be read, or keeps changing.
    pub async fn settled(&self) -> Result<f64, CounterError> {
        let mut last = None;
        for _ in 0..MAX_READS {
            sleep(self.settle).await;
            let now = self.counter.read().await?;
            if self.settle.is_zero() || last == Some(now) {
                return Ok(now);
            }
            last = Some(now);
        }
        Err(CounterError::KeepsChanging)
    }
}

/// Reads the number on a page.
fn value(text: &str, metric: Option<&str>) -> Result<f64, CounterError> {
    let number = |text: &str| text.parse().ok().filter(|number: &f64| number.is_finite());
    let Some(metric) = metric else {
        return number(text.trim()).ok_or(CounterError::NotANumber);
    };
    let samples = text.lines().filter_map(|line| {
        let line = line.split(" # ").next().unwrap_or_default().trim();
        let end = line.rfind('}').map(|at| at + 1).or_else(|| line.find(char::is_whitespace))?;
        let name = line.split(['{', ' ', '\t']).next()?;
        let wanted = name == metric || line[..end] == *metric;
        wanted.then(|| line[end..].split_whitespace().next().and_then(number))
    });
    let found: Vec<Option<f64>> = samples.collect();
    if found.is_empty() {
        return Err(CounterError::NoMetric(metric.to_owned()));
    }
    let sum: Option<f64> = found.into_iter().sum();
    sum.ok_or_else(|| CounterError::MetricNotANumber(metric.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_number_or_the_sum_over_all_labels_is_read() {
        let page = "# HELP a_total canary\na_total{k=\"x y\"} 2 1700000000\na_total{k=\"}\"} 3e0\na_total_more 9\nb 1.5\nc NaN\n";
        assert_eq!(value(" 12\n", None), Ok(12.0));
        assert_eq!(value(page, Some("a_total")), Ok(5.0));
        assert_eq!(value(page, Some("a_total{k=\"x y\"}")), Ok(2.0));
        assert_eq!(value(page, Some("b")), Ok(1.5));
        for (text, metric) in [(page, None), (page, Some("a")), (page, Some("c")), ("", None), ("inf", None)]
        {
            let why = value(text, metric).expect_err("no number").to_string();
            assert!(!why.contains("canary"), "{why}");
        }
    }
}
