//! Who froze vectors once finds the same bytes again: a digest of what every scheme and suite exports.
//!
//! A digest that changed by intent is worth a line in CHANGELOG.md: exports made before differ from now on.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use countersign_conformance::Catalog;
use countersign_conformance::place::{Place, SEED};
use countersign_core::vector::export::{Chosen, export};
use sha2::{Digest, Sha256};

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
        schemes.insert(document.scheme.name.to_string(), (document.cases.len(), written));
        for case in &document.cases {
            let text = serde_json::to_vec(case).expect("JSON");
            suites.entry(case.suite.clone()).or_default().update(text);
        }
    }
    let mut text = String::new();
    for (name, (count, digest)) in schemes {
        let _ = writeln!(text, "scheme {name}: {count} cases, {}", short(&digest));
    }
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
