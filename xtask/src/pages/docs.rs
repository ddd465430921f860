//! `cargo xtask docs`: the parts of docs/schemes.md that list and count what is shipped.
//!
//! Each part is between two comments, such as `<!-- counts -->` and `<!-- /counts -->`. Everything else on
//! the page is written by people.

use std::fs;
use std::path::Path;

use countersign_conformance::Catalog;
use countersign_conformance::mutants::MUTANTS;
use countersign_core::spec::ClassState;
use countersign_core::tamper::Tamper;

use crate::Mode;

/// The page with the generated parts.
const PAGE: &str = "docs/schemes.md";

/// Writes or checks the generated parts.
///
/// # Errors
/// The file or a pair of comments is missing, or a part is out of date.
pub(crate) fn run(root: &Path, mode: Mode) -> Result<(), String> {
    let path = root.join(PAGE);
    let old = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    let new = filled(&old)?;
    match mode {
        Mode::Check if old == new => println!("counts and schemes in {PAGE} are up to date"),
        Mode::Check => {
            return Err(format!("counts or schemes in {PAGE} are out of date; run `cargo xtask docs`"));
        }
        Mode::Write => {
            fs::write(&path, new).map_err(|error| format!("{}: {error}", path.display()))?;
            println!("wrote {}", path.display());
        }
    }
    Ok(())
}

fn filled(text: &str) -> Result<String, String> {
    let catalog = Catalog::embedded();
    put(&put(text, "counts", &counts(catalog))?, "schemes", &schemes(catalog))
}

/// Replaces what stands between the comments of a part.
fn put(text: &str, part: &str, content: &str) -> Result<String, String> {
    let (open, close) = (format!("<!-- {part} -->"), format!("<!-- /{part} -->"));
    let missing = || format!("{PAGE} has no `{open}` followed by `{close}`; put both where the text belongs");
    let (before, rest) = text.split_once(&open).ok_or_else(missing)?;
    let (_, after) = rest.split_once(&close).ok_or_else(missing)?;
    Ok(format!("{before}{open}\n{content}{close}{after}"))
}

fn counts(catalog: &Catalog) -> String {
    let covered = catalog.bug_classes.values().filter(|class| class.state == ClassState::Covered).count();
    let rows = [
        ("schemes", catalog.schemes.len().to_string()),
        ("cases", catalog.cases().count().to_string()),
        ("requirements", catalog.requirements.len().to_string()),
        ("bug classes covered", format!("{covered} of {}", catalog.bug_classes.len())),
        ("mutants", MUTANTS.len().to_string()),
        ("tampers", Tamper::NAMES.len().to_string()),
    ];
    let head = rows.iter().map(|(what, _)| format!("| {what} ")).collect::<String>();
    let line = "| ---: ".repeat(rows.len());
    let values = rows.iter().map(|(_, count)| format!("| {count} ")).collect::<String>();
    format!("{head}|\n{line}|\n{values}|\n")
}

fn schemes(catalog: &Catalog) -> String {
    let mut table = String::from("| scheme | title | signing string |\n| --- | --- | --- |\n");
    for (name, scheme) in &catalog.schemes {
        let file = scheme.file();
        let signs = match &file.signs {
            Some(signs) => format!("`{}`", cell(signs)),
            None => format!("code `{}`", file.code.as_deref().unwrap_or_default()),
        };
        table.push_str(&format!("| `{name}` | {} | {signs} |\n", cell(&file.title)));
    }
    table
}

/// A text that breaks neither its row nor its cell.
fn cell(text: &str) -> String {
    text.replace('\n', "\\n").replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_comments_is_replaced() {
        let text = "a\n<!-- counts -->\nold\n<!-- /counts -->\nb <!-- schemes --><!-- /schemes -->\n";
        let new = filled(text).expect("both parts are there");
        assert!(
            new.starts_with("a\n<!-- counts -->\n| schemes ") && new.ends_with("<!-- /schemes -->\n"),
            "{new}"
        );
        assert!(!new.contains("old") && new.contains("\nb <!-- schemes -->\n| scheme |"), "{new}");
        assert_eq!(filled(&new), Ok(new), "a second time changes nothing");
    }

    #[test]
    fn a_page_without_the_comments_is_an_error_that_names_them() {
        let error = put("<!-- counts -->", "counts", "").expect_err("no end");
        assert!(error.contains("<!-- /counts -->"), "{error}");
    }

    #[test]
    fn signing_strings_with_newlines_and_bars_stay_in_their_cell() {
        assert_eq!(cell("{method}\n{path}|{body}"), "{method}\\n{path}\\|{body}");
    }
}
