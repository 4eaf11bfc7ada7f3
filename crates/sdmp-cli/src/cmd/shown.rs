//! What `sdmp send` and `sdmp recv` have in common: a transfer that is shown while it runs.

use std::ops::ControlFlow;

use sdmp_node::transfer::{Event, Item, Summary, pieces::Whole};

use crate::error::Failure;
use crate::io::note;
use crate::output::Output;
use crate::progress::Progress;

/// What of a transfer has been shown.
pub(super) struct Shown<'a> {
    pub(super) output: Output,
    pub(super) peer: &'a str,
    pub(super) bar: Option<Progress>,
    /// All files together, where their size is known.
    pub(super) total: Option<Progress>,
    /// How many octets the stored files have.
    octets: u64,
    began: std::time::Instant,
    /// Octets count for the total: they are under way, and not only being read.
    moving: bool,
    /// The last file that did not arrive: the program ends with it.
    pub(super) failed: Option<Failure>,
    /// Why nothing more can be shown.
    stopped: Option<Failure>,
}

impl<'a> Shown<'a> {
    pub(super) fn new(output: Output, peer: &'a str) -> Self {
        let began = std::time::Instant::now();
        let (bar, total, failed, stopped) = (None, None, None, None);
        Self { output, peer, bar, total, octets: 0, began, moving: false, failed, stopped }
    }

    /// Shows an event; where that fails, the transfer stops.
    pub(super) fn show(
        &mut self,
        event: &Event<'_>,
        tell: impl FnOnce(&mut Self, &Event<'_>) -> Result<(), Failure>,
    ) -> ControlFlow<()> {
        let told = if let Event::Advanced(octets) = event {
            let total = self.total.iter().filter(|_| self.moving);
            self.bar.iter().chain(total).for_each(|bar| bar.advance(*octets));
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
        result: Result<Summary, Failure>,
    ) -> Result<(Option<Failure>, Summary), Failure> {
        let Self { output, peer, failed, stopped, octets, began, .. } = self;
        // Our own failure to print comes first: the error of the session follows from it.
        let result = result.map_err(|failure| stopped.unwrap_or(failure));
        if let Ok(Summary { stored, failed, .. }) = &result
            && stored + failed > 1
        {
            let (all, seconds) = (stored + failed, began.elapsed().as_secs_f32());
            note(&format!("{stored} of {all} done, {octets} octets in {seconds:.1} s"));
        }
        let authenticated = result.as_ref().map(|summary| summary.authenticated);
        output.ended(&authenticated.map_err(Clone::clone), peer)?;
        Ok((failed, result?))
    }

    /// A file has begun: `shown` is its name as the bar shows it.
    pub(super) fn began(
        &mut self,
        file: Item<'_>,
        offset: u64,
        shown: &str,
    ) -> Result<(), Failure> {
        self.bar = Some(Progress::new(shown, file.size.unwrap_or_default(), offset));
        self.moving = true;
        let held = usize::try_from(offset).unwrap_or_default();
        self.total.iter().for_each(|total| total.advance(held));
        let mut members = vec![("event", "file".into()), ("name", file.name.into())];
        members.extend(file.size.map(|size| ("size", size.into())));
        members.extend(file.hash.map(|hash| ("sha512", hash.to_string().into())));
        members.push(("offset", offset.into()));
        self.output.event(&members, self.peer)
    }

    /// A file is stored; `path` says where, on the receiver's side.
    pub(super) fn stored(
        &mut self,
        file: Item<'_>,
        path: Option<&str>,
        whole: Option<&Whole>,
    ) -> Result<(), Failure> {
        (self.bar, self.moving) = (None, false);
        self.octets = self.octets.saturating_add(file.size.unwrap_or_default());
        let mut members = vec![("event", "stored".into()), ("name", file.name.into())];
        members.extend(path.map(|path| ("path", path.into())));
        members.extend(whole.map(|whole| ("pieces", whole.hash.to_string().into())));
        self.output.event(&members, self.peer)
    }

    /// A file did not arrive, with the stable code of the reason.
    pub(super) fn refused(&mut self, name: &str, code: &str) -> Result<(), Failure> {
        (self.bar, self.moving) = (None, false);
        let event = [("event", "refused".into()), ("name", name.into()), ("code", code.into())];
        self.output.event(&event, self.peer)
    }
}
