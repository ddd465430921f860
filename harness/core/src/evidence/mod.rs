//! Evidence of a case: what was sent and what came back, as lines for people.
//!
//! The function to know is [`evidence`]. It must not know cases, verdicts or how lines are shown.

mod lines;
mod record;
mod shell;

pub use record::{Evidence, Mark, MarkedLine};

use crate::observe::Observation;
use crate::redact::Redactor;
use crate::wire::{Answer, Wire};

/// Lines of an answer that are kept at most.
const ANSWER_LINES: usize = 40;

/// The evidence of one request and its answer, without secrets.
///
/// `untampered` is what would have been sent without the tampers of the case; where `sent` differs
/// from it, lines are marked. Host and port go into the shell command that sends the same bytes.
pub fn evidence(
    untampered: &Wire,
    sent: &Wire,
    seen: Option<&Observation>,
    address: Option<(&str, u16)>,
    replay: String,
    redactor: &Redactor,
) -> Evidence {
    let octets = redactor.bytes(&sent.bytes());
    let reproduce = address.map(|(host, port)| {
        let mut reproduce = shell::reproduce(&octets, host, port);
        if octets != *sent.bytes() {
            reproduce.push_str("  # [secret] stands for the secret");
        }
        if !sent.pauses().is_empty() {
            reproduce.push_str("  # the case waits between pieces: `countersign replay` does too");
        }
        reproduce
    });
    let answer = seen.and_then(|seen| seen.answer.as_ref());
    let reply = seen.filter(|seen| seen.reply.is_some()).map(|seen| vec![redactor.text(&seen.summary())]);
    Evidence {
        request: lines::marked(&redactor.bytes(&untampered.bytes()), &octets),
        answer: answer.map(|answer| answer_lines(&redactor.answer(answer))).or(reply).unwrap_or_default(),
        reproduce: reproduce.unwrap_or_default(),
        replay,
    }
}

