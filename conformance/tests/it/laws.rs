//! Laws that hold for any recipe, any bytes and any secret, tested with generated ones.
//!
//! Everything generated comes from a fixed stream, so that a run here is the run of everybody.

use std::cell::Cell;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use countersign_conformance::Catalog;
use countersign_conformance::in_process::InProcess;
use countersign_conformance::place::{NOW, PATH, Place};
use countersign_conformance::reference::{Reference, Reply, Setup, Steps};
use countersign_core::case::{Expectation, derive};
use countersign_core::observe::Outcome;
use countersign_core::recipe::{Message, Moment, Recipe, Sender, Signing, Unique, World, build, genuine};
use countersign_core::scheme::{Deployment, KeyForm, Part};
use countersign_core::secret::Secret;
use countersign_core::tamper::{Line, On, Tamper, With};
use countersign_core::wire::{ByteString, Header, receive};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

/// A runner whose stream is always the same; it shrinks what fails.
fn runner(cases: u32) -> TestRunner {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha))
}

/// Runs a law on a large stack: a derived strategy keeps every kind of tamper there at once.
fn with_room(law: fn()) {
    let law = std::thread::Builder::new().stack_size(32 << 20).spawn(law).expect("a thread");
    law.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
}

fn places() -> Vec<(&'static str, Place)> {
    let schemes = Catalog::embedded().schemes.iter();
    schemes.map(|(name, scheme)| (name.as_str(), Place::new(scheme))).collect()
}

fn text(pattern: &'static str) -> impl Strategy<Value = ByteString> + Clone {
    pattern.prop_map(ByteString::from)
}

/// Messages that HTTP can carry; the body is any bytes.
fn messages() -> impl Strategy<Value = Message> {
    let line = (select(vec!["X-Note", "Content-Type", "Date", "Accept"]), "[!-~]{0,12}");
    let parts = (
        option::of(text("GET|PUT|DELETE|post|HOOK")),
        option::of(text("[/.a-zA-Z0-9%~-]{0,16}")),
        option::of(text("[a-z0-9=&;?%]{0,16}")),
        vec(line.prop_map(|(name, value)| Header::new(name, value)), 0..3),
        vec(Just("Content-Type".to_owned()), 0..2),
        option::of(vec(any::<u8>(), 0..200).prop_map(ByteString::from)),
    );
    parts.prop_map(|(method, path, query, headers, without, body)| Message {
        method,
        path,
        query,
        headers,
        without,
        body,
    })
}

fn signings() -> impl Strategy<Value = Signing> {
    let at = prop_oneof![(1..400u32).prop_map(Moment::WithinPast), (1..4000u32).prop_map(Moment::BeyondPast)];
    prop_oneof![
        5 => Just(Signing::default()),
        2 => at.prop_map(|at| Signing { at, ..Signing::default() }),
        // Boxed, because derived strategies are large and copied from frame to frame.
        1 => any::<Signing>().boxed(),
    ]
}

/// Any tamper, and more of those that change little.
fn tampers() -> impl Strategy<Value = Tamper> {
    let parts = vec![
        Part::Tag,
        Part::TagBytes,
        Part::Label,
        Part::Signature,
        Part::Timestamp,
        Part::Unique,
        Part::Path,
        Part::Query,
        Part::Body,
        Part::CoveredHeader,
    ];
    let with = (select(parts.clone()), text("[!-~]{0,6}")).prop_map(|(part, with)| With { part, with });
    prop_oneof![
        4 => any::<Tamper>().boxed().prop_filter("a thousand entries find nothing that three do not", small),
        1 => select(parts).prop_map(|part| Tamper::Remove(On { part })),
        1 => with.clone().prop_map(Tamper::Append),
        1 => with.prop_map(Tamper::Replace),
        1 => text("[!-~]{1,8}").prop_map(|value| Tamper::AddHeader(Line { name: "X-Added".to_owned(), value })),
    ]
}

fn small(tamper: &Tamper) -> bool {
    !matches!(tamper, Tamper::AddEntry(entry) if entry.times > 3)
}

fn recipes() -> impl Strategy<Value = Recipe> {
    (messages(), signings(), vec(tampers(), 0..3)).prop_map(|(message, sign, tamper)| Recipe {
        message,
        sign,
        tamper,
        ..Recipe::default()
    })
}

#[test]
fn the_reference_does_what_follows_from_the_recipe() {
    with_room(what_follows_from_the_recipe);
}

