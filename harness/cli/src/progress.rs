//! The progress line, on standard error and only on a terminal.
//!
//! The types to know are [`Progress`] and [`Meter`]. This is the only file that names the progress library.

use std::io::IsTerminal as _;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use countersign::timing::ProgressUpdate;

/// A progress line, or nothing.
#[derive(Debug, Clone)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A line for this many cases; hidden if standard error is not a terminal.
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

    /// Shows the scheme or target that is running.
    pub(crate) fn scheme(&self, name: &str) {
        self.0.set_message(name.to_owned());
    }

    /// Counts one finished case.
    pub(crate) fn tick(&self) {
        self.0.inc(1);
    }

    /// Removes the line.
    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}

/// A progress line for a measurement, or nothing. The measuring thread draws it; another thread would disturb the clock
/// readings.
#[derive(Debug)]
pub(crate) struct Meter {
    bar: ProgressBar,
    which: String,
}

impl Meter {
    /// A line for comparison `number` of `of`; hidden if standard error is not a terminal.
    pub(crate) fn new(number: usize, of: usize) -> Self {
        let bar = ProgressBar::new_spinner();
        if std::io::stderr().is_terminal() {
            bar.set_style(ProgressStyle::with_template("{wide_msg}").expect("the template is well-formed"));
        } else {
            bar.set_draw_target(ProgressDrawTarget::hidden());
        }
        let which = if of > 1 { format!("{number}/{of}  ") } else { String::new() };
        Self { bar, which }
    }

    /// Whether it is visible.
    pub(crate) fn is_shown(&self) -> bool {
        !self.bar.is_hidden()
    }

    /// Shows an update.
    pub(crate) fn show(&self, update: &ProgressUpdate) {
        self.bar.set_message(format!("{}{}", self.which, line(update)));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

/// The text of an update. It contains nothing from the target.
fn line(update: &ProgressUpdate) -> String {
    let ProgressUpdate { timings, elapsed, evidence, verdict, forecast } = update;
    let rate = *timings as f64 / elapsed.as_secs_f64().max(1e-3);
    let forecast = forecast.map(|timings| format!("  likely after {timings}")).unwrap_or_default();
    format!("{timings} timings  {rate:.0}/s  evidence 10^{evidence:.1}  {verdict}{forecast}")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use countersign_timing::statistics::VerdictKind;

    use super::*;

    #[test]
    fn an_update_is_shown_in_one_line() {
        let update = ProgressUpdate {
            timings: 12_000,
            elapsed: Duration::from_secs(4),
            evidence: 2.34,
            verdict: VerdictKind::Inconclusive,
            forecast: Some(20_500),
        };
        let shown = "12000 timings  3000/s  evidence 10^2.3  inconclusive  likely after 20500";
        assert_eq!(line(&update), shown);
        let shown = line(&ProgressUpdate { forecast: None, elapsed: Duration::ZERO, ..update });
        assert!(shown.ends_with("inconclusive"), "{shown}");
    }
}
