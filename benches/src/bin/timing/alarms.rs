//! How large the evidence of a leak becomes where there is none: a thousand clean runs, half of them beside busy cores.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use countersign::timing::{Classes, Measurement, Stop};
use countersign_benches::delayed::Delayed;
use countersign_benches::subjects::{endpoint, library};
use countersign_benches::verifiers::{constant_time, tag};
use tokio::runtime::Runtime;

use super::calls::{measure, on_one_cpu};
use super::load;

/// Runs of each kind, alone and beside busy cores.
const CLEAN: usize = 125;

/// Evidence, and the share of clean runs that may reach it.
const LEVELS: [(f64, f64); 3] = [(20.0, 0.05), (100.0, 0.01), (10_000.0, 0.001)];

/// A kind of clean run: decimal logarithms of the largest evidence of each run.
type Kind = (&'static str, fn() -> Result<Vec<f64>, String>);

const KINDS: [Kind; 4] = [
    ("function in constant time", || functions(Classes::mismatch(tag()))),
    ("function, identical inputs", || functions(Classes::fixed(tag(), tag()))),
    ("HTTP, constant time", requests),
    ("pipe, Python compare_digest", drivers),
];

/// At most 5 % of clean runs reach evidence of 20, 1 % reach 100, and one in a thousand 10,000.
pub(super) fn alarms() -> Result<bool, String> {
    println!("  | clean runs | load | runs | E >= 20 | E >= 100 | E >= 10,000 |");
    println!("  |---|---|---|---|---|---|");
    let mut all = Vec::new();
    for busy in [false, true] {
        for (name, runs) in KINDS {
            let evidence = if busy { beside_busy_cores(runs) } else { runs() }?;
            let beside = if busy { ", beside busy cores" } else { "" };
            shown(&format!("{name}{beside}"), &evidence);
            all.extend(evidence);
        }
    }
    shown("all", &all);
    Ok(LEVELS
        .iter()
        .all(|&(level, share)| reached(&all, level) as f64 <= (share * all.len() as f64).max(1.0)))
}

fn shown(name: &str, evidence: &[f64]) {
    let [some, more, most] = LEVELS.map(|(level, _)| reached(evidence, level));
    println!("  | {name} | {} | {} | {some} | {more} | {most} |", load(), evidence.len());
}

fn reached(evidence: &[f64], level: f64) -> usize {
    evidence.iter().filter(|evidence| **evidence >= level.log10()).count()
}

fn functions(classes: Classes) -> Result<Vec<f64>, String> {
    let measurement = Measurement::new(classes).max_calls(5_000).to_the_end();
    Ok((0..CLEAN).map(|_| measurement.verdict(constant_time).finding().evidence).collect())
}

fn requests() -> Result<Vec<f64>, String> {
    on_one_cpu(|| {
        let served = Delayed::spawn(0).map_err(|error| error.to_string())?;
        let subject = endpoint(served.address);
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let run = |_| Ok(measure(&subject, 3_000, Stop::AtEnd, None, runtime.handle())?.finding().evidence);
        (0..CLEAN).map(run).collect()
    })
}

fn drivers() -> Result<Vec<f64>, String> {
    on_one_cpu(|| {
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../harness/cli/tests/drivers/compares.py");
        let subject = library(&format!("python3 '{script}' digest"), &runtime)?;
        let run = |_| Ok(measure(&subject, 3_000, Stop::AtEnd, None, runtime.handle())?.finding().evidence);
        (0..CLEAN).map(run).collect()
    })
}

/// Runs something while every core has other work.
fn beside_busy_cores<T>(run: impl FnOnce() -> T) -> T {
    let stop = AtomicBool::new(false);
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            });
        }
        let result = run();
        stop.store(true, Ordering::Relaxed);
        result
    })
}
