//! Everything that is shipped as data, read once: schemes, suites, requirements, bug classes.
//!
//! The type to know is [`Catalog`].

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use countersign_core::case::Case;
use countersign_core::id::{BugClassId, CaseId, SchemeName};
use countersign_core::judge::Failure;
use countersign_core::scheme::{Once, Scheme};
use countersign_core::spec::{BugClass, BugClassFile, Level, Requirement, RequirementFile, Requirements};
use countersign_core::vector::{self, Diagnostic, Known, Suite, yaml};
use include_dir::{Dir, include_dir};

static SPEC: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/spec");

/// All shipped data.
#[derive(Debug)]
pub struct Catalog {
    /// Schemes by name.
    pub schemes: BTreeMap<SchemeName, Arc<dyn Scheme>>,
    /// Suites in order of their paths.
    pub suites: Vec<Suite>,
    /// Requirements by id.
    pub requirements: Requirements,
    /// Bug classes by id.
    pub bug_classes: BTreeMap<BugClassId, BugClass>,
}

impl Catalog {
    /// The embedded data. It was checked when it was shipped.
    pub fn embedded() -> &'static Self {
        static CATALOG: OnceLock<Catalog> = OnceLock::new();
        CATALOG.get_or_init(|| match Self::read() {
            Ok(catalog) => catalog,
            Err(found) => {
                let shown: Vec<String> = found.iter().map(ToString::to_string).collect();
                panic!("the embedded data is broken:\n{}", shown.join("\n"))
            }
        })
    }

    /// Reads the embedded data with all checks.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn read() -> Result<Self, Vec<Diagnostic>> {
        let mut found = Vec::new();
        let mut requirements = BTreeMap::new();
        let mut bug_classes = BTreeMap::new();
        for (path, text) in files("requirements") {
            match yaml::parse::<RequirementFile>(&path, text) {
                Ok(file) => requirements.extend(file.requirements.into_iter().map(|r| (r.id.clone(), r))),
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        for (path, text) in files("bug-classes") {
            match yaml::parse::<BugClassFile>(&path, text) {
                Ok(file) => {
                    bug_classes.extend(file.classes.into_iter().map(|class| (class.id.clone(), class)))
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        let mut schemes: BTreeMap<SchemeName, Arc<dyn Scheme>> = BTreeMap::new();
        for file in countersign_vectors::schemes() {
            match vector::scheme(&file.path, file.text) {
                Ok(scheme) => {
                    schemes.insert(scheme.file().scheme.clone(), scheme);
                }
                Err(diagnostic) => found.push(diagnostic),
            }
        }
        let known = Known {
            requirements: requirements.keys().cloned().collect(),
            bug_classes: bug_classes.keys().cloned().collect(),
        };
        let mut suites = Vec::new();
        let mut ids: BTreeSet<CaseId> = BTreeSet::new();
        for file in countersign_vectors::suites() {
            match vector::suite(&file.path, file.text, &known) {
                Ok(suite) => {
                    for case in &suite.cases {
                        if !ids.insert(case.id.clone()) {
                            let anchor = format!("id: {}", case.id);
                            let message = format!("case id `{}` is used in another suite as well", case.id);
                            found.push(Diagnostic::find(&file.path, file.text, &anchor, &anchor, message));
                        }
                    }
                    suites.push(suite);
                }
                Err(diagnostics) => found.extend(diagnostics),
            }
        }
        if found.is_empty() { Ok(Self { schemes, suites, requirements, bug_classes }) } else { Err(found) }
    }

    /// The ids that a case may name.
    pub fn known(&self) -> Known {
        Known {
            requirements: self.requirements.keys().cloned().collect(),
            bug_classes: self.bug_classes.keys().cloned().collect(),
        }
    }

    /// The requirement that decides on a case under a scheme: the first that it names, as a rule.
    pub fn decides(&self, case: &Case, scheme: &dyn Scheme) -> Option<&Requirement> {
        let own = self.requirements.get(case.requires.first()?)?;
        match scheme.file().once {
            // Webhook senders retry with the same id by design: memory is a SHOULD there.
            Some(Once::Id) if own.id.as_str().starts_with("RPL-") && case.replays() => {
                self.requirements.get("RPL-ID")
            }
            Some(Once::Id | Once::Nonce) | None => Some(own),
        }
    }

    /// How much it weighs that a case failed: a crash breaks another requirement than a wrong decision does.
    pub fn weight(&self, case: &Case, scheme: &dyn Scheme, failure: Failure) -> Level {
        failure.level(case.expect.kind(), self.decides(case, scheme), &self.requirements)
    }

    /// All cases with their suites, in order.
    pub fn cases(&self) -> impl Iterator<Item = (&Suite, &Case)> {
        self.suites.iter().flat_map(|suite| suite.cases.iter().map(move |case| (suite, case)))
    }
}

/// The files of a folder below `spec/`, with their paths.
pub(crate) fn files(folder: &str) -> impl Iterator<Item = (String, &'static str)> {
    let found = SPEC.get_dir(folder).map(|dir| dir.files().collect::<Vec<_>>()).unwrap_or_default();
    found.into_iter().map(|file| {
        let text = file.contents_utf8().expect("spec files are UTF-8");
        (format!("spec/{}", file.path().to_string_lossy()), text)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_core::judge::BrokenRequirement;

    #[test]
    fn the_requirements_that_every_case_tests_are_shipped() {
        for broken in BrokenRequirement::SHARED {
            let id = broken.id().expect("it is not that of the case");
            assert!(Catalog::embedded().requirements.contains_key(id), "{id} is not in the spec");
        }
    }
}
