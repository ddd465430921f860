//! Speaks Countersign's line protocol (`conformance/PROTOCOL.md`), so that a driver holds only the call of its crate.
//! Wants `serde_json` and `base64`; copy the file beside a driver.

#![allow(dead_code, reason = "a driver may need only a part of this file")]

use std::any::Any;
use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::{BufRead, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

/// Answers are bound to 1 MiB by the protocol, requests are not: cases have bodies of up to 64 MiB.
const LONGEST_LINE: usize = 128 << 20;

/// Who answers. Code of your own has no `version`; `capabilities` may be empty, and `timing` is added.
pub struct Driver<'a> {
    pub name: &'a str,
    pub version: Option<&'a str>,
    pub schemes: &'a [&'a str],
    pub capabilities: &'a [&'a str],
}

/// What an HTTP server hands to an application. `target` is path and query as sent.
#[derive(Debug)]
pub struct Request {
    pub scheme: String,
    /// The secret as its sender shows it.
    pub key: Vec<u8>,
    /// Seconds since 1970.
    pub now: i64,
    pub origin: String,
    pub key_id: String,
    pub constants: BTreeMap<String, String>,
    pub method: Vec<u8>,
    pub target: Vec<u8>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Vec<u8>,
}

/// Why a request was not accepted. Every error of a crate becomes a refusal by `?`.
#[derive(Debug)]
pub enum Refused {
    /// The crate refused it, or the application has to, before it can ask the crate.
    Rejected(String),
    /// The crate did what no caller expects of a verifier. Panics need not be caught.
    Failed(String),
    /// The crate cannot be asked this.
    Unsupported(String),
}

impl<E: std::error::Error> From<E> for Refused {
    fn from(error: E) -> Self {
        Self::Rejected(error.to_string())
    }
}

/// A refusal, for `ok_or_else` and `map_err`.
pub fn rejected(why: impl ToString) -> Refused {
    Refused::Rejected(why.to_string())
}

/// What cannot be asked, for `ok_or_else` and `map_err`.
pub fn unsupported(why: impl ToString) -> Refused {
    Refused::Unsupported(why.to_string())
}

impl Request {
    /// The secret, for crates that want text.
    pub fn key_text(&self) -> Result<&str, Refused> {
        std::str::from_utf8(&self.key).map_err(|_| unsupported("the key is not text"))
    }

    /// The lines of a name, in their order.
    pub fn lines<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.headers
            .iter()
            .filter(move |line| line.0.eq_ignore_ascii_case(name))
            .map(|line| line.1.as_slice())
    }

    /// What follows the word of the first Authorization header, for crates that take a token alone.
    pub fn credentials(&self, word: &str) -> Result<&str, Refused> {
        let value = self.lines("Authorization").next().ok_or_else(|| rejected("no Authorization header"))?;
        let (found, rest) =
            std::str::from_utf8(value)?.split_once(' ').ok_or_else(|| rejected("no credentials"))?;
        if found.eq_ignore_ascii_case(word) { Ok(rest) } else { Err(rejected("credentials of another kind")) }
    }
}

/// Answers until standard input ends, and ends the process.
pub fn serve(driver: &Driver, verify: impl Fn(&Request) -> Result<(), Refused>) -> ! {
    let end = converse(std::io::stdin().lock(), std::io::stdout().lock(), LONGEST_LINE, driver, verify);
    if let Err(why) = &end {
        eprintln!("countersign driver: {why}");
    }
    std::process::exit(i32::from(end.is_err()))
}

fn converse(
    mut input: impl BufRead,
    mut output: impl Write,
    longest: usize,
    driver: &Driver,
    verify: impl Fn(&Request) -> Result<(), Refused>,
) -> Result<(), String> {
    let mut line = Vec::new();
    loop {
        line.clear();
        // One byte more than allowed, and the line end.
        let room = longest as u64 + 2;
        input.by_ref().take(room).read_until(b'\n', &mut line).map_err(|error| error.to_string())?;
        if line.is_empty() {
            return Ok(());
        }
        if line.strip_suffix(b"\n").unwrap_or(&line).len() > longest {
            return Err("a line is too long".to_owned());
        }
        let mut reply = answer(&line, driver, &verify)?.to_string().into_bytes();
        reply.push(b'\n');
        output.write_all(&reply).and_then(|()| output.flush()).map_err(|error| error.to_string())?;
    }
}

