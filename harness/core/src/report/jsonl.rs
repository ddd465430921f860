//! Every event as one line of JSON, written as it happens.
//!
//! The lines read back as [`Event`]s, and every reporter makes the same of them as of the run itself.

use std::io;

use super::{Reporter, phrase};
use crate::event::Event;

/// Writes events as they are.
#[derive(Debug, Clone, Copy, Default)]
pub struct JsonLines;

impl Reporter for JsonLines {
    fn on(&mut self, event: &Event, out: &mut dyn io::Write) -> io::Result<()> {
        let mut line = phrase::printable_json(serde_json::to_vec(event)?)?;
        line.push(b'\n');
        out.write_all(&line)?;
        out.flush()
    }
}
