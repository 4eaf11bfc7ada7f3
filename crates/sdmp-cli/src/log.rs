//! `-v`: what the sessions do, on standard error.

use std::io;

use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::io::console::{self, Stream, Text};
use crate::io::escape;

/// Starts logging; at nothing, nothing is logged.
pub(crate) fn start(verbose: u8) {
    let level = match verbose {
        0 => return,
        1 => LevelFilter::INFO,
        2 => LevelFilter::DEBUG,
        _ => LevelFilter::TRACE,
    };
    // Colours are anstream's matter: it knows terminals and NO_COLOR.
    let colours = anstream::stderr().current_choice() != anstream::ColorChoice::Never;
    tracing_subscriber::fmt().with_max_level(level).with_ansi(colours).with_writer(Aside).init();
}

/// Standard error, with progress bars out of the way.
#[derive(Debug)]
struct Aside;

impl MakeWriter<'_> for Aside {
    type Writer = Line;

    fn make_writer(&self) -> Line {
        Line
    }
}

/// One write is one whole line of the log.
#[derive(Debug)]
struct Line;

impl io::Write for Line {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let line = escape::styled(&String::from_utf8_lossy(octets));
        console::offer(Stream::Err, Text::Styled(line));
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
