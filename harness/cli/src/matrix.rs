//! `countersign matrix`.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::sync::Arc;

use countersign_conformance::Catalog;
use countersign_conformance::matrix::check::{Excuses, Problem, problems};
use countersign_conformance::matrix::report::Report;
use countersign_conformance::matrix::{Extent, Matrix, text};
use countersign_conformance::mutants::{MUTANTS, Mutant};
use countersign_core::id::{BugClassId, nearest};
use countersign_core::scheme::Scheme;

use super::args::MatrixArgs;
use super::explain::unknown;
use super::output::{self, Known, TERMINAL};
use super::plan::scheme;
use crate::exit::{Exit, Failed};
use countersign::target::no_mutant_error;

/// How the matrix is printed: two lines for each mutant, one document, or a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MatrixFormat {
    Terminal,
    Json,
    Markdown,
}

const FORMATS: Known<'static, MatrixFormat> =
    &[(TERMINAL, MatrixFormat::Terminal), ("json", MatrixFormat::Json), ("markdown", MatrixFormat::Markdown)];

/// Computes the kill matrix and prints it; nothing is sent.
pub(crate) fn matrix(args: &MatrixArgs) -> Result<Exit, Failed> {
    let catalog = Catalog::embedded();
    let excuses = Excuses::embedded().map_err(|found| {
        let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
        Failed::usage(shown.join("\n"))
    })?;
    let mutants = mutants(catalog, &args.class)?;
    let schemes = schemes(catalog, &args.scheme)?;
    let outputs = output::open(&args.format, FORMATS)?;
    let matrix = Matrix::of(catalog, &schemes, &mutants, extent(args));
    let problems = problems(&matrix, catalog, &excuses);
    for output in outputs {
        let text = match output.kind {
            MatrixFormat::Terminal => terminal(&matrix, catalog, &problems),
            MatrixFormat::Markdown => text::markdown(&matrix, catalog),
            MatrixFormat::Json => {
                let report = Report::new(&matrix, catalog, &problems);
                let json = serde_json::to_string_pretty(&report);
                format!("{}\n", json.map_err(|error| Failed::usage(format!("error: {error}")))?)
            }
        };
        output.write(&text)?;
    }
    if !args.check {
        return Ok(Exit::Conformant);
    }
    let (exit, said) = verdict(&problems);
    let _ = std::io::stderr().lock().write_all(said.as_bytes());
    Ok(exit)
}

/// The exit code of `--check`, and its messages.
fn verdict(problems: &[Problem]) -> (Exit, String) {
    let exit = if problems.is_empty() { Exit::Conformant } else { Exit::Findings };
    (exit, problems.iter().map(|problem| format!("error: {problem}\n")).collect())
}

fn extent(args: &MatrixArgs) -> Extent {
    match (args.scheme.is_empty(), args.class.is_empty()) {
        (true, true) => Extent::Whole,
        (true, false) => Extent::SomeMutants,
        (false, _) => Extent::SomeSchemes,
    }
}

fn terminal(matrix: &Matrix, catalog: &Catalog, problems: &[Problem]) -> String {
    let dead = matrix.rows.iter().filter(|row| !row.kills.is_empty()).count();
    format!(
        "{}\nschemes: {} · cases: {} · mutants killed: {dead} of {} · problems: {}\n",
        text::terminal(matrix, catalog),
        matrix.schemes.len(),
        matrix.requests.len(),
        matrix.rows.len(),
        problems.len(),
    )
}

fn schemes(catalog: &Catalog, named: &[String]) -> Result<Vec<Arc<dyn Scheme>>, Failed> {
    if named.is_empty() {
        return Ok(catalog.schemes.values().cloned().collect());
    }
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for name in named {
        let scheme = scheme(name)?;
        if seen.insert(scheme.file().scheme.clone()) {
            found.push(scheme);
        }
    }
    Ok(found)
}

/// The mutants of the named bug classes; all if none is named.
fn mutants(catalog: &Catalog, classes: &[String]) -> Result<Vec<&'static Mutant>, Failed> {
    let classes: Vec<String> = classes.iter().map(|class| class.to_uppercase()).collect();
    for class in &classes {
        if MUTANTS.iter().any(|mutant| mutant.class == class) {
            continue;
        }
        return Err(no_mutant_error(class).map(Failed::from).unwrap_or_else(|| {
            let near = nearest(class, catalog.bug_classes.keys().map(BugClassId::as_str));
            unknown("bug class", class, near, "see `countersign list bug-classes`")
        }));
    }
    let wanted = |mutant: &&Mutant| classes.is_empty() || classes.iter().any(|class| class == mutant.class);
    Ok(MUTANTS.iter().filter(wanted).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_conformance::matrix::check::ProblemKind;

    #[test]
    fn a_check_fails_with_the_names_of_what_survives() {
        assert_eq!(verdict(&[]), (Exit::Conformant, String::new()));
        let text = "survives every case".to_owned();
        let survivor = Problem { kind: ProblemKind::Survivor, id: "B03".to_owned(), text };
        let (exit, said) = verdict(&[survivor]);
        assert_eq!((exit, said.as_str()), (Exit::Findings, "error: B03: survives every case\n"));
    }
}
