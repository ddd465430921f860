//! The kill matrix for programs: one JSON document.
//!
//! The type to know is [`Report`]: its fields are a contract with users.

use countersign_core::case::Case;
use countersign_core::id::{BugClassId, CaseId, RequirementId, SchemeName};
use serde::Serialize;

use super::check::Problem;
use super::{Matrix, Row};
use crate::catalog::Catalog;

/// Version of the document.
pub const SCHEMA: &str = "countersign.matrix/1";

/// A kill matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Report {
    /// `countersign.matrix/1`.
    pub schema: String,
    /// The schemes that were tried.
    pub schemes: Vec<SchemeName>,
    /// How many cases run under any of them.
    pub cases: usize,
    /// How many requests these cases send, over all schemes.
    pub requests: usize,
    /// The mutants.
    pub mutants: Vec<MutantRow>,
    /// What is wrong with the matrix; empty if `--check` would pass.
    pub problems: Vec<Problem>,
}

/// One mutant and what kills it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct MutantRow {
    /// Its bug class.
    pub class: BugClassId,
    /// The title of the class.
    pub title: String,
    /// What it does wrong.
    pub about: String,
    /// The cases that kill it.
    pub killed_by: Vec<KillRow>,
    /// The schemes under which any case kills it.
    pub schemes: Vec<SchemeName>,
    /// The requirements that notice it: the first one of each case that kills it.
    pub requirements: Vec<RequirementId>,
    /// Schemes whose valid request it refuses.
    pub without_control: Vec<SchemeName>,
    /// Schemes under which it answers differently from the reference and no case kills it.
    pub survives: Vec<SurvivesRow>,
}

/// A case that kills a mutant.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct KillRow {
    /// The case.
    pub case: CaseId,
    /// Whether the case names the class of the mutant.
    pub written_for_it: bool,
    /// The schemes under which it kills.
    pub schemes: Vec<SchemeName>,
}

/// Where a mutant survives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct SurvivesRow {
    /// The scheme.
    pub scheme: SchemeName,
    /// A case that it answers differently from the reference.
    pub case: CaseId,
}

impl Report {
    /// The report of a matrix.
    pub fn new(matrix: &Matrix, catalog: &Catalog, problems: &[Problem]) -> Self {
        let run: Vec<&CaseId> = matrix.requests.keys().collect();
        Self {
            schema: SCHEMA.to_owned(),
            schemes: matrix.schemes.iter().cloned().collect(),
            cases: run.len(),
            requests: matrix.cost(run),
            mutants: matrix.rows.iter().map(|row| mutant(row, catalog)).collect(),
            problems: problems.to_vec(),
        }
    }
}

fn mutant(row: &Row, catalog: &Catalog) -> MutantRow {
    let kill = |case: &Case| {
        let schemes = row.kills.get(&case.id)?.keys().cloned().collect();
        Some(KillRow { case: case.id.clone(), written_for_it: case.kills.contains(&row.class), schemes })
    };
    let survives =
        |(scheme, case): (&SchemeName, &CaseId)| SurvivesRow { scheme: scheme.clone(), case: case.clone() };
    MutantRow {
        class: row.class.clone(),
        title: row.title(catalog).to_owned(),
        about: row.about.to_owned(),
        killed_by: catalog.cases().filter_map(|(_, case)| kill(case)).collect(),
        schemes: row.schemes().into_iter().cloned().collect(),
        requirements: row.requirements(catalog).into_iter().cloned().collect(),
        without_control: row.without_control.iter().cloned().collect(),
        survives: row.survives.iter().map(survives).collect(),
    }
}
