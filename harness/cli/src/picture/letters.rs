//! Pictures of letters, for a terminal.

use std::fmt::Write as _;

use countersign_core::report::printable;
use countersign_timing::statistics::Report;

use super::{Look, Picture, Shape, timing};

/// Letters of a line, and lines of a picture.
const WIDTH: usize = 64;
const HEIGHT: usize = 12;
/// Letters before the axis.
const MARGIN: usize = 10;

/// The pictures of a report. Findings about positions in the tag have one picture together.
pub(crate) fn terminal(report: &Report) -> String {
    let mut text = String::new();
    let ladder = timing::ladder(report);
    let single = report.findings.iter().filter(|finding| ladder.is_none() || finding.position.is_none());
    for finding in single {
        let pictures: Vec<Picture> =
            [timing::profile(finding), timing::evidence(finding)].into_iter().flatten().collect();
        if report.findings.len() > 1 && !pictures.is_empty() {
            let _ = writeln!(text, "\n{}", printable(&finding.name));
        }
        pictures.iter().for_each(|picture| draw(&mut text, picture));
    }
    ladder.iter().for_each(|picture| draw(&mut text, picture));
    text
}

fn draw(text: &mut String, picture: &Picture) {
    let mut letters = vec![vec![' '; WIDTH]; HEIGHT];
    for layer in &picture.layers {
        put(&mut letters, &layer.shape.scaled(&picture.x, &picture.y), letter(layer.look));
    }
    let _ = writeln!(text, "\n  {}: {}", picture.title, picture.y.label);
    for (row, line) in letters.iter().enumerate() {
        let tick = picture.y.ticks.iter().find(|(value, _)| line_of(picture.y.position(*value)) == row);
        let (number, edge) = tick.map_or(("", '│'), |(_, number)| (number.as_str(), '┤'));
        let line: String = line.iter().collect();
        let _ = writeln!(text, "{number:>MARGIN$} {edge}{}", line.trim_end());
    }
    let _ = writeln!(text, "{:>MARGIN$} └{}", "", "─".repeat(WIDTH));
    let _ = writeln!(text, "{}", numbers(picture).trim_end());
    let _ = writeln!(text, "{:>MARGIN$}  {}", "", picture.x.label);
    for layer in &picture.layers {
        let _ = writeln!(text, "{:>MARGIN$}  {} {}", "", letter(layer.look), layer.name);
    }
}

/// The line below the picture: each number in the middle below its place, if there is room.
fn numbers(picture: &Picture) -> String {
    let mut line: Vec<char> = vec![' '; MARGIN + 2 + WIDTH + MARGIN];
    let mut free = 0;
    for (value, number) in &picture.x.ticks {
        let start = (MARGIN + 2 + column_of(picture.x.position(*value))).saturating_sub(number.len() / 2);
        if start < free {
            continue;
        }
        line.iter_mut().skip(start).zip(number.chars()).for_each(|(place, letter)| *place = letter);
        free = start + number.len() + 1;
    }
    line.into_iter().collect()
}

fn letter(look: Look) -> char {
    match look {
        Look::Value => '●',
        Look::Band => '░',
        Look::Zero => '─',
        Look::Limit => '┄',
        Look::OtherLimit => '·',
        Look::Slower => '+',
        Look::Faster => '×',
    }
}

fn line_of(place: f64) -> usize {
    HEIGHT - 1 - (place * (HEIGHT - 1) as f64).round() as usize
}

fn column_of(place: f64) -> usize {
    (place * (WIDTH - 1) as f64).round() as usize
}

fn put(letters: &mut [Vec<char>], shape: &Shape, letter: char) {
    let mut upright = |column: usize, low: f64, high: f64| {
        for line in &mut letters[line_of(low.max(high))..=line_of(low.min(high))] {
            line[column] = letter;
        }
    };
    match shape {
        Shape::Area(points) => {
            for (column, [_, low, high]) in columns(points) {
                upright(column, low, high);
            }
        }
        Shape::Curve(points) => {
            let mut before = None;
            for (column, [_, value]) in columns(points) {
                // A steep curve has no gaps; where it left a line, that line is not drawn again.
                let from = before.filter(|from| line_of(*from).abs_diff(line_of(value)) > 1);
                upright(column, from.unwrap_or(value), value);
                before = Some(value);
            }
        }
        Shape::Levels(levels) => {
            levels.iter().for_each(|&level| (0..WIDTH).for_each(|column| upright(column, level, level)));
        }
        Shape::Bars(points) => {
            points.iter().for_each(|&[at, low, high]| upright(column_of(at), low, high));
        }
        Shape::Dots(points) => {
            points.iter().for_each(|&[at, value]| upright(column_of(at), value, value));
        }
    }
}

/// What a row of points says at each column from its first to its last one.
fn columns<const N: usize>(points: &[[f64; N]]) -> Vec<(usize, [f64; N])> {
    let value = |column: usize| {
        let at = column as f64 / (WIDTH - 1) as f64;
        let behind = points.partition_point(|point| point[0] < at);
        let (before, behind) = (points[behind.saturating_sub(1)], points.get(behind)?);
        let room = behind[0] - before[0];
        let share = if room > 0.0 { (at - before[0]) / room } else { 0.0 };
        Some(std::array::from_fn(|place| before[place] + (behind[place] - before[place]) * share))
    };
    let (Some(first), Some(last)) = (points.first(), points.last()) else { return Vec::new() };
    let mut found: Vec<(usize, [f64; N])> = (column_of(first[0])..=column_of(last[0]))
        .filter_map(|column| Some((column, value(column)?)))
        .collect();
    // A single point, or the last one, may be between two columns.
    if found.last().is_none_or(|(column, _)| *column < column_of(last[0])) {
        found.push((column_of(last[0]), *last));
    }
    found
}
