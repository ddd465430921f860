//! Processes started for a run, each in its own process group, so that none is left behind.
//!
//! The type to know is [`Group`].

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::process::{Child, Command};

use super::command::CommandLine;

/// All running groups, so that they can be killed at once.
static RUNNING: Mutex<BTreeSet<i32>> = Mutex::new(BTreeSet::new());

/// Whether starting processes is over.
static CLOSED: AtomicBool = AtomicBool::new(false);

/// Kills everything that was started, including children, and lets nothing start after that.
pub fn kill_all() {
    CLOSED.store(true, Ordering::Relaxed);
    for id in std::mem::take(&mut *RUNNING.lock().unwrap_or_else(PoisonError::into_inner)) {
        if let Some(group) = Pid::from_raw(id) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}

/// A process and its children.
#[derive(Debug)]
pub(super) struct Group(Option<Pid>);

impl Group {
    /// Starts a command with pipes for standard input, output and error, and with additional environment variables.
    /// Call it on the runtime that will watch the process.
    ///
    /// # Errors
    /// The program cannot be started.
    pub(super) fn start(command: &CommandLine, variables: &[(&str, &OsStr)]) -> io::Result<(Child, Self)> {
        if CLOSED.load(Ordering::Relaxed) {
            return Err(io::Error::other("the run is being stopped"));
        }
        let mut program = Command::new(command.path());
        if let Some(folder) = command.folder() {
            program.current_dir(folder);
        }
        let child = program
            .args(command.arguments())
            .envs(variables.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn()?;
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        if let Some(id) = id {
            RUNNING.lock().unwrap_or_else(PoisonError::into_inner).insert(id);
        }
        Ok((child, Self(id.and_then(Pid::from_raw))))
    }

    /// Kills it. It may already have exited.
    pub(super) fn kill(&self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }

    /// Asks it to exit (`SIGTERM`).
    pub(super) fn terminate(&self) {
        if let Some(group) = self.0 {
            let _ = kill_process_group(group, Signal::TERM);
        }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            let id = group.as_raw_nonzero().get();
            RUNNING.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        }
    }
}
