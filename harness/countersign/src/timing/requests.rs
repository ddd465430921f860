//! Two classes of requests that a verifier refuses, alike but for one thing.
//!
//! The types to know are [`Contrast`], what differs, and [`Requests`], which makes them.

use countersign_core::recipe::{self, Moment, Recipe, Signature, World, build, signatures};
use countersign_core::scheme::{Field, Part};
use countersign_core::tamper::{Tamper, With};
use countersign_core::wire::Wire;
use rand::Rng;

use crate::session;
use countersign_timing::Classes;

/// How both classes differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contrast {
    /// The wrong tag differs from the right one at its first character, or at its last.
    Mismatch,
    /// At its first character, or at this position.
    MismatchAt(u16),
    /// The wrong tag is well-formed, or has a character that no tag has.
    Malformed,
    /// The tag is wrong, or the tag is wrong and the timestamp is too old.
    Stale,
    /// The tag is wrong under the known key id, or under another.
    KeyId,
}

impl Contrast {
    /// Those that have a name of their own, with it and with what they are.
    pub const NAMED: &'static [(&'static str, Self, &'static str)] = &[
        ("mismatch", Self::Mismatch, "wrong tag: at the first character against at the last"),
        ("malformed", Self::Malformed, "wrong tag: well-formed against with a character that no tag has"),
        ("stale", Self::Stale, "wrong tag against wrong tag and a timestamp that is too old"),
        ("key-id", Self::KeyId, "wrong tag under the known key id against under an unknown one"),
    ];

    /// The first character against positions all along a tag of so many characters, to see where a leak starts.
    pub fn ladder(length: usize) -> Vec<Self> {
        positions(length).into_iter().map(Self::MismatchAt).collect()
    }

    /// The position that is compared with the first, if positions are.
    pub(super) fn position(self) -> Option<u16> {
        match self {
            Self::MismatchAt(position) => Some(position),
            Self::Mismatch | Self::Malformed | Self::Stale | Self::KeyId => None,
        }
    }

    /// What it compares.
    pub fn about(self) -> String {
        match self {
            Self::MismatchAt(position) => {
                format!("wrong tag: at the first character against at position {position}")
            }
            named => {
                let found = Self::NAMED.iter().find(|(_, contrast, _)| *contrast == named);
                found.map_or("", |(_, _, about)| about).to_owned()
            }
        }
    }
}

/// Places behind the first one, all along a tag of so many characters.
pub(super) fn positions(length: usize) -> Vec<u16> {
    let positions = [1, length / 8, length / 4, length / 2, length * 3 / 4, length.saturating_sub(1)];
    let mut positions: Vec<u16> =
        positions.iter().filter_map(|&position| u16::try_from(position).ok()).collect();
    positions.retain(|&position| position > 0 && usize::from(position) < length);
    positions.sort_unstable();
    positions.dedup();
    positions
}

const NO_TAG: &str = "the scheme carries no tag of its own";

/// How many characters a tag for a target has.
pub(super) fn tag_length(session: &session::Session) -> Result<usize, String> {
    right_tag(&session.world("timing", session.clock.now())).map(|tag| tag.len())
}

/// The tag of the request that is signed in a world.
pub(super) fn right_tag(world: &World<'_>) -> Result<Vec<u8>, String> {
    Ok(genuine(world)?.field(Field::Tag).ok_or(NO_TAG)?.to_vec())
}

fn genuine(world: &World<'_>) -> Result<Signature, String> {
    let all = signatures(&Recipe::default(), world).map_err(|why| why.to_string())?;
    all.into_iter().next().ok_or_else(|| "nothing is signed".to_owned())
}

/// Makes pairs of requests for a target.
pub(super) struct Requests<'a> {
    session: &'a session::Session,
    contrast: Contrast,
    made: u64,
}

impl<'a> Requests<'a> {
    pub(super) fn new(session: &'a session::Session, contrast: Contrast) -> Self {
        Self { session, contrast, made: 0 }
    }

    /// A valid request.
    pub(super) fn genuine(&mut self) -> Result<Wire, String> {
        self.made += 1;
        let world = self.session.world(&format!("timing-{}", self.made), self.session.clock.now());
        recipe::genuine(&world, 0).map_err(|why| why.to_string())
    }

    /// One request of each class: the same message, signed at the same time, with the same length.
    pub(super) fn pair(&mut self, random: &mut impl Rng) -> Result<[Wire; 2], String> {
        self.made += 1;
        let world = self.session.world(&format!("timing-{}", self.made), self.session.clock.now());
        let signature = genuine(&world)?;
        let right = signature.field(Field::Tag).ok_or(NO_TAG)?.to_vec();
        let positions = match self.contrast {
            Contrast::Mismatch => None,
            Contrast::MismatchAt(position) => Some(usize::from(position)),
            Contrast::Malformed | Contrast::Stale | Contrast::KeyId => Some(1),
        };
        let classes = match positions {
            None => Classes::mismatch(&right[..]),
            Some(position) if (1..right.len()).contains(&position) => {
                Classes::mismatch_at(&right[..], 0, position)
            }
            Some(position) => {
                return Err(format!("the tag has {} characters, and no position {position}", right.len()));
            }
        };
        let (mut x, mut y) = (vec![0; right.len()], vec![0; right.len()]);
        classes.fill([&mut x, &mut y], random);
        let replace =
            |with: &[u8]| vec![Tamper::Replace(With { part: Part::Tag, with: with.to_vec().into() })];
        let first = replace(&x);
        let second = match self.contrast {
            Contrast::Mismatch | Contrast::MismatchAt(_) => replace(&y),
            Contrast::Malformed => {
                let mut odd = x.clone();
                odd[0] = b'*';
                replace(&odd)
            }
            Contrast::Stale => [replace(&x), vec![Tamper::Retime(Moment::BeyondPast(3600))]].concat(),
            Contrast::KeyId => {
                let mut id = signature.field(Field::KeyId).ok_or("the scheme carries no key id")?.to_vec();
                let last = id.last_mut().ok_or("the key id is empty")?;
                *last = if *last == b'x' { b'z' } else { b'x' };
                [replace(&x), vec![Tamper::Replace(With { part: Part::KeyId, with: id.into() })]].concat()
            }
        };
        let wire = |tamper| {
            let built =
                build(&Recipe { tamper, ..Recipe::default() }, &world).map_err(|why| why.to_string())?;
            built
                .rounds
                .into_iter()
                .next()
                .and_then(|round| round.wires.into_iter().next())
                .ok_or("no request".to_owned())
        };
        let pair = [wire(first)?, wire(second)?];
        let [one, other] = pair.each_ref().map(|wire| wire.bytes().len());
        if one != other {
            return Err(format!("the requests of both classes have {one} and {other} bytes"));
        }
        Ok(pair)
    }
}