fn answer(
    line: &[u8],
    driver: &Driver,
    verify: impl Fn(&Request) -> Result<(), Refused>,
) -> Result<Value, String> {
    let message: Map<String, Value> = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    let (kind, fields) = message.iter().next().ok_or("an empty message")?;
    if kind == "hello" {
        if fields["protocol"] != 1 {
            return Err(format!("unknown version of the protocol: {}", fields["protocol"]));
        }
        let capabilities = [driver.capabilities, &["timing"]].concat();
        let mut hello = json!({
            "name": driver.name, "language": "rust", "schemes": driver.schemes, "capabilities": capabilities,
        });
        if let Some(version) = driver.version {
            hello["version"] = version.into();
        }
        return Ok(json!({ "hello": hello }));
    }
    let seq = fields["seq"].as_u64().ok_or("a message without a number")?;
    let wrong = || format!("request {seq} is not of the protocol");
    let answered = match kind.as_str() {
        "verify" => {
            let request = read(fields, &fields["request"]).ok_or_else(wrong)?;
            catch_unwind(AssertUnwindSafe(|| {
                verify(&request).map(|()| json!({ "accepted": { "seq": seq } }))
            }))
        }
        "measure" => {
            let requests = fields["requests"].as_array().ok_or_else(wrong)?;
            let requests: Option<Vec<_>> = requests.iter().map(|sent| read(fields, sent)).collect();
            let asked =
                in_order(&fields["order"], requests.as_deref().ok_or_else(wrong)?).ok_or_else(wrong)?;
            catch_unwind(AssertUnwindSafe(|| {
                measured(&asked, &verify).map(|nanos| json!({ "measured": { "seq": seq, "nanos": nanos } }))
            }))
        }
        _ => Ok(Err(unsupported(format!("unknown kind of line: {kind}")))),
    };
    Ok(match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(Refused::Rejected(why))) => json!({ "rejected": { "seq": seq, "detail": short(&why) } }),
        Ok(Err(Refused::Unsupported(why))) => json!({ "unsupported": { "seq": seq, "why": short(&why) } }),
        Ok(Err(Refused::Failed(why))) => {
            json!({ "error": { "seq": seq, "type": "failure", "detail": short(&why) } })
        }
        Err(cause) => json!({ "error": { "seq": seq, "type": "panic", "detail": short(text(&*cause)) } }),
    })
}

/// How long each call takes, in nanoseconds; refusals are what is measured.
fn measured(
    asked: &[&Request],
    verify: impl Fn(&Request) -> Result<(), Refused>,
) -> Result<Vec<u64>, Refused> {
    let mut nanos = Vec::with_capacity(asked.len());
    for request in asked {
        // The compiler moves no work past a black box, and so none to the other side of the clock.
        let start = Instant::now();
        let verdict = black_box(verify(black_box(request)));
        nanos.push(start.elapsed().as_nanos() as u64);
        if let Err(other @ (Refused::Failed(_) | Refused::Unsupported(_))) = verdict {
            return Err(other);
        }
    }
    Ok(nanos)
}

fn in_order<'a>(order: &Value, requests: &'a [Request]) -> Option<Vec<&'a Request>> {
    let places = order.as_array()?.iter();
    places.map(|place| requests.get(usize::try_from(place.as_u64()?).ok()?)).collect()
}

fn read(fields: &Value, sent: &Value) -> Option<Request> {
    let endpoint = &fields["endpoint"];
    let texts = endpoint["constants"].as_object()?.iter();
    Some(Request {
        scheme: fields["scheme"].as_str()?.to_owned(),
        key: decoded(&fields["key"])?,
        now: fields["now"].as_i64()?,
        origin: endpoint["origin"].as_str()?.to_owned(),
        key_id: endpoint["key_id"].as_str()?.to_owned(),
        constants: texts
            .map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
            .collect::<Option<_>>()?,
        method: bytes(&sent["method"])?,
        target: bytes(&sent["target"])?,
        headers: sent["headers"]
            .as_array()?
            .iter()
            .map(|line| Some((line[0].as_str()?.to_owned(), decoded(&line[1])?)))
            .collect::<Option<_>>()?,
        body: decoded(&sent["body"])?,
    })
}

