//! Long texts in an object store: a folder, and a bucket of a server of our own that speaks S3.

mod server;

use std::fs;
use std::sync::Arc;

use sdmp_journal::{Fingerprint, Resource, Timestamp};
use sdmp_store::objects::{Folder, Objects, S3};
use sdmp_store::suite::Place;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::{DAY, Keyed, at};
use sdmp_store::{Error, Faults, Gone, Sqlite, Store, What, fsck, sqlite};
use tempfile::TempDir;

use server::Bucket;

/// Every text of content counts as long.
fn options(directory: &TempDir, node: &Fingerprint, objects: Arc<dyn Objects>) -> sqlite::Options {
    sqlite::Options::new(directory.path().join("store"), node.clone())
        .with_reserve(1 << 16)
        .with_objects_from(1, objects)
}

struct FolderPlace {
    directory: TempDir,
    node: Fingerprint,
}

impl FolderPlace {
    fn objects(&self) -> Arc<dyn Objects> {
        Arc::new(Folder::open(self.directory.path().join("texts")).unwrap())
    }

    fn names(&self) -> Vec<std::path::PathBuf> {
        let texts = fs::read_dir(self.directory.path().join("texts")).unwrap();
        texts.map(|entry| entry.unwrap().path()).collect()
    }
}

impl Place for FolderPlace {
    type Store = Sqlite;

    fn new(node: &Fingerprint) -> Self {
        Self { directory: TempDir::new().unwrap(), node: node.clone() }
    }

    fn open(&self, faults: Faults) -> Result<Sqlite, Error> {
        let options = options(&self.directory, &self.node, self.objects());
        Sqlite::open(&options.with_faults(faults))
    }
}

struct S3Place {
    directory: TempDir,
    node: Fingerprint,
    bucket: Bucket,
}

impl Place for S3Place {
    type Store = Sqlite;

    fn new(node: &Fingerprint) -> Self {
        let directory = TempDir::new().unwrap();
        Self { directory, node: node.clone(), bucket: Bucket::start() }
    }

    fn open(&self, faults: Faults) -> Result<Sqlite, Error> {
        let options = options(&self.directory, &self.node, Arc::new(self.bucket.client()));
        Sqlite::open(&options.with_faults(faults))
    }
}

sdmp_store::suite!(in_a_folder, FolderPlace);
sdmp_store::suite!(in_s3, S3Place);

fn begun(count: i64) -> (House, FolderPlace, Sqlite, Vec<Resource>) {
    let house = House::new();
    let place = FolderPlace::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..count);
    house.append(&store, &messages, at(100)).unwrap();
    (house, place, store, messages)
}

/// A time after the files of a test were written, by so many days.
fn in_days(days: i64) -> Timestamp {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let now = i64::try_from(since.as_millis()).unwrap();
    Timestamp::from_unix_millis(now + days * DAY + 1000).unwrap()
}

#[test]
fn only_long_content_is_in_the_object_store() {
    let house = House::new();
    let place = FolderPlace::new(&house.node.fp());
    let open = || {
        let options = sqlite::Options::new(place.directory.path().join("store"), house.node.fp());
        Sqlite::open(&options.with_reserve(1 << 16).with_objects(place.objects())).unwrap()
    };
    let store = house.begin(open());
    let text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{}"}}"#,
        "x".repeat(64 << 10)
    );
    let container = sdmp_container::Container::parse(text).unwrap();
    let long = house.node.under(&house.trust).publish(&container, at(5)).unwrap();
    house.append(&store, &house.messages(0..3), at(100)).unwrap();
    house.append(&store, std::slice::from_ref(&long), at(100)).unwrap();
    // Again: it is known, so it is not written once more.
    house.append(&store, std::slice::from_ref(&long), at(100)).unwrap();
    let names = place.names();
    assert_eq!(names.len(), 1);
    assert_eq!(fs::read_to_string(&names[0]).unwrap(), long.text());
    drop(store);
    let store = open();
    assert_eq!(store.snapshot().unwrap().text(long.id()).as_deref(), Some(long.text()));
    house.check(&store);
}

#[test]
fn s7_what_no_row_names_goes_after_a_day() {
    let (house, place, store, messages) = begun(4);
    place
        .objects()
        .put("00112233445566778899aabbccddeeff", b"of an append that a crash ended")
        .unwrap();
    fs::write(place.directory.path().join("texts/aa.new"), "half of a text").unwrap();
    store.give_up(&[messages[0].id().clone()], Gone::Forgotten).unwrap();
    assert_eq!(place.names().len(), 6);
    assert_eq!(store.collect(in_days(0)).unwrap(), 0, "an append may be under way");
    assert_eq!(store.collect(in_days(1)).unwrap(), 3);
    assert_eq!(place.names().len(), 3);
    let snapshot = store.snapshot().unwrap();
    assert!(messages[1..].iter().all(|one| snapshot.text(one.id()).is_some()));
    assert!(store.restore_text(&messages[0]).unwrap());
    assert_eq!(place.names().len(), 4);
    house.check(&store);
}

