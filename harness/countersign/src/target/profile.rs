//! Defaults of each kind of target, and the options it supports; known before anything is started.
//!
//! The type to know is [`Profile`]; each kind has one.

use super::usage::UsageError;

/// Defaults of a kind of target, and the options it supports.
#[derive(Debug, Clone, Copy)]
pub struct Profile {
    /// Default number of cases in flight.
    pub jobs: usize,
    /// Where the shared secret comes from.
    pub secret: SecretSupply,
    /// Which schemes are tested if none is named.
    pub schemes: SchemeChoice,
    /// Options of a second sender.
    pub second_sender: Support,
    /// The option `--effects`.
    pub effects: Support,
    /// The option `--transport`.
    pub transport: Support,
}

/// Where the shared secret comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretSupply {
    /// The user gives it: the target already has it.
    Given,
    /// It is made up unless one is given: the target gets it from us.
    MadeUp,
}

/// Which schemes are tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SchemeChoice {
    /// Exactly one, which must be named.
    One,
    /// One or more, which must be named.
    Named,
    /// Any number; by default all that the driver names.
    OfDriver,
    /// Any number; by default all shipped ones.
    All,
}

/// Whether a kind of target supports an option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// It is supported.
    Yes,
    /// It is not.
    No {
        /// What is wrong.
        message: &'static str,
        /// What to do next.
        help: &'static str,
    },
}

impl Support {
    /// Refuses an option that is not supported.
    ///
    /// # Errors
    /// It is not supported.
    pub fn check(self) -> Result<(), UsageError> {
        match self {
            Self::Yes => Ok(()),
            Self::No { message, help } => Err(UsageError::new(message, help)),
        }
    }
}
