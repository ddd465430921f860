//! The command line as typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use countersign::transport::TransportName;
use serde::Serialize;

use super::contrasts::Contrasts;

/// Finds the requests that an HMAC check should refuse but accepts, and the ones it should accept but refuses.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100, after_help = super::exit_codes())]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Judge an endpoint; without a target: every suite against the embedded reference endpoint.
    Run(RunArgs),
    /// Send one case again and show request and answer.
    Replay(ReplayArgs),
    /// Serve the reference endpoint, or a mutant, on loopback.
    Serve(ServeArgs),
    /// Put the same cases to several targets, and show where they differ.
    Compare(CompareArgs),
    /// Check that a driver follows the line protocol.
    Doctor(DoctorArgs),
    /// Write a working driver in your language, to put your own function into.
    Init(InitArgs),
    /// Measure whether the time of a verifier depends on the secret.
    Timing(Box<TimingArgs>),
    /// Explain a requirement, bug class, case, scheme or mutant.
    Explain {
        /// The id: `INT-BODY`, `C01`, `body-one-bit-flipped`, `stripe`.
        id: String,
        /// Show everything, not only what fits on one screen.
        #[arg(long)]
        all: bool,
    },
    /// List schemes, suites, cases, requirements, bug classes, mutants or tampers.
    List {
        /// What to list.
        what: Listed,
    },
    /// Show which cases kill which deliberately broken verifier; nothing is sent.
    Matrix(MatrixArgs),
    /// Work with vector files.
    #[command(subcommand)]
    Vectors(VectorsCommand),
    /// Print a completion script.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
    /// Print the man page (roff).
    Man,
}

/// What can be listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Listed {
    /// Ways of signing.
    Schemes,
    /// Files of cases.
    Suites,
    /// Single tests, with the requirements that they test.
    Cases,
    /// What a verifier must and should do.
    Requirements,
    /// Known ways for a verifier to be wrong.
    BugClasses,
    /// Deliberately broken verifiers.
    Mutants,
    /// Single changes to a signed request.
    Tampers,
}

/// Options of `matrix`.
#[derive(Debug, Args)]
pub(crate) struct MatrixArgs {
    /// Scheme name, or a scheme file; repeatable [default: all].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Bug class whose mutant is tried; repeatable [default: all that have one].
    #[arg(long, value_name = "ID")]
    pub(crate) class: Vec<String>,
    /// Format (terminal, json or markdown), and a file for it; repeatable [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Exit with 1 if a mutant survives or a case kills none without a reason, and say which.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Work with vector files.
#[derive(Debug, Subcommand)]
pub(crate) enum VectorsCommand {
    /// Check scheme and suite files without sending anything.
    Check {
        /// Files or folders; the embedded ones if none is given.
        paths: Vec<PathBuf>,
    },
    /// Write the cases of a scheme as frozen bytes, for tests in any language.
    Export(ExportArgs),
}

/// Options of `vectors export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Scheme name, or a scheme file.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: String,
    /// Format (json or yaml), and a file for it; repeatable [default: json].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Only cases whose id (or `suite/id`) matches the pattern; repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
}

