//! What `sdmp send` and `sdmp recv` have in common: a transfer that is shown while it runs.

use std::ops::ControlFlow;

use sdmp_node::transfer::{Announced, Event, Summary};

use crate::error::Failure;
use crate::output::Output;
use crate::progress::Progress;

/// What of a transfer has been shown.
pub(super) struct Shown<'a> {
    pub(super) output: Output,
    pub(super) peer: &'a str,
    pub(super) bar: Option<Progress>,
    /// The last file that did not arrive: the program ends with it.
    pub(super) failed: Option<Failure>,
    /// Why nothing more can be shown.
    stopped: Option<Failure>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(output: Output, peer: &'a str) -> Self {
        Self { output, peer, bar: None, failed: None, stopped: None }
    }

    /// Shows an event; where that fails, the transfer stops.
    pub(super) fn show(
        &mut self,
        event: &Event<'_>,
        tell: impl FnOnce(&mut Self, &Event<'_>) -> Result<(), Failure>,
    ) -> ControlFlow<()> {
        let told = if let Event::Advanced(octets) = event {
            self.bar.iter().for_each(|bar| bar.advance(*octets));
            Ok(())
        } else {
            tell(self, event)
        };
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(failure) => {
                self.stopped = Some(failure);
                ControlFlow::Break(())
            }
        }
    }

    /// Reports how the transfer ended; gives the last failure of a file, and the summary.
    pub(super) fn end(
        self,
        result: Result<Summary, sdmp_node::Error>,
    ) -> Result<(Option<Failure>, Summary), Failure> {
        let Self { output, peer, failed, stopped, .. } = self;
        // Our own failure to print comes first: the error of the session follows from it.
        let result = result
            .map_err(|error| stopped.unwrap_or_else(|| Failure::from(error).after_acceptance()));
        let authenticated = result.as_ref().map(|summary| summary.authenticated);
        output.ended(&authenticated.map_err(Clone::clone), peer)?;
        Ok((failed, result?))
    }

    /// A file has begun: `shown` is its name as the bar shows it.
    pub(super) fn began(
        &mut self,
        file: &Announced,
        offset: u64,
        shown: &str,
    ) -> Result<(), Failure> {
        self.bar = Some(Progress::new(shown, file.size, offset));
        let members = [
            ("event", "file".into()),
            ("name", file.name.as_str().into()),
            ("size", file.size.into()),
            ("sha512", file.hash.to_string().into()),
            ("offset", offset.into()),
        ];
        self.output.event(&members, self.peer)
    }

    /// A file did not arrive, with the stable code of the reason.
    pub(super) fn refused(&mut self, name: &str, code: &str) -> Result<(), Failure> {
        self.bar = None;
        let event = [("event", "refused".into()), ("name", name.into()), ("code", code.into())];
        self.output.event(&event, self.peer)
    }
}
