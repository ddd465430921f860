//! Libraries and endpoints that take longer for some inputs, and some that do not.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::Value;
use sha2::Sha256;

use crate::alone;
use crate::support::{CANARY, countersign, program, root, stderr, stdout};

/// The finding on a target, and how the command ended.
pub(crate) fn timed(target: &str, more: &[&str]) -> (Value, Option<i32>) {
    let words = [
        "timing",
        "--target",
        target,
        "--scheme",
        "github",
        "--secret",
        "env:HOOK_SECRET",
        "--format",
        "json",
    ];
    let output = countersign(&[&words[..], more].concat());
    let shown = stdout(&output) + &stderr(&output);
    assert!(!shown.contains(CANARY), "{target}: the secret is shown");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{target}: {error}: {shown}"));
    let schema = std::fs::read_to_string(root().join("vectors/schema/timing.schema.json")).expect("a schema");
    let schema = serde_json::from_str(&schema).expect("JSON");
    let fits = jsonschema::validate(&schema, &report);
    assert!(fits.is_ok(), "{target}: {fits:?}");
    (report["findings"][0].clone(), output.status.code())
}

#[test]
fn a_library_that_ends_at_the_first_difference_leaks_and_one_in_constant_time_does_not() {
    let _alone = alone();
    let driver = |way: &str| format!("exec:{} {way}", program("test-driver"));
    let (finding, exit) = timed(&driver("character-by-character"), &["--max-time", "20"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(1), Some("leak")), "{finding}");
    assert!(finding["found"].as_u64() < Some(1000), "{finding}");
    let (finding, exit) = timed(&driver("digest"), &["--max-time", "10", "--resolution", "500ns"]);
    assert_ne!(exit, Some(1), "{finding}");
}

#[test]
fn an_endpoint_that_ends_at_the_first_difference_leaks_and_one_in_constant_time_does_not() {
    let _alone = alone();
    let server = |manner: &str| format!("serve:{} {manner}", program("test-server"));
    let (finding, exit) = timed(&server("ends-early"), &["--max-time", "30", "--resolution", "300ns"]);
    assert_eq!((exit, finding["verdict"].as_str()), (Some(1), Some("leak")), "{finding}");
    let (finding, exit) = timed(&server("right"), &["--max-time", "5", "--resolution", "5us"]);
    assert_ne!(exit, Some(1), "{finding}");
}

#[test]
fn a_driver_whose_clock_cannot_be_right_is_named() {
    let _alone = alone();
    for (manner, why) in [
        ("fast-clock", "its calls took"),
        ("stopped-clock", "its clock does not advance"),
        ("few-timings", "1 timings for 64 calls"),
        ("odd-clock", "a call of -1 ns"),
    ] {
        let target = format!("exec:{} {manner}", program("test-driver"));
        let output = countersign(&["timing", "--target", &target, "--scheme", "github"]);
        assert_eq!(output.status.code(), Some(3), "{manner}: {}", stderr(&output));
        assert!(stderr(&output).contains(why), "{manner}: {}", stderr(&output));
    }
}

#[test]
fn timings_are_written_and_judged_again_alike() {
    let _alone = alone();
    let file = tempfile::NamedTempFile::new().expect("a file");
    let path = file.path().display().to_string();
    let driver = format!("exec:{} character-by-character", program("test-driver"));
    let (finding, _) = timed(&driver, &["--save", &path]);
    let output = countersign(&["timing", "--recording", &path, "--format", "json", "--resolution", "100ns"]);
    let again: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let again = &again["findings"][0];
    assert_eq!((&again["verdict"], &again["found"]), (&finding["verdict"], &finding["found"]));
    assert_eq!(again["facts"]["seed"], finding["facts"]["seed"]);
}

