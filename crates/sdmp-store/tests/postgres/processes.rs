//! Several processes with one store: one admits, whatever the others do.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

use sdmp_journal::{Grants, LineId, Resource};
use sdmp_store::suite::Place;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::{Error, Faults, Gone, Postgres, Store, postgres};

use super::{PostgresPlace, server};
use crate::kill;

const CHILD: &str = "SDMP_STORE_WRITER";

/// Ends the connection that holds the lock of the one process that admits.
pub(super) const DEPOSE: &str = "SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory'
    AND (classid::bigint << 32) + objid::bigint = 'head'::regclass::oid::bigint + 7021800360943616000";

fn begun() -> Option<(House, PostgresPlace, Postgres)> {
    server()?;
    let house = House::new();
    let place = PostgresPlace::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    Some((house, place, store))
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < Duration::from_secs(20), "{what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn one_admits_and_the_others_serve_what_it_wrote() {
    let Some((house, place, one)) = begun() else { return };
    let two = place.open(Faults::none()).unwrap();
    assert!(one.admits().unwrap() && !two.admits().unwrap());
    let messages = house.messages(0..3);
    assert_eq!(house.append(&two, &messages, at(20)).unwrap_err(), Error::Fenced);
    assert_eq!(two.give_up(&[], Gone::Evicted).unwrap_err(), Error::Fenced);
    assert_eq!(two.block(&house.user.fp(), true).unwrap_err(), Error::Fenced);
    let before = two.snapshot().unwrap();
    let guest = house.user.author().trust(&house.other.fp(), Grants::ALL, None, at(3)).unwrap();
    house.append(&one, std::slice::from_ref(&guest), at(20)).unwrap();
    house.append(&one, &messages, at(20)).unwrap();
    assert!(before.trust(guest.id()).is_none());
    let snapshot = two.snapshot().unwrap();
    assert_eq!(snapshot.head().count(), 8);
    assert!(snapshot.trust(guest.id()).is_some() && snapshot.text(messages[2].id()).is_some());
    house.check(&two);
    drop(one);
    until("the lock is free", || two.admits().unwrap());
    house.append(&two, &house.messages(3..5), at(20)).unwrap();
    house.check(&two);
}

#[test]
fn a_late_write_of_a_process_that_lost_the_lock_is_refused() {
    let Some((house, place, one)) = begun() else { return };
    let two = place.open(Faults::none()).unwrap();
    place.run(DEPOSE);
    until("the lock is free", || two.admits().unwrap());
    let messages = house.messages(0..2);
    let late = || house.append(&one, &messages, at(20));
    until("the first one notices", || !matches!(late().unwrap_err(), Error::Away(_)));
    assert_eq!(late().unwrap_err(), Error::Fenced);
    assert_eq!(house.append(&two, &messages, at(20)).unwrap().lines.len(), 2);
    // Also where the lock is still held, but the fence has grown.
    place.run("UPDATE head SET fence = fence + 1");
    assert_eq!(house.append(&two, &house.messages(2..3), at(20)).unwrap_err(), Error::Fenced);
    house.check(&one);
}

#[test]
fn what_others_fetched_reaches_the_one_that_admits() {
    let Some((house, place, one)) = begun() else { return };
    let two = place.open(Faults::none()).unwrap();
    let mut listener = one.listen().unwrap();
    assert!(!listener.wait(Duration::from_millis(20)).unwrap());
    let messages = house.messages(0..3);
    assert_eq!(two.hand_over(&house.other.fp(), &messages).unwrap(), 3);
    assert!(listener.wait(Duration::from_secs(20)).unwrap());
    let handed = one.inbox(2).unwrap();
    assert_eq!(handed.len(), 2);
    assert_eq!(handed[0].peer, house.other.fp());
    let resources: Vec<Resource> = handed.iter().map(|one| one.resource.clone()).collect();
    assert_eq!(house.append(&one, &resources, at(20)).unwrap().lines.len(), 2);
    let numbers: Vec<u64> = handed.iter().map(|one| one.number).collect();
    assert_eq!(two.handled(&numbers).unwrap_err(), Error::Fenced);
    one.handled(&numbers).unwrap();
    let left = two.inbox(9).unwrap();
    assert_eq!((left.len(), left[0].resource.id()), (1, messages[2].id()));
    // The inbox is bounded.
    let many: Vec<Resource> = std::iter::repeat_n(messages[2].clone(), 5000).collect();
    assert_eq!(two.hand_over(&house.other.fp(), &many).unwrap(), 4095);
    assert_eq!(two.hand_over(&house.other.fp(), &messages).unwrap(), 0);
}

