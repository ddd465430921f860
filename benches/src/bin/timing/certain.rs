//! How soon it is certain that nothing leaks, how often that is wrong, and what the statistics cost.

use std::hint::black_box;
use std::time::Instant;

use countersign::timing::{Classes, Measurement, Stop, Timing};
use countersign_benches::delayed::Delayed;
use countersign_benches::rounds::median;
use countersign_benches::subjects::endpoint;
use countersign_benches::verifiers::{constant_time, tag};
use countersign_timing::statistics::{Comparison, Label, Limits, Recording, Verdict};
use tokio::runtime::Runtime;

use super::RUNS;
use super::calls::{measure, on_one_cpu};

/// Runs of what is hardly ever wrong.
const MANY: usize = 200;

/// No leak above 5 ns in a function within 2,000 timings; none above 100 ns over HTTP within 10,000.
pub(super) fn certified() -> Result<bool, String> {
    let measurement = Measurement::new(Classes::mismatch(tag()));
    let functions: Vec<Timing> = (0..RUNS).map(|_| measurement.verdict(constant_time)).collect();
    let requests = on_one_cpu(|| {
        let served = Delayed::spawn(0).map_err(|error| error.to_string())?;
        let subject = endpoint(served.address);
        let runtime = Runtime::new().map_err(|error| error.to_string())?;
        let run = || measure(&subject, 100_000, Stop::AtVerdict, None, runtime.handle());
        (0..RUNS).map(|_| run()).collect::<Result<Vec<Timing>, String>>()
    })?;
    let mut met = true;
    for (name, runs, goal) in [("5 ns, function", functions, 2_000.0), ("100 ns, HTTP", requests, 10_000.0)] {
        let clean = runs.iter().filter(|run| run.is_clean()).count();
        let leaks = runs.iter().filter(|run| run.is_leak()).count();
        let timings: Vec<f64> = runs.iter().map(|run| run.finding().timings as f64).collect();
        let worst = timings.iter().copied().fold(0.0, f64::max);
        let middle = median(timings);
        println!(
            "  no leak above {name}: {clean} of {RUNS} runs, {leaks} false leaks, after {middle} timings (worst {worst}), \
             goal {goal}"
        );
        met &= clean == RUNS && middle <= goal;
    }
    Ok(met)
}

/// Clean functions, many times: no leak is ever seen, and there is a verdict in 95 % of the runs.
#[expect(clippy::unnecessary_wraps, reason = "all parts have one type")]
pub(super) fn conclusive() -> Result<bool, String> {
    let mut met = true;
    let inputs =
        [("identical inputs", Classes::fixed(tag(), tag())), ("constant time", Classes::mismatch(tag()))];
    for (name, classes) in inputs {
        let measurement = Measurement::new(classes);
        let runs: Vec<Timing> = (0..MANY).map(|_| measurement.verdict(constant_time)).collect();
        let clean = runs.iter().filter(|run| run.is_clean()).count();
        let leaks = runs.iter().filter(|run| run.is_leak()).count();
        let open = MANY - clean - leaks;
        println!("  at 5 ns, {name}, {MANY} runs: {leaks} leaks, {clean} clean, {open} inconclusive");
        met &= leaks == 0 && clean * 100 >= MANY * 95;
    }
    Ok(met)
}

/// Real timings of a constant-time function, with just the resolution added to one class: they must not be called clean.
#[expect(clippy::unnecessary_wraps, reason = "all parts have one type")]
pub(super) fn shifted() -> Result<bool, String> {
    let resolution = 5.0;
    let measurement = Measurement::new(Classes::mismatch(tag())).max_calls(5_000).to_the_end();
    let is_wrong = |_| {
        let run = measurement.verdict(constant_time);
        let recording = run.recording();
        let limits = Limits { resolution: Some(resolution), step: recording.step(), ..Limits::default() };
        let mut comparison = Comparison::new(limits, 1);
        recording.timings.iter().any(|&(label, timing)| {
            comparison.push(label, if label == Label::Y { timing + resolution } else { timing });
            comparison.calls().is_multiple_of(32)
                && matches!(comparison.verdict(0.0), Verdict::NoLeakAbove(_))
        })
    };
    let wrong = (0..MANY).filter(|at| is_wrong(*at)).count();
    println!(
        "  a difference of just the resolution was called clean in {wrong} of {MANY} runs, goal at most 1"
    );
    Ok(wrong <= 1)
}

/// Timings that the statistics take in a second: at least a million.
#[expect(clippy::unnecessary_wraps, reason = "all parts have one type")]
pub(super) fn speed() -> Result<bool, String> {
    let run =
        Measurement::new(Classes::mismatch(tag())).max_calls(100_000).to_the_end().verdict(constant_time);
    let Recording { timings, .. } = run.recording();
    let rates: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut comparison =
                Comparison::new(Limits { resolution: Some(5.0), step: 10.0, ..Limits::default() }, 1);
            let start = Instant::now();
            for &(label, timing) in black_box(timings) {
                comparison.push(label, timing);
            }
            black_box(comparison.found());
            timings.len() as f64 / start.elapsed().as_secs_f64()
        })
        .collect();
    let rate = median(rates);
    println!("  {rate:.0} timings/s on one core, goal 1,000,000");
    Ok(rate >= 1e6)
}