#[test]
fn contrasts_that_a_scheme_does_not_have_are_refused() {
    let _alone = alone();
    for (contrast, why) in [("key-id", "carries no key id"), ("mismatch-at:64", "and no position 64")] {
        let output = countersign(&["timing", "--scheme", "github", "--contrast", contrast]);
        assert_eq!(output.status.code(), Some(3), "{contrast}");
        assert!(stderr(&output).contains(why), "{contrast}: {}", stderr(&output));
    }
    let output = countersign(&["timing", "--scheme", "github", "--contrast", "weather"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("known are mismatch"), "{}", stderr(&output));
}

#[test]
fn positions_along_the_tag_are_one_picture() {
    let _alone = alone();
    let driver = format!("exec:{} character-by-character", program("test-driver"));
    let words =
        ["timing", "--target", &driver, "--scheme", "github", "--secret", "env:HOOK_SECRET", "--contrast"];
    let positions = ["mismatch-at:4", "--contrast", "mismatch-at:60", "--max-time", "20", "--format", "html"];
    let output = countersign(&[&words[..], &positions].concat());
    let page = stdout(&output);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert!(stderr(&output).is_empty(), "no progress where no terminal is: {}", stderr(&output));
    assert!(!page.contains(CANARY));
    let between = |start: &str, end: &str| -> Vec<String> {
        let rest = page.split(start).skip(1);
        rest.map(|rest| rest.split(end).next().unwrap_or_default().to_owned()).collect()
    };
    let ladder = between("<desc id=\"ladder-about\">", "</desc>");
    assert!(
        ladder.len() == 1 && ladder[0].contains("position 4: ") && ladder[0].contains("position 60: "),
        "{ladder:?}"
    );
    let dots = between("<path class=\"dots\" d=\"", "\"");
    assert_eq!(dots[0].matches('M').count(), 2, "one for each position: {dots:?}");
    assert!(between("<path class=\"value\"", ">").len() > 4, "each comparison has its own as well");
}

#[test]
fn a_comparison_that_stops_early_can_be_tried_without_a_server_and_the_reference_is_no_leak() {
    let _alone = alone();
    let words = ["timing", "--scheme", "github", "--format", "json", "--target"];
    let began = Instant::now();
    let output = countersign(&[&words[..], &["mutant:B01"]].concat());
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    assert_eq!((output.status.code(), report["verdict"].as_str()), (Some(1), Some("leak")), "{report}");
    assert_eq!(report["target"], "mutant:B01 (called in this process, without a socket)");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let output = countersign(&[&words[..], &["reference", "--max-time", "10"]].concat());
    assert_ne!(output.status.code(), Some(1), "{}", stdout(&output));
}

#[test]
fn a_mutant_that_only_timing_shows_is_refused_where_no_case_can_kill_it() {
    let _alone = alone();
    let first = |output: &std::process::Output| stderr(output).lines().next().unwrap_or_default().to_owned();
    for words in [
        &["run", "--target", "mutant:B01", "--scheme", "github"][..],
        &["compare", "--target", "mutant:B01", "--target", "reference", "--scheme", "github"],
        &["matrix", "--class", "B01"],
    ] {
        let output = countersign(words);
        assert_eq!(output.status.code(), Some(2), "{words:?}: {}", stderr(&output));
        assert!(first(&output).contains("only timing shows the bug class `B01`"), "{}", stderr(&output));
        assert!(stderr(&output).contains("countersign timing --target mutant:B01"), "{}", stderr(&output));
    }
    let listed = stdout(&countersign(&["list", "mutants"]));
    assert!(listed.lines().any(|line| line.starts_with("B01 ") && line.contains("no case can kill it")));
    let explained = stdout(&countersign(&["explain", "B01"]));
    assert!(explained.contains("countersign timing --target mutant:B01"), "{explained}");
}

#[test]
fn an_option_that_cannot_be_honored_is_an_error_that_names_it() {
    let _alone = alone();
    let endpoint = ["--target", "http://127.0.0.1:9/", "--scheme", "github", "--secret", "env:HOOK_SECRET"];
    let driver = ["--target", "exec:no-such-driver", "--scheme", "github"];
    let path = root().join("harness/cli/tests/recordings/http-ct-1.csv.gz").display().to_string();
    let recording = ["--recording", &path];
    let valgrind = ["--instructions", "--target", "exec:no-such-driver", "--scheme", "github"];
    let taint = ["--taint", "--target", "exec:no-such-driver", "--scheme", "github"];
    let all: [(&[&str], &[&str]); 26] = [
        (&endpoint, &["--suite", "smoke"]),
        (&endpoint, &["--slow"]),
        (&endpoint, &["--effects", "http://127.0.0.1:9/metrics#orders"]),
        (&endpoint, &["--second-secret", "env:SECOND_SECRET"]),
        (&endpoint, &["--second-path", "/second"]),
        (&endpoint, &["--second-key-id", "other"]),
        (&endpoint, &["--transport", "raw"]),
        (&endpoint, &["--unit", "1ns"]),
        (&driver, &["--suite", "smoke"]),
        (&driver, &["--accept-status", "200"]),
        (&driver, &["--allow-host", "example.com"]),
        (&driver, &["--pairs"]),
        (&["--target", "reference", "--scheme", "github"], &["--rate", "5/s"]),
        (&["--target", "mutant:B01", "--scheme", "github"], &["--timeout", "5"]),
        (&recording, &["--rate", "5/s"]),
        (&recording, &["--scheme", "github"]),
        (&recording, &["--contrast", "stale"]),
        (&recording, &["--max-time", "5"]),
        (&recording, &["--target", "reference"]),
        (&valgrind, &["--rate", "5/s"]),
        (&valgrind, &["--max-time", "5"]),
        (&valgrind, &["--timeout", "5"]),
        (&valgrind, &["--resolution", "5ns"]),
        (&taint, &["--rate", "5/s"]),
        (&taint, &["--verbose"]),
        (&taint, &["--recording", "timings.csv"]),
    ];
    for (words, option) in all {
        let output = countersign(&[&["timing"], words, option].concat());
        let shown = stderr(&output);
        assert_eq!(output.status.code(), Some(2), "{words:?} {option:?}: {shown}");
        assert!(
            shown.contains("cannot honor --") && shown.contains("help: "),
            "{words:?} {option:?}: {shown}"
        );
    }
}

/// A correct endpoint, and when its requests came.
fn counting() -> (String, Arc<Mutex<Vec<Instant>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/hook", listener.local_addr().expect("it is bound"));
    let came = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&came);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let came = Arc::clone(&came);
            thread::spawn(move || answer(stream, &came));
        }
    });
    (url, all)
}

