//! A library in Python, by the clock of the helper file that drivers in Python build on.

use serde_json::Value;

use crate::alone;
use crate::measured::timed;
use crate::support::root;

fn driver(way: &str) -> String {
    format!("exec:python3 '{}' {way}", root().join("harness/cli/tests/drivers/compares.py").display())
}

#[test]
fn a_library_in_python_that_ends_at_the_first_difference_leaks_and_one_in_constant_time_does_not() {
    let _alone = alone();
    let (finding, exit): (Value, _) = timed(&driver("character-by-character"), &["--max-time", "20"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(1), Some("leak")), "{finding}");
    assert!(finding["found"].as_u64() < Some(1000), "{finding}");
    let (finding, exit) = timed(&driver("digest"), &["--max-time", "10", "--resolution", "500ns"]);
    assert_ne!(exit, Some(1), "{finding}");
}
