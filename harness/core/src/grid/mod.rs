//! The same cases put to several targets, side by side.
//!
//! The types to know are [`Grid`] and [`Table`]. A grid holds what is worth a look: the cases in which a target
//! failed, or in which targets differ, be the spec silent about them. It must not know how results came to be.

mod change;
mod show;

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::event::{CaseResult, Summary, Tool};
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::judge::Verdict;
use crate::observe::Outcome;
use crate::spec::{Attacker, Level};

pub use change::{Change, changes};
pub use show::{overview, page, terminal};

/// The version of the format.
pub const SCHEMA: &str = "countersign.grid/1";

/// What several targets did with the same cases.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Grid {
    /// Version of the format: `countersign.grid/1`.
    pub schema: String,
    /// What compared them.
    pub tool: Tool,
    /// Root seed: the same seed makes the same requests.
    pub seed: u64,
    /// One table for each scheme.
    pub tables: Vec<Table>,
}

/// All targets of one scheme.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Table {
    /// The scheme.
    pub scheme: SchemeName,
    /// Cases that were put to each target, also those that are not in a row.
    pub cases: usize,
    /// The targets.
    pub columns: Vec<Column>,
    /// The cases worth a look, the weightiest first.
    pub rows: Vec<Row>,
}

/// One target.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Column {
    /// As the person named it.
    pub target: String,
    /// The package behind it, if a driver said so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub package: Option<Package>,
    /// Counts over all cases.
    pub summary: Summary,
    /// Why there is no verdict, if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_verdict: Option<String>,
}

/// A published package.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Package {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its programming language.
    pub language: String,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Row {
    /// The case.
    pub case: CaseId,
    /// The requirement that decides it.
    pub requirement: RequirementId,
    /// Bug classes that it looks for.
    pub bug_classes: Vec<BugClassId>,
    /// How much it weighs.
    pub level: Level,
    /// What the attacker holds.
    pub attacker: Attacker,
    /// What had to happen: `accept`, `reject` or `either`.
    pub expected: String,
    /// What each target did, in the order of the columns.
    pub cells: Vec<Cell>,
}

/// What one target did in one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Cell {
    /// What happened; none if it was not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub observed: Option<Outcome>,
    /// What that means.
    pub mark: Mark,
}

/// What an observation means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Mark {
    /// It did what it must.
    Pass,
    /// It did not.
    Fail,
    /// Nobody can tell.
    Unclear,
    /// It was not asked.
    Skipped,
}

impl Mark {
    fn of(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Pass => Self::Pass,
            Verdict::Fail(_) => Self::Fail,
            Verdict::Inconclusive(_) => Self::Unclear,
            Verdict::Skipped(_) => Self::Skipped,
        }
    }
}

impl Row {
    /// Whether a target failed, or nobody can tell.
    fn has_trouble(&self) -> bool {
        self.cells.iter().any(|cell| matches!(cell.mark, Mark::Fail | Mark::Unclear))
    }

    /// Whether targets that were asked did different things.
    fn differs(&self) -> bool {
        let mut asked = self.cells.iter().filter(|cell| cell.mark != Mark::Skipped).map(|cell| cell.observed);
        asked.next().is_some_and(|first| asked.any(|other| other != first))
    }

    /// The weightier, the smaller: failures before mere differences, MUST before SHOULD, and what needs no
    /// key before what does.
    fn rank(&self) -> (bool, Level, Attacker, Reverse<usize>, CaseId) {
        let failed = self.cells.iter().filter(|cell| cell.mark == Mark::Fail).count();
        (failed == 0, self.level, self.attacker, Reverse(failed), self.case.clone())
    }
}

impl Table {
    /// What targets did under one scheme. All results are in the same order of cases.
    pub fn new(scheme: SchemeName, targets: Vec<(Column, Vec<CaseResult>)>) -> Self {
        let cases = targets.first().map_or(0, |(_, results)| results.len());
        let (columns, results): (Vec<_>, Vec<_>) = targets.into_iter().unzip();
        let mut rows: Vec<Row> = (0..cases)
            .filter_map(|at| {
                let of_all = || results.iter().filter_map(|results| results.get(at));
                let first = of_all().next()?;
                // A crash weighs otherwise than a wrong decision: the weightiest result stands for the row.
                let level = of_all().map(|result| result.level).min()?;
                let cell = |result: &CaseResult| Cell {
                    observed: result.observed,
                    mark: Mark::of(&result.verdict),
                };
                Some(Row {
                    case: first.id.clone(),
                    requirement: first.requirements.first()?.clone(),
                    bug_classes: first.bug_classes.clone(),
                    level,
                    attacker: first.attacker,
                    expected: first.expected.clone(),
                    cells: of_all().map(cell).collect(),
                })
            })
            .filter(|row| row.has_trouble() || row.differs())
            .collect();
        rows.sort_by_key(Row::rank);
        Self { scheme, cases, columns, rows }
    }
}
