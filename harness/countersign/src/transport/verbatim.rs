//! Which requests the HTTP client can send unchanged.
//!
//! The function to know is [`check`]. A request that passes goes on the wire as it is, except for the letter case of
//! header names. For any other, the result would be about a different request.

use countersign_core::wire::{Framing, Wire, escape};
use reqwest::header::{CONTENT_LENGTH, HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, Url};

/// A request as the client takes it.
#[derive(Debug)]
pub(super) struct Sendable {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
}

/// What the client would change or refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Changed {
    #[error("the method CONNECT has no path")]
    Connect,
    #[error("the method `{0}` is not a token")]
    Method(String),
    #[error("lines that end with a bare line feed")]
    LineEnd,
    #[error("the version `{0}`")]
    Version(String),
    #[error("white space of its own around a header value")]
    Padding,
    #[error("a request in several pieces")]
    Pieces,
    #[error("the path `{0}` would be rewritten")]
    Path(String),
    #[error("the header name `{0}` is not a token")]
    HeaderName(String),
    #[error("the value of `{0}` holds a control character")]
    ControlCharacter(HeaderName),
    #[error("white space at an end of the value of `{0}`")]
    WhiteSpace(HeaderName),
    #[error("lines of `{0}` with other lines between them")]
    Apart(HeaderName),
    #[error("a Content-Length of its own")]
    OwnLength,
    #[error("a Transfer-Encoding of its own")]
    OwnEncoding,
    #[error("a Content-Length that is not the length")]
    WrongLength,
    #[error("a second length")]
    SecondLength,
}

/// Converts a request for the client.
///
/// # Errors
/// What the client would change or refuse.
pub(super) fn check(wire: &Wire, origin: &Url) -> Result<Sendable, Changed> {
    framing(wire)?;
    let request = wire.request();
    let method = match Method::from_bytes(&request.method) {
        Ok(Method::CONNECT) => return Err(Changed::Connect),
        Ok(method) => method,
        Err(_) => return Err(Changed::Method(escape(&request.method))),
    };
    Ok(Sendable { method, url: url(&request.target, origin)?, headers: headers(wire)? })
}

fn framing(wire: &Wire) -> Result<(), Changed> {
    let plain = Framing { chunk: wire.framing().chunk, ..Framing::default() };
    let Framing { chunk: _, line_end, version, padding, content_length, split } = wire.framing();
    if *line_end != plain.line_end {
        return Err(Changed::LineEnd);
    }
    if *version != plain.version {
        return Err(Changed::Version(escape(version)));
    }
    if *padding != plain.padding {
        return Err(Changed::Padding);
    }
    if *content_length != plain.content_length {
        return Err(Changed::OwnLength);
    }
    if *split != plain.split {
        return Err(Changed::Pieces);
    }
    Ok(())
}

/// The URL, if its parser leaves path and query as they are.
fn url(target: &[u8], origin: &Url) -> Result<Url, Changed> {
    let changed = || Changed::Path(escape(target));
    let text = std::str::from_utf8(target).ok().filter(|text| text.starts_with('/')).ok_or_else(changed)?;
    let url: Url =
        format!("{}{text}", origin.origin().ascii_serialization()).parse().map_err(|_| changed())?;
    let (path, query) = match text.split_once('?') {
        Some((path, query)) => (path, Some(query)),
        None => (text, None),
    };
    let same = url.path() == path && url.query() == query && url.fragment().is_none();
    if same { Ok(url) } else { Err(changed()) }
}

fn headers(wire: &Wire) -> Result<HeaderMap, Changed> {
    let request = wire.request();
    let mut headers = HeaderMap::new();
    let mut last: Option<HeaderName> = None;
    for line in &request.headers {
        let name = HeaderName::from_bytes(line.name.as_bytes())
            .map_err(|_| Changed::HeaderName(escape(line.name.as_bytes())))?;
        let value = HeaderValue::from_bytes(line.value.as_slice())
            .map_err(|_| Changed::ControlCharacter(name.clone()))?;
        if line.value.as_slice().trim_ascii() != line.value.as_slice() {
            return Err(Changed::WhiteSpace(name));
        }
        if headers.contains_key(&name) && last.as_ref() != Some(&name) {
            return Err(Changed::Apart(name));
        }
        match name.as_str() {
            "transfer-encoding" => return Err(Changed::OwnEncoding),
            "content-length" if line.value.as_slice() != request.body.len().to_string().as_bytes() => {
                return Err(Changed::WrongLength);
            }
            "content-length" if wire.framing().chunk.is_some() || headers.contains_key(&name) => {
                return Err(Changed::SecondLength);
            }
            _ => {}
        }
        last = Some(name.clone());
        headers.append(name, value);
    }
    // The client sends every Content-Length except this one.
    let silent = matches!(&request.method[..], b"GET" | b"HEAD") || wire.framing().chunk.is_some();
    if request.body.is_empty() && !silent {
        headers.entry(CONTENT_LENGTH).or_insert(HeaderValue::from_static("0"));
    }
    Ok(headers)
}

