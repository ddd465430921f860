//! What schemes that are data read in headers, and why they refuse the rest.

use std::sync::Arc;

use countersign_core::recipe::{Sender, Unique, World, genuine};
use countersign_core::scheme::{Claims, Coverage, Deployment, Part, Refusal, Scheme, scheme};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::vector::yaml;
use countersign_core::wire::{Header, Request};

fn made(carries: &str) -> Arc<dyn Scheme> {
    signing("{header:X-Covered}{body}", carries)
}

fn signing(signs: &str, carries: &str) -> Arc<dyn Scheme> {
    let clock = if carries.contains("timestamp") { "clock: { unit: seconds }\n" } else { "" };
    let text = format!(
        "scheme: acme\ntitle: Acme\nsource: here\nmac: {{ hash: sha256, encoding: hex, key: utf8 }}\n\
         signs: '{signs}'\ncarries: {carries}\n{clock}"
    );
    scheme(yaml::parse("acme.yaml", &text).unwrap_or_else(|why| panic!("{why}"))).expect("a scheme")
}

fn read(scheme: &dyn Scheme, headers: &[(&str, &str)]) -> Result<Claims, Refusal> {
    let covered = [("X-Covered", "c")];
    let headers = headers.iter().chain(&covered).map(|(name, value)| Header::new(*name, *value)).collect();
    scheme.read(&Request { method: "POST".into(), target: "/".into(), headers, body: "b".into() })
}

/// Tags, then timestamp, id and key id, as far as they are there.
fn found(claims: Claims) -> Vec<String> {
    let others = [claims.timestamp, claims.id, claims.nonce, claims.key_id].into_iter().flatten();
    claims.tags.into_iter().chain(others).map(|text| String::from_utf8_lossy(&text).into_owned()).collect()
}

#[test]
fn a_header_with_fields_is_read_as_a_whole() {
    let scheme = made("[{ header: X-Tag, value: 'v1 {timestamp}:{tag}' }, { header: X-Id, value: '{id}' }]");
    let of = |tag, id| read(&*scheme, &[("X-Tag", tag), ("X-Id", id)]).map(found);
    assert_eq!(of("v1 12:ab", "i"), Ok(vec!["ab".into(), "12".into(), "i".into()]));
    assert_eq!(of("v1 :", ""), Ok(vec![String::new(), String::new(), String::new()]));
    for other in ["", "v1 12", "V1 12:ab", "v1  12:ab", " v1 12:ab", "v2 12:ab"] {
        let expected = if other == "v1  12:ab" {
            Ok(vec!["ab".into(), " 12".into(), "i".into()])
        } else {
            Err(Refusal::MalformedSignature)
        };
        assert_eq!(of(other, "i"), expected, "{other:?}");
    }
}

#[test]
fn each_header_stands_there_once() {
    let scheme = made(
        "[{ header: X-Tag, value: '{tag}' }, { header: X-Time, value: '{timestamp}' }, { header: X-Id, value: '{id}' }, \
         { header: X-Key, value: '{key-id}' }]",
    );
    let all = [("X-Tag", "ab"), ("X-Time", "12"), ("X-Id", "i"), ("X-Key", "k")];
    assert_eq!(read(&*scheme, &all).map(found), Ok(["ab", "12", "i", "k"].map(str::to_owned).to_vec()));
    let missing = [
        Refusal::MissingSignature,
        Refusal::MissingTimestamp,
        Refusal::MissingUnique,
        Refusal::MissingSignature,
    ];
    for (at, refusal) in missing.into_iter().enumerate() {
        let mut fewer = all.to_vec();
        let line = fewer.remove(at);
        assert_eq!(read(&*scheme, &fewer), Err(refusal), "without {line:?}");
        let more = [&all[..], &[line]].concat();
        assert_eq!(read(&*scheme, &more), Err(Refusal::DuplicateField), "twice {line:?}");
    }
    assert_eq!(read(&*scheme, &[&all[..], &[("x-covered", "c")]].concat()), Err(Refusal::CoveredHeader));
}

