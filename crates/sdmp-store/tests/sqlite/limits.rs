//! Room: the log's bound, a disk that is really full; and the process that has the lock.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sdmp_container::Container;
use sdmp_journal::{LineId, Resource};
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::{Error, Gone, LONGEST_APPEND_OCTETS, Sqlite, Store, sqlite};
use tempfile::TempDir;

fn options(directory: &Path, house: &House) -> sqlite::Options {
    sqlite::Options::new(directory.join("store"), house.node.fp()).with_reserve(1 << 18)
}

/// A message of about so many octets.
fn long(house: &House, n: i64, octets: usize) -> Resource {
    let text = format!("{n} {}", "x".repeat(octets * 9 / 16));
    let text =
        format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{text}"}}"#);
    let container = Container::parse(text).unwrap();
    house.node.under(&house.trust).publish(&container, at(n)).unwrap()
}

#[test]
fn the_log_stays_within_its_bound_while_all_read_and_write() {
    const LOG: u64 = 2 << 20;
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let options = options(directory.path(), &house).with_log(LOG);
    let store = house.begin(Sqlite::open(&options).unwrap());
    let log = directory.path().join("store/store.sqlite-wal");
    let messages: Vec<Resource> = (0..120).map(|n| long(&house, n, 60_000)).collect();
    let is_done = AtomicBool::new(false);
    let (mut longest, mut shrank) = (0, 0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                while !is_done.load(Ordering::SeqCst) {
                    let snapshot = store.snapshot().unwrap();
                    let first = LineId::first(&house.node.fp());
                    for line in snapshot.lines(&first, usize::MAX).unwrap() {
                        assert!(snapshot.text(&line.id).is_some());
                    }
                    snapshot.check().unwrap();
                }
            });
        }
        let writers: Vec<_> = messages
            .chunks(40)
            .map(|some| {
                let (house, store) = (&house, &store);
                scope.spawn(move || {
                    for few in some.chunks(3) {
                        let appended = house.append(store, few, at(1000)).unwrap();
                        assert_eq!(appended.lines.len(), few.len());
                    }
                })
            })
            .collect();
        let mut before = 0;
        while writers.iter().any(|writer| !writer.is_finished()) {
            let now = fs::metadata(&log).map_or(0, |found| found.len());
            longest = longest.max(now);
            shrank += usize::from(now < before);
            before = now;
            std::thread::sleep(Duration::from_micros(200));
        }
        is_done.store(true, Ordering::SeqCst);
    });
    assert!(longest < LOG, "{longest}");
    assert!(longest > LOG / 8 && shrank > 0, "{longest}, {shrank}");
    house.check(&store);
}

#[test]
fn a_program_that_reads_for_long_cannot_make_the_log_longer_than_its_bound() {
    const LOG: u64 = 2 << 20;
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let options =
        options(directory.path(), &house).with_log(LOG).with_patience(Duration::from_millis(20));
    let store = house.begin(Sqlite::open(&options).unwrap());
    let path = |name: &str| directory.path().join("store").join(name);
    let reader = rusqlite::Connection::open(path("store.sqlite")).unwrap();
    // A state that it looks at for as long as it likes: the log from there on cannot be used again.
    reader.execute_batch("BEGIN; SELECT count(*) FROM resource").unwrap();
    let mut count = 4;
    let mut append = |n: i64| {
        let appended = house.append(&store, &[long(&house, n, 60_000)], at(1000));
        count += u64::from(appended.is_ok());
        appended.map(|appended| assert_eq!(appended.lines.len(), 1))
    };
    let refused = (0..200).find_map(|n| append(n).err()).unwrap();
    assert_eq!((&refused, refused.code()), (&Error::Busy, "store.busy"));
    assert!(refused.is_passing());
    let length = || fs::metadata(path("store.sqlite-wal")).unwrap().len();
    let before = length();
    assert!(before > LOG / 4 && before < LOG, "{before}");
    for n in 200..220 {
        assert_eq!(append(n).unwrap_err(), Error::Busy);
        assert_eq!(store.block(&house.user.fp(), false).unwrap_err(), Error::Busy);
    }
    assert_eq!(length(), before, "nothing was written");
    reader.execute_batch("COMMIT").unwrap();
    (220..260).for_each(|n| append(n).unwrap());
    assert!(length() < LOG, "{}", length());
    assert_eq!(store.snapshot().unwrap().head().count(), count);
    house.check(&store);
}

