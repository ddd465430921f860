//! Exported bytes mean what their cases say: the reference, which sees nothing but the octets, answers each
//! as expected and for the recorded reasons; and both writings of an export hold the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use countersign_conformance::Catalog;
use countersign_conformance::place::{NOW, PATH, Place, SEED};
use countersign_conformance::reference::{Halt, Reference, Reply, Setup, Steps as _};
use countersign_core::case::Expectation;
use countersign_core::scheme::{Deployment, Key};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::vector::export::{Answers, Chosen, Document, FORMAT, Frozen, Sent, export};
use countersign_core::vector::yaml;
use countersign_core::wire::receive;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The largest export that a project would like to keep in its repository.
const SMALL: usize = 4 << 20;

fn document(place: &Place) -> Document {
    let catalog = Catalog::embedded();
    let chosen = catalog.cases().map(|(suite, case)| Chosen {
        suite: &suite.name,
        case,
        requirement: catalog.decides(case, &*place.scheme).expect("every case names a known requirement"),
    });
    export(&place.world(""), SEED, chosen).expect("every scheme signs its own message")
}

/// A verifier that is set up from what the export says, and has seen nothing yet.
fn verifier(place: &Place, document: &Document) -> Setup {
    let endpoint = &document.endpoint;
    let key = place.scheme.key(&Secret::new(endpoint.secret.clone())).expect("a key");
    assert_eq!(hex::encode(&key[..]), endpoint.key, "{}", document.scheme.name);
    let deployment = Deployment {
        origin: endpoint.origin.clone(),
        constants: endpoint.constants.clone(),
        key_id: endpoint.key_id.clone(),
    };
    Setup::new(place.scheme.clone(), key, deployment, &*endpoint.path)
}

/// How many of the requests that are sent together are accepted.
fn accepted(setup: &Setup, sent: &[&Sent], now: Timestamp) -> usize {
    let octets = |one: &&Sent| one.octets.to_vec().expect("whole base64");
    let checked: Vec<_> = sent
        .iter()
        .filter_map(|one| receive(&octets(one)).ok())
        .map(|request| Reference.check(setup, &request, now))
        .collect();
    checked.into_iter().filter(|one| Reference.finish(setup, one.clone(), now) == Reply::Accepted).count()
}

fn answers_as_expected(case: &Frozen, setup: &Setup, mut now: Timestamp) -> bool {
    case.rounds.iter().all(|round| {
        now = now.plus_seconds(round.wait.unwrap_or_default().into());
        let sent: Vec<&Sent> = round.send.iter().map(|index| &case.requests[*index]).collect();
        let count = accepted(setup, &sent, now);
        match (round.purpose, &case.expect) {
            (Answers::Setup, _) => count == sent.len(),
            (Answers::Judged, Expectation::Alike) => count == 0,
            (Answers::Aside | Answers::Wait, _)
            | (Answers::Judged, Expectation::Either(_) | Expectation::Quick) => true,
            (Answers::Judged, Expectation::Accept) => count == sent.len(),
            (Answers::Judged, Expectation::Reject) => count <= usize::from(sent.len() > 1),
        }
    })
}

#[test]
fn the_reference_answers_exported_requests_as_their_cases_expect() {
    for place in Place::all() {
        let document = document(&place);
        let name = &document.scheme.name;
        let now = Timestamp::from_seconds(document.endpoint.now);
        assert_eq!((document.format.as_str(), now, document.endpoint.path.as_str()), (FORMAT, NOW, PATH));
        let control = accepted(&verifier(&place, &document), &[&document.control], now);
        assert_eq!(control, 1, "{name}: the control is refused");
        assert!(!document.cases.is_empty() && !document.not_applicable.is_empty(), "{name}");
        for case in &document.cases {
            let mut setup = verifier(&place, &document);
            if let Some(key) = &case.key {
                setup.key = Key::new(hex::decode(key).expect("hexadecimal"));
            }
            let right = answers_as_expected(case, &setup, now);
            assert!(right, "{name}: {} is answered in another way", case.id);
        }
        let all = document.cases.len() + document.not_applicable.len();
        assert_eq!(all, Catalog::embedded().cases().count(), "{name}: no case is lost");
    }
}

/// What the check of a request alone finds, without memory of others.
fn reason(setup: &Setup, sent: &Sent, now: Timestamp) -> String {
    match receive(&sent.octets.to_vec().expect("whole base64")) {
        Err(_) => "not-http".to_owned(),
        Ok(request) => match Reference.check(setup, &request, now) {
            Ok(_) => "authentic".to_owned(),
            Err(Halt::Refused(refusal)) => refusal.to_string(),
            Err(other) => panic!("the reference is no mutant: {other:?}"),
        },
    }
}

#[test]
fn the_reasons_of_refusals_are_the_recorded_ones() {
    let mut text = String::new();
    for place in Place::all() {
        let document = document(&place);
        let now = Timestamp::from_seconds(document.endpoint.now);
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        let mut all = Sha256::new();
        for case in &document.cases {
            let mut setup = verifier(&place, &document);
            if let Some(key) = &case.key {
                setup.key = Key::new(hex::decode(key).expect("hexadecimal"));
            }
            for sent in &case.requests {
                let reason = reason(&setup, sent, now);
                all.update(format!("{} {reason}\n", case.id));
                *counts.entry(reason).or_default() += 1;
            }
        }
        let _ = writeln!(text, "{} {}", document.scheme.name, hex::encode(&all.finalize()[..8]));
        for (reason, count) in counts {
            let _ = writeln!(text, "  {count:4} {reason}");
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("reasons", text);
    });
}

#[test]
fn json_and_yaml_hold_the_same_and_both_are_small() {
    for place in Place::all() {
        let document = document(&place);
        let (name, json) = (&document.scheme.name, document.to_json().expect("JSON"));
        let yaml = yaml::write_flat(&document).expect("YAML");
        for text in [&json, &yaml] {
            assert!(text.len() < SMALL, "{name}: {} bytes", text.len());
            let plain = |c: char| c == '\n' || c == '\t' || !c.is_control();
            assert!(text.chars().all(plain), "{name}: a control character");
        }
        let value: Value = serde_json::from_str(&json).expect("JSON");
        assert_eq!(value, serde_json::to_value(&document).expect("a value"), "{name}");
        let theirs: serde_yaml_ng::Value =
            serde_yaml_ng::from_str(&yaml).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            value,
            serde_json::to_value(&theirs).expect("a value"),
            "{name}: as another parser reads it"
        );
        let back: Document = serde_json::from_str(&json).expect("a document");
        assert!(back == document, "{name}: it is not read back as it was");
    }
}
