//! The receiving half of a transfer.

mod in_pieces;
mod taking;
mod whole;

use sdmp_transport::SecureSession;

use super::inbox::Inbox;
use super::patience::{Patience, close_and_wait};
use super::watch::{Event, Item, Summary, Watch, tell};
use crate::error::Error;
use in_pieces::Outcome;
use taking::{Count, Next, Taking};

/// Takes the files that the peer of a session sends into an inbox, until the peer closes. What is
/// refused does not end the session; the watch is told.
///
/// # Errors
/// How the session was cut; [`Error::NotATransfer`] when the peer has another role,
/// [`Error::Incomplete`] when it leaves in the middle of a file, [`Error::Silent`] when it sends
/// nothing more, [`Error::Superseded`] when it sends the file anew over another session,
/// [`Error::Stopped`] by the watch.
pub async fn receive(
    session: SecureSession,
    inbox: &Inbox,
    patience: Patience,
    watch: &mut dyn Watch,
) -> Result<Summary, Error> {
    let mut taking = Taking::new(session, inbox, patience, watch);
    let mut count = Count::default();
    while let Some(next) = taking.next().await? {
        match next {
            Next::Greeting { files, octets } => taking.greeted(files, octets).await?,
            Next::Whole(file) => {
                let item = Item::announced(&file);
                match taking.take(&file).await? {
                    Ok(path) => {
                        count.stored(Some(&file));
                        let path = Some(path.as_path());
                        tell(taking.watch, Event::Stored { file: item, path, whole: None })?;
                    }
                    Err(refusal) => {
                        count.refused(Some(&file), &refusal);
                        tell(taking.watch, Event::Refused { file: item, refusal: &refusal })?;
                    }
                }
            }
            Next::Entry(entry, about) => {
                let name = entry.name();
                let file = Item::entry(&entry, &name);
                match taking.take_entry(&entry, &about).await? {
                    Outcome::Stored(path, whole) => {
                        count.stored(None);
                        let size = whole.as_ref().map(|whole| whole.size);
                        let file = Item { size, ..file };
                        let (path, whole) = (Some(path.as_path()), whole.as_ref());
                        tell(taking.watch, Event::Stored { file, path, whole })?;
                    }
                    Outcome::Refused(refusal) => {
                        count.refused(None, &refusal);
                        tell(taking.watch, Event::Refused { file, refusal: &refusal })?;
                    }
                    Outcome::Paused => {}
                }
            }
        }
    }
    let Taking { mut sender, mut receiver, .. } = taking;
    let authenticated = close_and_wait(&mut sender, &mut receiver, patience.close).await?;
    Ok(Summary { stored: count.stored, failed: count.refused, authenticated })
}