#[cfg(test)]
mod tests {
    use countersign_core::wire::{Header, LineEnd, Padding, Request, encode};

    use super::*;

    fn request() -> Request {
        Request {
            method: "POST".into(),
            target: "/hook?a=1&b".into(),
            headers: vec![Header::new("Host", "x"), Header::new("X-A", "1"), Header::new("x-a", "2")],
            body: "{}".into(),
        }
    }

    fn reason(request: Request, framing: Framing) -> Option<String> {
        let origin = "https://example.com:8443".parse().expect("a URL");
        check(&encode(request, framing), &origin).err().map(|why| why.to_string())
    }

    #[test]
    fn a_plain_request_and_a_chunked_one_can_be_sent() {
        assert_eq!(reason(request(), Framing::default()), None);
        assert_eq!(reason(request(), Framing { chunk: Some(3), ..Framing::default() }), None);
    }

    #[test]
    fn an_empty_body_is_announced_where_the_raw_transport_announces_it() {
        let origin = "http://example.com".parse().expect("a URL");
        for (method, length) in [("POST", Some("0")), ("DELETE", Some("0")), ("GET", None)] {
            let request = Request { method: method.into(), body: String::new().into(), ..request() };
            let sendable = check(&encode(request, Framing::default()), &origin).expect("it can be sent");
            let announced = sendable.headers.get(CONTENT_LENGTH).map(|value| value.to_str().expect("digits"));
            assert_eq!(announced, length, "{method}");
        }
    }

    #[test]
    fn paths_that_the_url_parser_rewrites_are_not_sent() {
        for target in [
            "/a/../b",
            "/a/./b",
            "/a/%2e%2e/b",
            "/a b",
            "/ü",
            "/a#b",
            "/a?x#y",
            "/a\\b",
            "/\"",
            "hook",
            "*",
            "",
            "http://other/hook",
            "/a\tb",
            "/a?'\"",
        ] {
            let why = reason(Request { target: target.into(), ..request() }, Framing::default());
            assert!(why.is_some_and(|why| why.contains("rewritten")), "{target}");
        }
        for target in ["/", "//double", "/a%2fb", "/a;b=c", "/a?", "/a?b=c+d%20e", "/%7Euser/"] {
            let why = reason(Request { target: target.into(), ..request() }, Framing::default());
            assert_eq!(why, None, "{target}");
        }
    }

    #[test]
    fn header_lines_that_would_be_moved_joined_or_refused_are_not_sent() {
        for (name, value, part) in [
            ("X-B", "a\r\nY: b", "control"),
            ("X-B", "a\0", "control"),
            ("X B", "a", "token"),
            ("X-B", " a", "white space"),
            ("Transfer-Encoding", "chunked", "Transfer-Encoding"),
            ("Content-Length", "+2", "not the length"),
        ] {
            let mut request = request();
            request.headers.push(Header::new(name, value));
            let why = reason(request, Framing::default()).expect("it cannot be sent");
            assert!(why.contains(part), "{name}: {value:?}: {why}");
        }
        let mut apart = request();
        apart.headers.push(Header::new("Host", "y"));
        assert!(reason(apart, Framing::default()).is_some_and(|why| why.contains("between")));
    }

    #[test]
    fn framing_of_its_own_is_not_sent() {
        let plain = Framing::default;
        for framing in [
            Framing { line_end: LineEnd::Lf, ..plain() },
            Framing { version: b"HTTP/1.0", ..plain() },
            Framing { padding: vec![Padding { line: 0, before: b":".to_vec(), after: vec![] }], ..plain() },
            Framing { content_length: Some(vec![]), ..plain() },
            Framing { split: Some((2, 1)), ..plain() },
        ] {
            assert!(reason(request(), framing.clone()).is_some(), "{framing:?}");
        }
        assert!(reason(Request { method: "GE T".into(), ..request() }, plain()).is_some());
    }
}
