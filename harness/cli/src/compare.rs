//! `countersign compare`: the same cases against several targets, side by side.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use countersign_conformance::Catalog;
use countersign_core::event::{CaseResult, Summary, Tool};
use countersign_core::grid::{self, Column, Grid, SCHEMA, Table, changes};
use countersign_core::judge::Verdict;
use countersign_core::vector::yaml;
use serde::Deserialize;

use super::args::{CompareArgs, TargetArgs};
use super::output::{self, Known, TERMINAL};
use super::plan::Plan;
use super::print;
use super::signals::{self, OnInterrupt};
use crate::bounded;
use crate::exit::{Exit, Failed};
use crate::progress::Progress;
use countersign::run::{self, Keep, Planned, Settings, Workers, is_repeatable};

/// Maximum bytes of a grid file.
const MAX_GRID: usize = 64 << 20;
/// Requests in flight to a target that does not remember requests.
const JOBS: usize = 4;
/// Targets that run at the same time.
const CONCURRENT_TARGETS: usize = 2;

/// How a grid is written: for the terminal, for programs and `--baseline`, as Markdown, or as a web page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum GridFormat {
    Terminal,
    Json,
    Markdown,
    Html,
}

const FORMATS: Known<'static, GridFormat> = &[
    (TERMINAL, GridFormat::Terminal),
    ("json", GridFormat::Json),
    ("markdown", GridFormat::Markdown),
    ("html", GridFormat::Html),
];

/// The content of a targets file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetsFile {
    targets: Vec<TargetEntry>,
}

/// A target in a targets file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TargetEntry {
    /// The name that the grid shows.
    name: String,
    /// As for `--target`. A command runs in the folder of the targets file.
    target: String,
    /// Scheme names or files; by default those that a driver names.
    #[serde(default)]
    schemes: Vec<String>,
    /// As for `--secret`; needed for a URL.
    #[serde(default)]
    secret: Option<String>,
    /// As for `--accept-status`.
    #[serde(default)]
    accept_status: Option<String>,
    /// As for `--reject-status`.
    #[serde(default)]
    reject_status: Option<String>,
    /// As for `--constant`, by name.
    #[serde(default)]
    constants: BTreeMap<String, String>,
    /// As for `--key-id`.
    #[serde(default)]
    key_id: Option<String>,
}

/// Compares targets.
pub(crate) fn compare(args: &CompareArgs) -> Result<Exit, Failed> {
    let before = args.baseline.as_deref().map(read_grid).transpose()?;
    let targets = targets(args)?;
    if targets.len() < 2 && before.is_none() {
        let help = "give --target at least twice, or --targets FILE, or --baseline with an earlier grid";
        return Err(Failed::usage_help("there is nothing to compare", help));
    }
    let outputs = output::open(&args.format, FORMATS)?;
    signals::watch(OnInterrupt::Exit)?;
    let mut grid = run_targets(args, &targets)?;
    if !args.every_case {
        grid.keep_telling();
    }
    // With --baseline, changes replace the terminal grid, or go to standard error beside data.
    let is_free = outputs.iter().all(|output| !output.is_on_stdout() || output.kind == GridFormat::Terminal);
    for output in outputs {
        if output.kind == GridFormat::Terminal && output.is_on_stdout() && before.is_some() {
            continue;
        }
        let text = written(&grid, output.kind);
        output.write(&text)?;
    }
    let unclear =
        grid.tables.iter().flat_map(|table| &table.columns).any(|column| column.no_verdict.is_some());
    let Some(before) = before else {
        return Ok(if unclear { Exit::Inconclusive } else { Exit::Conformant });
    };
    let changes = changes(&before, &grid);
    let lines: String = changes.iter().map(|change| format!("{change}\n")).collect();
    let count = match changes.len() {
        0 => "nothing changed\n".to_owned(),
        1 => "1 change\n".to_owned(),
        count => format!("{count} changes\n"),
    };
    let changed = format!("{lines}{count}");
    if is_free {
        print(&changed)?;
    } else {
        let _ = std::io::stderr().write_all(changed.as_bytes());
    }
    Ok(match (changes.is_empty(), unclear) {
        (_, true) => Exit::Inconclusive,
        (false, false) => Exit::Findings,
        (true, false) => Exit::Conformant,
    })
}

