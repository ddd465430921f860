//! A driver around a correct GitHub verification, or one that misbehaves in the way that its argument names.
//!
//! It knows nothing of the harness: it reads and writes the line protocol as JSON.

mod github;

use std::fs;
use std::io::{self, BufRead as _, Write as _};
use std::process::{Command, exit};
use std::thread::sleep;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use github::{Comparison, is_genuine};
use serde_json::{Value, json};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let manner = arguments.next().unwrap_or_else(|| "right".to_owned());
    let file = arguments.next().unwrap_or_default();
    if manner == "ends-at-once" {
        exit(1);
    }
    let mut driver = Driver { manner, file, asked: 0 };
    for line in io::stdin().lock().split(b'\n') {
        let line = line.expect("standard input can be read");
        driver.answer(&serde_json::from_slice(&line).expect("the harness writes JSON"));
    }
    if driver.manner == "ends-slowly" {
        close_stdout();
        sleep(Duration::from_secs(1));
    }
}

/// What a virtual machine does long before it ends.
#[expect(unsafe_code, reason = "the standard library never closes standard output")]
fn close_stdout() {
    use std::os::fd::{FromRawFd as _, OwnedFd};
    // SAFETY: nothing is written after this, and nobody else owns the descriptor.
    drop(unsafe { OwnedFd::from_raw_fd(1) });
}

fn write(bytes: &[u8]) {
    let mut out = io::stdout().lock();
    // A harness that has heard enough closes the pipe.
    let _ = out.write_all(bytes).and_then(|()| out.flush());
}

fn say(message: &Value) {
    write(format!("{message}\n").as_bytes());
}

fn bytes(value: &Value) -> Vec<u8> {
    STANDARD.decode(value.as_str().expect("base64")).expect("base64")
}

struct Driver {
    manner: String,
    /// Where some manners leave their process id.
    file: String,
    asked: u64,
}

impl Driver {
    fn answer(&mut self, message: &Value) {
        if message.get("hello").is_some() {
            self.greet();
        } else if let Some(asked) = message.get("measure") {
            self.measure(asked);
        } else {
            self.verify(&message["verify"]);
        }
    }

    fn greet(&self) {
        match self.manner.as_str() {
            "greets-wrongly" => say(&json!({"accepted": {"seq": 0}})),
            _ => say(&json!({"hello": {
                "name": "test-driver", "version": "1", "language": "rust", "schemes": ["github"],
                "capabilities": ["clock", "timing"],
            }})),
        }
    }

    fn measure(&self, asked: &Value) {
        let order = asked["order"].as_array().expect("a list");
        let nanos: Vec<f64> = match self.manner.as_str() {
            "fast-clock" => vec![1e9; order.len()],
            "stopped-clock" => vec![0.0; order.len()],
            "few-timings" => vec![1.0],
            "odd-clock" => vec![-1.0; order.len()],
            _ => order.iter().map(|place| self.timed(asked, place)).collect(),
        };
        say(&json!({"measured": {"seq": asked["seq"], "nanos": nanos}}));
    }

    fn timed(&self, asked: &Value, place: &Value) -> f64 {
        let place = usize::try_from(place.as_u64().expect("a place")).expect("a place");
        let request = Request::read(asked, &asked["requests"][place]);
        let start = Instant::now();
        std::hint::black_box(self.accepts(&request));
        start.elapsed().as_nanos() as f64
    }

    fn accepts(&self, request: &Request) -> bool {
        let comparison = match self.manner.as_str() {
            "character-by-character" => Comparison::CharacterByCharacter,
            _ => Comparison::Constant,
        };
        is_genuine(&request.key, &request.body, &request.lines, comparison)
    }

    fn leave_pid(&self) {
        fs::write(&self.file, std::process::id().to_string()).expect("the file can be written");
    }

    fn verify(&mut self, asked: &Value) {
        let request = Request::read(asked, &asked["request"]);
        let genuine = self.accepts(&request);
        let mut seq = asked["seq"].as_u64().expect("a number");
        self.asked += 1;
        match (self.manner.as_str(), genuine) {
            ("slow", _) if self.asked > 10 => {
                self.leave_pid();
                sleep(Duration::from_millis(20));
            }
            ("raises", false) => {
                return say(&json!({"error": {"seq": seq, "type": "TypeError", "detail": "not today"}}));
            }
            ("tells-the-key", false) => {
                let detail = format!("with {}", String::from_utf8_lossy(&request.key));
                return say(&json!({"rejected": {"seq": seq, "class": "bad-tag", "detail": detail}}));
            }
            ("dies", false) => {
                eprintln!("the last words");
                exit(7);
            }
            ("never-answers", _) if self.asked > 1 => return self.leave_pid(),
            ("exits-0", _) if self.asked > 1 => exit(0),
            ("grandchild", false) => {
                // It inherits the pipes and holds them.
                Command::new("sleep").arg("60").spawn().expect("`sleep` starts");
                exit(0);
            }
            ("wrong-number", _) => seq += 1000,
            ("not-utf-8", _) => return write(b"\xff\xfe\n"),
            ("long-line", _) => return write(&[vec![b' '; 100_000_000], vec![b'\n']].concat()),
            ("half-a-line", _) if self.asked > 1 => {
                write(b"{\"accepted\"");
                exit(0);
            }
            (_, _) => {}
        }
        let answer = match genuine {
            true => json!({"accepted": {"seq": seq}}),
            false => json!({"rejected": {"seq": seq, "class": "bad-tag"}}),
        };
        say(&answer);
        if self.manner == "twice" {
            say(&json!({"accepted": {"seq": seq}}));
        }
    }
}

struct Request {
    key: Vec<u8>,
    body: Vec<u8>,
    /// The values of all signature lines.
    lines: Vec<Vec<u8>>,
}

impl Request {
    fn read(asked: &Value, request: &Value) -> Self {
        let headers = request["headers"].as_array().into_iter().flatten();
        let is_signature =
            |name: &Value| name.as_str().is_some_and(|name| name.eq_ignore_ascii_case("x-hub-signature-256"));
        let lines = headers.filter(|line| is_signature(&line[0])).map(|line| bytes(&line[1])).collect();
        Self { key: bytes(&asked["key"]), body: bytes(&request["body"]), lines }
    }
}
