//! How requests are signed.
//!
//! The trait to know is [`Scheme`]; regular schemes are data, read by [`Declarative`], and the others
//! are code, listed in [`CODED`]. Nothing here knows of cases, expectations or targets.

mod coded;
mod declarative;
mod encoding;
mod file;
mod key;
mod mac;
mod refusal;
mod signed;
mod template;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use coded::{CODED, Code};
pub use declarative::Declarative;
pub use encoding::Encoding;
pub use file::{
    Carrier, ClockSpec, InWindow, KeyForm, ListSpec, MacSpec, MessageDefaults, Once, Ordered, Presence,
    Published, SchemeError, SchemeFile, WrongSecret,
};
pub use key::Key;
pub use mac::{Construction, Hash, mac};
pub use refusal::Refusal;
pub use signed::{Holds, Part, Place, Signed, Spot};
pub use template::{InvalidTemplate, Piece, Slot, Template};

use crate::secret::Secret;
use crate::time::Timestamp;
use crate::wire::{ByteString, Request};

/// Something that a signed request carries in addition to the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "generate", derive(arbitrary::Arbitrary, proptest_derive::Arbitrary))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Field {
    /// The MAC value.
    Tag,
    /// When it was signed.
    Timestamp,
    /// The message id.
    Id,
    /// The nonce.
    Nonce,
    /// Which key signed it.
    KeyId,
}

impl Field {
    /// All fields.
    pub const ALL: [Self; 5] = [Self::Tag, Self::Timestamp, Self::Id, Self::Nonce, Self::KeyId];

    /// The name in templates.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Tag => "tag",
            Self::Timestamp => "timestamp",
            Self::Id => "id",
            Self::Nonce => "nonce",
            Self::KeyId => "key-id",
        }
    }

    /// The field with this name in templates.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }
}

/// What a request claims, before any of it is believed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Claims {
    /// Tags as written; any of them may be the right one.
    pub tags: Vec<ByteString>,
    /// The timestamp as written.
    pub timestamp: Option<ByteString>,
    /// The message id.
    pub id: Option<ByteString>,
    /// The nonce.
    pub nonce: Option<ByteString>,
    /// The key id.
    pub key_id: Option<ByteString>,
}

impl Claims {
    /// The bytes of a field; of the tag, the first.
    pub fn get(&self, field: Field) -> Option<&[u8]> {
        match field {
            Field::Tag => self.tags.first().map(ByteString::as_slice),
            Field::Timestamp => self.timestamp.as_deref(),
            Field::Id => self.id.as_deref(),
            Field::Nonce => self.nonce.as_deref(),
            Field::KeyId => self.key_id.as_deref(),
        }
    }

    /// Sets a field; a tag is added to the others.
    pub fn put(&mut self, field: Field, text: ByteString) {
        match field {
            Field::Tag => self.tags.push(text),
            Field::Timestamp => self.timestamp = Some(text),
            Field::Id => self.id = Some(text),
            Field::Nonce => self.nonce = Some(text),
            Field::KeyId => self.key_id = Some(text),
        }
    }
}

/// Whether a scheme protects a part of the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coverage {
    /// Under the MAC.
    Covered,
    /// In the request, but not under the MAC.
    Uncovered,
    /// The scheme does not have this part.
    Absent,
}

/// What both sides know of the place where a verifier runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deployment {
    /// Scheme and authority under which the endpoint is known, without a slash at the end; for `{url}`.
    pub origin: String,
    /// Constants that replace those of the scheme.
    pub constants: BTreeMap<String, String>,
    /// Text of the key id that genuine requests carry.
    pub key_id: String,
}

impl Default for Deployment {
    fn default() -> Self {
        Self { origin: String::new(), constants: BTreeMap::new(), key_id: "primary".to_owned() }
    }
}

/// Everything other than the message that goes into a signature. No `Debug`: it holds the key.
#[derive(Clone)]
pub struct Ingredients<'a> {
    /// Key bytes.
    pub key: &'a Key,
    /// Hash; the scheme's own in a genuine request.
    pub hash: Hash,
    /// Construction; HMAC in a genuine request.
    pub construction: Construction,
    /// Text of the timestamp.
    pub timestamp: ByteString,
    /// Text of the message id.
    pub id: ByteString,
    /// Text of the nonce.
    pub nonce: ByteString,
    /// Text of the key id.
    pub key_id: ByteString,
    /// Where the verifier runs.
    pub deployment: &'a Deployment,
    /// What the request claims about its own signature, where it claims something unusual.
    pub terms: Terms<'a>,
}

/// What a request claims about its own signature, where the sender does not keep to the scheme.
#[derive(Debug, Clone, Copy, Default)]
pub struct Terms<'a> {
    /// Name of the algorithm.
    pub algorithm: Option<&'a str>,
    /// Parts that are listed as covered.
    pub covers: Option<&'a [Part]>,
    /// When it expires: seconds since 1970, or another text.
    pub expires: Option<&'a [u8]>,
}

impl Terms<'_> {
    /// Whether any of these parts is covered.
    pub fn cover(&self, parts: &[Part]) -> bool {
        let same = |one: &Part, other: &Part| match (one, other) {
            (Part::Header(one), Part::Header(other)) => one.eq_ignore_ascii_case(other),
            _ => one == other,
        };
        self.covers.is_none_or(|listed| listed.iter().any(|one| parts.iter().any(|other| same(one, other))))
    }
}

