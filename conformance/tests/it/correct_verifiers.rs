//! Correct verifiers that differ in style: none of them may fail a MUST.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use countersign_conformance::Catalog;
use countersign_conformance::in_process::{Heard, InProcess};
use countersign_conformance::place::{NOW, Place};
use countersign_conformance::reference::{Authentic, Halt, Reference, Reply, Setup, Steps};
use countersign_core::judge::Verdict;
use countersign_core::scheme::{Claims, Key, Refusal, Scheme};
use countersign_core::spec::Level;
use countersign_core::time::Timestamp;
use countersign_core::wire::{Header, Request};

/// One status for every refusal.
struct Refuses(u16);

impl Steps for Refuses {
    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Refused(_) => self.0,
            other => Reference.status(other),
        }
    }
}

/// A status and a text for every cause.
struct Precise;

impl Steps for Precise {
    fn status(&self, reply: Reply) -> u16 {
        match reply {
            Reply::Refused(
                Refusal::MissingSignature | Refusal::MissingTimestamp | Refusal::MissingUnique,
            ) => 400,
            Reply::Refused(Refusal::MalformedSignature | Refusal::MalformedTimestamp) => 422,
            Reply::Refused(Refusal::Replayed) => 409,
            Reply::Refused(Refusal::Stale | Refusal::Future) => 403,
            other => Reference.status(other),
        }
    }

    fn remark(&self, _setup: &Setup, _request: &Request, reply: Reply) -> Option<String> {
        Some(format!("{}: {}", reply.result(), reply.reason()))
    }
}

/// Accepts under the present key and the one before it.
struct Rotating;

impl Steps for Rotating {
    fn authentic(&self, setup: &Setup, claims: &Claims, text: &[u8]) -> Result<bool, Halt> {
        let before = Key::new(b"the key before this one, still good".to_vec());
        let tag = setup.tag_text_under(&before, text);
        let under_before = claims.tags.iter().any(|sent| **sent == *tag);
        Ok(Reference.authentic(setup, claims, text)? || under_before)
    }
}

/// Trims blanks around header values, as some servers below a verifier do.
struct Trimming;

impl Steps for Trimming {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut trimmed = request.clone();
        for line in &mut trimmed.headers {
            *line = Header { name: line.name.clone(), value: line.value.trim_ascii().into() };
        }
        Reference.check(setup, &trimmed, now)
    }
}

/// Refuses a second request with the same tag, also where the scheme asks for no memory.
#[derive(Default)]
struct Remembering(Mutex<Vec<Vec<u8>>>);

impl Steps for Remembering {
    fn finish(&self, setup: &Setup, checked: Result<Authentic, Halt>, now: Timestamp) -> Reply {
        Reference.finish(setup, checked, now)
    }

    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let authentic = Reference.check(setup, request, now)?;
        let mut seen = self.0.lock().expect("no poison");
        let items = setup.scheme.items(request).unwrap_or_else(|| vec![request.clone()]);
        let mut tags = Vec::new();
        for item in &items {
            tags.extend(Reference.read(setup, item)?.tags.concat());
        }
        if seen.contains(&tags) {
            return Err(Refusal::Replayed.into());
        }
        seen.push(tags);
        Ok(authentic)
    }
}

/// Joins lines of one name before it reads them, as some servers below a verifier do.
struct Joining;

impl Steps for Joining {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let mut joined: Request = Request { headers: Vec::new(), ..request.clone() };
        for line in &request.headers {
            match joined.headers.iter_mut().find(|known| known.is(&line.name)) {
                Some(known) => known.value = [&known.value[..], b", ", &line.value].concat().into(),
                None => joined.headers.push(line.clone()),
            }
        }
        Reference.check(setup, &joined, now)
    }
}

/// Takes requests up to half as old and half as early as the scheme allows.
struct Tighter;

