//! The progress line: on standard error, and only on a terminal.
//!
//! The only file that names the progress library.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress line, or nothing.
#[derive(Debug, Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A line for this many cases; hidden if standard error is no terminal.
    pub(crate) fn new(cases: usize) -> Self {
        let bar = ProgressBar::new(cases as u64);
        if std::io::stderr().is_terminal() {
            let style =
                ProgressStyle::with_template("{msg:24!} {wide_bar} {pos}/{len}  {per_sec}  {eta} left")
                    .expect("the template is well-formed");
            bar.set_style(style);
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        Self(bar)
    }

    /// The scheme that is running.
    pub(crate) fn scheme(&self, name: &str) {
        self.0.set_message(name.to_owned());
    }

    /// One case is done.
    pub(crate) fn tick(&self) {
        self.0.inc(1);
    }

    /// Takes the line away.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
