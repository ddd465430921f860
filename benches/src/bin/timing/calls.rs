//! After how many timings a leak is certain, beside other rules on the same timings.

use std::thread;
use std::time::Duration;

use countersign::run::Session;
use countersign::timing::{self, Asked, Budget, Classes, Contrast, Measurement, Stop, Timing, Way};
use countersign_benches::delayed::Delayed;
use countersign_benches::paired::{needed, sign, wilcoxon};
use countersign_benches::subjects::{endpoint, library};
use countersign_benches::verifiers::{early_exit, equals, tag};
use tokio::runtime::{Handle, Runtime};

use super::{RUNS, middle_and_worst};

/// A verifier by name, and how many times fewer timings than dudect's rule it is to need.
type Verifier = (&'static str, fn(&[u8]) -> bool, f64);

/// Functions of this process: at most 1/100 of what dudect's rule needs for the early exit, and 1/10 for `==`.
#[expect(clippy::unnecessary_wraps, reason = "all parts have one type")]
pub(super) fn functions() -> Result<bool, String> {
    let mut met = true;
    let verifiers: [Verifier; 2] =
        [("ends at the first difference", early_exit, 100.0), ("`==`", equals, 10.0)];
    for (name, verifier, goal) in verifiers {
        let measurement = Measurement::new(Classes::mismatch(tag())).max_calls(100_000).to_the_end();
        let runs: Vec<Timing> = (0..RUNS).map(|_| measurement.verdict(verifier)).collect();
        let (ours, worst) = middle_and_worst(runs.iter().map(|run| run.finding().found));
        let (dudect, its_worst) =
            middle_and_worst(runs.iter().map(|run| run.finding().reference.dudect_found));
        println!(
            "  {name}: certain after {ours} timings (worst {worst}); dudect's rule {dudect} (worst {its_worst}); \
             ratio 1/{:.0}, goal 1/{goal}",
            dudect / ours
        );
        met &= dudect / ours >= goal;
    }
    Ok(met)
}

/// Requests over a connection that is kept: at most a third of what the sign test and Wilcoxon's need.
pub(super) fn requests() -> Result<bool, String> {
    let mut met = true;
    for nanos in [1_000, 100] {
        let runs = on_one_processor(|| {
            let served = Delayed::spawn(nanos).map_err(|error| error.to_string())?;
            let subject = endpoint(served.address);
            let runtime = Runtime::new().map_err(|error| error.to_string())?;
            let asked = || measure(&subject, 20_000, Stop::AtEnd, None, runtime.handle());
            (0..RUNS).map(|_| asked()).collect::<Result<Vec<Timing>, String>>()
        })?;
        let recordings: Vec<_> = runs.iter().map(Timing::recording).collect();
        let (ours, worst) = middle_and_worst(runs.iter().map(|run| run.finding().found));
        let (dudect, _) = middle_and_worst(runs.iter().map(|run| run.finding().reference.dudect_found));
        let (sign, wilcoxon) = (needed(&recordings, sign), needed(&recordings, wilcoxon));
        let shown =
            |needed: Option<usize>| needed.map_or("more than all".to_owned(), |needed| needed.to_string());
        println!(
            "  a request that takes {nanos} ns longer: certain after {ours} timings (worst {worst}); sign test {}, \
             Wilcoxon {}, dudect's rule {dudect}; goal a third of the first two",
            shown(sign),
            shown(wilcoxon)
        );
        // A test that never was certain needs more than all timings.
        let least = [sign, wilcoxon].map(|needed| needed.unwrap_or(20_000) as f64);
        met &= least.iter().all(|needed| ours * 3.0 <= *needed);
    }
    Ok(met)
}

/// Python's `==` and `compare_digest` behind the line protocol: told apart in all runs.
pub(super) fn libraries() -> Result<bool, String> {
    let mut met = true;
    for (way, leaks) in [("character-by-character", true), ("equals", true), ("digest", false)] {
        let runs = on_one_processor(|| {
            let runtime = Runtime::new().map_err(|error| error.to_string())?;
            let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../harness/cli/tests/drivers/compares.py");
            let run = || {
                let subject = library(&format!("python3 '{script}' {way}"), &runtime)?;
                measure(&subject, 200_000, Stop::AtVerdict, Some(1.0), runtime.handle())
            };
            (0..RUNS).map(|_| run()).collect::<Result<Vec<Timing>, String>>()
        })?;
        let found = runs.iter().filter(|run| run.finding().found.is_some()).count();
        let (median, worst) = middle_and_worst(runs.iter().map(|run| run.finding().found));
        println!(
            "  Python, {way}: told apart in {found} of {RUNS} runs, after {median} timings (worst {worst})"
        );
        met &= found == if leaks { RUNS } else { 0 };
    }
    Ok(met)
}

/// Measures a target.
pub(super) fn measure(
    subject: &Session,
    calls: u64,
    stop: Stop,
    resolution: Option<f64>,
    runtime: &Handle,
) -> Result<Timing, String> {
    let budget = Budget { calls, time: Duration::from_secs(120), stop };
    let asked = Asked {
        way: Way::OneByOne,
        contrast: Contrast::Mismatch,
        resolution,
        budget,
        comparisons: 1,
        seed: None,
    };
    timing::target(subject, &asked, runtime, None).map_err(|why| why.to_string())
}

/// Runs something on one processor, with all children that it starts.
pub(super) fn on_one_processor<T: Send>(run: impl FnOnce() -> T + Send) -> T {
    let kept = || {
        timing::stay();
        run()
    };
    thread::scope(|scope| scope.spawn(kept).join().expect("it does not panic"))
}
