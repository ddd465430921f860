//! The command that runs a case again.
//!
//! The function to know is [`words`]. It serializes all options of the target, so that none that changes the result of
//! a case can be forgotten.

use serde_json::Value;

use super::args::TargetArgs;
use crate::config::Config;
use countersign::target::TargetSpec;

/// The words of the command, without the scheme and the case id.
pub(crate) fn words(args: &TargetArgs, target: &TargetSpec, config: &Config, seed: u64) -> Vec<String> {
    let mut args = args.clone();
    args.target = match target.name() {
        name if name == "reference" => None,
        name => Some(name),
    };
    args.seed = Some(seed);
    // The scheme is added later, and a shipped case is found by its id alone. A case from a user's suite file is not, and
    // then shipped suites must be named too.
    args.scheme.clear();
    if !args.suite.iter().any(|suite| crate::config::is_file(suite)) {
        args.suite.clear();
    }
    // Name a profile that was found by searching, so that the command works in any folder.
    args.config = args.config.or_else(|| config.path.as_ref().map(Into::into));
    let mut words = vec!["countersign".to_owned(), "replay".to_owned()];
    let Ok(Value::Object(mut options)) = serde_json::to_value(&args) else {
        unreachable!("options are an object of texts and numbers")
    };
    // The target comes first, and the seed last.
    let [first, last] = ["target", "seed"].map(|name| options.remove_entry(name));
    for (name, value) in first.into_iter().chain(options).chain(last) {
        let values = match value {
            Value::Array(values) => values,
            one => vec![one],
        };
        for value in values {
            match value {
                Value::Null | Value::Bool(false) => {}
                Value::Bool(true) => words.push(format!("--{name}")),
                Value::String(text) => words.extend([format!("--{name}"), quoted(&text)]),
                other => words.extend([format!("--{name}"), quoted(&other.to_string())]),
            }
        }
    }
    words
}

