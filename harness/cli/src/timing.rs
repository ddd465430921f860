//! `countersign timing`.

mod exact;
mod options;
mod recorded;

use std::time::Duration;

use countersign_core::observe::{Observation, Outcome};
use countersign_core::report::{printable, printable_json};
use countersign_timing::statistics::{Finding, Report, VerdictKind};

use super::args::TimingArgs;
use super::contrasts::Contrasts;
use super::output::{self, Known, TERMINAL};
use super::plan::Plan;
use super::signals::{self, OnInterrupt};
use crate::exit::{Exit, Failed};
use crate::picture;
use crate::progress::Meter;
use countersign::run::Session;
use countersign::timing::{
    self, Budget, Contrast, MeasureOptions, Observer, ProgressUpdate, ReservedCpu, Stop, Technique, Timing,
};
use options::Kind;

/// Time that a measurement takes at most by default.
const MAX_TIME: Duration = Duration::from_secs(60);

/// Calls at most by default, without those of controls.
const MAX_CALLS: u64 = 1_000_000;

/// How the result is written: for people, as one document for programs, or as one page with pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Terminal,
    Json,
    Html,
}

const FORMATS: Known<'static, Format> =
    &[(TERMINAL, Format::Terminal), ("json", Format::Json), ("html", Format::Html)];

/// Measures a target, or judges a recording.
pub(crate) fn timing(args: &TimingArgs) -> Result<Exit, Failed> {
    let kind = options::check(args)?;
    if matches!(kind, Kind::Instructions | Kind::Taint) {
        return exact::exact(args);
    }
    let outputs = output::open(&args.format, FORMATS)?;
    let report = match &args.recording {
        Some(path) => recorded::recorded(path, args)?,
        None => measured(args, kind)?,
    };
    for output in outputs {
        let text = match output.kind {
            Format::Terminal => terminal(&report, args),
            Format::Html => picture::html(&report),
            Format::Json => {
                let json = serde_json::to_vec_pretty(&report).map_err(std::io::Error::other);
                let json = json.and_then(printable_json).expect("texts and numbers can be written");
                format!("{}\n", String::from_utf8_lossy(&json))
            }
        };
        output.write(&text)?;
    }
    Ok(exit(report.verdict))
}

/// The verdict first, and the pictures last, if they were asked for.
fn terminal(report: &Report, args: &TimingArgs) -> String {
    let pictures = if args.verbose { picture::terminal(report) } else { String::new() };
    format!("{}: {}\n{report}{pictures}", printable(&report.target), report.conclusion())
}

/// How the command ends.
pub(crate) fn exit(verdict: VerdictKind) -> Exit {
    match verdict {
        VerdictKind::Leak => Exit::Findings,
        VerdictKind::NoLeak => Exit::Conformant,
        VerdictKind::Inconclusive => Exit::Inconclusive,
    }
}

fn measured(args: &TimingArgs, kind: Kind) -> Result<Report, Failed> {
    let plan = Plan::new(&args.target, &[])?;
    let [named] = &plan.schemes[..] else {
        return Err(Failed::usage_help("one scheme is measured at a time", "name it with --scheme"));
    };
    let technique = if args.pairs { Technique::Pairs } else { Technique::OneByOne };
    let cpu = ReservedCpu::choose();
    match (technique, &cpu) {
        // The second of two answers is late by what the server does meanwhile: it needs a CPU of its own.
        (Technique::Pairs, Some(cpu)) => cpu.avoid(),
        (Technique::OneByOne, _) => timing::pin_to_one_cpu(),
        (Technique::Pairs, None) => {}
    }
    let cannot_start = |error| Failed::usage(format!("error: the runtime cannot start: {error}"));
    let services = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    signals::watch(OnInterrupt::Exit)?;
    let mut session = services.block_on(plan.start(named, 1))?;
    session.target.set_oracle(plan.oracle.clone());
    let opening = match technique {
        Technique::OneByOne => Some(services.block_on(session.open()).observation),
        // It need not speak HTTP/1.1: the control is sent as the measurement is.
        Technique::Pairs => None,
    };
    if let (Technique::Pairs, Some(cpu)) = (technique, &cpu) {
        cpu.pin();
    }
    let steps = plan.target.steps()?;
    let mut measure = |options: &MeasureOptions, observer: Observer<'_>| match &steps {
        Some(steps) => timing::in_process(&session, &**steps, options, observer),
        None => timing::target(&session, options, services.handle(), observer),
    };
    let measured = match opening {
        None | Some(Observation { outcome: Outcome::Accepted, .. }) => {
            contrasts(&session, args).and_then(|contrasts| compared(&contrasts, &plan, args, &mut measure))
        }
        Some(Observation { outcome: other, detail, .. }) => {
            let detail = detail.map(|detail| format!(": {detail}")).unwrap_or_default();
            Err(inconclusive(format!("a valid request was not accepted but {other}{detail}")))
        }
    };
    services.block_on(session.target.shutdown());
    services.shutdown_timeout(Duration::from_millis(100));
    let name = match kind {
        Kind::InProcess => format!("{} (called in this process, without a socket)", plan.target.name()),
        _ => plan.target.name(),
    };
    Ok(Report::new(name, measured?))
}

/// The comparisons that were asked for.
fn contrasts(session: &Session, args: &TimingArgs) -> Result<Vec<Contrast>, Failed> {
    if args.contrast.is_empty() {
        return Ok(vec![Contrast::Mismatch]);
    }
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
    Ok(contrasts)
}

/// All comparisons, one after the other.
fn compared(
    contrasts: &[Contrast],
    plan: &Plan,
    args: &TimingArgs,
    measure: &mut dyn FnMut(&MeasureOptions, Observer<'_>) -> Result<Timing, timing::CannotMeasure>,
) -> Result<Vec<Finding>, Failed> {
    let comparisons = contrasts.len() as u32;
    let technique = if args.pairs { Technique::Pairs } else { Technique::OneByOne };
    let mut findings = Vec::new();
    for (index, &contrast) in contrasts.iter().enumerate() {
        let time = plan.max_time.unwrap_or(MAX_TIME) / comparisons;
        let calls = args.max_calls.unwrap_or(MAX_CALLS);
        let options = MeasureOptions {
            technique,
            contrast,
            resolution: args.resolution,
            budget: Budget { calls, time, stop: Stop::AtVerdict },
            comparisons,
            seed: args.target.seed,
        };
        let meter = Meter::new(index + 1, contrasts.len());
        let mut show = |update: &ProgressUpdate| meter.show(update);
        let observer: Observer<'_> = if meter.is_shown() { Some(&mut show) } else { None };
        let measured = measure(&options, observer).map_err(inconclusive)?;
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
