//! Mutants that judge the age of a request wrongly (family D).
//!
//! Each type is named after what it breaks; the registry says which bug class it shows. A mutant must not know the cases.

use countersign_core::scheme::{Claims, ClockSpec, Field, InWindow, Refusal};
use countersign_core::time::{ClockUnit, Timestamp, parse_http_date};
use countersign_core::wire::Request;

use super::lenient_parsing;
use crate::reference::{Authentic, Halt, Reference, Reply, Setup, Steps};

/// Tests a time against the window of the scheme, like the reference.
fn within(clock: &ClockSpec, at: Timestamp, now: Timestamp) -> Result<(), Halt> {
    match clock.place(at, now) {
        InWindow::Within => Ok(()),
        InWindow::TooOld => Err(Refusal::Stale.into()),
        InWindow::TooFarAhead => Err(Refusal::Future.into()),
    }
}

/// Tests the claimed time, read in another way, against the window.
fn tested(
    setup: &Setup,
    claims: &Claims,
    now: Timestamp,
    read: impl FnOnce(&ClockSpec, &[u8]) -> Option<Timestamp>,
) -> Result<(), Halt> {
    let Some(clock) = &setup.scheme.file().clock else { return Ok(()) };
    let text = claims.timestamp.as_deref().ok_or(Refusal::MissingTimestamp)?;
    within(clock, read(clock, text).ok_or(Refusal::MalformedTimestamp)?, now)
}

/// Whether a unit is written as a number, and how many of it are a second.
fn per_second(unit: ClockUnit) -> Option<i64> {
    match unit {
        ClockUnit::Seconds => Some(1),
        ClockUnit::Milliseconds => Some(1000),
        ClockUnit::Rfc3339 | ClockUnit::Rfc1123 | ClockUnit::Iso8601Basic => None,
    }
}

/// Never looks at the timestamp.
#[derive(Debug, Default)]
pub struct TimestampIgnored;

impl Steps for TimestampIgnored {
    fn fresh(
        &self,
        _setup: &Setup,
        _request: &Request,
        _claims: &Claims,
        _now: Timestamp,
    ) -> Result<(), Halt> {
        Ok(())
    }

    fn unexpired(&self, _setup: &Setup, _request: &Request, _now: Timestamp) -> Result<(), Halt> {
        Ok(())
    }
}

/// Tests the age only if there is a timestamp.
#[derive(Debug, Default)]
pub struct MissingTimestampAccepted;

impl Steps for MissingTimestampAccepted {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        match Reference.read(setup, request) {
            Err(Halt::Refused(Refusal::MissingTimestamp)) => {
                Ok(lenient_parsing::read_filled(setup, request, Field::Timestamp)?)
            }
            other => other,
        }
    }

    fn read_body(&self, setup: &Setup, request: &Request, claims: &mut Claims) -> Result<(), Halt> {
        match Reference.read_body(setup, request, claims) {
            Err(Halt::Refused(Refusal::MissingTimestamp)) => Ok(()),
            other => other,
        }
    }

    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        match claims.timestamp.as_deref() {
            None | Some(b"") => Ok(()),
            Some(_) => Reference.fresh(setup, request, claims, now),
        }
    }
}

/// Tests the age of a time header that nobody signed.
#[derive(Debug, Default)]
pub struct UnsignedTimeTested;

impl Steps for UnsignedTimeTested {
    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        tested(setup, claims, now, |clock, text| {
            let date = request.value("Date").and_then(|date| parse_http_date(str::from_utf8(date).ok()?));
            let copy = ["X-Timestamp", "X-Request-Timestamp", "Timestamp"]
                .into_iter()
                .find_map(|name| clock.unit.parse(request.value(name)?));
            date.or(copy).or_else(|| clock.unit.parse(text))
        })
    }
}

/// Tests the past and not the future.
#[derive(Debug, Default)]
pub struct FutureNotTested;

impl Steps for FutureNotTested {
    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        match Reference.fresh(setup, request, claims, now) {
            Err(Halt::Refused(Refusal::Future)) => Ok(()),
            other => other,
        }
    }
}

/// Computes the age with numbers that may be not-a-number, which passes every test.
#[derive(Debug, Default)]
pub struct NotANumberPasses;

