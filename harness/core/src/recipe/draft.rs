//! The message before it is signed.

use smol_str::SmolStr;

use super::{Message, World};
use crate::wire::{ByteString, Header, Request, find};

/// The body of a message that has none of its own, nor one of its scheme.
const BODY: &str = r#"{"event":"ping","marker":"{marker}"}"#;

/// The message before it is signed.
pub(super) fn draft(message: &Message, world: &World<'_>, fresh: &str) -> Request {
    let defaults = &world.scheme.file().message;
    let marker = &fresh[..16];
    let (path, query) = match world.sender.target.split_once('?') {
        Some((path, query)) => (path, Some(query.as_bytes())),
        None => (world.sender.target.as_str(), None),
    };
    let more = message.path.as_deref().unwrap_or_default();
    let usual = defaults.query.as_ref().map(|query| filled(query.as_bytes(), marker));
    let target = match message.query.as_deref().or(query).or(usual.as_deref()) {
        Some(query) => ByteString::joined(&[path.as_bytes(), more, b"?", query]),
        None => ByteString::joined(&[path.as_bytes(), more]),
    };
    let body = match &message.body {
        Some(body) => dated(body, world),
        None => filled(defaults.body.as_deref().unwrap_or(BODY).as_bytes(), marker).into(),
    };
    let method = match (&message.method, &defaults.method) {
        (Some(method), _) => method.clone(),
        (None, Some(method)) => method.clone().into(),
        (None, None) => ByteString::from_static(b"POST"),
    };
    let mut request = Request { method, target, headers: Vec::with_capacity(8), body };
    let host = ByteString::copy_of(world.host.as_bytes());
    request.headers.push(Header { name: SmolStr::new_static("Host"), value: host });
    if !defaults.headers.iter().any(|line| line.is("Content-Type")) {
        let json = ByteString::from_static(b"application/json");
        request.headers.push(Header { name: SmolStr::new_static("Content-Type"), value: json });
    }
    for line in &defaults.headers {
        let value = match line.value.contains(&b'{') {
            true => filled(&line.value, marker).into(),
            false => line.value.clone(),
        };
        request.headers.push(Header { name: line.name.clone(), value });
    }
    request.headers.retain(|line| !message.without.iter().any(|name| line.is(name)));
    for line in &message.headers {
        request.headers.retain(|known| !known.is(&line.name));
        request.headers.push(line.clone());
    }
    request
}

/// A body with the time of signing, as the scheme writes it, in place of `{now}`.
fn dated(body: &ByteString, world: &World<'_>) -> ByteString {
    const PLACE: &[u8] = b"{now}";
    match (find(body, PLACE), &world.scheme.file().clock) {
        (Some(at), Some(clock)) => {
            let now = clock.unit.render(world.now);
            ByteString::joined(&[&body[..at], now.as_bytes(), &body[at + PLACE.len()..]])
        }
        _ => body.clone(),
    }
}

/// A text with the marker in its place.
fn filled(text: &[u8], marker: &str) -> Vec<u8> {
    const PLACE: &[u8] = b"{marker}";
    let mut filled = Vec::with_capacity(text.len() + marker.len());
    let mut rest = text;
    while let Some(at) = find(rest, PLACE) {
        filled.extend_from_slice(&rest[..at]);
        filled.extend_from_slice(marker.as_bytes());
        rest = &rest[at + PLACE.len()..];
    }
    filled.extend_from_slice(rest);
    filled
}
