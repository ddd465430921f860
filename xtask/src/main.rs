//! Chores of this repository, as `cargo xtask CHORE`.
//!
//! The list to know is [`CHORES`]; help derives from it. Nothing that users install is in here.

mod checks;
mod implementations;
mod nightly;
mod packages;
mod pages;
mod step;
mod tools;
#[cfg(test)]
mod words;

use std::path::Path;
use std::process::ExitCode;

use implementations::Scope;
use step::Steps;

/// Whether a generated file is written or compared with what stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Written.
    Write,
    /// Compared; a difference is an error.
    Check,
}

/// A chore: its name, what may follow it, what it does.
struct Chore {
    name: &'static str,
    takes: &'static str,
    about: &'static str,
    run: fn(&Path, Mode) -> Result<(), String>,
}

const CHORES: &[Chore] = &[
    Chore {
        name: "test",
        takes: "",
        about: "sets up one implementation of each language, then runs every test but the nightly ones",
        run: |root, _| {
            let mut steps = Steps::default();
            checks::test(&mut steps, root);
            steps.finish()
        },
    },
    Chore {
        name: "ci",
        takes: "",
        about: "what CI runs: format, test, clippy, licenses and bans",
        run: |root, _| checks::ci(root),
    },
    Chore {
        name: "nightly",
        takes: "",
        about: "everything that takes long: all implementations, fuzz targets, mutants, figures",
        run: |root, _| nightly::run(root),
    },
    Chore {
        name: "setup",
        takes: "",
        about: "sets up one implementation of each language, and cargo-deny",
        run: |root, _| implementations::set_up(root, Scope::Merge),
    },
    Chore {
        name: "setup-every",
        takes: "",
        about: "sets up all implementations",
        run: |root, _| implementations::set_up(root, Scope::Every),
    },
    Chore {
        name: "schema",
        takes: "[--check]",
        about: "writes vectors/schema/ from the Rust types, or checks that it is up to date",
        run: |root, mode| pages::run(root, "schema", mode),
    },
    Chore {
        name: "detection",
        takes: "[--check]",
        about: "writes what the kill matrix says: DETECTION.md and smoke.yaml, or checks them",
        run: |root, mode| pages::run(root, "detection", mode),
    },
    Chore {
        name: "grid",
        takes: "[--check]",
        about: "asks every real implementation, and writes what they did: GRID.md, or checks it",
        run: |root, mode| pages::run(root, "grid", mode),
    },
    Chore {
        name: "docs",
        takes: "[--check]",
        about: "writes counts and schemes into docs/schemes.md, or checks that they are up to date",
        run: |root, mode| pages::run(root, "docs", mode),
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (name, mode) = match words[..] {
        [] | ["help" | "--help" | "-h"] => {
            print!("{}", help());
            return ExitCode::SUCCESS;
        }
        [name] => (name, Mode::Write),
        [name, "--check"] => (name, Mode::Check),
        _ => return refuse(&format!("`{}` is not a chore", words.join(" "))),
    };
    let Some(chore) = CHORES.iter().find(|chore| chore.name == name) else {
        return refuse(&format!("there is no chore `{name}`"));
    };
    if mode == Mode::Check && chore.takes.is_empty() {
        return refuse(&format!("`{name}` takes no option"));
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository");
    match (chore.run)(root, mode) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn refuse(message: &str) -> ExitCode {
    eprint!("error: {message}\n\n{}", help());
    ExitCode::from(2)
}

fn help() -> String {
    let lines = CHORES.iter().map(|Chore { name, takes, about, .. }| {
        format!("  cargo xtask {:<18} {about}\n", format!("{name} {takes}"))
    });
    format!("Chores of this repository:\n{}", lines.collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_chore_stands_once_and_in_the_help() {
        let help = help();
        for chore in CHORES {
            let lines = help.lines().filter(|line| line.contains(&format!("xtask {} ", chore.name))).count();
            assert_eq!(lines, 1, "{}", chore.name);
        }
    }
}
