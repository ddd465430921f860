//! Signals: stop or exit without leaving started processes behind.
//!
//! The function to know is [`watch`]. It must not know what is running.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failed};
use countersign::process::kill_all;

/// What the first interrupt (Ctrl-C) does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnInterrupt {
    /// Sets [`STOP`]: the current batch is finished, and reports are written.
    FinishBatch,
    /// Kills everything and exits at once.
    Exit,
}

/// Whether to stop after the current batch.
pub(crate) static STOP: AtomicBool = AtomicBool::new(false);

/// Handles `SIGINT`, and `SIGTERM`, which always exits at once.
///
/// # Errors
/// The system refuses the handlers.
pub(crate) fn watch(on_interrupt: OnInterrupt) -> Result<(), Failed> {
    let cannot = |error| Failed::usage(format!("error: cannot install signal handlers: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let (mut interrupts, mut terminations) = {
        let _inside = runtime.enter();
        (signal(SignalKind::interrupt()).map_err(cannot)?, signal(SignalKind::terminate()).map_err(cannot)?)
    };
    std::thread::spawn(move || {
        runtime.block_on(async {
            if on_interrupt == OnInterrupt::FinishBatch {
                tokio::select! {
                    _ = interrupts.recv() => STOP.store(true, Ordering::Relaxed),
                    _ = terminations.recv() => end(),
                }
            }
            tokio::select! {
                _ = interrupts.recv() => {}
                _ = terminations.recv() => {}
            }
            end();
        });
    });
    Ok(())
}

fn end() {
    kill_all();
    std::process::exit(i32::from(Exit::Interrupted.code()));
}
