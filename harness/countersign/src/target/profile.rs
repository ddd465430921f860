//! What a kind of target supposes and allows before anything is started.
//!
//! The type to know is [`Profile`]; each kind has one.

use super::usage::UsageError;

/// What a kind of target supposes and allows.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Cases in flight at the same time, if nobody says otherwise.
    pub jobs: usize,
    /// Where the shared secret comes from.
    pub secret: SecretSupply,
    /// Which schemes are meant if none is named.
    pub schemes: SchemeChoice,
    /// A second sender, which the person sets up.
    pub second_sender: Support,
    /// A counter of effects, which the person names.
    pub effects: Support,
    /// The choice of a transport.
    pub transport: Support,
}

/// Where the shared secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretSupply {
    /// The person gives it: the target has it already.
    Given,
    /// It is made up if none is given: the target is told it.
    MadeUp,
}

/// Which schemes are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeChoice {
    /// Exactly one, which has to be named.
    One,
    /// Any number, at least one of which has to be named.
    Named,
    /// Any number; all that the driver names, if none is.
    OfDriver,
    /// Any number; all that are shipped, if none is named.
    All,
}

/// Whether an option makes sense for a kind of target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Yes,
    /// It does not, and what to do instead.
    No {
        /// What is wrong.
        message: &'static str,
        /// What to do next.
        help: &'static str,
    },
}

impl Support {
    /// Refuses an option that makes no sense.
    ///
    /// # Errors
    /// It does not.
    pub fn check(self) -> Result<(), UsageError> {
        match self {
            Self::Yes => Ok(()),
            Self::No { message, help } => Err(UsageError::new(message, help)),
        }
    }
}