/// Why a message cannot be signed by a scheme.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// The scheme puts a field into a JSON body, and the body is none.
    #[error("the scheme carries its {} in a JSON body, and this body is not a JSON object", .0.name())]
    BodyIsNotJson(Field),
    /// The scheme signs members of the body, and the body does not have them.
    #[error("the scheme signs members of {0}, and this body is none")]
    BodyIsNot(&'static str),
    /// Something would stand there twice, so that nobody could say which one is signed.
    #[error("the message already has {0}")]
    AlreadyThere(&'static str),
    /// The message has a form that the scheme cannot sign.
    #[error("the scheme cannot sign {0}")]
    Unsignable(&'static str),
}

/// Where in a request a field stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Home {
    /// In a header.
    Header,
    /// In the query.
    Query,
    /// In the body.
    Body,
}

/// How requests are signed, and how signatures are read.
///
/// Signing and reading are the two sides of one format; deciding whether a request is good is
/// the verifier's task, not the scheme's.
pub trait Scheme: fmt::Debug + Send + Sync {
    /// The scheme as data: name, MAC, clock, defaults.
    fn file(&self) -> &SchemeFile;

    /// Whether a part is under the MAC.
    fn coverage(&self, part: &Part) -> Coverage;

    /// Where genuine requests carry a field; `None` if they do not.
    fn home(&self, field: Field) -> Option<Home>;

    /// What headers carry, as far as it can be said as data.
    fn carriers(&self) -> &[Carrier] {
        &self.file().carries
    }

    /// Turns the configured secret into key bytes.
    ///
    /// # Errors
    /// The secret does not have the form that the scheme demands; the text says which, not what it is.
    fn key(&self, secret: &Secret) -> Result<Key, WrongSecret> {
        self.file().mac.key.decode(secret)
    }

    /// Makes the tag of a signing string. A scheme that derives a key for each day or region does it here.
    fn tag(&self, construction: Construction, hash: Hash, key: &Key, text: &[u8]) -> Vec<u8> {
        mac(construction, hash, key, text)
    }

    /// The name that requests give HMAC with a hash; `None` if they name no algorithm.
    fn algorithm(&self, _hash: Hash) -> Option<&'static str> {
        None
    }

    /// Whether requests list what is under the MAC.
    fn lists_parts(&self) -> bool {
        false
    }

    /// Whether requests can say when they expire.
    fn expires(&self) -> bool {
        false
    }

    /// When a request says that it expires; `None` if it does not.
    ///
    /// # Errors
    /// What it says is no such time.
    fn expiry(&self, _request: &Request) -> Result<Option<Timestamp>, Refusal> {
        Ok(None)
    }

    /// The bytes under the MAC. A covered header that is missing counts as empty.
    fn signing_string(&self, request: &Request, claims: &Claims, deployment: &Deployment) -> Vec<u8>;

    /// Whether two requests have the same bytes under the MAC.
    fn signs_the_same(
        &self,
        one: (&Request, &Claims),
        other: (&Request, &Claims),
        deployment: &Deployment,
    ) -> bool {
        self.signing_string(one.0, one.1, deployment) == self.signing_string(other.0, other.1, deployment)
    }

    /// Signs a message: adds all that the scheme carries.
    ///
    /// # Errors
    /// The message cannot carry a signature of this scheme.
    fn sign(&self, message: Request, with: Ingredients<'_>) -> Result<Signed, CannotSign>;

    /// What a request claims that this scheme has just signed, as [`Scheme::read`] reads it.
    ///
    /// # Errors
    /// What was signed cannot be read.
    fn claims(&self, signed: &Signed) -> Result<Claims, Refusal> {
        self.read(signed.request())
    }

    /// Reads what a request claims: from its head, and from its body only where the tag itself stands there.
    ///
    /// # Errors
    /// Something is missing, appears twice, or has another shape.
    fn read(&self, request: &Request) -> Result<Claims, Refusal>;

    /// The request once for each item of its body, if items are signed one by one; `None` if the scheme signs
    /// requests as a whole. Such a scheme has no message id and no nonce.
    fn items(&self, _request: &Request) -> Option<Vec<Request>> {
        None
    }

    /// Compares the body with the digest of it that the head carries; to be called after the head was
    /// authenticated.
    ///
    /// # Errors
    /// It is the digest of another body.
    fn compare_body(&self, _request: &Request, _claims: &Claims) -> Result<(), Refusal> {
        Ok(())
    }

    /// Reads what stands in the body; to be called only after the body was authenticated.
    ///
    /// # Errors
    /// Something is missing or has another shape.
    fn read_body(&self, _request: &Request, _claims: &mut Claims) -> Result<(), Refusal> {
        Ok(())
    }
}

/// The same scheme with constants that replace its own.
///
/// # Errors
/// The scheme does not work with these constants.
pub fn with_constants(
    scheme: &Arc<dyn Scheme>,
    constants: &BTreeMap<String, String>,
) -> Result<Arc<dyn Scheme>, SchemeError> {
    if constants.is_empty() {
        return Ok(Arc::clone(scheme));
    }
    let mut file = scheme.file().clone();
    file.constants.extend(constants.clone());
    self::scheme(file)
}

/// Gives a scheme file its meaning: as data, or by the code that it names.
///
/// # Errors
/// Parts that do not parse or do not fit together, or a code that does not exist.
pub fn scheme(file: SchemeFile) -> Result<Arc<dyn Scheme>, SchemeError> {
    if file.code.is_some() { coded::scheme(file) } else { Ok(Arc::new(Declarative::new(file)?)) }
}
