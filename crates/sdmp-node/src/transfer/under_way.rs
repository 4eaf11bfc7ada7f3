//! Which peer is sending which file now, so that a transfer whose connection is dead does not keep
//! its own sender from trying again.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sdmp_container::Fingerprint;
use tokio::sync::Notify;

/// A transfer that was silent for so long gives way to a newer one of the same peer.
const SILENT: Duration = Duration::from_secs(5);

#[derive(Debug)]
struct Transfer {
    peer: Fingerprint,
    last: Instant,
    give_way: Arc<Notify>,
}

/// The transfers into one directory, by the path of the unfinished file.
#[derive(Clone, Debug, Default)]
pub(super) struct UnderWay(Arc<Mutex<HashMap<PathBuf, Transfer>>>);

impl UnderWay {
    fn lock(&self) -> MutexGuard<'_, HashMap<PathBuf, Transfer>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a transfer, until the result is dropped. The caller holds the file's lock.
    pub(super) fn enter(&self, path: &Path, peer: &Fingerprint) -> Entry {
        let give_way = Arc::new(Notify::new());
        let transfer =
            Transfer { peer: peer.clone(), last: Instant::now(), give_way: Arc::clone(&give_way) };
        self.lock().insert(path.to_owned(), transfer);
        Entry { all: self.clone(), path: path.to_owned(), give_way }
    }

    /// Makes a silent transfer of the same peer end; whether there is one.
    pub(super) fn supersede(&self, path: &Path, peer: &Fingerprint) -> bool {
        let all = self.lock();
        let silent = all
            .get(path)
            .filter(|transfer| transfer.peer == *peer && transfer.last.elapsed() >= SILENT);
        if let Some(transfer) = silent {
            transfer.give_way.notify_one();
        }
        silent.is_some()
    }
}

/// One transfer's place among those under way.
#[derive(Debug)]
pub(super) struct Entry {
    all: UnderWay,
    path: PathBuf,
    give_way: Arc<Notify>,
}

impl Entry {
    /// Octets came.
    pub(super) fn heard(&self) {
        if let Some(transfer) = self.all.lock().get_mut(&self.path) {
            transfer.last = Instant::now();
        }
    }

    /// Ready when a newer transfer takes this one's place.
    pub(super) fn superseded(&self) -> Arc<Notify> {
        Arc::clone(&self.give_way)
    }
}

impl Drop for Entry {
    fn drop(&mut self) {
        self.all.lock().remove(&self.path);
    }
}
