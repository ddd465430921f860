//! Sets up the implementations that the conformance tests drive: Python environments, Node packages, crates,
//! and packages of Debian for the other languages.
//!
//! What is installed is exactly what the lock files say; where from is the package manager's own
//! configuration. A stamp beside what was installed saves the next run the work.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::step::{Steps, cargo, run};
use crate::tools::DENY;

const PYTHON: &str = "Python 3 with venv (packages `python3` and `python3-venv` on Debian)";
const NODE: &str = "Node.js 20 or later with npm (packages `nodejs` and `npm` on Debian)";

/// Languages whose packages come from Debian, and what builds their drivers.
const DEBIAN: &[(&str, Build)] = &[
    ("go", Build::Drivers { of_merge: &["example", "golang_jwt"] }),
    ("java", Build::Drivers { of_merge: &[] }),
    ("ruby", Build::Nothing),
    ("php", Build::Nothing),
    ("perl", Build::Nothing),
    ("c", Build::Drivers { of_merge: &["example", "libjwt"] }),
    ("debian", Build::Nothing),
];

/// What is built after a language's packages are installed.
#[derive(Debug, Clone, Copy)]
enum Build {
    /// The language is interpreted.
    Nothing,
    /// `build.sh`, which takes the names of drivers; without names it builds all.
    Drivers { of_merge: &'static [&'static str] },
}

/// How much is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scope {
    /// One library and one server of each language, those of `targets-merge.yaml`.
    Merge,
    /// Everything in the lock files.
    Every,
}

impl Scope {
    /// The chore that sets it up.
    pub(crate) fn chore(self) -> &'static str {
        match self {
            Self::Merge => "setup",
            Self::Every => "setup-every",
        }
    }

    /// The list of a language's Debian packages.
    fn apt(self) -> &'static str {
        match self {
            Self::Merge => "apt-merge.txt",
            Self::Every => "apt.txt",
        }
    }
}

/// Sets up what a scope has. Tests need all of it.
///
/// # Errors
/// A set-up failed; the others were tried all the same.
pub(crate) fn set_up(root: &Path, scope: Scope) -> Result<(), String> {
    let mut steps = Steps::default();
    steps.step("set up the other languages", || debian(root, scope));
    steps.step("set up the Python implementations", || python(root, scope));
    steps.step("set up the JavaScript implementations", || javascript(root, scope));
    steps.step("set up the Rust implementations", || rust(root, scope));
    steps.step("build cargo-deny", || DENY.install(root));
    steps.finish()
}

/// Virtual environments with what the lock file of the scope names, and (every) with the old versions beside it.
fn python(root: &Path, scope: Scope) -> Result<(), String> {
    let folder = root.join("conformance/implementations/python");
    match scope {
        // Everything has what the part has.
        Scope::Merge if environment_holds(&folder, ".venv", "requirements.txt")? => {
            println!("all of requirements.txt is installed");
            Ok(())
        }
        Scope::Merge => environment(&folder, ".venv", "requirements-merge.txt"),
        Scope::Every => {
            environment(&folder, ".venv", "requirements.txt")?;
            environment(&folder, ".venv-flawed", "requirements-flawed.txt")
        }
    }
}

fn environment_holds(folder: &Path, name: &str, lock: &str) -> Result<bool, String> {
    Stamp { lock: folder.join(lock), copy: folder.join(name).join("installed.txt") }.holds()
}

fn environment(folder: &Path, name: &str, lock: &str) -> Result<(), String> {
    let programs = folder.join(name).join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = programs.join(if cfg!(windows) { "python.exe" } else { "python" });
    let stamp = Stamp { lock: folder.join(lock), copy: folder.join(name).join("installed.txt") };
    if python.exists() && stamp.holds()? {
        println!("up to date with {}", stamp.lock.display());
        return Ok(());
    }
    stamp.remove()?;
    run(folder, "python3", &["-m", "venv", "--clear", name], PYTHON)?;
    let install = ["-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "-r", lock];
    run(folder, &python, &install, PYTHON)?;
    stamp.set()
}

/// The packages in the list of each language, and what is built with them.
fn debian(root: &Path, scope: Scope) -> Result<(), String> {
    let folder = root.join("conformance/implementations");
    let mut wanted = Vec::new();
    for (language, _) in DEBIAN {
        let list = folder.join(language).join(scope.apt());
        let text = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
        wanted.extend(text.split_whitespace().map(str::to_owned));
    }
    wanted.retain(|package| !is_installed(package));
    if wanted.is_empty() {
        println!("all packages are installed");
    } else {
        let mut install = vec!["install", "--yes", "--no-install-recommends"];
        install.extend(wanted.iter().map(String::as_str));
        let how = format!("Debian's packages yourself: apt-get {}", install.join(" "));
        run(&folder, "apt-get", &["update"], &how).map_err(|why| format!("{why}; install {how}"))?;
        run(&folder, "apt-get", &install, &how).map_err(|why| format!("{why}; install {how}"))?;
    }
    for (language, build) in DEBIAN {
        match (*build, scope) {
            (Build::Nothing, _) => {}
            (Build::Drivers { of_merge }, Scope::Merge) => {
                run(&folder.join(language), "sh", &[&["build.sh"][..], of_merge].concat(), "a POSIX shell")?;
            }
            (Build::Drivers { .. }, Scope::Every) => {
                run(&folder.join(language), "sh", &["build.sh"], "a POSIX shell")?;
            }
        }
    }
    Ok(())
}

fn is_installed(package: &str) -> bool {
    let asked = Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]).output();
    asked.is_ok_and(|output| output.stdout == b"installed")
}

