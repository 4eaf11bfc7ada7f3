//! Progress bars: on a terminal only, and out of the way of everything else that is printed.

use std::io::IsTerminal;
use std::sync::LazyLock;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

static BARS: LazyLock<MultiProgress> =
    LazyLock::new(|| MultiProgress::with_draw_target(ProgressDrawTarget::stderr()));

/// Prints with all bars out of the way.
pub(crate) fn aside(print: impl FnOnce()) {
    if std::io::stderr().is_terminal() {
        BARS.suspend(print);
    } else {
        print();
    }
}

/// Takes all bars off the terminal, before the program ends.
pub(crate) fn clear() {
    if std::io::stderr().is_terminal() {
        // A terminal that is gone needs no cleaning.
        drop(BARS.clear());
    }
}

/// How far one file is; gone when dropped.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// A bar for `total` octets of which `done` are done: with the rate and the time that is left.
    pub(crate) fn new(name: &str, total: u64, done: u64) -> Self {
        // In a log file a bar would be thousands of lines.
        if !std::io::stderr().is_terminal() || crate::io::is_quiet() {
            return Self(ProgressBar::hidden());
        }
        let bar = BARS.add(ProgressBar::new(total));
        let style = ProgressStyle::with_template(
            "{msg} [{wide_bar}] {bytes}/{total_bytes} {bytes_per_sec} {eta} left",
        );
        if let Ok(style) = style {
            bar.set_style(style.progress_chars("=> "));
        }
        bar.set_message(name.to_owned());
        bar.set_position(done);
        bar.reset_eta();
        Self(bar)
    }

    /// A bar for all files together.
    pub(crate) fn of_all(total: u64) -> Self {
        Self::new("all files", total, 0)
    }

    pub(crate) fn advance(&self, octets: usize) {
        crate::activity::moved();
        self.0.inc(u64::try_from(octets).unwrap_or_default());
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
