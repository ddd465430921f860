//! In which order the answers to pairs of requests came.
//!
//! The type to know is [`Order`].

use std::cmp::Ordering;
use std::fmt;

use serde::Serialize;

/// Of so many pairs with an answer each, one in them may have both at once before nothing can be ruled out.
const FEW: u64 = 10;

/// How often the answers to pairs came in which order, controls included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Order {
    /// Pairs of requests.
    pub pairs: u64,
    /// Those in which the request that was sent second was answered first.
    pub reversed: u64,
    /// Those in which both answers came at once: nothing lies between them, whatever each request took.
    pub together: u64,
}

impl Order {
    /// Takes a pair: when its second answer came, compared with its first.
    pub fn push(&mut self, second: Ordering) {
        self.pairs += 1;
        match second {
            Ordering::Less => self.reversed += 1,
            Ordering::Equal => self.together += 1,
            Ordering::Greater => {}
        }
    }

    /// Whether so many answers came together that a difference need not show.
    pub(super) fn hides(&self) -> bool {
        self.together * FEW > self.pairs
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { pairs, reversed, together } = self;
        write!(f, "of {pairs} pairs, {reversed} were answered in reverse and {together} at once")
    }
}
