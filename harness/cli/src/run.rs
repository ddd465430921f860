//! `countersign run` and `countersign replay`.
//!
//! The function to know is [`execute`]. This module must not know how a case is sent or judged.

use std::cell::RefCell;
use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_conformance::Catalog;
use countersign_core::event::{Event, RunVerdict};
use countersign_core::id::CaseId;
use countersign_core::report::{FailOn, Options, REPORTERS, Reporter, Style};

use super::args::{Color, FailLevel, ReplayArgs, RunArgs};
use super::output;
use super::plan::Plan;
use super::signals::{self, OnInterrupt, STOP};
use crate::exit::{Exit, Failed};
use crate::progress::Progress;
use crate::snapshot::{self, Extent, OnDrift};
use countersign::run::{Announcement, Campaign, Keep, RunContext, Settings, Workers};

/// Runs the cases against a target.
pub(crate) fn run(args: RunArgs) -> Result<Exit, Failed> {
    let plan = Plan::new(&args.target, &args.case)?;
    plan.check_selection()?;
    if let Some(dir) = &args.snapshot {
        std::fs::create_dir_all(dir).map_err(|error| {
            Failed::usage_help(
                format!("cannot create the folder `{}`: {error}", dir.display()),
                "check the path of --snapshot",
            )
        })?;
    }
    let keep = if args.snapshot.is_some() { Keep::Answers } else { Keep::Failures };
    let fail_on = match args.fail_on {
        FailLevel::Must => FailOn::Must,
        FailLevel::Should => FailOn::Should,
        FailLevel::None => FailOn::None,
    };
    let outputs = outputs(&args.format, args.color, fail_on)?;
    let jobs = args.jobs.or(plan.config.jobs).unwrap_or(plan.target.profile().jobs);
    if jobs == 0 || jobs > 1024 {
        return Err(Failed::usage_help("--jobs must be a number from 1 to 1024", "4 suits most endpoints"));
    }
    let snapshots = args.snapshot.as_deref().map(|dir| {
        let on_drift = if args.update { OnDrift::Accept } else { OnDrift::Report };
        let extent =
            if args.case.is_empty() && args.target.suite.is_empty() { Extent::Whole } else { Extent::Part };
        (dir, on_drift, extent)
    });
    execute(plan, outputs, keep, jobs, fail_on, snapshots)
}

/// Runs one case again.
pub(crate) fn replay(args: ReplayArgs) -> Result<Exit, Failed> {
    let mut target = args.target;
    let id = match args.id.split_once('/') {
        Some((scheme, case)) if target.scheme.is_empty() => {
            target.scheme = vec![scheme.to_owned()];
            case.to_owned()
        }
        Some((_, case)) => case.to_owned(),
        None => args.id,
    };
    if id.parse::<CaseId>().is_err() {
        return Err(Failed::usage_help(
            format!("`{}` is not a case id", id.escape_debug()),
            "see `countersign list cases`",
        ));
    }
    let plan = Plan::new(&target, &[id])?;
    plan.check_selection()?;
    let outputs = outputs(&[], Color::Auto, FailOn::Should)?;
    execute(plan, outputs, Keep::Everything, 1, FailOn::Should, None)
}

/// A reporter and where it writes.
struct Output {
    reporter: Box<dyn Reporter>,
    out: Box<dyn Write>,
    name: String,
}

fn outputs(formats: &[String], color: Color, fail_on: FailOn) -> Result<Vec<Output>, Failed> {
    let known: Vec<_> = REPORTERS.iter().map(|kind| (kind.name, kind)).collect();
    let opened = output::open(formats, &known)?;
    opened
        .into_iter()
        .map(|output| {
            let style = match color {
                Color::Always => Style::Colored,
                Color::Auto if output.is_on_colored_terminal() => Style::Colored,
                Color::Never | Color::Auto => Style::Plain,
            };
            let (kind, name, out) = output.stream()?;
            Ok(Output { reporter: (kind.make)(&Options { style, fail_on }), out, name })
        })
        .collect()
}

/// Passes an event to every report. A closed pipe is not an error.
fn publish(outputs: &mut [Output], event: &Event) -> Result<(), Failed> {
    let mut failed = None;
    for output in outputs {
        let written = output.reporter.on(event, &mut output.out).and_then(|()| output.out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("error: cannot write the report `{}`: {error}", output.name);
                failed = Some(Failed::usage(message));
            }
            _ => {}
        }
    }
    failed.map_or(Ok(()), Err)
}

fn execute(
    plan: Plan,
    mut outputs: Vec<Output>,
    keep: Keep,
    jobs: usize,
    fail_on: FailOn,
    snapshots: Option<(&Path, OnDrift, Extent)>,
) -> Result<Exit, Failed> {
    signals::watch(OnInterrupt::FinishBatch)?;
    let catalog = Catalog::embedded();
    let counts = plan.count(catalog);
    let cannot_start = |error| Failed::usage(format!("error: the runtime cannot start: {error}"));
    // The embedded endpoint has its own threads.
    let workers = Workers::new(jobs).map_err(cannot_start)?;
    let services = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    let report_error = RefCell::new(None);
    let mut emit = |event: &Event| {
        let mut report_error = report_error.borrow_mut();
        if report_error.is_none() {
            *report_error = publish(&mut outputs, event).err();
        }
    };
    let about = Announcement {
        target: plan.target.name(),
        schemes: plan.schemes.iter().map(|named| named.scheme.file().scheme.clone()).collect(),
        seed: plan.seed,
        cases: counts,
        config: plan.config.path.clone(),
    };
    let progress = Progress::new(counts);
    let tick = || progress.tick();
    let context = RunContext { workers: &workers, stop: &STOP, tick: &tick };
    let mut campaign = Campaign::begin(about, fail_on, &mut emit);
    let until = plan.max_time.map(|seconds| campaign.started() + seconds);
    let settings = Settings { keep, oracle: plan.oracle.clone(), until };
    let mut drift = Vec::new();
    let mut snapshot_error = None;
    for (done, named) in plan.schemes.iter().enumerate() {
        if let Some(failed) = report_error.take() {
            return Err(failed);
        }
        progress.scheme(named.scheme.file().scheme.as_str());
        let cases = plan.cases(catalog, &*named.scheme);
        let mut session = services.block_on(plan.start(named, jobs))?;
        let outcome = campaign.scheme(&context, &mut session, &cases, &settings);
        services.block_on(session.target.shutdown());
        drop(session);
        if let (Some((dir, on_drift, extent)), None) = (snapshots, &outcome.no_verdict) {
            match snapshot::compare_or_record(dir, &outcome.results, on_drift, extent) {
                Ok(found) => drift.extend(found),
                // Finish the reports first, then report this error.
                Err(failed) => snapshot_error = Some(failed),
            }
        }
        if let Some(why) = settings.stop_reason(&STOP) {
            campaign.note(format!("{why} after {} of {} schemes", done + 1, plan.schemes.len()));
            break;
        }
    }
    progress.finish();
    let finished = campaign.finish(drift);
    services.shutdown_timeout(Duration::from_millis(100));
    if let Some(failed) = report_error.take().or(snapshot_error) {
        return Err(failed);
    }
    Ok(if STOP.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else if finished.verdict == RunVerdict::Inconclusive && settings.stop_reason(&STOP).is_some() {
        Exit::Guard
    } else {
        match finished.verdict {
            RunVerdict::Conformant => Exit::Conformant,
            RunVerdict::Nonconformant => Exit::Findings,
            RunVerdict::Inconclusive => Exit::Inconclusive,
        }
    })
}
