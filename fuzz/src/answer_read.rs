//! Arbitrary bytes to the reader of answers: the same result however they are cut, in bounded memory.
//!
//! The first byte chooses limits and whether the request was a HEAD, the second the sizes of the
//! pieces; the rest is what the server sends.

use countersign_core::wire::{Answer, AnswerReader, Connection, Limits, Progress, Unreadable};

/// More bytes than this only cost time.
const LONGEST: usize = 16 * 1024;

/// Runs the target.
pub fn run(data: &[u8]) {
    let [choice, cut, bytes @ ..] = data else { return };
    let bytes = &bytes[..bytes.len().min(LONGEST)];
    let limits = match choice >> 1 & 3 {
        0 => Limits::default(),
        1 => Limits { head: 128, lines: 4, body: 32, interim: 1 },
        2 => Limits { head: 64, lines: 2, body: 1, interim: 0 },
        _ => Limits { head: 1024, lines: 16, body: 256, interim: 3 },
    };
    let read = |size: usize| read(bytes, limits, choice & 1 == 1, size);
    let whole = read(bytes.len().max(1));
    let size = usize::from(*cut).max(1);
    let pieces = read(size);
    match (&whole, &pieces) {
        // Which limit or fault is met first may depend on the cut; that it is one does not.
        (Err(_), Err(Unreadable::HeadTooLong(_))) | (Err(Unreadable::HeadTooLong(_)), Err(_)) => {}
        _ => assert_eq!(whole, pieces, "in pieces of {size}"),
    }
}

fn read(bytes: &[u8], limits: Limits, head_only: bool, size: usize) -> Result<Answer, Unreadable> {
    let mut reader = AnswerReader::new(limits, head_only);
    let bound = limits.head.max(16 * limits.body) + size;
    let mut pieces = bytes.chunks(size);
    while let Some(piece) = pieces.next() {
        let progress = reader.push(piece)?;
        assert!(reader.held() <= bound, "{} bytes held of {bound}", reader.held());
        if let Progress::Done(mut answer) = progress {
            assert!(
                answer.body.as_slice().len() <= limits.body,
                "a body of {}",
                answer.body.as_slice().len()
            );
            assert!(answer.headers.len() <= limits.lines, "{} header lines", answer.headers.len());
            // What comes after the answer spends the connection, whether it came in the same piece or not.
            if pieces.next().is_some() {
                answer.connection = Connection::Spent;
            }
            return Ok(answer);
        }
    }
    reader.end()
}
