//! Where a secret is read from; never the command line itself.
//!
//! The type to know is [`SecretSource`]. It must not know what the secret is for.

use std::fs::File;
use std::time::Duration;

use countersign_core::secret::Secret;

use crate::bounded;
use crate::exit::Failed;

/// The longest secret, in bytes.
const LIMIT: usize = 1 << 20;
/// How long a secret command may run.
const COMMAND_TIMEOUT: Duration = Duration::from_secs(30);
/// What to write for a secret source.
const FORMS: &str = "write env:NAME, file:PATH, stdin, or cmd:COMMAND";

/// A reference to a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSource {
    /// An environment variable.
    Env(String),
    /// A file. One trailing line end is not part of the secret.
    File(String),
    /// Standard input. One trailing line end is not part of the secret.
    Stdin,
    /// The output of a shell command. One trailing line end is not part of the secret.
    Command(String),
}

impl std::str::FromStr for SecretSource {
    type Err = String;

    /// Refuses a literal secret, and never repeats it in the message.
    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            Some(("env", name)) if !name.is_empty() => Ok(Self::Env(name.to_owned())),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            Some(("cmd", command)) if !command.is_empty() => Ok(Self::Command(command.to_owned())),
            None if text == "stdin" => Ok(Self::Stdin),
            _ => Err(format!(
                "a secret cannot be given literally: every process on the machine can read a command line, and \
                 shells record it; {FORMS}"
            )),
        }
    }
}

impl SecretSource {
    /// Reads the secret.
    ///
    /// # Errors
    /// There is no secret to read. The message names the source, never the content.
    pub(crate) fn read(&self) -> Result<Secret, Failed> {
        let bytes = match self {
            Self::Env(name) => {
                // A text that is not a variable name may be the secret itself, so it is not repeated.
                let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
                let shown = if plain { format!(" `{name}`") } else { String::new() };
                std::env::var_os(name)
                    .ok_or_else(|| {
                        missing(
                            format!("the environment variable{shown} is not set"),
                            "set and export it in this shell",
                        )
                    })?
                    .into_encoded_bytes()
            }
            Self::File(path) => without_line_end(
                File::open(path).and_then(|file| bounded::read(file, LIMIT)).map_err(|error| {
                    missing(
                        format!("the secret file `{path}` cannot be read: {error}"),
                        "check the path and its permissions",
                    )
                })?,
            ),
            Self::Stdin => {
                without_line_end(bounded::read(std::io::stdin().lock(), LIMIT).map_err(|error| {
                    missing(
                        format!("standard input cannot be read: {error}"),
                        "pipe the secret into this command",
                    )
                })?)
            }
            Self::Command(command) => {
                let (bytes, status) = bounded::output(command, LIMIT, COMMAND_TIMEOUT).map_err(|error| {
                    missing(
                        format!("the command for the secret failed: {error}"),
                        "run it by hand to see why",
                    )
                })?;
                if !status.success() {
                    return Err(missing(
                        format!("the command for the secret failed with {status}"),
                        "run it by hand to see why",
                    ));
                }
                without_line_end(bytes)
            }
        };
        if bytes.is_empty() {
            return Err(missing(
                "the secret is empty".to_owned(),
                "check the file, variable or command that should hold it; an empty secret cannot be tested",
            ));
        }
        Ok(Secret::new(bytes))
    }
}

fn missing(message: String, help: &str) -> Failed {
    Failed::usage_help(message, help)
}

fn without_line_end(mut bytes: Vec<u8>) -> Vec<u8> {
    if bytes.ends_with(b"\n") {
        bytes.pop();
        if bytes.ends_with(b"\r") {
            bytes.pop();
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_literal_secret_is_refused_and_not_repeated() {
        for literal in ["canary-secret", "whsec_canary", "raw:canary", "env:", ""] {
            let error = literal.parse::<SecretSource>().expect_err("not a reference");
            assert!(!error.contains("canary") && error.contains("env:NAME"), "{error}");
        }
    }

    #[test]
    fn exactly_one_line_end_is_removed() {
        assert_eq!(without_line_end(b"a\r\n".to_vec()), b"a");
        assert_eq!(without_line_end(b"a\n\n".to_vec()), b"a\n");
        assert_eq!(without_line_end(b"a ".to_vec()), b"a ");
    }
}
