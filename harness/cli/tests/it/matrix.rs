//! The kill matrix as a product: its document fits its schema, and the smoke selection finds over the
//! wire what it finds in the matrix.

use serde_json::Value;

#[cfg(feature = "nightly")]
use crate::support::stdout;
use crate::support::{countersign, root, stderr};

#[test]
fn the_document_fits_its_published_schema() {
    let output = countersign(&["matrix", "--scheme", "canonical-request", "--format", "json", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let path = root().join("vectors/schema/matrix.schema.json");
    let schema = std::fs::read_to_string(path).expect("the schema is published");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let report: Value = serde_json::from_slice(&output.stdout).expect("one document");
    let errors: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
    assert!(errors.is_empty(), "{}", errors.join("\n"));
    assert_eq!(report["schema"], "countersign.matrix/1");
    assert_eq!(report["problems"], Value::Array(Vec::new()));
    let killed = |row: &&Value| row["killed_by"].as_array().is_some_and(|cases| !cases.is_empty());
    assert!(report["mutants"].as_array().expect("mutants").iter().filter(killed).count() > 50);
}

#[cfg(feature = "nightly")]
/// Classes whose mutants keep a caller waiting for seconds in every scheme: one scheme is enough.
const TAKE_TIME: [&str; 3] = ["B20", "F05", "F08"];

#[cfg(feature = "nightly")]
#[test]
fn every_mutant_fails_the_smoke_selection_over_the_wire() {
    let mutants = stdout(&countersign(&["list", "mutants"]));
    let classes: Vec<&str> = mutants.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(classes.len() > 50, "{mutants}");
    let fails = |class: &str, schemes: &[&str]| {
        let target = format!("mutant:{class}");
        let mut args =
            vec!["run", "--suite", "smoke", "--target", &target, "--fail-on", "should", "--seed", "7"];
        args.extend(schemes);
        countersign(&args).status.code() == Some(1)
    };
    // Most die under the first of these already; only for the others every scheme is tried.
    let quick =
        [["--scheme", "canonical-request-nonce"], ["--scheme", "standard-webhooks"], ["--scheme", "paddle"]];
    let passes: Vec<&str> = classes
        .into_iter()
        .filter(|class| {
            let quickly = quick.iter().any(|scheme| fails(class, scheme));
            // Those that take their time would take minutes under all schemes.
            let rest: &[&str] = if TAKE_TIME.contains(class) { &["--scheme", "stripe"] } else { &[] };
            !quickly && !fails(class, rest)
        })
        .collect();
    assert!(passes.is_empty(), "the smoke selection passes {passes:?}");
    let reference = countersign(&["run", "--suite", "smoke", "--fail-on", "should", "--seed", "7"]);
    assert_eq!(reference.status.code(), Some(0), "{}", stdout(&reference));
}
