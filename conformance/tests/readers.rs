//! How strictly schemes that are code read a request: what each makes of one change to its syntax.
//!
//! Nothing is verified here. `read` means that a tag was found, and would then be compared.

use std::fmt::Write as _;

use countersign_conformance::place::Place;
use countersign_core::recipe::{Recipe, build};
use countersign_core::scheme::{Refusal, Scheme};
use countersign_core::wire::{Header, Octets, Request};

/// Schemes, and changes to their requests: `- NAME` takes a header away, `+ NAME` doubles it, `FROM -> TO` replaces
/// a text in target, header values and body; TO may be `nothing`. Several are joined with `&&`.
const CHANGES: &str = r#"
rfc9421-hmac-sha256
  - Signature
  + Signature
  - Signature-Input
  + Signature-Input
  - Content-Type
  + Content-Type
  - Content-Digest
  + Content-Digest
  - Host
  + Host
  sig1= -> *.-_a9=
  sig1= -> Sig1=
  sig1= -> 9sig=
  sig1= -> -sig=
  sig1= -> s g=
  sig1= -> =
  sig1=: -> sig2=:
  sig1=( -> sig1=
  sig1=( -> sig1=((
  "); -> ";
  "@method" -> @method
  "@method" -> "@method
  "@method" -> "@status"
  "@method" -> ""
  "@method" -> "@Method"
  "@method" -> "@path"
  "@method" "@authority" -> "@method"  "@authority"
  "@method"  -> nothing
  "@authority"  -> nothing
  "@query"  -> nothing
  "content-type"  -> nothing
   "content-digest" -> nothing
  "@method" -> "@method" "x-none"
  "@method" -> "@method" "@target-uri" "@request-target"
  ;created= -> created=
  ;created= -> ;created
  ;created= -> ;time=
  ;keyid= -> ;created=1;keyid=
  ;keyid= -> ;tag="x";keyid=
  ;keyid= -> ;alg="hmac-sha256";keyid=
  ;keyid= -> ;alg="hmac-sha512";keyid=
  ;keyid= -> ;expires=1795262460;keyid=
  ;keyid= -> ;expires=soon;keyid=
  ;keyid= -> ;expires=;keyid=
  keyid="primary" -> keyid="prim
  keyid="primary" -> keyid="pri\mary"
  keyid="primary" -> keyid=primary
  keyid="primary"; -> nothing
  ;nonce= -> ;id=
  sha-256=: -> sha-512=:
  - Content-Digest &&  "content-digest" -> nothing
  - Content-Type && "content-type"  -> nothing
  application/json -> text/plain

cavage
  - Signature
  + Signature
  - Date
  + Date
  - Digest
  + Digest
  - Host
  + Host
  - Content-Type
  keyId="primary", -> nothing
  keyId= -> keyid=
  keyId="primary" -> keyId=primary
  keyId="primary" -> keyId="a",keyId="b"
  algorithm="hmac-sha256", -> nothing
  hmac-sha256 -> hmac-sha512
  hmac-sha256 -> hs2019
  algorithm= -> created="1",algorithm=
  headers= -> header=
  (request-target) host date digest content-type -> date
  (request-target) host date digest content-type -> nothing
   date  ->  
  (request-target)  -> nothing
   host  ->  
   digest  ->  
   content-type" -> "
   host  ->  Host 
   host  ->  host host 
   host  ->   host 
   host  ->  host x-none 
  ,signature= -> , signature=
  ,signature= -> ;signature=
  SHA-256= -> SHA-512=
  application/json -> text/plain

contentful
  - X-Contentful-Signature
  + X-Contentful-Signature
  - X-Contentful-Timestamp
  + X-Contentful-Timestamp
  - X-Contentful-Signed-Headers
  + X-Contentful-Signed-Headers
  - Content-Type
  + Content-Type
  - X-Contentful-Crn
  + X-Contentful-Crn
  content-type,x -> x-contentful-crn,content-type,x
  content-type, -> Content-Type,
  content-type, -> content-type,content-type,
  content-type, -> nothing
  ,x-contentful-timestamp -> nothing
  ,x-contentful-signed-headers -> nothing
  ,x-contentful-crn -> nothing
  content-type, -> content-type,host,
  content-type, -> content-type,none,
  /hook -> /hook?a?b
  /hook -> /hook?a
  1795262400000 -> now

hawk
  - Authorization
  + Authorization
  - Host
  + Host
  Hawk  -> nothing
  Hawk  -> hawk 
  Hawk  -> Hawk
  Hawk  -> Bearer 
  id="primary",  -> nothing
  id="primary" -> id=primary
  id="primary" -> id="primary
  id="primary" -> id="a", id="b"
  ts="1795262400",  -> nothing
  ts= -> time=
  nonce= -> none=
  hash= -> app="a", hash=
  hash= -> dlg="a", hash=
  hash= -> ext="a", hash=
  hash= -> more="a", hash=
  hash= -> HASH=
  , hash -> hash
  mac= -> sig=
  example.com -> example.com:8080
  example.com -> [::1]
  example.com -> [::1]:8080
  application/json -> text/plain
  application/json -> application/json; charset=utf-8

jwt-hs256
  - Authorization
  + Authorization
  Bearer  -> nothing
  Bearer  -> bearer 
  Bearer  -> Basic 
  eyJhbGci -> eyJhbGc
  .eyJ -> eyJ
  .eyJ -> ..eyJ
  Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9. -> Bearer 
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> eyJhbGciOiJIUzUxMiJ9
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> eyJhbGciOiJub25lIn0
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> eyJhbGciOiJIUzI1NiIsImNyaXQiOlsiYSJdfQ
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> eyJhbGciOiJIUzI1NiIsImFsZyI6IkhTMjU2In0
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> e30
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> YWJj
  eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 -> eyJhbGciOiJIUzI1NiJ9

oauth1-hmac-sha1
  - Authorization
  + Authorization
  OAuth  -> nothing
  OAuth  -> oauth 
  OAuth  -> Bearer 
  oauth_consumer_key="primary",  -> nothing
  oauth_consumer_key= -> oauth_consumer=
  oauth_signature_method="HMAC-SHA1",  -> nothing
  "HMAC-SHA1" -> "HMAC-SHA256"
  "HMAC-SHA1" -> "PLAINTEXT"
  "HMAC-SHA1" -> "hmac-sha1"
  oauth_timestamp="1795262400",  -> nothing
  oauth_nonce= -> nonce=
  oauth_nonce= -> oauth_version="1.0", oauth_nonce=
  oauth_nonce= -> oauth_version="1.1", oauth_nonce=
  oauth_nonce= -> oauth_token="t", oauth_nonce=
  oauth_nonce= -> realm="r", oauth_nonce=
  oauth_signature= -> signature=
  oauth_signature= -> oauth_signature="", oauth_signature=
  OAuth  -> OAuth realm="r", 
  oauth_nonce= -> realm="a b", oauth_nonce=
  oauth_nonce=" -> oauth_nonce="a b
  /hook -> /hook?oauth_nonce=x
  status= -> oauth_nonce=x&status=
  application/x-www-form-urlencoded -> text/plain
  marker= -> marker=%ZZ

aws-sigv4
  - Authorization
  + Authorization
  - X-Amz-Date
  + X-Amz-Date
  - X-Amz-Content-SHA256
  + X-Amz-Content-SHA256
  - Host
  + Host
  - Content-Type
  + Content-Type
  AWS4-HMAC-SHA256  -> AWS4-HMAC-SHA512 
  AWS4-HMAC-SHA256  -> nothing
  AWS4-HMAC-SHA256  -> AWS4-HMAC-SHA256
  Credential= -> credential=
  primary/ -> nothing
  primary/ -> /
  primary/ -> a/b/
  /20261121/ -> /20261122/
  /us-east-1/ -> /us-east-2/
  /execute-api/ -> /s3/
  /aws4_request -> /aws5_request
  /aws4_request -> nothing
  SignedHeaders= -> Signedheaders=
  content-type;host; -> host;content-type;
  content-type;host; -> content-type;Host;
  content-type;host; -> Content-Type;host;
  content-type;host; -> ;content-type;host;
  content-type;host; -> content-type;host;host;
  content-type;host; -> host;
  content-type;host; -> content-type;
  content-type;host; -> content-type;host;none;
  ;x-amz-date -> nothing
  ;x-amz-content-sha256 -> nothing
  , Signature= -> ,Signature=
  , Signature= ->  Signature=
  Signature= -> signature=
  20261121T120000Z -> 20261121
  20261121T120000Z -> 20261122T120000Z
  application/json -> text/plain

aws-sigv4-query
  - Host
  + Host
  - Content-Type
  + Content-Type
  X-Amz-Algorithm= -> X-Amz-Algo=
  AWS4-HMAC-SHA256 -> AWS4-HMAC-SHA512
  X-Amz-Credential= -> X-Amz-Cred=
  primary%2F -> nothing
  primary%2F -> primary/
  %2F20261121%2F -> %2F20261122%2F
  us-east-1 -> us-east-2
  aws4_request -> aws5_request
  X-Amz-Date=20261121T120000Z& -> nothing
  X-Amz-Date=20261121T120000Z -> X-Amz-Date=now
  X-Amz-Expires=3600& -> nothing
  X-Amz-Expires=3600 -> X-Amz-Expires=0
  X-Amz-Expires=3600 -> X-Amz-Expires=604800
  X-Amz-Expires=3600 -> X-Amz-Expires=604801
  X-Amz-Expires=3600 -> X-Amz-Expires=-1
  X-Amz-Expires=3600 -> X-Amz-Expires=x
  X-Amz-Expires=3600 -> X-Amz-Expires=3600&X-Amz-Expires=3600
  content-type%3Bhost -> host
  content-type%3Bhost -> content-type
  content-type%3Bhost -> host%3Bcontent-type
  X-Amz-Signature= -> X-Amz-Sig=
  X-Amz-Signature= -> X-Amz-Signature=x&X-Amz-Signature=

azure-shared-key
  - Authorization
  + Authorization
  - x-ms-date
  + x-ms-date
  - x-ms-version
  + x-ms-version
  + Content-Type
  + Host
  SharedKey  -> nothing
  SharedKey  -> SharedKeyLite 
  SharedKey  -> sharedkey 
  primary: -> primary
  primary: -> :
  primary: -> a:b:

twilio
  - X-Twilio-Signature
  + X-Twilio-Signature
  + Host
  application/x-www-form-urlencoded -> application/json
  + Content-Type
  Body= -> Body=x&Body=

shopify-oauth
  &hmac= -> &signature=
  &hmac= -> &hmac=x&hmac=
  &hmac= -> &HMAC=
  &hmac= -> &hmac
  timestamp=1795262400& -> nothing
  timestamp=1795262400 -> timestamp=1&timestamp=2
  &state= -> &state=a&state=
  &state= -> &ids[]=1&ids[]=2&state=
  ?code= -> ?%63ode=
  &shop= -> &shop=%ZZ

shopify-app-proxy
  &signature= -> &hmac=
  &signature= -> &signature=x&signature=
  timestamp=1795262400& -> nothing
  timestamp=1795262400 -> timestamp=1&timestamp=2
  &extra= -> &extra=a&extra=

mailgun
  "timestamp":"1795262400", -> nothing
  "timestamp":"1795262400" -> "timestamp":1795262400
  "token" -> "tokens"
  "signature":" -> "signatures":"
  "signature":{ -> "signatures":{
  "signature":{ -> "signature":{},"signature":{
  "token" -> "token":"a","token"
  }} -> }

dropbox-sign
  "event_time":"1795262400", -> nothing
  "event_time":"1795262400" -> "event_time":1795262400
  "event_hash" -> "hash"
  "event_type" -> "type"
  "event":{ -> "events":{
  "event_hash" -> "event_hash":"a","event_hash"
  {"event" -> "event"

adyen-standard
  "hmacSignature" -> "signature"
  "additionalData" -> "data"
  "notificationItems" -> "items"
  "NotificationRequestItem" -> "Item"
  "value":1130 -> "value":"1130"
  "value":1130 -> "value":1130,"value":1
  "pspReference" -> "reference"
  "success":"true" -> "success":true
  "success":"true" -> "ok":"true"
  "eventCode":"AUTHORISATION", -> nothing
  "merchantReference" -> "reference"
  "notificationItems":[ -> "notificationItems":[[],
"#;

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
        let replaced = |octets: &Octets| -> Octets {
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
    let text = |octets: &Octets| String::from_utf8_lossy(octets).into_owned();
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