/// A grid in a format.
fn written(grid: &Grid, format: GridFormat) -> String {
    match format {
        GridFormat::Json => {
            let json = serde_json::to_string_pretty(grid).expect("names and numbers can be written");
            format!("{json}\n")
        }
        GridFormat::Markdown => {
            let pages = grid
                .tables
                .iter()
                .map(|table| format!("## {}, case by case\n\n{}\n", table.scheme, grid::page(table)));
            format!("{}{}", grid::overview(grid), pages.collect::<String>())
        }
        GridFormat::Html => grid::html(grid),
        GridFormat::Terminal => grid::terminal(grid),
    }
}

fn read_grid(path: &Path) -> Result<Grid, Failed> {
    let shown = path.display();
    let help = "give --baseline a file that `countersign compare --format json` wrote";
    let bytes = bounded::read_file(path, MAX_GRID)
        .map_err(|error| Failed::usage_help(format!("cannot read the grid `{shown}`: {error}"), help))?;
    let grid: Grid = serde_json::from_slice(&bytes)
        .map_err(|error| Failed::usage_help(format!("`{shown}` is not a grid: {error}"), help))?;
    if grid.schema != SCHEMA {
        let message = format!("`{shown}` has the format `{}`, not `{SCHEMA}`", grid.schema.escape_debug());
        return Err(Failed::usage_help(message, help));
    }
    Ok(grid)
}

/// The targets to compare, by name.
fn targets(args: &CompareArgs) -> Result<Vec<(String, TargetArgs)>, Failed> {
    let mut all = Vec::new();
    for target in &args.target {
        let options = TargetArgs { target: Some(target.clone()), ..common(args) };
        all.push((target.clone(), options));
    }
    for path in &args.targets {
        let shown = path.display().to_string();
        let bytes = bounded::read_file(path, yaml::MAX_FILE).map_err(|error| {
            Failed::usage_help(format!("`{shown}` cannot be read: {error}"), "check --targets")
        })?;
        let text = String::from_utf8(bytes)
            .map_err(|_| Failed::usage_help(format!("`{shown}` is not UTF-8"), "check --targets"))?;
        let file: TargetsFile =
            yaml::parse(&shown, &text).map_err(|found| Failed::usage(found.to_string()))?;
        let folder = path.parent().unwrap_or(Path::new("")).to_path_buf();
        for entry in file.targets {
            let relative = |name: &String| match crate::config::is_file(name) {
                true => folder.join(name).display().to_string(),
                false => name.clone(),
            };
            let schemes = if args.scheme.is_empty() {
                entry.schemes.iter().map(relative).collect()
            } else {
                args.scheme.clone()
            };
            let folder = (!folder.as_os_str().is_empty()).then(|| folder.clone());
            let constant = entry.constants.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let options = TargetArgs {
                target: Some(entry.target),
                scheme: schemes,
                folder,
                secret: args.secret.clone().or(entry.secret),
                accept_status: entry.accept_status,
                reject_status: entry.reject_status,
                key_id: entry.key_id,
                constant,
                ..common(args)
            };
            all.push((entry.name, options));
        }
    }
    share_schemes(&mut all)?;
    let mut names: Vec<&str> = all.iter().map(|(name, _)| name.as_str()).collect();
    names.sort_unstable();
    if let Some(twice) = names.windows(2).find(|pair| pair[0] == pair[1]) {
        let message = format!("two targets have the name `{}`", twice[0].escape_debug());
        return Err(Failed::usage_help(message, "give each target a name of its own"));
    }
    Ok(all)
}

/// Our own verifiers know every scheme; next to other targets they are tested with the schemes of those.
fn share_schemes(all: &mut [(String, TargetArgs)]) -> Result<(), Failed> {
    let is_own = |options: &TargetArgs| {
        let target = options.target.as_deref().unwrap_or("reference");
        target == "reference" || target.starts_with("mutant:")
    };
    if !all.iter().any(|(_, options)| is_own(options) && options.scheme.is_empty()) {
        return Ok(());
    }
    let mut named = BTreeSet::new();
    for (_, options) in all.iter().filter(|(_, options)| !is_own(options)) {
        named.extend(Plan::new(options, &[])?.schemes.into_iter().map(|named| named.given));
    }
    for (_, options) in all.iter_mut().filter(|(_, options)| is_own(options) && options.scheme.is_empty()) {
        options.scheme = named.iter().cloned().collect();
    }
    Ok(())
}

fn common(args: &CompareArgs) -> TargetArgs {
    TargetArgs {
        scheme: args.scheme.clone(),
        secret: args.secret.clone(),
        suite: args.suite.clone(),
        allow_host: args.allow_host.clone(),
        seed: Some(args.seed),
        ..TargetArgs::default()
    }
}

/// The results of one target under one scheme.
type ColumnResults = (String, Column, Vec<CaseResult>);