/// What is tested, and how to reach it. Whatever stands here is in the printed command that runs a case again, but
/// for what `serde` skips: it changes nothing of a single case.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TargetArgs {
    /// `reference`, `mutant:ID`, the URL of an endpoint, `exec:COMMAND` for a driver, or `serve:COMMAND` for a server to start.
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Scheme name, or a scheme file; repeatable for the embedded endpoint (default there: all).
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Where the shared secret is: env:NAME, file:PATH, stdin or cmd:COMMAND.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: Option<String>,
    /// Where the secret of a second sender of the same service is, for the cases between two senders; as
    /// for --secret.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) second_secret: Option<String>,
    /// Path of the second sender's endpoint [default: that of the target, followed by /second].
    #[arg(long, value_name = "PATH")]
    pub(crate) second_path: Option<String>,
    /// Text of the second sender's key id [default: secondary].
    #[arg(long, value_name = "TEXT")]
    pub(crate) second_key_id: Option<String>,
    /// Host other than loopback that may be tested; repeatable.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Scheme and authority under which the endpoint knows itself, for schemes that sign a URL.
    #[arg(long, value_name = "URL")]
    pub(crate) origin: Option<String>,
    /// A constant of the scheme; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) constant: Vec<String>,
    /// Text of the key id, for schemes that carry `{key-id}` [default: primary].
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_id: Option<String>,
    /// Where a number rises with every request that the endpoint acts on: a page with a plain number, or
    /// with metrics of Prometheus and the name of one behind `#`. Nothing else may use the endpoint meanwhile.
    #[arg(long, value_name = "URL[#METRIC]")]
    pub(crate) effects: Option<String>,
    /// How requests are sent.
    #[arg(long, value_name = "NAME")]
    pub(crate) transport: Option<TransportArg>,
    /// Statuses that mean acceptance [default: 200-299].
    #[arg(long, value_name = "SET")]
    pub(crate) accept_status: Option<String>,
    /// Statuses that mean refusal [default: 300-499].
    #[arg(long, value_name = "SET")]
    pub(crate) reject_status: Option<String>,
    /// Requests per second at most.
    #[arg(long, value_name = "N/s")]
    pub(crate) rate: Option<String>,
    /// Seconds to wait for an answer [default: 5].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,
    /// Seconds after which no more is sent; what is left is inconclusive, and the exit code is 4.
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip)]
    pub(crate) max_time: Option<f64>,
    /// Also runs the cases that wait for a window to pass, a few minutes each.
    #[arg(long)]
    pub(crate) slow: bool,
    /// Root seed; the same seed makes the same requests, up to the clock [default: random].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Suite name (`integrity/body`), `smoke`, or a suite file of your own; repeatable.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) suite: Vec<String>,
    /// Profile of the target [default: countersign.yaml, searched upward].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder in which the command of a target runs, if not the present one.
    #[arg(skip)]
    #[serde(skip)]
    pub(crate) folder: Option<PathBuf>,
}

/// How requests are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum TransportArg {
    /// Exact bytes over plain HTTP/1.1.
    Raw,
    /// A well-behaved HTTP client, for HTTPS; it cannot send malformed requests.
    HttpClient,
}

impl From<TransportArg> for TransportName {
    fn from(name: TransportArg) -> Self {
        match name {
            TransportArg::Raw => Self::Raw,
            TransportArg::HttpClient => Self::HttpClient,
        }
    }
}

