//! How many calls a timing verdict takes, and how often it is wrong: `cargo run --release -p countersign-benches --bin
//! timing [calls|certified|alarms]`, or all of them.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use countersign::timing::{Classes, Measurement, Timing};
use countersign_benches::rounds::median;
use countersign_benches::verifiers::{constant_time, early_exit, equals, tag};

/// A verifier, by name.
type Verifier = (&'static str, fn(&[u8]) -> bool);

const LEAKING: [Verifier; 2] = [("ends at the first difference", early_exit), ("`==`", equals)];

/// Runs of each kind.
const RUNS: usize = 10;
/// Clean runs of each kind, half of them beside other work.
const CLEAN: usize = 250;

fn main() -> ExitCode {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let parts: [(&str, fn()); 3] = [("calls", calls), ("certified", certified), ("alarms", alarms)];
    if let Some(unknown) = wanted.iter().find(|name| parts.iter().all(|(part, _)| part != name)) {
        eprintln!("error: there is no part `{unknown}`; the parts are calls, certified, alarms");
        return ExitCode::from(2);
    }
    for (name, part) in parts {
        if wanted.is_empty() || wanted.iter().any(|one| one == name) {
            println!("{name} (load {})", load());
            part();
        }
    }
    ExitCode::SUCCESS
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}

/// Calls until a leak is certain, beside the rule of dudect on the same timings.
fn calls() {
    for (name, verifier) in LEAKING {
        let runs: Vec<Timing> = (0..RUNS)
            .map(|_| Measurement::new(Classes::mismatch(tag())).max_calls(100_000).to_the_end().verdict(verifier))
            .collect();
        let of = |found: fn(&Timing) -> Option<u64>| {
            let mut each: Vec<f64> = runs.iter().map(|run| found(run).map_or(f64::INFINITY, |calls| calls as f64)).collect();
            each.sort_by(f64::total_cmp);
            (median(each.clone()), each[each.len() - 1])
        };
        let (ours, worst) = of(|run| run.finding().found);
        let (dudect, its_worst) = of(|run| run.finding().reference.dudect_found);
        println!("  {name}: certain after {ours} timings (worst {worst}); dudect's rule {dudect} (worst {its_worst}); ratio 1/{:.0}", dudect / ours);
    }
}

/// Calls until it is certain that there is no leak above 5 ns.
fn certified() {
    let runs: Vec<Timing> = (0..RUNS).map(|_| Measurement::new(Classes::mismatch(tag())).verdict(constant_time)).collect();
    let clean: Vec<f64> = runs.iter().filter(|run| run.is_clean()).map(|run| run.finding().timings as f64).collect();
    let leaks = runs.iter().filter(|run| run.is_leak()).count();
    println!("  no leak above 5 ns: {} of {RUNS} runs, {leaks} false leaks, after {} timings", clean.len(), median(clean));
}

/// How large the evidence of a leak becomes where there is none.
fn alarms() {
    let right = tag();
    let inputs = [("constant time", Classes::mismatch(right.clone())), ("the same input", Classes::fixed(right.clone(), right))];
    let mut all = [0, 0, 0];
    for busy in [false, true] {
        for (name, classes) in &inputs {
            let stop = AtomicBool::new(false);
            let mut above = [0, 0, 0];
            std::thread::scope(|scope| {
                if busy {
                    for _ in 0..2 {
                        scope.spawn(|| while !stop.load(Ordering::Relaxed) { std::hint::spin_loop() });
                    }
                }
                for _ in 0..CLEAN {
                    let measurement = Measurement::new(classes.clone()).max_calls(5_000).max_time(Duration::from_secs(5));
                    let run = measurement.to_the_end().verdict(constant_time);
                    for (count, level) in above.iter_mut().zip([20.0_f64, 100.0, 10_000.0]) {
                        *count += usize::from(run.finding().evidence >= level.log10());
                    }
                }
                stop.store(true, Ordering::Relaxed);
            });
            let beside = if busy { "beside other work" } else { "alone" };
            println!("  {name}, {beside}, {CLEAN} runs: E >= 20 in {}, >= 100 in {}, >= 10,000 in {}", above[0], above[1], above[2]);
            for (all, one) in all.iter_mut().zip(above) {
                *all += one;
            }
        }
    }
    println!("  all {} runs: E >= 20 in {}, >= 100 in {}, >= 10,000 in {}", 4 * CLEAN, all[0], all[1], all[2]);
}
