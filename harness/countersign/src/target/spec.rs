//! A target as a person names it.
//!
//! The type to know is [`TargetSpec`]. What each kind supposes is in its [`Profile`].

use std::path::Path;
use std::str::FromStr;

use super::{Profile, embedded, exec, serve, url};
use crate::process::CommandLine;

/// A target as a person names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetSpec {
    /// An endpoint of our own.
    Embedded(embedded::Spec),
    /// An endpoint that somebody else runs.
    Url(url::Spec),
    /// A library behind a driver.
    Exec(CommandLine),
    /// A server that is started for the run.
    Serve(CommandLine),
}

/// Something that was asked for and cannot be done, and what to do instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UsageError {
    /// What is wrong.
    pub message: String,
    /// What to do next.
    pub help: String,
}

impl UsageError {
    pub(crate) fn new(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { message: message.into(), help: help.into() }
    }
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
    let bad = |why| UsageError::new(format!("`{}` is no command line: {why}", line.escape_debug()), help);
    line.parse().map_err(bad)
}

impl TargetSpec {
    /// As reports name it, and as `--target` takes it.
    pub fn name(&self) -> String {
        match self {
            Self::Embedded(embedded) => embedded.name(),
            Self::Url(url) => url.name(),
            Self::Exec(command) => format!("exec:{command}"),
            Self::Serve(command) => format!("serve:{command}"),
        }
    }

    /// What its kind supposes and allows.
    pub fn profile(&self) -> &'static Profile {
        match self {
            Self::Embedded(_) => &embedded::PROFILE,
            Self::Url(_) => &url::PROFILE,
            Self::Exec(_) => &exec::PROFILE,
            Self::Serve(_) => &serve::PROFILE,
        }
    }

    /// The same, with its command run in a folder.
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

    /// Refuses a path of a second sender that cannot be one of this target. `names_keys` says that every request
    /// names its key, so that two senders can share an endpoint.
    ///
    /// # Errors
    /// The path is the first sender's.
    pub fn check_second_path(&self, path: &str, names_keys: KeyNaming) -> Result<(), UsageError> {
        if !path.starts_with('/') {
            let help = "write --second-path /hook/second";
            return Err(UsageError::new("--second-path starts with a slash", help));
        }
        match self {
            Self::Url(url) => url.check_second_path(path, names_keys),
            Self::Embedded(_) | Self::Exec(_) | Self::Serve(_) => embedded::check_second_path(path),
        }
    }
}

/// Whether requests name the key that they are signed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyNaming {
    /// Under every scheme that is tested.
    Always,
    /// Not under every one.
    NotAlways,
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
