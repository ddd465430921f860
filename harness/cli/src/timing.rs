//! `countersign timing`.

use std::path::Path;
use std::time::Duration;

use countersign_core::observe::{Observation, Outcome};
use countersign_core::report::printable_json;
use countersign_core::timing::{Comparison, Controls, Finding, Limits, Recording, Report, Word};
use flate2::read::MultiGzDecoder;
use tokio::runtime::Handle;

use super::args::{TimingArgs, TimingFormat};
use super::exact;
use super::plan::Plan;
use super::signals::{self, First};
use crate::bounded;
use crate::exit::{Exit, Failed};
use crate::picture;
use crate::progress::Meter;
use countersign::run::Session;
use countersign::timing::{self, Alone, Asked, Budget, Contrast, Observer, Standing, Stop, Way};

/// The longest recording that is read, after it was decompressed.
const MAX_RECORDING: usize = 256 << 20;

/// Time that a measurement takes at most, if nothing else is said.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Measures a target, or judges a recording.
pub(crate) fn timing(args: &TimingArgs) -> Result<Exit, Failed> {
    if args.instructions || args.taint {
        return exact::exact(args);
    }
    let report = match &args.recording {
        Some(path) => recorded(path, args)?,
        None => measured(args)?,
    };
    super::print(&match args.format {
        TimingFormat::Terminal => picture::terminal(&report),
        TimingFormat::Html => picture::html(&report),
        TimingFormat::Json => {
            let json = serde_json::to_vec_pretty(&report).map_err(std::io::Error::other);
            let json = json.and_then(printable_json).expect("texts and numbers can be written");
            format!("{}\n", String::from_utf8_lossy(&json))
        }
    })?;
    Ok(exit(report.verdict))
}

/// How the command ends.
pub(crate) fn exit(verdict: Word) -> Exit {
    match verdict {
        Word::Leak => Exit::Findings,
        Word::NoLeak => Exit::Conformant,
        Word::Inconclusive => Exit::Inconclusive,
    }
}

fn recorded(path: &Path, args: &TimingArgs) -> Result<Report, Failed> {
    let recording = read(path, args.unit)?;
    if recording.timings.is_empty() {
        let help = "each call is a line `label,timing`, with the label X or Y";
        return Err(Failed::usage_help(format!("{} holds no timing", path.display()), help));
    }
    let limits = Limits { resolution: args.resolution, step: recording.step(), ..Limits::default() };
    let mut comparison = Comparison::new(limits, 0);
    recording.timings.iter().for_each(|&(label, timing)| comparison.push(label, timing));
    let name = path.display().to_string();
    let finding = match recording.is_random() {
        true => Finding::new("recorded timings", &comparison, &Controls::default(), 1, &recording),
        false => Finding::uncertifiable("recorded timings", &recording, &comparison),
    };
    Ok(Report::new(name, vec![finding]))
}

fn measured(args: &TimingArgs) -> Result<Report, Failed> {
    let plan = Plan::new(&args.target, &[])?;
    let [named] = &plan.schemes[..] else {
        return Err(Failed::usage_help("one scheme is measured at a time", "name it with --scheme"));
    };
    let way = if args.pairs { Way::Pairs } else { Way::OneByOne };
    let alone = Alone::prepare();
    match (way, &alone) {
        // Of two answers the second is late by what the server does meanwhile: it needs a processor of its own.
        (Way::Pairs, Some(alone)) => alone.keep_free(),
        (Way::OneByOne, _) => timing::stay(),
        (Way::Pairs, None) => {}
    }
    let cannot_start = |error| Failed::usage(format!("error: the runtime cannot start: {error}"));
    let services = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    signals::watch(First::Ends)?;
    let mut session = services.block_on(plan.start(named, 1))?;
    session.target.set_oracle(plan.oracle.clone());
    let opening = match way {
        Way::OneByOne => Some(services.block_on(session.open()).observation),
        // It need not speak HTTP/1.1: the control goes the way of the measurement.
        Way::Pairs => None,
    };
    if let (Way::Pairs, Some(alone)) = (way, &alone) {
        alone.stay();
    }
    let measured = match opening {
        None | Some(Observation { outcome: Outcome::Accepted, .. }) => {
            compared(&session, &plan, args, services.handle())
        }
        Some(Observation { outcome: other, detail, .. }) => {
            let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            Err(inconclusive(format!("a valid request was not accepted but {other}{detail}")))
        }
    };
    services.block_on(session.target.shutdown());
    services.shutdown_timeout(Duration::from_millis(100));
    Ok(Report::new(plan.target.name(), measured?))
}

