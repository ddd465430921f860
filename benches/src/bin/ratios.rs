//! Prints, in one run, how Countersign does beside its peers: `cargo run --release -p countersign-benches
//! --bin ratios [generation|memory|loopback|lines]`, or all of them.
//!
//! Peers run in turn with what is measured against them, so that a busy machine slows both; what is
//! printed is the median of the ratios. A part whose peer is missing is an error, not a skip.

use std::process::{Command, ExitCode};

use countersign_benches::lines::{Asking, Body, Echo, Loop, echo, nothing};
use countersign_benches::load::{Load, Size};
use countersign_benches::loopback::{Judge, ROUND, Served};
use countersign_benches::rounds::{Rounds, median};

/// The allocator of the command.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A part: its name, and whether its figure meets the goal.
type Part = (&'static str, fn() -> Result<Goal, String>);

const PARTS: &[Part] =
    &[("generation", generation), ("memory", memory), ("loopback", loopback), ("lines", lines)];

/// Connections of both peers over loopback.
const CONNECTIONS: usize = 16;

/// How a figure stands to its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Goal {
    Met,
    Missed,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        // The children of the parts.
        ["endpoint"] => {
            Served::serve();
            return ExitCode::SUCCESS;
        }
        ["peak", count] => return peak(count),
        ["echo"] => return piped(echo()),
        ["nothing"] => return piped(nothing()),
        _ => {}
    }
    if let Some(unknown) = words.iter().find(|word| PARTS.iter().all(|(name, _)| name != *word)) {
        eprintln!("error: there is no part `{unknown}`; the parts are generation, memory, loopback, lines");
        return ExitCode::from(2);
    }
    println!(
        "{} threads available, {} build",
        threads(),
        if cfg!(debug_assertions) { "debug" } else { "release" }
    );
    let mut code = ExitCode::SUCCESS;
    for (name, part) in PARTS.iter().filter(|(name, _)| words.is_empty() || words.contains(name)) {
        println!("\n{name}");
        match part() {
            Ok(Goal::Met) => println!("  goal met"),
            Ok(Goal::Missed) => {
                println!("  goal MISSED");
                code = ExitCode::FAILURE;
            }
            Err(message) => {
                eprintln!("error: {name}: {message}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn goal(met: bool) -> Goal {
    if met { Goal::Met } else { Goal::Missed }
}

/// Cases from recipe to bytes, beside the bare HMAC-SHA256 of the same signing strings, on one core.
#[expect(clippy::unnecessary_wraps, reason = "all parts have one type")]
fn generation() -> Result<Goal, String> {
    let mut found = Vec::new();
    for (size, what) in [(Size::Any, "all shipped cases"), (Size::Small, "those that sign at most 1 KiB")] {
        let load = Load::shipped(size);
        let rounds = Rounds::interleaved(15, |round| load.generate(round), |_| load.macs());
        println!("  {what}: {} cases, {} bytes under the MAC on average", load.cases(), load.mean_length());
        shown("signed requests generated", "bare MACs", &rounds);
        found.push(rounds.ratio());
    }
    println!("  goal: at least 0.7 over all shipped cases");
    Ok(goal(found[0] >= 0.7))
}

/// Peak memory of generating a million cases beside that of ten thousand.
fn memory() -> Result<Goal, String> {
    let few = peak_of(10_000)?;
    let many = peak_of(1_000_000)?;
    let ratio = many as f64 / few as f64;
    println!("  peak of 10,000 cases: {few} KiB; of 1,000,000: {many} KiB; ratio {ratio:.3}");
    println!("  goal: at most 1.5");
    Ok(goal(ratio <= 1.5))
}

/// Runs this program again to generate cases, and reads its peak from what it prints.
fn peak_of(count: usize) -> Result<u64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let output =
        Command::new(program).args(["peak", &count.to_string()]).output().map_err(|e| e.to_string())?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    text.parse().map_err(|_| {
        format!("the child printed `{text}`, not a peak: {}", String::from_utf8_lossy(&output.stderr).trim())
    })
}

/// The child of [`peak_of`]: generates cases one after the other and prints its own peak in KiB.
fn peak(count: &str) -> ExitCode {
    let Ok(count) = count.parse::<usize>() else { return ExitCode::from(2) };
    // Small ones, so that the peak is not that of a single large body.
    let load = Load::shipped(Size::Small);
    for at in 0..count {
        std::hint::black_box(load.build(at, 1 + (at / load.cases()) as u64));
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB"));
    match peak {
        Some(peak) => {
            println!("{peak}");
            ExitCode::SUCCESS
        }
        None => {
            eprintln!("/proc/self/status has no VmHWM: this part needs Linux");
            ExitCode::FAILURE
        }
    }
}

/// Cases judged per second by the run loop, beside the requests per second of oha, on one endpoint.
fn loopback() -> Result<Goal, String> {
    if !Command::new("oha").arg("--version").output().is_ok_and(|output| output.status.success()) {
        return Err("the peer `oha` is not there; install it with `cargo install oha --locked`".to_owned());
    }
    let served = Served::spawn("endpoint").map_err(|error| error.to_string())?;
    let mut judge = Judge::new(served.address, CONNECTIONS, 100_000);
    let genuine = judge.genuine();
    let (mut judged, mut bare) = (Vec::new(), Vec::new());
    for round in 0..6 {
        let start = std::time::Instant::now();
        let cases = judge.run(round);
        let ours = cases as f64 / start.elapsed().as_secs_f64();
        let peer = oha(&served, genuine.request())?;
        // The first round warms up.
        if round > 0 {
            judged.push(ours);
            bare.push(peer);
        }
    }
    let rounds = Rounds { first: judged, second: bare };
    println!("  {CONNECTIONS} connections, one small request a case, every answer judged");
    shown("cases judged", "requests of oha", &rounds);
    println!("  goal: at least 0.8");
    Ok(goal(rounds.ratio() >= 0.8))
}

/// Requests per second of oha with a genuine request; all must be accepted.
fn oha(served: &Served, request: &countersign_core::wire::Request) -> Result<f64, String> {
    let mut command = Command::new("oha");
    command.args(["--no-tui", "--output-format", "json", "-m", "POST"]);
    command.arg("-z").arg(format!("{}s", ROUND.as_secs())).arg("-c").arg(CONNECTIONS.to_string());
    for line in request.headers.iter().filter(|line| !line.is("Host")) {
        command.arg("-H").arg(format!("{}: {}", line.name, line.value));
    }
    command.arg("-d").arg(String::from_utf8_lossy(&request.body).into_owned());
    command.arg(format!("http://{}{}", served.address, String::from_utf8_lossy(&request.target)));
    let output = command.output().map_err(|error| error.to_string())?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("oha: {error}: {}", String::from_utf8_lossy(&output.stderr).trim()))?;
    let statuses = &report["statusCodeDistribution"];
    if statuses.as_object().is_none_or(|found| found.keys().any(|status| status != "200") || found.is_empty())
    {
        return Err(format!("oha was refused: {statuses}"));
    }
    report["summary"]["requestsPerSec"].as_f64().ok_or_else(|| "oha printed no rate".to_owned())
}

/// Requests through the line protocol, beside lines through bare pipes and calls in a loop.
fn lines() -> Result<Goal, String> {
    let mut met = Vec::new();
    for (body, name) in [(Body::OfACase, "as most cases have them"), (Body::Large, "of 1 KiB")] {
        println!("  bodies {name}, 128 in flight");
        met.push(echoed(body)? >= 0.8);
        let with_two = called(body, 2)?;
        called(body, 1)?;
        // Large bodies are rare in a run, and base64 is slow in Python: that is shown, and no goal.
        met.push(with_two >= 0.6 || body == Body::Large);
    }
    println!(
        "  goals: at least 0.8 of the lines, and 0.6 of the calls with the 2 drivers of a run and bodies of cases"
    );
    Ok(goal(met.iter().all(|met| *met)))
}

/// A driver that does nothing, beside a child that reads and writes the same lines; the ratio.
fn echoed(body: Body) -> Result<f64, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let count = 20_000;
    let asking = Asking::new(&format!("'{}' nothing", program.display()), "github", 1, body, count)?;
    let mut bare = Echo::spawn("echo", body, count).map_err(|error| error.to_string())?;
    let rounds = Rounds::interleaved(10, |_| asking.run(), |_| bare.run());
    println!("  one driver that does nothing");
    shown("requests asked", "lines echoed", &rounds);
    Ok(rounds.ratio())
}

/// Drivers of a Python package, beside a loop of calls; the ratio.
fn called(body: Body, workers: usize) -> Result<f64, String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
    let folder = format!("{root}/conformance/implementations/python");
    let (python, script) =
        (format!("{folder}/.venv/bin/python"), format!("{root}/benches/peers/standardwebhooks_loop.py"));
    if !std::path::Path::new(&python).exists() {
        return Err("the Python packages are not installed: run `cargo xtask setup`".to_owned());
    }
    let driver = format!("'{python}' '{folder}/drivers/standardwebhooks_driver.py'");
    let count = 5_000;
    let mut looping = Loop::spawn(&python, &script, body, count).map_err(|error| error.to_string())?;
    let asking = Asking::new(&driver, "standard-webhooks", workers, body, count)?;
    let mut rounds = Rounds { first: Vec::new(), second: Vec::new() };
    for round in 0..=40 {
        let start = std::time::Instant::now();
        let ours = asking.run() as f64 / start.elapsed().as_secs_f64();
        let peer = looping.rate().map_err(|error| error.to_string())?;
        // The first round warms up.
        if round > 0 {
            rounds.first.push(ours);
            rounds.second.push(peer);
        }
    }
    println!("  standardwebhooks in Python, {workers} of its drivers");
    shown("requests asked", "calls in a loop", &rounds);
    Ok(rounds.ratio())
}

/// The end of a child.
fn piped(ended: std::io::Result<()>) -> ExitCode {
    match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn shown(ours: &str, peer: &str, rounds: &Rounds) {
    let (low, high) = rounds.spread();
    println!(
        "  {ours}: {:.0}/s; {peer}: {:.0}/s; median ratio {:.3} ({low:.3} to {high:.3} in {} rounds)",
        median(rounds.first.clone()),
        median(rounds.second.clone()),
        rounds.ratio(),
        rounds.first.len()
    );
}
