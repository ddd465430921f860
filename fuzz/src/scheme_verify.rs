//! Arbitrary requests to the reference: it accepts exactly those whose tag, time and id are right.
//!
//! The first byte chooses the scheme, the second how the rest is read: as the bytes of a request,
//! or as pieces that become the values of the headers that the scheme reads, query and body.

use arbitrary::Unstructured;
use countersign_conformance::in_process::InProcess;
use countersign_conformance::place::{NOW, PATH, Place};
use countersign_conformance::reference::{Reference, Setup};
use countersign_core::observe::Outcome;
use countersign_core::recipe::genuine;
use countersign_core::scheme::{Claims, Construction};
use countersign_core::wire::{Framing, Header, Request, encode, receive};

use crate::chosen;

/// Header lines more than the scheme asks for, at most.
const SPARE_LINES: u8 = 3;

/// Runs the target.
pub fn run(data: &[u8]) {
    let [scheme, form, rest @ ..] = data else { return };
    let place = chosen(*scheme);
    let setup = place.setup();
    let request = match form % 2 {
        0 => receive(rest).ok(),
        _ => pieces(place, rest).map(|request| encode(request, Framing::default())).and_then(|wire| {
            // What the HTTP layer makes of the bytes is what the verifier gets.
            receive(&wire.bytes()).ok()
        }),
    };
    let Some(request) = request else { return };
    let verifier = InProcess { setup: &setup, steps: &Reference };
    let answer = verifier.deliver(&[encode(request.clone(), Framing::default())], NOW);
    let accepted = match answer[0].outcome {
        Outcome::Accepted => true,
        // Encoded anew it may be another request: one with chunks has lost them.
        Outcome::RejectedByTransport => return,
        Outcome::Rejected => false,
        other => panic!("the reference {other} on {request:?}"),
    };
    let heard = receive(&encode(request, Framing::default()).bytes()).expect("it was delivered");
    assert_eq!(accepted, is_right(place, &setup, &heard), "{}: {heard:?}", place.scheme.file().scheme);
}

/// A request made of pieces of the input, with a line for each header that the scheme reads.
fn pieces(place: &Place, rest: &[u8]) -> Option<Request> {
    let mut input = Unstructured::new(rest);
    if place.scheme.file().code.is_some() {
        return changed(place, &mut input);
    }
    let mut headers = vec![Header::new("Host", "example.com")];
    for carrier in &place.scheme.file().carries {
        if let Some(name) = &carrier.header {
            headers.push(Header::new(name.clone(), piece(&mut input)?));
        }
    }
    for _ in 0..input.int_in_range(0..=SPARE_LINES).ok()? {
        let copied = input.choose_index(headers.len()).ok()?;
        headers.push(Header::new(headers[copied].name.clone(), piece(&mut input)?));
    }
    let target = [PATH.as_bytes(), &piece(&mut input)?].concat();
    let body = input.take_rest().to_vec();
    Some(Request { method: "POST".into(), target: target.into(), headers, body: body.into() })
}

/// A genuine request in which pieces of the input stand in for bytes of target, header values and body.
/// Code reads more than header values, and reaches its depths only by what is nearly right.
fn changed(place: &Place, input: &mut Unstructured<'_>) -> Option<Request> {
    let mut request = receive(&genuine(&place.world("fuzz"), 0).ok()?.bytes()).ok()?;
    request.headers.retain(|line| !line.is("Content-Length"));
    for _ in 0..=input.int_in_range(0..=SPARE_LINES).ok()? {
        let count = request.headers.len();
        let chosen = input.choose_index(count + 2).ok()?;
        let bytes = match request.headers.get_mut(chosen) {
            Some(line) => &mut line.value,
            None if chosen == count => &mut request.target,
            None => &mut request.body,
        };
        let start = input.choose_index(bytes.len() + 1).ok()?;
        let end = input.int_in_range(start..=bytes.len().min(start + 4)).ok()?;
        bytes.splice(&(start..end), piece(input)?.into());
    }
    Some(request)
}

fn piece(input: &mut Unstructured<'_>) -> Option<Vec<u8>> {
    let length = usize::from(input.arbitrary::<u8>().ok()?).min(input.len());
    input.bytes(length).ok().map(<[u8]>::to_vec)
}

/// Acceptance said in another way than the reference says it: in one sentence, without early exits
/// and without constant time.
fn is_right(place: &Place, setup: &Setup, request: &Request) -> bool {
    let file = place.scheme.file();
    let Ok(mut claims) = place.scheme.read(request) else { return false };
    let text = place.scheme.signing_string(request, &claims, &setup.deployment);
    let tag =
        file.mac.encoding.encode(&place.scheme.tag(Construction::Hmac, file.mac.hash, &setup.key, &text));
    let authentic = claims.tags.iter().any(|found| found == tag.as_bytes());
    let described = place.scheme.compare_body(request, &claims).is_ok();
    authentic
        && described
        && place.scheme.read_body(request, &mut claims).is_ok()
        && in_time(place, &claims)
        && { file.once.is_none_or(|once| claims.get(once.field()).is_some_and(|text| !text.is_empty())) }
}

/// Whether the claimed time lies in the window, both ends included. Written anew, as a second opinion on `ClockSpec`.
fn in_time(place: &Place, claims: &Claims) -> bool {
    let Some(clock) = &place.scheme.file().clock else { return true };
    let Some(at) = claims.timestamp.as_deref().and_then(|text| clock.unit.parse(text)) else { return false };
    let (oldest, newest) = (clock.past.map(i64::from), clock.future.map(i64::from));
    oldest.is_none_or(|past| NOW.plus_seconds(-past) <= at)
        && newest.is_none_or(|future| at <= NOW.plus_seconds(future))
}
