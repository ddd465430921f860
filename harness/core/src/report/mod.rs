//! Renderings of the event stream.
//!
//! The trait to know is [`Reporter`]; each reporter is one file and one line in [`REPORTERS`], and
//! can be deleted without touching another. It must not know targets or wires.

mod exhibit;
pub mod json;
pub mod jsonl;
#[cfg(feature = "reports")]
pub mod junit;
mod phrase;
mod table;
pub mod terminal;

use std::io;

pub use crate::spec::FailOn;
pub use phrase::{printable, printable_json};
pub use table::wrap;

use crate::event::Event;

/// Renders events as they come.
pub trait Reporter: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// The output cannot be written, or the events do not begin with the start of a run.
    fn on(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()>;
}

/// Whether words are colored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// No escape sequences at all.
    #[default]
    Plain,
    /// A few words are colored with ANSI sequences.
    Colored,
}

/// What a reporter is made with.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options {
    /// Whether words are colored, for reporters that can.
    pub style: Style,
    /// From which level on a failure is more than a warning, for reporters that tell them apart.
    pub fail_on: FailOn,
}

/// A reporter as `--format` names it.
#[derive(Debug, Clone, Copy)]
pub struct ReporterKind {
    /// The name on the command line.
    pub name: &'static str,
    /// What it writes, in a few words.
    pub about: &'static str,
    /// Makes one.
    pub make: fn(&Options) -> Box<dyn Reporter>,
}

/// All reporters, in the order in which help shows them.
pub const REPORTERS: &[ReporterKind] = &[
    ReporterKind {
        name: "terminal",
        about: "for people: failures first, with evidence",
        make: |options| Box::new(terminal::Terminal::new(options.style)),
    },
    ReporterKind {
        name: "json",
        about: "one document: verdict, cases and findings",
        make: |_| Box::new(json::Json::default()),
    },
    ReporterKind {
        name: "jsonl",
        about: "every event as one line, as it happens",
        make: |_| Box::new(jsonl::JsonLines),
    },
    #[cfg(feature = "reports")]
    ReporterKind {
        name: "junit",
        about: "JUnit XML for continuous integration",
        make: |options| Box::new(junit::Junit::new(options.fail_on)),
    },
];

/// Names of all reporters.
pub fn names() -> impl Iterator<Item = &'static str> {
    REPORTERS.iter().map(|kind| kind.name)
}

/// The reporter of this name.
///
/// ```
/// use countersign_core::report::{Options, reporter};
/// let json = reporter("json").expect("it is in the registry");
/// let reporter = (json.make)(&Options::default());
/// # let _ = reporter;
/// ```
pub fn reporter(name: &str) -> Option<&'static ReporterKind> {
    REPORTERS.iter().find(|kind| kind.name == name)
}

/// The error for events that end without having begun.
fn no_beginning() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the events end without the start of a run")
}
