//! Judging recorded timings.

use std::path::Path;

use countersign_timing::statistics::{Comparison, Controls, Finding, Limits, Recording, Report};
use flate2::read::MultiGzDecoder;

use crate::args::TimingArgs;
use crate::bounded;
use crate::exit::Failed;

/// The longest recording that is read, after decompression.
const MAX_RECORDING: usize = 256 << 20;

/// Judges a recording.
pub(super) fn recorded(path: &Path, args: &TimingArgs) -> Result<Report, Failed> {
    let recording = read(path, args.unit)?;
    if recording.timings.is_empty() {
        let help = "each call is a line `label,timing`, with the label X or Y";
        return Err(Failed::usage_help(format!("{} holds no timing", path.display()), help));
    }
    let limits = Limits { resolution: args.resolution, step: recording.step(), ..Limits::default() };
    let mut comparison = Comparison::new(limits, 0);
    recording.timings.iter().for_each(|&(label, timing)| comparison.push(label, timing));
    let name = path.display().to_string();
    let finding = match recording.is_random() {
        true => Finding::new("recorded timings", &comparison, &Controls::default(), 1, &recording),
        false => Finding::uncertifiable("recorded timings", &recording, &comparison),
    };
    Ok(Report::new(name, vec![finding]))
}

fn read(path: &Path, unit: Option<f64>) -> Result<Recording, Failed> {
    let unreadable = |error: std::io::Error| {
        Failed::usage_help(format!("{}: {error}", path.display()), "name a file with recorded timings")
    };
    let mut bytes = bounded::read_file(path, MAX_RECORDING).map_err(unreadable)?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        bytes = bounded::read(MultiGzDecoder::new(&bytes[..]), MAX_RECORDING).map_err(unreadable)?;
    }
    let text = String::from_utf8(bytes).map_err(|_| {
        Failed::usage_help(format!("{} is not UTF-8", path.display()), "a recording is a table of text")
    })?;
    let text = match unit {
        Some(unit) => format!("# unit: {unit} ns\n{text}"),
        None => text,
    };
    Recording::parse(&text).map_err(|mut bad| {
        bad.line -= usize::from(unit.is_some()).min(bad.line - 1);
        Failed::usage(format!("error: {}: {bad}", path.display()))
    })
}
