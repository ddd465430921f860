//! What is sent together, and how: whole, beside requests that are held up, or with a body that goes on.
//!
//! The type to know is [`Round`]. It must not know where the requests come from.

use super::Inside;
use super::error::CannotBuild;
use crate::wire::Wire;

/// Requests that are sent together: one, or several at the same time.
#[derive(Debug, Clone)]
pub struct Round {
    /// The requests.
    pub wires: Vec<Wire>,
    /// What their answers are for.
    pub purpose: Purpose,
    /// How they are sent.
    pub manner: Manner,
}

/// What an answer is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// It must be an acceptance, or there is no verdict.
    Setup,
    /// It is recorded, whatever it is.
    Aside,
    /// It is judged.
    Judged,
    /// Its time is the measure for that of the judged one.
    Yardstick,
    /// There is none: so many seconds pass.
    Wait(u16),
    /// There is none: the handler is made to fail at the next request.
    HandlerFails,
}

/// How requests are sent.
#[derive(Debug, Clone)]
pub enum Manner {
    /// As they are.
    Whole,
    /// As they are, while others are held up.
    Beside(Held),
    /// With a body that goes on up to this many bytes; if it is announced, then as that long.
    Flooded(u64),
}

/// Requests that are held up while others are answered.
#[derive(Debug, Clone)]
pub struct Held {
    /// The requests.
    pub wires: Vec<Wire>,
    /// What their answers are for.
    pub purpose: Purpose,
    /// How they are held up.
    pub hold: Hold,
}

/// How a request is held up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// It stops halfway through its body until the others were answered, and goes on then.
    Halfway,
    /// Its body comes byte by byte, and never to its end: it is given up when the others were answered.
    ByteByByte,
}

/// Copies of a slow request at most: enough to show the class, too few to harm.
const SLOW: u8 = 16;

impl Round {
    /// Requests that are sent whole.
    pub fn whole(wires: Vec<Wire>, purpose: Purpose) -> Self {
        Self { wires, purpose, manner: Manner::Whole }
    }

    /// One request halfway, and another one inside.
    pub(super) fn interleaved(inside: Inside, tampered: Wire, genuine: Wire) -> Result<Self, CannotBuild> {
        let (outer, inner, purpose) = match inside {
            Inside::GenuineInside => (tampered, genuine, Purpose::Setup),
            Inside::TamperedInside => (genuine, tampered, Purpose::Aside),
        };
        let held = Held { wires: vec![outer], purpose: Purpose::Judged, hold: Hold::Halfway };
        Self { wires: vec![inner], purpose, manner: Manner::Whole }.beside(held)
    }

    /// A genuine request beside copies of a slow one.
    pub(super) fn beside_slow(copies: u8, slow: Wire, genuine: Wire) -> Result<Self, CannotBuild> {
        let wires = vec![slow; usize::from(copies.clamp(1, SLOW))];
        let held = Held { wires, purpose: Purpose::Aside, hold: Hold::ByteByByte };
        Self::whole(vec![genuine], Purpose::Judged).beside(held)
    }

    fn beside(self, held: Held) -> Result<Self, CannotBuild> {
        if held.wires.iter().any(|wire| wire.request().body.len() < 2) {
            return Err(CannotBuild::NoBody);
        }
        Ok(Self { manner: Manner::Beside(held), ..self })
    }

    /// Whether it takes a transport that writes byte by byte.
    pub fn needs_exact_writer(&self) -> bool {
        !matches!(self.manner, Manner::Whole)
    }

    /// The requests whose answers are judged.
    pub fn judged(&self) -> &[Wire] {
        match &self.manner {
            Manner::Beside(held) if held.purpose == Purpose::Judged => &held.wires,
            _ if self.purpose == Purpose::Judged => &self.wires,
            _ => &[],
        }
    }
}
