//! Evidence as text: the request with its marks, the answer, and how to see it again.
//!
//! The function to know is [`exhibit`]. It must not know why a case failed.

use super::phrase::printable;
use crate::evidence::{Evidence, Mark, MarkedLine};

/// Lines of an answer that are shown at most.
const ANSWER_LINES: usize = 12;
/// Characters of a line that are shown at most.
const WIDTH: usize = 160;

/// Request, answer, replay and shell command, one string per line.
///
/// The gutter of the request has `>` before what was tampered with and `-` before what was taken
/// out; carets stand under the changed part of a line. `caret` decorates them.
pub(super) fn exhibit(evidence: &Evidence, caret: impl Fn(&str) -> String) -> Vec<String> {
    let mut shown = vec!["request:".to_owned()];
    for line in &evidence.request {
        shown.extend(request_line(line, &caret));
    }
    if evidence.answer.is_empty() {
        shown.push("answer: none".to_owned());
    } else {
        shown.push("answer:".to_owned());
        shown.extend(
            evidence.answer.iter().take(ANSWER_LINES).map(|line| format!("    {}", cut(&printable(line)))),
        );
        if evidence.answer.len() > ANSWER_LINES {
            let more = evidence.answer.len() - ANSWER_LINES;
            shown.push(format!("    … {more} more {}", if more == 1 { "line" } else { "lines" }));
        }
    }
    if !evidence.replay.is_empty() {
        shown.push(format!("replay: {}", printable(&evidence.replay)));
    }
    if !evidence.reproduce.is_empty() {
        shown.push(format!("send it yourself: {}", printable(&evidence.reproduce)));
    }
    for line in &mut shown {
        line.truncate(line.trim_end().len());
    }
    shown
}

fn request_line(line: &MarkedLine, caret: &impl Fn(&str) -> String) -> Vec<String> {
    let gutter = match line.mark {
        Mark::Same => ' ',
        Mark::Tampered => '>',
        Mark::Removed => '-',
    };
    let text = printable(&line.text);
    let Some((column, width)) = line.span else {
        return vec![format!("  {gutter} {}", cut(&text))];
    };
    let (text, column, width) = around(&text, column, width);
    vec![
        format!("  {gutter} {text}"),
        format!("    {}{}", " ".repeat(column), caret(&"^".repeat(width.max(1)))),
    ]
}

fn cut(text: &str) -> String {
    around(text, 0, 0).0
}

/// A long line cut so that the span stays in view, and where the span is then.
fn around(text: &str, column: usize, width: usize) -> (String, usize, usize) {
    let length = text.chars().count();
    if length <= WIDTH {
        return (text.to_owned(), column, width);
    }
    let from = (column + width.min(WIDTH / 2) + 8).saturating_sub(WIDTH);
    let to = length.min(from + WIDTH);
    let (before, after) = (if from > 0 { "…" } else { "" }, if to < length { "…" } else { "" });
    let middle: String = text.chars().skip(from).take(to - from).collect();
    let column = column - from + before.chars().count();
    (format!("{before}{middle}{after}"), column, width.min(WIDTH + 1 - column.min(WIDTH)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_far_out_on_a_long_line_stays_in_view() {
        for (column, width) in [(0, 3), (150, 3), (158, 40), (300, 1), (396, 4), (200, 200), (400, 0)] {
            let text: String =
                (0..400).map(|at| if (column..column + width).contains(&at) { 'X' } else { '.' }).collect();
            let (shown, at, wide) = around(&text, column, width);
            assert!(shown.chars().count() <= WIDTH + 2, "{column}");
            assert!(at + wide <= WIDTH + 2, "{column}: {at} {wide}");
            let under: String = shown.chars().skip(at).take(wide).collect();
            assert_eq!(
                under.trim_end_matches('…'),
                "X".repeat(under.trim_end_matches('…').chars().count()),
                "{column}"
            );
            assert_eq!(shown.chars().nth(at) == Some('X'), width > 0, "{column}");
        }
    }
}
