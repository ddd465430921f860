//! Points in time as values, and how schemes write them.
//!
//! The type to know is [`Timestamp`]. Nothing here reads a clock: `now` is always given.

use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Timestamp(i64);

impl Timestamp {
    /// From whole seconds since the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// From milliseconds since the epoch.
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Whole seconds since the epoch, rounded down.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This point moved by a number of seconds, stopping at the ends of the range.
    #[must_use]
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// ISO 8601 in UTC with milliseconds, as logs and reports print it.
    pub fn iso8601(self) -> String {
        format!("{:.3}", self.jiff())
    }

    fn jiff(self) -> jiff::Timestamp {
        let (first, last) =
            (jiff::Timestamp::MIN.as_second() * 1000, jiff::Timestamp::MAX.as_second() * 1000);
        let clamped = self.0.clamp(first, last);
        jiff::Timestamp::from_millisecond(clamped).expect("clamped to the range of the calendar")
    }
}

/// How a scheme writes a timestamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ClockUnit {
    /// Decimal seconds since the epoch.
    Seconds,
    /// Decimal milliseconds since the epoch.
    Milliseconds,
    /// `2024-05-01T10:00:00Z` (RFC 3339, UTC).
    Rfc3339,
    /// `Wed, 01 May 2024 10:00:00 GMT` (the preferred form of RFC 9110, section 5.6.7).
    Rfc1123,
    /// `20240501T100000Z` (ISO 8601, basic format, UTC).
    Iso8601Basic,
}

impl ClockUnit {
    /// Writes a point in time in the scheme's own, canonical form.
    pub fn render(self, at: Timestamp) -> String {
        match self {
            Self::Seconds => at.seconds().to_string(),
            Self::Milliseconds => at.millis().to_string(),
            Self::Rfc3339 => format!("{:.0}", at.jiff()),
            Self::Rfc1123 => http_date(at),
            Self::Iso8601Basic => format!("{:.0}", at.jiff()).replace(['-', ':'], ""),
        }
    }

    /// Reads the canonical form, and only that: no sign, no leading zero, no white space.
    pub fn parse(self, text: &[u8]) -> Option<Timestamp> {
        let text = std::str::from_utf8(text).ok()?;
        match self {
            Self::Seconds => decimal(text)?.checked_mul(1000).map(Timestamp),
            Self::Milliseconds => decimal(text).map(Timestamp),
            Self::Rfc3339 => rfc3339(text),
            Self::Rfc1123 => {
                let at = parse_http_date(text)?;
                (http_date(at) == text).then_some(at)
            }
            Self::Iso8601Basic => {
                let (date, time) = text.split_at_checked(8)?;
                let time = time.strip_prefix('T')?.strip_suffix('Z')?;
                let digits =
                    time.len() == 6 && [date, time].iter().all(|t| t.bytes().all(|b| b.is_ascii_digit()));
                let extended = digits.then(|| {
                    let (year, month, day) = (&date[..4], &date[4..6], &date[6..]);
                    format!("{year}-{month}-{day}T{}:{}:{}Z", &time[..2], &time[2..4], &time[4..])
                })?;
                let at = rfc3339(&extended)?;
                (self.render(at) == text).then_some(at)
            }
        }
    }
}

fn decimal(text: &str) -> Option<i64> {
    let canonical = text == "0" || !text.starts_with('0');
    (canonical && !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// RFC 3339 with `T`, optional fraction, and `Z` or a numeric offset.
fn rfc3339(text: &str) -> Option<Timestamp> {
    let strict = text.len() >= 20
        && text.as_bytes()[10] == b'T'
        && text.bytes().all(|b| b.is_ascii_digit() || b"-:T.Z+".contains(&b));
    let at: jiff::Timestamp = strict.then(|| text.parse().ok())??;
    Some(Timestamp(at.as_millisecond()))
}

/// Writes an HTTP date: `Wed, 01 May 2024 10:00:00 GMT`.
pub fn http_date(at: Timestamp) -> String {
    jiff::fmt::rfc2822::DateTimePrinter::new()
        .timestamp_to_rfc9110_string(&at.jiff())
        .unwrap_or_else(|_| at.iso8601())
}

/// Reads an HTTP date, as found in a `Date` header.
pub fn parse_http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(Timestamp(zoned.as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNITS: [ClockUnit; 5] = [
        ClockUnit::Seconds,
        ClockUnit::Milliseconds,
        ClockUnit::Rfc3339,
        ClockUnit::Rfc1123,
        ClockUnit::Iso8601Basic,
    ];

    #[test]
    fn every_unit_reads_back_what_it_writes() {
        let at = Timestamp::from_seconds(1_714_557_600);
        for unit in UNITS {
            assert_eq!(unit.parse(unit.render(at).as_bytes()), Some(at), "{unit:?}");
        }
        assert_eq!(ClockUnit::Rfc3339.render(at), "2024-05-01T10:00:00Z");
        assert_eq!(ClockUnit::Rfc1123.render(at), "Wed, 01 May 2024 10:00:00 GMT");
        assert_eq!(ClockUnit::Iso8601Basic.render(at), "20240501T100000Z");
        for text in
            ["20240501T100000", "20240501T1000Z", "2024-05-01T10:00:00Z", "20240501t100000Z", "é0240501T"]
        {
            assert_eq!(ClockUnit::Iso8601Basic.parse(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn lax_spellings_of_a_number_are_not_timestamps() {
        for text in ["", " 5", "5 ", "+5", "05", "-5", "5.0", "5e0", "0x5", "1_0", "NaN", "٥", "5\n"] {
            assert_eq!(ClockUnit::Seconds.parse(text.as_bytes()), None, "{text:?}");
        }
    }

    #[test]
    fn numbers_beyond_the_range_are_refused_and_do_not_wrap() {
        for text in ["9223372036854775807", "9223372036854775808", "18446744073709551616", &"9".repeat(400)] {
            assert_eq!(ClockUnit::Seconds.parse(text.as_bytes()), None, "{text}");
        }
        assert!(
            ClockUnit::Seconds.parse(b"99999999999").is_some(),
            "year 5138 is a number; the window refuses it"
        );
    }

    #[test]
    fn times_beyond_the_calendar_are_written_as_its_ends() {
        for millis in [i64::MIN, i64::MAX, 253_402_207_200_999] {
            let at = Timestamp::from_millis(millis);
            assert!(UNITS.into_iter().all(|unit| !unit.render(at).is_empty()) && !at.iso8601().is_empty());
        }
    }

    #[test]
    fn iso8601_carries_date_time_and_zone() {
        assert_eq!(Timestamp::from_millis(1_714_557_600_042).iso8601(), "2024-05-01T10:00:00.042Z");
    }
}