fn run_targets(args: &CompareArgs, targets: &[(String, TargetArgs)]) -> Result<Grid, Failed> {
    // Report usage errors before anything is sent.
    let plan = |(name, options): &(String, TargetArgs)| {
        let plan = Plan::new(options, &args.case)?;
        plan.check_selection()?;
        Ok((name.clone(), plan))
    };
    let targets: Vec<(String, Plan)> = targets.iter().map(plan).collect::<Result<_, Failed>>()?;
    let services =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|e| cannot_start(&e))?;
    let progress = Progress::new(targets.len());
    let turn = AtomicUsize::new(0);
    let filled = Mutex::new(Vec::new());
    // Every target has its own processes, so targets do not affect each other.
    let work = || {
        while let Some(at) = Some(turn.fetch_add(1, Ordering::Relaxed)).filter(|at| *at < targets.len()) {
            let (name, plan) = &targets[at];
            progress.scheme(name);
            let columns = run_target(name, plan, &services);
            if columns.is_err() {
                turn.store(targets.len(), Ordering::Relaxed);
            }
            filled.lock().unwrap_or_else(PoisonError::into_inner).push((at, columns));
            progress.tick();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..CONCURRENT_TARGETS {
            scope.spawn(work);
        }
    });
    progress.finish();
    let mut filled = filled.into_inner().unwrap_or_else(PoisonError::into_inner);
    filled.sort_by_key(|(at, _)| *at);
    let mut columns: Vec<ColumnResults> = Vec::new();
    for (_, results) in filled {
        columns.extend(results?);
    }
    let mut schemes: Vec<String> = columns.iter().map(|(scheme, ..)| scheme.clone()).collect();
    schemes.sort_unstable();
    schemes.dedup();
    let tables = schemes.into_iter().map(|scheme| {
        let (of_scheme, others) =
            std::mem::take(&mut columns).into_iter().partition(|(name, ..)| *name == scheme);
        columns = others;
        let of_scheme: Vec<ColumnResults> = of_scheme;
        let name = scheme.parse().expect("it is the name of a scheme");
        Table::new(name, of_scheme.into_iter().map(|(_, column, results)| (column, results)).collect())
    });
    let tool = Tool { name: "countersign".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
    Ok(Grid { schema: SCHEMA.to_owned(), tool, seed: args.seed, tables: tables.collect() })
}

fn cannot_start(error: &std::io::Error) -> Failed {
    Failed::usage(format!("error: the runtime cannot start: {error}"))
}

/// Runs the cases against one target, under each of its schemes.
fn run_target(
    name: &str,
    plan: &Plan,
    services: &tokio::runtime::Runtime,
) -> Result<Vec<ColumnResults>, Failed> {
    let catalog = Catalog::embedded();
    let stop = AtomicBool::new(false);
    let mut columns = Vec::new();
    for named in &plan.schemes {
        let mut cases = plan.cases(catalog, &*named.scheme);
        // The same targets must produce the same grid.
        cases.retain(|planned| is_repeatable(planned.case));
        let settings = Settings { keep: Keep::Failures, oracle: plan.oracle.clone(), until: None };
        let scheme = named.scheme.file().scheme.to_string();
        let mut session = match services.block_on(plan.start(named, JOBS)) {
            Ok(started) => started,
            Err(failed) => {
                let first = failed.message.lines().next().unwrap_or_default();
                let why = first.trim_start_matches("error: ").to_owned();
                let unclear = Verdict::Inconclusive(why.clone());
                let unasked =
                    |planned: &Planned<'_>| *planned.without_sending(&*named.scheme, unclear.clone());
                let results = cases.iter().map(unasked).collect();
                let summary = Summary { inconclusive: cases.len(), ..Summary::default() };
                let column =
                    Column { target: name.to_owned(), package: None, summary, no_verdict: Some(why) };
                columns.push((scheme, column, results));
                continue;
            }
        };
        let package = session.target.package();
        // What a target with a memory answers depends on earlier requests, so their order is kept.
        let jobs = if session.target.remembers() { 1 } else { JOBS };
        let workers = Workers::new(jobs).map_err(|e| cannot_start(&e))?;
        let done = run::scheme(&workers, &mut session, &cases, &settings, &stop, &mut |_| {}, &|| {});
        services.block_on(session.target.shutdown());
        let (summary, no_verdict) = (done.summary.summary, done.no_verdict);
        let column = Column { target: name.to_owned(), package, summary, no_verdict };
        columns.push((scheme, column, done.results));
    }
    Ok(columns)
}
