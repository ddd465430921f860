//! A page of Markdown as a test sees it: its code blocks, and what the comments above them say.
//!
//! The type to know is [`Block`]. A comment directly above a block says how it is tested:
//!
//! | comment | meaning |
//! |---|---|
//! | `<!-- file: app.py -->` | the block is saved under this name before the next commands run |
//! | `<!-- needs: Flask -->` | more than Rust is needed: the block runs in `cargo xtask test` only |
//! | `<!-- exit: 1 -->` | exit code of the last command, or several (`0 3`) where the machine decides; 0 without it |
//! | `<!-- not run: builds for minutes -->` | the block is not run, and why |
//!
//! It must not know how commands are run.

use std::path::Path;

/// A fenced block of a page.
#[derive(Debug, Default)]
pub(crate) struct Block {
    /// The line of its fence, from 1.
    pub(crate) line: usize,
    /// The first word behind the fence, such as `sh`.
    pub(crate) language: String,
    /// Its lines.
    pub(crate) text: String,
    /// Name under which it is saved.
    pub(crate) file: Option<String>,
    /// What it needs beside Rust.
    pub(crate) needs: Option<String>,
    /// Exit codes that the last command may have.
    pub(crate) exit: Vec<i32>,
    /// Why it is not run.
    pub(crate) not_run: Option<String>,
}

/// One command of a block, and what it must print if the block is a transcript.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// The command as a person types it.
    pub(crate) text: String,
    /// Its output, where `...` and `[..]` stand for anything.
    pub(crate) output: Option<String>,
}

impl Block {
    /// Whether the block holds commands.
    pub(crate) fn is_shell(&self) -> bool {
        matches!(self.language.as_str(), "sh" | "bash" | "shell" | "console")
    }

    /// The commands of a shell block, in order.
    ///
    /// Panics if the block is a transcript that starts with output.
    pub(crate) fn commands(&self) -> Vec<Command> {
        let mut commands: Vec<Command> = Vec::new();
        let mut continues = false;
        for line in self.text.lines() {
            let typed = if self.language == "console" { line.strip_prefix("$ ") } else { Some(line) };
            match (typed, commands.last_mut()) {
                (_, Some(last)) if continues => last.text = format!("{}\n{line}", last.text),
                (Some(typed), _) if typed.trim().is_empty() || typed.starts_with('#') => continue,
                (Some(typed), _) => {
                    let output = (self.language == "console").then(String::new);
                    commands.push(Command { text: typed.to_owned(), output });
                }
                (None, Some(Command { output: Some(output), .. })) => *output += &format!("{line}\n"),
                (None, _) => panic!("line {}: a transcript starts with `$ `", self.line),
            }
            continues = line.ends_with('\\');
        }
        commands
    }
}

/// The blocks of a page, in order.
///
/// Panics if a comment above a block is none of the known ones, or a fence is not closed.
pub(crate) fn blocks(page: &Path, text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut next = Block::default();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let place = || format!("{}:{}", page.display(), at + 1);
        let indent = line.len() - line.trim_start().len();
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let mut block = std::mem::take(&mut next);
            block.line = at + 1;
            block.language = language.split_whitespace().next().unwrap_or_default().to_owned();
            loop {
                let Some((_, line)) = lines.next() else { panic!("{}: the block has no end", place()) };
                if line.trim() == "```" {
                    break;
                }
                block.text += line.get(indent..).unwrap_or_default();
                block.text.push('\n');
            }
            if block.exit.is_empty() {
                block.exit.push(0);
            }
            blocks.push(block);
            continue;
        }
        let comment = line.trim().strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->"));
        match comment.and_then(|comment| comment.split_once(": ")) {
            Some(("file", name)) => next.file = Some(name.to_owned()),
            Some(("needs", what)) => next.needs = Some(what.to_owned()),
            Some(("not run", why)) => next.not_run = Some(why.to_owned()),
            Some(("exit", codes)) => {
                let code = |code: &str| code.parse().unwrap_or_else(|_| panic!("{}: {code}", place()));
                next.exit = codes.split(' ').map(code).collect();
            }
            Some((other, _)) => panic!("{}: `{other}` says nothing about a block", place()),
            None => next = Block::default(),
        }
    }
    blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Block> {
        blocks(Path::new("page.md"), text)
    }

    #[test]
    fn comments_belong_to_the_block_right_below_them() {
        let found = read(
            "<!-- exit: 1 -->\n<!-- needs: Flask -->\n```sh\na\n```\n<!-- exit: 3 -->\n\n```sh\nb\n```\n",
        );
        assert_eq!((found[0].exit[0], found[0].needs.as_deref()), (1, Some("Flask")));
        assert_eq!((found[1].exit[0], found[1].line), (0, 8));
    }

    #[test]
    fn a_transcript_is_taken_apart_into_commands_and_outputs() {
        let found = read("- item\n\n  ```console\n  $ a \\\n    b\n  1\n  $ c\n  ```\n");
        let command = |text: &str, output: &str| Command { text: text.into(), output: Some(output.into()) };
        assert_eq!(found[0].commands(), [command("a \\\n  b", "1\n"), command("c", "")]);
        let plain = read("```sh\n# why\na\n\nb\n```\n");
        assert_eq!(plain[0].commands().len(), 2);
        assert_eq!(plain[0].commands()[0].output, None);
    }

    #[test]
    #[should_panic(expected = "page.md:1: `nott run` says nothing about a block")]
    fn a_comment_that_is_misspelled_is_an_error() {
        read("<!-- nott run: because -->\n```sh\na\n```\n");
    }
}
