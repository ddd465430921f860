//! What a scheme file may not say, and what its author is told.

use countersign_core::scheme::{SchemeFile, scheme};
use countersign_core::vector::yaml;

const HEAD: &str = "
scheme: acme
title: Acme
source: here
";
const MAC: &str = "mac: { hash: sha256, encoding: hex, key: utf8 }\n";
const TAG: &str = "carries: [{ header: X-Tag, value: '{tag}' }]\n";

/// The place and the message of the error, if there is one.
fn told(rest: &str) -> Option<String> {
    let mac = if rest.contains("mac:") { "" } else { MAC };
    let text = [HEAD, mac, rest].concat();
    let file: SchemeFile = yaml::parse("acme.yaml", &text).unwrap_or_else(|why| panic!("{why}\n{text}"));
    scheme(file).err().map(|error| format!("{} | {}", error.at, error.message))
}

fn assert_told(files: &[(&str, &str)]) {
    for (rest, expected) in files {
        assert_eq!(told(rest).as_deref(), Some(*expected), "{rest}");
    }
}

#[test]
fn what_is_signed_and_what_carries_it_fit_together() {
    assert_eq!(told(&format!("signs: '{{body}}'\n{TAG}")), None);
    let carrying = |signs: &str, carries: &str| format!("signs: '{signs}'\ncarries: [{carries}]\n");
    let tag = "{ header: X-Tag, value: '{tag}' }";
    let time = "{ header: X-Time, value: '{timestamp}' }";
    for (file, expected) in [
        (TAG.to_owned(), "scheme | give `signs`, the template of the signing string, or `code`"),
        ("signs: '{body}'\n".to_owned(), "carries | no entry carries the `tag`"),
        (carrying("{body}", time), "carries | no entry carries the `tag`"),
        (carrying("{tag}{body}", tag), "{tag}{body} | the tag cannot be under the MAC"),
        (carrying("{id}{body}", tag), "{id}{body} | `{id}` is signed, but nothing carries it"),
        (carrying("{name}", tag), "{name} | `{name}` and `{value}` belong in list items"),
        (carrying("{value}", tag), "{value} | `{name}` and `{value}` belong in list items"),
        (
            carrying("{const:v}{body}", tag),
            "{const:v}{body} | `{const:v}` needs a default under `constants:`",
        ),
        (carrying("fixed", tag), "fixed | a signing string without any field signs nothing"),
        (carrying("{body}", "{ value: '{tag}' }"), "carries | each entry needs `header` or `json`"),
        (
            carrying("{body}", "{ header: X-Tag, json: /tag, value: '{tag}' }"),
            "X-Tag | give either `header` or `json`, not both",
        ),
    ] {
        assert_eq!(told(&file).as_deref(), Some(expected), "{file}");
    }
}

#[test]
fn a_timestamp_and_a_clock_come_together_and_what_is_unique_is_carried() {
    let neither = "carries | a scheme has both a carried `timestamp` and a `clock:`, or neither";
    let time = "carries: [{ header: X-Tag, value: '{tag}' }, { header: X-Time, value: '{timestamp}' }]\n";
    let clock = "clock: { unit: seconds, past: 300, future: 300 }\n";
    assert_eq!(told(&format!("signs: '{{timestamp}}{{body}}'\n{time}{clock}")), None);
    assert_told(&[
        (&format!("signs: '{{timestamp}}{{body}}'\n{time}"), neither),
        (&format!("signs: '{{body}}'\n{TAG}{clock}"), neither),
        (&format!("signs: '{{body}}'\n{TAG}once: id\n"), "once | nothing carries the `id`"),
        (&format!("signs: '{{body}}'\n{TAG}once: nonce\n"), "once | nothing carries the `nonce`"),
    ]);
    let id = "carries: [{ header: X-Tag, value: '{tag}' }, { header: X-Id, value: '{id}' }]\n";
    assert_eq!(told(&format!("signs: '{{id}}{{body}}'\n{id}once: id\n")), None);
}

#[test]
fn a_header_says_what_it_carries_and_can_be_read_again() {
    let carried = |entry: &str| format!("signs: '{{body}}'\ncarries: [{entry}]\n");
    let fields = "a header value carries fields: {tag}, {timestamp}, {id}, {nonce} or {key-id}";
    let apart = "two fields need something between them, or they cannot be told apart";
    let named = "items with `{name}` need `fields:`, and items without have none";
    for (entry, expected) in [
        ("{ header: '', value: '{tag}' }", " | a header name is letters, digits, `-` and `_`".to_owned()),
        (
            "{ header: 'X Tag', value: '{tag}' }",
            "X Tag | a header name is letters, digits, `-` and `_`".to_owned(),
        ),
        ("{ header: X-Tag, value: fixed }", format!("fixed | {fields}")),
        ("{ header: X-Tag, value: '{tag} {body}' }", format!("{{tag}} {{body}} | {fields}")),
        ("{ header: X-Tag, value: '{tag}{id}' }", format!("{{tag}}{{id}} | {apart}")),
        ("{ header: X-Tag }", "X-Tag | give `value`, such as \"{tag}\", or `list`".to_owned()),
        (
            "{ header: X-Tag, value: '{tag}', list: { separator: ',', item: '{tag}' } }",
            "X-Tag | give either `value` or `list`, not both".to_owned(),
        ),
        (
            "{ header: X-Tag, list: { separator: '', item: '{tag}' } }",
            "separator | the separator of a list cannot be empty".to_owned(),
        ),
        (
            "{ header: X-Tag, list: { separator: ',', item: '{name}={value}' } }",
            format!("{{name}}={{value}} | {named}"),
        ),
        (
            "{ header: X-Tag, list: { separator: ',', item: '{tag}' }, fields: { v: tag } }",
            format!("{{tag}} | {named}"),
        ),
    ] {
        assert_eq!(told(&carried(entry)), Some(expected), "{entry}");
    }
    let one = "an item carries one field: `{value}` beside its `{name}`, or such as `{tag}` without";
    for (item, fields) in [
        ("{key-id}:{tag}", ""),
        ("fixed", ""),
        ("{value}", ""),
        ("{name}", ", fields: { v: tag }"),
        ("{name}={tag}", ", fields: { v: tag }"),
        ("{name}={value}{value}", ", fields: { v: tag }"),
    ] {
        let entry = format!("{{ header: X-Tag, list: {{ separator: ',', item: '{item}' }}{fields} }}");
        assert_eq!(told(&carried(&entry)), Some(format!("{item} | {one}")), "{entry}");
    }
    for entry in [
        "{ header: X_Tag-1, value: '{tag}' }",
        "{ header: X-Tag, list: { separator: ',', item: '{tag}' } }",
        "{ header: X-Tag, list: { separator: ',', item: '{name}={value}' }, fields: { v: tag } }",
    ] {
        assert_eq!(told(&carried(entry)), None, "{entry}");
    }
}

