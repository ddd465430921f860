//! The audit log: one JSON line per verification.
//!
//! The types to know are [`Record`] and [`AuditSink`]. A record has no field for a secret, tag, token, body or header
//! value, and nothing a client sends can break a line.

use std::fs::File;
use std::io::{self, Write as _};
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use countersign_core::id::SchemeName;
use countersign_core::wire::{Request, escape};
use serde::Serialize;

/// One verification, as it is logged.
#[derive(Debug, Serialize)]
pub(super) struct Record<'a> {
    /// Time of arrival in ISO 8601, UTC, with milliseconds.
    pub(super) time: String,
    /// Assigned by the endpoint; ids from the client are not trusted.
    pub(super) request_id: &'a str,
    /// Address of the client, without port.
    pub(super) client: IpAddr,
    /// Method, escaped and truncated.
    pub(super) method: String,
    /// Path without query, escaped and truncated.
    pub(super) path: String,
    /// `HMAC-SHA256`.
    pub(super) algorithm: &'static str,
    /// Name of the scheme.
    pub(super) scheme: &'a SchemeName,
    /// Key id of the endpoint that was addressed; the key id in the request is not trusted.
    pub(super) key_id: &'static str,
    /// `accepted`, `rejected` or `error`.
    pub(super) result: &'static str,
    /// The reason, as one word.
    pub(super) reason: &'static str,
    /// Status of the answer.
    pub(super) status: u16,
    /// From the complete request to the answer, in milliseconds.
    pub(super) millis: f64,
}

impl Record<'_> {
    /// The line, without its end.
    pub(super) fn line(&self) -> String {
        serde_json::to_string(self).expect("a record holds texts and numbers only")
    }
}

/// The method for the log.
pub(super) fn method(request: &Request) -> String {
    cut(&request.method, 20)
}

/// The path for the log, without query and fragment, which may hold tokens.
pub(super) fn path(request: &Request) -> String {
    let path = request.path();
    let end = path.iter().position(|&byte| byte == b'#').unwrap_or(path.len());
    cut(&path[..end], 200)
}

/// Escapes, and truncates to a number of characters.
fn cut(bytes: &[u8], limit: usize) -> String {
    // Each byte becomes at least one character, so bytes beyond the limit need no escaping.
    let mut text = escape(&bytes[..bytes.len().min(limit)]);
    text.truncate(limit);
    text
}

/// Where lines of the audit log go.
#[derive(Debug)]
pub enum AuditSink {
    /// Nowhere.
    Discard,
    /// To standard error.
    Stderr,
    /// To the end of a file.
    File(Mutex<File>),
    /// Into memory.
    Memory(Lines),
}

impl AuditSink {
    /// Writes to a file that was opened for appending.
    pub fn file(file: File) -> Self {
        Self::File(Mutex::new(file))
    }

    /// Takes one line, without its end.
    pub(super) fn take(&self, line: &str) {
        match self {
            Self::Discard => {}
            // A closed standard error is no reason to stop serving.
            Self::Stderr => drop(writeln!(io::stderr().lock(), "{line}")),
            Self::File(file) => {
                let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
                // In one write, so that lines of two processes do not mix.
                if let Err(error) = file.write_all(format!("{line}\n").as_bytes()) {
                    drop(writeln!(io::stderr().lock(), "the audit log cannot be written: {error}"));
                }
            }
            Self::Memory(lines) => {
                lines.0.lock().unwrap_or_else(PoisonError::into_inner).push(line.to_owned());
            }
        }
    }
}

/// Lines of an audit log, in memory.
#[derive(Debug, Clone, Default)]
pub struct Lines(Arc<Mutex<Vec<String>>>);

impl Lines {
    /// The lines so far.
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(target: &[u8]) -> Request {
        Request {
            method: "POST".into(),
            target: target.into(),
            headers: Vec::new(),
            body: String::new().into(),
        }
    }

    #[test]
    fn a_logged_path_has_no_query_no_control_character_and_no_great_length() {
        assert_eq!(path(&request(b"/a?token=canary")), "/a");
        assert_eq!(path(&request(b"/a#token=canary")), "/a");
        assert_eq!(
            path(&request("/a\n{\"result\":\"accepted\"}\u{2028}".as_bytes()))
                .matches(char::is_control)
                .count(),
            0
        );
        let long = path(&request(&[&b"/"[..], &[0xff; 5000]].concat()));
        assert_eq!((long.len(), long.is_ascii()), (200, true));
    }

    #[test]
    fn a_file_keeps_what_it_held() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("audit.jsonl");
        for line in ["1", "2"] {
            let file = File::options().append(true).create(true).open(&path).expect("it opens");
            AuditSink::file(file).take(line);
        }
        assert_eq!(std::fs::read_to_string(path).expect("it is there"), "1\n2\n");
    }
}
