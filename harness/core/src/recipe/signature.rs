//! How the genuine requests of a recipe were signed: text under the MAC, tag, key.
//!
//! The type to know is [`Signature`]. It is for showing and exporting; sending needs none of it.

use super::build::{from_second_sender, prepare};
use super::{CannotBuild, Delivery, Message, Recipe, Signing, Step, World};
use crate::scheme::{Claims, Construction, Field, Hash, Key, Part};
use crate::wire::{ByteString, Request};

/// A genuine request and how it was signed. No `Debug`: it holds the key.
#[derive(Clone)]
pub struct Signature {
    /// The request with its signature, before any tamper.
    pub request: Request,
    /// The bytes under the MAC.
    pub text: Vec<u8>,
    /// The MAC in bytes.
    pub tag: Vec<u8>,
    /// The key that signed.
    pub key: Key,
    /// The hash.
    pub hash: Hash,
    /// The construction.
    pub construction: Construction,
    /// The origin under which the sender knows the endpoint.
    pub origin: String,
    /// What the request carries, as it is written there.
    pub carried: Vec<(Field, ByteString)>,
}

impl Signature {
    /// The text of a field, if the request carries it.
    pub fn field(&self, wanted: Field) -> Option<&ByteString> {
        self.carried.iter().find(|(field, _)| *field == wanted).map(|(_, text)| text)
    }
}

/// Every signature that was made for a recipe: that of its own message, and those of the steps of its sequence.
///
/// # Errors
/// The recipe asks for something that the scheme does not have.
pub fn signatures(recipe: &Recipe, world: &World<'_>) -> Result<Vec<Signature>, CannotBuild> {
    let mut all = vec![signature(&recipe.message, &recipe.sign, world, 0, None)?];
    let Delivery::Sequence(steps) = &recipe.deliver else { return Ok(all) };
    let (plain, mut others) = (Recipe::default(), 1);
    for step in steps {
        match step {
            Step::Genuine | Step::Tampered | Step::Wait(_) | Step::HandlerFails => {}
            Step::Resigned(text) => all.push(signature(&recipe.message, &recipe.sign, world, 0, Some(text))?),
            Step::Second(text) => all.push(from_second_sender(&recipe.message, world, text, signature)?),
            Step::Others(count) => {
                for _ in 0..*count {
                    all.push(signature(&plain.message, &plain.sign, world, others, None)?);
                    others += 1;
                }
            }
        }
    }
    Ok(all)
}

fn signature(
    message: &Message,
    signing: &Signing,
    world: &World<'_>,
    n: u64,
    unique: Option<&str>,
) -> Result<Signature, CannotBuild> {
    prepare(message, signing, world, n, unique, |message, with| {
        let (key, hash, construction) = (with.key.clone(), with.hash, with.construction);
        let claims = Claims {
            tags: Vec::new(),
            timestamp: Some(with.timestamp.clone()),
            id: Some(with.id.clone()),
            nonce: Some(with.nonce.clone()),
            key_id: Some(with.key_id.clone()),
        };
        let deployment = with.deployment;
        let signed = world.scheme.sign(message, with)?;
        let text = world.scheme.signing_string(signed.request(), &claims, deployment);
        let carried = Field::ALL
            .into_iter()
            .filter_map(|field| Some((field, signed.bytes(&signed.find(&part(field))?).into())))
            .collect();
        let tag = signed.tag().to_vec();
        let origin = deployment.origin.clone();
        Ok(Signature { request: signed.into_request(), text, tag, key, hash, construction, origin, carried })
    })
}

fn part(field: Field) -> Part {
    match field {
        Field::Tag => Part::Tag,
        Field::Timestamp => Part::Timestamp,
        Field::Id => Part::Id,
        Field::Nonce => Part::Nonce,
        Field::KeyId => Part::KeyId,
    }
}
