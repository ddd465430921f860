//! Points in time relative to the verifier's clock and the scheme's window.
//!
//! The type to know is [`Moment`]. It must not know whether a signature or a tamper asks for one.

use serde::{Deserialize, Serialize};

use crate::scheme::ClockSpec;
use crate::time::{ClockUnit, Timestamp};
use crate::wire::ByteString;

/// When a request claims to have been signed.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Moment {
    /// Now, in canonical form.
    #[default]
    Now,
    /// Seconds from now; negative is the past.
    Offset(i64),
    /// This many seconds older than the window allows.
    BeyondPast(u32),
    /// This many seconds younger than the oldest allowed.
    WithinPast(u32),
    /// This many seconds further ahead than the window allows.
    BeyondFuture(u32),
    /// This many seconds nearer than the furthest allowed.
    WithinFuture(u32),
    /// A literal text; `{now}` stands for now in the scheme's form, `{seconds}`, `{millis}` and
    /// `{rfc3339}` for now in those forms, `{wall}` for the last without its zone.
    Text(String),
}

impl Moment {
    /// The text of the timestamp; `None` if the scheme has no window on the side that is asked for.
    pub fn render(&self, now: Timestamp, clock: &ClockSpec) -> Option<ByteString> {
        let plain = |at: Timestamp| match clock.unit {
            ClockUnit::Seconds => ByteString::decimal(at.seconds()),
            ClockUnit::Milliseconds => ByteString::decimal(at.millis()),
            unit => unit.render(at).into(),
        };
        Some(match self {
            Self::Now => plain(now),
            Self::Offset(seconds) => plain(now.plus_seconds(*seconds)),
            Self::BeyondPast(by) => plain(clock.oldest(now)?.plus_seconds(-i64::from(*by))),
            Self::WithinPast(by) => plain(clock.oldest(now)?.plus_seconds(i64::from(*by)).min(now)),
            Self::BeyondFuture(by) => plain(clock.latest(now)?.plus_seconds(i64::from(*by))),
            Self::WithinFuture(by) => plain(clock.latest(now)?.plus_seconds(-i64::from(*by)).max(now)),
            Self::Text(text) if !text.contains('{') => text.as_str().into(),
            Self::Text(text) => text
                .replace("{now}", &clock.unit.render(now))
                .replace("{seconds}", &now.seconds().to_string())
                .replace("{millis}", &now.millis().to_string())
                .replace("{rfc3339}", &ClockUnit::Rfc3339.render(now))
                .replace("{wall}", ClockUnit::Rfc3339.render(now).trim_end_matches('Z'))
                .into(),
        })
    }
}
