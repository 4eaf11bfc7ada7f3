//! Refused connections, reported so that strangers cannot fill a log: one line a source and minute,
//! and then how many more there were.

use std::collections::HashMap;
use std::time::Duration;

use sdmp_transport::listener::Source;
use tokio::time::{Instant, sleep_until};

use crate::error::Failure;
use crate::io::note;
use crate::output::Output;

const MINUTE: Duration = Duration::from_secs(60);
/// Sources that are told apart within one minute; the rest is counted together.
const SOURCES: usize = 64;

/// What was refused in the current minute.
#[derive(Debug)]
pub(crate) struct Refusals {
    output: Output,
    since: Instant,
    /// How often each source was refused after the line about it.
    more: HashMap<String, u64>,
    others: u64,
}

impl Refusals {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, since: Instant::now(), more: HashMap::new(), others: 0 }
    }

    /// Reports a refusal, or counts it.
    pub(crate) fn refused(&mut self, source: &Source, failure: &Failure) {
        if self.more.is_empty() {
            self.since = Instant::now();
        }
        let source = source.to_string();
        if let Some(more) = self.more.get_mut(&source) {
            *more += 1;
        } else if self.more.len() < SOURCES {
            self.output.rejected(failure);
            note(&format!("refused a connection from {source}: {failure}"));
            self.more.insert(source, 0);
        } else {
            self.others += 1;
        }
    }

    /// Ready when the minute is over and reported.
    pub(crate) async fn minute(&mut self) {
        if self.more.is_empty() {
            return std::future::pending().await;
        }
        sleep_until(self.since + MINUTE).await;
        self.report();
    }

    /// Reports what was only counted.
    pub(crate) fn report(&mut self) {
        for (source, more) in self.more.drain().filter(|(_, more)| *more > 0) {
            self.output.refused_more(&source, more);
        }
        let others = std::mem::take(&mut self.others);
        if others > 0 {
            self.output.refused_more("other addresses", others);
        }
    }
}
