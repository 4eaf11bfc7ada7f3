//! Making room: shares of other users, and the disk (N50, N51).

use std::path::PathBuf;

use sdmp_container::Fingerprint;
use sdmp_store::{Gone, Store};
use tracing::info;

use crate::Error;

/// So many texts are looked at together.
const STEP: usize = 256;
/// After so many new lines it is summed up again what each author has: that reads all rows.
const NEWS: u64 = 256;

/// How much room content may take.
#[derive(Clone, Debug)]
pub(crate) struct Room {
    /// Octets of the content of each other user (N51).
    pub(crate) author: u64,
    /// A directory on the disk that is to keep a tenth free.
    pub(crate) disk: Option<PathBuf>,
}

impl Default for Room {
    fn default() -> Self {
        Self { author: 1 << 30, disk: None }
    }
}

/// A disk, in octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Disk {
    pub(crate) free: u64,
    pub(crate) total: u64,
}

/// What evicts, from one look to the next.
#[derive(Debug, Default)]
pub(crate) struct Keeper {
    /// What was evicted for the disk since it last had enough room: a database does not give its pages
    /// back to the disk at once, and they are used again before others.
    given_up: u64,
    /// How many lines the journal had when what each author has was last summed up.
    summed: Option<u64>,
}

impl Keeper {
    /// Evicts what is beyond the limits; returns how many texts went.
    pub(crate) fn make_room(
        &mut self,
        store: &dyn Store,
        own: &Fingerprint,
        room: &Room,
        lines: u64,
    ) -> Result<usize, Error> {
        let disk = room.disk.as_ref().and_then(|disk| look(disk));
        let is_new = |before: u64| lines >= before.saturating_add(NEWS);
        if self.lacks(disk) == 0 && !self.summed.is_none_or(is_new) {
            return Ok(0);
        }
        self.summed = Some(lines);
        self.evict(store, own, room.author, disk)
    }

    fn evict(
        &mut self,
        store: &dyn Store,
        own: &Fingerprint,
        share: u64,
        disk: Option<Disk>,
    ) -> Result<usize, Error> {
        let mut others = store.octets()?;
        others.retain(|(author, _)| author != own);
        let mut count = 0;
        for (author, octets) in &mut others {
            let beyond = octets.saturating_sub(share);
            let (went, freed) = evict_of(store, author, beyond)?;
            *octets = octets.saturating_sub(freed);
            count += went;
        }
        let mut lacks = self.lacks(disk);
        // Those who take the most room give it first: own content is here perhaps alone.
        others.sort_by_key(|(_, octets)| std::cmp::Reverse(*octets));
        for (author, _) in &others {
            let (went, freed) = evict_of(store, author, lacks)?;
            (lacks, count) = (lacks.saturating_sub(freed), count + went);
            self.given_up = self.given_up.saturating_add(freed);
        }
        if count > 0 {
            info!(texts = count, "evicted to make room");
        }
        Ok(count)
    }

    /// How many octets are to be evicted so that a tenth of the disk is free.
    const fn lacks(&mut self, disk: Option<Disk>) -> u64 {
        let Some(Disk { free, total }) = disk else { return 0 };
        let beyond = (total / 10).saturating_sub(free);
        if beyond == 0 {
            self.given_up = 0;
        }
        beyond.saturating_sub(self.given_up)
    }
}

/// Evicts so many octets of an author, if it has them: how many texts, how many octets.
fn evict_of(store: &dyn Store, author: &Fingerprint, octets: u64) -> Result<(usize, u64), Error> {
    let (mut count, mut freed) = (0_usize, 0_u64);
    while freed < octets {
        let mut ids = Vec::new();
        for (id, size) in store.first_to_go(author, STEP)? {
            if freed >= octets {
                break;
            }
            freed = freed.saturating_add(size);
            ids.push(id);
        }
        let went = store.give_up(&ids, Gone::Evicted)?;
        // Nothing more that may go: then there is no room to make.
        if went == 0 {
            break;
        }
        count = count.saturating_add(went);
    }
    Ok((count, freed))
}

#[cfg(unix)]
fn look(directory: &std::path::Path) -> Option<Disk> {
    let found = rustix::fs::statvfs(directory).ok()?;
    let octets = |blocks: u64| blocks.saturating_mul(found.f_frsize);
    Some(Disk { free: octets(found.f_bavail), total: octets(found.f_blocks) })
}

#[cfg(not(unix))]
const fn look(_: &std::path::Path) -> Option<Disk> {
    None
}