/// The packages of `package-lock.json`. Those of the smaller scope are its `dependencies`, and all others its
/// `devDependencies`, so that one lock file serves both.
fn javascript(root: &Path, scope: Scope) -> Result<(), String> {
    let folder = root.join("conformance/implementations/javascript");
    run(&folder, "node", &["--version"], NODE)?;
    let stamp = |name: &str| Stamp {
        lock: folder.join("package-lock.json"),
        copy: folder.join("node_modules").join(name),
    };
    let (every, merge) = (stamp(".installed.json"), stamp(".installed-merge.json"));
    if every.holds()? || (scope == Scope::Merge && merge.holds()?) {
        println!("up to date with {}", every.lock.display());
        return Ok(());
    }
    every.remove()?;
    merge.remove()?;
    let npm = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let quiet = ["ci", "--no-audit", "--no-fund"];
    match scope {
        Scope::Merge => {
            run(&folder, npm, &[&quiet[..], &["--omit=dev"]].concat(), NODE)?;
            merge.set()
        }
        Scope::Every => {
            run(&folder, npm, &[&quiet[..], &["--include=dev"]].concat(), NODE)?;
            every.set()
        }
    }
}

/// Drivers around published crates, in a workspace of their own.
fn rust(root: &Path, scope: Scope) -> Result<(), String> {
    let folder = root.join("conformance/implementations/rust");
    let build = ["build", "--quiet", "--locked", "--target-dir", "target"];
    let part: &[&str] = match scope {
        Scope::Merge => &["--no-default-features", "--bin", "example", "--bin", "jwt"],
        Scope::Every => &[],
    };
    cargo(&folder, &[&build[..], part].concat())
}

/// A copy of the lock file, kept with what was installed from it.
struct Stamp {
    lock: std::path::PathBuf,
    copy: std::path::PathBuf,
}

impl Stamp {
    /// Whether what is installed is what the lock file says.
    fn holds(&self) -> Result<bool, String> {
        let lock = fs::read(&self.lock).map_err(|error| format!("{}: {error}", self.lock.display()))?;
        Ok(fs::read(&self.copy).is_ok_and(|copy| copy == lock))
    }

    /// Before anything is changed: a broken installation is never taken for a whole one.
    fn remove(&self) -> Result<(), String> {
        match fs::remove_file(&self.copy) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(format!("{}: {error}", self.copy.display()))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    fn set(&self) -> Result<(), String> {
        fs::copy(&self.lock, &self.copy)
            .map(drop)
            .map_err(|error| format!("{}: {error}", self.copy.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &str) -> String {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../conformance/implementations").join(file);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    #[test]
    fn what_a_merge_installs_is_a_part_of_everything() {
        for (language, _) in DEBIAN {
            let [part, every] =
                [Scope::Merge, Scope::Every].map(|scope| read(&format!("{language}/{}", scope.apt())));
            assert!(!part.trim().is_empty(), "{language}");
            for package in part.split_whitespace() {
                assert!(every.split_whitespace().any(|known| known == package), "{language}: {package}");
            }
        }
        let every = read("python/requirements.txt");
        let part = read("python/requirements-merge.txt");
        let packages: Vec<&str> = part.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(packages.len() > 10);
        for line in packages {
            let is_line = |known: &str| known.trim_end_matches(" \\") == line.trim_end_matches(" \\");
            assert!(every.lines().any(is_line), "{line}");
        }
    }

    #[test]
    fn a_stamp_holds_until_the_lock_file_changes() {
        let folder = std::env::temp_dir().join(format!("countersign-xtask-stamp-{}", std::process::id()));
        fs::create_dir_all(&folder).expect("a temporary folder");
        let stamp = Stamp { lock: folder.join("lock"), copy: folder.join("stamp") };
        assert!(stamp.holds().is_err(), "a missing lock file is an error, not a skip");
        fs::write(&stamp.lock, "one").expect("written");
        assert_eq!(stamp.holds(), Ok(false));
        stamp.set().expect("set");
        assert_eq!(stamp.holds(), Ok(true));
        fs::write(&stamp.lock, "two").expect("written");
        assert_eq!(stamp.holds(), Ok(false));
        stamp.remove().expect("removed");
        stamp.remove().expect("removing nothing is fine");
        fs::remove_dir_all(&folder).expect("removed");
    }
}
