//! What the server does: damage, versions, a full disk, connections that are lost.

use sdmp_store::suite::Place;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::{Keyed, at};
use sdmp_store::{Error, Faults, Postgres, Store, fsck, postgres, repair};

use super::processes::DEPOSE;
use super::{PostgresPlace, rows, run, server};

fn begun() -> Option<(House, PostgresPlace, Postgres)> {
    server()?;
    let house = House::new();
    let place = PostgresPlace::new(&house.node.fp());
    let store = house.begin(place.open(Faults::none()).unwrap());
    Some((house, place, store))
}

#[test]
fn a_newer_store_another_nodes_and_a_copied_one_do_not_open() {
    let Some((house, place, store)) = begun() else { return };
    drop(store);
    place.run("INSERT INTO version VALUES (7)");
    let newer = Error::Newer { found: 7, known: postgres::VERSION };
    assert_eq!(place.open(Faults::none()).unwrap_err(), newer);
    place.run("DELETE FROM version WHERE number = 7");
    let other = postgres::Options::new(&place.server, house.other.fp()).unwrap();
    let other = other.with_schema(&place.schema).unwrap();
    assert_eq!(Postgres::open(&other).unwrap_err(), Error::OtherNode);
    let directory = tempfile::tempdir().unwrap();
    let options = place.options().with_token(directory.path().join("token"));
    assert_eq!(Postgres::open(&options).unwrap_err(), Error::Token);
    drop(Postgres::open(&options.clone().with_moved()).unwrap());
    drop(Postgres::open(&options).unwrap());
    place.run("UPDATE head SET token = '\\x00'");
    assert_eq!(Postgres::open(&options).unwrap_err(), Error::Token);
}

#[test]
fn a_store_of_version_1_opens_with_all_that_it_had() {
    let Some(server) = server() else { return };
    let house = House::new();
    let schema = format!("sdmp_fixture_{}", std::process::id());
    let fixture = include_str!("../fixtures/postgres-1.sql");
    run(&server, &format!("CREATE SCHEMA {schema}; SET search_path = {schema}; {fixture}"));
    let options = |faults| {
        let options = postgres::Options::new(&server, house.node.fp()).unwrap();
        options.with_schema(&schema).unwrap().with_faults(faults)
    };
    // Not done, and done at the next start.
    for step in ["migrate", "migrated"] {
        let fault = move |at: &str| if at == step { Err(Error::Full) } else { Ok(()) };
        assert_eq!(Postgres::open(&options(Faults::new(fault))).unwrap_err(), Error::Full);
    }
    let store = Postgres::open(&options(Faults::none())).unwrap();
    house.check(&store);
    let kept = store.kept().unwrap();
    assert_eq!((kept.peers.len(), kept.wants.len()), (1, 2));
    assert_eq!(store.snapshot().unwrap().head().count(), 17);
    assert_eq!(store.events(0, 99).unwrap().len(), 21);
    assert_eq!(house.append(&store, &house.messages(70..73), at(9999)).unwrap().lines.len(), 3);
    house.check(&store);
    drop(store);
    let path = format!("SET search_path = {schema}");
    let version = rows(&server, &path, "SELECT max(number) FROM version").unwrap();
    assert_eq!(version, [[postgres::VERSION.to_string()]]);
    run(&server, &format!("DROP SCHEMA {schema} CASCADE"));
}

#[test]
fn a_schema_has_a_plain_name() {
    let options = postgres::Options::new("host=/nowhere", House::new().node.fp()).unwrap();
    for name in ["", "9a", "a b", "a;b", "A", "a\"", &"a".repeat(64)] {
        assert_eq!(options.clone().with_schema(name).unwrap_err().code(), "store.engine", "{name}");
    }
    assert_eq!(Postgres::open(&options).unwrap_err().code(), "store.away");
}

#[test]
fn a_servers_full_disk_is_told_as_such_and_leaves_nothing() {
    let Some((house, place, store)) = begun() else { return };
    place.run(
        "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
         $$ BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = '53100'; END $$;",
    );
    let messages = house.messages(0..3);
    for table in ["resource", "text", "event", "head"] {
        place.run(&format!(
            "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE ON {table} EXECUTE FUNCTION full_disk()"
        ));
        assert_eq!(house.append(&store, &messages, at(20)).unwrap_err(), Error::Full, "{table}");
        house.check(&store);
        place.run(&format!("DROP TRIGGER full_disk ON {table}"));
    }
    assert_eq!(store.snapshot().unwrap().head().count(), 4);
    assert_eq!(house.append(&store, &messages, at(20)).unwrap().lines.len(), 3);
    house.check(&store);
}

#[test]
fn lost_connections_are_made_again() {
    let Some((house, place, store)) = begun() else { return };
    let snapshot = store.snapshot().unwrap();
    place.run(DEPOSE);
    let again = |call: &dyn Fn() -> Result<(), Error>| {
        for _ in 0..100 {
            match call() {
                Ok(()) => return,
                Err(Error::Away(_) | Error::Fenced) => {
                    std::thread::sleep(std::time::Duration::from_millis(10));
                }
                Err(other) => panic!("{other}"),
            }
        }
        panic!("not made again");
    };
    again(&|| house.append(&store, &house.messages(0..3), at(20)).map(drop));
    assert_eq!(snapshot.head().count(), 4);
    assert_eq!(store.snapshot().unwrap().head().count(), 7);
    house.check(&store);
}

#[test]
fn indexes_are_repaired_and_nothing_else_is() {
    for (change, is_index, opens) in [
        ("UPDATE trust SET bits = 1", true, true),
        ("DELETE FROM trust", true, false),
        ("DELETE FROM identity WHERE n = 2", true, false),
        ("UPDATE resource SET created = 5, kind = 4 WHERE n = 5", true, true),
        ("DELETE FROM text WHERE n = 5", false, true),
        ("UPDATE resource SET lid = '\\x00' WHERE n = 6", false, true),
    ] {
        let Some((house, place, store)) = begun() else { return };
        house.append(&store, &house.messages(0..3), at(20)).unwrap();
        drop(store);
        place.run(change);
        let opened = place.open(Faults::none());
        assert_eq!(opened.is_ok(), opens, "{change}: {:?}", opened.err());
        drop(opened);
        let store = Postgres::open(&place.options().with_repair()).unwrap();
        let node = house.node.fp();
        let found = fsck(&store, &node, &Keyed);
        let left = repair(&store, &node, &Keyed);
        match is_index {
            true => assert_eq!(left.unwrap().faults, [], "{change}"),
            false => assert_eq!(left, found, "{change}"),
        }
        if is_index {
            house.check(&store);
        }
    }
}