/// A word for a POSIX shell.
pub(crate) fn quoted(word: &str) -> String {
    shlex::try_quote(word).map_or_else(|_| word.replace('\0', ""), |quoted| quoted.into_owned())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::sync::atomic::AtomicBool;
    use std::sync::{Arc, LazyLock};

    use clap::Parser as _;
    use countersign::clock;
    use countersign::run::{self, Keep, Settings, Workers};
    use countersign::serve::{AuditSink, Config, Endpoint, Running};
    use countersign_conformance::Catalog;
    use countersign_conformance::reference::Reference;
    use countersign_core::judge::Verdict;
    use countersign_core::scheme::Deployment;
    use countersign_core::secret::Secret;
    use proptest::prelude::*;
    use proptest::sample::select;
    use proptest::test_runner::{Config as Cases, TestRunner};
    use tokio::runtime::Runtime;

    use super::*;
    use crate::args::{Cli, Command, TransportArg};
    use crate::plan::Plan;

    const SECRET: &str = "a secret of this test";
    const FLOODED: &str = "apart-forged-with-64-mib-announced";

    /// A foreign endpoint, and the files that options name.
    struct World {
        runtime: Runtime,
        workers: Workers,
        endpoint: Running,
        folder: PathBuf,
    }

    static WORLD: LazyLock<World> = LazyLock::new(|| {
        let runtime = Runtime::new().expect("a runtime");
        let endpoint = runtime.block_on(Endpoint::start(Config {
            scheme: Arc::clone(&Catalog::embedded().schemes["github"]),
            secret: Secret::new(SECRET),
            steps: Arc::new(Reference),
            deployment: Deployment::default(),
            path: "/hook".to_owned(),
            second: None,
            bind: ([127, 0, 0, 1], 0).into(),
            clock: Arc::new(clock::now),
            audit: AuditSink::Discard,
        }));
        let folder = tempfile::tempdir().expect("a folder").keep();
        for (name, text) in [
            ("secret", SECRET),
            ("second", "another secret of this test"),
            ("countersign.yaml", "accept-status: \"200-299,401\"\n"),
            (
                "own.yaml",
                "suite: own\nabout: A suite of the user.\ncases:\n  - id: own-forged\n    requires: [INT-BODY]\n    tamper: [{ append: { part: body, with: { hex: \"0a\" } } }]\n    expect: reject\n",
            ),
        ] {
            std::fs::write(folder.join(name), text).expect("written");
        }
        let workers = Workers::new(1).expect("a runtime");
        World { runtime, workers, endpoint: endpoint.expect("it starts"), folder }
    });

    fn file(name: &str) -> String {
        WORLD.folder.join(name).display().to_string()
    }

    /// The verdict of one case, and its reason.
    fn verdict(args: &TargetArgs, case: &str) -> (Verdict, Option<String>) {
        let plan = Plan::new(args, &[case.to_owned()]).expect("the options are right");
        let named = &plan.schemes[0];
        let cases = plan.cases(Catalog::embedded(), &*named.scheme);
        let mut session = WORLD.runtime.block_on(plan.start(named, 1)).expect("it starts");
        let settings = Settings { keep: Keep::Failures, oracle: plan.oracle.clone(), until: None };
        let (stop, silent) = (AtomicBool::new(false), &mut |_: &_| {});
        let done = run::scheme(&WORLD.workers, &mut session, &cases, &settings, &stop, silent, &|| {});
        WORLD.runtime.block_on(session.target.shutdown());
        let [result] = &done.results[..] else { panic!("{case}: one case, not {:?}", done.results.len()) };
        (result.verdict.clone(), result.reason.clone())
    }

    /// The options, parsed back from the printed command.
    fn printed(args: &TargetArgs, scheme: &str, case: &str) -> TargetArgs {
        let plan = Plan::new(args, &[]).expect("the options are right");
        let line = format!("{} --scheme {} {case}", plan.replay, quoted(scheme));
        let words = shlex::split(&line).expect("a shell reads it");
        match Cli::try_parse_from(&words).unwrap_or_else(|error| panic!("{line}: {error}")).command {
            Command::Replay(replay) => replay.target,
            other => panic!("{line}: {other:?}"),
        }
    }

    /// Options for an embedded target or an address, and a case to repeat under them.
    fn options() -> impl Strategy<Value = (TargetArgs, &'static str)> {
        let maybe = |value: &'static str| proptest::option::of(Just(value.to_owned()));
        let embedded = (
            select(vec![None, Some("mutant:B03"), Some("mutant:A02"), Some("mutant:C01"), Some("reference")]),
            select(vec!["github", "stripe", "square", "canonical-request-key-id"]),
            maybe("/hook/other place"),
            proptest::option::of(Just(())),
        );
        let embedded = embedded.prop_map(|(target, scheme, second_path, second)| TargetArgs {
            target: target.map(str::to_owned),
            scheme: vec![scheme.to_owned()],
            second_secret: second.map(|()| format!("file:{}", file("second"))),
            second_path: second.and(second_path),
            second_key_id: second.map(|()| "it's the second".to_owned()),
            ..TargetArgs::default()
        });
        let address = any::<bool>().prop_map(|allow| TargetArgs {
            target: Some(format!("http://{}/hook", WORLD.endpoint.addr())),
            scheme: vec!["github".to_owned()],
            secret: Some(format!("file:{}", file("secret"))),
            allow_host: if allow { vec!["example.com".to_owned()] } else { Vec::new() },
            ..TargetArgs::default()
        });
        let more = (
            proptest::option::of(select(vec![TransportArg::Raw, TransportArg::HttpClient])),
            maybe("200-299,401"),
            maybe("300-499,500"),
            maybe("5000/s"),
            proptest::option::of(select(vec![3.5, 7.0])),
            any::<bool>(),
            proptest::option::of(0..1000_u64),
            maybe("https://a place.example.com"),
            maybe("a key"),
            proptest::option::of(Just(())),
            select(vec![vec![], vec!["own.yaml"], vec!["smoke", "own.yaml"], vec!["smoke"]]),
        );
        let cases = vec![
            "own-forged",
            "length-tag-eight-bytes",
            "body-one-bit-flipped",
            "secret-right-after-wrong-tag",
            "replay-same-nonce-later-in-the-window",
            "framing-bare-line-feeds",
            "apart-genuine-around-forged",
            // Skipped or run, as `--slow` says.
            FLOODED,
        ];
        (prop_oneof![3 => embedded, 1 => address], more, select(known(cases))).prop_map(
            |(base, more, case)| {
                let (transport, accept, reject, rate, timeout, slow, seed, origin, key_id, config, suites) =
                    more;
                let mut suite: Vec<String> = suites
                    .iter()
                    .map(|name| if name.ends_with(".yaml") { file(name) } else { (*name).to_owned() })
                    .collect();
                if case.starts_with("own-") && !suite.iter().any(|name| name.ends_with(".yaml")) {
                    suite.push(file("own.yaml"));
                }
                if !case.starts_with("own-") && !suite.is_empty() {
                    suite.push("*/*".to_owned());
                }
                let args = TargetArgs {
                    transport,
                    accept_status: accept,
                    reject_status: reject,
                    rate,
                    timeout,
                    slow,
                    seed: Some(seed.unwrap_or(7)),
                    origin,
                    key_id,
                    config: config.map(|()| PathBuf::from(file("countersign.yaml"))),
                    suite,
                    ..base
                };
                (args, case)
            },
        )
    }

    /// These cases, all of which are shipped or the user's own.
    fn known(wanted: Vec<&'static str>) -> Vec<&'static str> {
        let shipped = |id: &str| Catalog::embedded().cases().any(|(_, case)| case.id.as_str() == id);
        for id in &wanted {
            assert!(id.starts_with("own-") || shipped(id), "there is no case `{id}` any more");
        }
        wanted
    }

    #[test]
    fn the_printed_command_repeats_what_was_seen_whatever_the_options() {
        let mut runner =
            TestRunner::new(Cases { cases: 1000, failure_persistence: None, ..Cases::default() });
        let law = runner.run(&options(), |(args, case)| {
            let again = printed(&args, &args.scheme[0], case);
            prop_assert_eq!(verdict(&args, case), verdict(&again, case));
            Ok(())
        });
        if let Err(found) = law {
            panic!("{found}");
        }
    }

    #[test]
    fn a_word_is_quoted_for_a_shell_and_plain_ones_are_left_alone() {
        assert_eq!(quoted("http://127.0.0.1:8080/hook"), "http://127.0.0.1:8080/hook");
        for odd in ["a b", "it's", "", "$HOME", "a\"b", "`x`"] {
            assert_eq!(shlex::split(&quoted(odd)), Some(vec![odd.to_owned()]), "{odd}");
        }
    }
}
