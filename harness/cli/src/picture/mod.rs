//! Pictures of what timings say: on one page of HTML, or with letters on a terminal.
//!
//! The functions to know are [`html`] and [`terminal`]. What is shown is made in `timing.rs`, without saying with what it
//! is drawn; `page.rs` and `letters.rs` draw it. This module must not compute anything that is not in the report.

mod axis;
mod letters;
mod page;
mod timing;

use axis::Axis;

pub(crate) use letters::terminal;
pub(crate) use page::html;

/// A picture: numbers over numbers.
#[derive(Debug, Clone)]
struct Picture {
    title: String,
    /// What it shows, for people who cannot see it.
    about: String,
    x: Axis,
    y: Axis,
    /// From the bottom up.
    layers: Vec<Layer>,
}

/// Something that is drawn, with the name under which it is explained.
#[derive(Debug, Clone)]
struct Layer {
    name: String,
    look: Look,
    shape: Shape,
}

impl Layer {
    fn new(name: impl Into<String>, look: Look, shape: Shape) -> Self {
        Self { name: name.into(), look, shape }
    }
}

/// How something looks: never by color alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What is measured.
    Value,
    /// Where the truth may be.
    Band,
    /// No difference.
    Zero,
    /// What is tolerated, or what is certain.
    Limit,
    /// What is certain of something else.
    OtherLimit,
    /// A second and a third value.
    Slower,
    Faster,
}

/// Numbers of the axes: x first.
#[derive(Debug, Clone, PartialEq)]
enum Shape {
    /// Between a low and a high end.
    Area(Vec<[f64; 3]>),
    /// From point to point.
    Curve(Vec<[f64; 2]>),
    /// All along the x axis.
    Levels(Vec<f64>),
    /// Upright lines from a low to a high end.
    Bars(Vec<[f64; 3]>),
    /// Points.
    Dots(Vec<[f64; 2]>),
}

impl Shape {
    /// The same in a square with sides of 1.
    fn scaled(&self, x: &Axis, y: &Axis) -> Self {
        let three = |points: &[[f64; 3]]| {
            points
                .iter()
                .map(|&[at, low, high]| [x.position(at), y.position(low), y.position(high)])
                .collect()
        };
        let two = |points: &[[f64; 2]]| {
            points.iter().map(|&[at, value]| [x.position(at), y.position(value)]).collect()
        };
        match self {
            Self::Area(points) => Self::Area(three(points)),
            Self::Curve(points) => Self::Curve(two(points)),
            Self::Levels(levels) => Self::Levels(levels.iter().map(|&level| y.position(level)).collect()),
            Self::Bars(points) => Self::Bars(three(points)),
            Self::Dots(points) => Self::Dots(two(points)),
        }
    }
}
