//! Servers of HTTP/2 that misbehave while pairs of requests are sent to them. Measuring itself is in `../timing`.

#[path = "../support/http2.rs"]
mod http2;

use std::iter::repeat_n;
use std::time::{Duration, Instant};

use http2::{Takes, frame, saying, serve, serving};

use crate::support::{CANARY, countersign, program, stderr};

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;

/// What the command says of an endpoint that cannot be measured.
fn refusal(target: &str, more: &[&str]) -> String {
    let words =
        ["timing", "--pairs", "--target", target, "--scheme", "github", "--secret", "env:HOOK_SECRET"];
    let began = Instant::now();
    let output = countersign(&[&words[..], &["--timeout", "1"], more].concat());
    let shown = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{shown}");
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}: {shown}", began.elapsed());
    assert!(!shown.contains("panicked") && !shown.contains(CANARY), "{shown}");
    shown
}

#[test]
fn a_server_without_http2_is_named_with_what_to_do() {
    for server in [
        saying([b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n".to_vec()], Duration::ZERO),
        saying([], Duration::ZERO),
        serving(drop),
    ] {
        let shown = refusal(&server, &[]);
        assert!(shown.contains("does not speak HTTP/2") && shown.contains("leave --pairs out"), "{shown}");
    }
}

#[test]
fn a_wrong_secret_is_no_leak_but_a_failed_control() {
    let shown = refusal(&serve("another", 1, Takes::NOTHING), &[]);
    assert!(shown.contains("a valid request was not accepted but rejected, with status 401"), "{shown}");
}

#[test]
fn servers_that_misbehave_are_named_in_bounded_time() {
    let settings = |payload: &[u8]| frame(SETTINGS, 0, 0, payload);
    let pong = frame(PING, 1, 0, &1_u64.to_be_bytes());
    let leaving = |code: u8| frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, code]);
    let fields = |flags, stream| frame(HEADERS, flags, stream, b"\x88");
    // What comes at first, and what comes when the head of the first request is there.
    let cases: [(&str, Vec<u8>, Vec<u8>, &str); 16] = [
        ("garbage", vec![b'g'; 100], vec![], "a frame of"),
        ("no settings first", frame(PING, 0, 0, &[0; 8]), vec![], "does not begin with its settings"),
        ("settings that are cut off", settings(&[0; 5]), vec![], "cut off"),
        ("a frame that is too long", settings(&[]), vec![0xff; 9], "16384 are allowed"),
        ("one stream", settings(&[0, 3, 0, 0, 0, 1]), vec![], "1 requests at a time"),
        ("no room", settings(&[0, 4, 0, 0, 0, 0]), vec![], "flow control has no room"),
        ("a window too large", settings(&[0, 4, 0xff, 0, 0, 0]), vec![], "window that is too large"),
        ("no pong", settings(&[]), vec![], "nothing complete came within 1 s"),
        ("no answer", settings(&[]), pong.clone(), "nothing complete came within 1 s"),
        ("calm", settings(&[]), leaving(11), "ENHANCE_YOUR_CALM"),
        ("always leaving", [settings(&[]), leaving(0)].concat(), vec![], "ended its connection 100 times"),
        ("a reset", settings(&[]), frame(RST_STREAM, 0, 1, &[0, 0, 0, 7]), "REFUSED_STREAM"),
        (
            "an early answer",
            settings(&[]),
            [fields(5, 1), pong.clone()].concat(),
            "before a request was complete",
        ),
        ("fields without an end", settings(&[]), [fields(0, 1), pong].concat(), "interrupted"),
        ("a push", settings(&[]), frame(PUSH_PROMISE, 4, 1, &[0, 0, 0, 2]), "push that nobody allowed"),
        ("a stream of its own", settings(&[]), fields(5, 99), "stream 99"),
    ];
    for (name, first, then, why) in cases {
        let shown = refusal(&saying([first, then], Duration::from_millis(100)), &[]);
        assert!(shown.contains(why), "{name}: {shown}");
    }
}

#[test]
fn servers_without_an_end_are_left() {
    let settings = frame(SETTINGS, 0, 0, &[0; 6]);
    let pings: Vec<u8> = (0..1000).flat_map(|_| frame(PING, 0, 0, &[0; 8])).collect();
    let fields = frame(HEADERS, 0, 1, b"\x88");
    let more: Vec<u8> = (0..50).flat_map(|_| frame(CONTINUATION, 0, 1, &[0x20; 10_000])).collect();
    // Made piece by piece: copying all of them first takes longer than the patience of a client.
    let endless =
        |first: Option<&Vec<u8>>, then: Vec<u8>| first.cloned().into_iter().chain(repeat_n(then, 10_000));
    let soon = Duration::from_millis(1);
    for (name, server, why) in [
        ("settings", saying(endless(None, settings.clone()), Duration::ZERO), "error: "),
        ("pings", saying(endless(Some(&settings), pings), soon), "more than 1048576 bytes"),
        (
            "fields",
            saying(vec![settings.clone(), fields, more.clone(), more.clone(), more], 100 * soon),
            "more than 1048576",
        ),
        ("a drip", saying(endless(None, vec![0]), 150 * soon), "within 1 s"),
    ] {
        let shown = refusal(&server, &[]);
        assert!(shown.contains(why), "{name}: {shown}");
    }
}

#[test]
fn drivers_cannot_be_measured_by_pairs() {
    let driver = format!("exec:{}", program("test-driver"));
    let output = countersign(&["timing", "--pairs", "--target", &driver, "--scheme", "github"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert!(stderr(&output).contains("leave --pairs out"), "{}", stderr(&output));
}
