//! Published packages behind drivers and servers, and the drivers to start from.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::Instant;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

#[cfg(feature = "nightly")]
use crate::support::countersign_with;
use crate::support::{countersign, root, stderr, stdout};

/// A command line with the folder of the implementations in the place of each `@`.
fn there(command: &str) -> String {
    let folder = root().join("conformance/implementations");
    command.replace('@', &format!("{}/", folder.display()))
}

/// How the example of each language is started.
const EXAMPLES: [&str; 9] = [
    "@c/build/countersign_driver @c/build/example.so",
    "@go/build/example",
    "@rust/target/debug/example",
    "java -cp @java/build Example",
    "node @javascript/drivers/example.mjs",
    "perl @perl/example.pl",
    "php @php/example.php",
    "python3 @python/drivers/example_driver.py",
    "ruby @ruby/example.rb",
];

#[test]
fn the_example_of_every_language_keeps_the_protocol() {
    for command in EXAMPLES {
        let output = countersign(&["doctor", "--driver", &there(command)]);
        assert_eq!(output.status.code(), Some(0), "{command}: {}{}", stdout(&output), stderr(&output));
        assert!(stdout(&output).contains("github: times 16 calls, median"), "{command}: {}", stdout(&output));
    }
}

#[test]
fn a_function_of_ones_own_needs_no_package_and_has_no_version() {
    let folder = tempfile::tempdir().expect("a folder");
    let helper = there("@python/drivers/countersign_driver.py");
    std::fs::copy(helper, folder.path().join("countersign_driver.py")).expect("copied");
    let own = "import hashlib, hmac\nfrom countersign_driver import serve\n\n\ndef verify(request):\n    \
               tag = hmac.new(request.key_bytes, request.body, hashlib.sha256).hexdigest()\n    \
               return hmac.compare_digest(request.header('X-Hub-Signature-256', '').encode('latin-1'), \
               f'sha256={tag}'.encode())\n\n\nserve('my-hook', verify, ['github'])\n";
    let driver = folder.path().join("my_driver.py");
    std::fs::write(&driver, own).expect("written");
    let output = countersign(&["doctor", "--driver", &format!("python3 '{}'", driver.display())]);
    assert_eq!(output.status.code(), Some(0), "{}{}", stdout(&output), stderr(&output));
    let shown = stdout(&output);
    assert!(shown.contains("says hello: my-hook (python), capabilities: timing"), "{shown}");
    assert!(shown.contains("note   no version: right for your own code"), "{shown}");
}

/// What a driver answers to these lines.
fn told(command: &str, lines: &[Value]) -> Vec<Value> {
    let mut driver = Command::new("sh")
        .args(["-c", &there(command)])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut input = driver.stdin.take().expect("standard input is piped");
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    input.write_all(lines.as_bytes()).unwrap_or_else(|error| panic!("{command}: {error}"));
    drop(input);
    let output = driver.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{command}");
    stdout(&output).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect()
}

/// The fewest nanoseconds of every third call.
fn fewest(nanos: &[f64], from: usize) -> f64 {
    nanos.iter().skip(from).step_by(3).copied().fold(f64::INFINITY, f64::min)
}

