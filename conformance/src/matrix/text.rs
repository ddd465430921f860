//! The kill matrix for people: a table for terminals, a table for pages.
//!
//! The functions to know are [`terminal`] and [`markdown`]. They must not know how it was computed.

use countersign_core::id::CaseId;

use super::{Extent, Matrix, Row};
use crate::catalog::Catalog;

/// How many names of cases a terminal shows for each mutant.
const FEW: usize = 3;

/// How many names of cases a page shows for each mutant.
pub const SOME: usize = 6;

/// Two lines for each mutant.
pub fn terminal(matrix: &Matrix, catalog: &Catalog) -> String {
    let mut text = "class  cases  schemes  requirements  title, and what kills the mutant\n".to_owned();
    for row in &matrix.rows {
        text.push_str(&format!(
            "{:<5}  {:>5}  {:>7}  {:>12}  {}\n{:37}{}\n",
            row.class.as_str(),
            row.kills.len(),
            row.schemes().len(),
            row.requirements(catalog).len(),
            row.title(catalog),
            "",
            killers(matrix, row, catalog),
        ));
    }
    text
}

/// One line of a table for each mutant.
pub fn markdown(matrix: &Matrix, catalog: &Catalog) -> String {
    let mut text = "| class | title | state | mutant | cases | schemes | requirements | killed by |\n\
                    | --- | --- | --- | --- | ---: | ---: | ---: | --- |\n"
        .to_owned();
    for row in &matrix.rows {
        let state = catalog.bug_classes.get(&row.class).map_or("unknown", |class| class.state.name());
        text.push_str(&format!(
            "| {} | {} | {state} | {} | {} | {} | {} | {} |\n",
            row.class,
            cell(row.title(catalog)),
            cell(row.about),
            row.kills.len(),
            row.schemes().len(),
            row.requirements(catalog).len(),
            names(row, catalog, SOME),
        ));
    }
    text
}

/// What kills a mutant, for a terminal.
fn killers(matrix: &Matrix, row: &Row, catalog: &Catalog) -> String {
    if row.kills.is_empty() && row.survives.is_empty() && matrix.extent == Extent::SomeSchemes {
        return "it answers as the reference does".to_owned();
    }
    names(row, catalog, FEW)
}

/// The first few cases that kill a mutant; those that were written for it come first.
pub fn names(row: &Row, catalog: &Catalog, most: usize) -> String {
    let own = row.written_for_it(catalog);
    let (first, rest): (Vec<&CaseId>, Vec<&CaseId>) = row.kills.keys().partition(|id| own.contains(id));
    let all: Vec<&str> = first.into_iter().chain(rest).map(CaseId::as_str).collect();
    match all.len() {
        0 => "nothing kills it".to_owned(),
        count if count > most => format!("{} and {} more", all[..most].join(", "), count - most),
        _ => all.join(", "),
    }
}

/// Text that breaks neither its row nor its cell.
pub fn cell(text: &str) -> String {
    text.trim().replace('\n', " ").replace('|', "\\|").replace('<', "&lt;")
}
