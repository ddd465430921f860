//! `--format NAME[=PATH]`, the same for every command that writes reports.
//!
//! The function to know is [`open`], which parses the options and opens every file before anything is sent. If no report
//! goes to standard output, the terminal report does. This module must not know what a report contains.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use countersign_core::id::nearest;

use super::explain::unknown;
use crate::exit::Failed;

/// The human-readable format. It goes to standard output whenever no other report does, if the command has it.
pub(crate) const TERMINAL: &str = "terminal";

/// The formats of a command, by name; the first is the default.
pub(crate) type Known<'a, K> = &'a [(&'a str, K)];

/// A requested report, and where it goes.
#[derive(Debug)]
pub(crate) struct Output<K> {
    /// The format.
    pub(crate) kind: K,
    /// As requested: `json=report.json`.
    name: String,
    destination: Destination,
}

#[derive(Debug)]
enum Destination {
    Stdout,
    File(PathBuf, File),
}

/// Opens the requested reports.
///
/// # Errors
/// A format is unknown, two reports would go to the same place, or a file cannot be written. No file is touched unless all
/// options are valid.
pub(crate) fn open<K: Copy>(asked: &[String], known: Known<'_, K>) -> Result<Vec<Output<K>>, Failed> {
    let (default, _) = known[0];
    let mut wanted: Vec<(String, K, Option<PathBuf>)> = Vec::new();
    for text in asked {
        let (name, path) =
            text.split_once('=').map_or((text.as_str(), None), |(name, path)| (name, Some(path)));
        wanted.push((text.clone(), find(name, known)?, path.map(PathBuf::from)));
    }
    let is_free = wanted.iter().all(|(_, _, path)| path.is_some());
    let has_terminal = known.iter().any(|(name, _)| *name == TERMINAL);
    if wanted.is_empty() || (is_free && has_terminal) {
        let name = if has_terminal { TERMINAL } else { default };
        wanted.push((name.to_owned(), find(name, known)?, None));
    }
    check_destinations(&wanted)?;
    wanted
        .into_iter()
        .map(|(name, kind, path)| {
            let destination = match path {
                None => Destination::Stdout,
                Some(path) => {
                    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
                    let file = file.map_err(|error| unwritable(&path.display().to_string(), &error))?;
                    Destination::File(path, file)
                }
            };
            Ok(Output { kind, name, destination })
        })
        .collect()
}

fn find<K: Copy>(name: &str, known: Known<'_, K>) -> Result<K, Failed> {
    known.iter().find(|(other, _)| *other == name).map(|(_, kind)| *kind).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let near = nearest(name, names.iter().copied());
        unknown("format", name, near, &format!("known are {}", names.join(", ")))
    })
}

fn check_destinations<K>(wanted: &[(String, K, Option<PathBuf>)]) -> Result<(), Failed> {
    if wanted.iter().filter(|(_, _, path)| path.is_none()).count() > 1 {
        let help = "give all but one a file: --format json=report.json";
        return Err(Failed::usage_help("two reports cannot share standard output", help));
    }
    let paths: Vec<&PathBuf> = wanted.iter().filter_map(|(_, _, path)| path.as_ref()).collect();
    for (at, path) in paths.iter().enumerate() {
        if paths[..at].iter().any(|other| canonical(other) == canonical(path)) {
            let message = format!("two reports cannot share the file `{}`", path.display());
            return Err(Failed::usage_help(message, "give each a file of its own"));
        }
    }
    Ok(())
}

/// The canonical path, if at least its folder exists: the same for every spelling.
fn canonical(path: &Path) -> PathBuf {
    let whole = path.canonicalize().ok();
    let folder = || {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        Some(parent.unwrap_or(Path::new(".")).canonicalize().ok()?.join(path.file_name()?))
    };
    whole.or_else(folder).unwrap_or_else(|| path.to_path_buf())
}

fn unwritable(shown: &str, error: &io::Error) -> Failed {
    Failed::usage_help(
        format!("cannot write the report `{shown}`: {error}"),
        "check the path after `=` in --format",
    )
}

