//! That what the page for operators says can be done as it stands there.

use std::time::Duration;

use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::{Error, Postgres, postgres};

use super::{rows, run, server};

const PAGE: &str = include_str!("../../../../docs/store.md");

/// The blocks of SQL of the page, and what stands in its text.
fn blocks() -> Vec<&'static str> {
    let blocks = PAGE.split("```text\n").skip(1).map(|block| block.split("```").next().unwrap());
    blocks.filter(|block| block.starts_with("CREATE ROLE")).collect()
}

fn statements() -> Vec<&'static str> {
    PAGE.split('`').filter(|words| words.starts_with("SELECT ")).collect()
}

/// A connection string of the test's server for another role and database.
fn as_role(server: &str, role: &str, database: &str) -> String {
    let replaced = ["user=", "dbname=", "password="];
    let is_kept = |word: &&str| !replaced.iter().any(|name| word.starts_with(name));
    let kept: Vec<&str> = server.split(' ').filter(is_kept).collect();
    format!("{} user={role} dbname={database} password=secret application_name=one", kept.join(" "))
}

/// A role and a database of a test, which go when it ends.
struct Guest<'a>(&'a str, &'a str, &'a str);

impl Drop for Guest<'_> {
    fn drop(&mut self) {
        let Self(server, role, watch) = self;
        for sql in [
            format!("DROP DATABASE IF EXISTS {role} WITH (FORCE)"),
            format!("DROP ROLE IF EXISTS {watch}, {role}"),
        ] {
            run(server, &sql);
        }
    }
}

#[test]
fn what_the_page_tells_operators_to_do_works() {
    let Some(server) = server() else { return };
    let [roles, watching] = blocks()[..] else { panic!("two blocks of commands") };
    let (role, watch) =
        (format!("sdmp_page_{}", std::process::id()), format!("watch_{}", std::process::id()));
    let guest = Guest(&server, &role, &watch);
    for sql in roles.replace("sdmp", &role).replace("'...'", "'secret'").split_inclusive(";\n") {
        run(&server, sql);
    }
    let house = House::new();
    let connection = as_role(&server, &role, &role);
    let options = postgres::Options::new(&connection, house.node.fp()).unwrap();
    let store = house.begin(Postgres::open(&options).unwrap());
    house.append(&store, &house.messages(0..3), at(100)).unwrap();
    let watching = watching
        .replace("DATABASE sdmp", &format!("DATABASE {role}"))
        .replace("watch", &watch)
        .replace("'...'", "'secret'")
        .replace("node_...", options.schema());
    // The superuser of the test's server, in the database of the node.
    let superuser = server.replace("dbname=postgres", &format!("dbname={role}"));
    watching.split_inclusive(";\n").for_each(|sql| run(&superuser, sql));
    let watcher = as_role(&server, &watch, &role);
    let path = format!("SET search_path = {}", options.schema());
    let statements = statements();
    let [head, inbox, due, admits, terminate] = statements[..] else { panic!("{statements:?}") };
    assert_eq!(rows(&watcher, &path, head).unwrap()[0], ["7", "2026-12-01 09:00:00+00", "1"]);
    for counted in [inbox, due] {
        assert_eq!(rows(&watcher, &path, counted).unwrap(), [["0"]]);
    }
    let admitting = rows(&watcher, &path, admits).unwrap();
    let mine = admitting.iter().find(|row| row[1] == "one").unwrap();
    assert!(rows(&watcher, &path, "SELECT text FROM text").is_err(), "what people wrote");
    // The lock goes to another process when its connection is ended.
    let two = Postgres::open(&options).unwrap();
    assert!(!two.admits().unwrap());
    rows(&connection, &path, &terminate.replace("(pid)", &format!("({})", mine[0]))).unwrap();
    let admits = || two.admits().unwrap();
    assert!((0..1000).any(|_| admits() || {
        std::thread::sleep(Duration::from_millis(5));
        false
    }));
    assert!(matches!(
        house.append(&store, &[], at(100)).unwrap_err(),
        Error::Away(_) | Error::Fenced
    ));
    house.check(&two);
    drop((store, two, guest));
}