#[test]
fn the_example_of_every_language_times_each_call_that_it_is_asked_and_refusals_too() {
    const CALLS: usize = 30;
    let base64 = |octets: &[u8]| STANDARD.encode(octets);
    let forged = |length: usize| {
        let tag = format!("sha256={}", "0".repeat(64));
        let headers = json!([["X-Hub-Signature-256", base64(tag.as_bytes())]]);
        json!({ "method": "POST", "target": "/", "headers": headers, "body": base64(&vec![b'a'; length]) })
    };
    // An application refuses it before any library is asked, by an exception where there are exceptions.
    let unsigned = json!({ "method": "POST", "target": "/", "headers": [], "body": "" });
    let order: Vec<usize> = (0..CALLS).map(|call| call % 3).collect();
    let hello = json!({ "hello": { "protocol": 1 } });
    let measure = json!({ "measure": {
        "seq": 7, "scheme": "github", "key": base64(b"a key"), "now": 1_700_000_000,
        "endpoint": { "origin": "https://countersign.test", "key_id": "primary", "constants": {} },
        "requests": [forged(1), forged(256 << 10), unsigned], "order": order,
    }});
    for command in EXAMPLES {
        let started = Instant::now();
        let said = told(command, &[hello.clone(), measure.clone()]);
        let took = started.elapsed().as_nanos() as f64;
        let [greeting, answer] = &said[..] else { panic!("{command}: {said:?}") };
        let capabilities = greeting["hello"]["capabilities"].as_array().expect("a list");
        assert!(capabilities.contains(&json!("timing")), "{command}: {greeting}");
        assert_eq!(answer["measured"]["seq"], 7, "{command}: {answer}");
        let nanos: Vec<f64> = serde_json::from_value(answer["measured"]["nanos"].clone()).expect("numbers");
        assert_eq!(nanos.len(), CALLS, "{command}: {answer}");
        assert!(nanos.iter().all(|nanos| *nanos > 0.0), "{command}: {answer}");
        assert!(nanos.iter().sum::<f64>() < took, "{command}: {answer} within {took} ns");
        // No machine takes the MAC of 256 KiB in 20 us, and every one takes that of an octet in less than half the time.
        let (short, long) = (fewest(&nanos, 0), fewest(&nanos, 1));
        assert!(long > 20_000.0 && long > 2.0 * short, "{command}: {short} and {long} ns");
    }
}

#[test]
fn a_driver_to_start_from_works_as_it_is_in_every_language() {
    for language in ["c", "go", "java", "javascript", "perl", "php", "python", "ruby", "rust"] {
        let folder = tempfile::tempdir().expect("a folder");
        let dir = folder.path().join("a driver").display().to_string();
        let output = countersign(&["init", "--driver", language, "--dir", &dir]);
        assert_eq!(output.status.code(), Some(0), "{language}: {}", stderr(&output));
        // What a person would copy: the lines that are set in, up to the one that runs all cases.
        let said = stdout(&output);
        let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("  ")).collect();
        let (run, steps) = lines.split_last().expect("steps are named");
        assert!(run.starts_with("countersign run --target "), "{said}");
        let command = env!("CARGO_BIN_EXE_countersign");
        let steps = steps.join(" && ").replace("countersign doctor", &format!("'{command}' doctor"));
        let tried = Command::new("sh")
            .args(["-c", &steps])
            .env("GO111MODULE", "off")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("a shell");
        assert!(tried.status.success(), "{language}: {steps}\n{}{}", stdout(&tried), stderr(&tried));
        let again = countersign(&["init", "--driver", language, "--dir", &dir]);
        assert_eq!(again.status.code(), Some(2), "nothing is overwritten");
        assert!(stderr(&again).contains("nothing was written"), "{}", stderr(&again));
    }
}

#[test]
fn one_library_and_one_server_of_each_language_get_a_verdict() {
    let targets = there("@targets-merge.yaml");
    let output = countersign(&["compare", "--targets", &targets, "--suite", "smoke", "--format", "json"]);
    let grid: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_eq!(output.status.code(), Some(0), "{grid}");
    let tables = grid["tables"].as_array().into_iter().flatten();
    let columns: Vec<&Value> =
        tables.flat_map(|table| table["columns"].as_array().into_iter().flatten()).collect();
    let asked: BTreeSet<&str> = columns.iter().filter_map(|column| column["target"].as_str()).collect();
    let text = std::fs::read_to_string(&targets).expect("a list");
    let listed: BTreeSet<&str> =
        text.lines().filter_map(|line| line.trim().strip_prefix("- name: ")).collect();
    assert_eq!(asked, listed);
    for column in columns {
        assert!(column["summary"]["pass"].as_u64() > Some(30), "{column}");
        assert_eq!(column["summary"]["inconclusive"], 0, "{column}");
    }
}

#[test]
fn what_is_asked_in_every_test_run_is_what_the_grid_asks() {
    let list = |file: &str| -> BTreeMap<String, String> {
        let text = std::fs::read_to_string(there(file)).expect("a list");
        let entries = text.split("\n  - name: ").skip(1).filter_map(|entry| entry.split_once('\n'));
        let without_comments = |settings: &str| -> String {
            let lines = settings.lines().map(str::trim).filter(|line| !line.starts_with('#'));
            lines.collect::<Vec<_>>().join("\n")
        };
        entries.map(|(name, settings)| (name.to_owned(), without_comments(settings))).collect()
    };
    let [drivers, servers] = ["@targets.yaml", "@targets-servers.yaml"].map(list);
    for (name, settings) in list("@targets-merge.yaml") {
        // Java has no package in the grid: its example asks the platform.
        if name != "java/example" {
            assert_eq!(drivers.get(&name).or_else(|| servers.get(&name)), Some(&settings), "{name}");
        }
    }
}