#[test]
fn a_member_of_the_body_has_a_place_and_holds_no_tag() {
    let beside = |entry: &str| {
        format!("signs: '{{body}}'\ncarries: [{{ header: X-Tag, value: '{{tag}}' }}, {entry}]\n")
    };
    for (entry, expected) in [
        ("{ json: /id }", "/id | a `json` entry needs `field:`"),
        (
            "{ json: /tag, field: tag }",
            "/tag | a tag inside the body that it covers needs code, not a scheme file",
        ),
        ("{ json: id, field: id }", "id | a JSON pointer starts with `/`"),
    ] {
        assert_eq!(told(&beside(entry)).as_deref(), Some(expected), "{entry}");
    }
    assert_eq!(told(&beside("{ json: /a/b~1c, field: id }")), None);
}

#[test]
fn a_code_is_known_and_says_itself_what_is_signed() {
    let both = |at: &str| format!("{at} | `code: hawk` says what is signed and carried; leave out `{at}`");
    assert_told(&[
        ("code: hawkk\n", "hawkk | there is no code `hawkk`"),
        ("code: hawk\nsigns: '{body}'\n", &both("signs")),
        (&format!("code: hawk\n{TAG}"), &both("carries")),
    ]);
}

#[test]
fn a_code_is_set_up_with_constants_and_fields_that_it_has() {
    let clock = "clock: { unit: seconds, past: 60, future: 60 }\n";
    let hawk = format!("code: hawk\nconstants: {{ ext: x }}\n{clock}");
    assert_eq!(told(&format!("{hawk}once: nonce\n")), None);
    assert_told(&[
        (&format!("code: hawk\n{clock}"), "code | `code: hawk` needs the constant `ext` under `constants:`"),
        (&format!("{hawk}once: id\n"), "once | `code: hawk` carries no id"),
        ("code: hawk\nconstants: { ext: x }\n", "code | `code: hawk` carries a timestamp; give `clock:`"),
        (&format!("code: twilio\n{clock}"), "code | `code: twilio` carries no timestamp; leave out `clock:`"),
    ]);
}

#[test]
fn aws_has_one_hash_and_two_ways_to_write_a_body_and_three_to_write_a_path() {
    let aws = |path: &str, body: &str| {
        let constants = format!("{{ region: r, service: s, path: {path}, content-sha256: {body} }}");
        format!("code: aws-sigv4\nclock: {{ unit: iso8601-basic, past: 300 }}\nconstants: {constants}\n")
    };
    let paths = "the constant `path` is `normalized`, `unnormalized` or `encoded-once`";
    for path in ["normalized", "unnormalized", "encoded-once"] {
        for body in ["header", "implied"] {
            assert_eq!(told(&aws(path, body)), None);
        }
    }
    assert_eq!(told(&aws("raw", "header")), Some(format!("raw | {paths}")));
    assert_told(&[
        (&aws("normalized", "raw"), "raw | the constant `content-sha256` is `header` or `implied`"),
        (
            &format!("mac: {{ hash: sha512, encoding: hex, key: utf8 }}\n{}", aws("normalized", "header")),
            "mac | `AWS4-HMAC-SHA256` has the hash sha256",
        ),
    ]);
}

#[test]
fn a_json_web_token_is_base64url_under_a_hash_that_has_a_name_there() {
    let wrong = "mac | a JSON Web Token is base64url, and its hash sha256, sha384 or sha512";
    let jwt = |hash: &str, encoding: &str| {
        let constants = "constants: { header: '{\"alg\":\"HS256\"}', payload: '{\"nbf\":{timestamp}}' }";
        let mac = format!("mac: {{ hash: {hash}, encoding: {encoding}, key: utf8 }}");
        format!("code: jwt-hmac\n{mac}\nclock: {{ unit: seconds, past: 60 }}\n{constants}\n")
    };
    for hash in ["sha256", "sha384", "sha512"] {
        assert_eq!(told(&jwt(hash, "base64url")), None, "{hash}");
    }
    assert_eq!(told(&jwt("sha1", "base64url")).as_deref(), Some(wrong));
    assert_eq!(told(&jwt("sha256", "hex")).as_deref(), Some(wrong));
}
