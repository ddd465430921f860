//! Exports as a project in another language gets them: they fit their schema and are the same every time. That a second
//! implementation recomputes every tag is in `../real/exports.rs`.

use std::process::Command;

use serde_json::Value;

use crate::support::{countersign, root, stderr, stdout};

fn export(scheme: &str) -> String {
    let output = countersign(&["vectors", "export", "--scheme", scheme]);
    assert_eq!(output.status.code(), Some(0), "{scheme}: {}", stderr(&output));
    stdout(&output)
}

fn schemes() -> Vec<String> {
    let listed = stdout(&countersign(&["list", "schemes"]));
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[test]
fn every_export_fits_the_published_schema() {
    let schema =
        std::fs::read_to_string(root().join("vectors/schema/vectors.schema.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    for scheme in schemes() {
        let document: Value = serde_json::from_str(&export(&scheme)).expect("one document");
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{scheme}: {}", errors.join("\n"));
    }
}

#[test]
fn an_export_is_the_same_bytes_wherever_and_however_it_is_written() {
    let first = export("standard-webhooks");
    assert_eq!(first, export("standard-webhooks"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("export.json");
    let output = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["vectors", "export", "--scheme", "standard-webhooks", "--format"])
        .arg(format!("json={}", path.display()))
        .current_dir(folder.path())
        .env_clear()
        .envs([("TZ", "Asia/Kathmandu"), ("LC_ALL", "tr_TR.UTF-8"), ("HOOK_SECRET", "another secret")])
        .envs([("RAYON_NUM_THREADS", "1"), ("TOKIO_WORKER_THREADS", "1"), ("NO_COLOR", "1")])
        .output()
        .expect("the command starts");
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("cases written"), "{}", stdout(&output));
    assert_eq!(std::fs::read_to_string(&path).expect("the export"), first);
}

#[test]
fn a_selection_holds_the_same_cases_as_the_whole() {
    let whole: Value = serde_json::from_str(&export("github")).expect("one document");
    let args = ["vectors", "export", "--scheme", "github", "--case", "body-one-*", "--case", "length/*"];
    let part: Value = serde_json::from_str(&stdout(&countersign(&args))).expect("one document");
    let all = whole["cases"].as_array().expect("cases");
    let chosen = part["cases"].as_array().expect("cases");
    assert!(chosen.len() > 1 && chosen.len() < all.len(), "{}", chosen.len());
    assert!(chosen.iter().all(|case| all.contains(case)), "a case does not hang on its neighbors");
    assert_eq!(part["control"], whole["control"]);
}
