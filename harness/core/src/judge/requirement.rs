//! Which requirement a failure breaks, and how much that weighs.
//!
//! The type to know is [`BrokenRequirement`]. It must not know how findings are gathered or shown.

use crate::expectation::ExpectationKind;
use crate::judge::Failure;
use crate::spec::{Level, Requirement, Requirements};

/// The requirement that a failure breaks: that of the case, or one that every case tests in addition to its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BrokenRequirement {
    /// That of the case.
    Own,
    /// Malformed input is refused, not crashed on.
    Refuse,
    /// No request ends or blocks the target.
    Alive,
    /// No answer shows the secret or the right tag.
    Leak,
    /// No answer shows a stack trace.
    Trace,
    /// No request that is refused has an effect.
    Effect,
}

impl BrokenRequirement {
    /// Those that every case tests in addition to its own.
    pub const SHARED: [Self; 5] = [Self::Refuse, Self::Alive, Self::Leak, Self::Trace, Self::Effect];

    /// The id in the spec; none for the requirement of the case itself.
    pub const fn id(self) -> Option<&'static str> {
        match self {
            Self::Own => None,
            Self::Refuse => Some("ROB-REFUSE"),
            Self::Alive => Some("ROB-ALIVE"),
            Self::Leak => Some("RSP-SECRET"),
            Self::Trace => Some("RSP-TRACE"),
            Self::Effect => Some("PRES-NO-EFFECT"),
        }
    }
}

impl Failure {
    /// Which requirement it breaks in a case with this expectation.
    pub const fn breaks(self, expected: ExpectationKind) -> BrokenRequirement {
        match (self, expected) {
            // Crashing on a genuine request is first of all not accepting it.
            (Self::Crashed | Self::Garbled, ExpectationKind::Accept) => BrokenRequirement::Own,
            (Self::Crashed | Self::Garbled, _) => BrokenRequirement::Refuse,
            (Self::Hung | Self::Died, _) => BrokenRequirement::Alive,
            (Self::Leaked, _) => BrokenRequirement::Leak,
            (Self::Traced, _) => BrokenRequirement::Trace,
            (Self::Acted, _) => BrokenRequirement::Effect,
            (
                Self::Accepted
                | Self::Refused
                | Self::AcceptedTwice
                | Self::Told
                | Self::Slow
                | Self::Blocked
                | Self::Swallowed,
                _,
            ) => BrokenRequirement::Own,
        }
    }

    /// The requirement that it breaks in a case with this expectation and this requirement of its own; none if
    /// `all` does not have it.
    pub fn broken<'a>(
        self,
        expected: ExpectationKind,
        own: Option<&'a Requirement>,
        all: &'a Requirements,
    ) -> Option<&'a Requirement> {
        match self.breaks(expected).id() {
            None => own,
            Some(id) => all.get(id),
        }
    }

    /// The level of the requirement that it breaks, as in [`Failure::broken`]. What is not in the spec weighs most.
    pub fn level(self, expected: ExpectationKind, own: Option<&Requirement>, all: &Requirements) -> Level {
        self.broken(expected, own, all).map_or(Level::Must, |requirement| requirement.level)
    }
}
