//! `countersign run` and `countersign replay`.

use std::io::{self, Write};
use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use countersign_conformance::Catalog;
use countersign_core::event::{CaseResult, Event, RunFinished, RunStarted, RunVerdict, Summary, Tool};
use countersign_core::finding::gather;
use countersign_core::id::CaseId;
use countersign_core::report::{FailOn, Options, REPORTERS, Reporter, Style};

use super::args::{Color, FailLevel, ReplayArgs, RunArgs};
use super::output;
use super::plan::Plan;
use super::signals::{self, First, STOP};
use super::subject::subject;
use crate::exit::{Exit, Failed};
use crate::progress::Progress;
use crate::snapshot::{self, Extent, OnDrift};
use crate::targets::TargetSpec;
use countersign::run::{self, Keep, Lanes, Robust, Settings, clock};

/// Judges a target.
pub(crate) fn run(args: RunArgs) -> Result<Exit, Failed> {
    let plan = Plan::new(&args.target, &args.case)?;
    plan.check_selection()?;
    if let Some(dir) = &args.snapshot {
        std::fs::create_dir_all(dir).map_err(|error| {
            Failed::usage_help(
                format!("the folder `{}` cannot be made: {error}", dir.display()),
                "check --snapshot",
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
    // Simple servers take few connections at once; the embedded endpoint takes many.
    let default = match plan.target {
        TargetSpec::Url(_) | TargetSpec::Serve(_) => 4,
        TargetSpec::Reference | TargetSpec::Mutant(_) => 16,
        // Most of them wait in a pipe, so that no driver ever waits.
        TargetSpec::Exec(_) => 128,
    };
    let jobs = args.jobs.or(plan.config.jobs).unwrap_or(default);
    if jobs == 0 || jobs > 1024 {
        return Err(Failed::usage_help("--jobs is a number from 1 to 1024", "4 suits most endpoints"));
    }
    let snapshots = args.snapshot.as_deref().map(|dir| {
        let on_drift = if args.update { OnDrift::Accept } else { OnDrift::Report };
        let extent =
            if args.case.is_empty() && args.target.suite.is_empty() { Extent::Whole } else { Extent::Part };
        (dir, on_drift, extent)
    });
    execute(plan, outputs, keep, jobs, fail_on, snapshots)
}

/// Sends one case again.
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

/// Hands an event to every report; a reader of standard output who went away is not an error.
fn publish(outputs: &mut [Output], event: &Event) -> Result<(), Failed> {
    let mut failed = None;
    for output in outputs {
        let written = output.reporter.on(event, &mut output.out).and_then(|()| output.out.flush());
        match written {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                let message = format!("error: the report `{}` cannot be written: {error}", output.name);
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
    signals::watch(First::Stops)?;
    let catalog = Catalog::embedded();
    let robust = Robust::shipped(catalog);
    let counts = plan.count(catalog, &robust);
    let cannot_start = |error| Failed::usage(format!("error: the runtime cannot start: {error}"));
    // The embedded endpoint has threads of its own.
    let lanes = Lanes::new(jobs).map_err(cannot_start)?;
    let services = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    let started = Instant::now();
    publish(
        &mut outputs,
        &Event::RunStarted(RunStarted {
            schema: "countersign.events/1".to_owned(),
            tool: Tool { name: "countersign".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() },
            target: plan.target.name(),
            schemes: plan.schemes.iter().map(|named| named.scheme.file().scheme.clone()).collect(),
            seed: plan.seed,
            cases: counts,
            started: clock::now().iso8601(),
            config: plan.config.path.clone(),
        }),
    )?;
    let progress = Progress::new(counts);
    let until = plan.max_time.map(|seconds| started + seconds);
    let settings = Settings { keep, oracle: plan.oracle.clone(), until };
    let mut total = Summary::default();
    let mut results: Vec<CaseResult> = Vec::new();
    let mut reasons: Vec<String> = Vec::new();
    let mut drift = Vec::new();
    let mut finished = 0;
    let mut late = None;
    for named in &plan.schemes {
        let name = named.scheme.file().scheme.as_str();
        progress.scheme(name);
        let cases = plan.cases(catalog, &robust, &*named.scheme);
        let mut broken = None;
        let (mut subject, behind) = services.block_on(subject(&plan, named, jobs))?;
        let mut emit = |event: &Event| {
            if broken.is_none() {
                broken = publish(&mut outputs, event).err();
            }
        };
        let tick = || progress.tick();
        let outcome = run::scheme(&lanes, &mut subject, &cases, &settings, &STOP, &mut emit, &tick);
        drop(subject);
        services.block_on(behind.shutdown());
        if let Some(failed) = broken {
            return Err(failed);
        }
        total.add(&outcome.summary.summary);
        if let (Some((dir, on_drift, extent)), None) = (snapshots, &outcome.no_verdict) {
            match snapshot::settle(dir, &outcome.results, on_drift, extent) {
                Ok(found) => drift.extend(found),
                // The reports come first; what cannot be recorded is said after them.
                Err(failed) => late = Some(failed),
            }
        }
        results.extend(outcome.results);
        reasons.extend(outcome.no_verdict.map(|why| format!("{name}: {why}")));
        finished += 1;
        if let Some(why) = settings.halted(&STOP) {
            reasons.push(format!("{why} after {finished} of {} schemes", plan.schemes.len()));
            break;
        }
    }
    progress.finish();
    let findings = gather(&results, &catalog.requirements, &catalog.bug_classes, &run::fallbacks());
    let verdict = run::conclude(&total, !reasons.is_empty(), fail_on, !drift.is_empty());
    let finished = RunFinished {
        verdict,
        reason: (!reasons.is_empty()).then(|| reasons.join("; ")),
        summary: total,
        findings,
        drift,
        millis: started.elapsed().as_secs_f64() * 1000.0,
    };
    publish(&mut outputs, &Event::RunFinished(Box::new(finished)))?;
    services.shutdown_timeout(Duration::from_millis(100));
    if let Some(failed) = late {
        return Err(failed);
    }
    Ok(if STOP.load(Ordering::Relaxed) {
        Exit::Interrupted
    } else if verdict == RunVerdict::Inconclusive && settings.halted(&STOP).is_some() {
        Exit::Guard
    } else {
        match verdict {
            RunVerdict::Conformant => Exit::Conformant,
            RunVerdict::Nonconformant => Exit::Findings,
            RunVerdict::Inconclusive => Exit::Inconclusive,
        }
    })
}
