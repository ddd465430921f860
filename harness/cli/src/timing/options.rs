//! Options that a kind of measurement cannot honor: an ignored limit would be a safety fault, and any other ignored option a
//! false promise.
//!
//! The function to know is [`check`]. It must run before a target is started or a secret is read.

use crate::args::TimingArgs;
use crate::config::Config;
use crate::exit::Failed;

/// What is measured, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A recording is judged.
    Recording,
    /// Instructions of a driver are counted.
    Instructions,
    /// A secret is followed through a driver.
    Taint,
    /// An endpoint, one request after the other.
    Endpoint,
    /// An endpoint, by pairs of requests.
    Pairs,
    /// A library, by the clock of its driver.
    Driver,
    /// An embedded verifier, called as a function.
    InProcess,
}

use Kind::{Driver, Endpoint, InProcess, Instructions, Pairs, Recording, Taint};

/// An option, whether it was given, the kinds that honor it, and what to do where it is not honored.
struct Rule {
    option: &'static str,
    is_given: fn(&TimingArgs) -> bool,
    honored: &'static [Kind],
    help: &'static str,
}

const NONE: &[Kind] = &[];
const ALL: &[Kind] = &[Recording, Instructions, Taint, Endpoint, Pairs, Driver, InProcess];
/// A target is asked or called.
const TARGET: &[Kind] = &[Instructions, Taint, Endpoint, Pairs, Driver, InProcess];
/// Timings are taken.
const MEASURED: &[Kind] = &[Endpoint, Pairs, Driver, InProcess];
/// Requests are sent, and answers are waited for.
const SENT: &[Kind] = &[Endpoint, Pairs, Driver];
/// Requests are sent over HTTP.
const HTTP: &[Kind] = &[Endpoint, Pairs];

const RULES: &[Rule] = &[
    Rule {
        option: "target",
        is_given: |args| args.target.target.is_some(),
        honored: TARGET,
        help: "give a target or a recording, not both",
    },
    Rule {
        option: "scheme",
        is_given: |args| !args.target.scheme.is_empty(),
        honored: TARGET,
        help: "leave it out: a recording has no requests",
    },
    Rule {
        option: "secret",
        is_given: |args| args.target.secret.is_some(),
        honored: TARGET,
        help: "leave it out: a recording has no requests",
    },
    Rule {
        option: "second-secret",
        is_given: |args| args.target.second_secret.is_some(),
        honored: NONE,
        help: "leave it out: one sender is measured",
    },
    Rule {
        option: "second-path",
        is_given: |args| args.target.second_path.is_some(),
        honored: NONE,
        help: "leave it out: one sender is measured",
    },
    Rule {
        option: "second-key-id",
        is_given: |args| args.target.second_key_id.is_some(),
        honored: NONE,
        help: "leave it out: one sender is measured",
    },
    Rule {
        option: "allow-host",
        is_given: |args| !args.target.allow_host.is_empty(),
        honored: HTTP,
        help: "leave it out: no host is contacted",
    },
    Rule {
        option: "origin",
        is_given: |args| args.target.origin.is_some(),
        honored: TARGET,
        help: "leave it out: a recording has no requests",
    },
    Rule {
        option: "constant",
        is_given: |args| !args.target.constant.is_empty(),
        honored: TARGET,
        help: "leave it out: a recording has no requests",
    },
    Rule {
        option: "key-id",
        is_given: |args| args.target.key_id.is_some(),
        honored: TARGET,
        help: "leave it out: a recording has no requests",
    },
    Rule {
        option: "effects",
        is_given: |args| args.target.effects.is_some(),
        honored: NONE,
        help: "leave it out: only `countersign run` counts effects",
    },
    Rule {
        option: "transport",
        is_given: |args| args.target.transport.is_some(),
        honored: NONE,
        help: "leave it out: requests go over one plain HTTP connection of their own",
    },
    Rule {
        option: "accept-status",
        is_given: |args| args.target.accept_status.is_some(),
        honored: HTTP,
        help: "leave it out: there are no statuses",
    },
    Rule {
        option: "reject-status",
        is_given: |args| args.target.reject_status.is_some(),
        honored: HTTP,
        help: "leave it out: there are no statuses",
    },
    Rule {
        option: "rate",
        is_given: |args| args.target.rate.is_some(),
        honored: SENT,
        help: "leave it out, or measure the time of an endpoint or a driver, where it holds for every request",
    },
    Rule {
        option: "timeout",
        is_given: |args| args.target.timeout.is_some(),
        honored: SENT,
        help: "leave it out, or measure the time of an endpoint or a driver",
    },
    Rule {
        option: "max-time",
        is_given: |args| args.target.max_time.is_some(),
        honored: MEASURED,
        help: "leave it out: the number of calls is fixed",
    },
    Rule {
        option: "slow",
        is_given: |args| args.target.slow,
        honored: NONE,
        help: "leave it out: only `countersign run` has cases that wait",
    },
    Rule {
        option: "seed",
        is_given: |args| args.target.seed.is_some(),
        honored: TARGET,
        help: "leave it out: a recording is judged without randomness",
    },
    Rule {
        option: "suite",
        is_given: |args| !args.target.suite.is_empty(),
        honored: NONE,
        help: "choose what is compared with --contrast; only `countersign run` has suites",
    },
    Rule {
        option: "config",
        is_given: |args| args.target.config.is_some(),
        honored: TARGET,
        help: "leave it out: a recording needs no profile",
    },
    Rule {
        option: "recording",
        is_given: |args| args.recording.is_some(),
        honored: &[Recording],
        help: "leave it out: nothing is recorded under valgrind",
    },
    Rule {
        option: "unit",
        is_given: |args| args.unit.is_some(),
        honored: &[Recording],
        help: "give it together with --recording",
    },
    Rule {
        option: "pairs",
        is_given: |args| args.pairs,
        honored: &[Pairs],
        help: "leave --pairs out: only endpoints can be measured by pairs of requests",
    },
    Rule {
        option: "contrast",
        is_given: |args| !args.contrast.is_empty(),
        honored: MEASURED,
        help: "leave it out: positions in the tag are compared, or what was recorded",
    },
    Rule {
        option: "resolution",
        is_given: |args| args.resolution.is_some(),
        honored: &[Recording, Endpoint, Pairs, Driver, InProcess],
        help: "leave it out: there is no clock, and every difference counts",
    },
    Rule {
        option: "max-calls",
        is_given: |args| args.max_calls.is_some(),
        honored: MEASURED,
        help: "leave it out: the number of calls is fixed",
    },
    Rule {
        option: "save",
        is_given: |args| args.save.is_some(),
        honored: MEASURED,
        help: "leave it out: there are no timings to save",
    },
    Rule {
        option: "instructions",
        is_given: |args| args.instructions,
        honored: &[Instructions],
        help: "leave it out, or leave --recording and --taint out",
    },
    Rule {
        option: "taint",
        is_given: |args| args.taint,
        honored: &[Taint],
        help: "leave it out, or leave --recording and --instructions out",
    },
    Rule { option: "format", is_given: |args| !args.format.is_empty(), honored: ALL, help: "" },
    Rule {
        option: "verbose",
        is_given: |args| args.verbose,
        honored: &[Recording, Endpoint, Pairs, Driver, InProcess],
        help: "leave it out: all counts are shown",
    },
];

