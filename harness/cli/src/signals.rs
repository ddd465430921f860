//! The end that somebody else wants: nothing that was started is left behind.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Exit, Failed};
use countersign::process::kill_all;

/// What the first interrupt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OnInterrupt {
    /// It lets the batch be finished, and reports are written: [`STOP`] is set.
    FinishBatch,
    /// It ends everything at once.
    Exit,
}

/// Whether to stop after what is being done.
pub(crate) static STOP: AtomicBool = AtomicBool::new(false);

/// Waits for interrupts (`SIGINT`) and for `SIGTERM`, which always ends everything at once.
///
/// # Errors
/// The system does not let it.
pub(crate) fn watch(on_interrupt: OnInterrupt) -> Result<(), Failed> {
    let cannot = |error| Failed::usage(format!("error: signals cannot be waited for: {error}"));
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
