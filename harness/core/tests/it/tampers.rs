//! What every tamper does to signed requests, byte for byte, and when it cannot be applied.

use std::fmt::Write as _;
use std::sync::Arc;

use countersign_core::scheme::{
    Construction, Deployment, Ingredients, Key, Scheme, SchemeFile, Signed, Terms, scheme,
};
use countersign_core::tamper::{Tamper, WireTamper, apply, framing};
use countersign_core::time::Timestamp;
use countersign_core::vector::yaml;
use countersign_core::wire::{Header, Request, encode};
use serde::de::DeserializeOwned;

/// A list of named items in one header.
const LISTED: &str = "
scheme: listed
title: A list
source: here
mac: { hash: sha256, encoding: hex, key: utf8 }
signs: '{timestamp}.{body}'
carries: [{ header: X-List, list: { separator: ', ', item: '{name}=<{value}>' }, fields: { t: timestamp, v1: tag } }]
clock: { unit: seconds, past: 300, future: 60 }
";

/// A header for each field, some covered, and a label before the tag.
const APART: &str = "
scheme: apart
title: Apart
source: here
mac: { hash: sha1, encoding: base64, key: utf8 }
signs: '{const:version}{method}{target}{header:Content-Type}{id}{key-id}{body}'
carries:
  - { header: X-Id, value: '{id}' }
  - { header: X-Tag, value: 'sha1={tag}' }
  - { header: X-Key, value: '{key-id}' }
once: id
constants: { version: v0 }
";

/// Fields in the body.
const MEMBERS: &str = "
scheme: members
title: Members
source: here
mac: { hash: sha256, encoding: base64url, key: utf8 }
signs: '{body}'
carries:
  - { header: X-Tag, value: '{tag}' }
  - { json: /time, field: timestamp }
  - { json: /nonce, field: nonce }
clock: { unit: milliseconds, past: 300 }
once: nonce
";

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

