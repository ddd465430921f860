//! A target as named with `--target`.
//!
//! The type to know is [`TargetSpec`]. Defaults of each kind are in its [`Profile`].

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;

use countersign_conformance::reference::Steps;

use super::profile::Profile;
use super::setup::{CannotSetUp, Setup, Started};
use super::usage::{KeyNaming, UsageError};
use super::{embedded, exec, serve, url};
use countersign_core::recipe::Sender;

use crate::process::CommandLine;

/// A target as named with `--target`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetSpec {
    /// An embedded endpoint.
    Embedded(embedded::Spec),
    /// An endpoint that somebody else runs.
    Url(url::Spec),
    /// A library behind a driver.
    Exec(CommandLine),
    /// A server to start for the run.
    Serve(CommandLine),
}

impl FromStr for TargetSpec {
    type Err = UsageError;

    fn from_str(text: &str) -> Result<Self, UsageError> {
        if let Some(embedded) = embedded::Spec::parse(text) {
            return embedded.map(Self::Embedded);
        }
        if let Some(line) = text.strip_prefix("exec:") {
            let help = "write the command line of a driver: --target 'exec:python3 driver.py'";
            return command_line(line, help).map(Self::Exec);
        }
        if let Some(line) = text.strip_prefix("serve:") {
            let help = "write the command line of a server: --target 'serve:node server.js'";
            return command_line(line, help).map(Self::Serve);
        }
        url::Spec::parse(text).map(Self::Url)
    }
}

fn command_line(line: &str, help: &str) -> Result<CommandLine, UsageError> {
    let bad = |why| UsageError::new(format!("`{}` is not a command line: {why}", line.escape_debug()), help);
    line.parse().map_err(bad)
}

impl TargetSpec {
    /// Its name in reports, which is also the value of `--target`.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(embedded) => embedded.name(),
            Self::Url(url) => url.name(),
            Self::Exec(command) => format!("exec:{command}"),
            Self::Serve(command) => format!("serve:{command}"),
        }
    }

    /// Refuses a target that no case can test.
    ///
    /// # Errors
    /// It is a mutant that only timing shows.
    pub fn check_runs_cases(&self) -> Result<(), UsageError> {
        match self {
            Self::Embedded(embedded) => embedded.check_runs_cases(),
            Self::Url(_) | Self::Exec(_) | Self::Serve(_) => Ok(()),
        }
    }

    /// The verifier, if it is one of our own.
    ///
    /// # Errors
    /// There is no such mutant.
    pub fn steps(&self) -> Result<Option<Arc<dyn Steps>>, UsageError> {
        match self {
            Self::Embedded(embedded) => embedded.steps().map(Some),
            Self::Url(_) | Self::Exec(_) | Self::Serve(_) => Ok(None),
        }
    }

    /// Defaults and supported options of its kind.
    pub fn profile(&self) -> &'static Profile {
        match self {
            Self::Embedded(_) => &embedded::PROFILE,
            Self::Url(_) => &url::PROFILE,
            Self::Exec(_) => &exec::PROFILE,
            Self::Serve(_) => &serve::PROFILE,
        }
    }

    /// The same target, with its command run in a folder.
    #[must_use]
    pub fn within(self, folder: &Path) -> Self {
        match self {
            Self::Exec(command) => Self::Exec(command.within(folder)),
            Self::Serve(command) => Self::Serve(command.within(folder)),
            other @ (Self::Embedded(_) | Self::Url(_)) => other,
        }
    }

    /// Refuses a host that is neither loopback nor allowed. Nothing is sent before this.
    ///
    /// # Errors
    /// The host is foreign.
    pub fn guard(&self, allowed: &[String]) -> Result<(), UsageError> {
        match self {
            Self::Url(url) => url.guard(allowed),
            Self::Embedded(_) | Self::Exec(_) | Self::Serve(_) => Ok(()),
        }
    }

    /// Checks the path of a second sender. `names_keys` says whether every request carries a key id, so that two
    /// senders can share an endpoint.
    ///
    /// # Errors
    /// The path is malformed, or is the first sender's.
    pub fn check_second_path(&self, path: &str, names_keys: KeyNaming) -> Result<(), UsageError> {
        if !path.starts_with('/') {
            let help = "write --second-path /hook/second";
            return Err(UsageError::new("--second-path must start with a slash", help));
        }
        match self {
            Self::Url(url) => url.check_second_path(path, names_keys),
            Self::Embedded(_) | Self::Exec(_) | Self::Serve(_) => embedded::check_second_path(path),
        }
    }
}

impl TargetSpec {
    /// Starts the target, fresh and with empty memory.
    ///
    /// # Errors
    /// It does not start, or an option cannot be honored.
    pub(crate) async fn launch(&self, setup: &Setup) -> Result<Started, CannotSetUp> {
        match self {
            Self::Url(url) => url.start(setup),
            Self::Embedded(embedded) => embedded.start(setup).await,
            Self::Exec(command) => exec::start(command, setup).await,
            Self::Serve(command) => serve::start(command, setup).await,
        }
    }

    /// The second sender; `None` if the target has none, as far as we know.
    pub(crate) fn second_sender(&self, setup: &Setup, origin: &str) -> Result<Option<Sender>, CannotSetUp> {
        match self {
            Self::Url(url) => {
                let Some(secret) = setup.second.secret.clone() else { return Ok(None) };
                setup.second_sender(secret, url.second_path(), origin).map(Some)
            }
            Self::Embedded(_) => setup.embedded_sender(origin).map(Some),
            Self::Exec(_) | Self::Serve(_) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_named_as_it_was_written() {
        for text in [
            "reference",
            "mutant:B03",
            "http://127.0.0.1:1/hook?a=b",
            "exec:python3 'a b.py'",
            "serve:node x.js",
        ] {
            assert_eq!(text.parse::<TargetSpec>().expect(text).name(), text);
        }
    }

    #[test]
    fn credentials_in_an_address_are_refused_and_not_repeated() {
        for target in
            ["http://user:canary@localhost/", "ftp://user:canary@localhost/", "http://u:canary@[bad/"]
        {
            let error = target.parse::<TargetSpec>().expect_err("credentials");
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
    }
}
