//! Schemes that no template can describe, as code.
//!
//! The list to know is [`CODED`]. A scheme file names one of these codes and gives it the rest: hash,
//! encoding, window, constants. A code must not know how a request is tampered with.

mod adyen;
mod azure;
mod cavage;
mod contentful;
mod dropbox_sign;
mod hawk;
mod json;
mod jwt;
mod mailgun;
mod message_signatures;
mod oauth1;
mod params;
mod query;
mod shopify;
mod sigv4;
mod sigv4_query;
mod text;
mod twilio;

use std::sync::Arc;

use super::{Claims, Field, Hash, Home, Ingredients, Part, Place, Scheme, SchemeError, SchemeFile, Signed};
use crate::wire::Request;

/// A code that scheme files can name.
#[derive(Debug)]
pub struct Code {
    /// The name in scheme files.
    pub name: &'static str,
    /// Constants that the file must give.
    pub constants: &'static [&'static str],
    make: fn(SchemeFile) -> Result<Arc<dyn Scheme>, SchemeError>,
}

/// All codes, in order of their names.
pub const CODED: &[Code] = &[
    Code { name: "adyen-standard", constants: &[], make: |file| made(adyen::Adyen { file }) },
    Code {
        name: "aws-sigv4",
        constants: &["region", "service", "path", "content-sha256"],
        make: |file| made(sigv4::SigV4::new(file)?),
    },
    Code {
        name: "aws-sigv4-query",
        constants: &["region", "service", "path"],
        make: |file| made(sigv4_query::Presigned::new(file)?),
    },
    Code { name: "azure-shared-key", constants: &[], make: |file| made(azure::Azure::new(file)?) },
    Code { name: "cavage", constants: &["headers"], make: |file| made(cavage::Cavage { file }) },
    Code {
        name: "contentful",
        constants: &["signed-headers"],
        make: |file| made(contentful::Contentful::new(file)?),
    },
    Code {
        name: "dropbox-sign",
        constants: &["event-type"],
        make: |file| made(dropbox_sign::DropboxSign { file }),
    },
    Code { name: "hawk", constants: &["ext"], make: |file| made(hawk::Hawk { file }) },
    Code { name: "jwt-hmac", constants: &["header", "payload"], make: |file| made(jwt::Jwt::new(file)?) },
    Code { name: "mailgun", constants: &[], make: |file| made(mailgun::Mailgun { file }) },
    Code { name: "oauth1", constants: &["token"], make: |file| made(oauth1::OAuth1 { file }) },
    Code {
        name: "rfc9421",
        constants: &["label", "components"],
        make: |file| made(message_signatures::MessageSignatures { file }),
    },
    Code {
        name: "shopify-app-proxy",
        constants: &[],
        make: |file| made(shopify::Shopify { file, form: shopify::APP_PROXY }),
    },
    Code {
        name: "shopify-oauth",
        constants: &[],
        make: |file| made(shopify::Shopify { file, form: shopify::OAUTH }),
    },
    Code { name: "twilio", constants: &[], make: |file| made(twilio::Twilio::new(file)?) },
];

fn made(scheme: impl Scheme + 'static) -> Result<Arc<dyn Scheme>, SchemeError> {
    Ok(Arc::new(scheme))
}

/// Gives a scheme file the code that it names.
pub(super) fn scheme(file: SchemeFile) -> Result<Arc<dyn Scheme>, SchemeError> {
    let name = file.code.clone().unwrap_or_default();
    let wrong = |at: &str, message: String| Err(SchemeError::new(at, message));
    let Some(code) = CODED.iter().find(|code| code.name == name) else {
        return wrong(&name, format!("there is no code `{name}`"));
    };
    if file.signs.is_some() || !file.carries.is_empty() {
        let at = if file.signs.is_some() { "signs" } else { "carries" };
        return wrong(at, format!("`code: {name}` says what is signed and carried; leave out `{at}`"));
    }
    if let Some(missing) = code.constants.iter().find(|name| !file.constants.contains_key(**name)) {
        return wrong("code", format!("`code: {name}` needs the constant `{missing}` under `constants:`"));
    }
    let scheme = (code.make)(file)?;
    let file = scheme.file();
    if scheme.home(Field::Timestamp).is_some() != file.clock.is_some() {
        let (has, needs) = match file.clock {
            Some(_) => ("no timestamp", "leave out"),
            None => ("a timestamp", "give"),
        };
        return wrong("code", format!("`code: {name}` carries {has}; {needs} `clock:`"));
    }
    match file.once {
        Some(once) if scheme.home(once.field()).is_none() => {
            wrong("once", format!("`code: {name}` carries no {}", once.field().name()))
        }
        _ => Ok(scheme),
    }
}

/// A constant of the scheme; codes are only made with files that have theirs.
fn constant<'f>(file: &'f SchemeFile, name: &str) -> &'f str {
    file.constants.get(name).map_or("", String::as_str)
}

/// Everything that a genuine request claims but its tag.
fn claims(with: &Ingredients<'_>) -> Claims {
    Claims {
        tags: Vec::new(),
        timestamp: Some(with.timestamp.clone()),
        id: Some(with.id.clone()),
        nonce: Some(with.nonce.clone()),
        key_id: Some(with.key_id.clone()),
    }
}

/// Computes the tag of a message that carries everything but it, and writes it to its place, which is
/// empty so far.
fn sealed(
    scheme: &dyn Scheme,
    message: Request,
    places: Vec<Place>,
    covered_header: Option<&str>,
    with: &Ingredients<'_>,
) -> Signed {
    let text = scheme.signing_string(&message, &claims(with), with.deployment);
    let tag = scheme.tag(with.construction, with.hash, with.key, &text);
    let written = scheme.file().mac.encoding.encode(&tag);
    let mut signed = Signed::new(message, places, covered_header.map(Into::into), tag);
    if let Some(spot) = signed.find(&Part::Tag) {
        signed.splice(&spot, written.into());
    }
    signed
}

/// HMAC with a hash, as the registries of HTTP signatures name it.
fn hmac_name(hash: Hash) -> &'static str {
    match hash {
        Hash::Sha1 => "hmac-sha1",
        Hash::Sha256 => "hmac-sha256",
        Hash::Sha384 => "hmac-sha384",
        Hash::Sha512 => "hmac-sha512",
    }
}

/// The home of the fields in a list, for schemes that keep all of them in one place.
fn home_of(fields: &[Field], home: Home, field: Field) -> Option<Home> {
    fields.contains(&field).then_some(home)
}
