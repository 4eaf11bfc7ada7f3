//! Files whose hash was announced before their octets (schema `file`).

use std::path::PathBuf;

use super::super::inbox::{Begun, Incoming};
use super::super::message::{Announced, Answer};
use super::super::refusal::Refusal;
use super::super::watch::{Event, Item, tell};
use super::taking::Taking;
use crate::blocking::blocking;
use crate::error::Error;

impl Taking<'_> {
    /// Takes a file, or refuses it; only what ends the session is an error.
    pub(super) async fn take(
        &mut self,
        file: &Announced,
    ) -> Result<Result<PathBuf, Refusal>, Error> {
        // An older sender says one file after the other.
        if !blocking(|| self.watch.accepts(1, Some(file.size))) {
            return self.refuse(&file.hash, Refusal::Declined).await.map(Err);
        }
        let (inbox, peer) = (self.inbox, self.peer.clone());
        let begun = self.begin(&inbox.partial(file), || inbox.begin(file, &peer)).await;
        let begun = match begun {
            Ok(begun) => begun,
            Err(refusal) => return self.refuse(&file.hash, refusal).await.map(Err),
        };
        let held = match &begun {
            Begun::Present(_) => file.size,
            Begun::Incoming(incoming) => incoming.held(),
        };
        self.answer(&file.hash, Answer::Holds(held)).await?;
        tell(self.watch, Event::Began { file: Item::announced(file), offset: held })?;
        let stored = match begun {
            // The sender does not know yet that nothing is needed, and still sends the end of an
            // empty stream.
            Begun::Present(path) => self.no_octets().await?.map(|()| path),
            Begun::Incoming(incoming) => match self.fill(incoming, file).await? {
                // The peer knows already.
                Err(refusal) => return Ok(Err(refusal)),
                Ok(incoming) => blocking(|| incoming.finish()),
            },
        };
        match stored {
            Ok(path) => {
                self.answer(&file.hash, Answer::Holds(file.size)).await?;
                Ok(Ok(path))
            }
            Err(refusal) => self.refuse(&file.hash, refusal).await.map(Err),
        }
    }

    /// A file that is here already has nothing to follow but the end.
    async fn no_octets(&mut self) -> Result<Result<(), Refusal>, Error> {
        let mut any = false;
        loop {
            let (octets, end) = self.chunk().await?;
            any |= !octets.is_empty();
            if end {
                return Ok(if any { Err(Refusal::Size) } else { Ok(()) });
            }
        }
    }

    /// Takes all octets. After a refusal, which is told at once, the rest is not kept.
    async fn fill(
        &mut self,
        mut incoming: Box<Incoming>,
        file: &Announced,
    ) -> Result<Result<Box<Incoming>, Refusal>, Error> {
        let superseded = incoming.superseded();
        let mut refused = None;
        loop {
            let (octets, end) = tokio::select! {
                // A superseded transfer must not write one more chunk to the file that its
                // successor hashes.
                biased;
                () = superseded.notified() => return Err(Error::Superseded),
                chunk = self.chunk() => chunk?,
            };
            // What follows a refusal is still read, since the sender learns of it only later.
            if refused.is_none() {
                if let Err(refusal) = blocking(|| incoming.write(&octets)) {
                    refused = Some(self.refuse(&file.hash, refusal).await?);
                }
                tell(self.watch, Event::Advanced(octets.len()))?;
            }
            if end {
                return Ok(refused.map_or(Ok(incoming), Err));
            }
        }
    }
}