#[test]
fn n50_very_many_texts_go_in_parts_that_fit_into_the_log() {
    const LOG: u64 = 2 << 20;
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let options = options(directory.path(), &house).with_log(LOG);
    let store = house.begin(Sqlite::open(&options).unwrap());
    let messages: Vec<Resource> = (0..1100).map(|n| long(&house, n, 6_000)).collect();
    for few in messages.chunks(100) {
        house.append(&store, few, at(2000)).unwrap();
    }
    let log = || fs::metadata(directory.path().join("store/store.sqlite-wal")).unwrap().len();
    let ids: Vec<_> = messages[..530].iter().map(|one| one.id().clone()).collect();
    assert_eq!(store.give_up(&ids, Gone::Forgotten).unwrap(), 530);
    assert!(log() < LOG, "{}", log());
    // A crash after the first part of blocking leaves this.
    drop(store);
    let db = rusqlite::Connection::open(directory.path().join("store/store.sqlite")).unwrap();
    let author = house.user.fp();
    let sql = "INSERT INTO blocked SELECT k, 1 FROM key WHERE fp = ?1";
    assert_eq!(db.execute(sql, [author.as_octets()]).unwrap(), 1);
    drop(db);
    let store = Sqlite::open(&options).unwrap();
    assert!(log() < LOG, "{}", log());
    let snapshot = store.snapshot().unwrap();
    let gone =
        |reason| messages.iter().filter(|one| snapshot.gone(one.id()) == Some(reason)).count();
    assert_eq!((gone(Gone::Forgotten), gone(Gone::Blocked)), (530, 570));
    // What a person asks for then stays.
    assert!(store.restore_text(&messages[1000]).unwrap());
    drop((snapshot, store));
    let store = Sqlite::open(&options).unwrap();
    let snapshot = store.snapshot().unwrap();
    assert_eq!(snapshot.gone(messages[1000].id()), Some(Gone::Here));
    house.check(&store);
}

#[test]
fn texts_take_at_most_four_tenths_more_on_the_disk() {
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let store = house.begin(Sqlite::open(&options(directory.path(), &house)).unwrap());
    let mut octets = 0;
    for first in (0..2560).step_by(256) {
        let messages: Vec<Resource> =
            (first..first + 256).map(|n| long(&house, n, 2_435)).collect();
        octets += messages.iter().map(|one| one.text().len()).sum::<usize>();
        house.append(&store, &messages, at(9_000)).unwrap();
    }
    drop(store);
    assert!((2_600..2_800).contains(&(octets / 2560)), "{}", octets / 2560);
    let size = fs::metadata(directory.path().join("store/store.sqlite")).unwrap().len();
    let ratio = f64::from(u32::try_from(size).unwrap()) / f64::from(u32::try_from(octets).unwrap());
    assert!(ratio < 1.4, "{ratio}");
}

#[test]
fn n49_64_mib_are_reserved_unless_another_size_is_given() {
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let place = directory.path().join("store");
    drop(Sqlite::open(&sqlite::Options::new(&place, house.node.fp())).unwrap());
    let reserve = fs::metadata(place.join("reserve")).unwrap();
    assert_eq!(reserve.len(), 64 << 20);
    #[cfg(unix)]
    assert!(std::os::unix::fs::MetadataExt::blocks(&reserve) * 512 >= 64 << 20, "it takes room");
}

#[test]
fn one_append_has_at_most_32_mib_of_texts() {
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let store = house.begin(Sqlite::open(&options(directory.path(), &house)).unwrap());
    let one = long(&house, 1, 250_000);
    let many = vec![one.clone(); LONGEST_APPEND_OCTETS / one.text().len() + 1];
    let count = many.len();
    assert!(count < 256, "{count}");
    assert_eq!(house.append(&store, &many, at(9)).unwrap_err(), Error::TooMany(count));
    assert_eq!(house.append(&store, &many[1..], at(9)).unwrap().lines.len(), 1);
}

const CHILD: &str = "SDMP_STORE_SMALL_DISK";
const HOLDER: &str = "SDMP_STORE_HOLDER";

/// Runs this test program's `entry` with a value for it, through some other program.
fn entry(through: &[&str], entry: &str, name: &str, value: &Path) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut words = through.iter().map(std::ffi::OsStr::new).chain([program.as_os_str()]);
    let mut command = Command::new(words.next().unwrap());
    command.args(words).args(["--exact", entry, "--quiet", "--nocapture"]).env(name, value);
    command
}

