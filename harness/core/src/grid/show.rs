//! A grid for people: on a terminal, and as Markdown.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::{Cell, Column, Grid, Mark, Row, Table};
use crate::judge::Failure;
use crate::observe::Outcome;

/// What the letters mean.
pub(super) const LEGEND: &str = "A accepted, R refused, C crashed, D died, H hung, L tells a secret or the right tag, U cannot be \
                      asked, ? unclear, . not asked; ! against the spec";

/// A cell as a letter, with a mark if it is against the spec.
pub(super) fn letter(cell: Cell) -> &'static str {
    let wrong = cell.mark == Mark::Fail;
    match (cell.observed, cell.mark) {
        (_, Mark::Unclear) => "?",
        _ if cell.failure == Some(Failure::Leaked) => "L!",
        _ if cell.failure == Some(Failure::Died) => "D!",
        (None, _) | (_, Mark::Skipped) => ".",
        (Some(Outcome::Accepted), _) if wrong => "A!",
        (Some(Outcome::Accepted), _) => "A",
        (Some(Outcome::Rejected | Outcome::RejectedByTransport), _) if wrong => "R!",
        (Some(Outcome::Rejected | Outcome::RejectedByTransport), _) => "R",
        (Some(Outcome::Crashed), _) => "C!",
        (Some(Outcome::Hung), _) => "H!",
        (Some(Outcome::Garbled), _) => "C!",
        (Some(Outcome::Unsupported | Outcome::NotDelivered), _) => "U",
        (Some(Outcome::Throttled | Outcome::Unreachable), _) => "?",
    }
}

/// A cell in words.
pub(super) fn in_words(cell: Cell) -> String {
    let outcome = cell.observed.map_or("not asked".to_owned(), |outcome| outcome.to_string());
    match cell.mark {
        Mark::Pass | Mark::Skipped => outcome,
        Mark::Fail => match cell.failure {
            Some(Failure::Leaked | Failure::Died) => {
                format!("{outcome}, {}", cell.failure.map(|failure| failure.to_string()).unwrap_or_default())
            }
            _ => format!("{outcome}, against the spec"),
        },
        Mark::Unclear => format!("unclear ({outcome})"),
    }
}

pub(super) fn version(column: &Column) -> String {
    let package = column.package.as_ref();
    package.map_or("-".to_owned(), |package| match &package.version {
        Some(version) => format!("{} {version}", package.name),
        None => package.name.clone(),
    })
}

/// Text in a cell of a Markdown table, none of which is markup.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    for c in text.chars() {
        match c {
            '\\' | '|' | '<' | '&' | '`' | '[' => plain.extend(['\\', c]),
            c if c.is_control() => plain.push(' '),
            c => plain.push(c),
        }
    }
    plain
}

/// Bug classes that a target shows, as far as they weigh at least SHOULD.
fn shown(table: &Table, at: usize) -> String {
    let failed =
        table.rows.iter().filter(|row| row.cells.get(at).is_some_and(|cell| cell.mark == Mark::Fail));
    let classes: BTreeSet<&str> =
        failed.flat_map(|row| row.bug_classes.iter().map(|class| class.as_str())).collect();
    Vec::from_iter(classes).join(" ")
}

/// All targets with their counts, as Markdown; one table for each scheme.
pub fn overview(grid: &Grid) -> String {
    let mut text = String::new();
    for table in &grid.tables {
        let _ = writeln!(text, "## {}\n", table.scheme);
        let _ = writeln!(
            text,
            "| target | package | passed | failed MUST | failed SHOULD | not asked | unclear |"
        );
        let _ = writeln!(text, "|---|---|---|---|---|---|---|");
        for column in &table.columns {
            let summary = &column.summary;
            let should = summary.fail - summary.fail_must;
            let (name, package) = (plain(&column.target), plain(&version(column)));
            let counts = [summary.pass, summary.fail_must, should, summary.skipped, summary.inconclusive];
            let counts = counts.map(|count| count.to_string()).join(" | ");
            let _ = writeln!(text, "| {name} | {package} | {counts} |");
        }
        text.push('\n');
        for column in &table.columns {
            if let Some(why) = &column.no_verdict {
                let _ = writeln!(text, "{}: no verdict, {}\n", plain(&column.target), plain(why));
            }
        }
    }
    text
}

/// One scheme, case by case, as Markdown.
pub fn page(table: &Table) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{} of {} cases are worth a look. {LEGEND}.\n", table.rows.len(), table.cases);
    for (at, column) in table.columns.iter().enumerate() {
        let _ = writeln!(
            text,
            "{}. {}, {}: {}",
            at + 1,
            plain(&column.target),
            plain(&version(column)),
            classes(table, at)
        );
    }
    let numbers: Vec<String> = (1..=table.columns.len()).map(|number| number.to_string()).collect();
    let _ = writeln!(text, "\n| case | | must | {} |", numbers.join(" | "));
    let _ = writeln!(text, "|---|---|---|{}", "---|".repeat(numbers.len()));
    for row in &table.rows {
        let cells: Vec<&str> = row.cells.iter().map(|cell| letter(*cell)).collect();
        let _ = writeln!(
            text,
            "| {} | {} {} | {} | {} |",
            row.case,
            row.level,
            row.attacker,
            row.expected,
            cells.join(" | ")
        );
    }
    text
}

pub(super) fn classes(table: &Table, at: usize) -> String {
    let shown = shown(table, at);
    if shown.is_empty() { "nothing against the spec".to_owned() } else { shown }
}

/// A grid for a terminal: counts, then the cases in which targets differ.
pub fn terminal(grid: &Grid) -> String {
    let mut text = String::new();
    for table in &grid.tables {
        let _ = writeln!(text, "{}: {} cases", table.scheme, table.cases);
        for (at, column) in table.columns.iter().enumerate() {
            let summary = &column.summary;
            let _ = writeln!(
                text,
                "  {:>2}  {} ({}): {} passed, {} failed MUST, {} failed SHOULD, {} not asked",
                at + 1,
                column.target.escape_debug(),
                version(column).escape_debug(),
                summary.pass,
                summary.fail_must,
                summary.fail - summary.fail_must,
                summary.skipped
            );
            if let Some(why) = &column.no_verdict {
                let _ = writeln!(text, "      no verdict: {}", why.escape_debug());
            }
        }
        let differing: Vec<&Row> = table.rows.iter().filter(|row| row.differs()).collect();
        if table.columns.len() > 1 {
            let _ = writeln!(text, "  they differ in {} cases", differing.len());
        }
        for row in differing {
            let cells: Vec<String> = row.cells.iter().map(|cell| format!("{:<2}", letter(*cell))).collect();
            let _ = writeln!(text, "  {} {} {} {}", cells.join(" "), row.level, row.attacker, row.case);
        }
        text.push('\n');
    }
    let _ = writeln!(text, "{LEGEND}");
    text
}
