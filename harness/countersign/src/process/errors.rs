//! What a process writes to standard error, short enough for a message.
//!
//! The type to know is [`Errors`]. It keeps the first error and the end, however much is written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_core::redact::Redactor;
use tokio::io::{AsyncRead, AsyncReadExt as _};

/// Bytes of the end that are kept.
const KEPT: usize = 16 << 10;
/// Longest line that is kept from the beginning.
const MAX_LINE: usize = 4 << 10;
/// How many of the last lines are shown, and how many characters of each.
const SHOWN_LINES: (usize, usize) = (6, 200);

/// The standard error of a process.
#[derive(Debug, Clone, Default)]
pub(super) struct Errors(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    /// The first line that names an error; it may no longer be in `end`.
    first: Option<Vec<u8>>,
    line: Vec<u8>,
    end: VecDeque<u8>,
    overflowed: bool,
}

impl Errors {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads until the end of the stream.
    pub(super) async fn keep(self, mut from: impl AsyncRead + Unpin) {
        let mut piece = [0; 1024];
        while let Ok(length @ 1..) = from.read(&mut piece).await {
            self.kept().add(&piece[..length]);
        }
    }

    /// The first error and the last lines, joined into one line. Secrets are redacted before anything is cut or decoded.
    pub(super) fn shown(&self, redactor: &Redactor) -> String {
        let mut kept = self.kept();
        let bytes = redactor.bytes(kept.end.make_contiguous());
        let text = String::from_utf8_lossy(&bytes);
        // The first line may have lost its beginning, and then starts with half a secret.
        let whole = if kept.overflowed { text.split_once('\n').map_or("", |(_, rest)| rest) } else { &text };
        let short = |line: &str| line.trim().chars().take(SHOWN_LINES.1).collect::<String>();
        let lines: Vec<String> = whole.lines().map(short).filter(|line| !line.is_empty()).collect();
        let mut shown = lines[lines.len().saturating_sub(SHOWN_LINES.0)..].to_vec();
        if let Some(first) = &kept.first {
            let first = short(&String::from_utf8_lossy(&redactor.bytes(first)));
            if !shown.contains(&first) {
                shown.insert(0, first);
            }
        }
        shown.join(" | ")
    }

    /// A message, followed by what the process wrote to standard error.
    pub(super) fn with_stderr(&self, why: String, redactor: &Redactor) -> String {
        match self.shown(redactor) {
            said if said.is_empty() => why,
            said => format!("{why}; on standard error: {said}"),
        }
    }
}

impl Kept {
    fn add(&mut self, piece: &[u8]) {
        self.end.extend(piece);
        let surplus = self.end.len().saturating_sub(KEPT);
        self.overflowed |= surplus > 0;
        self.end.drain(..surplus);
        for &byte in piece {
            if self.first.is_some() {
                return;
            }
            if byte != b'\n' {
                if self.line.len() < MAX_LINE {
                    self.line.push(byte);
                }
            } else if memchr::memmem::find(&self.line, b"rror").is_some() {
                self.first = Some(std::mem::take(&mut self.line));
            } else {
                self.line.clear();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use countersign_core::secret::Secret;

    use super::*;

    #[test]
    fn the_first_error_stays_whatever_comes_after_it() {
        let errors = Errors::default();
        errors.kept().add(b"starting\nModuleNotFoundError: no such thing\n");
        for n in 0..3000 {
            errors.kept().add(format!("line {n}\n").as_bytes());
        }
        let shown = errors.shown(&Redactor::default());
        assert!(shown.starts_with("ModuleNotFoundError: no such thing | line 2994 | "), "{shown}");
        assert!(shown.ends_with("line 2999"), "{shown}");
    }

    #[test]
    fn a_line_without_end_is_bounded_and_half_a_secret_is_not_shown() {
        let errors = Errors::default();
        let secret = Secret::new(b"canary-s\xffcret-0123456789".to_vec());
        let redactor = Redactor::new(std::slice::from_ref(&secret));
        for _ in 0..1000 {
            errors.kept().add(&[b"Error in ", secret.expose(), b" "].concat());
        }
        assert!(errors.kept().line.len() <= MAX_LINE && errors.kept().end.len() <= KEPT);
        assert_eq!(errors.shown(&redactor), "", "its front was pushed out");
        errors.kept().add(&[b"\nwith ", secret.expose(), b" in it\n"].concat());
        let shown = errors.shown(&redactor);
        assert!(shown.contains("with ") && !shown.contains("cret-"), "{shown}");
    }
}