impl Steps for NotANumberPasses {
    fn fresh(&self, setup: &Setup, _request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let Some(clock) = &setup.scheme.file().clock else { return Ok(()) };
        let text = claims.timestamp.as_deref().ok_or(Refusal::MissingTimestamp)?;
        let seconds = match per_second(clock.unit) {
            Some(per_second) => {
                let number: Option<f64> = str::from_utf8(text).ok().and_then(|text| text.trim().parse().ok());
                number.map(|number| number / per_second as f64)
            }
            None => clock.unit.parse(text).map(|at| at.millis() as f64 / 1000.0),
        };
        let age = now.millis() as f64 / 1000.0 - seconds.unwrap_or(f64::NAN);
        if clock.past.is_some_and(|past| age > f64::from(past)) {
            return Err(Refusal::Stale.into());
        }
        if clock.future.is_some_and(|future| -age > f64::from(future)) {
            return Err(Refusal::Future.into());
        }
        Ok(())
    }
}

/// Reads every spelling of a number as a timestamp, signed as it is written or as the number is.
#[derive(Debug, Default)]
pub struct LaxNumberParsing;

/// Signs the timestamp as it is written.
struct Literal;

/// Signs the number that was read, canonically written.
struct Canonical;

/// The time that a lenient parser reads.
fn lax_time(clock: &ClockSpec, text: &[u8]) -> Option<Timestamp> {
    match per_second(clock.unit) {
        Some(per_second) => {
            Some(Timestamp::from_millis((lax_number(text)? * (1000 / per_second) as f64) as i64))
        }
        None => {
            let text = String::from_utf8_lossy(text).trim().to_uppercase().replace(' ', "T");
            clock.unit.parse(text.as_bytes())
        }
    }
}

impl Steps for LaxNumberParsing {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        Literal.check(setup, request, now).or_else(|_| Canonical.check(setup, request, now))
    }
}

impl Steps for Literal {
    fn fresh(&self, setup: &Setup, _request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        tested(setup, claims, now, lax_time)
    }
}

impl Steps for Canonical {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let mut claims = Reference.read(setup, request)?;
        if let (Some(clock), Some(text)) = (&setup.scheme.file().clock, claims.timestamp.as_mut()) {
            let at = lax_time(clock, text).ok_or(Refusal::MalformedTimestamp)?;
            *text = clock.unit.render(at).into();
        }
        Ok(claims)
    }
}

/// The number at the front of a text: blanks and underscores skipped, signs, leading zeros, digits
/// of other scripts, fractions, exponents and trailing text taken.
fn lax_number(text: &[u8]) -> Option<f64> {
    let digit = |letter: char| match letter {
        '\u{660}'..='\u{669}' => char::from_digit(letter as u32 - 0x660, 10),
        '\u{ff10}'..='\u{ff19}' => char::from_digit(letter as u32 - 0xff10, 10),
        '_' => None,
        other => Some(other),
    };
    let text: String = str::from_utf8(text).ok()?.trim().chars().filter_map(digit).collect();
    if let Some(hex) = text.strip_prefix("0x") {
        return i64::from_str_radix(hex, 16).ok().map(|number| number as f64);
    }
    let starts = text.trim_start_matches(['+', '-']).starts_with(|first: char| first.is_ascii_digit());
    let mut fronts = (1..=text.len()).rev().filter_map(|end| text.get(..end)?.parse().ok());
    fronts.find(|_| starts)
}

/// Computes the age in integers that wrap and saturate.
#[derive(Debug, Default)]
pub struct AgeOverflows;

impl Steps for AgeOverflows {
    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let Some((clock, per_second)) =
            setup.scheme.file().clock.as_ref().and_then(|clock| Some((clock, per_second(clock.unit)?)))
        else {
            return Reference.fresh(setup, request, claims, now);
        };
        let text = claims.timestamp.as_deref().ok_or(Refusal::MissingTimestamp)?;
        let number: Option<i128> = str::from_utf8(text).ok().and_then(|text| text.parse().ok());
        let at = number.ok_or(Refusal::MalformedTimestamp)? as i64;
        let passed = (now.millis() / (1000 / per_second)).wrapping_sub(at);
        let nanoseconds = passed.saturating_mul(1_000_000_000 / per_second);
        let limit = if nanoseconds >= 0 { clock.past } else { clock.future };
        if limit.is_some_and(|limit| nanoseconds.wrapping_abs() > i64::from(limit) * 1_000_000_000) {
            return Err(Refusal::Stale.into());
        }
        Ok(())
    }
}