const TAMPERS: &str = r##"
remove: { part: tag }
remove: { part: timestamp }
remove: { part: signature }
remove: { part: unique }
remove: { part: query }
remove: { part: path }
remove: { part: label }
remove: { part: body }
remove: { part: method }
remove: { part: covered-header }
remove: { part: { header: x-other } }
clear: { part: tag }
clear: { part: { header: X-Other } }
replace: { part: query, with: { text: "c=3" } }
replace: { part: timestamp, with: { text: "{now}|{seconds}|{millis}|{http-date}|{day}" } }
replace: { part: body, with: { text: "{key-id} {const:version}" } }
replace: { part: body, with: { text: "{const:none}" } }
prepend: { part: path, with: { text: "/a" } }
append: { part: query, with: { text: "&d" } }
append: { part: target, with: { text: "#f" } }
append: { part: id, with: { text: "{now}" } }
insert: { part: body, at: 1, with: { hex: "00ff" } }
insert: { part: body, at: 60000, with: { text: x } }
flip-bit: { part: tag, bit: 0 }
flip-bit: { part: tag-bytes, bit: 0 }
flip-bit: { part: tag-bytes, bit: -1 }
flip-bit: { part: body, bit: 7 }
flip-bit: { part: body, bit: -8 }
flip-bit: { part: method, bit: 32 }
flip-bit: { part: method, bit: -33 }
truncate: { part: tag, bytes: 4 }
truncate: { part: tag, bytes: 500 }
truncate: { part: tag-bytes, bytes: 10 }
drop-front: { part: tag, bytes: 4 }
drop-front: { part: tag, bytes: 500 }
change-case: { part: tag, to: upper }
change-case: { part: tag, to: swap }
change-case: { part: method, to: lower }
change-case: { part: method, to: upper }
encode: base64
encode: base64-unpadded
encode: base64url
encode: hex
encode: hex-upper
spare-bits
retime: now
retime: { offset: -5 }
retime: { beyond-past: 1 }
retime: { within-past: 1 }
retime: { beyond-future: 1 }
retime: { within-future: 1 }
retime: { text: "{now} {rfc3339} {wall}" }
duplicate-line: { part: tag, place: before, copy: same }
duplicate-line: { part: tag, place: after, copy: corrupted }
duplicate-line: { part: timestamp, place: after, copy: corrupted }
duplicate-line: { part: timestamp, place: before, copy: { retimed: { offset: 9 } } }
duplicate-line: { part: tag, place: before, copy: { part: { text: other } } }
duplicate-line: { part: signature, place: after, copy: { whole: { text: other } } }
duplicate-line: { part: body, place: after, copy: same }
add-entry: { part: tag, place: before, copy: corrupted }
add-entry: { part: tag, place: after, copy: same, times: 2 }
add-entry: { part: timestamp, place: after, copy: { part: { text: "1" } } }
add-entry: { part: timestamp, place: before, copy: { whole: { text: other } } }
add-header: { name: X-New, value: { text: "{key-id}" } }
add-header: { name: X-New, value: { text: "{braces" } }
add-parameter: { name: e, value: { text: "a b&c~" } }
retype: { part: nonce, to: array }
retype: { part: timestamp, to: zero }
rename-header: { part: tag, to: "{name}-2" }
rename-header: { part: tag, to: "{underscored}" }
rename-header: { part: body, to: X }
move-bytes: { first: path, second: body, bytes: 2 }
move-bytes: { first: path, second: body, bytes: -2 }
move-bytes: { first: path, second: body, bytes: 0 }
move-bytes: { first: path, second: body, bytes: 3000 }
move-bytes: { first: path, second: body, bytes: -3000 }
move-bytes: { first: path, second: label, bytes: 1 }
percent-encode-path
reverse-headers
[spare-bits, spare-bits]
[reverse-headers, { truncate: { part: tag, bytes: 4 } }, { add-header: { name: X-Last, value: { text: l } } }]
[{ add-entry: { part: tag, place: before, copy: corrupted } }, { truncate: { part: tag, bytes: 4 } }]
[{ add-entry: { part: timestamp, place: after, copy: same } }, { truncate: { part: timestamp, bytes: 4 } }]
[{ duplicate-line: { part: tag, place: before, copy: same } }, { truncate: { part: tag, bytes: 4 } }]
[{ duplicate-line: { part: tag, place: after, copy: same } }, { truncate: { part: tag, bytes: 4 } }]
[{ remove: { part: { header: Host } } }, { truncate: { part: tag, bytes: 4 } }]
[{ remove: { part: timestamp } }, { truncate: { part: tag, bytes: 4 } }, { truncate: { part: timestamp, bytes: 1 } }]
[{ clear: { part: tag } }, { append: { part: tag, with: { text: new } } }, { truncate: { part: signature, bytes: 9 } }]
[{ clear: { part: signature } }, { append: { part: tag, with: { text: new } } }, { append: { part: label, with: { text: l } } }]
[{ prepend: { part: body, with: { text: "  " } } }, { truncate: { part: nonce, bytes: 2 } }, { truncate: { part: timestamp, bytes: 2 } }]
[{ append: { part: path, with: { text: "/x" } } }, { truncate: { part: query, bytes: 1 } }, { append: { part: path, with: { text: y } } }]
[{ truncate: { part: tag, bytes: 3 } }, { flip-bit: { part: tag-bytes, bit: 0 } }]
[{ rename-header: { part: tag, to: X-New } }, { truncate: { part: tag, bytes: 4 } }, { remove: { part: signature } }]
"##;

/// One tamper, or several that are applied one after the other.
fn tampers<T: DeserializeOwned>(line: &str) -> Vec<T> {
    let list = if line.starts_with('[') { line.to_owned() } else { format!("- {line}") };
    yaml::parse("tamper.yaml", &list).unwrap_or_else(|why| panic!("{why}"))
}

/// Changes to the framing.
const FRAMINGS: &str = r#"
chunked: 7
chunked: 0
bare-line-feeds
http10
header-names: swap
after-colon: { part: tag, with: { text: "" } }
before-colon: { part: tag, with: { text: " " } }
after-value: { part: timestamp, with: { hex: "09" } }
after-value: { part: id, with: { text: " " } }
content-length: twice
content-length: signed
content-length: missing
split: 2
split: 0
split: 64
split: 65
extra-headers: 2
[{ before-colon: { part: tag, with: { text: " " } } }, { after-value: { part: tag, with: { text: "\t" } } }]
[{ after-value: { part: tag, with: { text: "a" } } }, { after-colon: { part: { header: Host }, with: { text: "b" } } }, { after-value: { part: { header: Host }, with: { text: "c" } } }]
[{ chunked: 4 }, { content-length: twice }, bare-line-feeds]
"#;

