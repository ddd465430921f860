//! What several test files share: running the command, and starting real servers.

#![allow(dead_code, reason = "each test file uses a part of it")]
#![allow(clippy::allow_attributes, reason = "which part is used differs from file to file")]

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, test_kill_process};

/// The secret of the tests; no output may hold it, in any encoding.
pub(crate) const CANARY: &str = "canary-5ecret-7f3a9c4e";

/// The secret of a second sender in the tests; no output may hold it either.
pub(crate) const SECOND_CANARY: &str = "canary-5econd-81b2e6d0";

/// Root of the repository.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the repository is there")
}

/// The command under test, in a folder without a profile.
pub(crate) fn countersign(args: &[&str]) -> Output {
    countersign_with(args, CANARY)
}

/// The command under test with this secret in `HOOK_SECRET`.
pub(crate) fn countersign_with(args: &[&str], secret: &str) -> Output {
    Command::new(env!("CARGO_BIN_EXE_countersign"))
        .args(args)
        .current_dir(std::env::temp_dir())
        .env("HOOK_SECRET", secret)
        .env("SECOND_SECRET", SECOND_CANARY)
        .env_remove("NO_COLOR")
        .stdin(Stdio::null())
        .output()
        .expect("the command starts")
}

/// A program of `tests/programs`, which Cargo builds with the tests of this package.
///
/// Panics if it is not built, or older than what it is built from.
pub(crate) fn program(name: &str) -> String {
    let to_do =
        "run `cargo test -p countersign-cli`, or build it with `cargo build -p countersign-cli --examples`";
    let own = std::env::current_exe().expect("this test");
    let path = own.ancestors().nth(2).expect("target/debug").join("examples").join(name);
    let built = path.metadata().and_then(|about| about.modified());
    let built = built.unwrap_or_else(|error| panic!("{}: {error}; {to_do}", path.display()));
    let sources = root().join("harness/cli/tests/programs").read_dir().expect("a folder");
    let changed = sources.map(|entry| entry.and_then(|entry| entry.metadata()?.modified()).expect("a file"));
    assert!(changed.max() < Some(built), "{} is out of date; {to_do}", path.display());
    format!("'{}'", path.display())
}

/// Standard output as text.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Standard error as text.
pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// The id that a process writes to a file once it is asked something.
///
/// Panics if it never does.
pub(crate) fn pid_in(file: &Path) -> Pid {
    for _ in 0..600 {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        if let Some(pid) = text.parse().ok().and_then(Pid::from_raw) {
            return pid;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("the process was never asked");
}

/// Whether a process ends within some seconds.
pub(crate) fn has_ended(pid: Pid) -> bool {
    (0..300).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        test_kill_process(pid).is_err()
    })
}

/// A real server from `conformance/implementations`; it ends when dropped.
pub(crate) struct Server {
    child: Child,
    /// `http://127.0.0.1:PORT/hook`.
    pub(crate) url: String,
}

impl Server {
    /// Starts `python/NAME.py` or `javascript/NAME.js` with options.
    ///
    /// Panics if the language's packages are not installed: nothing here is skipped in silence.
    pub(crate) fn start(file: &str, options: &[&str], secret: &str) -> Self {
        Self::start_with(file, options, &[("HOOK_SECRET", secret)])
    }

    /// The same, with these variables in the environment.
    pub(crate) fn start_with(file: &str, options: &[&str], variables: &[(&str, &str)]) -> Self {
        let folder = root().join("conformance/implementations");
        let program = if file.ends_with(".py") {
            let python = folder.join("python/.venv/bin/python");
            assert!(python.exists(), "the Python packages are not installed: run `cargo xtask test`");
            python
        } else {
            let modules = folder.join("javascript/node_modules");
            assert!(modules.exists(), "the npm packages are not installed: run `cargo xtask test`");
            PathBuf::from("node")
        };
        let mut child = Command::new(program)
            .arg(folder.join(file))
            .args(options)
            .env_remove("PORT")
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("standard output is piped");
        BufReader::new(stdout).read_line(&mut line).expect("the server prints its address");
        let address =
            line.trim().strip_prefix("listening ").unwrap_or_else(|| panic!("{file} said {line:?}"));
        // What follows is about the package behind it.
        let address = address.split(' ').next().unwrap_or_default();
        let url = format!("http://{address}/hook");
        Self { child, url }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
