//! That nothing is looked for by reading a whole table, and that a start does not depend on the number of rows.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::{Faults, Gone, Store};

use super::{begun, database};
use sdmp_store::suite::Place;

/// The literals of a source file that are SQL, each statement by itself.
fn statements(source: &str) -> Vec<String> {
    let code: String = source.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    let literals = code.split('"').skip(1).step_by(2);
    let is_sql = |sql: &&str| {
        ["SELECT ", "INSERT ", "UPDATE ", "DELETE ", "WITH "]
            .iter()
            .any(|verb| sql.starts_with(verb))
    };
    literals
        .flat_map(|literal| literal.split(';').map(str::trim))
        .filter(is_sql)
        .map(|sql| sql.replace("{table}", "trust"))
        .collect()
}

/// What may be read as a whole: what was just given; one row; control, which is held in memory; cursors and wants at the start, whose
/// number is bounded (N31), whom a person has blocked, authors; and all rows where the indexes are written anew.
const WHOLE: [(&str, &str); 14] = [
    ("INSERT INTO recent VALUES", "SCAN 2-ROW VALUES CLAUSE"),
    ("FROM head", "SCAN head"),
    ("UPDATE head SET", "SCAN head"),
    ("r.kind < 3 ORDER BY r.n", "SCAN r USING INDEX resource_control"),
    ("kind < 3", "SCAN resource USING INDEX resource_control"),
    ("FROM blocked JOIN key", "SCAN blocked"),
    ("FROM taken CROSS JOIN key", "SCAN taken"),
    ("FROM peer CROSS JOIN key", "SCAN peer"),
    ("FROM want JOIN key a", "SCAN want USING INDEX sqlite_autoindex_want_1"),
    ("FROM holder JOIN key", "SCAN holder"),
    ("FROM sealed JOIN resource", "SCAN sealed"),
    ("DELETE FROM taken", "SCAN taken"),
    ("INSERT INTO taken SELECT", "SCAN resource USING INDEX resource_author"),
    ("UNION SELECT substr(lid, 1, 8), n FROM resource", "SCAN resource"),
];

#[test]
fn no_statement_reads_a_whole_table() {
    let (_, place) = begun();
    let db = database(&place);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/sqlite");
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "rs") {
            continue;
        }
        for sql in statements(&fs::read_to_string(&path).unwrap()) {
            let mut plan = db.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let mut rows = plan.raw_query();
            while let Some(row) = rows.next().unwrap() {
                let step: String = row.get(3).unwrap();
                let is_known = |(part, whole): &(&str, &str)| sql.contains(part) && step == *whole;
                if step.starts_with("SCAN ") && !WHOLE.iter().any(is_known) {
                    wrong.push(format!("{step}: {sql}"));
                }
            }
            count += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 45, "statements were found: {count}");
}

/// Rows as an append writes them, without what makes them resources.
fn fill(db: &rusqlite::Connection, rows: u32) {
    db.execute_batch(&format!(
        "BEGIN; CREATE TEMP TABLE number AS WITH RECURSIVE number (n) AS
           (SELECT 5 UNION ALL SELECT n + 1 FROM number WHERE n < {rows} + 4) SELECT n FROM number;
         INSERT INTO resource SELECT n, randomblob(64), randomblob(64), 5, 1, 1, 3, n, 1, 9, 0, 0 FROM number;
         INSERT INTO text SELECT n, CAST('a text of a row' AS BLOB) FROM number;
         INSERT INTO event SELECT n, n, 0, 0 FROM number;
         INSERT INTO hash SELECT substr(id, 1, 8), n FROM resource WHERE n > 4
           UNION SELECT substr(lid, 1, 8), n FROM resource WHERE n > 4;
         UPDATE head SET seq = seq + {rows}; DROP TABLE number; COMMIT"
    ))
    .unwrap();
}

#[test]
fn a_store_of_100_000_rows_opens_as_fast_as_an_empty_one() {
    let (house, place) = begun();
    fill(&database(&place), 100_000);
    let start = Instant::now();
    let store = place.open(Faults::none()).unwrap();
    let snapshot = store.snapshot().unwrap();
    let newest = snapshot.rows(100_000, 9);
    assert_eq!((snapshot.head().count(), newest.len()), (100_004, 5));
    assert_eq!(snapshot.text(&newest[0]).as_deref(), Some("a text of a row"));
    assert_eq!(snapshot.gone(&newest[1]), Some(Gone::Here));
    assert!(snapshot.meta(&newest[2]).is_some());
    let taken = start.elapsed();
    assert!(taken < Duration::from_millis(500), "{taken:?}");
    assert_eq!(house.append(&store, &house.messages(0..3), at(100)).unwrap().lines.len(), 3);
}

#[test]
fn rows_are_found_wherever_their_entries_are() {
    let house = House::new();
    let (_, place) = begun();
    let store = place.open(Faults::none()).unwrap();
    let messages = house.messages(0..700);
    for few in messages.chunks(70) {
        house.append(&store, few, at(1000)).unwrap();
    }
    let db = database(&place);
    let entries = |table: &str| -> u64 {
        let count: i64 =
            db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        count.try_into().unwrap()
    };
    let (recent, settled) = (entries("recent"), entries("hash"));
    assert!(recent > 0 && settled > 20, "{recent}, {settled}");
    assert_eq!(recent + settled, 2 * 703);
    // After 128 times 64 lines each part was moved once: nothing stays among the new for ever.
    let mut last = 0;
    for first in (700..9_000).step_by(256) {
        last = house
            .append(&store, &house.messages(first..first + 256), at(9_999))
            .unwrap()
            .head
            .count();
    }
    assert_eq!(entries("recent") + entries("hash"), 2 * (last - 1));
    assert!(entries("recent") < 128 * 64 * 2, "{}", entries("recent"));
    let snapshot = store.snapshot().unwrap();
    assert!(messages.iter().all(|one| snapshot.text(one.id()).is_some()));
    assert_eq!(house.append(&store, &messages[..9], at(9_999)).unwrap().lines.len(), 0, "known");
    house.check(&store);
}
