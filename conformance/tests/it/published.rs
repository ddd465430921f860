//! Shipped data says what it says: published vectors are recomputed, and every file is portable YAML.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use countersign_conformance::Catalog;
use countersign_core::scheme::{
    Construction, Deployment, Field, Ingredients, Part, Published, Scheme, SchemeFile, Terms,
};
use countersign_core::secret::Secret;
use countersign_core::vector::yaml;
use countersign_core::wire::Request;
use percent_encoding::percent_decode;
use serde_json::Value;

/// The tag that the scheme writes for a published message, as the message then claims it.
fn recomputed(scheme: &Arc<dyn Scheme>, published: &Published) -> String {
    let mut file = scheme.file().clone();
    file.constants.extend(published.constants.clone());
    file.mac.key = published.key_form.clone().unwrap_or(file.mac.key);
    let scheme = countersign_core::scheme::scheme(file).expect("the constants fit the scheme");
    let file: &SchemeFile = scheme.file();
    let key = scheme
        .key(&Secret::new(published.key.clone()))
        .expect("the published key has the form of the scheme");
    let deployment = Deployment {
        origin: published.origin.clone().unwrap_or_default(),
        constants: published.constants.clone(),
        ..Deployment::default()
    };
    let message = Request {
        method: published.method.clone().unwrap_or_else(|| "POST".to_owned()).into(),
        target: published.target.clone().unwrap_or_else(|| "/".to_owned()).into(),
        headers: published.headers.clone(),
        body: published.body.clone(),
    };
    let unique = published.unique.clone().unwrap_or_default().into_bytes();
    let with = Ingredients {
        key: &key,
        hash: file.mac.hash,
        construction: Construction::Hmac,
        timestamp: published.timestamp.clone().unwrap_or_default().into(),
        id: unique.clone().into(),
        nonce: unique.into(),
        key_id: published.key_id.clone().unwrap_or_default().into(),
        deployment: &deployment,
        terms: Terms::default(),
    };
    let signed = scheme.sign(message, with.clone()).expect("the published message can be signed");
    let spot = signed.find(&Part::Tag).expect("every scheme carries a tag");
    let written = percent_decode(signed.bytes(&spot)).collect::<Vec<u8>>();
    let claims = scheme.read(signed.request()).expect("what is signed is read");
    assert_eq!(claims.get(Field::Tag), Some(&written[..]), "{}: signing and reading disagree", file.scheme);
    scheme.compare_body(signed.request(), &claims).expect("what is signed describes its body");
    String::from_utf8_lossy(&written).into_owned()
}

#[test]
fn every_published_vector_is_recomputed() {
    let mut count = 0;
    for scheme in Catalog::embedded().schemes.values() {
        for published in &scheme.file().published {
            let tag = recomputed(scheme, published);
            assert_eq!(tag, published.tag, "{}: {}", scheme.file().scheme, published.source);
            count += 1;
        }
    }
    assert!(count >= 8, "only {count} published vectors are left");
}

/// Every shipped YAML file: its path, and its text.
fn shipped() -> Vec<(String, String)> {
    let embedded = countersign_vectors::schemes().chain(countersign_vectors::suites());
    let mut files: Vec<(String, String)> = embedded.map(|file| (file.path, file.text.to_owned())).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    collect(&root.join("spec"), &mut files);
    collect(&root.join("tests"), &mut files);
    files
}

fn collect(folder: &Path, files: &mut Vec<(String, String)>) {
    let mut found: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("readable").path()).collect();
    found.sort();
    for path in found {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            let text = std::fs::read_to_string(&path).expect("UTF-8");
            files.push((path.display().to_string(), text));
        }
    }
}

#[test]
fn another_yaml_parser_reads_the_same_from_every_shipped_file() {
    let files = shipped();
    assert!(files.len() > 60, "only {} files were found", files.len());
    for (path, text) in files {
        let ours: Value = yaml::parse(&path, &text).unwrap_or_else(|error| panic!("{error}"));
        let theirs: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
        let theirs = serde_json::to_value(&theirs).unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(ours, theirs, "{path}: two parsers read different values; quote what is ambiguous");
        texts_are_texts(&path, &theirs);
    }
}

/// Bytes and ids must be texts for a reader that does not know the types.
fn texts_are_texts(path: &str, value: &Value) {
    match value {
        Value::Object(members) => {
            for (key, value) in members {
                if ["text", "hex", "base64", "id", "name", "about"].contains(&key.as_str()) {
                    let plain = value.is_string() || value.is_object() || value.is_array();
                    assert!(plain, "{path}: `{key}: {value}` needs quotes");
                }
                texts_are_texts(path, value);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| texts_are_texts(path, item)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
