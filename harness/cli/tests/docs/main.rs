//! README.md and the pages of docs/ say only what works: each page is run from top to bottom, in a shell.
//!
//! [`page`] says how a block is marked. What needs more than Rust runs with the feature `real-implementations`.

#[path = "../support/mod.rs"]
mod support;

mod links;
mod page;
mod rust;
mod session;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use page::{Block, blocks};
use session::Session;
use snapbox::Assert;
use support::{countersign, root, stdout};

/// Blocks of commands that are not run, by page; the reason stands above each block. Raise a number only if a test
/// cannot set the scene.
const NOT_RUN: &[(&str, usize)] =
    &[("README.md", 1), ("docs/rust.md", 1), ("docs/timing.md", 1), ("fuzz/README.md", 1)];

/// The most lines that README.md has.
const LONGEST_README: usize = 150;

/// Held while a page runs, because some pages measure time.
static ALONE: Mutex<()> = Mutex::new(());

/// The pages whose commands are run.
pub(crate) fn page_files() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = ["README.md", "SECURITY.md", "fuzz/README.md", "vectors/README.md"]
        .map(|page| root().join(page))
        .into();
    let docs = fs::read_dir(root().join("docs")).expect("the folder of pages");
    pages.extend(
        docs.map(|entry| entry.expect("an entry").path())
            .filter(|path| path.extension().is_some_and(|kind| kind == "md")),
    );
    pages.sort();
    pages
}

fn name_of(page: &Path) -> String {
    page.strip_prefix(root()).expect("a page of the repository").display().to_string()
}

fn blocks_of(page: &Path) -> Vec<Block> {
    blocks(page, &fs::read_to_string(page).expect("the page is there"))
}

/// Runs the blocks of a page that `is_run`: how many commands there were, and what went wrong.
fn run(page: &Path, more: &[&Path], is_run: impl Fn(&Block) -> bool) -> (usize, Vec<String>) {
    let mut session = Session::start(more);
    let (mut commands, mut wrong) = (0, Vec::new());
    for block in blocks_of(page).iter().filter(|block| block.not_run.is_none() && is_run(block)) {
        if let Some(name) = &block.file {
            session.save(name, &block.text);
        } else if block.is_shell() {
            let listed = block.commands();
            for (at, command) in listed.iter().enumerate() {
                let label = format!("{}:{}: `{}`", name_of(page), block.line, command.text);
                let (output, code) = session.run(&command.text);
                let expected = if at + 1 == listed.len() { &block.exit[..] } else { &[0] };
                if !expected.contains(&code) {
                    wrong.push(format!("{label} ended with {code}, not {expected:?}:\n{output}"));
                }
                if let Some(wanted) = &command.output {
                    let same = Assert::new().try_eq(Some(&label), output.into(), wanted.clone().into());
                    wrong.extend(same.err().map(|difference| difference.to_string()));
                }
                commands += 1;
            }
        }
    }
    (commands, wrong)
}

/// Runs pages, one after the other, and returns how many commands there were.
///
/// Panics with all that went wrong.
fn run_all(pages: &[PathBuf], more: &[&Path], is_run: impl Fn(&Block) -> bool) -> usize {
    let _alone = ALONE.lock();
    let ran: Vec<(usize, Vec<String>)> = pages.iter().map(|page| run(page, more, &is_run)).collect();
    let wrong: Vec<&str> = ran.iter().flat_map(|(_, wrong)| wrong).map(String::as_str).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    ran.iter().map(|(commands, _)| commands).sum()
}

/// Whether a block of the page needs more than Rust.
fn is_mixed(page: &Path) -> bool {
    blocks_of(page).iter().any(|block| block.needs.is_some())
}

#[test]
fn commands_that_need_rust_alone_do_what_the_pages_say() {
    let mut pages = page_files();
    if cfg!(feature = "real-implementations") {
        // The test below runs these pages whole.
        pages.retain(|page| !is_mixed(page));
    }
    let ran = run_all(&pages, &[], |block| block.needs.is_none());
    assert!(ran > 20, "{ran} commands were run");
}

#[cfg(feature = "real-implementations")]
#[test]
fn pages_that_need_other_languages_do_what_they_say() {
    let python = root().join("conformance/implementations/python/.venv/bin");
    assert!(python.exists(), "the Python packages are not installed: run `cargo xtask test`");
    let mut pages = page_files();
    pages.retain(|page| is_mixed(page));
    let ran = run_all(&pages, &[&python], |_| true);
    assert!(pages.len() > 3 && ran > 10, "{ran} commands of {} pages were run", pages.len());
}

#[test]
fn blocks_that_are_not_run_are_counted() {
    let mut found = Vec::new();
    for page in page_files() {
        let count = blocks_of(&page).iter().filter(|block| block.not_run.is_some()).count();
        if count > 0 {
            found.push((name_of(&page), count));
        }
    }
    let listed: Vec<_> = NOT_RUN.iter().map(|(page, count)| ((*page).to_owned(), *count)).collect();
    assert_eq!(found, listed, "blocks marked `not run`, by page");
}

#[test]
fn the_table_of_exit_codes_says_what_help_says() {
    let help = stdout(&countersign(&["--help"]));
    let (_, codes) = help.split_once("Exit codes:\n").expect("help lists the exit codes");
    let table = fs::read_to_string(root().join("docs/spec.md")).expect("the page");
    for line in codes.lines().filter(|line| !line.trim().is_empty()) {
        let (code, about) = line.trim().split_once(' ').expect("a code and a sentence");
        let row = format!("| {code} | {} |", about.trim());
        assert!(table.contains(&row), "docs/spec.md has no row `{row}`");
    }
}

#[test]
fn the_readme_is_a_landing_page() {
    let lines = fs::read_to_string(root().join("README.md")).expect("the page").lines().count();
    assert!(lines <= LONGEST_README, "README.md has {lines} lines; move details to docs/");
}
