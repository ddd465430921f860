//! Renderings of the event stream.
//!
//! The trait to know is [`Reporter`]; each reporter is one file and one line in [`REPORTERS`], and
//! can be deleted without touching another. It must not know targets or wires.

use std::io;

use crate::event::Event;

/// Renders events as they come.
pub trait Reporter: Send {
    /// Takes one event.
    ///
    /// # Errors
    /// The output cannot be written.
    fn on(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()>;
}