impl<K> Output<K> {
    /// Whether it goes to standard output.
    pub(crate) fn is_on_stdout(&self) -> bool {
        matches!(self.destination, Destination::Stdout)
    }

    /// Whether it goes to a terminal where colors are wanted.
    pub(crate) fn is_on_colored_terminal(&self) -> bool {
        self.is_on_stdout()
            && io::stdout().is_terminal()
            && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
    }

    /// The file it goes to; `None` for standard output.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.destination {
            Destination::Stdout => None,
            Destination::File(path, _) => Some(path),
        }
    }

    /// Writes the whole report at once. A file keeps its old content until then.
    ///
    /// # Errors
    /// It cannot be written.
    pub(crate) fn write(self, text: &str) -> Result<(), Failed> {
        let name = self.name.clone();
        let (_, _, mut out) = self.stream()?;
        let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
        match written {
            // A closed pipe is not an error.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(unwritable(&name, &error)),
            _ => Ok(()),
        }
    }

    /// Returns the format, the requested name, and a writer for a report that grows. A file is truncated first.
    ///
    /// # Errors
    /// The file cannot be truncated.
    pub(crate) fn stream(self) -> Result<(K, String, Box<dyn Write>), Failed> {
        let out: Box<dyn Write> = match self.destination {
            Destination::Stdout => Box::new(io::BufWriter::new(io::stdout())),
            Destination::File(path, file) => {
                // A device or a pipe cannot be truncated.
                let is_file = file.metadata().is_ok_and(|about| about.is_file());
                if is_file {
                    file.set_len(0).map_err(|error| unwritable(&path.display().to_string(), &error))?;
                }
                Box::new(io::BufWriter::new(file))
            }
        };
        Ok((self.kind, self.name, out))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: Known<'static, u8> = &[("terminal", 0), ("json", 1), ("html", 2)];

    fn opened(asked: &[&str]) -> Result<Vec<(u8, bool)>, String> {
        let asked: Vec<String> = asked.iter().map(|text| (*text).to_owned()).collect();
        let outputs = open(&asked, KNOWN).map_err(|failed| failed.message)?;
        Ok(outputs.iter().map(|output| (output.kind, output.is_on_stdout())).collect())
    }

    #[test]
    fn reports_in_files_leave_standard_output_to_the_terminal_report() {
        let folder = tempfile::tempdir().expect("a folder");
        let json = format!("json={}", folder.path().join("a.json").display());
        assert_eq!(opened(&[]), Ok(vec![(0, true)]));
        assert_eq!(opened(&["json"]), Ok(vec![(1, true)]));
        assert_eq!(opened(&[&json]), Ok(vec![(1, false), (0, true)]));
        assert_eq!(opened(&[&json, "html"]), Ok(vec![(1, false), (2, true)]));
    }

    #[test]
    fn two_reports_do_not_share_a_place_however_it_is_spelled() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().display().to_string();
        assert!(opened(&["json", "html"]).is_err_and(|why| why.contains("share standard output")));
        let twice = opened(&[&format!("json={path}/a"), &format!("html={path}/./a")]);
        assert!(twice.is_err_and(|why| why.contains("two reports cannot share the file")));
        assert!(!folder.path().join("a").exists(), "no file is touched");
    }

    #[test]
    fn an_unknown_format_is_named_with_the_nearest_one_and_touches_no_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let json = format!("json={}", folder.path().join("a.json").display());
        let why = opened(&[&json, "htlm"]).expect_err("there is none");
        assert!(why.contains("unknown format `htlm`") && why.contains("did you mean `html`?"), "{why}");
        assert!(!folder.path().join("a.json").exists());
    }

    #[test]
    fn a_file_keeps_what_it_held_until_the_report_is_written() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        std::fs::write(&path, "an earlier and longer report").expect("it is written");
        let mut outputs = open(&[format!("json={}", path.display())], KNOWN).expect("opened");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "an earlier and longer report");
        outputs.remove(0).write("new\n").expect("it is written");
        assert_eq!(std::fs::read_to_string(&path).expect("text"), "new\n");
    }
}