fn what_follows_from_the_recipe() {
    let places = places();
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let result = runner(3000).run(&recipes(), |recipe| {
        for (name, place) in &places {
            let world = place.world("law");
            let Ok(built) = build(&recipe, &world) else { continue };
            let Some(expected) = derive(&recipe, &built, world.scheme) else { continue };
            let setup = place.setup();
            let verifier = InProcess { setup: &setup, steps: &Reference };
            let outcome = verifier.deliver(&built.rounds[0].wires, NOW)[0].outcome;
            let agrees = match expected {
                Expectation::Accept => outcome == Outcome::Accepted,
                Expectation::Reject => matches!(outcome, Outcome::Rejected | Outcome::RejectedByTransport),
                Expectation::Either(_) | Expectation::Alike | Expectation::Quick => false,
            };
            if !agrees {
                return Err(TestCaseError::fail(format!("{name}: {expected:?} follows, {outcome} happened")));
            }
            let count = if outcome == Outcome::Accepted { &accepted } else { &refused };
            count.set(count.get() + 1);
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    let (accepted, refused) = (accepted.get(), refused.get());
    assert!(
        accepted > 5000 && refused > 5000,
        "too few to mean anything: {accepted} accepted, {refused} refused"
    );
}

#[test]
fn no_bytes_make_the_reference_fail() {
    let places = places();
    let genuine: Vec<Vec<u8>> = places
        .iter()
        .map(|(_, place)| genuine(&place.world("bytes"), 0).expect("every scheme signs").bytes().to_vec())
        .collect();
    let read = Cell::new(0);
    let edit = (any::<u16>(), 0..4usize, vec(any::<u8>(), 0..4));
    let inputs = (0..places.len(), vec(edit, 0..5), vec(any::<u8>(), 0..80), 0..8u8);
    let result = runner(20_000).run(&inputs, |(scheme, edits, raw, kind)| {
        let mut octets = if kind == 0 { raw } else { genuine[scheme].clone() };
        for (at, drop, with) in edits {
            let at = usize::from(at) % (octets.len() + 1);
            let end = octets.len().min(at + drop);
            octets.splice(at..end, with);
        }
        let Ok(request) = receive(&octets) else { return Ok(()) };
        read.set(read.get() + 1);
        let setup = places[scheme].1.setup();
        match Reference.finish(&setup, Reference.check(&setup, &request, NOW), NOW) {
            Reply::Accepted | Reply::Refused(_) => Ok(()),
            Reply::HandlerFailed => Err(TestCaseError::fail("the handler failed")),
            Reply::Broken(what) => Err(TestCaseError::fail(what)),
            Reply::Died => Err(TestCaseError::fail("died")),
        }
    });
    result.unwrap_or_else(|error| panic!("{error}"));
    assert!(read.get() > 5000, "only {} of 20000 inputs reached the reference", read.get());
}

#[test]
fn the_same_seed_makes_the_same_bytes_and_another_seed_others() {
    with_room(what_a_seed_makes);
}

fn what_a_seed_makes() {
    let places = places();
    let result = runner(150).run(&recipes(), |recipe| {
        for (name, place) in &places {
            let world = place.world("seed");
            let octets = |world: &World<'_>| {
                let built = build(&recipe, world).ok()?;
                Some(
                    built
                        .rounds
                        .iter()
                        .flat_map(|r| &r.wires)
                        .map(|wire| wire.bytes().to_vec())
                        .collect::<Vec<_>>(),
                )
            };
            if octets(&world) != octets(&world) {
                return Err(TestCaseError::fail(format!("{name}: two builds differ")));
            }
            let other = World { unique: Unique::new(1, name, "seed"), ..world };
            let first = |world| genuine(world, 0).map(|wire| wire.bytes().to_vec());
            if first(&world) == first(&other) {
                return Err(TestCaseError::fail(format!("{name}: the seed changes nothing")));
            }
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn nothing_of_a_secret_is_shown_when_a_verifier_is_printed() {
    const CANARY: &[u8] = b"canary-7f3a-of-thirty-two-bytes!";
    let decimal = format!("{CANARY:?}");
    for (name, scheme) in &Catalog::embedded().schemes {
        let secret = match &scheme.file().mac.key {
            KeyForm::Utf8 => Secret::new(CANARY),
            KeyForm::Hex => Secret::new(hex::encode(CANARY)),
            KeyForm::Base64 => Secret::new(STANDARD.encode(CANARY)),
            KeyForm::Base64After(prefix) => Secret::new(format!("{prefix}{}", STANDARD.encode(CANARY))),
        };
        let sender = Sender::new(&**scheme, secret.clone(), PATH, Deployment::default());
        let sender = sender.expect("the canary has the form of the scheme");
        let setup = Setup::new(Arc::clone(scheme), sender.key.clone(), sender.deployment.clone(), PATH);
        let world = World {
            scheme: &**scheme,
            sender: &sender,
            host: "example.com",
            now: NOW,
            unique: Unique::new(1, name.as_str(), "canary"),
            second: None,
        };
        for shown in
            [format!("{setup:?}"), format!("{setup:#?}"), format!("{world:?}"), format!("{secret:?}")]
        {
            let squeezed: String = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            let forms =
                ["canary-7f3a".to_owned(), hex::encode(CANARY), STANDARD.encode(CANARY), decimal.clone()];
            for form in forms {
                let inner = form.trim_matches(['[', ']', '=']);
                assert!(!squeezed.contains(inner), "{name}: {shown}");
            }
        }
        assert!(format!("{setup:?}").contains(name.as_str()), "a verifier is known by its scheme");
    }
}
