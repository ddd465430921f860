//! `countersign vectors check`.

use std::path::{Path, PathBuf};

use countersign_conformance::Catalog;
use countersign_conformance::smoke::Smoke;
use countersign_core::vector::yaml::MAX_FILE;
use countersign_core::vector::{self, Diagnostic, Suite};

use crate::bounded;
use crate::exit::{Exit, Failed};

/// Checks scheme and suite files; the embedded ones if no path is given.
pub(crate) fn check(paths: &[PathBuf]) -> Result<Exit, Failed> {
    if paths.is_empty() {
        let catalog = Catalog::read().map_err(|found| failed(&found))?;
        let cases = catalog.cases().count();
        let (schemes, suites) = (catalog.schemes.len(), catalog.suites.len());
        return super::print(&format!(
            "{schemes} schemes, {suites} suites, {cases} cases: all well-formed\n"
        ));
    }
    let mut files = Vec::new();
    for path in paths {
        collect(path, &mut files)?;
    }
    if files.is_empty() {
        let message = "there is no .yaml file in the given paths";
        return Err(Failed::usage_help(message, "name scheme or suite files, or folders that contain some"));
    }
    let mut found = Vec::new();
    let mut report = String::new();
    for path in &files {
        let shown = path.display().to_string();
        let text = read(path)?;
        if text.lines().any(|line| line.starts_with("selection:")) {
            match Smoke::parse(&shown, &text, Catalog::embedded()) {
                Ok(smoke) => {
                    let count = smoke.cases.len();
                    report.push_str(&format!("{shown}: selection `{}`, {count} cases\n", smoke.selection));
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        } else if is_suite(&text) {
            match vector::suite(&shown, &text, &Catalog::embedded().known()) {
                Ok(suite) => {
                    let plural = if suite.cases.len() == 1 { "" } else { "s" };
                    report.push_str(&format!(
                        "{shown}: suite `{}`, {} case{plural}\n",
                        suite.name,
                        suite.cases.len()
                    ));
                }
                Err(diagnostics) => found.extend(diagnostics),
            }
        } else {
            match vector::scheme(&shown, &text) {
                Ok(scheme) => {
                    report.push_str(&format!("{shown}: scheme `{}`\n", scheme.file().scheme));
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
    }
    if !found.is_empty() {
        return Err(failed(&found));
    }
    super::print(&report)
}

fn failed(found: &[Diagnostic]) -> Failed {
    Failed::usage(found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n\n"))
}

/// A suite file starts with `suite:`, a scheme file with `scheme:`.
fn is_suite(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("suite:") || line.starts_with("cases:"))
}

/// Reads a user's suite file.
pub(crate) fn suite(path: &Path) -> Result<Suite, Failed> {
    let shown = path.display().to_string();
    vector::suite(&shown, &read(path)?, &Catalog::embedded().known()).map_err(|found| failed(&found))
}

/// Reads a user's text file.
pub(crate) fn read(path: &Path) -> Result<String, Failed> {
    let shown = path.display();
    let bytes = bounded::read_file(path, MAX_FILE).map_err(|error| {
        Failed::usage_help(format!("`{shown}` cannot be read: {error}"), "check the path")
    })?;
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let message = format!("`{shown}` is not UTF-8: the first invalid byte is at offset {at}");
        Failed::usage_help(message, "write such bytes as `hex:` or `base64:`")
    })
}

fn collect(path: &Path, files: &mut Vec<PathBuf>) -> Result<(), Failed> {
    if !path.is_dir() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    let unreadable =
        |error| Failed::usage(format!("error: the folder `{}` cannot be read: {error}", path.display()));
    let mut entries: Vec<PathBuf> =
        std::fs::read_dir(path).map_err(unreadable)?.flatten().map(|entry| entry.path()).collect();
    entries.sort();
    for entry in entries {
        // Symbolic links to folders may form a cycle.
        let link = entry.is_symlink() && entry.is_dir();
        if !link && entry.is_dir()
            || entry.extension().is_some_and(|ending| ending == "yaml" || ending == "yml")
        {
            collect(&entry, files)?;
        }
    }
    Ok(())
}
