//! What only the SQLite engine has: files, lock, tokens, versions, reserve; and damage that a check finds.

mod crash;
mod limits;
mod plans;

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sdmp_store::suite::Place;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::{Keyed, at};
use sdmp_store::{Error, Faults, Sqlite, Store, fsck, repair, sqlite};

use crate::engines::SqlitePlace;

fn begun() -> (House, SqlitePlace) {
    let house = House::new();
    let place = SqlitePlace::new(&house.node.fp());
    drop(house.begin(place.open(Faults::none()).unwrap()));
    (house, place)
}

fn database(place: &SqlitePlace) -> rusqlite::Connection {
    rusqlite::Connection::open(place.path().join("store/store.sqlite")).unwrap()
}

#[test]
fn a_second_opener_is_told_that_the_store_is_locked() {
    let (_, place) = begun();
    let first = place.open(Faults::none()).unwrap();
    assert_eq!(place.open(Faults::none()).unwrap_err(), Error::Locked(Some(std::process::id())));
    drop(first);
    place.open(Faults::none()).unwrap();
}

#[test]
fn the_store_of_a_newer_version_or_of_another_node_is_refused() {
    let (house, place) = begun();
    database(&place).execute_batch("PRAGMA user_version = 7").unwrap();
    let newer = Error::Newer { found: 7, known: sqlite::VERSION };
    assert_eq!(place.open(Faults::none()).unwrap_err(), newer);
    database(&place).pragma_update(None, "user_version", sqlite::VERSION).unwrap();
    let other = sqlite::Options::new(place.path().join("store"), house.other.fp());
    assert_eq!(Sqlite::open(&other).unwrap_err(), Error::OtherNode);
    place.open(Faults::none()).unwrap();
}

#[test]
fn n47_a_store_without_its_second_token_is_opened_only_as_moved() {
    let (_, place) = begun();
    let token = place.path().join("token");
    let kept = fs::read(&token).unwrap();
    for second in [None, Some("another")] {
        match second {
            None => fs::remove_file(&token).unwrap(),
            Some(text) => fs::write(&token, text).unwrap(),
        }
        assert_eq!(place.open(Faults::none()).unwrap_err(), Error::Token);
        drop(Sqlite::open(&place.options().with_moved()).unwrap());
        assert_eq!(fs::read(&token).unwrap(), kept);
        place.open(Faults::none()).unwrap();
    }
    // An empty store in place of one whose second token is still there.
    fs::remove_dir_all(place.path().join("store")).unwrap();
    assert_eq!(place.open(Faults::none()).unwrap_err(), Error::Token);
}

#[cfg(unix)]
#[test]
fn only_the_owner_reads_the_files() {
    use std::os::unix::fs::PermissionsExt;
    let (_, place) = begun();
    let _store = place.open(Faults::none()).unwrap();
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let directory = place.path().join("store");
    assert_eq!(mode(&directory), 0o700);
    assert_eq!(mode(&place.path().join("token")), 0o600);
    for entry in fs::read_dir(directory).unwrap() {
        assert_eq!(mode(&entry.unwrap().path()), 0o600);
    }
}

#[test]
fn n49_the_reserve_is_given_away_for_control_and_taken_again() {
    let (house, place) = begun();
    let is_full = Arc::new(AtomicBool::new(true));
    let full = Arc::clone(&is_full);
    let fault = move |_: &str| match full.load(Ordering::SeqCst) {
        true => Err(Error::Full),
        false => Ok(()),
    };
    let reserve = place.path().join("store/reserve");
    is_full.store(false, Ordering::SeqCst);
    let store = place.open(Faults::new(fault)).unwrap();
    assert_eq!(fs::metadata(&reserve).unwrap().len(), 1 << 16);
    is_full.store(true, Ordering::SeqCst);
    let control = [house.other.identity(), house.other_trust.clone()];
    assert_eq!(house.append(&store, &control, at(20)).unwrap_err(), Error::Full);
    assert!(!reserve.exists());
    // No room for the reserve: something else stands in its place.
    fs::create_dir(&reserve).unwrap();
    is_full.store(false, Ordering::SeqCst);
    assert_eq!(house.append(&store, &control, at(20)).unwrap().lines.len(), 2);
    let content = house.messages(0..1);
    assert_eq!(house.append(&store, &content, at(20)).unwrap_err(), Error::Full);
    fs::remove_dir(&reserve).unwrap();
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert!(reserve.exists());
    assert_eq!(house.append(&store, &content, at(20)).unwrap().lines.len(), 1);
}

