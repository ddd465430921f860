//! Bytes of a request as lines, with marks where they differ from the untampered request.
//!
//! The function to know is [`marked`]. It must not know of secrets: they are gone already.

use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::record::{Mark, MarkedLine};
use crate::wire::escape;

/// Bytes of a body, or of a line, that are shown at most.
const SHOWN: usize = 400;
/// Bytes that are shown before a change in a long body or line.
const BEFORE: usize = 160;
/// Lines of one kind that are shown in a row at most; of a longer row, the first [`FOLDED`].
const ROW: usize = 24;
/// Lines that are shown of a longer row.
const FOLDED: usize = 22;

/// The lines of `new`, marked where they differ from `old`.
pub(super) fn marked(old: &[u8], new: &[u8]) -> Vec<MarkedLine> {
    let ((old_head, old_body), (new_head, new_body)) = (split(old), split(new));
    let mut shown = fold(compare(&lines(old_head), &lines(new_head)));
    if !new_body.is_empty() || !old_body.is_empty() {
        shown.push(line(Mark::Same, String::new()));
        shown.extend(fold(body(old_body, new_body)));
    }
    shown
}

/// The first bytes of an answer's body, by line.
pub(super) fn beginning(body: &[u8]) -> Vec<String> {
    let mut shown: Vec<String> = lines(&body[..body.len().min(SHOWN)]).into_iter().map(escape).collect();
    if body.len() > SHOWN {
        shown.push(omitted(body.len() - SHOWN));
    }
    shown
}

/// A line, cut if it is long.
pub(super) fn shortened(text: &[u8]) -> String {
    cut(text, 0..0).0
}

/// Head, without the empty line, and body.
fn split(octets: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    for line in lines(octets) {
        if matches!(line, b"\r\n" | b"\n") {
            return (&octets[..start], &octets[start + line.len()..]);
        }
        start += line.len();
    }
    (octets, &[])
}

/// Lines with their ends.
fn lines(octets: &[u8]) -> Vec<&[u8]> {
    octets.split_inclusive(|&byte| byte == b'\n').collect()
}

/// The bytes of a line that are shown: the usual line end is left out, any other is visible.
fn visible(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r\n").unwrap_or(line)
}

fn line(mark: Mark, text: String) -> MarkedLine {
    MarkedLine { mark, text, span: None }
}

fn omitted(bytes: usize) -> String {
    format!("… {bytes} {}", if bytes == 1 { "byte" } else { "bytes" })
}

fn compare(old: &[&[u8]], new: &[&[u8]]) -> Vec<MarkedLine> {
    let mut shown = Vec::new();
    let whole = |mark, lines: &[&[u8]]| {
        lines.iter().map(|text| line(mark, shortened(visible(text)))).collect::<Vec<_>>()
    };
    for op in capture_diff_slices(Algorithm::Myers, old, new) {
        let (was, is) = (&old[op.old_range()], &new[op.new_range()]);
        match op {
            DiffOp::Equal { .. } => shown.extend(whole(Mark::Same, is)),
            DiffOp::Delete { .. } => shown.extend(whole(Mark::Removed, was)),
            DiffOp::Insert { .. } => shown.extend(whole(Mark::Tampered, is)),
            DiffOp::Replace { .. } => {
                let pairs = was.len().min(is.len());
                for (was, is) in was.iter().zip(is) {
                    shown.extend(replaced(visible(was), visible(is)));
                }
                shown.extend(whole(Mark::Removed, &was[pairs..]));
                shown.extend(whole(Mark::Tampered, &is[pairs..]));
            }
        }
    }
    shown
}

/// One line in place of another: one marked line if they are much alike, else both.
fn replaced(was: &[u8], is: &[u8]) -> Vec<MarkedLine> {
    let (before, after) = common(was, is);
    if (before + after) * 2 < was.len().min(is.len()) && name(was) != name(is) {
        return vec![line(Mark::Removed, shortened(was)), line(Mark::Tampered, shortened(is))];
    }
    let (text, span) = cut(is, before..is.len() - after);
    let changed = MarkedLine { mark: Mark::Tampered, text, span: Some(span) };
    if before + after < is.len() {
        return vec![changed];
    }
    vec![line(Mark::Removed, cut(was, before..was.len() - after).0), changed]
}

