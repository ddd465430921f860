//! Servers that misbehave, and what the transports make of them: the right outcome, in bounded time,
//! with bounded memory.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use countersign::transport::{Deadlines, HttpClient, Raw, Transport};
use countersign_core::observe::{Observation, Outcome};
use countersign_core::wire::{Framing, Header, Limits, Request, Wire, encode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const REFUSED: &[u8] = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno";

/// A server that does whatever it is told on each connection, of which it knows the number.
struct Hostile {
    addr: SocketAddr,
    connections: Arc<AtomicUsize>,
}

impl Hostile {
    async fn start<F, S>(serve: F) -> Self
    where
        F: Fn(TcpStream, usize) -> S + Send + 'static,
        S: Future<Output = ()> + Send + 'static,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let addr = listener.local_addr().expect("it is bound");
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, count.fetch_add(1, Ordering::SeqCst)));
            }
        });
        Self { addr, connections }
    }

    /// Reads a request and answers with these octets, then leaves the connection open.
    async fn answering(octets: impl Into<Vec<u8>>) -> Self {
        let octets: Arc<Vec<u8>> = Arc::new(octets.into());
        Self::start(move |mut stream, _| {
            let octets = Arc::clone(&octets);
            async move {
                while read_request(&mut stream).await {
                    if stream.write_all(&octets).await.is_err() {
                        return;
                    }
                }
            }
        })
        .await
    }

    fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn raw(&self, deadlines: Deadlines) -> Transport {
        Transport::Raw(Raw::new(self.addr.ip().to_string(), self.addr.port(), deadlines))
    }

    fn client(&self, deadlines: Deadlines) -> Transport {
        let url = format!("http://{}/", self.addr).parse().expect("a URL");
        Transport::HttpClient(HttpClient::new(url, deadlines, None).expect("a client"))
    }
}

/// Reads the request of [`post`] to its end; false if the client left before.
async fn read_request(stream: &mut TcpStream) -> bool {
    let mut seen = Vec::new();
    let mut byte = [0];
    while !seen.ends_with(b"\r\n\r\n{}") {
        match stream.read(&mut byte).await {
            Ok(1) => seen.push(byte[0]),
            _ => return false,
        }
    }
    true
}

fn post() -> Wire {
    post_with(b"{}".to_vec(), Framing::default())
}

fn post_with(body: Vec<u8>, framing: Framing) -> Wire {
    let headers = vec![Header::new("Host", "localhost"), Header::new("X-Signature", "00")];
    encode(Request { method: "POST".into(), target: "/hook".into(), headers, body: body.into() }, framing)
}

/// Long enough that no machine is too slow for an answer that comes.
const PATIENT: Deadlines = Deadlines {
    connect: Duration::from_secs(20),
    read: Duration::from_secs(20),
    total: Duration::from_secs(20),
};

/// For servers from which no answer comes.
const BRIEF: Deadlines = Deadlines {
    connect: Duration::from_secs(20),
    read: Duration::from_millis(150),
    total: Duration::from_millis(400),
};

async fn deliver(target: &Transport, wire: &Wire) -> Observation {
    let started = Instant::now();
    let seen = timeout(Duration::from_secs(60), target.deliver(wire)).await.expect("it ends by itself");
    assert!(seen.millis <= started.elapsed().as_secs_f64() * 1000.0, "{seen:?}");
    if let Some(answer) = &seen.answer {
        assert!(answer.body.as_slice().len() <= Limits::default().body);
    }
    seen
}

/// The outcome through both transports.
async fn outcomes(server: &Hostile, deadlines: Deadlines) -> [Outcome; 2] {
    let raw = deliver(&server.raw(deadlines), &post()).await.outcome;
    [raw, deliver(&server.client(deadlines), &post()).await.outcome]
}

#[tokio::test]
async fn an_honest_server_is_read_through_both_carriers() {
    let server = Hostile::answering(OK).await;
    assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Accepted; 2]);
}