#[cfg(feature = "nightly")]
#[test]
fn packages_with_a_clock_of_their_own_accept_what_is_genuine() {
    let targets = there("@targets-real-time.yaml");
    let output = countersign(&["compare", "--targets", &targets, "--suite", "smoke", "--format", "json"]);
    let grid: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_eq!(output.status.code(), Some(0), "{grid}");
    let columns =
        grid["tables"].as_array().into_iter().flatten().flat_map(|table| table["columns"].as_array());
    for column in columns.flatten() {
        assert!(column["summary"]["pass"].as_u64() > Some(30), "{column}");
    }
}

#[cfg(feature = "nightly")]
/// Cases in which a target accepts what it must refuse, of those that match.
fn fooled(target: &str, scheme: &str, case: &str) -> Vec<String> {
    let target = there(target);
    let args = ["run", "--target", &target, "--scheme", scheme, "--case", case];
    let output =
        countersign_with(&[&args[..], &["--format", "json", "--fail-on", "none"]].concat(), "unused");
    let report: Value =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", stderr(&output)));
    assert_ne!(report["verdict"], "inconclusive", "{target}: {}", report["reason"]);
    let cases = report["cases"].as_array().into_iter().flatten();
    let fooled = cases.filter(|case| case["verdict"] == "fail" && case["observed"] == "accepted");
    fooled.filter_map(|case| case["id"].as_str().map(str::to_owned)).collect()
}

#[cfg(feature = "nightly")]
#[test]
fn flawed_versions_of_packages_fail_where_their_fixed_versions_do_not() {
    let python = |driver: &str, environment: &str| {
        format!("exec:@python/{environment}/bin/python @python/drivers/{driver}_driver.py")
    };
    let flask = |environment: &str| {
        format!("serve:@python/{environment}/bin/python @python/servers/slack_bolt_server.py")
    };
    let node = |driver: &str, folder: &str| format!("exec:node @javascript/drivers/{driver}.mjs {folder}");
    let octokit = |folder: &str| format!("serve:node @javascript/servers/octokit_webhooks.js {folder}");
    let rust = |driver: &str| format!("exec:@rust/target/debug/{driver}");
    let (old, new) = (".venv-flawed", ".venv");
    let by_key = "configured-secret-public-key-of-openssh";
    let ssl_check = "bypass-body-ssl-check-*";
    for (flawed, fixed, scheme, cases) in [
        (python("slack_bolt", old), python("slack_bolt", new), "slack", ssl_check),
        (flask(old), flask(new), "slack", ssl_check),
        (node("slack_bolt", "slack-bolt-4"), node("slack_bolt", ""), "slack", ssl_check),
        (node("linear_sdk", "linear-sdk-93"), node("linear_sdk", ""), "linear", "timestamp-zero"),
        (
            node("shopify_api", "shopify-api-13"),
            node("shopify_api", "shopify-api-14"),
            "shopify-app-proxy",
            "timestamp-signed-as-nan",
        ),
        (
            node("jsonwebtoken", "jsonwebtoken-8"),
            node("jsonwebtoken", ""),
            "jwt-hs256",
            "named-algorithm-none-tag-empty-without-secret",
        ),
        (octokit("octokit-webhooks-12"), octokit(""), "github", "algorithm-sha1-under-its-label"),
        (rust("svix svix-old"), rust("svix"), "svix", "signature-tag-empty*"),
        (python("pyjwt", old), python("pyjwt", new), "jwt-hs256", by_key),
        (python("python_jose", old), python("python_jose", new), "jwt-hs256", by_key),
        (python("authlib", old), python("authlib", new), "jwt-hs256", by_key),
    ] {
        let (before, after) = (fooled(&flawed, scheme, cases), fooled(fixed.trim_end(), scheme, cases));
        assert!(!before.is_empty(), "{flawed} refuses all of {cases}");
        assert!(after.is_empty(), "{fixed} accepts {after:?}");
    }
}