/// Status, header lines, an empty line, and the beginning of the body.
fn answer_lines(answer: &Answer) -> Vec<String> {
    let mut shown = vec![format!("HTTP {}", answer.status)];
    for line in &answer.headers {
        let text = [line.name.as_bytes(), b": ", line.value.as_slice()].concat();
        shown.push(lines::shortened(&text));
    }
    if shown.len() > ANSWER_LINES {
        let more = shown.len() - ANSWER_LINES;
        shown.truncate(ANSWER_LINES);
        shown.push(format!("… {more} header lines"));
    }
    if !answer.body.as_slice().is_empty() {
        shown.push(String::new());
        shown.extend(lines::beginning(answer.body.as_slice()));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::Outcome;
    use crate::secret::Secret;
    use crate::wire::{ByteString, Connection, Framing, Header, Request, encode};

    fn wire(tag: &str, body: &[u8], framing: Framing) -> Wire {
        let headers = vec![Header::new("Host", "localhost"), Header::new("X-Tag", tag)];
        encode(Request { method: "POST".into(), target: "/hook".into(), headers, body: body.into() }, framing)
    }

    fn show(untampered: &Wire, sent: &Wire) -> String {
        let evidence =
            evidence(untampered, sent, None, Some(("localhost", 80)), String::new(), &Redactor::default());
        let line = |line: &MarkedLine| {
            let gutter = match line.mark {
                Mark::Same => ' ',
                Mark::Tampered => '>',
                Mark::Removed => '-',
            };
            let caret =
                line.span.map(|(at, width)| format!("\n  {}{}", " ".repeat(at), "^".repeat(width.max(1))));
            format!("{gutter} {}{}", line.text, caret.unwrap_or_default()).trim_end().to_owned()
        };
        evidence.request.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn what_was_changed_is_marked_and_the_rest_is_not() {
        let untampered = wire("sha256=00ff", b"{\"a\":1}", Framing::default());
        let sent = wire("sha256=00FF", b"{\"a\":\xff}", Framing::default());
        let expected = concat!(
            "  POST /hook HTTP/1.1\n",
            "  Host: localhost\n",
            "> X-Tag: sha256=00FF\n",
            "                  ^^\n",
            "  Content-Length: 7\n",
            "\n",
            "> {\"a\":\\xff}\n",
            "       ^^^^",
        );
        assert_eq!(show(&untampered, &sent), expected);
        assert!(
            show(&sent, &sent)
                .lines()
                .all(|line| line.is_empty() || line.starts_with("  ") && !line.contains('^'))
        );
    }

    #[test]
    fn removed_and_added_lines_are_marked() {
        let untampered = wire("00", b"", Framing::default());
        let mut request = untampered.request().clone();
        request.headers[1] = Header::new("Authorization", "none");
        request.headers.insert(0, Header::new("Forwarded", "for=_x"));
        let shown = show(&untampered, &encode(request, Framing::default()));
        assert!(
            shown.contains("> Forwarded: for=_x\n  Host: localhost\n- X-Tag: 00\n> Authorization: none\n"),
            "{shown}"
        );
    }

    #[test]
    fn where_something_was_only_cut_out_the_line_before_is_shown_too() {
        let shown = show(&wire("abcd", b"", Framing::default()), &wire("ab", b"", Framing::default()));
        assert!(shown.contains("- X-Tag: abcd\n> X-Tag: ab\n           ^"), "{shown}");
    }

    #[test]
    fn a_bare_line_feed_is_visible() {
        let lf = Framing { line_end: crate::wire::LineEnd::Lf, ..Framing::default() };
        let shown = show(&wire("00", b"", Framing::default()), &wire("00", b"", lf));
        assert!(shown.contains("> Host: localhost\\n\n                 ^^"), "{shown}");
    }

    #[test]
    fn a_long_body_is_cut_around_the_change() {
        let body = "x".repeat(100_000);
        let mut changed = body.clone().into_bytes();
        changed[50_000] = b'y';
        let shown =
            show(&wire("00", body.as_bytes(), Framing::default()), &wire("00", &changed, Framing::default()));
        assert!(shown.len() < 1500, "{shown}");
        let lines: Vec<&str> = shown.lines().collect();
        let at = lines.iter().position(|line| line.starts_with("> x")).expect("the changed line");
        let caret = lines[at + 1].find('^').expect("a caret");
        assert_eq!(&lines[at][caret..=caret], "y");
        assert_eq!((lines[at - 1], lines[at + 2]), ("  … 49840 bytes", "  … 49760 bytes"));
    }

    #[test]
    fn a_byte_inserted_into_a_long_body_is_the_only_change() {
        let body = "0123456789".repeat(1000);
        let longer = format!("{}!{}", &body[..5000], &body[5000..]);
        let shown = show(
            &wire("00", body.as_bytes(), Framing::default()),
            &wire("00", longer.as_bytes(), Framing::default()),
        );
        assert!(shown.lines().any(|line| line.trim() == "^"), "one caret under one byte: {shown}");
    }

    #[test]
    fn a_flood_of_header_lines_is_folded() {
        let untampered = wire("00", b"", Framing::default());
        let mut request = untampered.request().clone();
        request.headers.extend((0..3000).map(|n| Header::new(format!("X-Fill-{n}"), "y".repeat(900))));
        let shown = show(&untampered, &encode(request, Framing::default()));
        assert!(shown.contains("> … 2978 lines\n"), "{shown}");
        assert!(shown.len() < 15_000, "{}", shown.len());
    }

    #[test]
    fn secrets_are_taken_out_of_request_answer_and_command() {
        let sent = wire("canary", b"63616e617279", Framing::default());
        let answer = Answer {
            status: 401,
            headers: vec![Header::new("X-Debug", "key=canary")],
            body: ByteString::from("Y2FuYXJ5\nand more\x1b[2J"),
            connection: Connection::Reusable,
        };
        let without = Observation::without_answer(Outcome::Rejected, "");
        let seen = Observation { answer: Some(answer), ..without };
        let redactor = Redactor::new(&[Secret::new("canary")]);
        let evidence =
            evidence(&sent, &sent, Some(&seen), Some(("localhost", 80)), "replay".to_owned(), &redactor);
        let shown = serde_json::to_string(&evidence).expect("evidence serializes");
        assert!(
            !["canary", "63616e617279", "Y2FuYXJ5"].iter().any(|secret| shown.contains(secret)),
            "{shown}"
        );
        assert_eq!(
            evidence.answer,
            ["HTTP 401", "X-Debug: key=[secret]", "", "[secret]\\n", "and more\\x1b[2J"]
        );
        assert!(evidence.reproduce.ends_with("# [secret] stands for the secret"));
    }
}
