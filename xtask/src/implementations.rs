//! Sets up the implementations that the conformance tests drive: Python environments, Node packages, crates,
//! and packages of Debian for the other languages.
//!
//! What is installed is exactly what the lock files say; where from is the package manager's own
//! configuration. A stamp beside what was installed saves the next run the work.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::step::{cargo, run};

const PYTHON: &str = "Python 3 with venv (packages `python3` and `python3-venv` on Debian)";
const NODE: &str = "Node.js 20 or later with npm (packages `nodejs` and `npm` on Debian)";

/// Languages whose packages come from Debian, and whether drivers must be built.
const DEBIAN: &[(&str, bool)] = &[
    ("go", true),
    ("java", true),
    ("ruby", false),
    ("php", false),
    ("perl", false),
    ("c", true),
    ("debian", false),
];

/// Virtual environments with everything in `requirements.txt`, and with the old versions beside it.
///
/// # Errors
/// Python is missing, or pip failed.
pub(crate) fn python(root: &Path) -> Result<(), String> {
    let folder = root.join("conformance/implementations/python");
    environment(&folder, ".venv", "requirements.txt")?;
    environment(&folder, ".venv-flawed", "requirements-flawed.txt")
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

/// The packages in the `apt.txt` of each language, and what is built with them.
///
/// # Errors
/// A package is missing and cannot be installed here, which says how, or a build failed.
pub(crate) fn debian(root: &Path) -> Result<(), String> {
    let folder = root.join("conformance/implementations");
    let mut wanted = Vec::new();
    for (language, _) in DEBIAN {
        let list = folder.join(language).join("apt.txt");
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
    for (language, _) in DEBIAN.iter().filter(|(_, is_built)| *is_built) {
        run(&folder.join(language), "sh", &["build.sh"], "a POSIX shell")?;
    }
    Ok(())
}

fn is_installed(package: &str) -> bool {
    let asked = Command::new("dpkg-query").args(["-W", "-f", "${db:Status-Status}", package]).output();
    asked.is_ok_and(|output| output.stdout == b"installed")
}

/// The packages of `package-lock.json`.
///
/// # Errors
/// Node or npm is missing, or npm failed.
pub(crate) fn javascript(root: &Path) -> Result<(), String> {
    let folder = root.join("conformance/implementations/javascript");
    run(&folder, "node", &["--version"], NODE)?;
    let stamp =
        Stamp { lock: folder.join("package-lock.json"), copy: folder.join("node_modules/.installed.json") };
    if stamp.holds()? {
        println!("up to date with {}", stamp.lock.display());
        return Ok(());
    }
    stamp.remove()?;
    run(&folder, if cfg!(windows) { "npm.cmd" } else { "npm" }, &["ci"], NODE)?;
    stamp.set()
}

/// Drivers around published crates, in a workspace of their own.
///
/// # Errors
/// They do not build.
pub(crate) fn rust(root: &Path) -> Result<(), String> {
    let folder = root.join("conformance/implementations/rust");
    cargo(&folder, &["build", "--quiet", "--locked", "--target-dir", "target"])
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