impl Kind {
    fn of(args: &TimingArgs, config: &Config) -> Self {
        let target = args.target.target.as_ref().or(config.target.as_ref());
        let target = target.map_or("reference", String::as_str);
        match () {
            () if args.recording.is_some() => Recording,
            () if args.instructions => Instructions,
            () if args.taint => Taint,
            () if target.starts_with("exec:") => Driver,
            () if target == "reference" || target.starts_with("mutant:") => InProcess,
            () if args.pairs => Pairs,
            () => Endpoint,
        }
    }

    fn about(self) -> &'static str {
        match self {
            Recording => "`countersign timing --recording`",
            Instructions => "`countersign timing --instructions`",
            Taint => "`countersign timing --taint`",
            Endpoint => "`countersign timing` of an endpoint",
            Pairs => "`countersign timing --pairs`",
            Driver => "`countersign timing` of a driver",
            InProcess => "`countersign timing` of an embedded verifier",
        }
    }
}

/// What is measured, if everything that was asked for can be honored. A rate limit in the profile counts as asked for.
///
/// # Errors
/// The first option that cannot be honored, and what to do.
pub(super) fn check(args: &TimingArgs) -> Result<Kind, Failed> {
    let config = match args.recording {
        Some(_) => Config::default(),
        None => Config::load(args.target.config.as_deref())?,
    };
    let kind = Kind::of(args, &config);
    if let Some(rule) = RULES.iter().find(|rule| (rule.is_given)(args) && !rule.honored.contains(&kind)) {
        let message = format!("{} cannot honor --{}", kind.about(), rule.option);
        return Err(Failed::usage_help(message, rule.help));
    }
    if let (Instructions | Taint, Some(path)) = (kind, config.rate.as_ref().and(config.path.as_ref())) {
        let message = format!("{} cannot honor the `rate` of `{path}`", kind.about());
        let help = "name a profile without it with --config, or measure the time of the driver";
        return Err(Failed::usage_help(message, help));
    }
    Ok(kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use clap::CommandFactory as _;

    use super::*;
    use crate::args::Cli;

    #[test]
    fn every_option_of_the_command_has_a_rule() {
        let command = Cli::command();
        let timing = command.find_subcommand("timing").expect("the command");
        let options: BTreeSet<&str> = timing.get_arguments().filter_map(clap::Arg::get_long).collect();
        let rules: BTreeSet<&str> = RULES.iter().map(|rule| rule.option).collect();
        assert_eq!(options, rules);
        let hidden = timing.get_arguments().filter(|option| option.is_hide_set());
        let hidden: BTreeSet<&str> = hidden.filter_map(clap::Arg::get_long).collect();
        let never = RULES.iter().filter(|rule| rule.honored.is_empty());
        assert_eq!(hidden, never.map(|rule| rule.option).collect(), "the help shows what can be honored");
        assert!(RULES.iter().all(|rule| rule.honored == ALL || !rule.help.is_empty()));
    }
}
