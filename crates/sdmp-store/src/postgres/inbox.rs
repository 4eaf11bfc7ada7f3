//! What other processes hand to the one that admits, and how each hears of what the others wrote.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use sdmp_journal::{Fingerprint, Resource};

use super::link::{Failure, Link};
use super::texts::count;
use super::{Postgres, Shared, Who};
use crate::Error;
use crate::columns::{fingerprint, signed, unsigned};

/// The most texts that wait in the inbox: what does not fit is still wanted, and fetched again.
const MOST: i64 = 4096;

/// A resource that another process has fetched and verified.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Handed {
    /// Its number in the inbox.
    pub number: u64,
    /// The peer that gave it.
    pub peer: Fingerprint,
    /// The resource.
    pub resource: Resource,
}

impl Postgres {
    /// Hands resources, whose signatures this process has verified, to the one that admits. Returns how
    /// many of them fitted: the first ones. The others are still wanted.
    ///
    /// # Errors
    /// [`Error::Away`], [`Error::Full`].
    pub fn hand_over(&self, peer: &Fingerprint, resources: &[Resource]) -> Result<usize, Error> {
        self.write(Who::All, |link, _| {
            let row = link.row("SELECT count(*) FROM inbox", &[])?;
            let waiting: i64 = row.map_or(Ok(0), |row| row.try_get(0))?;
            let room = usize::try_from(MOST.saturating_sub(waiting)).unwrap_or(0);
            let texts: Vec<&[u8]> =
                resources.iter().take(room).map(|one| one.text().as_bytes()).collect();
            link.execute(
                "INSERT INTO inbox (peer, text) SELECT $1, * FROM unnest($2::bytea[])",
                &[&peer.as_octets().as_slice(), &texts],
            )?;
            Ok(texts.len())
        })
    }

    /// The oldest of what was handed over. Judging them is the caller's, with
    /// [`append`](crate::Store::append); what was appended and is still here after a crash is known then.
    ///
    /// # Errors
    /// [`Error::Away`]; [`Error::Damaged`] if a text is no resource.
    pub fn inbox(&self, limit: usize) -> Result<Vec<Handed>, Error> {
        self.shared.read(|link| {
            let rows =
                link.rows("SELECT w, peer, text FROM inbox ORDER BY w LIMIT $1", &[&count(limit)])?;
            rows.iter().map(read).collect()
        })
    }

    /// Takes out of the inbox what was judged.
    ///
    /// # Errors
    /// [`Error::Away`]; [`Error::Fenced`] if this process does not admit.
    pub fn handled(&self, numbers: &[u64]) -> Result<(), Error> {
        self.write(Who::Admitting, |link, _| {
            let numbers = numbers.iter().map(|number| signed(*number));
            let numbers = numbers.collect::<Result<Vec<i64>, _>>()?;
            link.execute("DELETE FROM inbox WHERE w = ANY ($1)", &[&numbers])?;
            Ok(())
        })
    }

    /// Hears of what is written to this store, by whatever process, from now on.
    ///
    /// # Errors
    /// [`Error::Away`].
    pub fn listen(&self) -> Result<Listener, Error> {
        let mut listener = Listener { shared: Arc::clone(&self.shared), heard: None };
        listener.connect()?;
        Ok(listener)
    }
}

fn read(row: &tokio_postgres::Row) -> Result<Handed, Failure> {
    let text: Vec<u8> = row.try_get(2)?;
    Ok(Handed {
        number: unsigned(row.try_get(0)?)?,
        peer: fingerprint(row.try_get(1)?)?,
        resource: Resource::parse(text).map_err(|_| Error::Damaged("a text of the inbox"))?,
    })
}

/// Hears of what is written, on a connection of its own.
#[derive(Debug)]
pub struct Listener {
    shared: Arc<Shared>,
    /// The connection is open for as long as this is here.
    heard: Option<(Link, Receiver<()>)>,
}

impl Listener {
    /// Waits until something was written, at most so long. A notification can be lost with a connection,
    /// so after one that was lost it returns `true`, and the caller looks after 30 s in any case.
    ///
    /// # Errors
    /// [`Error::Away`] while the server is not reached.
    pub fn wait(&mut self, patience: Duration) -> Result<bool, Error> {
        let Some((_, heard)) = &self.heard else {
            self.connect()?;
            return Ok(true);
        };
        match heard.recv_timeout(patience) {
            Ok(()) => {
                // Several are one.
                while heard.try_recv().is_ok() {}
                Ok(true)
            }
            Err(RecvTimeoutError::Timeout) => Ok(false),
            Err(RecvTimeoutError::Disconnected) => {
                self.heard = None;
                self.connect()?;
                Ok(true)
            }
        }
    }

    fn connect(&mut self) -> Result<(), Error> {
        let options = &self.shared.options;
        let (sender, heard) = channel();
        let link = Link::connect(&options.config, &options.schema, Some(sender))?;
        link.batch(&format!("LISTEN {}", options.schema)).map_err(Error::from)?;
        self.heard = Some((link, heard));
        Ok(())
    }
}
