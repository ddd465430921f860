//! HTTP Message Signatures (RFC 9421) with HMAC: one signature, components without parameters.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::params::{is_quotable, only};
use super::text::Text;
use super::{claims, constant, hmac_name, home_of, sealed};
use crate::scheme::mac::digest;
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Hash, Home, Ingredients, Part, Refusal, Scheme,
    SchemeFile, Signed,
};
use crate::time::{ClockUnit, Timestamp};
use crate::wire::{Header, Request};

const INPUT: &str = "Signature-Input";
const SIGNATURE: &str = "Signature";
const DIGEST: &str = "content-digest";

/// Components that are no headers.
const DERIVED: [&str; 6] = ["@method", "@authority", "@path", "@query", "@request-target", "@target-uri"];

/// The scheme.
#[derive(Debug)]
pub(super) struct MessageSignatures {
    pub(super) file: SchemeFile,
}

/// What `Signature-Input` says.
#[derive(Debug, Default)]
struct Input<'r> {
    label: &'r str,
    /// Everything behind the label, as it is signed.
    whole: &'r str,
    components: Vec<&'r str>,
    /// Names and values; texts without their quotation marks.
    parameters: Vec<(&'r str, &'r str)>,
}

impl<'r> Input<'r> {
    fn get(&self, name: &str) -> Option<&'r str> {
        self.parameters.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    }
}

fn is_label(text: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-.*".contains(&byte);
    text.starts_with(|first: char| first.is_ascii_lowercase() || first == '*') && text.bytes().all(letter)
}

/// Reads `label=("one" "two");name=1;name="text"`, and no other shape.
fn input(request: &Request) -> Result<Input<'_>, Refusal> {
    let text = std::str::from_utf8(only(request, INPUT)?).map_err(|_| Refusal::MalformedSignature)?;
    parsed(text).ok_or(Refusal::MalformedSignature)
}

fn parsed(text: &str) -> Option<Input<'_>> {
    let (label, whole) = text.split_once('=').filter(|(label, _)| is_label(label))?;
    let (list, mut rest) = whole.strip_prefix('(')?.split_once(')')?;
    let mut components = Vec::new();
    for item in list.split(' ').filter(|_| !list.is_empty()) {
        let name = item.strip_prefix('"')?.strip_suffix('"')?;
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"@-_".contains(&b));
        let known = DERIVED.contains(&name) || !name.starts_with('@');
        if name.is_empty() || !plain || !known || components.contains(&name) {
            return None;
        }
        components.push(name);
    }
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix(';')?.split_once('=')?;
        let (value, behind) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(';').unwrap_or(after.len())),
        };
        if parameters.iter().any(|(known, _)| *known == name) || !is_quotable(value.as_bytes()) {
            return None;
        }
        parameters.push((name, value));
        rest = behind;
    }
    Some(Input { label, whole, components, parameters })
}

fn body_digest(request: &Request) -> String {
    format!("sha-256=:{}:", STANDARD.encode(digest(Hash::Sha256, &[&request.body])))
}

/// The value of a component. A header counts by its first line; more than one is refused in reading.
fn component(request: &Request, name: &str, deployment: &Deployment) -> Vec<u8> {
    match name {
        "@method" => request.method.to_vec(),
        "@path" if request.path().is_empty() => b"/".to_vec(),
        "@path" => request.path().to_vec(),
        "@query" => [b"?", request.query().unwrap_or_default()].concat(),
        "@request-target" => request.target.to_vec(),
        "@target-uri" => [deployment.origin.as_bytes(), &request.target].concat(),
        "@authority" => {
            let host = request.value("Host").unwrap_or_default().to_ascii_lowercase();
            let usual: &[u8] = if deployment.origin.starts_with("https:") { b":443" } else { b":80" };
            host.strip_suffix(usual).unwrap_or(&host).to_vec()
        }
        _ => request.value(name).unwrap_or_default().trim_ascii().to_vec(),
    }
}