#[tokio::test]
async fn the_octets_of_the_case_are_the_octets_on_the_wire() {
    let (sent, mut received) = mpsc::unbounded_channel();
    let server = Hostile::start(move |mut stream, _| {
        let sent = sent.clone();
        async move {
            let mut octets = vec![0; 4096];
            let mut length = 0;
            while !octets[..length].ends_with(b"the end") {
                length += stream.read(&mut octets[length..]).await.expect("octets");
            }
            octets.truncate(length);
            sent.send(octets).expect("the test listens");
            stream.write_all(OK).await.expect("it listens");
        }
    })
    .await;
    let mut request = post().request().clone();
    request.target = b"/a/../b?x=%zz#f \xff".as_slice().into();
    let lines = [("a", &b"1"[..]), ("B", b"\x01"), ("A", b"\xc3\xa9\xff"), ("a", b"  3")];
    request.headers = lines.map(|(name, value)| Header::new(name, value)).to_vec();
    request.body = b"\0\xff the end".to_vec().into();
    let raw = server.raw(PATIENT);
    for framing in [Framing::default(), Framing { split: Some((9, 2)), ..Framing::default() }] {
        let wire = encode(request.clone(), framing);
        assert_eq!(deliver(&raw, &wire).await.outcome, Outcome::Accepted);
        assert_eq!(received.recv().await.as_deref(), Some(&*wire.bytes()));
    }
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_limit() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await;
        while stream.write_all(&[b'x'; 65536]).await.is_ok() {}
    })
    .await;
    for limit in [10, Limits::default().body] {
        let limits = Limits { body: limit, ..Limits::default() };
        for seen in [
            deliver(&server.raw(PATIENT).with_limits(limits), &post()).await,
            deliver(&server.client(PATIENT).with_limits(limits), &post()).await,
        ] {
            assert_eq!(seen.outcome, Outcome::Accepted);
            assert_eq!(seen.answer.expect("an answer").body.as_slice().len(), limit);
        }
    }
}

#[tokio::test]
async fn endless_header_lines_are_garbage_and_are_not_read_to_their_end() {
    let written = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&written);
    let server = Hostile::start(move |mut stream, _| {
        let count = Arc::clone(&count);
        async move {
            read_request(&mut stream).await;
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n").await;
            let line = format!("X-Fill: {}\r\n", "y".repeat(1012));
            for _ in 0..64 * 1024 {
                if stream.write_all(line.as_bytes()).await.is_err() {
                    return;
                }
                count.fetch_add(line.len(), Ordering::SeqCst);
            }
        }
    })
    .await;
    assert_eq!(deliver(&server.raw(PATIENT), &post()).await.outcome, Outcome::Garbled);
    // What the kernel buffers is written too, but nowhere near all of it.
    assert!(written.load(Ordering::SeqCst) < 48 << 20);
    assert_eq!(deliver(&server.client(PATIENT), &post()).await.outcome, Outcome::Garbled);
}

#[tokio::test]
async fn an_answer_that_drips_byte_by_byte_is_a_hang() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        for byte in b"HTTP/1.1 200 OK\r\n".iter().chain(b"X-Drip: y\r\n".iter().cycle()) {
            sleep(Duration::from_millis(100)).await;
            if stream.write_all(&[*byte]).await.is_err() {
                return;
            }
        }
    })
    .await;
    let deadlines = Deadlines { read: PATIENT.read, ..BRIEF };
    assert_eq!(outcomes(&server, deadlines).await, [Outcome::Hung; 2]);
}

#[tokio::test]
async fn silence_is_a_hang() {
    let server = Hostile::start(|stream, _| async move {
        sleep(Duration::from_secs(600)).await;
        drop(stream);
    })
    .await;
    assert_eq!(outcomes(&server, BRIEF).await, [Outcome::Hung; 2]);
    let read_only = Deadlines { read: PATIENT.read, ..BRIEF };
    assert_eq!(outcomes(&server, read_only).await, [Outcome::Hung; 2]);
    let total_only = Deadlines { total: PATIENT.total, ..BRIEF };
    assert_eq!(outcomes(&server, total_only).await, [Outcome::Hung; 2]);
}

#[tokio::test]
async fn a_server_that_never_reads_a_large_body_is_a_hang() {
    let server = Hostile::start(|stream, _| async move {
        sleep(Duration::from_secs(600)).await;
        drop(stream);
    })
    .await;
    let seen = deliver(&server.raw(BRIEF), &post_with(vec![b'x'; 64 << 20], Framing::default())).await;
    assert_eq!(seen.outcome, Outcome::Hung);
}

#[tokio::test]
async fn a_reset_inside_the_answer_is_a_crash() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc").await;
        sleep(Duration::from_millis(50)).await;
        stream.set_zero_linger().expect("the option is known");
    })
    .await;
    assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Crashed; 2]);
}

