//! Exports as a project in another language gets them: they fit their schema, are the same every time, and
//! a second implementation that shares no code with this one recomputes every tag.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_core::scheme::{Construction, Hash, mac};
use serde_json::{Value, json};
use support::{countersign, root, stderr, stdout};

fn export(scheme: &str) -> String {
    let output = countersign(&["vectors", "export", "--scheme", scheme]);
    assert_eq!(output.status.code(), Some(0), "{scheme}: {}", stderr(&output));
    stdout(&output)
}

fn schemes() -> Vec<String> {
    let listed = stdout(&countersign(&["list", "schemes"]));
    listed.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

/// Runs the second implementation on exports.
fn recompute(paths: &[PathBuf]) -> Output {
    Command::new("python3")
        .arg("-B")
        .arg(root().join("conformance/implementations/recompute.py"))
        .args(paths)
        .stdin(Stdio::null())
        .output()
        .expect("Python 3 is there; `cargo xtask test` needs it too")
}

fn written(folder: &Path, name: &str, text: &str) -> PathBuf {
    let path = folder.join(format!("{name}.json"));
    std::fs::write(&path, text).expect("written");
    path
}

#[test]
fn every_export_fits_the_published_schema_and_is_recomputed_by_a_second_implementation() {
    let schema =
        std::fs::read_to_string(root().join("vectors/schema/vectors.schema.json")).expect("a schema");
    let schema: Value = serde_json::from_str(&schema).expect("JSON");
    let validator = jsonschema::validator_for(&schema).expect("a schema");
    let folder = tempfile::tempdir().expect("a folder");
    let mut paths = Vec::new();
    for scheme in schemes() {
        let text = export(&scheme);
        let document: Value = serde_json::from_str(&text).expect("one document");
        let errors: Vec<String> = validator.iter_errors(&document).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{scheme}: {}", errors.join("\n"));
        paths.push(written(folder.path(), &scheme, &text));
    }
    let output = recompute(&paths);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    for scheme in ["body-hex", "github", "stripe", "standard-webhooks", "canonical-request"] {
        let shown = stdout(&output);
        let line =
            shown.lines().find(|line| line.starts_with(&format!("{scheme} "))).expect("a line for each");
        assert!(!line.contains(" 0 tags") && !line.contains(" 0 by rule"), "{line}");
    }
}

/// What the second implementation says of an export that was changed, and that it fails.
fn found(folder: &Path, document: &Value) -> String {
    let output = recompute(&[written(folder, "changed", &document.to_string())]);
    assert_eq!(output.status.code(), Some(1), "{}{}", stdout(&output), stderr(&output));
    stdout(&output)
}

#[test]
fn the_second_implementation_notices_a_single_wrong_tag_text_or_octet() {
    let folder = tempfile::tempdir().expect("a folder");
    let document: Value = serde_json::from_str(&export("stripe")).expect("one document");
    let id = document["cases"][0]["id"].as_str().expect("an id").to_owned();

    let mut wrong_tag = document.clone();
    let tag = &mut wrong_tag["cases"][0]["requests"][0]["signature"]["tag"];
    let digits = tag.as_str().expect("a tag");
    *tag = json!(format!("{}{}", if digits.starts_with('0') { '1' } else { '0' }, &digits[1..]));
    assert!(found(folder.path(), &wrong_tag).contains(&format!("{id}, request 0: tag")));

    // A text of its own with the right tag for that text: only who rebuilds the text can know.
    let mut wrong_text = document.clone();
    let key = hex::decode(document["endpoint"]["key"].as_str().expect("a key")).expect("hexadecimal");
    let request = &mut wrong_text["cases"][0]["requests"][0];
    let old = request["signature"]["tag"].as_str().expect("a tag").to_owned();
    let new = hex::encode(mac(Construction::Hmac, Hash::Sha256, &key, b"1.another body"));
    request["signature"]["tag"] = json!(new);
    request["signature"]["canonical"] = json!({ "text": "1.another body" });
    request["headers"] =
        serde_json::from_str(&request["headers"].to_string().replace(&old, &new)).expect("JSON");
    let octets = STANDARD.decode(request["octets"]["base64"].as_str().expect("short")).expect("base64");
    let octets = String::from_utf8_lossy(&octets).replace(&old, &new);
    request["octets"] = json!({ "base64": STANDARD.encode(octets) });
    let shown = found(folder.path(), &wrong_text);
    assert!(shown.contains(&format!("{id}, request 0: canonical string by hand")), "{shown}");
    assert!(shown.contains(&format!("{id}, request 0: canonical string from the template")), "{shown}");
    assert!(!shown.contains(": tag"), "{shown}");

    let mut wrong_octet = document;
    wrong_octet["control"]["body"] = json!({ "text": "{}" });
    assert!(found(folder.path(), &wrong_octet).contains("the control: octets"));
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

#[test]
fn the_example_in_the_readme_of_the_vectors_finds_verifiers_that_always_say_the_same() {
    let readme = std::fs::read_to_string(root().join("vectors/README.md")).expect("a README");
    let example =
        readme.split("```python\n").nth(1).and_then(|rest| rest.split("```").next()).expect("Python");
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "github", &export("github"));
    for (answer, wrong) in [("False", "genuine-"), ("True", "body-one-bit-flipped")] {
        let output = Command::new("python3")
            .args(["-c", &format!("send = lambda octets: {answer}\n{example}")])
            .current_dir(folder.path())
            .output()
            .expect("Python 3 is there; `cargo xtask test` needs it too");
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        assert!(stdout(&output).contains(&format!("wrong: {wrong}")), "{answer}: {}", stdout(&output));
    }
}
