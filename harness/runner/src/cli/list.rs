//! `countersign list`.

use countersign_conformance::Catalog;
use countersign_conformance::mutants::MUTANTS;
use countersign_core::spec::ClassState;
use countersign_core::tamper::Tamper;

use super::args::Listed;
use crate::exit::{Exit, Failed};

/// Prints one line for each: the id, a tab, and what it is.
pub(super) fn list(what: Listed) -> Result<Exit, Failed> {
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
            .map(|class| {
                let state = match &class.state {
                    ClassState::Covered => "covered",
                    ClassState::Planned(_) => "planned",
                    ClassState::NotTestable(_) => "not testable",
                };
                (class.id.to_string(), format!("{state:12} {}", class.title))
            })
            .collect(),
        Listed::Mutants => {
            MUTANTS.iter().map(|mutant| (mutant.class.to_owned(), mutant.about.to_owned())).collect()
        }
        Listed::Tampers => {
            Tamper::NAMES.iter().map(|(name, about)| ((*name).to_owned(), (*about).to_owned())).collect()
        }
    };
    let width = lines.iter().map(|(id, _)| id.len()).max().unwrap_or(0);
    let text: String = lines.iter().map(|(id, about)| format!("{id:width$}  {about}\n")).collect();
    super::print(&text)
}