/// All comparisons that were asked for, one after the other.
fn compared(
    session: &Session,
    plan: &Plan,
    args: &TimingArgs,
    handle: &Handle,
) -> Result<Vec<Finding>, Failed> {
    let mut contrasts = Vec::new();
    for wanted in &args.contrast {
        match wanted {
            Contrasts::One(contrast) => contrasts.push(*contrast),
            Contrasts::Ladder => contrasts.extend(timing::ladder(session).map_err(inconclusive)?),
        }
    }
    if args.save.is_some() && contrasts.len() > 1 {
        return Err(Failed::usage_help("--save takes the timings of one comparison", "give one --contrast"));
    }
    let comparisons = contrasts.len() as u32;
    let way = if args.pairs { Way::Pairs } else { Way::OneByOne };
    let mut findings = Vec::new();
    for (place, contrast) in contrasts.into_iter().enumerate() {
        let time = plan.max_time.unwrap_or(MAX_TIME) / comparisons;
        let budget = Budget { calls: args.max_calls, time, stop: Stop::AtVerdict };
        let asked =
            Asked { way, contrast, resolution: args.resolution, budget, comparisons, seed: args.target.seed };
        let meter = Meter::new(place + 1, comparisons as usize);
        let mut show = |standing: &Standing| meter.show(standing);
        let observer: Observer<'_> = if meter.is_shown() { Some(&mut show) } else { None };
        let measured = timing::target(session, &asked, handle, observer).map_err(inconclusive)?;
        if let Some(path) = &args.save {
            std::fs::write(path, measured.recording().to_text()).map_err(|error| {
                Failed::usage_help(format!("{} cannot be written: {error}", path.display()), "check --save")
            })?;
        }
        findings.push(measured.finding().clone());
    }
    Ok(findings)
}

pub(crate) fn inconclusive(why: impl std::fmt::Display) -> Failed {
    Failed { exit: Exit::Inconclusive, message: format!("error: {why}") }
}

fn read(path: &Path, unit: Option<f64>) -> Result<Recording, Failed> {
    let unreadable = |error: std::io::Error| {
        Failed::usage_help(format!("{}: {error}", path.display()), "name a file with recorded timings")
    };
    let mut bytes = bounded::read_file(path, MAX_RECORDING).map_err(unreadable)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = bounded::read(MultiGzDecoder::new(&bytes[..]), MAX_RECORDING).map_err(unreadable)?;
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failed::usage_help(format!("{} is not UTF-8", path.display()), "a recording is a table of text")
    })?;
    let text = match unit {
        Some(unit) => format!("# unit: {unit} ns\n{text}"),
        None => text,
    };
    Recording::parse(&text).map_err(|mut bad| {
        bad.line -= usize::from(unit.is_some()).min(bad.line - 1);
        Failed::usage(format!("error: {}: {bad}", path.display()))
    })
}

/// `5ns`, `0.1us`, `2ms` as nanoseconds.
pub(crate) fn nanoseconds(text: &str) -> Result<f64, String> {
    let units = [("ns", 1.0), ("us", 1e3), ("µs", 1e3), ("ms", 1e6), ("s", 1e9)];
    let found = units.iter().find_map(|(unit, nanos)| Some((text.strip_suffix(unit)?, nanos)));
    let number = found.and_then(|(number, nanos)| Some(number.trim().parse::<f64>().ok()? * nanos));
    match number {
        Some(number) if number > 0.0 && number.is_finite() => Ok(number),
        _ => Err("a time is written with its unit: 5ns, 0.1us, 2ms".to_owned()),
    }
}

/// What can be asked for under one name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contrasts {
    /// One comparison.
    One(Contrast),
    /// Places all along the tag.
    Ladder,
}

/// The name of a contrast.
pub(crate) fn contrast(text: &str) -> Result<Contrasts, String> {
    let named = Contrast::NAMED.iter().find(|(name, _, _)| *name == text).map(|(_, contrast, _)| *contrast);
    let at = || text.strip_prefix("mismatch-at:")?.parse().ok().map(Contrast::MismatchAt);
    match named.or_else(at) {
        Some(contrast) => Ok(Contrasts::One(contrast)),
        None if text == "ladder" => Ok(Contrasts::Ladder),
        None => {
            let names: Vec<&str> = Contrast::NAMED.iter().map(|(name, _, _)| *name).collect();
            Err(format!("known are {}, mismatch-at:PLACE and ladder", names.join(", ")))
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
