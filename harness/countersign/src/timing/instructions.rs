//! How many instructions a driver takes for a wrong tag, by the position of the wrong character.
//!
//! The function to know is [`instructions`]. Start-up, and reading and writing lines, are taken out: a request is verified so many times
//! in one process and more often in another, and the difference is divided by the calls.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_core::line::Capability;
use countersign_core::wire::Wire;
use countersign_timing::statistics::{Count, Instructions};
use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use super::exact::{Verifier, facts};
use super::options::CannotMeasure;
use super::valgrind::{Tool, Valgrind, written};
use super::wrong::Requests;
use crate::process::CommandLine;
use crate::session;

/// Calls of the shorter run, in which everything that happens once has happened.
const FEW: u32 = 50;
/// Calls by which the longer run is longer.
const CALLS: u32 = 200;

/// Counts the instructions of the driver behind a session, which was started by this command line.
///
/// # Errors
/// Valgrind is not there, the driver cannot be asked, or it accepts what is wrong.
pub async fn instructions(
    session: &session::Session,
    command: &CommandLine,
    target: &str,
) -> Result<Instructions, CannotMeasure> {
    counted(session, command, target).await.map_err(CannotMeasure::new)
}

async fn counted(
    session: &session::Session,
    command: &CommandLine,
    target: &str,
) -> Result<Instructions, String> {
    let valgrind = Valgrind::find().map_err(|why| why.to_string())?;
    let verifier = Verifier::of(session)?;
    if !verifier.process.hello().can(Capability::Timing) {
        return Err(
            "unsupported: the driver does not verify a request several times in a row (capability `timing`)"
                .to_owned(),
        );
    }
    let requests = Requests::new(session)?;
    verifier.refuses(&requests).await?;
    let run = Run { valgrind: &valgrind, session, command };
    let last = requests.wrong.len() - 1;
    // What is counted: the row, and which of both characters. The ends have both, and the first one twice.
    let mut asked: Vec<(usize, usize)> = (0..=last).map(|row| (row, 0)).collect();
    asked.extend([(0, 1), (last - 1, 1), (last, 1), (0, 0), (last - 1, 0)]);
    let jobs = asked.iter().map(|&(row, character)| run.count(&requests.wrong[row].wires[character]));
    let at_once = std::thread::available_parallelism().map_or(1, usize::from);
    let found: Vec<i64> = stream::iter(jobs).buffered(at_once).try_collect().await?;
    verifier.still_accepts(&requests).await?;

    let mut counts: Vec<Count> = Vec::new();
    let mut again = Vec::new();
    for (&(row, character), &instructions) in asked.iter().zip(&found) {
        match (counts.get_mut(row), character) {
            (None, _) => {
                counts.push(Count { position: requests.wrong[row].position, instructions, other: None })
            }
            (Some(count), 1) => count.other = Some(instructions),
            (Some(_), _) => again.push((row, instructions)),
        }
    }
    let facts: BTreeMap<String, String> = facts(&valgrind);
    Ok(Instructions::new(target, CALLS, counts, &again, facts))
}

struct Run<'a> {
    valgrind: &'a Valgrind,
    session: &'a session::Session,
    command: &'a CommandLine,
}

impl Run<'_> {
    /// Instructions of [`CALLS`] calls.
    async fn count(&self, wire: &Wire) -> Result<i64, String> {
        let few = self.total(wire, FEW).await?;
        Ok(self.total(wire, FEW + CALLS).await? - few)
    }

    async fn total(&self, wire: &Wire, calls: u32) -> Result<i64, String> {
        let folder = tempfile::tempdir().map_err(|error| format!("no temporary folder: {error}"))?;
        let process = self.valgrind.start(self.session, self.command, Tool::Count, folder.path()).await?;
        process.repeat(wire, calls).await.map_err(|why| why.to_string())?;
        process.pool().shutdown().await.map_err(|why| format!("under valgrind, {why}"))?;
        largest(folder.path())
    }
}

/// The instructions of the process that took most: launchers take few.
fn largest(folder: &Path) -> Result<i64, String> {
    let texts = written(folder)?;
    let summary = |text: &String| {
        text.lines().rev().find_map(|line| line.strip_prefix("summary:")?.trim().parse().ok())
    };
    texts.iter().filter_map(summary).max().ok_or_else(|| "valgrind wrote no count of instructions".to_owned())
}