#[test]
fn who_listens_hears_of_each_call_and_after_a_lost_connection_looks_again() {
    let Some((house, place, one)) = begun() else { return };
    let two = place.open(Faults::none()).unwrap();
    let mut listener = two.listen().unwrap();
    let short = Duration::from_millis(20);
    assert!(!listener.wait(short).unwrap());
    house.append(&one, &house.messages(0..1), at(20)).unwrap();
    assert!(listener.wait(Duration::from_secs(20)).unwrap());
    let wants = sdmp_store::Changes::default();
    one.keep(wants.clone()).unwrap();
    one.keep(wants).unwrap();
    assert!(listener.wait(Duration::from_secs(20)).unwrap());
    until("several are one", || !listener.wait(short).unwrap());
    let listening = format!("LISTEN {}", place.schema);
    place.run(&format!(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query = '{listening}'"
    ));
    // What was written meanwhile is not told, so it says that something may have been.
    until("it noticed", || listener.wait(short).unwrap());
    until("nothing more", || !listener.wait(short).unwrap());
    house.append(&one, &house.messages(1..2), at(20)).unwrap();
    assert!(listener.wait(Duration::from_secs(20)).unwrap());
}

/// A process that appends its messages, whenever it admits, and hands them over otherwise.
fn write(place: &str) {
    let mut lines = place.lines();
    let (server, schema) = (lines.next().unwrap(), lines.next().unwrap());
    let first: i64 = lines.next().unwrap().parse().unwrap();
    let house = House::new();
    let options = postgres::Options::new(server, house.node.fp()).unwrap();
    let store = Postgres::open(&options.with_schema(schema).unwrap()).unwrap();
    let messages = house.messages(first..first + 40);
    let missing = || {
        let snapshot = store.snapshot()?;
        let missing = messages.iter().filter(|one| snapshot.meta(one.id()).is_none());
        let missing: Vec<Resource> = missing.take(3).cloned().collect();
        snapshot.check().map(|()| missing)
    };
    until("all is written", || {
        let some = match missing() {
            Ok(missing) if missing.is_empty() => return true,
            Ok(missing) => missing,
            Err(_) => return false,
        };
        match house.append(&store, &some, at(1000)) {
            Ok(_) => {
                for handed in store.inbox(8).unwrap_or_default() {
                    let resource = std::slice::from_ref(&handed.resource);
                    let appended = house.append(&store, resource, at(1000));
                    drop(appended.and_then(|_| store.handled(&[handed.number])));
                }
            }
            Err(Error::Fenced) => drop(store.hand_over(&house.other.fp(), &some)),
            Err(Error::Away(_)) => {}
            Err(other) => panic!("{other}"),
        }
        false
    });
}

/// What the writing processes run; by itself it has nothing to do.
#[test]
fn entry_of_the_writing_process() {
    if let Ok(place) = std::env::var(CHILD) {
        write(&place);
    }
}

fn writer(place: &PostgresPlace, first: i64) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let entry = "postgres::processes::entry_of_the_writing_process";
    command.args(["--exact", entry, "--quiet", "--nocapture"]).stdout(Stdio::null());
    command.env(CHILD, format!("{}\n{}\n{first}", place.server, place.schema));
    command.spawn().unwrap()
}

#[test]
fn two_processes_that_write_keep_every_invariant_while_the_lock_changes_hands() {
    let Some((house, place, store)) = begun() else { return };
    drop(store);
    let mut processes = [writer(&place, 0), writer(&place, 1000)];
    let mut rounds = 0;
    let is_running = |process: &mut Child| process.try_wait().unwrap().is_none();
    while processes.iter_mut().any(is_running) {
        place.run(DEPOSE);
        // A process is killed, too, and begins again.
        if rounds == 3 {
            processes[1].kill().unwrap();
            processes[1].wait().unwrap();
            processes[1] = writer(&place, 1000);
        }
        rounds += 1;
        // Longer each time: on a busy machine a connection may take longer than the first pauses.
        std::thread::sleep(Duration::from_millis(50 + 10 * rounds));
    }
    for mut process in processes {
        assert!(process.wait().unwrap().success());
    }
    let store = place.open(Faults::none()).unwrap();
    let lines = store.snapshot().unwrap().lines(&LineId::first(&house.node.fp()), 999).unwrap();
    assert_eq!(lines.len(), 3 + 80);
    let events = store.events(0, 999).unwrap();
    assert_eq!(
        events.iter().map(|one| one.number).collect::<Vec<_>>(),
        (1..84).collect::<Vec<_>>()
    );
    house.check(&store);
}

#[test]
fn a_store_whose_process_was_killed_at_any_step_goes_on() {
    if server().is_none() {
        return;
    }
    let places = Mutex::new(Vec::new());
    let killed = kill::history::run(12, |directory, seed, step| {
        let place = PostgresPlace::new(&House::new().node.fp());
        let line = format!("{}\n{}", place.server, place.schema);
        fs::write(directory.join(kill::history::POSTGRES), line).unwrap();
        places.lock().unwrap().push(place);
        kill::child(directory, seed, step)
    });
    assert!(killed > 5, "{killed}");
}