#[test]
fn only_an_optional_header_may_be_left_out() {
    let scheme =
        made("[{ header: X-Tag, value: '{tag}' }, { header: X-Key, value: '{key-id}', presence: optional }]");
    assert_eq!(read(&*scheme, &[("X-Tag", "ab")]).map(found), Ok(vec!["ab".into()]));
    assert_eq!(
        read(&*scheme, &[("X-Tag", "ab"), ("X-Key", "k")]).map(found),
        Ok(vec!["ab".into(), "k".into()])
    );
    assert_eq!(read(&*scheme, &[("X-Key", "k")]), Err(Refusal::MissingSignature));
    let twice = [("X-Tag", "ab"), ("X-Key", "k"), ("X-Key", "k")];
    assert_eq!(read(&*scheme, &twice), Err(Refusal::DuplicateField));
}

#[test]
fn a_list_with_names_may_hold_several_tags_and_items_of_others() {
    let scheme = made(
        "[{ header: X-List, list: { separator: ', ', item: '{name}={value}' }, fields: { t: timestamp, v1: tag } }]",
    );
    let of = |list| read(&*scheme, &[("X-List", list)]).map(found);
    let texts = |texts: &[&str]| Ok(texts.iter().map(|text| (*text).to_owned()).collect());
    assert_eq!(of("t=12, v1=ab"), texts(&["ab", "12"]));
    assert_eq!(of("v1=ab, v0=x, v1=cd, t=12, more"), texts(&["ab", "cd", "12"]));
    assert_eq!(of("t=12, v1="), texts(&["", "12"]));
    assert_eq!(of("t=12,v1=ab"), Err(Refusal::MissingSignature), "another separator");
    assert_eq!(of("t=12, t=13, v1=ab"), Err(Refusal::DuplicateField));
    assert_eq!(of("v1=ab"), Err(Refusal::MissingTimestamp));
    assert_eq!(of("t=12, V1=ab"), Err(Refusal::MissingSignature));
    assert_eq!(of(""), Err(Refusal::MissingTimestamp));
    assert_eq!(read(&*scheme, &[]), Err(Refusal::MissingSignature));
}

#[test]
fn a_list_without_names_holds_fields_of_one_shape() {
    let scheme = made("[{ header: X-List, list: { separator: ' ', item: 'v1,{tag}' } }]");
    let of = |list| read(&*scheme, &[("X-List", list)]).map(found);
    assert_eq!(of("v1,ab"), Ok(vec!["ab".into()]));
    assert_eq!(of("v2,x v1,ab  v1,cd"), Ok(vec!["ab".into(), "cd".into()]));
    assert_eq!(of("v2,x"), Err(Refusal::MissingSignature));
}

#[test]
fn a_list_without_names_is_signed_with_one_item() {
    let scheme = signing("{body}", "[{ header: X-List, list: { separator: ' ', item: 'v1,{tag}' } }]");
    let sender = Sender::new(&*scheme, Secret::new("secret"), "/hook", Deployment::default()).expect("a key");
    let world = World {
        scheme: &*scheme,
        sender: &sender,
        host: "localhost",
        now: Timestamp::from_seconds(0),
        unique: Unique::new(0, "acme", "case"),
        second: None,
    };
    let wire = genuine(&world, 0).expect("a request");
    let list = wire.request().value("X-List").expect("it is signed");
    let tag = list.strip_prefix(b"v1,").expect("one item");
    assert_eq!(tag.len(), 64);
    assert_eq!(scheme.read(wire.request()).map(found), Ok(vec![String::from_utf8_lossy(tag).into_owned()]));
}

