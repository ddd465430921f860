//! `countersign timing --instructions` and `--taint`.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use countersign_core::observe::Outcome;
use countersign_timing::statistics::VerdictKind;
use serde::Serialize;

use super::{exit, inconclusive};
use crate::args::TimingArgs;
use crate::exit::{Exit, Failed};
use crate::output::{self, Known, Output, TERMINAL};
use crate::plan::Plan;
use crate::signals::{self, OnInterrupt};
use countersign::process::CommandLine;
use countersign::target::TargetSpec;
use countersign::timing;

/// How the result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Terminal,
    Json,
}

const FORMATS: Known<'static, Format> = &[(TERMINAL, Format::Terminal), ("json", Format::Json)];

/// Runs a driver under valgrind.
pub(crate) fn exact(args: &TimingArgs) -> Result<Exit, Failed> {
    let mut plan = Plan::new(&args.target, &[])?;
    // Messages and secrets of another seed take other instructions: the same command gives the same numbers.
    plan.seed = args.target.seed.unwrap_or(0);
    let TargetSpec::Exec(command) = &plan.target else {
        let message = "only a driver can be run under valgrind";
        return Err(Failed::usage_help(message, "write its command line: --target 'exec:./driver'"));
    };
    let [named] = &plan.schemes[..] else {
        return Err(Failed::usage_help("one scheme is measured at a time", "name it with --scheme"));
    };
    no_launcher(command)?;
    let outputs = output::open(&args.format, FORMATS)?;
    let cannot_start = |error| Failed::usage(format!("error: the runtime cannot start: {error}"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(cannot_start)?;
    signals::watch(OnInterrupt::Exit)?;
    let name = plan.target.name();
    let verdict = runtime.block_on(async {
        let mut session = plan.start(named, 1).await?;
        let opening = session.open().await.observation;
        let found = match opening.outcome {
            Outcome::Accepted if args.taint => {
                let found = timing::taint(&session, command, &name).await.map_err(inconclusive);
                found.and_then(|taint| write(&taint, outputs).map(|()| taint.verdict))
            }
            Outcome::Accepted => {
                let found = timing::instructions(&session, command, &name).await.map_err(inconclusive);
                found.and_then(|counted| write(&counted, outputs).map(|()| counted.verdict))
            }
            other => {
                let detail = opening.detail.map(|detail| format!(": {detail}")).unwrap_or_default();
                Err(inconclusive(format!("a valid request was not accepted but {other}{detail}")))
            }
        };
        session.target.shutdown().await;
        found
    });
    runtime.shutdown_timeout(Duration::from_millis(100));
    verdict.map(|verdict: VerdictKind| exit(verdict))
}

fn write(report: &(impl Serialize + std::fmt::Display), outputs: Vec<Output<Format>>) -> Result<(), Failed> {
    for output in outputs {
        let text = match output.kind {
            Format::Terminal => report.to_string(),
            Format::Json => {
                let json = serde_json::to_string_pretty(report).expect("texts and numbers can be written");
                format!("{json}\n")
            }
        };
        output.write(&text)?;
    }
    Ok(())
}

/// A shell in front of the driver takes longer under valgrind than the driver, and is what is counted.
fn no_launcher(command: &CommandLine) -> Result<(), Failed> {
    let Some(path) = found(command) else { return Ok(()) };
    let mut start = [0; 64];
    let length = File::open(&path).and_then(|mut file| file.read(&mut start)).unwrap_or_default();
    let first = String::from_utf8_lossy(&start[..length]);
    let first = first.lines().next().unwrap_or_default();
    let mut words = first.strip_prefix("#!").unwrap_or_default().split([' ', '/']);
    if words.any(|word| ["sh", "bash", "dash", "ksh", "zsh"].contains(&word)) {
        let message = format!("`{}` is a shell script that starts something else", path.display());
        let help =
            "name the program itself, such as what `python3 -c 'import sys; print(sys.executable)'` prints";
        return Err(Failed::usage_help(message, help));
    }
    Ok(())
}

/// Where the system finds the program.
fn found(command: &CommandLine) -> Option<PathBuf> {
    let path = command.path();
    if command.program().contains('/') {
        return Some(path);
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders)
        .map(|folder| folder.join(&path))
        .find(|path: &PathBuf| Path::is_file(path))
}