#[tokio::test]
async fn an_answer_that_ends_early_is_a_crash() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc").await;
    })
    .await;
    assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Crashed; 2]);
}

#[tokio::test]
async fn a_connection_that_ends_without_an_answer_is_a_crash_and_is_not_tried_again() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
    })
    .await;
    assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Crashed; 2]);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn octets_that_are_not_http_are_garbage() {
    for octets in [&b"<html>hello</html>"[..], b"SSH-2.0-OpenSSH_9.9\r\n", b"\x15\x03\x01\x00\x02\x02\x46"] {
        let server = Hostile::answering(octets).await;
        assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Garbled; 2], "{octets:?}");
    }
}

#[tokio::test]
async fn interim_answers_are_skipped_but_not_without_end() {
    let few =
        [&b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"[..], REFUSED].concat();
    let server = Hostile::answering(few).await;
    assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Rejected; 2]);
    let flood = Hostile::start(|mut stream, _| async move {
        while stream.write_all(&b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100)).await.is_ok() {}
    })
    .await;
    assert_eq!(deliver(&flood.raw(PATIENT), &post()).await.outcome, Outcome::Garbled);
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_nobody_goes_there() {
    let other = Hostile::answering(OK).await;
    for status in [301, 302, 303, 307, 308] {
        let answer = format!(
            "HTTP/1.1 {status} Moved\r\nLocation: http://{}/hook\r\nContent-Length: 0\r\n\r\n",
            other.addr
        );
        let server = Hostile::answering(answer).await;
        assert_eq!(outcomes(&server, PATIENT).await, [Outcome::Rejected; 2]);
    }
    assert_eq!(other.connections(), 0);
}

#[tokio::test]
async fn an_early_refusal_of_a_large_upload_is_seen() {
    let refusal = b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig";
    // The server keeps the connection and reads no more, or closes it over unread octets: a reset.
    for closes in [false, true] {
        let server = Hostile::start(move |mut stream, _| async move {
            let mut some = [0; 1000];
            let _ = stream.read_exact(&mut some).await;
            let _ = stream.write_all(refusal).await;
            if !closes {
                sleep(Duration::from_secs(600)).await;
            }
        })
        .await;
        for framing in [Framing::default(), Framing { chunk: Some(1 << 20), ..Framing::default() }] {
            let seen = deliver(&server.raw(PATIENT), &post_with(vec![b'x'; 64 << 20], framing)).await;
            assert_eq!(seen.outcome, Outcome::Rejected, "{closes} {:?}", seen.detail);
            assert_eq!(seen.answer.map(|answer| answer.status), Some(413));
        }
    }
}

#[tokio::test]
async fn a_compressed_body_stays_compressed() {
    // Ten bytes of gzip header and a block that a decompressor would take for much more.
    let bomb = [
        &b"\x1f\x8b\x08\0\0\0\0\0\0\x03\xed\xc1\x01\x0d\0\0\0\xc2\xa0\xf7\x4f\x6d\x0f\x07\x14"[..],
        &[0; 500],
    ]
    .concat();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", bomb.len());
    let server = Hostile::answering([head.as_bytes(), &bomb].concat()).await;
    for seen in
        [deliver(&server.raw(PATIENT), &post()).await, deliver(&server.client(PATIENT), &post()).await]
    {
        assert_eq!(seen.answer.expect("an answer").body.as_slice(), bomb);
    }
}

#[tokio::test]
async fn a_server_that_closes_an_idle_connection_did_not_crash() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(OK).await;
        // The next request comes in the moment in which the connection is closed.
        read_request(&mut stream).await;
    })
    .await;
    let raw = server.raw(PATIENT);
    for n in 1..=3 {
        assert_eq!(deliver(&raw, &post()).await.outcome, Outcome::Accepted, "request {n}");
        assert_eq!(server.connections(), n);
    }
}

#[tokio::test]
async fn a_request_is_sent_again_at_most_once() {
    let server = Hostile::start(|mut stream, number| async move {
        read_request(&mut stream).await;
        if number == 0 {
            let _ = stream.write_all(OK).await;
            read_request(&mut stream).await;
        }
    })
    .await;
    let raw = server.raw(PATIENT);
    assert_eq!(deliver(&raw, &post()).await.outcome, Outcome::Accepted);
    assert_eq!(deliver(&raw, &post()).await.outcome, Outcome::Crashed);
    assert_eq!(server.connections(), 2);
}

