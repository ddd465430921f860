//! The command line as typed.
//!
//! The type to know is [`Cli`]. Doc comments here are the help texts. This module must not check what options mean.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use countersign::transport::TransportName;
use serde::Serialize;

use super::contrasts::Contrasts;

/// Finds forged requests that an HMAC check accepts, and genuine ones that it refuses.
#[derive(Debug, Parser)]
#[command(name = "countersign", version, max_term_width = 100, after_help = super::exit_codes())]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The target of `timing`, which measures more narrowly than `run` tests.
const TIMING_TARGET: &str = "What to measure: the URL of an endpoint over plain HTTP, `exec:COMMAND` for a driver that can \
                             time calls, `serve:COMMAND` for a server to start, `reference`, or `mutant:ID` [default: \
                             reference]";

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Test an endpoint, a library or a server; without --target, the embedded reference endpoint.
    Run(RunArgs),
    /// Send one case again, and show the request and the answer.
    Replay(ReplayArgs),
    /// Serve the reference endpoint, or a mutant, on loopback.
    Serve(ServeArgs),
    /// Run the same cases against several targets, and show where they differ.
    Compare(CompareArgs),
    /// Check that a driver follows the line protocol.
    Doctor(DoctorArgs),
    /// Write a working driver in your language, to call your own function from.
    Init(InitArgs),
    /// Measure whether the time a verifier takes leaks the right tag.
    #[command(
        mut_arg("scheme", |scheme| scheme.help("Name of a scheme, or a scheme file")),
        mut_arg("target", |target| target.help(TIMING_TARGET)),
        mut_arg("max_time", |time| time.help("Stop measuring after this many seconds [default: 60]")),
        // `timing` refuses these; see `timing/options.rs`.
        mut_arg("second_secret", |unused| unused.hide(true)),
        mut_arg("second_path", |unused| unused.hide(true)),
        mut_arg("second_key_id", |unused| unused.hide(true)),
        mut_arg("effects", |unused| unused.hide(true)),
        mut_arg("transport", |unused| unused.hide(true)),
        mut_arg("slow", |unused| unused.hide(true)),
        mut_arg("suite", |unused| unused.hide(true))
    )]
    Timing(Box<TimingArgs>),
    /// Explain a requirement, bug class, case, scheme or mutant.
    Explain {
        /// The id, such as `INT-BODY`, `C01`, `body-one-bit-flipped` or `stripe`.
        id: String,
        /// Show everything, not only as much as fits on one screen.
        #[arg(long)]
        all: bool,
    },
    /// List schemes, suites, cases, requirements, bug classes, mutants or tampers.
    List {
        /// What to list.
        what: Listed,
    },
    /// Show which cases catch which mutant (deliberately broken verifier); nothing is sent.
    Matrix(MatrixArgs),
    /// Check or export vector files (schemes and suites).
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
    /// Name of a scheme, or a scheme file; repeatable [default: all].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Bug class whose mutant to try; repeatable [default: all that have one].
    #[arg(long, value_name = "ID")]
    pub(crate) class: Vec<String>,
    /// Format (terminal, json or markdown), with a file to write it to; repeatable [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Exit with 1, and say why, if a mutant survives or a case kills none without a listed reason.
    #[arg(long)]
    pub(crate) check: bool,
}

/// Check or export vector files (schemes and suites).
#[derive(Debug, Subcommand)]
pub(crate) enum VectorsCommand {
    /// Check scheme and suite files without sending anything.
    Check {
        /// Files or folders [default: the embedded ones].
        paths: Vec<PathBuf>,
    },
    /// Write the cases of a scheme as fixed bytes, for tests in any language.
    Export(ExportArgs),
}

/// Options of `vectors export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Name of a scheme, or a scheme file.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: String,
    /// Format (json or yaml), with a file to write it to; repeatable [default: json].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Only cases whose id or `suite/id` matches this pattern (`*`, `?`); repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
}

