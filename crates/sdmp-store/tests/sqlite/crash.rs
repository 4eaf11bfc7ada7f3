//! What a crash can leave: copies at page boundaries, torn pages, a migration that was cut off.

use std::fs;
use std::path::{Path, PathBuf};

use sdmp_journal::LineId;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::suite::random::Dice;
use sdmp_store::{Faults, Sqlite, Store, sqlite};
use tempfile::TempDir;

use crate::kill;

const PAGE: usize = 16_384;
/// A page of the log with its header.
const FRAME: usize = PAGE + 24;
/// The header of the log.
const LOG_HEADER: usize = 32;

fn options(directory: &Path, house: &House) -> sqlite::Options {
    sqlite::Options::new(directory.join("store"), house.node.fp()).with_reserve(1 << 12)
}

/// A store while it is open and at rest: its database and its log, as a crash would leave them.
struct Image {
    house: House,
    database: Vec<u8>,
    log: Vec<u8>,
    /// The pages of the database when the log is copied back.
    after: Vec<u8>,
    lines: Vec<sdmp_journal::Line>,
}

fn lines(house: &House, store: &Sqlite) -> Vec<sdmp_journal::Line> {
    let snapshot = store.snapshot().unwrap();
    snapshot.lines(&LineId::first(&house.node.fp()), usize::MAX).unwrap()
}

fn image() -> Image {
    let house = House::new();
    let directory = TempDir::new().unwrap();
    // What is in the database, and what only the log has.
    let store = house.begin(Sqlite::open(&options(directory.path(), &house)).unwrap());
    house.append(&store, &house.messages(0..20), at(100)).unwrap();
    drop(store);
    let store = Sqlite::open(&options(directory.path(), &house)).unwrap();
    for first in 0..6 {
        house.append(&store, &house.messages(20 + first * 5..25 + first * 5), at(200)).unwrap();
    }
    house.append(&store, &[house.other.identity(), house.other_trust.clone()], at(300)).unwrap();
    let lines = lines(&house, &store);
    let file = |name: &str| fs::read(directory.path().join("store").join(name)).unwrap();
    let (database, log) = (file("store.sqlite"), file("store.sqlite-wal"));
    drop(store);
    Image { database, log, after: file("store.sqlite"), lines, house }
}

/// Opens a store of these files and checks it; returns its lines.
fn reopened(image: &Image, database: &[u8], log: &[u8]) -> Vec<sdmp_journal::Line> {
    let directory = TempDir::new().unwrap();
    let place = directory.path().join("store");
    fs::create_dir(&place).unwrap();
    fs::write(place.join("store.sqlite"), database).unwrap();
    fs::write(place.join("store.sqlite-wal"), log).unwrap();
    let store = Sqlite::open(&options(directory.path(), &image.house)).unwrap();
    image.house.check(&store);
    let found = lines(&image.house, &store);
    // It goes on.
    image.house.append(&store, &image.house.messages(90..92), at(400)).unwrap();
    image.house.check(&store);
    found
}

#[test]
fn a_log_that_ends_anywhere_leaves_whole_appends() {
    let image = image();
    let frames = (image.log.len() - LOG_HEADER) / FRAME;
    assert!(frames > 20, "{frames}");
    let mut dice = Dice::new(5);
    let mut found = Vec::new();
    for frame in (0..=frames).step_by(3) {
        // Cut at a page, in the middle of one, with octets that never arrived, with two in another order.
        let end = LOG_HEADER + frame * FRAME;
        let mut cut = image.log[..end].to_vec();
        match dice.below(4) {
            0 => {}
            1 => cut.extend(&image.log[end..(end + dice.below(FRAME)).min(image.log.len())]),
            2 => cut.extend(vec![0; dice.below(2 * FRAME)]),
            _ if frame >= 2 => {
                let (one, two) = (end - 2 * FRAME, end - FRAME);
                let first = cut[one..two].to_vec();
                cut.copy_within(two..end, one);
                cut[two..end].copy_from_slice(&first);
            }
            _ => {}
        }
        let lines = reopened(&image, &image.database, &cut);
        assert_eq!(lines, image.lines[..lines.len()], "what is there is a beginning");
        // The lines of whole calls: 3 + 20, then by 5, then 2.
        assert!(lines.len() < 23 || (lines.len() - 23).is_multiple_of(5) || lines.len() == 55);
        found.push(lines.len());
    }
    assert_eq!(found[0], 23, "the log was lost, not what was copied back");
    assert!(found.iter().any(|count| (24..55).contains(count)), "{found:?}");
    assert_eq!(reopened(&image, &image.database, &image.log), image.lines);
}

#[test]
fn a_database_that_was_half_copied_back_is_whole_with_its_log() {
    let image = image();
    for seed in 0..8 {
        let mut dice = Dice::new(seed);
        let mut mixed = image.database.clone();
        mixed.resize(image.after.len().max(mixed.len()), 0);
        for page in 0..image.after.len() / PAGE {
            let (start, end) = (page * PAGE, page * PAGE + PAGE);
            // Old, new, or torn: the last half of a page did not arrive.
            let end = match dice.below(3) {
                0 => continue,
                1 => end,
                _ => start + PAGE / 2,
            };
            mixed[start..end].copy_from_slice(&image.after[start..end]);
        }
        assert_eq!(reopened(&image, &mixed, &image.log), image.lines, "{seed}");
    }
}

