//! The only file that names the YAML parser.
//!
//! Strict: no duplicate keys, no merge keys, no words that become booleans, no tags, one document,
//! no anchors, bounded depth and size. A bad release of the parser costs this file.

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_saphyr::Options;
use serde_saphyr::options::{DuplicateKeyPolicy, MergeKeyPolicy};

use super::Diagnostic;

/// The largest file that is read, in bytes.
pub const MAX_FILE: usize = 8 << 20;

/// A value that has no YAML form.
#[derive(Debug, thiserror::Error)]
#[error("it has no YAML form: {0}")]
pub struct CannotWrite(#[source] serde_saphyr::SerializeError);

/// Reads one document.
///
/// # Errors
/// The text is not YAML of the expected shape; the diagnostic has the place.
pub fn parse<T: DeserializeOwned>(path: &str, text: &str) -> Result<T, Diagnostic> {
    if text.len() > MAX_FILE {
        return Err(Diagnostic::at(path, "", 0, 1, format!("the file is larger than {MAX_FILE} bytes"))
            .help("split it into several files"));
    }
    serde_saphyr::from_str_with_options(text, options()).map_err(|error| {
        let error = error.without_snippet();
        let (line, column) = match error.location() {
            Some(place) => (clamp(place.line()), clamp(place.column())),
            None => (1, 1),
        };
        Diagnostic::at(path, text, offset(text, line, column), 1, message(&error.to_string()))
    })
}

/// Writes one document.
///
/// # Errors
/// The value has no YAML form.
pub fn write<T: Serialize>(value: &T) -> Result<String, CannotWrite> {
    serde_saphyr::to_string(value).map_err(CannotWrite)
}

/// Writes one document in which every text stands in quotes on its line, so that no parser takes it for
/// anything else.
///
/// # Errors
/// The value has no YAML form.
pub fn write_flat<T: Serialize>(value: &T) -> Result<String, CannotWrite> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false, quote_all: true };
    serde_saphyr::to_string_with_options(value, options).map_err(CannotWrite)
}

/// The byte at a place as YAML counts lines: a lone carriage return ends one too.
fn offset(text: &str, line: usize, column: usize) -> usize {
    let end_of = |start: usize| text[start..].find(['\n', '\r']).map(|at| start + at);
    let mut start = 0;
    for _ in 1..line {
        let Some(end) = end_of(start) else { break };
        start = end + if text[end..].starts_with("\r\n") { 2 } else { 1 };
    }
    let line = &text[start..end_of(start).unwrap_or(text.len())];
    start + line.char_indices().nth(column - 1).map_or(line.len(), |(at, _)| at)
}

fn clamp(number: u64) -> usize {
    usize::try_from(number.max(1)).unwrap_or(usize::MAX)
}

fn options() -> Options {
    let mut options = serde_saphyr::options! {
        duplicate_keys: DuplicateKeyPolicy::Error,
        merge_keys: MergeKeyPolicy::Error,
        strict_booleans: true,
        no_schema: false,
        reject_unsupported_tags: true,
        with_snippet: false,
    };
    options.budget = serde_saphyr::budget! {
        max_depth: 16,
        max_documents: 1,
        max_nodes: 2_000_000,
        max_events: 4_000_000,
        max_aliases: 0,
        max_anchors: 0,
    };
    options
}

/// The parser's message without the place, which the diagnostic prints itself.
fn message(text: &str) -> String {
    let end = [" at line ", " (line ", "line ", ", set DuplicateKeyPolicy"]
        .iter()
        .filter_map(|mark| text.find(mark).filter(|at| *at > 0))
        .min()
        .unwrap_or(text.len());
    text[..end].trim_end_matches([',', ' ', ':', '\n']).to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn error(text: &str) -> Diagnostic {
        parse::<BTreeMap<String, String>>("x.yaml", text).expect_err("must be refused")
    }

    #[test]
    fn duplicate_keys_are_refused_at_the_second_one() {
        let found = error("a: one\nb: two\na: three\n");
        assert_eq!(found.line, 3, "{found}");
    }

    #[test]
    fn lone_carriage_returns_do_not_move_an_error_out_of_the_text() {
        let found = error("a: one\r\r\r\rb: two\na: three\n");
        assert_eq!((found.line, found.column), (2, 1), "{found}");
    }

    #[test]
    fn merge_keys_several_documents_and_bombs_are_refused() {
        error("a: &x { b: c }\n<<: *x\n");
        error("a: one\n---\nb: two\n");
        let mut bomb = String::from("l0: &l0 [x,x,x,x,x,x,x,x,x]\n");
        for level in 1..12 {
            let refs = vec![format!("*l{}", level - 1); 9].join(",");
            bomb.push_str(&format!("l{level}: &l{level} [{refs}]\n"));
        }
        assert!(parse::<BTreeMap<String, serde_json::Value>>("x.yaml", &bomb).is_err());
    }
}