fn decoded(value: &Value) -> Option<Vec<u8>> {
    STANDARD.decode(value.as_str()?).ok()
}

/// Undoes "each byte as the character of that number".
fn bytes(value: &Value) -> Option<Vec<u8>> {
    value.as_str()?.chars().map(|char| u8::try_from(char).ok()).collect()
}

/// The text of a panic.
fn text(cause: &(dyn Any + Send)) -> &str {
    let text = cause.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| cause.downcast_ref::<&str>().copied()).unwrap_or("a panic without a text")
}

/// Keeps texts, which may repeat a long header, far below the longest line.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(2000)]
}

#[cfg(test)]
mod tests {
    use super::*;

    const DRIVER: Driver =
        Driver { name: "test", version: Some("1"), schemes: &["github"], capabilities: &["clock"] };
    const LONGEST: usize = 10_000;
    const HELLO: &str = r#"{"hello":{"protocol":1}}"#;

    /// The question of a kind, and what is sent.
    fn question(seq: u64) -> (Value, Value) {
        let endpoint =
            json!({ "origin": "https://countersign.test", "key_id": "primary", "constants": { "a": "b" } });
        let request = json!({
            "method": "POST", "target": "/\u{e9}?a",
            "headers": [["X-A", "/w=="], ["x-a", "YQ=="], ["Authorization", "YmVhcmVyIHQ="]], "body": "AP8=",
        });
        let key = STANDARD.encode("secret");
        let fields = json!({
            "seq": seq, "scheme": "github", "key": key, "now": 1_700_000_000, "endpoint": endpoint,
        });
        (fields, request)
    }

    fn line(seq: u64) -> String {
        let (mut fields, request) = question(seq);
        fields["request"] = request;
        json!({ "verify": fields }).to_string()
    }

    /// What is answered to `measure` with two requests, the second with another body.
    fn measure(order: &str, verify: impl Fn(&Request) -> Result<(), Refused>) -> Result<Value, String> {
        let (mut fields, request) = question(7);
        let mut other = request.clone();
        other["body"] = json!("");
        fields["requests"] = json!([request, other]);
        fields["order"] = serde_json::from_str(order).unwrap();
        let (mut lines, end) = talk(json!({ "measure": fields }).to_string().as_bytes(), verify);
        end.map(|()| lines.remove(0))
    }

    fn talk(
        input: &[u8],
        verify: impl Fn(&Request) -> Result<(), Refused>,
    ) -> (Vec<Value>, Result<(), String>) {
        let mut output = Vec::new();
        let end = converse(input, &mut output, LONGEST, &DRIVER, verify);
        let lines = output.split_inclusive(|byte| *byte == b'\n');
        (lines.map(|line| serde_json::from_slice(line).unwrap()).collect(), end)
    }

    fn reply(verify: impl Fn(&Request) -> Result<(), Refused>) -> Value {
        let (mut lines, end) = talk(line(7).as_bytes(), verify);
        assert_eq!((lines.len(), end), (1, Ok(())));
        lines.remove(0)
    }

    #[test]
    fn greets_and_answers_until_the_end() {
        let (lines, end) = talk(format!("{HELLO}\n{}\n{}\n", line(1), line(2)).as_bytes(), |_| Ok(()));
        assert_eq!(end, Ok(()));
        let hello = json!({
            "name": "test", "version": "1", "language": "rust", "schemes": ["github"],
            "capabilities": ["clock", "timing"],
        });
        assert_eq!(lines[0], json!({ "hello": hello }));
        assert_eq!(lines[1..], [json!({ "accepted": { "seq": 1 } }), json!({ "accepted": { "seq": 2 } })]);
    }

    #[test]
    fn hands_over_bytes() {
        reply(|request| {
            assert_eq!((request.key_text().unwrap(), request.now), ("secret", 1_700_000_000));
            assert_eq!(
                (request.method.as_slice(), request.target.as_slice()),
                (&b"POST"[..], &b"/\xe9?a"[..])
            );
            assert_eq!(request.lines("X-a").collect::<Vec<_>>(), [&b"\xff"[..], b"a"]);
            assert_eq!(request.body, b"\x00\xff");
            assert_eq!(request.constants["a"], "b");
            assert_eq!(request.credentials("Bearer").unwrap(), "t");
            assert!(matches!(request.credentials("Hawk"), Err(Refused::Rejected(_))));
            Ok(())
        });
    }