#[test]
fn a_check_finds_what_was_changed_behind_its_back() {
    let changes = [
        ("UPDATE trust SET bits = 1", true),
        ("UPDATE identity SET expires = expires + 1", true),
        ("UPDATE resource SET created = 5 WHERE n = 5", true),
        ("DELETE FROM text WHERE n = 5", false),
        ("UPDATE text SET text = (SELECT text FROM text WHERE n = 6) WHERE n = 5", false),
        ("UPDATE resource SET gone = 3 WHERE n = 3", false),
        ("UPDATE resource SET lid = zeroblob(64) WHERE n = 5", false),
        ("UPDATE head SET seq = seq - 1", false),
        ("DELETE FROM text WHERE n = 6; DELETE FROM resource WHERE n = 6", false),
        (
            "UPDATE text SET text = CAST(replace(CAST(text AS TEXT), '\"signature\":\"', '\"signature\":\"AAAA') AS BLOB) WHERE n = 5",
            false,
        ),
    ];
    for (change, is_index) in changes {
        let (house, place) = begun();
        let store = place.open(Faults::none()).unwrap();
        house.append(&store, &house.messages(0..4), at(100)).unwrap();
        drop(store);
        database(&place).execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}")).unwrap();
        let store = place.open(Faults::none()).unwrap();
        let faults = fsck(&store, &house.node.fp(), &Keyed).unwrap().faults;
        assert!(!faults.is_empty(), "{change}");
        assert_eq!(faults.iter().all(|fault| fault.is_index), is_index, "{change}: {faults:?}");
    }
}

#[test]
fn indexes_are_repaired_and_nothing_else_is() {
    for (change, is_index, opens) in [
        ("UPDATE trust SET bits = 1", true, true),
        ("DELETE FROM trust", true, false),
        ("DELETE FROM identity WHERE n = 2", true, false),
        ("UPDATE resource SET created = 5, kind = 4 WHERE n = 5", true, true),
        // Rows by their hashes: none is found, another one is, and what was moved is there twice.
        ("DELETE FROM recent; DELETE FROM hash", true, true),
        ("UPDATE recent SET h = substr(h, 1, 7) || x'00' WHERE n = 5", true, true),
        ("INSERT INTO hash SELECT h, n FROM recent", true, true),
        ("DELETE FROM text WHERE n = 5", false, true),
        ("UPDATE resource SET lid = zeroblob(64) WHERE n = 6", false, true),
    ] {
        let (house, place) = begun();
        let store = place.open(Faults::none()).unwrap();
        let messages = house.messages(0..4);
        house.append(&store, &messages[..3], at(20)).unwrap();
        drop(store);
        database(&place).execute_batch(&format!("PRAGMA foreign_keys = OFF; {change}")).unwrap();
        let opened = place.open(Faults::none());
        assert_eq!(opened.is_ok(), opens, "{change}: {:?}", opened.err());
        drop(opened);
        let store = Sqlite::open(&place.options().with_repair()).unwrap();
        let node = house.node.fp();
        let found = fsck(&store, &node, &Keyed);
        let left = repair(&store, &node, &Keyed);
        match is_index {
            true => assert_eq!(left.unwrap().faults, [], "{change}"),
            false => assert_eq!(left, found, "{change}"),
        }
        if is_index {
            assert_eq!(house.append(&store, &messages, at(20)).unwrap().lines.len(), 1, "{change}");
            drop(store);
            house.check(&place.open(Faults::none()).unwrap());
        }
    }
}

#[test]
fn reindex_writes_what_the_tables_say_of_a_line_anew_and_keeps_its_text() {
    let (house, place) = begun();
    let store = place.open(Faults::none()).unwrap();
    let messages = house.messages(0..3);
    house.append(&store, &messages, at(20)).unwrap();
    store.give_up(&[messages[2].id().clone()], sdmp_store::Gone::Forgotten).unwrap();
    drop(store);
    let change = "UPDATE resource SET size = 1, kind = 6, trust = NULL WHERE n > 4; UPDATE taken SET octets = 5;
        DELETE FROM recent WHERE n = 6 AND h = (SELECT substr(lid, 1, 8) FROM resource WHERE n = 6)";
    database(&place).execute_batch(change).unwrap();
    let store = place.open(Faults::none()).unwrap();
    let meta = |store: &Sqlite, n: usize| store.snapshot().unwrap().meta(messages[n].id());
    assert_ne!(meta(&store, 0), Some(messages[0].meta(5)));
    let report = repair(&store, &house.node.fp(), &Keyed).unwrap();
    assert_eq!(report.faults, []);
    assert_eq!(meta(&store, 0), Some(messages[0].meta(5)));
    assert_eq!(meta(&store, 1), Some(messages[1].meta(6)));
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.text(messages[1].id()).as_deref(), Some(messages[1].text()));
    assert!(snapshot.text(messages[2].id()).is_none(), "what a person gave up stays so");
    let here = messages[..2].iter().map(|one| u64::try_from(one.text().len()).unwrap()).sum();
    assert_eq!(store.octets().unwrap(), [(house.user.fp(), here)]);
}

#[test]
fn calls_of_many_threads_end_and_the_log_stays_bounded() {
    let (house, place) = begun();
    let store = place.open(Faults::none()).unwrap();
    let messages = house.messages(0..256);
    std::thread::scope(|scope| {
        for few in messages.chunks(32) {
            let (house, store) = (&house, &store);
            scope.spawn(move || {
                for one in few {
                    let one = std::slice::from_ref(one);
                    assert_eq!(house.append(store, one, at(1000)).unwrap().lines.len(), 1);
                }
            });
        }
    });
    let log = fs::metadata(place.path().join("store/store.sqlite-wal")).unwrap().len();
    assert!(log < 64 << 20, "{log}");
    assert_eq!(store.snapshot().unwrap().head().count(), 4 + 256);
    house.check(&store);
}