fn made(file: &str) -> Arc<dyn Scheme> {
    let file: SchemeFile = yaml::parse("scheme.yaml", file).unwrap_or_else(|why| panic!("{why}"));
    scheme(file).unwrap_or_else(|why| panic!("{}: {}", why.at, why.message))
}

fn signed(scheme: &dyn Scheme, target: &str) -> Signed {
    let request = Request {
        method: "POST".into(),
        target: target.into(),
        headers: vec![
            Header::new("Host", "h"),
            Header::new("Content-Type", "a/b"),
            Header::new("X-Other", "o"),
        ],
        body: r#"{"a": "b"}"#.into(),
    };
    let (key, deployment) = (Key::new(b"key".to_vec()), Deployment::default());
    let clock = scheme.file().clock.as_ref();
    let with = Ingredients {
        key: &key,
        hash: scheme.file().mac.hash,
        construction: Construction::Hmac,
        timestamp: clock.map_or_else(String::new, |clock| clock.unit.render(NOW)).into(),
        id: "id-1".into(),
        nonce: "nonce-1".into(),
        key_id: "primary".into(),
        deployment: &deployment,
        terms: Terms::default(),
    };
    scheme.sign(request, with).expect("it can be signed")
}

fn lines(signed: &Signed) -> Vec<String> {
    let Request { method, target, headers, body } = signed.request();
    let first = [&method[..], b" ", target].concat();
    let headers = headers.iter().map(|line| [line.name.as_bytes(), b": ", &line.value].concat());
    let all = std::iter::once(first).chain(headers).chain([[&b"= "[..], body].concat()]);
    all.map(|line| line.escape_ascii().to_string().replace("\\\"", "\"")).collect()
}

/// What became of the request: the lines that are new, and those that are gone.
fn became(before: &[String], after: &[String]) -> String {
    let mut text = String::new();
    for line in before.iter().filter(|line| !after.contains(line)) {
        let _ = writeln!(text, "    - {line}");
    }
    for (at, line) in after.iter().enumerate() {
        let copies = |lines: &[String]| lines.iter().filter(|other| *other == line).count();
        if copies(after) != copies(before) {
            let _ = writeln!(text, "    + {at}: {line}");
        }
    }
    if text.is_empty() {
        let _ = writeln!(text, "    order: {}", after.join(" | "));
    }
    text
}

#[test]
fn what_tampers_do_is_recorded() {
    let mut text = String::new();
    for (file, target) in [(LISTED, "/hook?a=1&b=2"), (APART, "/hook"), (MEMBERS, "/p%41")] {
        let scheme = made(file);
        let before = lines(&signed(&*scheme, target));
        let _ = writeln!(text, "{}\n    {}\n", scheme.file().scheme, before.join("\n    "));
        for line in TAMPERS.lines().filter(|line| !line.is_empty()) {
            let mut signed = signed(&*scheme, target);
            let _ = writeln!(text, "  {line}");
            let done = tampers::<Tamper>(line).iter().try_for_each(|tamper| {
                let before = lines(&signed);
                let done = apply(tamper, &mut signed, &*scheme, NOW);
                assert!(
                    done.is_ok() || lines(&signed) == before,
                    "{line}: what cannot be done changes nothing"
                );
                done
            });
            text.push_str(&match done {
                Ok(()) => became(&before, &lines(&signed)),
                Err(why) => format!("    {why}\n"),
            });
        }
        text.push('\n');
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("tampers", text);
    });
}

#[test]
fn what_changes_to_the_framing_do_is_recorded() {
    let mut text = String::new();
    let scheme = made(LISTED);
    let octets = |line: &str| {
        let mut signed = signed(&*scheme, "/hook");
        let framing = framing(&tampers::<WireTamper>(line), &mut signed);
        let split = framing.split;
        let wire = encode(signed.request().clone(), framing);
        let lines = wire.bytes().escape_ascii().to_string().replace("\\\"", "\"").replace("\\n", "\\n\n    ");
        (lines, split)
    };
    for line in FRAMINGS.lines().filter(|line| !line.is_empty()) {
        let (lines, split) = octets(line);
        let _ = writeln!(text, "{line}\n    {lines}");
        if let Some((pieces, wait)) = split {
            let _ = writeln!(text, "    in {pieces} pieces, with {wait} ms between them");
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("framings", text);
    });
}
