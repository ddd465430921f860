//! Parses the durations and contrasts of `timing`.
//!
//! The type to know is [`Contrasts`]. It must not know how a contrast is measured.

use countersign::timing::Contrast;

/// Parses `5ns`, `0.1us` or `2ms` into nanoseconds.
pub(crate) fn nanoseconds(text: &str) -> Result<f64, String> {
    let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    let found = units.iter().find_map(|(unit, nanos)| Some((text.strip_suffix(unit)?, nanos)));
    let number = found.and_then(|(number, nanos)| Some(number.trim().parse::<f64>().ok()? * nanos));
    match number {
        Some(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("write a time with its unit: 5ns, 0.1us, 2ms".to_owned()),
    }
}

/// What one value of `--contrast` stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contrasts {
    /// One comparison.
    One(Contrast),
    /// Several positions along the tag.
    Ladder,
}

/// Parses a value of `--contrast`.
pub(crate) fn contrast(text: &str) -> Result<Contrasts, String> {
    let named = Contrast::NAMED.iter().find(|(name, _, _)| *name == text).map(|(_, contrast, _)| *contrast);
    let at = || text.strip_prefix("mismatch-at:")?.parse().ok().map(Contrast::MismatchAt);
    match named.or_else(at) {
        Some(contrast) => Ok(Contrasts::One(contrast)),
        None if text == "ladder" => Ok(Contrasts::Ladder),
        None => {
            let names: Vec<&str> = Contrast::NAMED.iter().map(|(name, _, _)| *name).collect();
            Err(format!("known are {}, mismatch-at:POSITION and ladder", names.join(", ")))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_with_their_unit() {
        assert_eq!(nanoseconds("5ns"), Ok(5.0));
        assert_eq!(nanoseconds("0.5 us"), Ok(500.0));
        for bad in ["5", "-1ns", "ns", "1e400s", "five ns", ""] {
            assert!(nanoseconds(bad).is_err(), "{bad}");
        }
    }
}
