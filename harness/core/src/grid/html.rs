//! A grid as one page of HTML that needs nothing beside it.
//!
//! What targets and files say is text on it, never markup: the template engine escapes it.

use askama::Template as _;

use super::show::{LEGEND, classes, in_words, letter, version};
use super::{Cell, Grid, Mark};

#[derive(askama::Template)]
#[template(path = "grid.html")]
struct Page<'a> {
    grid: &'a Grid,
    legend: &'static str,
}

/// The color of a cell.
fn kind(cell: &Cell) -> &'static str {
    match cell.mark {
        Mark::Pass => "pass",
        Mark::Fail => "fail",
        Mark::Unclear => "unclear",
        Mark::Skipped => "skipped",
    }
}

fn sign(cell: &Cell) -> &'static str {
    letter(*cell)
}

fn words(cell: &Cell) -> String {
    in_words(*cell)
}

/// A grid as a page.
pub fn html(grid: &Grid) -> String {
    Page { grid, legend: LEGEND }.render().expect("memory can be written")
}
