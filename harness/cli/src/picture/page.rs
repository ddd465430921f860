//! A report on timings as one page of HTML that needs nothing beside it.
//!
//! What a target, a file or its name says is text on the page, never markup: the template engine escapes it, and
//! characters that a terminal or a reader's eye would obey are escaped before.

use askama::Template as _;
use countersign_core::report::printable;
use countersign_timing::statistics::{Finding, Report, State, nanos};

use super::{Layer, Look, Picture, Shape, timing};

/// The size of a picture, and of its margins: left, top, right, bottom.
const SIZE: [f64; 2] = [720.0, 300.0];
const MARGIN: [f64; 4] = [64.0, 12.0, 16.0, 44.0];

#[derive(askama::Template)]
#[template(path = "timing.html")]
struct Page<'a> {
    report: &'a Report,
    ladder: Option<Drawing>,
    findings: Vec<Section<'a>>,
}

struct Section<'a> {
    finding: &'a Finding,
    drawings: Vec<Drawing>,
}

/// A picture in the units of SVG.
struct Drawing {
    /// Unique on the page.
    id: String,
    title: String,
    about: String,
    size: [f64; 2],
    /// Left, top, right and bottom of the square.
    edges: [f64; 4],
    x_label: String,
    y_label: String,
    x_ticks: Vec<(String, String)>,
    y_ticks: Vec<(String, String)>,
    strokes: Vec<Stroke>,
}

/// A layer as a path.
struct Stroke {
    /// As the style sheet of the page names it.
    class: &'static str,
    path: String,
    name: String,
    /// The path of its key, in a box of 24 and 10.
    key: &'static str,
}

/// A report as a page.
pub(crate) fn html(report: &Report) -> String {
    let ladder = timing::ladder(report).map(|picture| Drawing::new("ladder".to_owned(), &picture));
    let findings = report.findings.iter().enumerate().map(|(place, finding)| {
        let pictures = [("profile", timing::profile(finding)), ("evidence", timing::evidence(finding))];
        let drawings = pictures.into_iter().filter_map(|(name, picture)| {
            picture.map(|picture| Drawing::new(format!("{name}-{place}"), &picture))
        });
        Section { finding, drawings: drawings.collect() }
    });
    Page { report, ladder, findings: findings.collect() }.render().expect("memory can be written")
}

impl Drawing {
    fn new(id: String, picture: &Picture) -> Self {
        let [left, top, right, bottom] = MARGIN;
        let edges = [left, top, SIZE[0] - right, SIZE[1] - bottom];
        let across = |place: f64| edges[0] + (edges[2] - edges[0]) * place;
        let up = |place: f64| edges[3] - (edges[3] - edges[1]) * place;
        let tick = |at: f64, text: &String| (format!("{at:.1}"), text.clone());
        let x_ticks =
            picture.x.ticks.iter().map(|(value, text)| tick(across(picture.x.position(*value)), text));
        let y_ticks = picture.y.ticks.iter().map(|(value, text)| tick(up(picture.y.position(*value)), text));
        let stroke = |layer: &Layer| {
            let class = class(layer.look, &layer.shape);
            let path = path(&layer.shape.scaled(&picture.x, &picture.y), across, up);
            Stroke { class, path, name: layer.name.clone(), key: key(&layer.shape) }
        };
        Self {
            id,
            title: picture.title.clone(),
            about: picture.about.clone(),
            size: SIZE,
            edges,
            x_label: picture.x.label.clone(),
            y_label: picture.y.label.clone(),
            x_ticks: x_ticks.collect(),
            y_ticks: y_ticks.collect(),
            strokes: picture.layers.iter().map(stroke).collect(),
        }
    }
}

/// The class that the style sheet of the page knows.
fn class(look: Look, shape: &Shape) -> &'static str {
    match (look, shape) {
        (_, Shape::Dots(_)) => "dots",
        (Look::Band, Shape::Bars(_)) => "bars",
        (Look::Value, _) => "value",
        (Look::Band, _) => "band",
        (Look::Zero, _) => "zero",
        (Look::Limit, _) => "limit",
        (Look::OtherLimit, _) => "other-limit",
        (Look::Slower, _) => "slower",
        (Look::Faster, _) => "faster",
    }
}

/// A small piece of a shape.
fn key(shape: &Shape) -> &'static str {
    match shape {
        Shape::Area(_) => "M0 0H24V10H0Z",
        Shape::Curve(_) | Shape::Levels(_) => "M0 5H24",
        Shape::Bars(_) => "M12 0V10",
        Shape::Dots(_) => "M12 5h0",
    }
}

/// A shape in a square with sides of 1, as a path.
fn path(shape: &Shape, across: impl Fn(f64) -> f64, up: impl Fn(f64) -> f64) -> String {
    let point = |[x, y]: [f64; 2]| format!("{:.1} {:.1}", across(x), up(y));
    let along = |points: Vec<[f64; 2]>| points.into_iter().map(point).collect::<Vec<_>>().join("L");
    match shape {
        Shape::Area(points) => {
            let low = points.iter().map(|&[x, low, _]| [x, low]);
            let high = points.iter().rev().map(|&[x, _, high]| [x, high]);
            format!("M{}Z", along(low.chain(high).collect()))
        }
        Shape::Curve(points) => format!("M{}", along(points.clone())),
        Shape::Levels(levels) => {
            levels.iter().map(|&level| format!("M{}L{}", point([0.0, level]), point([1.0, level]))).collect()
        }
        Shape::Bars(points) => points
            .iter()
            .map(|&[x, low, high]| format!("M{}L{}", point([x, low]), point([x, high])))
            .collect(),
        // A line without length has round ends.
        Shape::Dots(points) => points.iter().map(|&at| format!("M{}h0", point(at))).collect(),
    }
}

/// What others say, harmless.
fn text(text: &str) -> String {
    printable(text)
}

fn time(value: &f64) -> String {
    nanos(*value)
}

/// A time that may not be known.
fn end(value: &Option<f64>) -> String {
    value.map_or_else(|| "?".to_owned(), nanos)
}

/// Evidence that may not have been asked for.
fn power(value: &Option<f64>) -> String {
    value.map_or_else(String::new, |power| format!("{power:.2}"))
}

fn state(state: &State) -> &'static str {
    match state {
        State::Passed => "as it must be",
        State::Failed => "failed",
        State::NotSeen => "not seen",
    }
}
