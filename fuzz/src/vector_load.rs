//! Arbitrary text as a scheme file and as a suite file: errors have a place in the text, and what is
//! read can be written and read again.

use std::sync::OnceLock;

use countersign_conformance::Catalog;
use countersign_core::case::SuiteFile;
use countersign_core::vector::{self, Diagnostic, Known, yaml};

/// Runs the target.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match vector::scheme("fuzz.yaml", text) {
        Ok(scheme) => {
            let written = yaml::write(scheme.file()).expect("a scheme can be written");
            let again = vector::scheme("again.yaml", &written);
            let again = again.unwrap_or_else(|error| panic!("{error}\nwritten as:\n{written}"));
            assert_eq!(again.file(), scheme.file(), "{written}");
        }
        Err(diagnostic) => has_a_place(&diagnostic, text),
    }
    match yaml::parse::<SuiteFile>("fuzz.yaml", text) {
        Ok(suite) => {
            let written = yaml::write(&suite).expect("a suite can be written");
            let again = yaml::parse::<SuiteFile>("again.yaml", &written);
            let again = again.unwrap_or_else(|error| panic!("{error}\nwritten as:\n{written}"));
            assert_eq!(again, suite, "{written}");
            checked(&format!("{}.yaml", suite.suite), text, &suite);
        }
        Err(diagnostic) => {
            has_a_place(&diagnostic, text);
            let found = vector::suite("fuzz.yaml", text, known()).expect_err("it does not even parse");
            assert_eq!(found, [diagnostic]);
        }
    }
}

/// The checks that go beyond syntax either pass and leave every case as it was, or say where.
fn checked(path: &str, text: &str, suite: &SuiteFile) {
    match vector::suite(path, text, known()) {
        Ok(read) => assert_eq!(read.cases, suite.cases),
        Err(found) => {
            assert!(!found.is_empty(), "an error says what is wrong");
            found.iter().for_each(|diagnostic| has_a_place(diagnostic, text));
        }
    }
}

fn has_a_place(diagnostic: &Diagnostic, text: &str) {
    let lines = text.split('\n').count();
    assert!((1..=lines).contains(&diagnostic.line), "line {} of {lines}: {diagnostic}", diagnostic.line);
    assert!(diagnostic.column >= 1, "{diagnostic}");
    let shown = diagnostic.to_string();
    let odd = shown.chars().find(|&c| c.is_control() && c != '\n');
    assert_eq!(odd, None, "a control character in {shown:?}");
}

fn known() -> &'static Known {
    static KNOWN: OnceLock<Known> = OnceLock::new();
    KNOWN.get_or_init(|| Catalog::embedded().known())
}
