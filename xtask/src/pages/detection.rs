//! `cargo xtask detection`: what follows from the kill matrix, as files.
//!
//! `conformance/DETECTION.md` says how well each bug class is detected; `vectors/smoke.yaml` is the
//! smoke selection. Both come from one computation.

use std::fs;
use std::path::Path;
use std::time::Instant;

use countersign_conformance::matrix::Matrix;
use countersign_conformance::smoke::Smoke;
use countersign_conformance::{Catalog, detection};

use crate::Mode;

/// Writes or checks the files.
///
/// # Errors
/// A file is out of date, or cannot be read or written.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let catalog = Catalog::embedded();
    let started = Instant::now();
    let matrix = Matrix::compute(catalog);
    println!("the kill matrix took {:.1} s", started.elapsed().as_secs_f64());
    let smoke = Smoke::choose(&matrix);
    println!(
        "smoke selection: {} of {} cases, {} of {} requests over all schemes",
        smoke.cases.len(),
        matrix.runs.len(),
        smoke.requests,
        smoke.requests_of_all,
    );
    let files = [
        ("conformance/DETECTION.md", detection::page(&matrix, catalog, &smoke)),
        ("vectors/smoke.yaml", smoke.text()),
    ];
    match mode {
        Mode::Write => write(root, &files),
        Mode::Check => check(root, &files),
    }
}

fn write(root: &Path, files: &[(&str, String)]) -> Result<(), String> {
    for (name, text) in files {
        fs::write(root.join(name), text).map_err(|error| format!("{name}: {error}"))?;
        println!("wrote {name}");
    }
    Ok(())
}

fn check(root: &Path, files: &[(&str, String)]) -> Result<(), String> {
    let stale = |(name, text): &(&str, String)| match fs::read_to_string(root.join(name)) {
        Ok(found) if found == *text => None,
        Ok(_) => Some(format!("{name} is out of date")),
        Err(error) => Some(format!("{name}: {error}")),
    };
    let stale: Vec<String> = files.iter().filter_map(stale).collect();
    if stale.is_empty() {
        println!("all files are up to date");
        return Ok(());
    }
    Err(format!("{}; run `cargo xtask detection`", stale.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_and_a_missing_file_are_found_and_mended() {
        let folder = std::env::temp_dir().join(format!("countersign-xtask-detection-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let files = [("a.md", "new\n".to_owned()), ("b.yaml", "b\n".to_owned())];
        fs::write(folder.join("a.md"), "old\n").expect("written");
        let error = check(&folder, &files).expect_err("one is old, one is missing");
        assert!(error.contains("a.md is out of date") && error.contains("b.yaml: "), "{error}");
        write(&folder, &files).expect("written");
        assert_eq!(check(&folder, &files), Ok(()));
        fs::remove_dir_all(&folder).expect("removed");
    }
}
