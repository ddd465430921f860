//! Pairs of requests over HTTP/2.

use std::time::Duration;

use countersign::timing::{ReservedCpu, Stop, Timing};
use countersign_benches::pairs::Server;
use countersign_timing::statistics::Label;

use super::{RUNS, middle_and_worst};

/// Pairs at most.
const PAIRS: u64 = 3_000;
/// Runs against a server without a difference.
const CLEAN: usize = 20;
/// Nanoseconds that are tolerated.
const RESOLUTION: f64 = 100.0;

/// Pairs until a difference is certain, beside the order of answers alone: at most 200 for 1 us on a server with one worker.
#[expect(clippy::unnecessary_wraps, reason = "all parts have one type")]
pub(super) fn pairs() -> Result<bool, String> {
    let cpu = ReservedCpu::choose();
    let mut met = true;
    for workers in [1, 2] {
        for micros in [1, 3, 10, 50, 0] {
            if let Some(cpu) = &cpu {
                cpu.avoid();
            }
            let server = Server::start(workers, Duration::from_micros(micros));
            if let Some(cpu) = &cpu {
                cpu.pin();
            }
            let count = if micros == 0 { CLEAN } else { RUNS };
            let runs: Vec<Timing> =
                (0..count).map(|_| server.measured(PAIRS, RESOLUTION, Stop::AtEnd)).collect();
            let (found, worst) = middle_and_worst(runs.iter().map(|run| run.finding().found));
            let leaks = runs.iter().filter(|run| run.is_leak()).count();
            let order = runs.iter().map(order_alone).fold(0.0, |most: f64, z| most.max(z.abs()));
            println!(
                "  workers {workers}, +{micros} us: {leaks} of {count} runs say leak; certain after {found} pairs (worst \
                 {worst}); order alone, largest z {order:.1}"
            );
            match (workers, micros) {
                (1, 1) => met &= found <= 200.0,
                (_, 0) => met &= leaks == 0,
                (_, _) => {}
            }
        }
    }
    Ok(met)
}

/// How far the number of pairs in which the second class was answered last is from the half of all, in standard deviations.
fn order_alone(run: &Timing) -> f64 {
    let apart = run.recording().timings.iter().filter(|(_, nanos)| *nanos != 0.0);
    let last: Vec<bool> = apart.map(|(label, nanos)| (*label == Label::Y) == (*nanos > 0.0)).collect();
    let (all, second) = (last.len() as f64, last.iter().filter(|&&second| second).count() as f64);
    (second - all / 2.0) / (all / 4.0).sqrt()
}
