//! What a process says on standard error, as far as a message can show it.
//!
//! The type to know is [`Errors`]: the first error and the end, however much there is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::io::{AsyncRead, AsyncReadExt as _};

/// What is kept of the end.
const KEPT: usize = 4096;
/// The longest line that is kept of the front.
const LONGEST: usize = 512;
/// Lines of the end that are shown.
const SHOWN: usize = 6;

/// What came on standard error.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors(Arc<Mutex<Held>>);

#[derive(Debug, Default)]
struct Held {
    /// The first line that names an error, which the end may have pushed out.
    first: Option<String>,
    line: Vec<u8>,
    end: VecDeque<u8>,
}

impl Errors {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what comes, until nothing more does.
    pub(super) async fn keep(self, mut from: impl AsyncRead + Unpin) {
        let mut piece = [0; 1024];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            self.held().add(&piece[..length]);
        }
    }

    /// The first error and the last lines, in one line.
    pub(super) fn shown(&self) -> String {
        let mut held = self.held();
        let text = String::from_utf8_lossy(held.end.make_contiguous()).into_owned();
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let mut shown = lines[lines.len().saturating_sub(SHOWN)..].to_vec();
        if let Some(first) = &held.first
            && !shown.contains(&first.as_str())
        {
            shown.insert(0, first);
        }
        shown.join(" | ")
    }

    /// A message, and behind it what was said.
    pub(super) fn behind(&self, why: String) -> String {
        match self.shown() {
            said if said.is_empty() => why,
            said => format!("{why}; on standard error: {said}"),
        }
    }
}

impl Held {
    fn add(&mut self, piece: &[u8]) {
        self.end.extend(piece);
        let surplus = self.end.len().saturating_sub(KEPT);
        self.end.drain(..surplus);
        for &octet in piece.iter().take_while(|_| self.first.is_none()) {
            if octet != b'\n' {
                if self.line.len() < LONGEST {
                    self.line.push(octet);
                }
                continue;
            }
            let line = String::from_utf8_lossy(&self.line).trim().to_owned();
            self.line.clear();
            if line.contains("rror") {
                self.first = Some(line);
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_error_stays_whatever_comes_after_it() {
        let errors = Errors::default();
        errors.held().add(b"starting\nModuleNotFoundError: no such thing\n");
        for n in 0..2000 {
            errors.held().add(format!("line {n}\n").as_bytes());
        }
        let shown = errors.shown();
        assert!(shown.starts_with("ModuleNotFoundError: no such thing | line 1994 | "), "{shown}");
        assert!(shown.ends_with("line 1999"), "{shown}");
    }

    #[test]
    fn a_line_without_end_is_bounded() {
        let errors = Errors::default();
        for _ in 0..100 {
            errors.held().add(&[b'x'; 1024]);
        }
        assert!(errors.held().line.len() <= LONGEST && errors.held().end.len() <= KEPT);
        assert_eq!(errors.behind("why".to_owned()).len(), "why; on standard error: ".len() + KEPT);
    }
}
