//! From a recipe to bytes: draft, sign, tamper, encode.
//!
//! Each step consumes what came before it, and only the last makes a [`Wire`]. Nothing here is
//! random: what must be fresh comes from [`Unique`](super::Unique), which is derived from the seed of the run.

use std::borrow::Cow;

use sha2::{Digest, Sha256};

use super::draft::draft;
use super::terms::OwnTerms;
use super::{
    CannotBuild, Delivery, KeyChoice, Manner, Message, Moment, Purpose, Recipe, Round, SECOND_KEY_ID,
    Signing, Step, World,
};
use crate::scheme::{CannotSign, Claims, Coverage, Deployment, Ingredients, Key, Once, Part, Signed};
use crate::tamper::{apply, framing};
use crate::wire::{ByteString, Framing, Request, Wire, encode};

/// A recipe, ready to send.
#[derive(Debug, Clone)]
pub struct Built {
    /// What is sent, in order.
    pub rounds: Vec<Round>,
    /// The same request without any tamper, for showing what was changed.
    pub untampered: Wire,
    /// Whether the scheme can tell the tampered request from the signed one; none if nothing depends on it.
    pub difference: Option<Difference>,
}

/// Whether the scheme can tell a tampered request from the signed one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Difference {
    /// Nothing was changed, or only after signing in ways that the scheme sees.
    Seen,
    /// What the scheme covers and reads is the same: no verifier of the scheme can notice.
    Unseen,
}

/// Builds a genuine request: the `n`-th of this world's source of fresh texts.
///
/// # Errors
/// The scheme cannot sign its own message.
pub fn genuine(world: &World<'_>, n: u64) -> Result<Wire, CannotBuild> {
    let signed = sign(&Message::default(), &Signing::default(), world, n, None)?;
    Ok(encode(signed.into_request(), Framing::default()))
}

/// Whether the tampered request is compared with the signed one, which takes time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// It is; [`Built::difference`] is there.
    Yes,
    /// Nothing depends on it.
    No,
}

/// Builds all requests of a recipe, and compares the tampered one with the signed one.
///
/// # Errors
/// The recipe asks for something that the scheme does not have.
pub fn build(recipe: &Recipe, world: &World<'_>) -> Result<Built, CannotBuild> {
    build_with(recipe, Compare::Yes, world)
}

/// Builds all requests of a recipe.
///
/// # Errors
/// The recipe asks for something that the scheme does not have.
pub fn build_with(recipe: &Recipe, compare: Compare, world: &World<'_>) -> Result<Built, CannotBuild> {
    let signed = sign(&recipe.message, &recipe.sign, world, 0, None)?;
    let (tampered, untampered, difference) = tamper(recipe, compare, world, signed)?;
    let mut rounds = Vec::new();
    match &recipe.deliver {
        Delivery::Once => rounds.push(Round::whole(vec![tampered], Purpose::Judged)),
        Delivery::Interleaved(inside) => {
            rounds.push(Round::interleaved(*inside, tampered, untampered.clone())?);
        }
        Delivery::BesideSlow(copies) => {
            rounds.push(Round::beside_slow(*copies, tampered, untampered.clone())?);
        }
        Delivery::Flooded(mebibytes) => {
            let length = u64::from((*mebibytes).max(1)) << 20;
            let manner = Manner::Flooded(length);
            let wires = vec![announced(&tampered, length)];
            rounds.push(Round { wires, purpose: Purpose::Judged, manner });
        }
        Delivery::Parallel(copies) => {
            let wires = vec![tampered; usize::from((*copies).clamp(2, 64))];
            rounds.push(Round::whole(wires, Purpose::Judged));
        }
        Delivery::Sequence(steps) => {
            let mut others = 1;
            rounds.reserve(steps.len());
            for step in steps {
                let one = |wire| Round::whole(vec![wire], Purpose::Aside);
                match step {
                    Step::Genuine => {
                        rounds.push(Round::whole(vec![untampered.clone()], Purpose::Setup));
                    }
                    Step::Tampered => rounds.push(one(tampered.clone())),
                    Step::Resigned(text) => {
                        let signed = sign(&recipe.message, &recipe.sign, world, 0, Some(text))?;
                        rounds.push(one(encode(signed.into_request(), Framing::default())));
                    }
                    Step::Wait(seconds) => {
                        rounds.push(Round::whole(Vec::new(), Purpose::Wait(*seconds)));
                    }
                    Step::HandlerFails => {
                        rounds.push(Round::whole(Vec::new(), Purpose::HandlerFails));
                    }
                    Step::Second(text) => {
                        let wire = from_second_sender(&recipe.message, world, text, sign)?;
                        let wire = encode(wire.into_request(), Framing::default());
                        rounds.push(Round::whole(vec![wire], Purpose::Setup));
                    }
                    Step::Others(count) => {
                        for _ in 0..*count {
                            let wires = vec![genuine(world, others)?];
                            rounds.push(Round::whole(wires, Purpose::Setup));
                            others += 1;
                        }
                    }
                }
            }
            if let Some(last) = rounds.last_mut() {
                last.purpose = Purpose::Judged;
            }
        }
    }
    Ok(Built { rounds, untampered, difference })
}

