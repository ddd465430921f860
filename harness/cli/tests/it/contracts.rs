//! Promises to users that no single module keeps alone: secrets stay inside, reports fit their
//! schemas, the same seed makes the same requests, recorded answers are compared, nothing is lost.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use countersign_core::scheme::{Construction, Hash, mac};
use serde_json::Value;

use crate::support::{CANARY, SECOND_CANARY, countersign, countersign_with, root, stderr, stdout};

/// A server that reads requests and answers each with what `answer` makes of it.
fn server(answer: impl Fn(&[u8]) -> Vec<u8> + Send + Sync + 'static) -> (String, Arc<Mutex<Vec<Vec<u8>>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("bound"));
    let requests: Arc<Mutex<Vec<Vec<u8>>>> = Arc::default();
    let (kept, answer) = (Arc::clone(&requests), Arc::new(answer));
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let (kept, answer) = (Arc::clone(&kept), Arc::clone(&answer));
            thread::spawn(move || {
                let mut stream = stream;
                let mut request = Vec::new();
                let mut piece = [0; 65536];
                // A busy machine may let the first byte wait; what has no end is known by its silence.
                let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
                while let Ok(length @ 1..) = stream.read(&mut piece) {
                    let _ = stream.set_read_timeout(Some(Duration::from_millis(300)));
                    request.extend_from_slice(&piece[..length]);
                    if whole(&request) {
                        break;
                    }
                }
                let _ = stream.write_all(&answer(&request));
                kept.lock().expect("no poison").push(request);
            });
        }
    });
    (url, requests)
}

/// Whether a request with a plain length has come to its end.
fn whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request).to_lowercase();
    let Some(end) = text.find("\r\n\r\n") else { return false };
    let length = text.split("content-length: ").nth(1).and_then(|rest| rest.split("\r\n").next());
    length
        .and_then(|length| length.parse::<usize>().ok())
        .is_none_or(|length| request.len() >= end + 4 + length)
}

fn reply(status: &str, body: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
        .into_bytes()
}

/// All encodings in which the canaries must not appear.
fn canaries() -> Vec<String> {
    let writings = |canary: &str| {
        let hex: String = canary.bytes().map(|byte| format!("{byte:02x}")).collect();
        let base64 =
            [STANDARD.encode(canary), STANDARD_NO_PAD.encode(canary), URL_SAFE_NO_PAD.encode(canary)];
        [canary.to_owned(), hex.to_uppercase(), hex].into_iter().chain(base64).collect::<Vec<_>>()
    };
    [CANARY, SECOND_CANARY].into_iter().flat_map(writings).collect()
}

fn assert_no_canary(what: &str, text: &str) {
    for canary in canaries() {
        assert!(!text.contains(&canary), "{what} holds the secret as {canary}");
    }
}

