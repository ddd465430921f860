//! `countersign list`.

use countersign_conformance::Catalog;
use countersign_conformance::mutants::{MUTANTS, Mutant, SHOWN_BY_TIMING};
use countersign_conformance::smoke::Smoke;
use countersign_core::tamper::Tamper;

use super::args::Listed;
use crate::exit::{Exit, Failed};

/// Prints one line for each: the id, and what it is.
pub(crate) fn list(what: Listed) -> Result<Exit, Failed> {
    let catalog = Catalog::embedded();
    let lines: Vec<(String, String)> = match what {
        Listed::Schemes => catalog
            .schemes
            .iter()
            .map(|(name, scheme)| (name.to_string(), scheme.file().title.clone()))
            .collect(),
        Listed::Suites => catalog
            .suites
            .iter()
            .map(|suite| {
                let name = suite.path.trim_start_matches("suites/").trim_end_matches(".yaml");
                (name.to_owned(), format!("{} ({} cases)", suite.about, suite.cases.len()))
            })
            .chain([smoke()?])
            .collect(),
        Listed::Cases => catalog
            .cases()
            .map(|(_, case)| {
                let requires: Vec<&str> = case.requires.iter().map(|id| id.as_str()).collect();
                (case.id.to_string(), requires.join(" "))
            })
            .collect(),
        Listed::Requirements => catalog
            .requirements
            .values()
            .map(|requirement| {
                (requirement.id.to_string(), format!("{:6} {}", requirement.level, requirement.title))
            })
            .collect(),
        Listed::BugClasses => catalog
            .bug_classes
            .values()
            .map(|class| (class.id.to_string(), format!("{:12} {}", class.state.name(), class.title)))
            .collect(),
        Listed::Mutants => {
            let state = |mutant: &Mutant| {
                catalog.bug_classes.get(mutant.class).map_or("unknown", |class| class.state.name())
            };
            let line = |mutant: &Mutant| format!("{:12} {}", state(mutant), mutant.about);
            let timed = |mutant: &Mutant| {
                let about = mutant.about;
                format!(
                    "{:12} {about}; no case can kill it: countersign timing --target mutant:{}",
                    "timing", mutant.class
                )
            };
            let killed = MUTANTS.iter().map(|mutant| (mutant.class.to_owned(), line(mutant)));
            let shown = SHOWN_BY_TIMING.iter().map(|mutant| (mutant.class.to_owned(), timed(mutant)));
            killed.chain(shown).collect()
        }
        Listed::Tampers => {
            Tamper::NAMES.iter().map(|(name, about)| ((*name).to_owned(), (*about).to_owned())).collect()
        }
    };
    let width = lines.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let text: String = lines.iter().map(|(id, about)| format!("{id:width$}  {about}\n")).collect();
    super::print(&text)
}

/// The line of the smoke selection.
fn smoke() -> Result<(String, String), Failed> {
    let smoke = Smoke::embedded().map_err(|found| Failed::usage(found.to_string()))?;
    let Smoke { selection, about, requests, requests_of_all, cases } = smoke;
    let count = cases.len();
    let about = format!(
        "{about} ({count} cases of the suites above, {requests} of {requests_of_all} requests, generated)"
    );
    Ok((selection, about))
}