/// The request with another length announced, unless its length is not announced at all.
fn announced(wire: &Wire, length: u64) -> Wire {
    let mut framing = wire.framing().clone();
    if framing.chunk.is_none() {
        framing.content_length = Some(vec![length.to_string().into_bytes()]);
    }
    encode(wire.request().clone(), framing)
}

/// Tampers with a signed request: what is sent, what would have been, and whether it shows.
fn tamper(
    recipe: &Recipe,
    compare: Compare,
    world: &World<'_>,
    signed: Signed,
) -> Result<(Wire, Wire, Option<Difference>), CannotBuild> {
    if recipe.tamper.is_empty() {
        let difference = (compare == Compare::Yes).then(|| match world.scheme.read(signed.request()) {
            Ok(_) => Difference::Unseen,
            Err(_) => Difference::Seen,
        });
        if recipe.wire.is_empty() {
            let sent = encode(signed.into_request(), Framing::default());
            return Ok((sent.clone(), sent, difference));
        }
        let untampered = encode(signed.request().clone(), Framing::default());
        return Ok((wire(recipe, signed), untampered, difference));
    }
    let mut tampered = signed;
    let untampered = tampered.request().clone();
    let before = (compare == Compare::Yes).then(|| world.scheme.claims(&tampered));
    for tamper in &recipe.tamper {
        apply(tamper, &mut tampered, world.scheme, world.now)?;
    }
    let difference = before.map(|before| match before {
        Ok(before) => difference((&untampered, before), tampered.request(), &recipe.deliver, world),
        Err(_) => Difference::Seen,
    });
    Ok((wire(recipe, tampered), encode(untampered, Framing::default()), difference))
}

fn wire(recipe: &Recipe, mut signed: Signed) -> Wire {
    let framing = framing(&recipe.wire, &mut signed);
    encode(signed.into_request(), framing)
}

