//! Requests whose tag is wrong in ways that differ in nothing but the position.
//!
//! The types to know are [`Wrong`] and [`Requests`].

use countersign_core::recipe::{Recipe, World, build};
use countersign_core::scheme::Part;
use countersign_core::tamper::{Tamper, With};
use countersign_core::wire::Wire;

use super::requests::{positions, right_tag};
use crate::session;

/// Requests whose tag is wrong at one position.
#[derive(Debug)]
pub(super) struct Wrong {
    /// From 0; none if every character is wrong.
    pub(super) position: Option<u16>,
    /// With two wrong characters of the same kind.
    pub(super) wires: [Wire; 2],
}

/// One message, signed once: the genuine request, and wrong ones of the same length.
#[derive(Debug)]
pub(super) struct Requests {
    pub(super) genuine: Wire,
    pub(super) wrong: Vec<Wrong>,
}

impl Requests {
    /// For a target that was just asked something.
    ///
    /// # Errors
    /// The scheme carries no tag of its own, or it cannot be replaced.
    pub(super) fn new(session: &session::Session) -> Result<Self, String> {
        let world = session.world("exact", session.clock.now());
        let tag = RightTag::new(&world)?;
        let genuine = wire(vec![], &world)?;
        let mut all: Vec<Option<u16>> = [0].into_iter().chain(positions(tag.length)).map(Some).collect();
        all.push(None);
        let mut wrong = Vec::new();
        for position in all {
            wrong.push(Wrong {
                position,
                wires: [tag.wrong(position, 1, &world)?, tag.wrong(position, 2, &world)?],
            });
        }
        let bytes = genuine.bytes().len();
        if wrong.iter().flat_map(|wrong| &wrong.wires).any(|wire| wire.bytes().len() != bytes) {
            return Err("requests with a wrong tag are not as long as the genuine one".to_owned());
        }
        Ok(Self { genuine, wrong })
    }
}

/// The genuine request, one whose tag is wrong at its first character only, and one whose tag is wrong at another position only:
/// the last, if none is given.
pub(super) fn pair(session: &session::Session, position: Option<u16>) -> Result<(Wire, [Wire; 2]), String> {
    let world = session.world("exact", session.clock.now());
    let tag = RightTag::new(&world)?;
    let last = u16::try_from(tag.length.saturating_sub(1)).map_err(|_| "the tag is too long".to_owned())?;
    let position = position.unwrap_or(last);
    if position == 0 || position > last {
        return Err(format!(
            "the tag has {} characters, and no position {position} after the first",
            tag.length
        ));
    }
    let wrong = [tag.wrong(Some(0), 1, &world)?, tag.wrong(Some(position), 1, &world)?];
    Ok((wire(vec![], &world)?, wrong))
}

/// The right tag of a request.
struct RightTag {
    text: Vec<u8>,
    hex: bool,
    /// Characters that all count.
    length: usize,
}

impl RightTag {
    fn new(world: &World<'_>) -> Result<Self, String> {
        let text = right_tag(world)?;
        let hex = text.iter().all(u8::is_ascii_hexdigit);
        let mut length = text.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
        // Not all bits of the last character of base64 count, if it does not end a group.
        if !hex && length % 4 != 0 {
            length -= 1;
        }
        Ok(Self { text, hex, length })
    }

    /// A request whose tag is wrong at a position, or everywhere.
    fn wrong(&self, position: Option<u16>, by: u8, world: &World<'_>) -> Result<Wire, String> {
        let changed = position.map_or(0..self.length, |at| usize::from(at)..usize::from(at) + 1);
        let mut tag = self.text.clone();
        tag[changed].iter_mut().for_each(|byte| *byte = another(*byte, self.hex, by));
        wire(vec![Tamper::Replace(With { part: Part::Tag, with: tag.into() })], world)
    }
}

fn wire(tamper: Vec<Tamper>, world: &World<'_>) -> Result<Wire, String> {
    let built = build(&Recipe { tamper, ..Recipe::default() }, world).map_err(|why| why.to_string())?;
    let wire = built.rounds.into_iter().next().and_then(|round| round.wires.into_iter().next());
    wire.ok_or_else(|| "no request".to_owned())
}

/// The first or second byte after this one among those of its kind: decoding a digit, a small and a capital letter may take
/// different instructions, and that is not the question here.
fn another(byte: u8, hex: bool, by: u8) -> u8 {
    let within = |first: u8, count: u8| first + (byte - first + by) % count;
    let letters = if hex { 6 } else { 26 };
    match byte {
        b'0'..=b'9' => within(b'0', 10),
        b'a'..=b'z' => within(b'a', letters),
        b'A'..=b'Z' => within(b'A', letters),
        b'+' => b'/',
        b'/' => b'+',
        b'-' => b'_',
        b'_' => b'-',
        other => other ^ by,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_character_is_of_the_same_kind() {
        for byte in b"0189abcfzAFZ+/-_" {
            for by in [1, 2] {
                let other = another(*byte, false, by);
                assert_ne!(other, *byte);
                let kind =
                    |byte: u8| (byte.is_ascii_digit(), byte.is_ascii_lowercase(), byte.is_ascii_uppercase());
                assert_eq!(kind(other), kind(*byte));
            }
        }
        for byte in b"0189abcdefABCDEF" {
            assert!([1, 2].iter().all(|&by| another(*byte, true, by).is_ascii_hexdigit()));
        }
    }
}
