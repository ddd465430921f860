//! Recorded answers: one file for each case, in the format of the insta review tool.
//!
//! The function to know is [`compare_or_record`]. `DIR/<scheme>/<case>.snap` is the accepted answer; a different one is
//! written next to it as `.snap.new`. This module must not know how answers are normalized.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use countersign_core::event::{CaseResult, Drift};
use countersign_core::snapshot::{diff, snapshot_file};

use crate::exit::Failed;

/// What to do with answers that differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnDrift {
    /// Write them next to the recorded ones, and report them.
    Report,
    /// Record them.
    Accept,
}

/// Whether all cases of a scheme ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// All of them. A recorded answer without an observed one is drift.
    Whole,
    /// A selection.
    Part,
}

/// Records the answers of one scheme, or compares them with the recorded ones.
///
/// # Errors
/// The folder cannot be read or written.
pub(crate) fn compare_or_record(
    dir: &Path,
    results: &[CaseResult],
    on_drift: OnDrift,
    extent: Extent,
) -> Result<Vec<Drift>, Failed> {
    let Some(first) = results.first() else { return Ok(Vec::new()) };
    let folder = dir.join(first.scheme.as_str());
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let recorded = names(&folder)?;
    let recording = recorded.is_empty();
    let mut drift = Vec::new();
    let mut seen = BTreeSet::new();
    for result in results.iter().filter(|result| result.observed.is_some()) {
        let path = folder.join(format!("{}.snap", result.id));
        let new_path = folder.join(format!("{}.snap.new", result.id));
        seen.insert(path.clone());
        let now = snapshot_file(result);
        let before = match fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(&path, &error)),
        };
        let Some(difference) = diff(&before, &now) else {
            remove(&new_path)?;
            continue;
        };
        if recording || on_drift == OnDrift::Accept {
            write(&path, &now)?;
            remove(&new_path)?;
        } else {
            write(&new_path, &now)?;
            drift.push(Drift { scheme: result.scheme.clone(), case: result.id.clone(), diff: difference });
        }
    }
    for gone in recorded.difference(&seen).filter(|_| extent == Extent::Whole) {
        let case = gone.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        match (on_drift, case) {
            (OnDrift::Accept, _) => remove(gone)?,
            (OnDrift::Report, Some(case)) => {
                let before = fs::read_to_string(gone).map_err(|error| failed(gone, &error))?;
                let difference = diff(&before, "").unwrap_or_default();
                drift.push(Drift { scheme: first.scheme.clone(), case, diff: difference });
            }
            (OnDrift::Report, None) => {}
        }
    }
    Ok(drift)
}

fn names(folder: &Path) -> Result<BTreeSet<PathBuf>, Failed> {
    let entries = fs::read_dir(folder).map_err(|error| failed(folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|ending| ending == "snap")).collect())
}

/// Writes a file completely or not at all.
fn write(path: &Path, text: &str) -> Result<(), Failed> {
    let half = path.with_extension("half");
    fs::write(&half, text).and_then(|()| fs::rename(&half, path)).map_err(|error| failed(path, &error))
}

fn remove(path: &Path) -> Result<(), Failed> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed(path, &error)),
        _ => Ok(()),
    }
}

fn failed(path: &Path, error: &std::io::Error) -> Failed {
    Failed::usage_help(
        format!("the snapshot `{}`: {error}", path.display()),
        "check --snapshot and the permissions of that folder",
    )
}
