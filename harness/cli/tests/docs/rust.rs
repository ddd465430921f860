//! Examples in Rust: each stands in a test of the library as well, where it is compiled and run.

use std::fs;

use super::{blocks_of, name_of, page_files, root};

/// Where the examples are compiled and run.
const TESTED: &str = "harness/countersign/tests/documented.rs";

#[test]
fn every_example_in_rust_is_a_test_of_the_library() {
    let tested = plain(&fs::read_to_string(root().join(TESTED)).expect("the tests"));
    let mut found = 0;
    for page in page_files() {
        for block in blocks_of(&page).iter().filter(|block| block.language == "rust") {
            let place = format!("{}:{}", name_of(&page), block.line);
            assert!(tested.contains(&plain(&block.text)), "{place}: the example is not in {TESTED}");
            found += 1;
        }
    }
    assert!(found > 2, "{found} examples were found");
}

/// A text without the indent of its lines.
fn plain(text: &str) -> String {
    text.lines().map(|line| line.trim().to_owned() + "\n").collect()
}
