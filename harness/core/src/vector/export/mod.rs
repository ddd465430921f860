//! Cases as frozen bytes, for readers in any language.
//!
//! The function to know is [`export`], and [`format`](self::format) holds what it makes. Nothing is written
//! here, and no clock or randomness is read: the same world and cases make the same document.

mod bytes;
mod format;
mod json;
mod sent;

pub use bytes::{Bytes, Repeated};
pub use format::{Absent, Answers, Because, Document, Endpoint, FORMAT, Frozen, Signs, Together};
pub use sent::{By, Form, Kind, Made, Sent, Wait};

use crate::case::{Case, NotApplicable};
use crate::recipe::{CannotBuild, Purpose, Recipe, Round, Sender, Signature, Unique, World, signatures};
use crate::scheme::{Construction, Field, Key, mac};
use crate::spec::Requirement;
use crate::wire::{ByteString, Framing, Pause, Wire, encode};

/// A case, and what decides about it.
#[derive(Debug, Clone, Copy)]
pub struct Chosen<'a> {
    /// Name of its suite.
    pub suite: &'a str,
    /// The case.
    pub case: &'a Case,
    /// The requirement that a wrong decision breaks.
    pub requirement: &'a Requirement,
}

/// Writes cases down as frozen bytes. `seed` makes the fresh texts of each, as in a run.
///
/// # Errors
/// The scheme cannot sign its own message.
pub fn export<'a>(
    world: &World<'_>,
    seed: u64,
    chosen: impl IntoIterator<Item = Chosen<'a>>,
) -> Result<Document, CannotBuild> {
    let file = world.scheme.file();
    let fresh =
        |case| World { unique: Unique::new(seed, file.scheme.as_str(), case), second: None, ..*world };
    let mut constants = file.constants.clone();
    constants.extend(world.sender.deployment.constants.clone());
    let mut document = Document {
        format: FORMAT.to_owned(),
        tool: concat!("countersign ", env!("CARGO_PKG_VERSION")).to_owned(),
        scheme: Signs {
            name: file.scheme.clone(),
            title: file.title.clone(),
            source: file.source.clone(),
            hash: file.mac.hash,
            encoding: file.mac.encoding,
            canonical: file.signs.clone(),
            carries: file.carries.clone(),
            clock: file.clock.clone(),
            once: file.once,
        },
        endpoint: Endpoint {
            secret: String::from_utf8_lossy(world.sender.secret.expose()).into_owned(),
            key: hex::encode(&world.sender.key[..]),
            key_id: world.sender.deployment.key_id.clone(),
            now: world.now.seconds(),
            origin: world.sender.deployment.origin.clone(),
            path: world.sender.target.clone(),
            constants,
        },
        control: control(&fresh("control"))?,
        cases: Vec::new(),
        not_applicable: Vec::new(),
    };
    for chosen in chosen {
        match frozen(chosen, &fresh(chosen.case.id.as_str())) {
            Ok(Some(case)) => document.cases.push(case),
            Ok(None) => document.not_applicable.push(Absent {
                id: chosen.case.id.clone(),
                because: Because::BytesCannotSay,
                reason: "it is about when octets arrive, or how many".to_owned(),
            }),
            Err(why) => document.not_applicable.push(absent(chosen.case, &why)),
        }
    }
    Ok(document)
}

fn control(world: &World<'_>) -> Result<Sent, CannotBuild> {
    let made = signatures(&Recipe::default(), world)?.remove(0);
    let wire = encode(made.request.clone(), Framing::default());
    Ok(sent(&wire, Kind::Signed, Some(&made), world))
}

fn absent(case: &Case, why: &NotApplicable) -> Absent {
    let because = match why {
        NotApplicable::Lacks(_) | NotApplicable::CannotBuild(_) => Because::SchemeLacks,
        NotApplicable::SchemeCannotNotice(_) => Because::SchemeCannotNotice,
        NotApplicable::TakesMore(_) => Because::BytesCannotSay,
    };
    Absent { id: case.id.clone(), because, reason: why.to_string() }
}

