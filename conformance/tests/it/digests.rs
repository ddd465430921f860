//! Who froze vectors once finds the same bytes again: a digest of what every scheme and suite exports.
//!
//! A digest that changed by intent is worth a line in CHANGELOG.md: exports made before differ from now on.
//! `INSTA_UPDATE=always` records all; without it the test ends at the first difference, because mutation
//! testing runs it a thousand times.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use countersign_conformance::Catalog;
use countersign_conformance::place::{Place, SEED};
use countersign_core::vector::export::{Chosen, export};
use sha2::{Digest, Sha256};

const RECORDED: &str = include_str!("snapshots/digests.snap");

fn is_recording() -> bool {
    std::env::var("INSTA_UPDATE").is_ok_and(|update| update != "no")
}

#[test]
fn the_exported_bytes_are_the_recorded_ones() {
    let catalog = Catalog::embedded();
    let mut schemes = BTreeMap::new();
    let mut suites: BTreeMap<String, Sha256> = BTreeMap::new();
    for place in Place::all() {
        let chosen = catalog.cases().map(|(suite, case)| Chosen {
            suite: &suite.name,
            case,
            requirement: catalog.decides(case, &*place.scheme).expect("every case names a known requirement"),
        });
        let mut document =
            export(&place.world(""), SEED, chosen).expect("every scheme signs its own message");
        document.tool.clear();
        let written = Sha256::digest(document.to_json().expect("JSON"));
        let name = document.scheme.name.to_string();
        let line = format!("scheme {name}: {} cases, {}\n", document.cases.len(), short(&written));
        assert!(is_recording() || RECORDED.contains(&line), "this is not what is recorded: {line}");
        schemes.insert(name, line);
        for case in &document.cases {
            let text = serde_json::to_vec(case).expect("JSON");
            suites.entry(case.suite.clone()).or_default().update(text);
        }
    }
    let mut text: String = schemes.into_values().collect();
    for (name, digest) in suites {
        let _ = writeln!(text, "suite {name}: {}", short(&digest.finalize()));
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("digests", text);
    });
}

fn short(digest: &[u8]) -> String {
    hex::encode(&digest[..8])
}
