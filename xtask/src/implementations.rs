//! Sets up the implementations that the conformance tests drive: a Python environment, Node packages.
//!
//! What is installed is exactly what the lock files say; where from is pip's and npm's own
//! configuration. A stamp beside what was installed saves the next run the work.

use std::fs;
use std::path::Path;

use crate::step::run;

const PYTHON: &str = "Python 3 with venv (packages `python3` and `python3-venv` on Debian)";
const NODE: &str = "Node.js 20 or later with npm (packages `nodejs` and `npm` on Debian)";

/// A virtual environment with everything in `requirements.txt`.
///
/// # Errors
/// Python is missing, or pip failed.
pub(crate) fn python(root: &Path) -> Result<(), String> {
    let folder = root.join("conformance/implementations/python");
    let programs = folder.join(".venv").join(if cfg!(windows) { "Scripts" } else { "bin" });
    let python = programs.join(if cfg!(windows) { "python.exe" } else { "python" });
    let stamp = Stamp { lock: folder.join("requirements.txt"), copy: folder.join(".venv/installed.txt") };
    if python.exists() && stamp.holds()? {
        println!("up to date with {}", stamp.lock.display());
        return Ok(());
    }
    stamp.remove()?;
    run(&folder, "python3", &["-m", "venv", "--clear", ".venv"], PYTHON)?;
    let install =
        ["-m", "pip", "install", "--disable-pip-version-check", "--require-hashes", "-r", "requirements.txt"];
    run(&folder, &python, &install, PYTHON)?;
    stamp.set()
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
