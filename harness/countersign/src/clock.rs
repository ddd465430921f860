//! The verifier's clock, as far as it can be known from outside.
//!
//! The type to know is [`Clock`].

use std::time::{SystemTime, UNIX_EPOCH};

use countersign_core::recipe::Moment;
use countersign_core::time::{Timestamp, parse_http_date};
use countersign_core::wire::Answer;

/// The target's clock: its offset from ours, or the time at which it is fixed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    fixed: Option<Timestamp>,
    offset: i64,
    uncertainty: i64,
}

/// This machine's clock.
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock {
    /// A target that shares this machine's clock.
    pub const SHARED: Self = Self { fixed: None, offset: 0, uncertainty: 0 };

    /// The clock of a target that is told the time with every request, always this one.
    pub const fn fixed(at: Timestamp) -> Self {
        Self { fixed: Some(at), offset: 0, uncertainty: 0 }
    }

    /// Estimates the offset from the `Date` header of an answer to a request sent at `sent` and answered at `received`.
    ///
    /// The header has whole seconds, so the true time is anywhere within that second. An offset that cannot be told
    /// from zero counts as zero.
    pub fn estimate(answer: &Answer, sent: Timestamp, received: Timestamp) -> Self {
        let round_trip = (received.millis() - sent.millis()).max(0);
        let uncertainty = 500 + round_trip / 2;
        let date =
            answer.value("Date").and_then(|value| std::str::from_utf8(value).ok()).and_then(parse_http_date);
        let Some(date) = date else { return Self { uncertainty: 2000, ..Self::SHARED } };
        let offset = date.millis() + 500 - (sent.millis() + round_trip / 2);
        if offset.abs() <= uncertainty + 500 {
            return Self { uncertainty, ..Self::SHARED };
        }
        Self { fixed: None, offset, uncertainty }
    }

    /// The target's time.
    pub fn now(self) -> Timestamp {
        self.fixed.unwrap_or_else(|| Timestamp::from_millis(now().millis() + self.offset))
    }

    /// Whether it is fixed at one time.
    pub fn is_fixed(self) -> bool {
        self.fixed.is_some()
    }

    /// The offset in milliseconds.
    pub fn offset(self) -> i64 {
        self.offset
    }

    /// Whether the estimate is precise enough to tell on which side of the window's border a moment lies.
    pub fn separates(self, moment: &Moment) -> bool {
        match moment {
            Moment::BeyondPast(by)
            | Moment::WithinPast(by)
            | Moment::BeyondFuture(by)
            | Moment::WithinFuture(by) => i64::from(*by) * 1000 > self.uncertainty,
            Moment::Now | Moment::Offset(_) | Moment::Text(_) => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::time::http_date;
    use countersign_core::wire::{ByteString, Connection, Header};

    use super::*;

    fn answer(date: &str) -> Answer {
        let headers = vec![Header::new("Date", date)];
        Answer { status: 200, headers, body: ByteString::default(), connection: Connection::Reusable }
    }

    #[test]
    fn an_hour_of_skew_is_found_and_a_second_is_not_invented() {
        let at = Timestamp::from_millis(1_714_557_600_700);
        let skewed = Clock::estimate(&answer(&http_date(at.plus_seconds(3600))), at, at);
        assert!((skewed.offset() - 3_600_000).abs() <= 1000, "{skewed:?}");
        assert_eq!(Clock::estimate(&answer(&http_date(at)), at, at).offset(), 0);
        assert_eq!(Clock::estimate(&answer("soon"), at, at).offset(), 0);
    }

    #[test]
    fn a_border_nearer_than_the_uncertainty_is_not_separated() {
        let at = Timestamp::from_seconds(1_714_557_600);
        let slow = Clock::estimate(&answer(&http_date(at)), at, at.plus_seconds(60));
        assert!(!slow.separates(&Moment::BeyondPast(10)));
        assert!(slow.separates(&Moment::BeyondPast(60)));
    }
}
