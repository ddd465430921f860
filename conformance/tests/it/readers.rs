//! How strictly schemes that are code read a request: what each makes of one change to its syntax.
//!
//! Nothing is verified here. `read` means that a tag was found, and would then be compared.

use std::fmt::Write as _;

use countersign_conformance::place::Place;
use countersign_core::recipe::{Recipe, build};
use countersign_core::scheme::{Refusal, Scheme};
use countersign_core::wire::{ByteString, Header, Request};

/// Schemes, and changes to their requests: `- NAME` takes a header away, `+ NAME` doubles it, `FROM -> TO` replaces
/// a text in target, header values and body; TO may be `nothing`. Several are joined with `&&`.
const CHANGES: &str = include_str!("readers.txt");

fn changed(request: &Request, change: &str) -> Request {
    let mut changed = request.clone();
    let named = |name: &str| {
        let at = request.headers.iter().position(|line| line.is(name));
        at.unwrap_or_else(|| panic!("{change}: there is no such header"))
    };
    if let Some(name) = change.strip_prefix("- ") {
        changed.headers.remove(named(name));
    } else if let Some(name) = change.strip_prefix("+ ") {
        let line = request.headers[named(name)].clone();
        changed.headers.push(line);
    } else {
        let (from, to) = change.split_once(" -> ").expect("FROM -> TO");
        let to = if to == "nothing" { "" } else { to };
        let replaced = |octets: &ByteString| -> ByteString {
            String::from_utf8(octets.to_vec()).expect("text").replace(from, to).into()
        };
        let headers = request.headers.iter();
        let headers = headers.map(|line| Header { name: line.name.clone(), value: replaced(&line.value) });
        let (method, target, body) =
            (request.method.clone(), replaced(&request.target), replaced(&request.body));
        changed = Request { method, target, headers: headers.collect(), body };
    }
    assert!(changed != *request, "{change}: it changes nothing");
    changed
}

fn all_changed(request: &Request, changes: &str) -> Request {
    changes.split(" && ").fold(request.clone(), |request, change| changed(&request, change))
}

/// How far reading gets, and what was found.
fn read(scheme: &dyn Scheme, request: &Request) -> Result<String, Refusal> {
    let mut claims = scheme.read(request)?;
    scheme.compare_body(request, &claims)?;
    scheme.read_body(request, &mut claims)?;
    let text = |octets: &ByteString| String::from_utf8_lossy(octets).into_owned();
    let mut found = format!("read: {} tag", claims.tags.len());
    for (name, value) in [
        ("timestamp", &claims.timestamp),
        ("id", &claims.id),
        ("nonce", &claims.nonce),
        ("key-id", &claims.key_id),
    ] {
        let _ = value.iter().try_for_each(|value| write!(found, ", {name} {}", text(value)));
    }
    if let Some(expiry) = scheme.expiry(request)? {
        let _ = write!(found, ", expires {}", expiry.iso8601());
    }
    Ok(found)
}

#[test]
fn what_readers_make_of_changed_requests_is_recorded() {
    let mut text = String::new();
    let places = Place::all();
    for section in CHANGES.trim().split("\n\n") {
        let (name, changes) = section.split_once('\n').expect("a name and changes");
        let place = places.iter().find(|place| place.scheme.file().scheme.as_str() == name);
        let place = place.unwrap_or_else(|| panic!("there is no scheme {name}"));
        let built = build(&Recipe::default(), &place.world("readers")).expect("it signs its own message");
        let request = built.untampered.request();
        let _ = writeln!(text, "{name}: {}", read(&*place.scheme, request).expect("what is signed is read"));
        for change in changes.lines().map(|line| &line[2..]) {
            let found =
                read(&*place.scheme, &all_changed(request, change)).unwrap_or_else(|why| why.to_string());
            let _ = writeln!(text, "  {change:70} {found}");
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("readers", text);
    });
}

/// Ways to sign that break the syntax of some schemes.
const SIGNINGS: &str = r#"
{"key-id": "a\"b"}
{"key-id": "a\\b"}
{"key-id": "a:b,c/d"}
{"key-id": "a\tb"}
{"key-id": ""}
{"unique": "a\"b"}
{"unique": "a\\b"}
{"unique": "a;b,c&d"}
{"unique": "a b"}
{"at": {"text": "1;2"}}
{"at": {"text": "1,2"}}
{"at": {"text": "1\"2"}}
{"at": {"text": "1 2"}}
{"at": {"text": "1/2&3"}}
{"algorithm": "a\"b"}
{"algorithm": "a b"}
{"algorithm": "a,b"}
{"expires": {"text": "1;2"}}
{"expires": {"text": "1 2"}}
"#;

/// Messages that already have what a scheme adds.
const MESSAGES: &str = r#"
{"headers": [{"name": "authorization", "value": {"text": "x"}}]}
{"headers": [{"name": "Date", "value": {"text": "x"}}]}
{"headers": [{"name": "Digest", "value": {"text": "x"}}]}
{"headers": [{"name": "Content-Digest", "value": {"text": "x"}}]}
{"headers": [{"name": "Signature", "value": {"text": "x"}}]}
{"headers": [{"name": "Signature-Input", "value": {"text": "x"}}]}
{"headers": [{"name": "X-Amz-Date", "value": {"text": "x"}}]}
{"headers": [{"name": "X-Amz-Content-Sha256", "value": {"text": "x"}}]}
{"headers": [{"name": "x-ms-date", "value": {"text": "x"}}]}
{"headers": [{"name": "X-Contentful-Signature", "value": {"text": "x"}}]}
{"headers": [{"name": "Content-Type", "value": {"text": "text/plain"}}]}
{"without": ["Host"]}
{"query": {"text": "a?b"}}
{"query": {"text": "hmac=x"}}
{"query": {"text": "signature=x"}}
{"query": {"text": "timestamp=x"}}
{"query": {"text": "bodySHA256=x"}}
{"query": {"text": "X-Amz-Signature=x"}}
{"query": {"text": "X-Amz-Date=x"}}
{"query": {"text": "oauth_nonce=x"}}
{"query": {"text": ""}}
{"body": {"text": ""}}
{"body": {"text": "{}"}}
{"body": {"text": "[]"}}
{"body": {"text": "a=1"}}
{"body": {"text": "oauth_token=1"}}
{"body": {"text": "{\"signature\": {}}"}}
{"body": {"text": "{\"event\": {}}"}}
"#;

#[test]
fn what_coded_schemes_can_and_cannot_sign_is_recorded() {
    let mut text = String::new();
    for place in Place::all().iter().filter(|place| place.scheme.file().code.is_some()) {
        let _ = writeln!(text, "{}", place.scheme.file().scheme);
        let signings = SIGNINGS.trim().lines().map(|line| format!(r#"{{"sign": {line}}}"#));
        let messages = MESSAGES.trim().lines().map(|line| format!(r#"{{"message": {line}}}"#));
        for line in signings.chain(messages) {
            let recipe: Recipe = serde_json::from_str(&line).unwrap_or_else(|why| panic!("{why}: {line}"));
            let made = match build(&recipe, &place.world("readers")) {
                Ok(built) => match read(&*place.scheme, built.untampered.request()) {
                    Ok(_) => "signed and read".to_owned(),
                    Err(why) => format!("signed, not read: {why}"),
                },
                Err(why) => why.to_string(),
            };
            // What the scheme does not have cannot break its syntax.
            if !["its requests ", "the scheme carries no "].iter().any(|lacks| made.starts_with(lacks)) {
                let _ = writeln!(text, "  {line:80} {made}");
            }
        }
    }
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("signing", text);
    });
}