/// The header name that a line begins with.
fn name(line: &[u8]) -> Option<&[u8]> {
    line.iter().position(|&byte| byte == b':').map(|colon| &line[..colon])
}

/// Lengths of the common beginning and of the common end of what follows it.
fn common(a: &[u8], b: &[u8]) -> (usize, usize) {
    let before = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    let after = a[before..].iter().rev().zip(b[before..].iter().rev()).take_while(|(x, y)| x == y).count();
    (before, after)
}

/// The escaped text of a line, cut around a range of bytes if it is long, and where the range is
/// in the text: column and width in characters.
fn cut(text: &[u8], range: Range<usize>) -> (String, (usize, usize)) {
    let from = if text.len() > SHOWN { range.start.saturating_sub(BEFORE) } else { 0 };
    let to = text.len().min(from + SHOWN);
    let mut shown = if from > 0 { format!("{} …", omitted(from)) } else { String::new() };
    let column = shown.chars().count() + escape(&text[from..range.start]).len();
    let width = escape(&text[range.start..range.end.min(to)]).len();
    shown.push_str(&escape(&text[from..to]));
    if to < text.len() {
        shown.push_str(&omitted(text.len() - to));
    }
    (shown, (column, width))
}

/// The lines of a body; of a long one, what stands around the change.
fn body(old: &[u8], new: &[u8]) -> Vec<MarkedLine> {
    if old.len().max(new.len()) <= SHOWN {
        return compare(&lines(old), &lines(new));
    }
    let (before, after) = common(old, new);
    let from = before.saturating_sub(BEFORE);
    // Both are cut at the same distance behind the change, so that the cut itself is no change.
    let changed = old.len().max(new.len()) - after - from;
    let behind = SHOWN.saturating_sub(changed).min(after);
    let end = |body: &[u8]| (body.len() - after + behind).min(from + SHOWN).max(from);
    let (old_end, new_end) = (end(old), end(new));
    let mut shown = Vec::new();
    if from > 0 {
        shown.push(line(Mark::Same, omitted(from)));
    }
    shown.extend(compare(&lines(&old[from..old_end]), &lines(&new[from..new_end])));
    if new_end < new.len() {
        shown.push(line(Mark::Same, omitted(new.len() - new_end)));
    }
    shown
}

/// Folds long rows of lines with the same mark.
fn fold(lines: Vec<MarkedLine>) -> Vec<MarkedLine> {
    let mut shown = Vec::new();
    for row in lines.chunk_by(|a, b| a.mark == b.mark) {
        if row.len() <= ROW {
            shown.extend_from_slice(row);
            continue;
        }
        shown.extend_from_slice(&row[..FOLDED]);
        shown.push(line(row[0].mark, format!("… {} lines", row.len() - FOLDED)));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A fixed sequence of numbers that look random.
    struct Numbers(u64);

    impl Numbers {
        fn below(&mut self, limit: usize) -> usize {
            self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(self.0 >> 33).expect("31 bits") % limit
        }
    }

    #[test]
    fn whatever_was_changed_spans_stay_in_their_lines_and_lines_stay_short() {
        let mut numbers = Numbers(7);
        for _ in 0..3000 {
            let length = numbers.below(1500);
            let old: Vec<u8> = (0..length).map(|_| b"\r\n\n: aaab\xff"[numbers.below(10)]).collect();
            let mut new = old.clone();
            for _ in 0..numbers.below(4) {
                let (from, to) = (numbers.below(new.len() + 1), numbers.below(new.len() + 1));
                let with = vec![b"a\nx"[numbers.below(3)]; numbers.below(700)];
                new.splice(from.min(to)..from.max(to), with);
            }
            let lines = marked(&old, &new);
            for line in &lines {
                let length = line.text.chars().count();
                assert!(length <= 4 * SHOWN + 60, "{length}");
                assert!(line.span.is_none_or(|(at, width)| at + width <= length), "{line:?}");
            }
            let same = lines.iter().all(|line| line.mark == Mark::Same);
            assert!(
                !same || old == new || visible_alike(&old, &new),
                "a change is not marked: {old:?} {new:?}"
            );
        }
    }

    /// The end of the head may be written in two ways that look alike.
    fn visible_alike(old: &[u8], new: &[u8]) -> bool {
        split(old) == split(new)
    }
}
