//! How many calls a timing verdict takes, how often it is wrong, and what it costs: `cargo run --release -p
//! countersign-benches --bin timing [calls|requests|libraries|pairs|certified|conclusive|shifted|alarms|speed]`, or all of them.

mod alarms;
mod calls;
mod certain;
mod pairs;

use std::process::ExitCode;

use countersign_benches::delayed::Delayed;
use countersign_benches::rounds::median;

/// A part: its name, and whether its goals are met.
type Part = (&'static str, fn() -> Result<bool, String>);

const PARTS: &[Part] = &[
    ("calls", calls::functions),
    ("requests", calls::requests),
    ("libraries", calls::libraries),
    ("pairs", pairs::pairs),
    ("certified", certain::certified),
    ("conclusive", certain::conclusive),
    ("shifted", certain::shifted),
    ("alarms", alarms::alarms),
    ("speed", certain::speed),
];

/// Runs of each kind.
const RUNS: usize = 10;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    // The child of `Delayed`.
    if let ["delayed", nanos] = words[..] {
        let served = nanos.parse().map_err(std::io::Error::other).and_then(Delayed::serve);
        return if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE };
    }
    if let Some(unknown) = words.iter().find(|word| PARTS.iter().all(|(name, _)| name != *word)) {
        let names: Vec<&str> = PARTS.iter().map(|(name, _)| *name).collect();
        eprintln!("error: there is no part `{unknown}`; the parts are {}", names.join(", "));
        return ExitCode::from(2);
    }
    let mut code = ExitCode::SUCCESS;
    for (name, part) in PARTS.iter().filter(|(name, _)| words.is_empty() || words.contains(name)) {
        println!("{name} (load {})", load());
        match part() {
            Ok(true) => println!("  goals met"),
            Ok(false) => {
                println!("  goal MISSED");
                code = ExitCode::FAILURE;
            }
            Err(why) => {
                eprintln!("error: {name}: {why}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn load() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or("unknown").to_owned()
}

/// The median and the largest; what never came is infinite.
fn middle_and_worst(numbers: impl Iterator<Item = Option<u64>>) -> (f64, f64) {
    let all: Vec<f64> = numbers.map(|number| number.map_or(f64::INFINITY, |number| number as f64)).collect();
    (median(all.clone()), all.into_iter().fold(0.0, f64::max))
}
