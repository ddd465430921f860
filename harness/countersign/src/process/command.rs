//! The command line of a driver or a server.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A program and its arguments, as one line with the quoting of a POSIX shell. No shell sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    line: String,
    words: Vec<String>,
    folder: Option<PathBuf>,
}

impl CommandLine {
    /// The same, run in a folder. A program with a slash in its name is looked up from that folder too.
    #[must_use]
    pub fn within(self, folder: &Path) -> Self {
        Self { folder: Some(folder.to_path_buf()), ..self }
    }

    /// The same, started by a launcher, whose words come first.
    #[must_use]
    pub fn under(self, launcher: impl IntoIterator<Item = String>) -> Self {
        Self { words: launcher.into_iter().chain(self.words).collect(), ..self }
    }

    /// The folder it runs in, if not the current one.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// The path under which the system finds the program.
    pub fn path(&self) -> PathBuf {
        match &self.folder {
            Some(folder) if self.program().contains('/') => {
                let path = folder.join(self.program());
                std::path::absolute(&path).unwrap_or(path)
            }
            _ => PathBuf::from(self.program()),
        }
    }

    /// The program.
    pub fn program(&self) -> &str {
        &self.words[0]
    }

    /// Its arguments.
    pub fn arguments(&self) -> &[String] {
        &self.words[1..]
    }
}

impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl FromStr for CommandLine {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let words = shlex::split(line).ok_or("a quotation mark or backslash is not closed")?;
        if words.first().is_none_or(String::is_empty) {
            return Err("the command line is empty");
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err("an argument cannot contain a NUL character");
        }
        Ok(Self { line: line.to_owned(), words, folder: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would_and_nothing_is_expanded() {
        let command: CommandLine = "python3 'my driver.py' $HOME \"a b\"".parse().expect("a command line");
        assert_eq!(command.program(), "python3");
        assert_eq!(command.arguments(), ["my driver.py", "$HOME", "a b"]);
        for bad in ["", "   ", "python3 'x", "''"] {
            assert!(bad.parse::<CommandLine>().is_err(), "{bad}");
        }
    }
}
