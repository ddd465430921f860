//! Generated pages: what is written from the shipped data, the kill matrix, and real implementations.
//!
//! The function to know is [`run`]. Without the feature `pages` this program starts itself again with it.

#[cfg(feature = "pages")]
mod detection;
#[cfg(feature = "pages")]
mod docs;
#[cfg(feature = "pages")]
mod grid;
#[cfg(feature = "pages")]
mod measured;
#[cfg(feature = "pages")]
mod schema;

use std::path::Path;

use crate::Mode;

/// Writes or checks the pages of a chore.
///
/// # Errors
/// A page is out of date, or cannot be made or written.
#[cfg(feature = "pages")]
pub(crate) fn run(root: &Path, chore: &str, mode: Mode) -> Result<(), String> {
    match chore {
        "detection" => detection::run(root, mode),
        "grid" => grid::run(root, mode),
        "docs" => docs::run(root, mode),
        "schema" => schema::run(root, mode),
        unknown => Err(format!("no pages are called `{unknown}`")),
    }
}

/// Writes or checks the pages of a chore, in a process of this program that has them.
///
/// # Errors
/// A page is out of date, or cannot be made or written.
#[cfg(not(feature = "pages"))]
pub(crate) fn run(root: &Path, chore: &str, mode: Mode) -> Result<(), String> {
    let build = ["run", "--quiet", "--locked", "--package", "xtask", "--", chore];
    let check: &[&str] = match mode {
        Mode::Write => &[],
        Mode::Check => &["--check"],
    };
    crate::step::cargo(root, &[&build[..], check].concat())
}

#[cfg(all(test, feature = "pages"))]
mod tests {
    use super::*;

    /// The pages that follow from shipped data alone. Those of the kill matrix are checked where it is computed, in
    /// `conformance/tests/it/kill_matrix.rs`, and the grid by `cargo xtask nightly`.
    #[test]
    fn schemas_and_the_counts_in_the_docs_are_up_to_date() {
        let root =
            Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("xtask is a folder of the repository");
        for chore in ["schema", "docs"] {
            assert_eq!(run(root, chore, Mode::Check), Ok(()), "run `cargo xtask {chore}`");
        }
    }
}