#[tokio::test]
async fn a_connection_is_used_again_while_the_server_keeps_it() {
    let server = Hostile::answering(REFUSED).await;
    let raw = server.raw(PATIENT);
    for _ in 0..5 {
        assert_eq!(deliver(&raw, &post()).await.outcome, Outcome::Rejected);
    }
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn an_answer_that_nobody_asked_for_is_not_taken_for_the_next_one() {
    let server = Hostile::start(|mut stream, _| async move {
        read_request(&mut stream).await;
        let _ = stream.write_all(REFUSED).await;
        sleep(Duration::from_millis(50)).await;
        let _ = stream.write_all(OK).await;
        sleep(Duration::from_secs(600)).await;
    })
    .await;
    let raw = server.raw(PATIENT);
    for _ in 0..2 {
        assert_eq!(deliver(&raw, &post()).await.outcome, Outcome::Rejected);
        sleep(Duration::from_millis(300)).await;
    }
}

#[tokio::test]
async fn a_target_that_is_not_there_was_not_tested() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let addr = listener.local_addr().expect("it is bound");
    drop(listener);
    let gone = Hostile { addr, connections: Arc::default() };
    assert_eq!(outcomes(&gone, PATIENT).await, [Outcome::Unreachable; 2]);
    let seen = deliver(&Transport::Raw(Raw::new("nowhere.invalid", 80, PATIENT)), &post()).await;
    assert_eq!(seen.outcome, Outcome::Unreachable);
    assert!(seen.detail.expect("a reason").contains("nowhere.invalid"));
}

#[tokio::test]
async fn names_and_bracketed_addresses_reach_the_target() {
    let server = Hostile::answering(OK).await;
    let by_name = Raw::new("localhost", server.addr.port(), PATIENT);
    assert_eq!(deliver(&Transport::Raw(by_name), &post()).await.outcome, Outcome::Accepted);
    // Some machines have no IPv6.
    let Ok(listener) = TcpListener::bind("[::1]:0").await else { return };
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            read_request(&mut stream).await;
            let _ = stream.write_all(OK).await;
        }
    });
    for host in ["[::1]", "::1"] {
        assert_eq!(
            deliver(&Transport::Raw(Raw::new(host, port, PATIENT)), &post()).await.outcome,
            Outcome::Accepted
        );
    }
}

#[tokio::test]
async fn a_polite_client_sends_the_lines_of_the_case_in_their_order() {
    let (sent, mut received) = mpsc::unbounded_channel();
    let server = Hostile::start(move |mut stream, _| {
        let sent = sent.clone();
        async move {
            let mut octets = Vec::new();
            while !octets.ends_with(b"\r\n\r\n") {
                octets.push(stream.read_u8().await.expect("octets"));
            }
            sent.send(octets).expect("the test listens");
            stream.write_all(OK).await.expect("it listens");
        }
    })
    .await;
    let mut wire = post().request().clone();
    wire.headers.push(Header::new("X-B", "1"));
    wire.headers.push(Header::new("X-A", "2"));
    wire.body = countersign_core::wire::ByteString::default();
    let seen = deliver(&server.client(PATIENT), &encode(wire, Framing::default())).await;
    assert_eq!(seen.outcome, Outcome::Accepted);
    let octets = String::from_utf8(received.recv().await.expect("a request")).expect("text");
    let lines: Vec<&str> =
        octets.lines().filter(|line| !line.starts_with("accept:") && !line.is_empty()).collect();
    let expected = [
        "POST /hook HTTP/1.1",
        "host: localhost",
        "x-signature: 00",
        "x-b: 1",
        "x-a: 2",
        "content-length: 0",
    ];
    assert_eq!(lines, expected);
}

#[tokio::test]
async fn what_a_polite_client_would_change_is_not_sent_at_all() {
    let server = Hostile::answering(OK).await;
    let polite = server.client(PATIENT);
    let mut request = post().request().clone();
    request.target = b"/a/../hook".as_slice().into();
    let seen = deliver(&polite, &encode(request, Framing::default())).await;
    assert_eq!(seen.outcome, Outcome::NotDelivered);
    assert!(seen.detail.expect("a reason").contains("/a/../hook"));
    assert_eq!(server.connections(), 0);
}
