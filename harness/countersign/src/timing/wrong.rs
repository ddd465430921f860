//! Requests whose tag is wrong in ways that differ in nothing but the place.
//!
//! The type to know is [`Wrong`].

use countersign_core::recipe::{Recipe, World, build};
use countersign_core::scheme::Part;
use countersign_core::tamper::{Tamper, With};
use countersign_core::wire::Wire;

use super::requests::{places, right_tag};
use crate::run;

/// Requests whose tag is wrong at one place.
#[derive(Debug)]
pub(super) struct Wrong {
    /// From 0; none if every character is wrong.
    pub(super) place: Option<u16>,
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
    pub(super) fn new(subject: &run::Session) -> Result<Self, String> {
        let world = subject.world("exact", subject.clock.now());
        let right = right_tag(&world)?;
        let genuine = wire(vec![], &world)?;
        let hex = right.iter().all(u8::is_ascii_hexdigit);
        let mut length = right.iter().rposition(|&octet| octet != b'=').map_or(0, |last| last + 1);
        // Not all bits of the last character of base64 count, if it does not end a group.
        if !hex && length % 4 != 0 {
            length -= 1;
        }
        let mut all: Vec<Option<u16>> = [0].into_iter().chain(places(length)).map(Some).collect();
        all.push(None);
        let mut wrong = Vec::new();
        for place in all {
            let changed = place.map_or(0..length, |place| usize::from(place)..usize::from(place) + 1);
            let with = |by| {
                let mut tag = right.clone();
                tag[changed.clone()].iter_mut().for_each(|octet| *octet = another(*octet, hex, by));
                wire(vec![Tamper::Replace(With { part: Part::Tag, with: tag.into() })], &world)
            };
            wrong.push(Wrong { place, wires: [with(1)?, with(2)?] });
        }
        let octets = genuine.octets().len();
        if wrong.iter().flat_map(|wrong| &wrong.wires).any(|wire| wire.octets().len() != octets) {
            return Err("requests with a wrong tag are not as long as the genuine one".to_owned());
        }
        Ok(Self { genuine, wrong })
    }
}

fn wire(tamper: Vec<Tamper>, world: &World<'_>) -> Result<Wire, String> {
    let built = build(&Recipe { tamper, ..Recipe::default() }, world).map_err(|why| why.to_string())?;
    let wire = built.rounds.into_iter().next().and_then(|round| round.wires.into_iter().next());
    wire.ok_or_else(|| "no request".to_owned())
}

/// The first or second octet behind this one among those of its kind: decoding a digit, a small and a large letter may take different
/// instructions, and that is not what is asked.
fn another(octet: u8, hex: bool, by: u8) -> u8 {
    let within = |first: u8, count: u8| first + (octet - first + by) % count;
    let letters = if hex { 6 } else { 26 };
    match octet {
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
        for octet in b"0189abcfzAFZ+/-_" {
            for by in [1, 2] {
                let other = another(*octet, false, by);
                assert_ne!(other, *octet);
                let kind = |octet: u8| {
                    (octet.is_ascii_digit(), octet.is_ascii_lowercase(), octet.is_ascii_uppercase())
                };
                assert_eq!(kind(other), kind(*octet));
            }
        }
        for octet in b"0189abcdefABCDEF" {
            assert!([1, 2].iter().all(|&by| another(*octet, true, by).is_ascii_hexdigit()));
        }
    }
}
