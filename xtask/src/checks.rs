//! What `cargo xtask test` and `cargo xtask ci` run, in order.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Child, Command};

use crate::implementations::Scope;
use crate::step::{Ended, Steps, cargo};
use crate::tools::DENY;

/// Builds the tests that drive real implementations as well.
const REAL: &str = "countersign-cli/real-implementations";

/// Builds the tests that need every implementation or minutes as well.
pub(crate) const NIGHTLY: &str = "countersign-cli/nightly";

/// Sets up one library and one server of each language, and runs the hermetic tests and those that drive them.
pub(crate) fn test(steps: &mut Steps, root: &Path) {
    test_with(steps, root, Scope::Merge, REAL);
}

/// Sets up while the tests are compiled, and runs them with a feature of the command's package when both are done: tests
/// that measure time have the machine for themselves.
pub(crate) fn test_with(steps: &mut Steps, root: &Path, scope: Scope, feature: &str) -> Ended {
    let set_up = SetUp::start(root, scope);
    let words = ["test", "--workspace", "--locked", "--features", feature];
    let compiled = steps.step("compile the tests", || cargo(root, &[&words[..], &["--no-run"]].concat()));
    let set_up = steps.step("set up the implementations", || set_up?.wait());
    steps.step("tests", || match (compiled, set_up) {
        (Ended::Well, Ended::Well) => cargo(root, &words),
        (Ended::Badly, _) => Err("not run, because they do not compile".to_owned()),
        (_, Ended::Badly) => Err("not run, because what they drive is not set up".to_owned()),
    });
    set_up
}

/// Everything that CI checks; the quick ones first.
pub(crate) fn ci(root: &Path) -> Result<(), String> {
    let mut steps = Steps::default();
    steps.step("format", || cargo(root, &["fmt", "--all", "--check"]));
    test(&mut steps, root);
    steps.step("clippy", || {
        let words = ["clippy", "--workspace", "--all-targets", "--locked", "--features", NIGHTLY];
        cargo(root, &[&words[..], &["--", "-D", "warnings"]].concat())
    });
    steps.step("bans, licenses, sources", || {
        let check = ["check", "--hide-inclusion-graph", "bans", "licenses", "sources"];
        DENY.run(root, &[&["deny", "--locked"][..], &check].concat(), &[])
    });
    steps.finish()
}

/// `cargo xtask setup` as a process beside this one, whose output is shown when it has ended.
struct SetUp {
    child: Child,
    log: std::path::PathBuf,
}

impl SetUp {
    fn start(root: &Path, scope: Scope) -> Result<Self, String> {
        let log = root.join("target/setup.log");
        let said = |error: std::io::Error| format!("{}: {error}", log.display());
        fs::create_dir_all(root.join("target")).map_err(said)?;
        let output = File::create(&log).map_err(said)?;
        let errors = output.try_clone().map_err(said)?;
        let own = std::env::current_exe().map_err(|error| format!("this program: {error}"))?;
        let child = Command::new(own).arg(scope.chore()).stdout(output).stderr(errors).spawn();
        Ok(Self { child: child.map_err(|error| format!("`xtask {}`: {error}", scope.chore()))?, log })
    }

    fn wait(mut self) -> Result<(), String> {
        let status = self.child.wait().map_err(|error| format!("set-up: {error}"))?;
        print!(
            "{}",
            fs::read_to_string(&self.log).map_err(|error| format!("{}: {error}", self.log.display()))?
        );
        if status.success() { Ok(()) } else { Err(format!("set-up ended with {status}")) }
    }
}
