//! Tools of Cargo that chores use, each built once into `target/tools`.
//!
//! The type to know is [`Tool`]. What runs for seconds is built without optimization and debug information, and a CI
//! that keeps `target` between runs does not build it again.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::step::run_with;

/// A tool, in the version that this repository is written for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tool {
    name: &'static str,
    version: &'static str,
}

/// Bans, licenses and sources of dependencies; `deny.toml` is its configuration.
pub(crate) const DENY: Tool = Tool { name: "cargo-deny", version: "0.20.2" };
/// Changes of the code that tests have to notice; `.cargo/mutants.toml` is its configuration.
pub(crate) const MUTANTS: Tool = Tool { name: "cargo-mutants", version: "27.1.0" };
/// Fuzz targets under libFuzzer.
pub(crate) const FUZZ: Tool = Tool { name: "cargo-fuzz", version: "0.13.2" };

impl Tool {
    /// Builds the tool where it is missing.
    ///
    /// # Errors
    /// It cannot be built.
    pub(crate) fn install(self, root: &Path) -> Result<(), String> {
        if self.present(root).is_some() {
            println!("{} {} is there", self.name, self.version);
            return Ok(());
        }
        let folder = Self::folder(root).display().to_string();
        let build = [
            "install",
            self.name,
            "--locked",
            "--debug",
            "--force",
            "--root",
            &folder,
            "--version",
            self.version,
        ];
        let plain = [("CARGO_PROFILE_DEV_OPT_LEVEL", "0"), ("CARGO_PROFILE_DEV_DEBUG", "0")];
        run_with(root, "cargo", &build, &plain, "Rust")
    }

    /// Runs the tool, and builds it before where it is missing.
    ///
    /// # Errors
    /// It cannot be built, or it failed.
    pub(crate) fn run(
        self,
        root: &Path,
        arguments: &[&str],
        environment: &[(&str, &str)],
    ) -> Result<(), String> {
        self.install(root)?;
        let program =
            self.present(root).ok_or_else(|| format!("{} was built, but is not there", self.name))?;
        run_with(root, program, arguments, environment, self.name)
    }

    fn folder(root: &Path) -> PathBuf {
        root.join("target/tools")
    }

    /// The program in this version: our own, or the one that is installed.
    fn present(self, root: &Path) -> Option<PathBuf> {
        [Self::folder(root).join("bin").join(self.name), PathBuf::from(self.name)]
            .into_iter()
            .find(|program| self.is_version_of(program))
    }

    fn is_version_of(self, program: &Path) -> bool {
        // A tool of Cargo takes its own name first: Cargo passes it.
        let own_name = self.name.trim_start_matches("cargo-");
        let asked = Command::new(program).args([own_name, "--version"]).stderr(Stdio::null()).output();
        let said = asked.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        said.is_ok_and(|said| said.split_whitespace().any(|word| word == self.version))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tool_in_another_version_is_not_the_tool() {
        let cargo = Tool { name: "cargo", version: "0.0.0" };
        assert!(!cargo.is_version_of(Path::new("cargo")), "its version is not 0.0.0");
        assert!(!DENY.is_version_of(Path::new("no-such-program-here")));
    }
}
