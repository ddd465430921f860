//! Steps of a chore: a heading, the output of what runs, a duration, and a summary of all.
//!
//! The type to know is [`Steps`]. A failed step does not stop the next ones: one run shows all that
//! is wrong. It must not know what the steps are.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// Steps that have run.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    done: Vec<Done>,
}

#[derive(Debug)]
struct Done {
    title: String,
    took: Duration,
    failure: Option<String>,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// As it should.
    Well,
    /// With an error, which is remembered.
    Badly,
}

impl Steps {
    /// Runs one step under its heading.
    pub(crate) fn step(&mut self, title: &str, run: impl FnOnce() -> Result<(), String>) -> Ended {
        println!("\n=== {title} ===");
        let start = Instant::now();
        let failure = run().err();
        let took = start.elapsed();
        let ended = match &failure {
            None => {
                println!("--- {title}: ok in {}", seconds(took));
                Ended::Well
            }
            Some(message) => {
                println!("--- {title}: FAILED after {}: {message}", seconds(took));
                Ended::Badly
            }
        };
        self.done.push(Done { title: title.to_owned(), took, failure });
        ended
    }

    /// Prints what ran and how long it took.
    ///
    /// # Errors
    /// A step failed; the text names all that did.
    pub(crate) fn finish(self) -> Result<(), String> {
        println!("\n=== summary ===");
        for Done { title, took, failure } in &self.done {
            let result = if failure.is_none() { "ok" } else { "FAILED" };
            println!("{result:>6}  {:>8}  {title}", seconds(*took));
        }
        let failed: Vec<String> = self
            .done
            .iter()
            .filter_map(|Done { title, failure, .. }| Some(format!("{title}: {}", failure.as_ref()?)))
            .collect();
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\nerror: ")) }
    }
}

fn seconds(duration: Duration) -> String {
    format!("{:.1} s", duration.as_secs_f64())
}

/// Runs a program in a folder, with its output as it comes.
///
/// # Errors
/// It is missing, in which case `install` says what to install, or it failed.
pub(crate) fn run(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
    install: &str,
) -> Result<(), String> {
    run_with(folder, program, arguments, &[], install)
}

/// The same, with more in its environment.
///
/// # Errors
/// As those of [`run`].
pub(crate) fn run_with(
    folder: &Path,
    program: impl AsRef<OsStr>,
    arguments: &[&str],
    environment: &[(&str, &str)],
    install: &str,
) -> Result<(), String> {
    let program = program.as_ref();
    let shown = format!("{} {}", program.to_string_lossy(), arguments.join(" "));
    println!("$ {shown}");
    match Command::new(program).args(arguments).envs(environment.iter().copied()).current_dir(folder).status()
    {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("`{shown}` ended with {status}")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Err(format!("`{}` is not there: install {install}", program.to_string_lossy()))
        }
        Err(error) => Err(format!("`{shown}`: {error}")),
    }
}

/// The cargo that runs this.
pub(crate) fn cargo(root: &Path, arguments: &[&str]) -> Result<(), String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    run(root, cargo, arguments, "Rust")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_failed_step_fails_the_chore_and_the_others_still_run() {
        let mut steps = Steps::default();
        assert_eq!(steps.step("first", || Err("broken".to_owned())), Ended::Badly);
        assert_eq!(steps.step("second", || Ok(())), Ended::Well);
        assert_eq!(steps.finish(), Err("first: broken".to_owned()));
    }

    #[test]
    fn a_missing_program_is_an_error_that_names_what_to_install() {
        let error = run(Path::new("."), "no-such-program-here", &[], "the thing (package `thing`)");
        assert_eq!(
            error,
            Err("`no-such-program-here` is not there: install the thing (package `thing`)".to_owned())
        );
    }
}
