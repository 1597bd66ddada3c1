//! Progress on stderr, where somebody looks at it.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use millrace_ingest::Progress;

/// A line on the terminal that says what goes on; nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Line {
    bar: ProgressBar,
}

impl Line {
    /// A line that is shown unless `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self {
                bar: ProgressBar::hidden(),
            };
        }
        let bar = ProgressBar::new_spinner();
        if let Ok(style) =
            ProgressStyle::with_template("{spinner} {msg} {human_pos} rows {elapsed}")
        {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// A line that counts nothing, shown unless `quiet`.
    pub(crate) fn plain(quiet: bool) -> Self {
        let line = Self::new(quiet);
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            line.bar.set_style(style);
        }
        line
    }

    /// Says what goes on now.
    pub(crate) fn say(&self, message: impl Into<String>) {
        self.bar.set_message(message.into());
    }
}

/// A line on the terminal that says what goes on with how many bytes; nothing where stderr is no terminal.
#[derive(Debug)]
pub(crate) struct Bytes {
    bar: ProgressBar,
}

impl Bytes {
    /// A line that is shown unless `quiet`.
    pub(crate) fn new(quiet: bool) -> Self {
        if quiet || !io::stderr().is_terminal() {
            return Self {
                bar: ProgressBar::hidden(),
            };
        }
        let bar = ProgressBar::new_spinner();
        let style = "{spinner} {msg} {binary_bytes} {binary_bytes_per_sec} {elapsed}";
        if let Ok(style) = ProgressStyle::with_template(style) {
            bar.set_style(style);
        }
        bar.enable_steady_tick(Duration::from_millis(100));
        Self { bar }
    }

    /// Takes the line away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}

impl millrace_jobs::backup::Progress for Bytes {
    fn step(&self, name: &str) {
        self.bar.set_message(name.to_owned());
    }

    fn advanced(&self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}

impl Progress for Line {
    fn started(&self, file: &Path, _bytes: u64) {
        let name = file.file_name().unwrap_or(file.as_os_str());
        self.bar.set_position(0);
        self.say(name.to_string_lossy());
    }

    fn advanced(&self, rows: u64) {
        self.bar.inc(rows);
    }
}