#[cfg(test)]
mod tests {
    use sdmp_journal::{Author, Identifier};
    use sdmp_store::Memory;

    use super::*;
    use crate::node::begin;

    fn store() -> (Memory, Fingerprint, Vec<Identifier>) {
        use sdmp_container::IdentityType;
        use sdmp_container::{Message, Timestamp};
        use sdmp_envelope::{Identity, LocalIdentity};
        use sdmp_journal::introduction::{Trustee, grants};
        let end = "2036-12-01T00:00:00.000Z".parse().unwrap();
        let key = sdmp_testkit::keys::bob();
        let identity = Identity::create(key.public(), IdentityType::User, end).unwrap();
        let user = LocalIdentity::new(identity, key).unwrap();
        let node = sdmp_testkit::nodes::alice();
        let at = |n: i64| Timestamp::from_unix_millis(1_780_000_000_000 + n).unwrap();
        let (u, n) = (user.identity().fingerprint(), node.identity().fingerprint());
        let by_user = Author::of_own_name(&user);
        let trust = by_user.trust(n, grants(Trustee::FirstDevice), None, at(1)).unwrap();
        let own = Author::of_own_name(&node).identity(at(0)).unwrap();
        let mut first = vec![by_user.identity(at(0)).unwrap(), trust.clone(), own];
        let device = Author::of_node(&node, u.clone(), trust.id().clone());
        let mut ids = Vec::new();
        for number in 0..10 {
            let text = Message::new(format!("{number}{}", "x".repeat(1_000)));
            let resource = device.publish(&text.into(), at(10 + number)).unwrap();
            ids.push(resource.id().clone());
            first.push(resource);
        }
        let store = Memory::new(n.clone());
        begin(&store, u, first, at(100)).unwrap();
        (store, u.clone(), ids)
    }

    fn here(store: &Memory, ids: &[Identifier]) -> usize {
        let snapshot = store.snapshot().unwrap();
        ids.iter().filter(|id| snapshot.gone(id) == Some(Gone::Here)).count()
    }

    #[test]
    fn n51_what_is_beyond_a_share_goes_the_oldest_first_and_own_content_never() {
        let (store, author, ids) = store();
        let octets = store.octets().unwrap()[0].1;
        let mut keeper = Keeper::default();
        assert_eq!(keeper.evict(&store, &author, 0, None).unwrap(), 0, "own content stays");
        let other = Fingerprint::from_octets([9; 64]);
        assert_eq!(keeper.evict(&store, &other, octets, None).unwrap(), 0);
        assert_eq!(keeper.evict(&store, &other, octets - 1, None).unwrap(), 1);
        assert_eq!(store.snapshot().unwrap().gone(&ids[0]), Some(Gone::Evicted));
        assert_eq!(keeper.evict(&store, &other, octets / 2, None).unwrap(), 4);
        assert_eq!(here(&store, &ids), 5);
        assert_eq!(store.snapshot().unwrap().gone(&ids[9]), Some(Gone::Here));
    }

    #[test]
    fn n51_a_tenth_of_the_disk_stays_free_and_nothing_is_evicted_twice_for_it() {
        let (store, _, ids) = store();
        let other = Fingerprint::from_octets([9; 64]);
        let mut keeper = Keeper::default();
        let share = 1 << 30;
        let free = |free| Some(Disk { free, total: 100_000 });
        assert_eq!(keeper.evict(&store, &other, share, free(10_000)).unwrap(), 0);
        let first = keeper.evict(&store, &other, share, free(7_000)).unwrap();
        assert!(first > 0 && first < 10);
        // The database keeps its pages: the disk shows the same, and that is no reason for more.
        assert_eq!(keeper.evict(&store, &other, share, free(7_000)).unwrap(), 0);
        assert!(keeper.evict(&store, &other, share, free(2_000)).unwrap() > 0);
        assert!(here(&store, &ids) < 10 - first);
        keeper.evict(&store, &other, share, free(10_000)).unwrap();
        assert_eq!(keeper.given_up, 0);
        // Everything may be gone already.
        keeper.evict(&store, &other, share, free(0)).unwrap();
        keeper.evict(&store, &other, share, free(0)).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_disk_is_looked_at() {
        let disk = look(std::path::Path::new("/")).unwrap();
        assert!(disk.total > disk.free || disk.free > 0);
        assert_eq!(look(std::path::Path::new("/nowhere/at/all")), None);
    }
}
