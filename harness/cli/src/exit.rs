//! Exit codes, the same for every command and format.
//!
//! The types to know are [`Exit`] and [`Failed`].

use std::process::ExitCode;

use countersign::process::{CannotServe, CannotStartDriver};
use countersign::target::{CannotSetUp, UsageError};

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Exit {
    /// Everything tested conforms.
    Conformant,
    /// Findings at or above `--fail-on`, or drift from a snapshot.
    Findings,
    /// A usage or configuration error; nothing was sent.
    Usage,
    /// No verdict: no control was accepted, or not everything could be judged.
    Inconclusive,
    /// Stopped by a safety guard or a budget.
    Guard,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// All of them, for the man page and tests.
    pub(crate) const ALL: [Self; 6] =
        [Self::Conformant, Self::Findings, Self::Usage, Self::Inconclusive, Self::Guard, Self::Interrupted];

    /// The number.
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Conformant => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Inconclusive => 3,
            Self::Guard => 4,
            Self::Interrupted => 130,
        }
    }

    /// A short description for help and man page.
    pub(crate) const fn about(self) -> &'static str {
        match self {
            Self::Conformant => "conformant",
            Self::Findings => "findings at or above --fail-on, or drift from a snapshot",
            Self::Usage => "usage or configuration error; nothing was sent",
            Self::Inconclusive => "inconclusive, or the target is not testable",
            Self::Guard => "stopped by a safety guard or a budget",
            Self::Interrupted => "interrupted",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// An error that ends a command.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Failed {
    /// The exit code.
    pub(crate) exit: Exit,
    /// What is wrong, where, and what to do next; ready to print.
    pub(crate) message: String,
}

impl Failed {
    /// A usage or configuration error.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self { exit: Exit::Usage, message: message.into() }
    }

    /// A usage error with what to do next.
    pub(crate) fn usage_help(message: impl Into<String>, help: impl AsRef<str>) -> Self {
        Self::usage(format!("error: {}\n  help: {}", message.into(), help.as_ref()))
    }
}

impl From<UsageError> for Failed {
    fn from(error: UsageError) -> Self {
        Self::usage_help(error.message, error.help)
    }
}

impl From<CannotStartDriver> for Failed {
    fn from(why: CannotStartDriver) -> Self {
        match &why {
            CannotStartDriver::NoProgram { .. } => {
                Self::usage_help(why.to_string(), "check the command after `exec:`; it is not run by a shell")
            }
            CannotStartDriver::NoHello { .. } => Self {
                exit: Exit::Inconclusive,
                message: format!(
                    "error: {why}\n  help: run `countersign doctor --driver COMMAND`; conformance/PROTOCOL.md describes the protocol"
                ),
            },
        }
    }
}

impl From<CannotSetUp> for Failed {
    fn from(why: CannotSetUp) -> Self {
        match why {
            CannotSetUp::Usage(error) => error.into(),
            CannotSetUp::Driver(why) => why.into(),
            CannotSetUp::Server(why @ CannotServe::NoProgram { .. }) => Self::usage_help(
                why.to_string(),
                "check the command after `serve:`; it is not run by a shell",
            ),
            CannotSetUp::Server(why @ CannotServe::Silent { .. }) => Self {
                exit: Exit::Inconclusive,
                message: format!(
                    "error: {why}\n  help: the server must listen on the PORT of its environment, verify with its HOOK_SECRET, and \
                     print `listening 127.0.0.1:PORT`"
                ),
            },
            why @ (CannotSetUp::Secret(_)
            | CannotSetUp::SecondSecret(_)
            | CannotSetUp::Embedded(_)
            | CannotSetUp::Client(_)
            | CannotSetUp::Effects(_)) => Self::usage(format!("error: {why}")),
        }
    }
}