/// What is tested, and how to reach it. All of it goes into the printed command that runs a case again, except for
/// fields that `serde` skips, which do not change the result of a single case.
#[derive(Debug, Clone, Default, PartialEq, Args, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) struct TargetArgs {
    /// What to test: the URL of an endpoint, `exec:COMMAND` for a driver, `serve:COMMAND` for a server to start,
    /// `reference`, or `mutant:ID` [default: reference].
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// Name of a scheme, or a scheme file. Repeatable, except for a URL [default for `reference` and `mutant:`: all; for a
    /// driver: those it names].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Where to read the shared secret: env:NAME, file:PATH, stdin or cmd:COMMAND. Required for a URL, otherwise made up
    /// by default.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: Option<String>,
    /// Where to read the secret of a second sender of the same service, for cases with two senders; written like --secret.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) second_secret: Option<String>,
    /// Path of the second sender's endpoint [default: the target's path followed by /second].
    #[arg(long, value_name = "PATH")]
    pub(crate) second_path: Option<String>,
    /// Key id of the second sender [default: secondary].
    #[arg(long, value_name = "TEXT")]
    pub(crate) second_key_id: Option<String>,
    /// Allow testing a host other than this machine; repeatable.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Public origin of the endpoint, such as https://hooks.example.com, for schemes that sign the URL.
    #[arg(long, value_name = "URL")]
    pub(crate) origin: Option<String>,
    /// Set a constant of the scheme; repeatable.
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) constant: Vec<String>,
    /// Key id, for schemes that send one [default: primary].
    #[arg(long, value_name = "TEXT")]
    pub(crate) key_id: Option<String>,
    /// Page with a count of requests that the endpoint acted on: a plain number, or a Prometheus metric named after `#`.
    /// Nothing else may use the endpoint during the run.
    #[arg(long, value_name = "URL[#METRIC]")]
    pub(crate) effects: Option<String>,
    /// How requests are sent [default: raw; for https: http-client].
    #[arg(long, value_name = "NAME")]
    pub(crate) transport: Option<TransportArg>,
    /// Statuses that mean accepted, such as `200-299,304` [default: 200-299].
    #[arg(long, value_name = "SET")]
    pub(crate) accept_status: Option<String>,
    /// Statuses that mean refused [default: 300-499].
    #[arg(long, value_name = "SET")]
    pub(crate) reject_status: Option<String>,
    /// Maximum number of requests per second, such as `50/s`.
    #[arg(long, value_name = "N/s")]
    pub(crate) rate: Option<String>,
    /// How long to wait for an answer [default: 5].
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timeout: Option<f64>,
    /// Stop sending after this many seconds. The remaining cases are inconclusive, and the exit code is 4 unless
    /// something failed.
    #[arg(long, value_name = "SECONDS")]
    #[serde(skip)]
    pub(crate) max_time: Option<f64>,
    /// Also run cases that wait for a time window to pass (minutes each) or send very long bodies.
    #[arg(long)]
    pub(crate) slow: bool,
    /// Seed for everything random in requests. The same seed makes the same requests, apart from the time [default:
    /// random].
    #[arg(long)]
    pub(crate) seed: Option<u64>,
    /// Suite to run: a name such as `integrity/body`, `smoke` for a quick selection, or your own file; repeatable [default:
    /// all].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) suite: Vec<String>,
    /// File with options for the target [default: countersign.yaml in this folder or one above].
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Folder in which the command of a target runs, if not the current one.
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
    /// An HTTP client, for HTTPS; it cannot send malformed requests.
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
    /// Only cases whose id, `suite/id` or `scheme/id` matches this pattern (`*`, `?`); repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
    /// Number of cases in flight [default: 4; for the embedded endpoint: 16; for a driver: 128].
    #[arg(long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Report format (terminal, json, jsonl or junit), with a file to write it to; repeatable [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Which failed requirements fail the run.
    #[arg(long, value_name = "LEVEL", default_value = "must")]
    pub(crate) fail_on: FailLevel,
    /// Record each answer in this folder, and fail if an answer differs from the recorded one.
    #[arg(long, value_name = "DIR")]
    pub(crate) snapshot: Option<PathBuf>,
    /// With --snapshot: record the current answers, even if they differ.
    #[arg(long, requires = "snapshot")]
    pub(crate) update: bool,
    /// When to color the terminal report.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Color,
}

/// Which failed requirements fail the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FailLevel {
    /// MUST only.
    Must,
    /// MUST and SHOULD.
    Should,
    /// None: failures are reported, but the exit code is 0.
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
    /// Id of the case, or `scheme/case`.
    pub(crate) id: String,
    /// What is tested.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
}

/// Options of `doctor`.
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Command line of the driver. No shell runs it.
    #[arg(long, value_name = "COMMAND")]
    pub(crate) driver: String,
    /// Also check it with this scheme: a name, or a scheme file; repeatable.
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Where to read the shared secret: env:NAME, file:PATH, stdin or cmd:COMMAND [default: made up].
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: Option<String>,
}

