//! Deliberately broken verifiers: one per bug class, each the smallest change to the reference that
//! shows the class. A mutant must not know which cases exist.

use countersign_core::id::BugClassId;

use crate::reference::Steps;

/// A broken verifier.
pub struct Mutant {
    /// The bug class that it shows.
    pub class: &'static str,
    /// What it does wrong, in one sentence.
    pub about: &'static str,
    /// Makes one, with empty memory of its own.
    pub make: fn() -> Box<dyn Steps>,
}

impl Mutant {
    /// The bug class as an id.
    pub fn id(&self) -> BugClassId {
        self.class.parse().expect("the registry holds bug class ids, checked by a test")
    }
}

/// All mutants, in order of their classes.
pub const MUTANTS: &[Mutant] = &[];
