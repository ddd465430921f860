//! Hawk: eight lines of the request and of the header itself under the MAC, the body by a digest.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::params::{Params, Values, credentials, get, is_quotable, params};
use super::query::media_type;
use super::text::Text;
use super::{claims, constant, home_of, sealed};
use crate::scheme::mac::digest;
use crate::scheme::{
    CannotSign, Claims, Coverage, Deployment, Field, Home, Ingredients, Part, Refusal, Scheme, SchemeFile,
    Signed,
};
use crate::wire::{Header, Request};

/// The scheme.
#[derive(Debug)]
pub(super) struct Hawk {
    pub(super) file: SchemeFile,
}

/// Parameters that the header may have.
const KNOWN: [&str; 8] = ["id", "ts", "nonce", "hash", "ext", "mac", "app", "dlg"];

fn attributes(request: &Request) -> Result<Params<'_>, Refusal> {
    let found = params(credentials(request, "Hawk")?, Values::Quoted)?;
    let known = |name: &[u8]| KNOWN.iter().any(|known| known.as_bytes() == name);
    if found.iter().all(|(name, _)| known(name)) { Ok(found) } else { Err(Refusal::MalformedSignature) }
}

/// Host name and port, as the request itself names them.
fn authority(request: &Request, deployment: &Deployment) -> (Vec<u8>, Vec<u8>) {
    let host = request.value("Host").unwrap_or_default().to_ascii_lowercase();
    let colon = host.iter().rposition(|byte| *byte == b':').filter(|at| !host[*at..].contains(&b']'));
    match colon {
        Some(at) => (host[..at].to_vec(), host[at + 1..].to_vec()),
        None => (host, if deployment.origin.starts_with("https:") { &b"443"[..] } else { b"80" }.to_vec()),
    }
}

impl Hawk {
    fn payload_hash(&self, request: &Request) -> String {
        let kind = media_type(request);
        STANDARD
            .encode(digest(self.file.mac.hash, &[b"hawk.1.payload\n", &kind, b"\n", &request.body, b"\n"]))
    }
}

impl Scheme for Hawk {
    fn file(&self) -> &SchemeFile {
        &self.file
    }

    fn coverage(&self, part: &Part) -> Coverage {
        match part {
            Part::Timestamp | Part::Nonce | Part::Unique | Part::Method | Part::Path | Part::Query => {
                Coverage::Covered
            }
            Part::Target | Part::Body | Part::CoveredHeader => Coverage::Covered,
            Part::Header(name) if name.eq_ignore_ascii_case("Host") => Coverage::Covered,
            Part::Tag | Part::TagBytes | Part::Signature | Part::KeyId | Part::Header(_) => {
                Coverage::Uncovered
            }
            Part::Id | Part::Label => Coverage::Absent,
        }
    }

    fn home(&self, field: Field) -> Option<Home> {
        home_of(&[Field::Tag, Field::Timestamp, Field::Nonce, Field::KeyId], Home::Header, field)
    }

    fn signing_string(&self, request: &Request, claims: &Claims, deployment: &Deployment) -> Vec<u8> {
        let found = attributes(request).unwrap_or_default();
        let named = |name| get(&found, name).unwrap_or_default();
        let (host, port) = authority(request, deployment);
        let method = request.method.to_ascii_uppercase();
        let mut lines: Vec<&[u8]> = vec![
            b"hawk.1.header",
            claims.get(Field::Timestamp).unwrap_or_default(),
            claims.get(Field::Nonce).unwrap_or_default(),
            &method,
            &request.target,
            &host,
            &port,
            named("hash"),
            named("ext"),
        ];
        if let Some(app) = get(&found, "app") {
            lines.extend([app, named("dlg")]);
        }
        lines.push(b"");
        lines.join(&b'\n')
    }

    fn sign(&self, mut message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign> {
        if message.value("Authorization").is_some() {
            return Err(CannotSign::AlreadyThere("an Authorization header"));
        }
        let claims = claims(&with);
        let fields = [(Field::KeyId, "id"), (Field::Timestamp, "ts"), (Field::Nonce, "nonce")];
        let mut text = Text::default().text("Hawk ");
        for (field, name) in fields {
            let value = claims.get(field).unwrap_or_default();
            if !is_quotable(value) {
                return Err(CannotSign::Unsignable("this text between quotation marks"));
            }
            text = text.text(format!("{name}=\"")).field(field, value).text("\", ");
        }
        if !message.body.is_empty() {
            text = text.text(format!("hash=\"{}\", ", self.payload_hash(&message)));
        }
        let more = constant(&self.file, "ext");
        if !more.is_empty() {
            text = text.text(format!("ext=\"{more}\", "));
        }
        let text = text.text("mac=\"").field(Field::Tag, b"").text("\"");
        let places = text.in_header(message.headers.len());
        message.headers.push(Header::new("Authorization", text.bytes()));
        Ok(sealed(self, message, places, Some("Host"), &with))
    }

    fn read(&self, request: &Request) -> Result<Claims, Refusal> {
        let found = attributes(request)?;
        if request.values("Host").count() != 1 || request.values("Content-Type").count() > 1 {
            return Err(Refusal::CoveredHeader);
        }
        if get(&found, "dlg").is_some() && get(&found, "app").is_none() {
            return Err(Refusal::MalformedSignature);
        }
        let named = |name, refusal| get(&found, name).map(Into::into).ok_or(refusal);
        Ok(Claims {
            tags: vec![named("mac", Refusal::MissingSignature)?],
            timestamp: Some(named("ts", Refusal::MissingTimestamp)?),
            nonce: Some(named("nonce", Refusal::MissingUnique)?),
            key_id: Some(named("id", Refusal::MissingSignature)?),
            id: None,
        })
    }

    fn compare_body(&self, request: &Request, _: &Claims) -> Result<(), Refusal> {
        let fits = match get(&attributes(request)?, "hash") {
            Some(hash) => hash == self.payload_hash(request).as_bytes(),
            None => request.body.is_empty(),
        };
        if fits { Ok(()) } else { Err(Refusal::DigestMismatch) }
    }
}