/// The case as bytes; none if bytes alone cannot express it.
fn frozen(chosen: Chosen<'_>, world: &World<'_>) -> Result<Option<Frozen>, NotApplicable> {
    let Chosen { suite, case, requirement } = chosen;
    if case.fails_the_handler() {
        return Err(NotApplicable::TakesMore("the handler has to be made to fail"));
    }
    let set_up = case.secret.as_ref().map(|key| Sender {
        secret: world.scheme.file().mac.key.write(key),
        key: Key::new(key.to_vec()),
        ..world.sender.clone()
    });
    let world = &match &set_up {
        Some(sender) => World { sender, ..*world },
        None => *world,
    };
    let built = case.build(world)?;
    if built.rounds.iter().any(Round::needs_exact_writer) {
        return Ok(None);
    }
    let made = signatures(&case.recipe, world)?;
    let mut wires = vec![built.untampered];
    let mut rounds = Vec::new();
    for round in built.rounds {
        let (purpose, wait) = match round.purpose {
            Purpose::Setup => (Answers::Setup, None),
            Purpose::Aside => (Answers::Aside, None),
            Purpose::Judged => (Answers::Judged, None),
            // It is the first of the requests, which every reader has, made as long as the judged one.
            Purpose::Yardstick => continue,
            Purpose::Wait(seconds) => (Answers::Wait, Some(seconds)),
            Purpose::HandlerFails => continue,
        };
        let send = round.wires.into_iter().map(|wire| index(&mut wires, wire)).collect();
        rounds.push(Together { purpose, send, wait });
    }
    let describe = |(index, wire): (usize, &Wire)| {
        let by = made.iter().position(|one| one.request == *wire.request());
        let kind = match by {
            _ if index == 0 => Kind::Signed,
            Some(1..) => Kind::Another,
            Some(0) | None => Kind::Tampered,
        };
        sent(wire, kind, by.map(|by| &made[by]), world)
    };
    Ok(Some(Frozen {
        id: case.id.clone(),
        suite: suite.to_owned(),
        about: case.about.clone(),
        requirements: case.requires.clone(),
        bug_classes: case.kills.clone(),
        level: requirement.level,
        attacker: case.attacker_or(requirement.attacker()),
        key: case.secret.as_ref().map(|key| hex::encode(&key[..])),
        effects: case.effects,
        expect: case.expect.clone(),
        requests: wires.iter().enumerate().map(describe).collect(),
        rounds,
    }))
}

/// The place of a request among the others, at the end if it is new.
fn index(wires: &mut Vec<Wire>, wire: Wire) -> usize {
    wires.iter().position(|known| *known == wire).unwrap_or_else(|| {
        wires.push(wire);
        wires.len() - 1
    })
}

fn sent(wire: &Wire, kind: Kind, made: Option<&Signature>, world: &World<'_>) -> Sent {
    let request = wire.request();
    let wait = |pause: &Pause| Wait { before: pause.at, millis: pause.millis };
    Sent {
        kind,
        octets: Bytes::exact(&wire.bytes()),
        pauses: wire.pauses().iter().map(wait).collect(),
        framing: if *wire.framing() == Framing::default() { Form::Plain } else { Form::Odd },
        method: Bytes::readable(&request.method),
        target: Bytes::readable(&request.target),
        headers: request
            .headers
            .iter()
            .map(|line| (line.name.to_string(), Bytes::readable(&line.value)))
            .collect(),
        body: Bytes::readable(&request.body),
        signature: made.map(|made| signature(made, world)),
    }
}

fn signature(made: &Signature, world: &World<'_>) -> Made {
    let file = world.scheme.file();
    let text = |octets: &ByteString| String::from_utf8_lossy(octets).into_owned();
    let field = |field| made.field(field).map(text);
    let plain = mac(made.construction, made.hash, &made.key, &made.text) == made.tag;
    Made {
        tag: field(Field::Tag).unwrap_or_else(|| file.mac.encoding.encode(&made.tag)),
        canonical: Bytes::readable(&made.text),
        by: if plain { By::Mac } else { By::Scheme },
        key: (made.key[..] != world.sender.key[..]).then(|| hex::encode(&made.key[..])),
        hash: (made.hash != file.mac.hash).then_some(made.hash),
        construction: (made.construction != Construction::Hmac).then_some(made.construction),
        origin: (made.origin != world.sender.deployment.origin).then(|| made.origin.clone()),
        timestamp: field(Field::Timestamp),
        id: field(Field::Id),
        nonce: field(Field::Nonce),
        key_id: field(Field::KeyId),
    }
}