/// Options of `timing`.
#[derive(Debug, Args)]
pub(crate) struct TimingArgs {
    /// What is measured: an endpoint over plain HTTP, a driver with a clock of its own, or an embedded verifier.
    #[command(flatten)]
    pub(crate) target: TargetArgs,
    /// Judge recorded timings instead of measuring: lines of `label,nanoseconds` in the order of the calls, plain or `.gz`.
    #[arg(long, value_name = "FILE")]
    pub(crate) recording: Option<PathBuf>,
    /// Length of one unit in the recording, such as `1us`, if the recording does not say so itself.
    #[arg(long, value_name = "TIME", value_parser = super::contrasts::nanoseconds)]
    pub(crate) unit: Option<f64>,
    /// Send two requests at a time over HTTP/2 (prior knowledge) and measure the gap between their answers. For endpoints
    /// across a network.
    #[arg(long)]
    pub(crate) pairs: bool,
    /// How the two classes of requests differ: mismatch, mismatch-at:POSITION, malformed, stale or key-id; or `ladder` for
    /// several positions along the tag. Repeatable [default: mismatch].
    #[arg(long, value_name = "NAME", value_parser = super::contrasts::contrast)]
    pub(crate) contrast: Vec<Contrasts>,
    /// Smallest difference that counts as a leak, such as `5ns` or `0.1us` [default: 100ns; with --pairs: 1us; for
    /// `reference` and `mutant:`: 20ns; for a recording: any].
    #[arg(long, value_name = "TIME", value_parser = super::contrasts::nanoseconds)]
    pub(crate) resolution: Option<f64>,
    /// Maximum number of measured calls, not counting controls [default: 1000000].
    #[arg(long, value_name = "N")]
    pub(crate) max_calls: Option<u64>,
    /// Write the timings to this file, which --recording can judge again.
    #[arg(long, value_name = "FILE")]
    pub(crate) save: Option<PathBuf>,
    /// Count the instructions of a driver under valgrind instead of measuring time, for each position of the wrong byte.
    /// Exact, and needs no quiet machine.
    #[arg(long)]
    pub(crate) instructions: bool,
    /// Track the tag that a driver marks as secret under valgrind instead of measuring time, and name each line where a
    /// branch or an address depends on it.
    #[arg(long)]
    pub(crate) taint: bool,
    /// Report format (terminal, json or html; under valgrind terminal or json), with a file to write it to; repeatable
    /// [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Also draw charts on the terminal: where the classes differ, and how the evidence grew.
    #[arg(long, short)]
    pub(crate) verbose: bool,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// A target to compare, written as for `run`; repeatable.
    #[arg(long, value_name = "TARGET")]
    pub(crate) target: Vec<String>,
    /// YAML file that lists targets with their names; repeatable.
    #[arg(long, value_name = "FILE")]
    pub(crate) targets: Vec<PathBuf>,
    /// Name of a scheme, or a scheme file; repeatable [default: those that drivers name].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) scheme: Vec<String>,
    /// Where to read the shared secret: env:NAME, file:PATH, stdin or cmd:COMMAND [default: made up].
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: Option<String>,
    /// Suite to run: a name such as `integrity/body`, `smoke` for a quick selection, or your own file; repeatable [default:
    /// all].
    #[arg(long, value_name = "NAME|FILE")]
    pub(crate) suite: Vec<String>,
    /// Only cases whose id, `suite/id` or `scheme/id` matches this pattern (`*`, `?`); repeatable.
    #[arg(long, value_name = "GLOB")]
    pub(crate) case: Vec<String>,
    /// Allow testing a host other than this machine; repeatable.
    #[arg(long, value_name = "HOST")]
    pub(crate) allow_host: Vec<String>,
    /// Seed for everything random in requests. Only grids of the same seed can be compared.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Format (terminal, json, markdown or html), with a file to write it to; repeatable [default: terminal].
    #[arg(long, value_name = "NAME[=PATH]")]
    pub(crate) format: Vec<String>,
    /// Also show cases in which all targets passed alike.
    #[arg(long)]
    pub(crate) every_case: bool,
    /// Earlier result of --format json: show what changed since, and exit with 1 if anything did.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
}

/// Options of `init`.
#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The language that the driver is written in.
    #[arg(long, value_name = "LANGUAGE")]
    pub(crate) driver: Language,
    /// The folder for its files. No file is overwritten.
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
    /// Name of a scheme, or a scheme file.
    #[arg(long, value_name = "NAME|FILE", default_value = "canonical-request")]
    pub(crate) scheme: String,
    /// Serve this mutant (a deliberately broken verifier, named by bug class) instead of the reference.
    #[arg(long, value_name = "ID")]
    pub(crate) mutant: Option<String>,
    /// Where to read the shared secret: env:NAME, file:PATH, stdin or cmd:COMMAND.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) secret: String,
    /// Where to read the secret of a second sender. Its endpoint is PATH/second.
    #[arg(long, value_name = "SOURCE")]
    pub(crate) second_secret: Option<String>,
    /// Port on 127.0.0.1; 0 for any free one.
    #[arg(long, default_value_t = 0)]
    pub(crate) port: u16,
    /// Path of the endpoint.
    #[arg(long, default_value = "/hook")]
    pub(crate) path: String,
    /// Write the audit log to this file instead of standard error.
    #[arg(long, value_name = "FILE")]
    pub(crate) log: Option<PathBuf>,
}