/// Has a message signed by the second sender, as it signs its genuine requests.
pub(super) fn from_second_sender<T>(
    message: &Message,
    world: &World<'_>,
    unique: &str,
    sign: impl FnOnce(&Message, &Signing, &World<'_>, u64, Option<&str>) -> Result<T, CannotBuild>,
) -> Result<T, CannotBuild> {
    let carried = world.scheme.coverage(&Part::Unique) != Coverage::Absent;
    sign(message, &Signing::default(), &world.of_second_sender()?, 0, carried.then_some(unique))
}

fn sign(
    message: &Message,
    signing: &Signing,
    world: &World<'_>,
    n: u64,
    unique: Option<&str>,
) -> Result<Signed, CannotBuild> {
    let by_scheme = |request, with: Ingredients<'_>| world.scheme.sign(request, with);
    let signed = prepare(message, signing, world, n, unique, by_scheme)?;
    if signing.covers.is_some() {
        let all = Signing { covers: None, ..signing.clone() };
        let all = prepare(message, &all, world, n, unique, by_scheme)?;
        if all.request() == signed.request() {
            return Err(CannotBuild::Genuine);
        }
    }
    Ok(signed)
}

/// Drafts a message, gathers all that goes into its signature, and hands on both.
pub(super) fn prepare<T>(
    message: &Message,
    signing: &Signing,
    world: &World<'_>,
    n: u64,
    unique: Option<&str>,
    then: impl FnOnce(Request, Ingredients<'_>) -> Result<T, CannotSign>,
) -> Result<T, CannotBuild> {
    let file = world.scheme.file();
    let digits = world.unique.digits(n);
    let fresh = str::from_utf8(&digits).expect("digits are ASCII");
    let message = draft(message, world, fresh);
    let Signing { key, hash, construction, at, unique: own, key_id, origin, .. } = signing;
    if hash.is_some_and(|hash| hash == file.mac.hash) {
        return Err(CannotBuild::Genuine);
    }
    let timestamp = match (&file.clock, at) {
        (None, Moment::Now) => ByteString::default(),
        (None, _) => return Err(CannotBuild::NoTimestamp),
        (Some(clock), at) => at.render(world.now, clock).ok_or(CannotBuild::NoWindow)?,
    };
    let template = unique.or(own.as_deref());
    let carries = |field| world.scheme.coverage(field) != Coverage::Absent;
    if template.is_some() && !carries(&Part::Unique) {
        return Err(CannotBuild::NoUnique);
    }
    let text = template.map(|t| t.replace("{unique}", fresh).replace("{UNIQUE}", &fresh.to_uppercase()));
    if key_id.is_some() && !carries(&Part::KeyId) {
        return Err(CannotBuild::NoKeyId);
    }
    let deployment = match origin {
        Some(origin) => Cow::Owned(Deployment { origin: origin.clone(), ..world.sender.deployment.clone() }),
        None => Cow::Borrowed(&world.sender.deployment),
    };
    let key = choose(key, world)?;
    let own = OwnTerms::of(signing, world)?;
    let done = then(
        message,
        Ingredients {
            key: &key,
            hash: hash.unwrap_or(file.mac.hash),
            construction: *construction,
            timestamp,
            id: match &text {
                _ if !carries(&Part::Id) => ByteString::default(),
                Some(text) => text.clone().into(),
                None => ByteString::joined(&[b"msg_", &fresh.as_bytes()[..24]]),
            },
            nonce: match text {
                _ if !carries(&Part::Nonce) => ByteString::default(),
                Some(text) => text.into(),
                None => ByteString::copy_of(&digits),
            },
            key_id: match key_id {
                _ if !carries(&Part::KeyId) => ByteString::default(),
                Some(text) if text.contains(SECOND_KEY_ID) => {
                    let second = world.second.ok_or(CannotBuild::NoSecond)?;
                    text.replace(SECOND_KEY_ID, &second.deployment.key_id).into()
                }
                Some(text) => text.as_str().into(),
                None => ByteString::copy_of(world.sender.deployment.key_id.as_bytes()),
            },
            deployment: &deployment,
            terms: own.terms(signing),
        },
    )?;
    Ok(done)
}

fn choose<'w>(choice: &KeyChoice, world: &World<'w>) -> Result<Cow<'w, Key>, CannotBuild> {
    let right = &world.sender.key;
    let other = match choice {
        KeyChoice::Right => return Ok(Cow::Borrowed(right)),
        KeyChoice::Wrong => {
            let mut bytes = Vec::new();
            let mut block: [u8; 32] = Sha256::digest([b"another key than ", &right[..]].concat()).into();
            while bytes.len() < right.len().max(1) {
                bytes.extend_from_slice(&block);
                block = Sha256::digest(block).into();
            }
            bytes.truncate(right.len().max(1));
            bytes
        }
        KeyChoice::Empty => Vec::new(),
        KeyChoice::Undecoded => world.sender.secret.expose().to_vec(),
        KeyChoice::RightThen(more) => [&right[..], more.as_slice()].concat(),
        KeyChoice::RightPrefix(length) => {
            right.get(..usize::from(*length)).ok_or(CannotBuild::Genuine)?.to_vec()
        }
        KeyChoice::Bytes(bytes) => bytes.as_slice().to_vec(),
        KeyChoice::Second => world.second.ok_or(CannotBuild::NoSecond)?.key.to_vec(),
    };
    // HMAC pads keys with NUL: a key and the same key with NULs behind it are one.
    let same = |a: &[u8], b: &[u8]| {
        let end = |key: &[u8]| key.iter().rposition(|&byte| byte != 0).map_or(0, |at| at + 1);
        a[..end(a)] == b[..end(b)]
    };
    if same(right, &other) {
        return Err(CannotBuild::Genuine);
    }
    Ok(Cow::Owned(Key::new(other)))
}

/// Compares what a verifier of the scheme sees of both requests. Of several tags any may be right,
/// so that others beside the right one make no difference. A time makes one if the scheme looks at it: if
/// there is a window, or if it is no time at all. Another id or nonce under the same tag makes one only to
/// a verifier that has seen the first.
fn difference(
    (signed, before): (&Request, Claims),
    tampered: &Request,
    deliver: &Delivery,
    world: &World<'_>,
) -> Difference {
    let Ok(after) = world.scheme.read(tampered) else { return Difference::Seen };
    let unique = world.scheme.file().once.map(Once::field);
    let once = |claims| unique.and_then(|field| Claims::get(claims, field));
    let fresh = matches!(deliver, Delivery::Once | Delivery::Flooded(_))
        && once(&after).is_some_and(|text| !text.is_empty());
    let any_time = match (&world.scheme.file().clock, &after.timestamp) {
        (Some(clock), Some(text)) => clock.is_unbounded() && clock.unit.parse(text).is_some(),
        _ => false,
    };
    let same = world.scheme.compare_body(tampered, &after).is_ok()
        && before.key_id == after.key_id
        && (before.timestamp == after.timestamp || any_time)
        && before.tags.iter().any(|tag| after.tags.contains(tag))
        && (once(&before) == once(&after) || fresh)
        && world.scheme.signs_the_same((signed, &before), (tampered, &after), &world.sender.deployment);
    if same { Difference::Unseen } else { Difference::Seen }
}
