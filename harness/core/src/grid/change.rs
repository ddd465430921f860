//! What changed from one grid to the next: for whoever upgrades a package.

use std::collections::BTreeMap;
use std::fmt;

use super::{Cell, Grid, Mark, Table, show};

/// A case in which a target does something else than before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// The scheme.
    pub scheme: String,
    /// The target.
    pub target: String,
    /// The case.
    pub case: String,
    /// What it did; none if that was not worth a row.
    pub before: Option<Cell>,
    /// What it does; none if that is not worth a row.
    pub after: Option<Cell>,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let said =
            |cell: &Option<Cell>| cell.map_or("as the others, and as expected".to_owned(), show::in_words);
        write!(
            f,
            "{} {} {}: {} -> {}",
            self.scheme,
            self.target.escape_debug(),
            self.case,
            said(&self.before),
            said(&self.after)
        )
    }
}

type Place<'a> = (&'a str, &'a str, &'a str);

fn cells(grid: &Grid) -> BTreeMap<Place<'_>, Cell> {
    let mut all = BTreeMap::new();
    for Table { scheme, columns, rows, .. } in &grid.tables {
        for row in rows {
            let places = columns.iter().map(|column| (scheme.as_str(), &*column.target, row.case.as_str()));
            all.extend(places.zip(row.cells.iter().copied()));
        }
    }
    all
}

/// What changed. Targets and schemes that only one of the grids has are not compared.
pub fn changes(before: &Grid, after: &Grid) -> Vec<Change> {
    let (old, new) = (cells(before), cells(after));
    let in_both = |place: &Place<'_>| {
        let has = |grid: &Grid| {
            let of_scheme = grid.tables.iter().filter(|table| table.scheme.as_str() == place.0);
            of_scheme.into_iter().any(|table| table.columns.iter().any(|column| column.target == place.1))
        };
        has(before) && has(after)
    };
    let quiet = |cell: Option<&Cell>| cell.is_none_or(|cell| matches!(cell.mark, Mark::Pass | Mark::Skipped));
    let mut places: Vec<Place<'_>> = old.keys().chain(new.keys()).copied().collect();
    places.sort_unstable();
    places.dedup();
    places
        .into_iter()
        .filter(in_both)
        .map(|place| (place, old.get(&place), new.get(&place)))
        // A row may be there for the sake of another target only.
        .filter(|(_, before, after)| match (before, after) {
            (Some(before), Some(after)) => before != after,
            _ => !(quiet(*before) && quiet(*after)),
        })
        .map(|((scheme, target, case), before, after)| Change {
            scheme: scheme.to_owned(),
            target: target.to_owned(),
            case: case.to_owned(),
            before: before.copied(),
            after: after.copied(),
        })
        .collect()
}
