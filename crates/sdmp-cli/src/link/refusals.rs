//! Refused connections, reported so that strangers cannot fill a log: one line a source and minute,
//! and then how many more there were.

use sdmp_transport::listener::{Source, Throttle};

use super::MINUTE;
use crate::error::Failure;
use crate::io::note;
use crate::output::Output;

/// What was refused in the current minute.
#[derive(Debug)]
pub(crate) struct Refusals {
    output: Output,
    throttle: Throttle<Source>,
}

impl Refusals {
    pub(crate) fn new(output: Output) -> Self {
        Self { output, throttle: Throttle::new(MINUTE) }
    }

    /// Reports a refusal, or counts it.
    pub(crate) fn refused(&mut self, source: &Source, failure: &Failure) {
        match self.throttle.note(&source.bucket()) {
            Some(1) => {
                self.output.rejected(failure);
                note(&format!("refused a connection from {source}: {failure}"));
            }
            Some(more) => self.output.refused_more(&source.to_string(), more),
            None => {}
        }
    }

    /// Ready when a minute is over and what was only counted is reported. Cancel safe.
    pub(crate) async fn minute(&mut self) {
        let due = self.throttle.ready().await;
        self.report(due);
    }

    /// Reports all that was only counted.
    pub(crate) fn finish(&mut self) {
        let rest = self.throttle.rest();
        self.report(rest);
    }

    fn report(&self, counted: Vec<(Source, u64)>) {
        for (source, more) in counted {
            self.output.refused_more(&source.to_string(), more);
        }
    }
}