/// Options of `run`.
#[derive(Debug, Args)]
pub(crate) struct RunArgs {
    /// What is tested.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Only cases whose id (or `suite/id`, `scheme/id`) matches the pattern; repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
    /// Cases in flight at the same time [default: 4; 16 for the embedded endpoint].
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Report format, and a file for it; repeatable [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Level from which on a failed requirement fails the run.
    #[arg(long, value_name = "LEVEL", default_value = "must")]
    pub(crate) fail_on: FailLevel,
    /// Record each answer in this folder, and fail when a later answer differs.
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshot: Option<PathBuf>,
    /// Accept the present answers as the recorded ones.
    #[arg(long, requires = "snapshot")]
    pub(crate) update: bool,
    /// Colors in the terminal report.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// Level from which on a failed requirement fails the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailLevel {
    /// A failed MUST.
    Must,
    /// A failed MUST or SHOULD.
    Should,
    /// Nothing.
    None,
}

/// When to use colors.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// On a terminal, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// Options of `replay`.
#[derive(Debug, Args)]
pub(crate) struct ReplayArgs {
    /// The case, or `scheme/case`.
    pub(crate) id: String,
    /// What is tested.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Command line of the driver; it is not run by a shell.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) driver: String,
    /// Also check it with this scheme: a name, or a file; repeatable.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Where the shared secret is: env:NAME, file:PATH, stdin or cmd:COMMAND [default: made up].
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: Option<String>,
}

/// Options of `timing`.
#[derive(Debug, Args)]
pub(crate) struct TimingArgs {
    /// What is measured: an endpoint over plain HTTP, a driver with a clock of its own, or an embedded verifier.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Judge recorded timings instead: a table `label,nanoseconds` in the order of the calls, plain or compressed (`.gz`).
    #[arg(long, value_name = "FILE")]
    pub(crate) recording: Option<PathBuf>,
    /// How long one unit of the recorded numbers is, if the recording does not say so itself.
    #[arg(long, value_name = "TIME", value_parser = super::contrasts::nanoseconds)]
    pub(crate) unit: Option<f64>,
    /// Send two requests at a time over HTTP/2 with prior knowledge, and measure the gap between their answers: for endpoints
    /// behind a network.
    #[arg(long)]
    pub(crate) pairs: bool,
    /// How the two classes of requests differ: mismatch, mismatch-at:POSITION, malformed, stale or key-id; or `ladder`,
    /// positions all along the tag. Repeatable [default: mismatch].
    #[arg(long, value_name = "NAME", value_parser = super::contrasts::contrast)]
    pub(crate) contrast: Vec<Contrasts>,
    /// Differences up to this are tolerated: `5ns`, `0.1us` [default: 100ns; with --pairs: 1us; for an embedded verifier: 20ns;
    /// for a recording: none].
    #[arg(long, value_name = "TIME", value_parser = super::contrasts::nanoseconds)]
    pub(crate) resolution: Option<f64>,
    /// Calls at most, without those of controls [default: 1000000].
    #[arg(long, value_name = "N")]
    pub(crate) max_calls: Option<u64>,
    /// Write the timings to this file, to be judged again with --recording.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Instead of measuring time, count the instructions of a driver under valgrind, by where the tag is wrong: exact, without
    /// a clock.
    #[arg(long)]
    pub(crate) instructions: bool,
    /// Instead of measuring time, follow the tag that a driver marks as secret, under valgrind: names each line at which a
    /// branch or an address depends on it.
    #[arg(long)]
    pub(crate) taint: bool,
    /// Report format (terminal, json or html; under valgrind terminal or json), and a file for it; repeatable
    /// [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Also draw on the terminal where the classes differ and how evidence grew.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// What is compared, as for `run`; repeatable.
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    /// File that lists targets with their names; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) targets: Vec<PathBuf>,
    /// Scheme name, or a scheme file; repeatable [default: those that drivers name].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Where the shared secret is: env:NAME, file:PATH, stdin or cmd:COMMAND [default: made up].
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: Option<String>,
    /// Suite name (`integrity/body`), `smoke`, or a suite file of your own; repeatable.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) suite: Vec<String>,
    /// Only cases whose id (or `suite/id`, `scheme/id`) matches the pattern; repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
    /// Host other than loopback that may be tested; repeatable.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Root seed; grids of one seed can be compared.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Format (terminal, json, markdown or html), and a file for it; repeatable [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Show also the cases in which all targets did alike what they must.
    #[arg(long)]
    pub(crate) every_case: bool,
    /// An earlier grid (JSON): show what changed, and exit with 1 if something did.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The language that the driver is written in.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) driver: Language,
    /// The folder to write its files to; no file is overwritten.
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub(crate) dir: PathBuf,
}

/// A language in which `init` writes a driver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Language {
    /// C, or any language that can build a shared library.
    C,
    /// Go.
    Go,
    /// Java.
    Java,
    /// JavaScript, on Node.
    Javascript,
    /// Perl.
    Perl,
    /// PHP.
    Php,
    /// Python.
    Python,
    /// Ruby.
    Ruby,
    /// Rust.
    Rust,
}

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// Scheme name, or a scheme file.
    #[arg(long, value_name = "NAME|FILE", default_value = "canonical-request")]
    pub(crate) scheme: String,
    /// A deliberately broken verifier, by bug class, instead of the reference.
    #[arg(long, value_name = "ID")]
    pub(crate) mutant: Option<String>,
    /// Where the shared secret is: env:NAME, file:PATH, stdin or cmd:COMMAND.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: String,
    /// Where the secret of a second sender is, whose endpoint has the path followed by /second.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) second_secret: Option<String>,
    /// Port on 127.0.0.1; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Path of the hook.
    #[arg(long, default_value = "/hook")]
    pub(crate) path: String,
    /// Write the audit log to this file instead of standard error.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}
