//! The embedded endpoint over real sockets: what it accepts and refuses, what it logs, what it counts.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign::serve::{AuditSink, Bounds, Config, Endpoint, Lines, Running};
use countersign::transport::{Deadlines, HttpClient, Raw};
use countersign_conformance::Catalog;
use countersign_conformance::reference::{Halt, Reference, Reply, Setup, Steps};
use countersign_core::observe::{Observation, Outcome, Shape};
use countersign_core::recipe::{Sender, Unique, World, genuine};
use countersign_core::scheme::{Claims, Deployment, Encoding, Scheme};
use countersign_core::secret::Secret;
use countersign_core::time::Timestamp;
use countersign_core::wire::{
    AnswerReader, ByteString, Framing, Header, Limits, Progress, Request, Wire, encode,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

const SECRET: &str = "canary-secret-5b1f";
const NOW: Timestamp = Timestamp::from_seconds(1_714_557_600);

/// An endpoint, and one who can sign for it.
struct Place {
    running: Running,
    raw: Raw,
    log: Lines,
    scheme: Arc<dyn Scheme>,
    sender: Sender,
}

impl Place {
    async fn start(scheme: &str, steps: impl Steps + 'static) -> Self {
        Self::start_within(scheme, steps, Bounds::default()).await
    }

    async fn start_within(scheme: &str, steps: impl Steps + 'static, bounds: Bounds) -> Self {
        let scheme = Arc::clone(Catalog::embedded().schemes.get(scheme).expect("a shipped scheme"));
        let secret = Secret::new(SECRET);
        let deployment = Deployment { origin: "https://example.com".to_owned(), ..Deployment::default() };
        let log = Lines::default();
        let config = Config {
            scheme: Arc::clone(&scheme),
            secret: secret.clone(),
            steps: Arc::new(steps),
            deployment: deployment.clone(),
            path: "/hook".to_owned(),
            second: None,
            bind: ([127, 0, 0, 1], 0).into(),
            clock: Arc::new(|| NOW),
            audit: AuditSink::Memory(log.clone()),
        };
        let running = Endpoint::start_within(config, bounds).await.expect("it starts");
        let raw = Raw::new("127.0.0.1", running.addr().port(), Deadlines::default());
        let sender = Sender::new(&*scheme, secret, "/hook?token=canary-query-77", deployment);
        Self { running, raw, log, scheme, sender: sender.expect("the secret fits") }
    }

    /// The `n`-th genuine request.
    fn genuine(&self, n: u64) -> Wire {
        let world = World {
            scheme: &*self.scheme,
            sender: &self.sender,
            host: "localhost",
            now: NOW,
            unique: Unique::new(7, "endpoint", "test"),
            second: None,
        };
        genuine(&world, n).expect("it can be signed")
    }

    /// A genuine request, changed after signing.
    fn changed(&self, n: u64, change: impl FnOnce(&mut Request)) -> Wire {
        let mut request = self.genuine(n).request().clone();
        change(&mut request);
        encode(request, Framing::default())
    }

    async fn send(&self, wire: &Wire) -> Observation {
        self.raw.deliver(wire).await
    }

    async fn metrics(&self) -> String {
        let request = Request {
            method: "GET".into(),
            target: "/metrics".into(),
            headers: vec![Header::new("Host", "localhost")],
            body: ByteString::default(),
        };
        let raw = Raw::new("127.0.0.1", self.running.metrics_addr().port(), Deadlines::default());
        let seen = raw.deliver(&encode(request, Framing::default())).await;
        String::from_utf8(seen.answer.expect("an answer").body.into_vec()).expect("text")
    }
}

fn flip(request: &mut Request) {
    request.body.edit(|body| body[0] ^= 1);
}

fn body(seen: &Observation) -> String {
    seen.answer.as_ref().map(|answer| answer.body.to_string()).unwrap_or_default()
}

fn value(seen: &Observation, name: &str) -> Option<String> {
    let value = seen.answer.as_ref()?.value(name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

#[tokio::test]
async fn a_genuine_request_is_accepted_and_one_flipped_bit_is_refused() {
    for scheme in ["github", "stripe", "slack", "canonical-request", "canonical-request-nonce"] {
        let place = Place::start(scheme, Reference).await;
        let good = place.send(&place.genuine(1)).await;
        assert_eq!(
            (good.outcome, &*body(&good)),
            (Outcome::Accepted, r#"{"status":"accepted"}"#),
            "{scheme}"
        );
        let bad = place.send(&place.changed(2, flip)).await;
        assert_eq!(
            (bad.outcome, &*body(&bad)),
            (Outcome::Rejected, r#"{"error":"unauthorized"}"#),
            "{scheme}"
        );
        assert_eq!(value(&bad, "WWW-Authenticate").as_deref(), Some("HMAC"));
        assert_eq!(value(&bad, "Date").as_deref(), Some("Wed, 01 May 2024 10:00:00 GMT"));
    }
}

#[tokio::test]
async fn a_polite_client_gets_the_same_answers() {
    let place = Place::start("canonical-request-nonce", Reference).await;
    let url = format!("http://{}/", place.running.addr()).parse().expect("a URL");
    let polite = HttpClient::new(url, Deadlines::default(), None).expect("a client");
    let chunked =
        |wire: &Wire| encode(wire.request().clone(), Framing { chunk: Some(7), ..Framing::default() });
    assert_eq!(polite.deliver(&place.genuine(1)).await.outcome, Outcome::Accepted);
    assert_eq!(polite.deliver(&chunked(&place.genuine(2))).await.outcome, Outcome::Accepted);
    assert_eq!(polite.deliver(&place.changed(3, flip)).await.outcome, Outcome::Rejected);
}

#[tokio::test]
async fn the_second_delivery_of_a_nonce_is_refused() {
    let place = Place::start("canonical-request-nonce", Reference).await;
    let wire = place.genuine(1);
    assert_eq!(place.send(&wire).await.outcome, Outcome::Accepted);
    assert_eq!(place.send(&wire).await.outcome, Outcome::Rejected);
    assert_eq!(place.send(&place.genuine(2)).await.outcome, Outcome::Accepted);
}

#[tokio::test]
async fn of_copies_that_arrive_together_one_is_accepted() {
    let place = Arc::new(Place::start("canonical-request-nonce", Reference).await);
    let copies: Vec<_> = (0..32)
        .map(|_| {
            let place = Arc::clone(&place);
            tokio::spawn(async move { place.send(&place.genuine(1)).await.outcome })
        })
        .collect();
    let mut accepted = 0;
    for copy in copies {
        accepted += usize::from(copy.await.expect("it ends") == Outcome::Accepted);
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn the_verifier_sees_the_request_as_it_was_sent() {
    let place = Place::start("canonical-request", Reference).await;
    // The server underneath drops fragments; a verifier that did not see them would accept this.
    let fragment =
        place.changed(1, |request| request.target.edit(|target| target.extend_from_slice(b"#role=owner")));
    assert_eq!(place.send(&fragment).await.outcome, Outcome::Rejected);
    let whole = place.changed(2, |request| request.target.splice(&(0..0), "http://localhost".into()));
    assert_eq!(place.send(&whole).await.outcome, Outcome::Accepted);
    for (n, framing) in [
        (3, Framing { chunk: Some(1), ..Framing::default() }),
        (4, Framing { split: Some((20, 1)), ..Framing::default() }),
    ] {
        let wire = encode(place.genuine(n).request().clone(), framing);
        assert_eq!(place.send(&wire).await.outcome, Outcome::Accepted);
    }
}

#[tokio::test]
async fn refusals_tell_nothing_of_their_reason() {
    let place = Place::start("canonical-request-nonce", Reference).await;
    let replayed = place.genuine(1);
    place.send(&replayed).await;
    let wires = [
        place.changed(2, flip),
        place.changed(3, |request| request.headers.retain(|line| !line.is("X-Signature"))),
        place.changed(4, |request| request.set("X-Signature", "zz")),
        place.changed(5, |request| request.headers.push(Header::new("X-Timestamp", "soon"))),
        place.changed(6, |request| request.target = "/elsewhere".into()),
        replayed,
    ];
    let mut seen = BTreeSet::new();
    for wire in &wires {
        let mut answer = place.send(wire).await.answer.expect("an answer");
        answer.headers.retain(|line| !line.is("X-Request-Id"));
        seen.insert(format!("{answer:?}"));
    }
    assert_eq!(seen.len(), 1, "{seen:#?}");
    let reasons: BTreeSet<String> = place.log.all().iter().map(|line| field(line, "reason")).collect();
    assert_eq!(
        reasons.into_iter().collect::<Vec<_>>(),
        ["\"bad-tag\"", "\"duplicate-field\"", "\"missing-signature\"", "\"ok\"", "\"replayed\""]
    );
}

fn field(line: &str, name: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(line).expect("each line is JSON");
    record[name].to_string()
}

#[tokio::test]
async fn an_audit_line_says_who_what_and_why() {
    let place = Place::start("github", Reference).await;
    let wire = place.changed(1, |request| {
        flip(request);
        request.headers.push(Header::new("X-Request-Id", "forged-id"));
    });
    let seen = place.send(&wire).await;
    let lines = place.log.all();
    let record: serde_json::Value = serde_json::from_str(&lines[0]).expect("JSON");
    let names: Vec<&str> = record.as_object().expect("an object").keys().map(String::as_str).collect();
    let mut expected = [
        "time",
        "request_id",
        "client",
        "method",
        "path",
        "algorithm",
        "scheme",
        "key_id",
        "result",
        "reason",
        "status",
        "millis",
    ];
    expected.sort_unstable();
    let mut sorted = names.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, expected);
    for (name, value) in [
        ("time", "2024-05-01T10:00:00.000Z"),
        ("client", "127.0.0.1"),
        ("method", "POST"),
        ("path", "/hook"),
        ("algorithm", "HMAC-SHA256"),
        ("scheme", "github"),
        ("key_id", "primary"),
        ("result", "rejected"),
        ("reason", "bad-tag"),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert_eq!(record["status"], 401);
    assert!(record["millis"].as_f64().is_some_and(|millis| millis >= 0.0));
    assert_eq!(record["request_id"].as_str(), value(&seen, "X-Request-Id").as_deref());
    assert_ne!(record["request_id"], "forged-id");
    place.send(&wire).await;
    assert_ne!(field(&place.log.all()[1], "request_id"), field(&place.log.all()[0], "request_id"));
}

#[tokio::test]
async fn nothing_that_a_request_holds_reaches_log_or_metrics() {
    let place = Place::start("github", Reference).await;
    let good =
        place.changed(1, |request| request.headers.push(Header::new("Authorization", "canary-token-a8")));
    let tag = good.request().value("X-Hub-Signature-256").expect("it is signed").to_vec();
    let tag = tag.strip_prefix(b"sha256=").expect("its label").to_vec();
    let bad = place.changed(2, |request| request.body = ByteString::from("canary-body-19"));
    let odd = place.changed(3, |request| {
        request.method = ByteString::from("CANARY\"}");
        request.target = "/a%0a?token=canary-query-77".into();
    });
    for wire in [&good, &bad, &odd] {
        place.send(wire).await;
    }
    let written = [place.log.all().join("\n"), place.metrics().await].concat();
    assert!(place.log.all().len() >= 2 && place.log.all().iter().all(|line| !line.contains('\n')));
    for canary in [
        SECRET.as_bytes(),
        b"canary-token-a8",
        b"canary-body-19",
        b"canary-query-77",
        &tag,
        &good.request().body,
    ] {
        let forms = [
            String::from_utf8_lossy(canary).into_owned(),
            Encoding::Hex.encode(canary),
            Encoding::Base64.encode(canary).trim_end_matches('=').to_owned(),
        ];
        for form in forms {
            assert!(!written.to_lowercase().contains(&form.to_lowercase()), "{form} in {written}");
        }
    }
}

#[tokio::test]
async fn verifications_are_counted_by_result_and_reason() {
    let place = Place::start("canonical-request-nonce", Reference).await;
    let before = place.metrics().await;
    assert!(before.contains("countersign_verification_failures_total{reason=\"replayed\"} 0\n"));
    for wire in [place.genuine(1), place.genuine(1), place.genuine(2), place.changed(3, flip)] {
        place.send(&wire).await;
    }
    let after = place.metrics().await;
    for line in [
        "# TYPE countersign_verifications_total counter",
        "countersign_verifications_total{result=\"accepted\"} 2",
        "countersign_verifications_total{result=\"rejected\"} 2",
        "countersign_verifications_total{result=\"error\"} 0",
        "countersign_verification_failures_total{reason=\"replayed\"} 1",
        "countersign_verification_failures_total{reason=\"bad-tag\"} 1",
        "# TYPE countersign_verification_seconds histogram",
        "countersign_verification_seconds_bucket{le=\"+Inf\"} 4",
        "countersign_verification_seconds_count 4",
        "countersign_replay_memory_entries 2",
    ] {
        assert!(after.lines().any(|found| found == line), "{line} in\n{after}");
    }
    assert!(after.contains("countersign_build_info{version="));
}

#[tokio::test]
async fn metrics_are_not_reachable_through_the_hook() {
    let place = Place::start("github", Reference).await;
    let scrape = place.changed(1, |request| {
        request.method = ByteString::from("GET");
        request.target = "/metrics".into();
        request.body = ByteString::default();
    });
    let seen = place.send(&scrape).await;
    assert_eq!(seen.outcome, Outcome::Rejected);
    assert!(!body(&seen).contains("countersign"));
}

/// Believes every tag.
struct Gullible;

impl Steps for Gullible {
    fn authentic(&self, _: &Setup, _: &Claims, _: &[u8]) -> Result<bool, Halt> {
        Ok(true)
    }
}

/// Throws, and says so with a status of its own.
struct Fragile;

impl Steps for Fragile {
    fn authentic(&self, _: &Setup, _: &Claims, _: &[u8]) -> Result<bool, Halt> {
        Err(Halt::Broken("lengths differ"))
    }
}

/// Refuses with a status that means success.
struct Quiet;

impl Steps for Quiet {
    fn status(&self, _: Reply) -> u16 {
        202
    }
}

#[tokio::test]
async fn a_broken_verifier_is_served_as_it_is() {
    let place = Place::start("github", Gullible).await;
    assert_eq!(place.send(&place.changed(1, flip)).await.outcome, Outcome::Accepted);
    let place = Place::start("github", Quiet).await;
    assert_eq!(place.send(&place.changed(1, flip)).await.outcome, Outcome::Accepted);
    let place = Place::start("github", Fragile).await;
    let seen = place.send(&place.genuine(1)).await;
    assert_eq!((seen.outcome, &*body(&seen)), (Outcome::Crashed, r#"{"error":"internal"}"#));
    assert_eq!(field(&place.log.all()[0], "result"), "\"error\"");
    assert!(place.metrics().await.contains("failures_total{reason=\"lengths differ\"} 1\n"));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused_before_it_is_read() {
    let place = Place::start("github", Reference).await;
    let large = place.changed(1, |request| request.body = vec![b'x'; 64 << 20].into());
    let seen = place.send(&large).await;
    assert_eq!(seen.answer.map(|answer| answer.status), Some(413), "{:?}", seen.detail);
    let small = Bounds { body: 1000, ..Bounds::default() };
    let place = Place::start_within("github", Reference, small).await;
    for length in [1000, 1001] {
        let request = place.changed(1, |request| request.body = vec![b'x'; length].into()).request().clone();
        let seen = place.send(&encode(request, Framing { chunk: Some(64), ..Framing::default() })).await;
        let status = if length > 1000 { 413 } else { 401 };
        assert_eq!(seen.answer.map(|answer| answer.status), Some(status), "{length}");
    }
    assert_eq!(place.log.all().len(), 1, "what was not verified is not logged as a verification");
}

#[tokio::test]
async fn refusals_of_the_http_layer_all_have_one_shape_and_not_that_of_the_verifier() {
    let place = Place::start("github", Reference).await;
    let shape = |seen: Observation| Shape::of(&seen.answer.expect("an answer"));
    let malformed =
        shape(place.send(&place.changed(1, |request| request.method = ByteString::from("PO ST"))).await);
    let request = place.genuine(1).request().clone();
    let mut bad_chunk = encode(request, Framing { chunk: Some(4), ..Framing::default() }).bytes().to_vec();
    let at = bad_chunk.windows(4).position(|four| four == b"\r\n\r\n").expect("a head") + 4;
    bad_chunk[at] = b'z';
    let mut stream = TcpStream::connect(place.running.addr()).await.expect("it listens");
    stream.write_all(&bad_chunk).await.expect("it reads");
    let mut octets = Vec::new();
    stream.read_to_end(&mut octets).await.expect("it answers and closes");
    let progress = AnswerReader::new(Limits::default(), false).push(&octets).expect("HTTP");
    let Progress::Done(answer) = progress else { panic!("{}", ByteString::from(octets)) };
    assert_eq!(answer.status, 400);
    assert_eq!(Shape::of(&answer), malformed);
    assert_ne!(shape(place.send(&place.changed(1, flip)).await), malformed);
}

#[tokio::test]
async fn many_header_lines_and_a_long_one_are_taken() {
    let place = Place::start("github", Reference).await;
    let many = place.changed(1, |request| {
        request.headers.extend((0..110).map(|n| Header::new(format!("X-{n}"), "y".repeat(1000))));
    });
    assert_eq!(place.send(&many).await.outcome, Outcome::Accepted);
    let more = place.changed(1, |request| {
        request.headers.extend((0..200).map(|n| Header::new(format!("X-{n}"), "y")));
    });
    assert_eq!(place.send(&more).await.outcome, Outcome::RejectedByTransport);
    let longer = place.changed(1, |request| request.headers.push(Header::new("X", "y".repeat(300 * 1024))));
    assert_eq!(place.send(&longer).await.outcome, Outcome::RejectedByTransport);
}

#[tokio::test]
async fn a_request_that_is_sent_ahead_is_refused_and_never_misread() {
    let place = Place::start("canonical-request-nonce", Reference).await;
    let both = [place.genuine(1).bytes(), place.genuine(2).bytes()].concat();
    let mut stream = TcpStream::connect(place.running.addr()).await.expect("it listens");
    stream.write_all(&both).await.expect("it reads");
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.expect("it answers and closes");
    assert!(answers.starts_with("HTTP/1.1 200 OK\r\n"), "{answers}");
    assert_eq!(answers.matches("HTTP/1.1 400 Bad Request\r\n").count(), 1, "{answers}");
    assert_eq!(place.log.all().len(), 1);
}

#[tokio::test]
async fn shutting_down_ends_promptly_whatever_clients_hold_open() {
    let place = Place::start("github", Reference).await;
    assert_eq!(place.send(&place.genuine(1)).await.outcome, Outcome::Accepted);
    let idle = TcpStream::connect(place.running.addr()).await.expect("it listens");
    let mut half = TcpStream::connect(place.running.addr()).await.expect("it listens");
    half.write_all(b"POST /hook HTTP/1.1\r\nContent-Le").await.expect("it reads");
    let addr = place.running.addr();
    let started = Instant::now();
    timeout(Duration::from_secs(20), place.running.shutdown()).await.expect("it ends");
    assert!(started.elapsed() < Duration::from_secs(9), "well before connections time out by themselves");
    assert!(TcpStream::connect(addr).await.is_err());
    drop((idle, half));
}