/// Throws on a timestamp that it cannot read.
#[derive(Debug, Default)]
pub struct ThrowsOnBadTimestamp;

impl Steps for ThrowsOnBadTimestamp {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        let claims = Reference.read(setup, request)?;
        match (&setup.scheme.file().clock, &claims.timestamp) {
            (Some(clock), Some(text)) if clock.unit.parse(text).is_none() => Err(Halt::Broken("no number")),
            _ => Ok(claims),
        }
    }

    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        match Reference.fresh(setup, request, claims, now) {
            Err(Halt::Refused(Refusal::MalformedTimestamp)) => Err(Halt::Broken("no number")),
            other => other,
        }
    }
}

/// Guesses from its size whether a timestamp is in seconds or milliseconds.
#[derive(Debug, Default)]
pub struct UnitGuessed;

impl Steps for UnitGuessed {
    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let unit = setup.scheme.file().clock.as_ref().map(|clock| clock.unit);
        if unit.and_then(per_second).is_none() {
            return Reference.fresh(setup, request, claims, now);
        }
        tested(setup, claims, now, |_, text| {
            let number = ClockUnit::Milliseconds.parse(text)?.millis();
            Some(if number > 100_000_000_000 {
                Timestamp::from_millis(number)
            } else {
                Timestamp::from_seconds(number)
            })
        })
    }
}

/// Has a window of twice the width.
#[derive(Debug, Default)]
pub struct WindowTwiceAsWide;

impl Steps for WindowTwiceAsWide {
    fn fresh(&self, setup: &Setup, _request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let Some(clock) = &setup.scheme.file().clock else { return Ok(()) };
        let twice = |limit: Option<u32>| limit.map(|limit| limit * 2);
        let wide = ClockSpec { unit: clock.unit, past: twice(clock.past), future: twice(clock.future) };
        let text = claims.timestamp.as_deref().ok_or(Refusal::MissingTimestamp)?;
        within(&wide, wide.unit.parse(text).ok_or(Refusal::MalformedTimestamp)?, now)
    }
}

/// Signs one of several timestamps and tests another.
#[derive(Debug, Default)]
pub struct OtherTimestampTested;

/// Signs the timestamp with this number, and is content with the age of any.
struct Signs(usize);

impl Steps for OtherTimestampTested {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut answer = Reference.check(setup, request, now);
        for n in 0..lenient_parsing::all(setup, request, Field::Timestamp).len() {
            answer = answer.or_else(|_| Signs(n).check(setup, request, now));
        }
        answer
    }
}

impl Steps for Signs {
    fn read(&self, setup: &Setup, request: &Request) -> Result<Claims, Halt> {
        Reference.read(setup, &lenient_parsing::only_nth(setup, request, Field::Timestamp, self.0))
    }

    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let mut answer = Reference.fresh(setup, request, claims, now);
        for timestamp in lenient_parsing::all(setup, request, Field::Timestamp) {
            let other = Claims { timestamp: Some(timestamp.into()), ..claims.clone() };
            answer = answer.or_else(|_| Reference.fresh(setup, request, &other, now));
        }
        answer
    }
}

/// Reads the digits of a calendar time and not the zone behind them.
#[derive(Debug, Default)]
pub struct TimeZoneIgnored;

impl Steps for TimeZoneIgnored {
    fn fresh(&self, setup: &Setup, _request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        tested(setup, claims, now, |clock, text| match clock.unit {
            ClockUnit::Rfc3339 => clock.unit.parse(&[text.get(..19)?, b"Z"].concat()),
            ClockUnit::Rfc1123 => clock.unit.parse(&[text.get(..25)?, b" GMT"].concat()),
            ClockUnit::Seconds | ClockUnit::Milliseconds | ClockUnit::Iso8601Basic => clock.unit.parse(text),
        })
    }
}

/// Tests the age before the tag, and tells the two refusals apart.
#[derive(Debug, Default)]
pub struct AgeTestedBeforeTag;

impl Steps for AgeTestedBeforeTag {
    fn admit(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<(), Halt> {
        let read = Reference.read(setup, request).and_then(|mut claims| {
            Reference.read_body(setup, request, &mut claims)?;
            Ok(claims)
        });
        match read {
            Ok(claims) if claims.timestamp.is_some() => Reference.fresh(setup, request, &claims, now),
            _ => Ok(()),
        }
    }

    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Refused(Refusal::Stale | Refusal::Future) => 403,
            other => Reference.status(other),
        }
    }
}
