//! Reading a request from bytes, as an HTTP server would.
//!
//! Used by the in-process target and by tests, so that the reference sees exactly what a socket
//! would have brought. It must not know of signatures.

use super::{ByteString, Header, Request};

/// Why the HTTP layer refuses a request before any verifier sees it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TransportRefusal {
    /// The head is not HTTP/1.x.
    #[error("malformed head: {0}")]
    Head(String),
    /// More header lines than the limit.
    #[error("too many header lines")]
    TooManyHeaders,
    /// The head is longer than the limit.
    #[error("head too long")]
    HeadTooLong,
    /// Lengths that disagree, or that are not numbers.
    #[error("bad content length")]
    ContentLength,
    /// A broken chunk.
    #[error("bad chunk")]
    Chunk,
    /// The bytes end before the request does.
    #[error("incomplete request")]
    Incomplete,
}

/// Header lines that are taken at most.
const MAX_HEADERS: usize = 128;
/// Bytes of the head that are taken at most.
const MAX_HEAD: usize = 256 * 1024;

/// Reads one complete request.
///
/// # Errors
/// What an HTTP server would answer with 400 or 431 on its own.
pub fn receive(octets: &[u8]) -> Result<Request, TransportRefusal> {
    let (mut request, length) = receive_head(octets)?;
    request.body = body(&request, &octets[length..])?.into();
    Ok(request)
}

/// Reads the head of a request: the request without its body, and the length of the head in bytes.
///
/// # Errors
/// What an HTTP server would answer with 400 or 431 on its own.
pub fn receive_head(octets: &[u8]) -> Result<(Request, usize), TransportRefusal> {
    let mut lines = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut head = httparse::Request::new(&mut lines);
    let length = match head.parse(octets) {
        Ok(httparse::Status::Complete(length)) if length > MAX_HEAD => {
            return Err(TransportRefusal::HeadTooLong);
        }
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Err(TransportRefusal::Incomplete),
        Err(httparse::Error::TooManyHeaders) => return Err(TransportRefusal::TooManyHeaders),
        Err(error) => return Err(TransportRefusal::Head(error.to_string())),
    };
    let headers: Vec<Header> = head
        .headers
        .iter()
        .map(|line| Header { name: line.name.into(), value: ByteString::copy_of(line.value) })
        .collect();
    let request = Request {
        method: ByteString::copy_of(head.method.unwrap_or_default().as_bytes()),
        target: ByteString::copy_of(origin_form(head.path.unwrap_or_default()).as_bytes()),
        headers,
        body: ByteString::default(),
    };
    Ok((request, length))
}

/// `http://host/path` becomes `/path`; everything else stays as it is.
fn origin_form(target: &str) -> &str {
    let Some((_, rest)) = target.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))
    else {
        return target;
    };
    rest.find('/').map_or("/", |slash| &rest[slash..])
}

fn body(request: &Request, rest: &[u8]) -> Result<Vec<u8>, TransportRefusal> {
    if request.values("Transfer-Encoding").any(|value| value.eq_ignore_ascii_case(b"chunked")) {
        return dechunk(rest);
    }
    let mut lengths = request.values("Content-Length").map(|value| {
        let text = std::str::from_utf8(value).ok().filter(|text| text.bytes().all(|b| b.is_ascii_digit()));
        text.and_then(|text| text.parse::<usize>().ok()).ok_or(TransportRefusal::ContentLength)
    });
    let Some(length) = lengths.next().transpose()? else { return Ok(Vec::new()) };
    for other in lengths {
        if other? != length {
            return Err(TransportRefusal::ContentLength);
        }
    }
    rest.get(..length).map(<[u8]>::to_vec).ok_or(TransportRefusal::Incomplete)
}

fn dechunk(mut rest: &[u8]) -> Result<Vec<u8>, TransportRefusal> {
    let mut body = Vec::new();
    loop {
        match httparse::parse_chunk_size(rest) {
            Ok(httparse::Status::Complete((start, size))) => {
                rest = &rest[start..];
                if size == 0 {
                    return Ok(body);
                }
                let size = usize::try_from(size).map_err(|_| TransportRefusal::Chunk)?;
                let chunk = rest.get(..size).ok_or(TransportRefusal::Incomplete)?;
                body.extend_from_slice(chunk);
                rest = rest[size..].strip_prefix(b"\r\n").ok_or(TransportRefusal::Chunk)?;
            }
            Ok(httparse::Status::Partial) => return Err(TransportRefusal::Incomplete),
            Err(_) => return Err(TransportRefusal::Chunk),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_that_disagree_are_refused() {
        let octets = b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc";
        assert_eq!(receive(octets), Err(TransportRefusal::ContentLength));
    }

    #[test]
    fn a_signed_length_is_not_a_number() {
        assert_eq!(
            receive(b"POST / HTTP/1.1\r\nContent-Length: +2\r\n\r\nab"),
            Err(TransportRefusal::ContentLength)
        );
    }

    #[test]
    fn an_absolute_target_is_read_as_its_path() {
        let request = receive(b"GET http://example.com/a?b HTTP/1.1\r\n\r\n").expect("well-formed");
        assert_eq!(request.target, ByteString::from("/a?b"));
    }

    #[test]
    fn a_chunk_longer_than_memory_is_incomplete_not_a_panic() {
        let octets = b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nab";
        assert!(receive(octets).is_err());
    }
}
