//! One shape for everything that is wrong with a file a person wrote.
//!
//! The type to know is [`Diagnostic`]: what, where (file:line:column and the line), what to do next.

use std::fmt;

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// What is wrong with a file, and where.
///
/// `Display` draws the line with a caret:
///
/// ```text
/// error: unknown requirement `INT-BODDY`
///  --> mine.yaml:5:16
///   |
/// 5 |     requires: [INT-BODDY]
///   |                ^^^^^^^^^
///   |
///   = help: did you mean `INT-BODY`?
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file, as the person named it.
    pub path: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: Option<String>,
    /// The text that the caret underlines starts at `line` and `column` and has this many characters.
    pub width: usize,
    source_line: String,
}

impl Diagnostic {
    /// A diagnostic at a byte offset of `text`.
    pub fn at(path: &str, text: &str, offset: usize, width: usize, message: impl Into<String>) -> Self {
        let offset = text.floor_char_boundary(offset.min(text.len()));
        let before = &text[..offset];
        let start = before.rfind('\n').map_or(0, |at| at + 1);
        let line = before.matches('\n').count() + 1;
        let column = text[start..offset].chars().count() + 1;
        Self::on_line(path, text, line, column, width, message)
    }

    /// A diagnostic at a line and column of `text`.
    pub fn on_line(
        path: &str,
        text: &str,
        line: usize,
        column: usize,
        width: usize,
        message: impl Into<String>,
    ) -> Self {
        let source_line = text.lines().nth(line.saturating_sub(1)).unwrap_or_default().to_owned();
        Self { path: path.to_owned(), line, column, message: message.into(), help: None, width, source_line }
    }

    /// A diagnostic at the first `needle` that stands after the first `after`, or at the start of the file.
    pub fn find(path: &str, text: &str, after: &str, needle: &str, message: impl Into<String>) -> Self {
        let from = text.find(after).unwrap_or(0);
        match text[from..].find(needle) {
            Some(at) if !needle.is_empty() => {
                Self::at(path, text, from + at, needle.chars().count(), message)
            }
            _ => Self::at(path, text, from, after.chars().count().max(1), message),
        }
    }

    /// Adds what to do next.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Adds the known names nearest to an unknown one as help.
    #[must_use]
    pub fn nearest<'a>(
        self,
        unknown: &str,
        known: impl IntoIterator<Item = &'a str>,
        otherwise: &str,
    ) -> Self {
        let near: Vec<String> =
            crate::id::nearest(unknown, known).into_iter().map(|name| format!("`{name}`")).collect();
        let help = if near.is_empty() {
            otherwise.to_owned()
        } else {
            format!("did you mean {}?", near.join(" or "))
        };
        self.help(help)
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Long lines (bodies in hex) are cut around the place, so that the caret stays in view.
        let skip = self.column.saturating_sub(60);
        let shown: String = self.source_line.chars().skip(skip).take(140).collect();
        let shown = shown.replace(|c: char| c.is_control(), "\u{fffd}");
        let index = |column: usize| shown.char_indices().nth(column).map_or(shown.len(), |(at, _)| at);
        let column = self.column - 1 - skip.min(self.column - 1);
        let span = index(column)..index(column + self.width.max(1)).max(index(column));
        let path = format!("{}:{}:{}", self.path, self.line, self.column);
        // The renderer counts columns itself, from the cut line; the true place is in the path.
        let snippet =
            Snippet::source(&shown).line_start(self.line).annotation(AnnotationKind::Primary.span(span));
        let mut group = Level::ERROR.primary_title(self.message.as_str()).element(snippet);
        if let Some(help) = &self.help {
            group = group.element(Level::HELP.message(help.as_str()));
        }
        let text = Renderer::plain().render(&[group]).to_string();
        // Puts the place under the title.
        match text.split_once('\n') {
            Some((title, rest)) => {
                let gutter = self.line.to_string().len();
                write!(f, "{title}\n{:gutter$}--> {path}\n{rest}", "")
            }
            None => write!(f, "{text}\n --> {path}"),
        }
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "suite: body\ncases:\n  - id: a\n    requires: [INT-BODDY]\n";

    #[test]
    fn a_diagnostic_names_place_line_and_next_step() {
        let found =
            Diagnostic::find("mine.yaml", TEXT, "id: a", "INT-BODDY", "unknown requirement `INT-BODDY`")
                .nearest("INT-BODDY", ["INT-BODY", "KEY-SECRET"], "see `countersign list requirements`");
        assert_eq!((found.line, found.column), (4, 16));
        let shown = found.to_string();
        assert!(
            shown.starts_with("error: unknown requirement `INT-BODDY`\n --> mine.yaml:4:16\n"),
            "{shown}"
        );
        assert!(shown.contains("4 |     requires: [INT-BODDY]\n  |                ^^^^^^^^^"), "{shown}");
        assert!(shown.contains("help: did you mean `INT-BODY`?"), "{shown}");
    }

    #[test]
    fn long_lines_and_control_characters_are_tamed() {
        let text = format!("body: {}\u{1b}[31m{}\n", "a".repeat(5000), "b".repeat(5000));
        let shown = Diagnostic::at("x.yaml", &text, 5006, 1, "odd").to_string();
        assert!(shown.len() < 1000 && !shown.contains('\u{1b}'), "{shown}");
        assert!(shown.contains("x.yaml:1:5007"), "{shown}");
    }
}