#[test]
fn a_page_that_is_not_what_was_written_keeps_the_store_shut_after_a_crash() {
    let image = image();
    let pages = image.after.len() / PAGE;
    assert!(pages > 20, "{pages}");
    let mut found = 0;
    for page in 1..pages {
        let directory = TempDir::new().unwrap();
        let place = directory.path().join("store");
        fs::create_dir(&place).unwrap();
        fs::write(place.join("store.sqlite"), &image.after).unwrap();
        // Not closed cleanly.
        let db = rusqlite::Connection::open(place.join("store.sqlite")).unwrap();
        db.execute_batch("UPDATE head SET clean = 0; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
        drop(db);
        let mut damaged = fs::read(place.join("store.sqlite")).unwrap();
        // The type of the page and the number of its cells.
        damaged[page * PAGE..page * PAGE + 8].fill(0x5a);
        fs::write(place.join("store.sqlite"), &damaged).unwrap();
        match Sqlite::open(&options(directory.path(), &image.house)) {
            Ok(store) => image.house.check(&store),
            Err(error) => {
                assert_eq!(error.code(), "store.damaged", "page {page}: {error}");
                found += 1;
            }
        }
    }
    assert!(found >= pages - 3, "{found} of {pages}");
}

/// A store that each released version of the tables wrote: its number, and what it held.
const VERSIONS: [(i64, &str, Held); 2] = [
    (1, include_str!("../fixtures/sqlite-1.sql"), Held { lines: 14, events: 19, fence: 1 }),
    (2, include_str!("../fixtures/sqlite-2.sql"), Held { lines: 17, events: 22, fence: 2 }),
];

/// What a fixture held, beside a peer and four wants with eight holders; and the next fence of that peer.
struct Held {
    lines: u64,
    events: usize,
    fence: u64,
}

fn written(fixture: &str) -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    let database = directory.path().join("store/store.sqlite");
    fs::create_dir(directory.path().join("store")).unwrap();
    let db = rusqlite::Connection::open(&database).unwrap();
    db.execute_batch(fixture).unwrap();
    // The history takes its token from here.
    let token: Vec<u8> = db.query_row("SELECT token FROM head", [], |row| row.get(0)).unwrap();
    fs::write(directory.path().join("token"), token).unwrap();
    (directory, database)
}

fn version(database: &Path) -> i64 {
    let db = rusqlite::Connection::open(database).unwrap();
    db.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_store_of_each_version_opens_with_all_that_it_had() {
    assert_eq!(i64::try_from(VERSIONS.len()).unwrap() + 1, sqlite::VERSION, "a fixture of each");
    let house = House::new();
    for (number, fixture, held) in VERSIONS {
        let (directory, database) = written(fixture);
        assert_eq!(version(&database), number);
        let store = Sqlite::open(&options(directory.path(), &house)).unwrap();
        house.check(&store);
        assert_eq!(store.snapshot().unwrap().head().count(), held.lines);
        let kept = store.kept().unwrap();
        assert_eq!((kept.peers.len(), kept.wants.len()), (1, 4));
        let holders: usize = kept.wants.iter().map(|(_, want)| want.holders.len()).sum();
        assert_eq!((holders, store.events(0, 99).unwrap().len()), (8, held.events));
        let lease =
            sdmp_store::Lease { process: "one".to_owned(), now: at(10_000), until: at(11_000) };
        let fence = store.lease_peer(&house.other.fp(), &lease, None).unwrap();
        assert_eq!(fence, Some(held.fence));
        assert!(!store.take_wants(&lease, 9).unwrap().is_empty());
        let appended = house.append(&store, &house.messages(30..33), at(10_000)).unwrap();
        assert_eq!(appended.lines.len(), 3);
        house.check(&store);
        let number = u64::try_from(held.events).unwrap();
        let events = store.events(number, 9).unwrap();
        let numbers: Vec<u64> = events.iter().map(|event| event.number).collect();
        assert_eq!(numbers, [number + 1, number + 2, number + 3], "no number comes again");
        drop(store);
        let db = rusqlite::Connection::open(&database).unwrap();
        let mut statement = db.prepare("PRAGMA foreign_key_check").unwrap();
        assert!(!statement.exists([]).unwrap(), "every row refers to one that is there");
        assert_eq!(version(&database), sqlite::VERSION);
    }
}

#[test]
fn a_migration_that_fails_or_is_killed_is_done_at_the_next_start() {
    let house = House::new();
    let (_, fixture, _) = VERSIONS[0];
    for step in ["migrate", "migrated"] {
        let (directory, _) = written(fixture);
        let fault = move |at: &str| match at == step {
            true => Err(sdmp_store::Error::Full),
            false => Ok(()),
        };
        let failing = options(directory.path(), &house).with_faults(Faults::new(fault));
        assert_eq!(Sqlite::open(&failing).unwrap_err(), sdmp_store::Error::Full, "{step}");
        house.check(&Sqlite::open(&options(directory.path(), &house)).unwrap());
    }
    for step in 0..2 * (sqlite::VERSION - 1) {
        let (directory, database) = written(fixture);
        let child = kill::child(directory.path(), 1, usize::try_from(step).unwrap()).output();
        assert!(!child.unwrap().status.success());
        // Killed before a step and before its end.
        assert_eq!(version(&database), 1 + step / 2, "{step}");
        let store = Sqlite::open(&options(directory.path(), &house)).unwrap();
        house.check(&store);
        assert_eq!(store.kept().unwrap().wants.len(), 4);
    }
}
