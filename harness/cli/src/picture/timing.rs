//! The pictures of a report on timings.

use countersign_timing::statistics::{Checkpoint, Effect, Finding, Report, nanos};

use super::axis::Axis;
use super::{Layer, Look, Picture, Shape};

/// Evidence below this is drawn at the edge, and so is what is so many times as large as it must be: it could be
/// thousands of digits long.
const LEAST: f64 = -2.0;
const PLENTY: f64 = 3.0;

/// The effects at several positions in the tag; none if fewer than two were compared.
pub(super) fn ladder(report: &Report) -> Option<Picture> {
    let rung = |finding: &Finding| Some((f64::from(finding.position?), finding.effect));
    let mut rungs: Vec<(f64, Effect)> = report.findings.iter().filter_map(rung).collect();
    if rungs.len() < 2 {
        return None;
    }
    rungs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let resolution =
        report.findings.iter().filter(|one| one.position.is_some()).find_map(|one| one.resolution);
    let ends = |effect: &Effect| [effect.low, Some(effect.estimate), effect.high];
    let seen = rungs.iter().flat_map(|(_, effect)| ends(effect)).flatten();
    let y = around(seen.chain(limits(resolution)), "slower by, in {unit}");
    let last = rungs.last().map_or(0.0, |rung| rung.0);
    let bars = rungs.iter().map(|(position, effect)| {
        [*position, effect.low.unwrap_or(f64::NEG_INFINITY), effect.high.unwrap_or(f64::INFINITY)]
    });
    let mut layers = lines(resolution);
    layers.push(Layer::new("what is possible", Look::Band, Shape::Bars(bars.collect())));
    let dots = rungs.iter().map(|(position, effect)| [*position, effect.estimate]).collect();
    layers.push(Layer::new("most likely", Look::Value, Shape::Dots(dots)));
    let words = rungs.iter().map(|(position, effect)| format!("position {position}: {effect}"));
    Some(Picture {
        title: "Effect along the tag".to_owned(),
        about: format!(
            "By how much longer it takes to refuse a tag that is wrong from a position on than one that is wrong from its first \
             character on. {}.",
            words.collect::<Vec<_>>().join("; ")
        ),
        x: Axis::linear("position of the first wrong character", 0.0, last + 1.0),
        y,
        layers,
    })
}

/// The differences of quantiles; none without timings of both classes.
pub(super) fn profile(finding: &Finding) -> Option<Picture> {
    let quantiles = &finding.profile.quantiles;
    let middle = quantiles.iter().find(|quantile| quantile.percent == 50)?;
    // The slowest calls differ by much more than a leak, by chance: they must not make all else flat.
    let widths = quantiles.iter().filter_map(|quantile| Some(quantile.high? - quantile.low?));
    let width = ranked(widths.collect(), 0.5);
    let usual = ranked(quantiles.iter().map(|quantile| quantile.difference.abs()).collect(), 0.75);
    let most = 2.0 * usual.max(width);
    let seen = quantiles.iter().map(|quantile| quantile.difference.clamp(-most, most));
    let y = around(seen.chain([-width, width]).chain(limits(finding.resolution)), "difference in {unit}");
    let area = quantiles.iter().map(|quantile| {
        let (low, high) = (quantile.low.unwrap_or(f64::NEG_INFINITY), quantile.high.unwrap_or(f64::INFINITY));
        [f64::from(quantile.percent), low, high]
    });
    let level = finding.profile.level * 100.0;
    let name = format!("band that holds all of them in {level:.0} % of runs, if calls are independent");
    let mut layers = vec![Layer::new(name, Look::Band, Shape::Area(area.collect()))];
    layers.extend(lines(finding.resolution));
    let curve = quantiles.iter().map(|quantile| [f64::from(quantile.percent), quantile.difference]).collect();
    layers.push(Layer::new("second class less first", Look::Value, Shape::Curve(curve)));
    let tail = quantiles.last()?;
    Some(Picture {
        title: "Difference of quantiles".to_owned(),
        about: format!(
            "By how much calls of the second class are slower than those of the first with the same rank: {} in the middle, \
             {} at {} %.",
            nanos(middle.difference),
            nanos(tail.difference),
            tail.percent
        ),
        x: Axis::linear("quantile in %", 0.0, 100.0),
        y,
        layers,
    })
}

/// Evidence over calls; none before the first.
pub(super) fn evidence(finding: &Finding) -> Option<Picture> {
    let history = &finding.history;
    let last = history.checkpoints.last()?;
    let curve = |value: fn(&Checkpoint) -> Option<f64>| -> Vec<[f64; 2]> {
        let point = |checkpoint: &Checkpoint| Some([checkpoint.timings as f64, value(checkpoint)?]);
        history.checkpoints.iter().filter_map(point).collect()
    };
    let (leak, not_slower, not_faster) = (
        curve(|checkpoint| Some(checkpoint.leak)),
        curve(|checkpoint| checkpoint.not_slower),
        curve(|checkpoint| checkpoint.not_faster),
    );
    let most = [&leak, &not_slower, &not_faster].into_iter().flatten().map(|point| point[1]);
    let certain = history.leak_certain.max(history.clean_certain);
    let high = most.fold(certain, f64::max).min(certain * PLENTY) + 0.5;
    let mut layers = vec![Layer::new(
        format!("a leak is certain (10^{:.1})", history.leak_certain),
        Look::Limit,
        Shape::Levels(vec![history.leak_certain]),
    )];
    if let Some(resolution) = finding.resolution {
        let certain = history.clean_certain;
        layers.extend([
            Layer::new(
                format!("no difference of {} is certain (10^{certain:.1}, both ways)", nanos(resolution)),
                Look::OtherLimit,
                Shape::Levels(vec![certain]),
            ),
            Layer::new("second class is not slower by that", Look::Slower, Shape::Curve(not_slower)),
            Layer::new("second class is not faster by that", Look::Faster, Shape::Curve(not_faster)),
        ]);
    }
    layers.push(Layer::new("classes can be told apart", Look::Value, Shape::Curve(leak)));
    let found = match finding.found {
        Some(timings) => format!("which was enough after {timings} timings"),
        None => format!("of 10^{:.1} that are needed", history.leak_certain),
    };
    Some(Picture {
        title: "Evidence over calls".to_owned(),
        about: format!(
            "Evidence that the classes can be told apart: 10^{:.1} after {} timings, {found}.",
            last.leak, last.timings
        ),
        x: Axis::logarithmic("timings", last.timings as f64),
        y: Axis::linear("evidence, power of 10", LEAST, high),
        layers,
    })
}

/// The value below which this share of all lies; 0 of none.
fn ranked(mut values: Vec<f64>, share: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get((values.len() as f64 * share) as usize).copied().unwrap_or_default()
}

/// No difference, and differences that are tolerated.
fn lines(resolution: Option<f64>) -> Vec<Layer> {
    let mut layers = vec![Layer::new("no difference", Look::Zero, Shape::Levels(vec![0.0]))];
    if let Some(resolution) = resolution {
        let name = format!("resolution: {}", nanos(resolution));
        layers.push(Layer::new(name, Look::Limit, Shape::Levels(limits(Some(resolution)).collect())));
    }
    layers
}

fn limits(resolution: Option<f64>) -> impl Iterator<Item = f64> {
    resolution.into_iter().flat_map(|resolution| [-resolution, resolution])
}

/// An axis that shows these times, and none.
fn around(values: impl Iterator<Item = f64>, label: &str) -> Axis {
    let (low, high) = values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
    let room = (high - low).max(1.0) * 0.08;
    Axis::nanos(label, low - room, high + room)
}