impl Steps for Tighter {
    fn fresh(&self, setup: &Setup, request: &Request, claims: &Claims, now: Timestamp) -> Result<(), Halt> {
        let Some(clock) = &setup.scheme.file().clock else { return Ok(()) };
        let half = |limit: Option<u32>| limit.map_or(0, |limit| i64::from(limit / 2));
        Reference.fresh(setup, request, claims, now.plus_seconds(half(clock.past)))?;
        Reference.fresh(setup, request, claims, now.plus_seconds(-half(clock.future)))
    }
}

/// Puts every other request off with 429, and does not look at it.
#[derive(Default)]
struct Limiting {
    requests: AtomicUsize,
    over: AtomicBool,
}

impl Steps for Limiting {
    fn check(&self, setup: &Setup, request: &Request, now: Timestamp) -> Result<Authentic, Halt> {
        let over = self.requests.fetch_add(1, Ordering::Relaxed) % 2 == 1;
        self.over.store(over, Ordering::Relaxed);
        if over { Err(Refusal::MissingSignature.into()) } else { Reference.check(setup, request, now) }
    }

    fn status(&self, reply: Reply) -> u16 {
        if self.over.swap(false, Ordering::Relaxed) { 429 } else { Reference.status(reply) }
    }
}

/// A correct verifier under its name.
type Style = (&'static str, fn() -> Arc<dyn Steps>);

const STYLES: &[Style] = &[
    ("the reference", || Arc::new(Reference)),
    ("refusals with 400", || Arc::new(Refuses(400))),
    ("refusals with 403", || Arc::new(Refuses(403))),
    ("refusals with 404", || Arc::new(Refuses(404))),
    ("precise errors", || Arc::new(Precise)),
    ("two keys", || Arc::new(Rotating)),
    ("trimmed values", || Arc::new(Trimming)),
    ("joined lines", || Arc::new(Joining)),
    ("half the window", || Arc::new(Tighter)),
    ("memory of tags", || Arc::new(Remembering::default())),
    ("a limit of requests", || Arc::new(Limiting::default())),
];

#[test]
fn no_correct_verifier_fails_a_must() {
    let schemes: Vec<_> = Catalog::embedded().schemes.values().collect();
    let (next, alarms) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(scheme) = schemes.get(next.fetch_add(1, Ordering::Relaxed)) {
            let found = alarms_under(scheme);
            alarms.lock().expect("no poison").extend(found);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    let mut alarms = alarms.into_inner().expect("no poison");
    alarms.sort();
    assert!(alarms.is_empty(), "{} false alarms:\n  {}", alarms.len(), alarms.join("\n  "));
}

/// Every case that a style fails under one scheme though it is correct.
fn alarms_under(scheme: &Arc<dyn Scheme>) -> Vec<String> {
    let catalog = Catalog::embedded();
    let place = Place::new(scheme);
    let name = &scheme.file().scheme;
    let mut alarms = Vec::new();
    let mut accepting = Vec::new();
    for (style, make) in STYLES {
        let control = InProcess { setup: &place.setup(), steps: &*make() }.control(&place.world("control"));
        match control {
            Some(control) => accepting.push((style, make, control)),
            None => alarms.push(format!("{style}: {name} refuses its control")),
        }
    }
    for (_, case) in catalog.cases() {
        let other = case.secret.as_ref().map(|key| place.with_key(key));
        let Some(place) = other.as_ref().map_or(Some(&place), Option::as_ref) else { continue };
        let Ok(built) = case.build(&place.world(case.id.as_str())) else { continue };
        let heard = Heard::new(&built);
        for (style, make, control) in &accepting {
            let verifier = InProcess { setup: &place.setup(), steps: &*make() };
            let (executed, _) = verifier.execute(control, case, &heard, NOW);
            if let Verdict::Fail(failure) = executed.verdict
                && catalog.weight(case, &**scheme, failure) == Level::Must
            {
                alarms.push(format!("{style}: {} under {name} {failure}", case.id));
            }
        }
    }
    alarms
}