#[cfg(target_os = "linux")]
#[test]
fn a_disk_that_is_full_loses_nothing_and_it_goes_on_by_itself() {
    let directory = TempDir::new().unwrap();
    // A small disk that only the child sees.
    let mount = r#"mount -t tmpfs -o size=4m tmpfs "$SDMP_STORE_SMALL_DISK" && exec "$0" "$@""#;
    let unshare = ["unshare", "--mount", "--map-root-user", "sh", "-c", mount];
    let may = Command::new("unshare").args(["--mount", "--map-root-user", "true"]).output();
    if !may.is_ok_and(|output| output.status.success()) {
        let line = b"skipped: a disk that is full, since no small one can be mounted here\n";
        return std::io::stderr().write_all(line).unwrap();
    }
    let of_child = "sqlite::limits::entry_on_the_small_disk";
    let output = entry(&unshare, of_child, CHILD, directory.path()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("went on"), "{said}");
}

/// What runs on the small disk; by itself it has nothing to do.
#[test]
fn entry_on_the_small_disk() {
    let Some(directory) = std::env::var_os(CHILD) else { return };
    let (house, directory) = (House::new(), Path::new(&directory));
    let options = options(directory, &house).with_pause(Duration::from_millis(50));
    let store = house.begin(Sqlite::open(&options).unwrap());
    let ballast = directory.join("ballast");
    fs::write(&ballast, vec![7; 1 << 20]).unwrap();
    let mut count = 0;
    let full = loop {
        let messages = house.messages(count..count + 16);
        match house.append(&store, &messages, at(5000)) {
            Ok(_) => count += 16,
            Err(error) => break error,
        }
    };
    assert_eq!(full, Error::Full);
    assert!(count > 50, "{count}");
    let head = || store.snapshot().unwrap().head().count();
    let before = 4 + u64::try_from(count).unwrap();
    assert_eq!(head(), before, "nothing of it remains");
    house.check(&store);
    // The reserve was given away: control goes on, content does not.
    let control = [house.other.identity(), house.other_trust.clone()];
    assert_eq!(house.append(&store, &control, at(5000)).unwrap().lines.len(), 2);
    let next = house.messages(count..count + 1);
    assert_eq!(house.append(&store, &next, at(5000)).unwrap_err(), Error::Full);
    house.check(&store);
    fs::remove_file(&ballast).unwrap();
    std::thread::sleep(Duration::from_millis(60));
    assert_eq!(house.append(&store, &next, at(5000)).unwrap().lines.len(), 1);
    house.check(&store);
    drop(store);
    let store = Sqlite::open(&options).unwrap();
    assert_eq!(store.snapshot().unwrap().head().count(), before + 3);
    house.check(&store);
    std::io::stderr().write_all(b"went on\n").unwrap();
}

/// Holds a store until it is ended; by itself it has nothing to do.
#[test]
fn entry_of_the_holder() {
    let Some(directory) = std::env::var_os(HOLDER) else { return };
    let (house, directory) = (House::new(), Path::new(&directory));
    let _store = house.begin(Sqlite::open(&options(directory, &house)).unwrap());
    fs::write(directory.join("held"), "").unwrap();
    std::thread::sleep(Duration::from_secs(60));
}

#[cfg(unix)]
#[test]
fn the_lock_outlives_a_paused_holder_and_not_a_killed_one() {
    let (house, directory) = (House::new(), TempDir::new().unwrap());
    let of_child = "sqlite::limits::entry_of_the_holder";
    let mut holder: Child =
        entry(&[], of_child, HOLDER, directory.path()).stdout(Stdio::null()).spawn().unwrap();
    while !directory.path().join("held").exists() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let open = || Sqlite::open(&options(directory.path(), &house));
    let locked = Error::Locked(Some(holder.id()));
    assert_eq!(open().unwrap_err(), locked, "it says who has it");
    assert_eq!(locked.code(), "store.locked");
    assert!(locked.to_string().contains(&holder.id().to_string()));
    let pid = holder.id().to_string();
    assert!(Command::new("kill").args(["-STOP", &pid]).status().unwrap().success());
    // While it is paused it can wake at any time, so nothing else may write.
    assert_eq!(open().unwrap_err(), locked);
    holder.kill().unwrap();
    holder.wait().unwrap();
    let store = open().unwrap();
    house.append(&store, &house.messages(0..3), at(20)).unwrap();
    house.check(&store);
}