    #[test]
    fn names_each_kind_of_answer() {
        let long = "\u{e9}".repeat(5000);
        assert_eq!(reply(|_| Err(rejected("no")))["rejected"], json!({ "seq": 7, "detail": "no" }));
        assert_eq!(reply(|_| Err(rejected(&long)))["rejected"]["detail"], "\u{e9}".repeat(1000));
        assert_eq!(reply(|_| Err(unsupported("what")))["unsupported"], json!({ "seq": 7, "why": "what" }));
        let failed = reply(|_| Err(Refused::Failed("500".to_owned())));
        assert_eq!(failed["error"], json!({ "seq": 7, "type": "failure", "detail": "500" }));
        let of_a_crate = reply(|_| {
            "x".parse::<u8>()?;
            Ok(())
        });
        assert_eq!(of_a_crate["rejected"]["detail"], "invalid digit found in string");
    }

    #[test]
    fn answers_a_panic_and_goes_on() {
        let input = format!("{}\n{}\n", line(1), line(2));
        let (lines, end) = talk(input.as_bytes(), |request| panic!("at {}", request.now));
        assert_eq!(end, Ok(()));
        assert_eq!(lines[0]["error"], json!({ "seq": 1, "type": "panic", "detail": "at 1700000000" }));
        assert_eq!(lines[1]["error"]["seq"], 2);
    }

    #[test]
    fn measures_each_call_in_order_and_refusals_too() {
        let pause = std::time::Duration::from_millis(20);
        let measured = measure("[1,0,1,1]", |request| {
            if request.body.is_empty() {
                std::thread::sleep(pause);
                return Err(rejected("no"));
            }
            Ok(())
        });
        let measured = &measured.unwrap()["measured"];
        let nanos: Vec<u64> = serde_json::from_value(measured["nanos"].clone()).unwrap();
        let long: Vec<bool> = nanos.iter().map(|nanos| u128::from(*nanos) >= pause.as_nanos()).collect();
        assert_eq!((&measured["seq"], long), (&json!(7), vec![true, false, true, true]), "{nanos:?}");
    }

    #[test]
    fn measures_nothing_where_a_call_gives_no_verdict() {
        let answer = |order, verify: fn(&Request) -> Result<(), Refused>| measure(order, verify).unwrap();
        assert_eq!(answer("[0]", |_| Err(unsupported("what")))["unsupported"]["why"], "what");
        assert_eq!(answer("[0,1]", |_| Err(Refused::Failed("500".to_owned())))["error"]["detail"], "500");
        assert_eq!(answer("[1]", |_| panic!("no"))["error"]["type"], "panic");
        for order in ["[2]", "[-1]", "[\"0\"]", "{}"] {
            assert!(measure(order, |_| Ok(())).is_err(), "{order}");
        }
    }

    #[test]
    fn says_that_a_kind_is_unknown() {
        let (lines, end) = talk(br#"{"later":{"seq":3}}"#, |_| Ok(()));
        assert_eq!(end, Ok(()));
        assert_eq!(lines[0]["unsupported"]["seq"], 3);
    }

    #[test]
    fn stops_at_what_is_not_the_protocol() {
        for input in [r#"{"hello":{"protocol":2}}"#, r#"{"verify":{"seq":1}}"#, r#"{"later":{}}"#, "{}", "x"]
        {
            let (lines, end) = talk(input.as_bytes(), |_| Ok(()));
            assert!(lines.is_empty() && end.is_err(), "{input}");
        }
    }

    #[test]
    fn reads_lines_up_to_their_bound() {
        let mut longest = line(1).into_bytes();
        longest.resize(LONGEST, b' ');
        longest.push(b'\n');
        assert_eq!(talk(&longest, |_| Ok(())).1, Ok(()));
        longest.insert(0, b' ');
        assert_eq!(talk(&longest, |_| Ok(())).1, Err("a line is too long".to_owned()));
        longest.pop();
        assert_eq!(talk(&longest, |_| Ok(())).1, Err("a line is too long".to_owned()));
    }
}
