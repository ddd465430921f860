//! The command line of a driver.

use std::fmt;
use std::str::FromStr;

/// A program and its arguments, as one line with the quoting of a POSIX shell. No shell sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DriverCommand {
    line: String,
    words: Vec<String>,
}

impl DriverCommand {
    /// The program.
    pub fn program(&self) -> &str {
        &self.words[0]
    }

    /// Its arguments.
    pub fn arguments(&self) -> &[String] {
        &self.words[1..]
    }
}

impl fmt::Display for DriverCommand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.line)
    }
}

impl FromStr for DriverCommand {
    type Err = &'static str;

    fn from_str(line: &str) -> Result<Self, Self::Err> {
        let words = shlex::split(line).ok_or("a quotation mark or a backslash has no end")?;
        if words.first().is_none_or(String::is_empty) {
            return Err("the command line is empty");
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err("a word with a NUL cannot be an argument");
        }
        Ok(Self { line: line.to_owned(), words })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_split_as_a_shell_would_and_nothing_is_expanded() {
        let command: DriverCommand = "python3 'my driver.py' $HOME \"a b\"".parse().expect("a command line");
        assert_eq!(command.program(), "python3");
        assert_eq!(command.arguments(), ["my driver.py", "$HOME", "a b"]);
        for bad in ["", "   ", "python3 'x", "''"] {
            assert!(bad.parse::<DriverCommand>().is_err(), "{bad}");
        }
    }
}
