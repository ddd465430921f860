//! Programs that run under valgrind, which sees every instruction.
//!
//! The type to know is [`Valgrind`].

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use countersign_conformance::place::NOW;
use tokio::runtime::Handle;

use super::options::CannotMeasure;
use crate::process::{CommandLine, Driver, Pool, SchemaChecks};
use crate::session;

/// How long one answer may take: everything is some fifty times slower.
const PATIENCE: Duration = Duration::from_secs(300);

/// What makes interpreters do the same again: no chance in their tables, and nothing left behind for the next run.
const STEADY: [&str; 4] =
    ["PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "PERL_HASH_SEED=0", "PERL_PERTURB_KEYS=0"];

/// What valgrind does with a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tool {
    /// It counts instructions. Callgrind counts the same, and takes twice as long.
    Count,
    /// It follows what was marked.
    Follow,
}

/// Valgrind, as it is on this machine.
#[derive(Debug, Clone)]
pub(super) struct Valgrind {
    version: String,
    /// Whether addresses can be the same in every run.
    fixes_addresses: bool,
}

impl Valgrind {
    /// Looks for it.
    ///
    /// # Errors
    /// It is not there.
    pub(super) fn find() -> Result<Self, CannotMeasure> {
        let said = Command::new("valgrind").arg("--version").output();
        let said = said.map_err(|_| {
            CannotMeasure::new(
                "unsupported: valgrind is not there; install it (the package `valgrind` of most systems)",
            )
        })?;
        let quietly =
            Command::new("setarch").args(["-R", "true"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        Ok(Self {
            version: String::from_utf8_lossy(&said.stdout).trim().to_owned(),
            fixes_addresses: quietly.is_ok_and(|status| status.success()),
        })
    }

    /// Its name and version.
    pub(super) fn version(&self) -> &str {
        &self.version
    }

    /// Starts the driver of a session under a tool, which writes into a folder: a file for each process.
    ///
    /// # Errors
    /// It does not greet.
    pub(super) async fn start(
        &self,
        session: &session::Session,
        command: &CommandLine,
        tool: Tool,
        folder: &Path,
    ) -> Result<Driver, String> {
        let folder = folder.to_str().ok_or("the path of the temporary folder is not UTF-8")?;
        let mut words: Vec<String> = vec!["env".to_owned()];
        words.extend(STEADY.map(str::to_owned));
        if self.fixes_addresses {
            words.extend(["setarch", "-R"].map(str::to_owned));
        }
        words.extend(["valgrind", "-q", "--trace-children=yes"].map(str::to_owned));
        match tool {
            Tool::Count => {
                words.extend(["--tool=cachegrind", "--cache-sim=no"].map(str::to_owned));
                words.push(format!("--cachegrind-out-file={folder}/%p"));
            }
            Tool::Follow => {
                let options = [
                    "--tool=memcheck",
                    "--track-origins=yes",
                    "--leak-check=no",
                    "--error-limit=no",
                    "--xml=yes",
                ];
                words.extend(options.map(str::to_owned));
                words.push(format!("--xml-file={folder}/%p"));
            }
        }
        let under = command.clone().under(words);
        let pool = Pool::start(under, 1, PATIENCE, SchemaChecks::Off, Handle::current()).await;
        let pool = Arc::new(pool.map_err(|why| format!("under valgrind, {why}"))?);
        let signer = &session.signer;
        Ok(Driver::new(pool, &*signer.scheme, signer.sender.secret.clone(), &signer.sender.deployment, NOW))
    }
}

/// The texts that were written into a folder.
///
/// # Errors
/// They cannot be read.
pub(super) fn written(folder: &Path) -> Result<Vec<String>, String> {
    let unreadable = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let bytes = std::fs::read(entry.map_err(unreadable)?.path()).map_err(unreadable)?;
        texts.push(String::from_utf8_lossy(&bytes).into_owned());
    }
    Ok(texts)
}