#[test]
fn members_of_the_body_are_texts_or_numbers() {
    let scheme = made(
        "[{ header: X-Tag, value: '{tag}' }, { json: /meta/time, field: timestamp }, { json: /id, field: id }]",
    );
    let of = |body: &str| {
        let headers = vec![Header::new("X-Tag", "ab"), Header::new("X-Covered", "c")];
        let request = Request { method: "POST".into(), target: "/".into(), headers, body: body.into() };
        let mut claims = scheme.read(&request).expect("the head is whole");
        assert_eq!(
            (claims.timestamp.clone(), claims.id.clone()),
            (None, None),
            "nothing of the body is believed yet"
        );
        scheme.read_body(&request, &mut claims).map(|()| found(claims))
    };
    let texts = |texts: &[&str]| Ok(texts.iter().map(|text| (*text).to_owned()).collect());
    assert_eq!(of(r#"{"meta":{"time":12},"id":"i"}"#), texts(&["ab", "12", "i"]));
    assert_eq!(of(r#"{"id":7,"meta":{"time":"12.5"}}"#), texts(&["ab", "12.5", "7"]));
    assert_eq!(of(r#"{"meta":{"time":true},"id":"i"}"#), Err(Refusal::MissingTimestamp));
    assert_eq!(of(r#"{"time":12,"id":"i"}"#), Err(Refusal::MissingTimestamp));
    assert_eq!(of(r#"{"meta":{"time":12},"id":null}"#), Err(Refusal::MissingUnique));
    assert_eq!(of("no JSON"), Err(Refusal::MissingTimestamp));
}

#[test]
fn a_field_is_covered_where_it_is_signed_or_stands_in_a_signed_body() {
    let tag = "{ header: X-Tag, value: '{tag}' }";
    let of = |signs: &str, carries: &str, part: Part| {
        signing(signs, &format!("[{tag}, {carries}]")).coverage(&part)
    };
    let (header, member) = ("{ header: X-Id, value: '{id}' }", "{ json: /id, field: id }");
    for (signs, carries, expected) in [
        ("{body}", header, Coverage::Uncovered),
        ("{id}{body}", header, Coverage::Covered),
        ("{body}", member, Coverage::Covered),
        ("{method}", member, Coverage::Uncovered),
        ("{id}{method}", member, Coverage::Covered),
        ("{body}", "{ header: X-Key, value: '{key-id}' }", Coverage::Absent),
    ] {
        for part in [Part::Id, Part::Unique] {
            assert_eq!(of(signs, carries, part), expected, "{signs} {carries}");
        }
    }
    let both = format!("{header}, {{ json: /nonce, field: nonce }}");
    assert_eq!(of("{body}", &both, Part::Unique), Coverage::Covered, "the nonce comes first");
    assert_eq!(of("{body}", &both, Part::Id), Coverage::Uncovered);
    for (signs, path, query, target) in [
        ("{path}{body}", Coverage::Covered, Coverage::Uncovered, Coverage::Uncovered),
        ("{query}{body}", Coverage::Uncovered, Coverage::Covered, Coverage::Uncovered),
        ("{path}{query}", Coverage::Covered, Coverage::Covered, Coverage::Covered),
        ("{target}", Coverage::Covered, Coverage::Covered, Coverage::Covered),
        ("{url}", Coverage::Covered, Coverage::Covered, Coverage::Covered),
        ("{method}", Coverage::Uncovered, Coverage::Uncovered, Coverage::Uncovered),
    ] {
        let found = [Part::Path, Part::Query, Part::Target].map(|part| of(signs, header, part));
        assert_eq!(found, [path, query, target], "{signs}");
    }
    assert_eq!(of("{body}", header, Part::Method), Coverage::Uncovered);
    assert_eq!(of("{method}", header, Part::Method), Coverage::Covered);
    assert_eq!(of("{method}", header, Part::Body), Coverage::Uncovered);
    assert_eq!(of("{body}", header, Part::CoveredHeader), Coverage::Absent);
    assert_eq!(of("{header:X-A}", header, Part::CoveredHeader), Coverage::Covered);
    assert_eq!(of("{header:X-A}", header, Part::Header("x-a".into())), Coverage::Covered);
    assert_eq!(of("{header:X-A}", header, Part::Header("x-b".into())), Coverage::Uncovered);
}