#[test]
fn the_secret_is_in_no_output_of_any_command_or_format() {
    // A target that echoes the secret in every form: the worst that can come back.
    let echo = canaries().join("\r\nX-Echo: ");
    let body = format!("{{\"secret\": \"{}\"}}", canaries().join(" "));
    let (url, _) = server(move |_| {
        format!(
            "HTTP/1.1 200 OK\r\nX-Echo: {echo}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    });
    let folder = tempfile::tempdir().expect("a folder");
    let snapshots = folder.path().join("answers");
    let snapshots = snapshots.to_str().expect("a plain path");
    let base = ["--target", &url, "--scheme", "github", "--secret", "env:HOOK_SECRET", "--case", "length-*"];
    let both = ["--second-secret", "env:SECOND_SECRET", "--case", "key-of-another-sender*"];
    let base = [&base[..], &both[..]].concat();
    for format in ["terminal", "json", "jsonl", "junit"] {
        let output =
            countersign(&[&["run", "--format", format, "--snapshot", snapshots][..], &base[..]].concat());
        assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
        assert_no_canary(format, &stdout(&output));
        assert_no_canary("standard error", &stderr(&output));
    }
    for entry in std::fs::read_dir(folder.path().join("answers/github")).expect("snapshots") {
        let path = entry.expect("an entry").path();
        assert_no_canary("a snapshot", &std::fs::read_to_string(path).expect("text"));
    }
    let replay = [
        "replay",
        "length-tag-eight-bytes",
        "--target",
        &url,
        "--scheme",
        "github",
        "--secret",
        "env:HOOK_SECRET",
        "--second-secret",
        "env:SECOND_SECRET",
    ];
    let output = countersign(&replay);
    assert!(stdout(&output).contains("[secret]"), "the echo is shown redacted: {}", stdout(&output));
    assert_no_canary("replay", &stdout(&output));
    // Wrong uses, where an error message is tempted to repeat what it was given.
    for wrong in [
        vec!["run", "--secret", CANARY],
        vec!["run", "--target", "http://127.0.0.1:9/", "--scheme", "github", "--secret", CANARY],
        vec!["run", "--scheme", "standard-webhooks", "--secret", "env:HOOK_SECRET"],
        vec!["run", "--scheme", "adyen-platforms", "--secret", "env:HOOK_SECRET"],
        vec!["serve", "--secret", CANARY],
        vec!["run", "--second-secret", SECOND_CANARY],
        vec!["run", "--scheme", "standard-webhooks", "--second-secret", "env:SECOND_SECRET"],
        vec!["serve", "--secret", "env:HOOK_SECRET", "--second-secret", SECOND_CANARY],
    ] {
        let output = countersign(&wrong);
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
        assert_no_canary("an error", &format!("{}{}", stdout(&output), stderr(&output)));
    }
}

#[test]
fn json_and_event_reports_fit_their_published_schemas() {
    let schema = |name: &str| -> jsonschema::Validator {
        let path = root().join("vectors/schema").join(name);
        let text =
            std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let schema: Value = serde_json::from_str(&text).expect("JSON");
        jsonschema::validator_for(&schema).expect("a schema")
    };
    let check = |validator: &jsonschema::Validator, value: &Value| {
        let errors: Vec<String> = validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{}", errors.join("\n"));
    };
    let report = schema("report.schema.json");
    let event = schema("event.schema.json");
    for target in ["reference", "mutant:B03", "mutant:B08", "mutant:D13"] {
        let args = ["run", "--target", target, "--scheme", "canonical-request-nonce", "--format"];
        let json = countersign(&[&args[..], &["json"]].concat());
        check(&report, &serde_json::from_slice(&json.stdout).expect("one document"));
        let lines = countersign(&[&args[..], &["jsonl"]].concat());
        for line in stdout(&lines).lines() {
            check(&event, &serde_json::from_str(line).expect("one event"));
        }
    }
}

/// Whether it is the default message of the scheme `github` with the right tag.
fn is_control(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((_, body)) = text.split_once("\r\n\r\n") else { return false };
    let tag = mac(Construction::Hmac, Hash::Sha256, CANARY.as_bytes(), body.as_bytes());
    let digits: String = tag.iter().map(|byte| format!("{byte:02x}")).collect();
    body.contains("Keep it logically awesome") && text.contains(&format!("sha256={digits}\r\n"))
}

#[test]
fn the_same_seed_sends_the_same_requests_whatever_the_concurrency() {
    let sent = |jobs: &str, seed: &str| {
        let (url, requests) = server(|_| reply("200 OK", "ok"));
        let args =
            ["run", "--target", &url, "--scheme", "github", "--secret", "env:HOOK_SECRET", "--seed", seed];
        let more = ["--jobs", jobs, "--case", "body-*", "--case", "length-*"];
        assert_eq!(countersign(&[&args[..], &more].concat()).status.code(), Some(1));
        // With the address before it: the digits of a port can stand in a tag as well.
        let place = url.trim_start_matches("http://").trim_end_matches("/hook").to_owned();
        let text = |request: &Vec<u8>| String::from_utf8_lossy(request).replace(&place, "127.0.0.1:PORT");
        // How many controls there are depends on how long the cases take.
        let is_case = |request: &&Vec<u8>| !is_control(request);
        let requests = requests.lock().expect("no poison");
        let mut requests: Vec<String> = requests.iter().filter(is_case).map(text).collect();
        requests.sort();
        requests
    };
    let first = sent("1", "7");
    assert!(first.len() > 40, "{}", first.len());
    assert_eq!(first, sent("8", "7"));
    assert_ne!(first, sent("1", "8"));
}

#[test]
fn a_foreign_host_is_sent_nothing() {
    // The name resolves to this machine, where something listens; it must not hear anything.
    let (url, requests) = server(|_| reply("200 OK", "ok"));
    let foreign = url.replace("127.0.0.1", "0.0.0.0");
    let args = ["run", "--target", &foreign, "--scheme", "github", "--secret", "env:HOOK_SECRET"];
    assert_eq!(countersign(&args).status.code(), Some(4));
    assert!(requests.lock().expect("no poison").is_empty());
    let allowed = [&args[..], &["--allow-host", "0.0.0.0", "--case", "length-tag-eight-bytes"]].concat();
    assert_eq!(countersign(&allowed).status.code(), Some(1));
}

#[test]
fn a_target_that_accepts_everything_is_found_out_and_one_that_refuses_everything_is_no_verdict() {
    for (status, exit) in [("200 OK", 1), ("401 Unauthorized", 3), ("500 Oops", 3), ("302 Found", 3)] {
        let (url, _) = server(move |_| reply(status, "{}"));
        let args = [
            "run",
            "--target",
            &url,
            "--scheme",
            "stripe",
            "--secret",
            "env:HOOK_SECRET",
            "--case",
            "length-*",
        ];
        let output = countersign(&[&args[..], &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(exit), "{status}");
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        if exit == 3 {
            assert_eq!(report["summary"]["pass"], 0, "{status}: nothing may pass without a control");
        }
    }
}

#[test]
fn hostile_answers_become_observations_and_the_run_goes_on() {
    // Valid requests are answered well; forged ones get something else each time.
    let genuine = |request: &[u8]| {
        let text = String::from_utf8_lossy(request);
        text.contains("X-Signature: ") && !text.contains("X-Forwarded")
    };
    for (name, hostile) in [
        ("garbage", b"\x00\xff garbage".to_vec()),
        ("http/0.9", b"<html>hello".to_vec()),
        ("nothing", Vec::new()),
        ("half a head", b"HTTP/1.1 401 Un".to_vec()),
        ("64 KiB of header", [b"HTTP/1.1 401 No\r\nX: ".to_vec(), vec![b'x'; 1 << 17]].concat()),
        ("interim answers", b"HTTP/1.1 103 Hints\r\n\r\n".repeat(100)),
    ] {
        let (url, _) =
            server(move |request| if genuine(request) { reply("200 OK", "") } else { hostile.clone() });
        let args = [
            "run",
            "--target",
            &url,
            "--scheme",
            "body-hex",
            "--secret",
            "env:HOOK_SECRET",
            "--format",
            "json",
        ];
        let more = ["--case", "bypass-*", "--timeout", "2", "--jobs", "4"];
        let started = Instant::now();
        let output = countersign(&[&args[..], &more].concat());
        assert!(started.elapsed() < Duration::from_secs(30), "{name}");
        assert_eq!(output.status.code(), Some(1), "{name}: {}", stderr(&output));
        let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
        let observed =
            |case: &Value| matches!(case["observed"].as_str(), Some("crashed" | "garbled" | "hung"));
        let cases = report["cases"].as_array().expect("cases");
        assert!(cases.iter().filter(|case| observed(case)).count() > 3, "{name}: {}", report["summary"]);
    }
}

#[test]
fn recorded_answers_are_compared_shown_as_a_diff_and_accepted() {
    let answer = Arc::new(Mutex::new("invalid signature".to_owned()));
    let current = Arc::clone(&answer);
    let (url, _) = server(move |request| {
        // Enough of a verifier for one scheme: a tag of 64 hex digits that no case of this selection forges.
        let text = String::from_utf8_lossy(request).into_owned();
        let tag = text.split("X-Signature: ").nth(1).and_then(|rest| rest.split("\r\n").next()).unwrap_or("");
        let whole = tag.len() == 64 && tag.bytes().all(|byte| byte.is_ascii_hexdigit());
        if whole {
            reply("200 OK", "ok")
        } else {
            reply("401 Unauthorized", &current.lock().expect("no poison"))
        }
    });
    let folder = tempfile::tempdir().expect("a folder");
    let dir = folder.path().to_str().expect("a plain path");
    let run = |more: &[&str]| {
        let args = [
            "run",
            "--target",
            &url,
            "--scheme",
            "body-hex",
            "--secret",
            "env:HOOK_SECRET",
            "--snapshot",
            dir,
        ];
        countersign(&[&args[..], &["--case", "length-tag-*-bytes"], more].concat())
    };
    let recorded = run(&[]);
    assert_eq!(recorded.status.code(), Some(0), "{}", stdout(&recorded));
    let files = std::fs::read_dir(folder.path().join("body-hex")).expect("recorded").count();
    assert!(files > 3, "{files}");
    assert_eq!(run(&[]).status.code(), Some(0), "the same answers are no drift");
    "no such luck".clone_into(&mut answer.lock().expect("no poison"));
    let drifted = run(&[]);
    assert_eq!(drifted.status.code(), Some(1));
    let shown = stdout(&drifted);
    assert!(
        shown.contains("-") && shown.contains("invalid signature") && shown.contains("no such luck"),
        "{shown}"
    );
    assert!(shown.contains("DRIFT"), "{shown}");
    let news = std::fs::read_dir(folder.path().join("body-hex")).expect("recorded").flatten();
    assert!(news.filter(|entry| entry.path().to_string_lossy().ends_with(".snap.new")).count() > 3);
    assert_eq!(run(&["--update"]).status.code(), Some(0));
    assert_eq!(run(&[]).status.code(), Some(0), "accepted answers are the recorded ones");
    let left = std::fs::read_dir(folder.path().join("body-hex")).expect("recorded").count();
    assert_eq!(left, files, "nothing is left to review");
}

#[test]
fn killed_in_the_middle_a_run_keeps_every_finished_result() {
    let (url, _) = server(|_| {
        thread::sleep(Duration::from_millis(5));
        reply("200 OK", "ok")
    });
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("events.jsonl");
    let format = format!("jsonl={}", path.display());
    let mut child = Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(["run", "--target", &url, "--scheme", "github", "--secret", "env:HOOK_SECRET", "--jobs", "2"])
        .args(["--format", &format])
        .env("HOOK_SECRET", CANARY)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the command starts");
    let deadline = Instant::now() + Duration::from_secs(30);
    let lines = || std::fs::read_to_string(&path).unwrap_or_default().lines().count();
    while lines() < 20 && Instant::now() < deadline {
        thread::sleep(Duration::from_millis(10));
    }
    child.kill().expect("it runs");
    child.wait().expect("it ended");
    let text = std::fs::read_to_string(&path).expect("the events");
    let whole: Vec<Value> = text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    assert!(whole.len() >= 20, "{}", whole.len());
    assert!(text.lines().count() - whole.len() <= 1, "at most the last line is cut");
}

#[test]
fn exit_codes_in_the_manual_are_those_of_the_contract() {
    let help = stdout(&countersign_with(&["--help"], CANARY));
    for (code, word) in [
        ("0", "conformant"),
        ("1", "findings"),
        ("2", "usage"),
        ("3", "inconclusive"),
        ("4", "guard"),
        ("130", "interrupted"),
    ] {
        let line = help.lines().find(|line| line.trim().starts_with(&format!("{code} ")));
        assert!(line.is_some_and(|line| line.contains(word)), "{code}: {line:?}");
    }
    assert!(stdout(&countersign_with(&["man"], CANARY)).contains("130"));
}