fn answer(mut stream: TcpStream, came: &Mutex<Vec<Instant>>) {
    let mut bytes = Vec::new();
    loop {
        let mut piece = [0; 4096];
        let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") else {
            match stream.read(&mut piece) {
                Ok(length @ 1..) => bytes.extend(&piece[..length]),
                Ok(0) | Err(_) => return,
            }
            continue;
        };
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let value =
            |name: &str| head.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        let length = value("content-length:").and_then(|text| text.parse().ok()).unwrap_or(0);
        if bytes.len() < end + 4 + length {
            match stream.read(&mut piece) {
                Ok(more @ 1..) => bytes.extend(&piece[..more]),
                Ok(0) | Err(_) => return,
            }
            continue;
        }
        came.lock().expect("no thread panicked").push(Instant::now());
        let mut mac = Hmac::<Sha256>::new_from_slice(CANARY.as_bytes()).expect("keys of any length");
        mac.update(&bytes[end + 4..end + 4 + length]);
        let right = format!("sha256={}", hex::encode(mac.finalize().into_bytes()));
        let status = if value("x-hub-signature-256:") == Some(right) { "200 OK" } else { "401 Unauthorized" };
        bytes.drain(..end + 4 + length);
        if write!(stream, "HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

/// The most requests within any second.
fn busiest(came: &Mutex<Vec<Instant>>) -> usize {
    let came = came.lock().expect("no thread panicked");
    let within = |from: &Instant| {
        came.iter().filter(|at| *at >= from && **at < *from + Duration::from_secs(1)).count()
    };
    came.iter().map(within).max().unwrap_or(0)
}

#[test]
fn a_rate_limit_holds_for_every_request_to_an_endpoint_wherever_it_is_written() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("countersign.yaml");
    std::fs::write(&profile, "rate: 40/s\n").expect("written");
    let profile = profile.display().to_string();
    for option in [["--rate", "40/s"], ["--config", &profile]] {
        let (url, came) = counting();
        let (finding, _) = timed(&url, &[&["--max-time", "3"], &option[..]].concat());
        let busiest = busiest(&came);
        // A request may be on its way a little longer than the next one.
        assert!((10..=48).contains(&busiest), "{option:?}: {busiest} in a second: {finding}");
    }
}

#[test]
fn a_rate_limit_holds_for_every_question_to_a_driver() {
    let _alone = alone();
    let driver = format!("exec:{}", program("test-driver"));
    let (finding, _) = timed(&driver, &["--rate", "50/s", "--max-time", "3"]);
    // Three of eight requests are of the comparison, the others of controls.
    assert!(finding["timings"].as_u64().is_some_and(|timings| timings <= 100), "{finding}");
}

#[test]
fn a_rate_limit_in_the_profile_cannot_hold_under_valgrind_and_is_refused() {
    let _alone = alone();
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("profile.yaml");
    std::fs::write(&profile, "rate: 40/s\n").expect("written");
    let profile = profile.display().to_string();
    for option in ["--instructions", "--taint"] {
        let words = ["timing", option, "--target", "exec:no-such-driver", "--scheme", "github", "--config"];
        let output = countersign(&[&words[..], &[&profile]].concat());
        assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
        assert!(stderr(&output).contains("cannot honor the `rate`"), "{}", stderr(&output));
    }
}