/// The part of a request that a component stands for.
fn part_of(name: &str) -> Part {
    match name {
        "@method" => Part::Method,
        "@path" => Part::Path,
        "@query" => Part::Query,
        "@request-target" | "@target-uri" => Part::Target,
        "@authority" => Part::Header("Host".to_owned()),
        DIGEST => Part::Body,
        header => Part::Header(header.to_owned()),
    }
}

impl MessageSignatures {
    /// Names of the components that must be under the MAC.
    fn demanded(&self) -> impl Iterator<Item = &str> {
        constant(&self.file, "components").split(' ').filter(|name| !name.is_empty())
    }

    fn demands(&self, name: &str) -> bool {
        self.demanded().any(|known| known.eq_ignore_ascii_case(name))
    }
}

impl Scheme for MessageSignatures {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        let by = |names: &[&str]| {
            if names.iter().any(|name| self.demands(name)) { Coverage::Covered } else { Coverage::Uncovered }
        };
        match part {
            Part::Timestamp | Part::Nonce | Part::Unique | Part::KeyId | Part::CoveredHeader => {
                Coverage::Covered
            }
            Part::Method => by(&["@method"]),
            Part::Path => by(&["@path", "@request-target", "@target-uri"]),
            Part::Query => by(&["@query", "@request-target", "@target-uri"]),
            Part::Target => match (self.coverage(&Part::Path), self.coverage(&Part::Query)) {
                (Coverage::Covered, Coverage::Covered) => Coverage::Covered,
                _ => Coverage::Uncovered,
            },
            Part::Body => by(&[DIGEST]),
            Part::Header(name) if name.eq_ignore_ascii_case("Host") => by(&["@authority", "host"]),
            Part::Header(name) => by(&[name]),
            Part::Tag | Part::TagBytes | Part::Signature => Coverage::Uncovered,
            Part::Id | Part::Label => Coverage::Absent,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::Nonce, Field::KeyId], Home::Header, field)
    }

    fn algorithm(&self, hash: Hash) -> Option<&'static str> {
        Some(hmac_name(hash))
    }

    fn lists_parts(&self) -> bool {
        true
    }

    fn expires(&self) -> bool {
        true
    }

    fn expiry(&self, request: &Request) -> Result<Option<Timestamp>, Refusal> {
        let parse = |text: &str| ClockUnit::Seconds.parse(text.as_bytes()).ok_or(Refusal::MalformedTimestamp);
        input(request)?.get("expires").map(parse).transpose()
    }

    fn signing_string(&self, request: &Request, _: &Claims, deployment: &Deployment) -> Vec<u8> {
        let input = input(request).unwrap_or_default();
        let mut text = Vec::new();
        for name in &input.components {
            text.extend(
                [b"\"", name.as_bytes(), b"\": ", &component(request, name, deployment), b"\n"].concat(),
            );
        }
        text.extend([b"\"@signature-params\": ", input.whole.as_bytes()].concat());
        text
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if [INPUT, SIGNATURE].iter().any(|name| message.value(name).is_some()) {
            return Err(CannotSign::AlreadyThere("a signature"));
        }
        let claims = claims(&with);
        let value = |field| claims.get(field).unwrap_or_default();
        let (time, nonce) = (value(Field::Timestamp), value(Field::Nonce));
        let bare = |byte: &u8| byte.is_ascii_graphic() && !b"\"\\;,".contains(byte);
        if !time.iter().all(bare) || !is_quotable(nonce) || !is_quotable(value(Field::KeyId)) {
            return Err(CannotSign::Unsignable("this text as a parameter"));
        }
        let terms = with.terms;
        let algorithm = terms.algorithm.unwrap_or_default();
        if !is_quotable(algorithm.as_bytes()) || !terms.expires.unwrap_or_default().iter().all(bare) {
            return Err(CannotSign::Unsignable("this text as a parameter"));
        }
        if self.demands(DIGEST) && terms.cover(&[Part::Body]) {
            if message.value(DIGEST).is_some() {
                return Err(CannotSign::AlreadyThere("a Content-Digest header"));
            }
            message.headers.push(Header::new("Content-Digest", body_digest(&message)));
        }
        let there = |name: &&str| {
            (name.starts_with('@') || message.value(name).is_some())
                && (terms.covers.is_none() || terms.cover(&[part_of(name)]))
        };
        let names: Vec<String> = self.demanded().filter(there).map(|name| format!("\"{name}\"")).collect();
        let label = constant(&self.file, "label");
        let mut input = Text::default()
            .text(format!("{label}=({});created=", names.join(" ")))
            .field(Field::Timestamp, time)
            .text(";keyid=\"")
            .field(Field::KeyId, value(Field::KeyId))
            .text("\"");
        if !nonce.is_empty() {
            input = input.text(";nonce=\"").field(Field::Nonce, nonce).text("\"");
        }
        if let Some(expires) = terms.expires {
            input = input.text(";expires=").text(expires);
        }
        if terms.algorithm.is_some() {
            input = input.text(format!(";alg=\"{algorithm}\""));
        }
        let mut places = input.in_header(message.headers.len());
        message.headers.push(Header::new(INPUT, input.bytes()));
        let signature = Text::default().text(format!("{label}=:")).field(Field::Tag, b"").text(":");
        places.extend(signature.in_header(message.headers.len()));
        message.headers.push(Header::new(SIGNATURE, signature.bytes()));
        Ok(sealed(self, message, places, Some("Content-Type"), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let signature = only(request, SIGNATURE)?;
        let input = input(request)?;
        let tag = signature
            .strip_prefix(input.label.as_bytes())
            .and_then(|rest| rest.strip_prefix(b"=:")?.strip_suffix(b":"))
            .ok_or(Refusal::MalformedSignature)?;
        let known = |(name, _): &(&str, &str)| ["created", "expires", "keyid", "nonce", "alg"].contains(name);
        let algorithm = input.get("alg").is_none_or(|named| named == hmac_name(self.file.mac.hash));
        if !input.parameters.iter().all(known) || !algorithm {
            return Err(Refusal::MalformedSignature);
        }
        let needed = |name: &str| name.starts_with('@') || name == DIGEST || request.value(name).is_some();
        let signed = |name: &str| input.components.contains(&name);
        let twice = |name: &&str| !name.starts_with('@') && request.values(name).count() != 1;
        let host = signed("@authority") && request.values("Host").count() != 1;
        if host || self.demanded().any(|n| needed(n) && !signed(n)) || input.components.iter().any(twice) {
            return Err(Refusal::CoveredHeader);
        }
        Ok(Claims {
            tags: vec![tag.into()],
            timestamp: Some(input.get("created").ok_or(Refusal::MissingTimestamp)?.into()),
            nonce: input.get("nonce").map(Into::into),
            key_id: input.get("keyid").map(Into::into),
            id: None,
        })
    }

    fn compare_body(&self, request: &Request, _: &Claims) -> Result<(), Refusal> {
        let fits = !self.demands(DIGEST) || request.value(DIGEST) == Some(body_digest(request).as_bytes());
        if fits { Ok(()) } else { Err(Refusal::DigestMismatch) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_stand_for_parts_of_the_request() {
        let of = |target: &str, name: &str, origin: &str| {
            let headers = vec![Header::new("Host", "A.example:443"), Header::new("X-Name", "  a  b ")];
            let request = Request { method: "PUT".into(), target: target.into(), headers, body: "b".into() };
            let deployment = Deployment { origin: origin.to_owned(), ..Deployment::default() };
            String::from_utf8(component(&request, name, &deployment)).expect("text")
        };
        for (target, name, expected) in [
            ("/p?q=1", "@method", "PUT"),
            ("/p?q=1", "@path", "/p"),
            ("?q=1", "@path", "/"),
            ("/p?q=1", "@query", "?q=1"),
            ("/p", "@query", "?"),
            ("/p?q=1", "@request-target", "/p?q=1"),
            ("/p?q=1", "@target-uri", "https://a.example/p?q=1"),
            ("/p", "@authority", "a.example"),
            ("/p", "x-name", "a  b"),
            ("/p", "x-none", ""),
        ] {
            assert_eq!(of(target, name, "https://a.example"), expected, "{name}");
        }
        assert_eq!(of("/p", "@authority", "http://a.example"), "a.example:443", "not the port of http");
    }
}
