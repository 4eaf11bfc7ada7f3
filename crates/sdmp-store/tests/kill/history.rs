//! A history that a process plays until it is killed, and what must hold afterwards.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use sdmp_journal::{LineId, Resource};
use sdmp_store::objects::Folder;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::suite::random::{Dice, resources, step};
use sdmp_store::{Faults, Memory, Postgres, Sqlite, Store, postgres, sqlite};

const STEPS: usize = 12;
const THREADS: u64 = 8;

/// Names the server and the schema in which a store is; without it the store is in the directory.
pub(crate) const POSTGRES: &str = "postgres";

/// A folder in which the texts of content are, if it is there.
const OBJECTS: &str = "texts";

fn open(directory: &Path, house: &House, faults: Faults) -> Box<dyn Store> {
    let (node, token) = (house.node.fp(), directory.join("token"));
    if let Ok(place) = fs::read_to_string(directory.join(POSTGRES)) {
        let (server, schema) = place.split_once('\n').unwrap();
        let options = postgres::Options::new(server, node).unwrap().with_schema(schema).unwrap();
        let options = options.with_token(token).with_faults(faults);
        let store = Postgres::open(&options).unwrap();
        // The server may not have noticed yet that the process before has gone.
        while !store.admits().unwrap() {
            std::thread::sleep(Duration::from_millis(5));
        }
        return Box::new(store);
    }
    let options = sqlite::Options::new(directory.join("store"), node);
    let mut options = options.with_token(token).with_reserve(1 << 12).with_faults(faults);
    let texts = directory.join(OBJECTS);
    if texts.is_dir() {
        options = options.with_objects_from(1, Arc::new(Folder::open(texts).unwrap()));
    }
    Box::new(Sqlite::open(&options).unwrap())
}

/// Plays the steps from `from` on. Those before move only the dice, on a store of no account.
fn play(house: &House, store: &dyn Store, seed: u64, from: usize, done: impl Fn(usize)) {
    let all: Vec<Resource> = resources(house, &mut Dice::new(seed));
    let mut dice = Dice::new(seed + 1);
    let skipped = Memory::new(house.node.fp());
    for number in 0..STEPS {
        let place: &dyn Store = if number < from { &skipped } else { store };
        drop(step(house, place, &all, &mut dice));
        if number >= from {
            done(number + 1);
        }
    }
}

/// The process: `order` is seed, step and directory.
pub(crate) fn child(order: &str) {
    let mut parts = order.splitn(3, ' ');
    let mut number = || parts.next().unwrap().parse::<usize>().unwrap();
    let (seed, kill) = (number(), number());
    let directory = Path::new(parts.next().unwrap());
    let house = House::new();
    let count = AtomicUsize::new(0);
    let faults = Faults::new(move |_| {
        if count.fetch_add(1, Ordering::SeqCst) == kill {
            std::process::abort();
        }
        Ok(())
    });
    let store = open(directory, &house, faults);
    drop(house.append(&*store, &house.first(), at(10)));
    let done = |number: usize| {
        let head = store.snapshot().unwrap().head().count();
        fs::write(directory.join("done.new"), format!("{number} {head}")).unwrap();
        fs::rename(directory.join("done.new"), directory.join("done")).unwrap();
    };
    done(0);
    play(&house, &*store, u64::try_from(seed).unwrap(), 0, done);
}

/// Lets so many processes be killed; opens each store again, checks it, and lets the history go on: it
/// ends like one that was never killed. Returns how many were killed before their end.
pub(crate) fn run(runs: u64, command: impl Fn(&Path, u64, usize) -> Command + Sync) -> usize {
    let one = &|seed: u64| {
        let directory = tempfile::tempdir().unwrap();
        let kill = Dice::new(seed ^ 0x5eed).below(80);
        if seed.is_multiple_of(3) {
            fs::create_dir(directory.path().join(OBJECTS)).unwrap();
        }
        let mut command = command(directory.path(), seed, kill);
        let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
        after(directory.path(), seed);
        usize::from(!status.success())
    };
    // What takes time is waiting for the disk, so several run beside each other.
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|first| scope.spawn(move || (first..runs).step_by(8).map(one).sum::<usize>()))
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    })
}

fn after(directory: &Path, seed: u64) {
    let house = House::new();
    let store = open(directory, &house, Faults::none());
    let done = fs::read_to_string(directory.join("done")).unwrap_or_else(|_| "0 1".to_owned());
    let (number, head) = done.split_once(' ').unwrap();
    let found = store.snapshot().unwrap().head().count();
    assert!(found >= head.parse().unwrap(), "seed {seed}: what was done is durable");
    house.check(&*store);
    let memory = house.begin(Memory::new(house.node.fp()));
    play(&house, &memory, seed, 0, |_| {});
    house.append(&*store, &house.first(), at(10)).unwrap();
    play(&house, &*store, seed, number.parse().unwrap(), |_| {});
    house.check(&*store);
    let lines = |store: &dyn Store| {
        let snapshot = store.snapshot().unwrap();
        (snapshot.head(), snapshot.lines(&LineId::first(&house.node.fp()), usize::MAX))
    };
    assert_eq!(lines(&*store), lines(&memory), "seed {seed}");
    assert_eq!(store.events(0, 9_999).unwrap(), memory.events(0, 9_999).unwrap(), "seed {seed}");
    assert_eq!(store.kept().unwrap(), memory.kept().unwrap(), "seed {seed}");
}
