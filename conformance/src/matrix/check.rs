//! What is expected of the kill matrix: every mutant dies, every case kills one, or a reason is given.
//!
//! The function to know is [`problems`]; the reasons are data, in `spec/excused/`. It must not know
//! how the matrix was computed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use countersign_core::case::Expectation;
use countersign_core::id::{CaseId, SchemeName};
use countersign_core::vector::{Diagnostic, yaml};
use serde::Serialize;

use super::{Extent, Matrix, Row};
use crate::catalog::{self, Catalog};

/// Every case that expects a refusal kills its mutant, so that it shows nothing about any of them.
const DIES_OF_EVERY_REFUSAL: &str = "A14";

/// Reasons why something that would be a problem is not one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Excuses {
    /// Cases that kill nothing.
    pub cases: BTreeMap<String, String>,
    /// Mutants that survive: a class, or a class and a scheme with a slash between.
    pub mutants: BTreeMap<String, String>,
}

impl Excuses {
    /// The excuses that are shipped.
    ///
    /// # Errors
    /// A file is broken, or a reason is too short to be one.
    pub fn embedded() -> Result<Self, Vec<Diagnostic>> {
        let read = |name: &str| -> Result<BTreeMap<String, String>, Vec<Diagnostic>> {
            let files = catalog::files("excused");
            let Some((path, text)) = files.into_iter().find(|(path, _)| path.ends_with(name)) else {
                return Ok(BTreeMap::new());
            };
            let reasons: Option<BTreeMap<String, String>> =
                yaml::parse(&path, text).map_err(|found| vec![found])?;
            let reasons = reasons.unwrap_or_default();
            let short = reasons.iter().filter(|(_, reason)| reason.trim().len() <= 10).map(|(id, _)| {
                let message = format!("`{id}` needs a reason that a reader can judge");
                Diagnostic::find(&path, text, id, id, message)
            });
            let short: Vec<Diagnostic> = short.collect();
            if short.is_empty() { Ok(reasons) } else { Err(short) }
        };
        Ok(Self { cases: read("/cases.yaml")?, mutants: read("/mutants.yaml")? })
    }
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum ProblemKind {
    /// The reference itself does not pass a case.
    Reference,
    /// A mutant that no case kills.
    Survivor,
    /// A case that kills no mutant.
    IdleCase,
    /// An excuse that is not needed, or that names something that does not exist.
    IdleExcuse,
}

/// Something that is wrong with the matrix.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Problem {
    /// What is wrong.
    pub kind: ProblemKind,
    /// The mutant's class, the case, or the key of the excuse.
    pub id: String,
    /// The whole problem, in words.
    pub text: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.id, self.text)
    }
}

/// Everything that is wrong with a matrix, worst first.
///
/// With a selection of schemes or mutants nothing is said about cases and excuses: what is missing
/// may be outside the selection.
pub fn problems(matrix: &Matrix, catalog: &Catalog, excuses: &Excuses) -> Vec<Problem> {
    let mut found: Vec<Problem> = matrix
        .troubles
        .iter()
        .map(|trouble| {
            let id = trouble.case.as_ref().map_or("(control)", CaseId::as_str).to_owned();
            let text = format!("the reference does not pass under {}: {:?}", trouble.scheme, trouble.verdict);
            Problem { kind: ProblemKind::Reference, id, text }
        })
        .collect();
    let mut used = BTreeSet::new();
    for row in &matrix.rows {
        found.extend(survivor(matrix, row, excuses, &mut used));
    }
    if matrix.extent != Extent::Whole {
        return found;
    }
    for (_, case) in catalog.cases() {
        let id = case.id.as_str();
        let kills = matrix.killed_by(&case.id).any(|class| class.as_str() != DIES_OF_EVERY_REFUSAL);
        // Where both outcomes are fine, only a crash kills; the case itself says why it is there.
        let open = matches!(case.expect, Expectation::Either(_));
        let excused = excuses.cases.contains_key(id);
        if excused && !kills && !open {
            used.insert(id);
        } else if !excused && !kills && !open {
            let text = "kills no mutant".to_owned();
            found.push(Problem { kind: ProblemKind::IdleCase, id: id.to_owned(), text });
        }
    }
    for id in excuses.cases.keys().chain(excuses.mutants.keys()).filter(|id| !used.contains(id.as_str())) {
        let text = "is excused without need, or does not exist".to_owned();
        found.push(Problem { kind: ProblemKind::IdleExcuse, id: id.clone(), text });
    }
    found
}

/// A mutant that survives everywhere, or under a scheme where it answers differently from the reference.
fn survivor<'e>(
    matrix: &Matrix,
    row: &Row,
    excuses: &'e Excuses,
    used: &mut BTreeSet<&'e str>,
) -> Option<Problem> {
    let mut excused = |key: &str| match excuses.mutants.get_key_value(key) {
        Some((key, _)) => {
            used.insert(key.as_str());
            true
        }
        None => false,
    };
    let nowhere = row.kills.is_empty() && matrix.extent != Extent::SomeSchemes;
    if (nowhere || !row.survives.is_empty()) && excused(row.class.as_str()) {
        return None;
    }
    let lives = |(scheme, case): (&SchemeName, &CaseId)| format!("{scheme} ({case})");
    let open: Vec<String> = row
        .survives
        .iter()
        .filter(|(scheme, _)| !excused(&format!("{}/{scheme}", row.class)))
        .map(lives)
        .collect();
    let text = if nowhere {
        format!("survives every case: {}", row.about)
    } else if open.is_empty() {
        return None;
    } else {
        format!("answers differently from the reference, and survives, under {}", open.join(", "))
    };
    Some(Problem { kind: ProblemKind::Survivor, id: row.class.to_string(), text })
}
