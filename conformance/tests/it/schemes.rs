//! What every scheme says of itself: which parts are under the MAC, and where its fields stand.

use std::fmt::Write as _;

use countersign_conformance::place::Place;
use countersign_core::scheme::{Coverage, Field, Hash, Home, Part, Scheme};

const PARTS: [Part; 14] = [
    Part::Tag,
    Part::TagBytes,
    Part::Label,
    Part::Signature,
    Part::Timestamp,
    Part::Id,
    Part::Nonce,
    Part::Unique,
    Part::KeyId,
    Part::Method,
    Part::Path,
    Part::Query,
    Part::Target,
    Part::Body,
];

/// The headers that a scheme is asked for: those of its own message, and some that others cover.
fn headers(place: &Place) -> Vec<String> {
    let others =
        ["Host", "Content-Type", "content-TYPE", "Content-Length", "Date", "Authorization", "X-Other"];
    let own = place.scheme.file().message.headers.iter().map(|line| line.name.to_string());
    let prefixed = ["x-amz-other", "X-Ms-Other", "x-contentful-other"];
    let mut names: Vec<String> = own.chain(others.into_iter().chain(prefixed).map(str::to_owned)).collect();
    names.sort();
    names.dedup();
    names
}

fn described(place: &Place) -> String {
    let scheme: &dyn Scheme = &*place.scheme;
    let mut text = format!("{}\n", scheme.file().scheme);
    let named = |part: &Part| match part {
        Part::Header(name) => format!("header:{name}"),
        other => {
            serde_json::to_value(other).ok().and_then(|v| v.as_str().map(str::to_owned)).expect("a word")
        }
    };
    let named_headers = headers(place).into_iter().map(Part::Header);
    let parts: Vec<Part> = PARTS.into_iter().chain([Part::CoveredHeader]).chain(named_headers).collect();
    for (title, coverage) in
        [("covered", Coverage::Covered), ("uncovered", Coverage::Uncovered), ("absent", Coverage::Absent)]
    {
        let these: Vec<String> =
            parts.iter().filter(|part| scheme.coverage(part) == coverage).map(named).collect();
        let _ = writeln!(text, "  {title}: {}", these.join(" "));
    }
    for field in [Field::Tag, Field::Timestamp, Field::Id, Field::Nonce, Field::KeyId] {
        let home = match scheme.home(field) {
            Some(Home::Header) => "header",
            Some(Home::Query) => "query",
            Some(Home::Body) => "body",
            None => continue,
        };
        let _ = writeln!(text, "  {} in the {home}", field.name());
    }
    for carrier in scheme.carriers() {
        let name = carrier.header.as_ref().or(carrier.json.as_ref()).expect("each has a place");
        let _ = writeln!(text, "  carried by {name}: {}", carrier.value.as_deref().unwrap_or("-"));
    }
    for hash in [Hash::Sha1, Hash::Sha256, Hash::Sha384, Hash::Sha512] {
        if let Some(name) = scheme.algorithm(hash) {
            let _ = writeln!(text, "  {} is called {name}", hash.algorithm());
        }
    }
    let says = [(scheme.lists_parts(), "what is covered"), (scheme.expires(), "when they expire")];
    for (_, what) in says.iter().filter(|(says, _)| *says) {
        let _ = writeln!(text, "  requests say {what}");
    }
    text
}

#[test]
fn what_schemes_say_of_themselves_is_recorded() {
    let text: Vec<String> = Place::all().iter().map(described).collect();
    insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
        insta::assert_snapshot!("schemes", text.join("\n"));
    });
}
