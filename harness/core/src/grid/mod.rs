//! The same cases put to several targets, side by side.
//!
//! The types to know are [`Grid`] and [`Table`]. A grid holds what is worth a look: the cases in which a target
//! failed, or in which targets differ, be the spec silent about them. It must not know how results came to be.

mod change;
#[cfg(feature = "reports")]
mod html;
mod show;

use std::cmp::Reverse;

use serde::{Deserialize, Serialize};

use crate::event::{CaseResult, Summary, Tool};
use crate::expectation::ExpectationKind;
use crate::id::{BugClassId, CaseId, RequirementId, SchemeName};
use crate::judge::{Failure, Verdict};
use crate::observe::Outcome;
use crate::spec::{Attacker, Level};

pub use change::{Change, changes};
#[cfg(feature = "reports")]
pub use html::html;
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
    /// Its version; code without a package has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
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
    pub expected: ExpectationKind,
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
    /// How it failed, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
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
        // Who refused, the application or the server before it, is not what they are compared for.
        let done = |cell: &Cell| match cell.observed {
            Some(Outcome::RejectedByTransport) => Some(Outcome::Rejected),
            other => other,
        };
        let mut asked = self.cells.iter().filter(|cell| cell.mark != Mark::Skipped).map(done);
        asked.next().is_some_and(|first| asked.any(|other| other != first))
    }

    /// The weightier, the smaller: failures before mere differences, MUST before SHOULD, and what needs no
    /// key before what does.
    fn rank(&self) -> (bool, Level, Attacker, Reverse<usize>, CaseId) {
        let failed = self.cells.iter().filter(|cell| cell.mark == Mark::Fail).count();
        (failed == 0, self.level, self.attacker, Reverse(failed), self.case.clone())
    }
}

impl Grid {
    /// Drops the rows that are not worth a look: those in which all targets did alike what they must.
    pub fn keep_telling(&mut self) {
        for table in &mut self.tables {
            table.rows.retain(|row| row.has_trouble() || row.differs());
        }
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
                    failure: match result.verdict {
                        Verdict::Fail(failure) => Some(failure),
                        Verdict::Pass | Verdict::Inconclusive(_) | Verdict::Skipped(_) => None,
                    },
                };
                Some(Row {
                    case: first.id.clone(),
                    requirement: first.requirements.first()?.clone(),
                    bug_classes: first.bug_classes.clone(),
                    level,
                    attacker: first.attacker,
                    expected: first.expected,
                    cells: of_all().map(cell).collect(),
                })
            })
            .collect();
        rows.sort_by_key(Row::rank);
        Self { scheme, cases, columns, rows }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(case: &str, observed: Outcome, verdict: Verdict) -> CaseResult {
        CaseResult {
            id: case.parse().expect("an id"),
            scheme: "github".parse().expect("a name"),
            suite: "form/length".to_owned(),
            requirements: vec!["FORM-TAG-LENGTH".parse().expect("an id")],
            bug_classes: vec!["B03".parse().expect("an id")],
            level: if case.starts_with("should") { Level::Should } else { Level::Must },
            attacker: Attacker::L1,
            expected: ExpectationKind::Reject,
            observed: Some(observed),
            status: None,
            verdict,
            besides: None,
            reason: None,
            millis: 0.0,
            evidence: None,
            answer: None,
        }
    }

    fn target(name: &str, results: Vec<CaseResult>) -> (Column, Vec<CaseResult>) {
        let mut summary = Summary::default();
        for result in &results {
            summary.count(&result.verdict, result.level);
        }
        (Column { target: name.to_owned(), package: None, summary, no_verdict: None }, results)
    }

    /// Both do right in one case; the second crashes in one, and accepts in another.
    fn grid(second_crashes: bool) -> Grid {
        let refused = |case| result(case, Outcome::Rejected, Verdict::Pass);
        let crashed = result("crash", Outcome::Crashed, Verdict::Fail(Failure::Crashed));
        let accepted = result("should-refuse", Outcome::Accepted, Verdict::Fail(Failure::Accepted));
        let silent = result("silent", Outcome::Accepted, Verdict::Pass);
        let one = vec![refused("same"), refused("should-refuse"), refused("silent"), refused("crash")];
        let third = if second_crashes { crashed } else { refused("crash") };
        let other = vec![refused("same"), accepted, silent, third];
        let table =
            Table::new("github".parse().expect("a name"), vec![target("a|b", one), target("c", other)]);
        let tool = Tool { name: "countersign".to_owned(), version: "0".to_owned() };
        let mut grid = Grid { schema: SCHEMA.to_owned(), tool, seed: 0, tables: vec![table] };
        assert_eq!(grid.tables[0].rows.len(), 4);
        grid.keep_telling();
        grid
    }

    #[test]
    fn what_is_worth_a_look_is_ranked_and_the_rest_is_left_out() {
        let grid = grid(true);
        let cases: Vec<&str> = grid.tables[0].rows.iter().map(|row| row.case.as_str()).collect();
        assert_eq!(cases, ["crash", "should-refuse", "silent"]);
        assert_eq!(grid.tables[0].cases, 4);
    }

    #[test]
    fn pages_show_letters_and_counts_and_keep_their_columns() {
        let grid = grid(true);
        let page = page(&grid.tables[0]);
        assert!(page.contains("| crash | MUST L1 | reject | R | C! |\n"), "{page}");
        assert!(page.contains("1. a\\|b, -: nothing against the spec\n2. c, -: B03\n"), "{page}");
        assert!(overview(&grid).contains("| c | - | 2 | 1 | 1 | 0 | 0 |\n"), "{}", overview(&grid));
        let shown = terminal(&grid);
        assert!(
            shown.contains("they differ in 3 cases") && shown.contains("  R  A! SHOULD L1 should-refuse\n"),
            "{shown}"
        );
    }

    #[cfg(feature = "reports")]
    #[test]
    fn a_page_shows_what_targets_say_as_text() {
        let mut grid = grid(true);
        grid.tables[0].columns[0].target = "<script>alert(1)</script>".to_owned();
        grid.tables[0].columns[1].no_verdict = Some("\"<b>\"".to_owned());
        let page = html(&grid);
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
        assert!(page.contains("title=\"crashed, against the spec\">C!</td>"), "{page}");
        assert_eq!(page.matches("<tr><td>").count(), 3, "one line for each case worth a look");
    }

    #[test]
    fn only_what_changed_is_a_change() {
        assert_eq!(changes(&grid(true), &grid(true)), []);
        let mended: Vec<String> =
            changes(&grid(true), &grid(false)).iter().map(ToString::to_string).collect();
        assert_eq!(mended, ["github c crash: crashed, against the spec -> as the others, and as expected"]);
        let mut without = grid(false);
        without.tables[0].columns[1].target = "another".to_owned();
        assert_eq!(changes(&grid(true), &without), [], "a target that went away did not change");
    }

    #[test]
    fn a_grid_is_read_back_as_it_was_written() {
        let text = serde_json::to_string(&grid(true)).expect("JSON");
        assert_eq!(serde_json::from_str::<Grid>(&text).expect("a grid"), grid(true));
    }
}