#[test]
fn n50_a_text_that_the_object_store_lost_counts_as_evicted_and_can_come_back() {
    let (house, place, store, messages) = begun(3);
    // Lost, and cut off.
    let of = |resource: &Resource| {
        let is_it =
            |path: &std::path::PathBuf| fs::read_to_string(path).unwrap() == resource.text();
        place.names().into_iter().find(is_it).unwrap()
    };
    let (lost, cut) = (of(&messages[0]), of(&messages[1]));
    fs::remove_file(lost).unwrap();
    fs::write(cut, &messages[1].text().as_bytes()[..100]).unwrap();
    let snapshot = store.snapshot().unwrap();
    for one in &messages[..2] {
        assert!(snapshot.text(one.id()).is_none());
        assert_eq!(snapshot.gone(one.id()), Some(Gone::Evicted));
    }
    snapshot.check().unwrap();
    house.check(&store);
    // The next call that writes notes it.
    house.append(&store, &house.messages(9..10), at(100)).unwrap();
    let evicted: Vec<_> = store.events(6, 9).unwrap().iter().map(|event| event.what).collect();
    let gone = What::Gone(Gone::Evicted);
    assert_eq!(evicted[..2].iter().filter(|what| **what == gone).count(), 2, "{evicted:?}");
    drop(store);
    let store = place.open(Faults::none()).unwrap();
    assert_eq!(store.snapshot().unwrap().gone(messages[0].id()), Some(Gone::Evicted));
    assert!(store.restore_text(&messages[0]).unwrap());
    let text = store.snapshot().unwrap().text(messages[0].id());
    assert_eq!(text.as_deref(), Some(messages[0].text()));
    house.check(&store);
}

#[test]
fn a_store_that_is_opened_without_its_object_store_says_so() {
    let (house, place, store, messages) = begun(2);
    drop(store);
    let options = sqlite::Options::new(place.directory.path().join("store"), house.node.fp());
    let store = Sqlite::open(&options.with_reserve(1 << 16)).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert!(snapshot.text(messages[0].id()).is_none());
    assert_eq!(snapshot.gone(messages[0].id()), Some(Gone::Here), "it is not lost");
    assert_eq!(snapshot.check().unwrap_err().code(), "store.engine");
    assert!(fsck(&store, &house.node.fp(), &Keyed).is_err());
}

#[test]
fn while_the_object_store_is_away_nothing_is_appended_and_nothing_counts_as_lost() {
    let house = House::new();
    let place = S3Place::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    let messages = house.messages(0..3);
    house.append(&store, &messages[..2], at(100)).unwrap();
    for (status, code) in [(503, "store.away"), (507, "store.full"), (403, "store.engine")] {
        place.bucket.fail_with(status);
        let refused = house.append(&store, &messages[2..], at(100)).unwrap_err();
        assert_eq!(refused.code(), code);
        let snapshot = store.snapshot().unwrap();
        assert_eq!(snapshot.head().count(), 6);
        assert!(snapshot.text(messages[0].id()).is_none());
        assert_eq!(snapshot.check().unwrap_err().code(), code);
        assert_eq!(snapshot.gone(messages[0].id()), Some(Gone::Here));
        // Control needs no object store.
        assert_eq!(house.append(&store, &house.first(), at(100)).unwrap().lines.len(), 0);
    }
    place.bucket.fail_with(0);
    assert_eq!(house.append(&store, &messages[2..], at(100)).unwrap().lines.len(), 1);
    house.check(&store);
    let nowhere = S3::new("127.0.0.1:1", "r", "bucket", "k", "s").unwrap();
    assert_eq!(nowhere.get("aa").unwrap_err().code(), "store.away");
}

#[test]
fn s3_lists_deletes_and_refuses_as_it_should() {
    let bucket = Bucket::start();
    let client = bucket.client();
    let names: Vec<String> = (0..5).map(|n| format!("{n:032x}")).collect();
    for name in &names {
        client.put(name, name.as_bytes()).unwrap();
    }
    let mut listed: Vec<_> = client.list().unwrap();
    listed.sort();
    let found: Vec<_> = listed.iter().map(|(name, _)| name.clone()).collect();
    assert_eq!(found, names, "from several pages");
    assert!(listed.iter().all(|(_, written)| written.is_some()));
    assert_eq!(client.get(&names[3]).unwrap().as_deref(), Some(names[3].as_bytes()));
    client.delete(&names[3]).unwrap();
    client.delete(&names[3]).unwrap();
    assert_eq!(client.get(&names[3]).unwrap(), None);
    // Nothing that a damaged database names leads elsewhere.
    for name in ["../aa", "a/b", "a?b", "a b", "a\r\nb"] {
        assert_eq!(client.get(name).unwrap_err(), Error::Damaged("a name of a text"));
        let folder = Folder::open(TempDir::new().unwrap().path().join("texts")).unwrap();
        assert_eq!(folder.get(name).unwrap_err(), Error::Damaged("a name of a text"));
    }
    let other = S3::new(bucket.host(), "r", "other-bucket", "key", "secret").unwrap();
    assert_eq!(other.get(&names[0]).unwrap_err().code(), "store.engine", "no bucket, not no text");
    for bucket in ["", "ab", "A-bucket", "a/bucket", "a bucket"] {
        assert_eq!(S3::new("x", "r", bucket, "k", "s").unwrap_err().code(), "store.engine");
    }
    let wrong = S3::new(bucket.host(), "r", "bucket", "key", "another").unwrap();
    assert_eq!(wrong.put(&names[0], b"x").unwrap_err().code(), "store.engine", "its signature");
    // Answers that end too early, or are none.
    for cut in [1, 2, 3] {
        bucket.cut(cut);
        assert_eq!(client.get(&names[0]).unwrap_err().code(), "store.away", "{cut}");
    }
}
