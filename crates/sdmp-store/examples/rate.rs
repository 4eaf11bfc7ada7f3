//! Measures a store: rows a second in appends of 1, 64 and 256, the longest write-ahead log, octets a row, time to open.
//! `cargo run --release -p sdmp-store --features postgres,suite --example rate [rows] [place]`, 10,000
//! rows unless another number is given. The place is a directory for SQLite, or a connection string of
//! PostgreSQL (`host=127.0.0.1 port=5432 user=sdmp dbname=test`), where a schema is made and dropped.
//! Signatures are keyed hashes, so that what is measured is the store and judging.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that is wrong should stop"
)]

use std::io::Write;
use std::time::{Duration, Instant};

use sdmp_container::Container;
use sdmp_journal::{Candidate, Resource};
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::{Keyed, at};
use sdmp_store::{Append, Postgres, Sqlite, Store, postgres, sqlite::Options};

/// Makes a text of about 2.7 KB.
fn message(house: &House, n: i64) -> Resource {
    let text = format!("{n:0>1500}");
    let text =
        format!(r#"{{"sdmp":{{"version":"0.12.0","schemas":["message"]}},"message":"{text}"}}"#);
    let container = Container::parse(text).unwrap();
    house.node.under(&house.trust).publish(&container, at(n)).unwrap()
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let rows: i64 = arguments.next().map_or(10_000, |rows| rows.parse().unwrap());
    let place = arguments.next().unwrap_or_else(|| ".".to_owned());
    let house = House::new();
    if place.contains("host=") {
        return in_postgres(&house, rows, &place);
    }
    let directory = tempfile::tempdir_in(place).unwrap();
    let mut file = tempfile::tempfile_in(directory.path()).unwrap();
    let start = Instant::now();
    for _ in 0..100 {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    println!("a write of 4 KiB and fdatasync: {:.2} ms", start.elapsed().as_secs_f64() * 10.0);
    let options = Options::new(directory.path().join("store"), house.node.fp());
    let log = directory.path().join("store/store.sqlite-wal");
    let length = || std::fs::metadata(&log).map_or(0, |found| found.len());
    let octets = fill(&house, house.begin(Sqlite::open(&options).unwrap()), rows, &length);
    let size = std::fs::metadata(directory.path().join("store/store.sqlite")).unwrap().len();
    println!("{octets} octets a text, {} a row on the disk", size / rows.unsigned_abs());
    opened(|| Sqlite::open(&options).unwrap());
}

fn in_postgres(house: &House, rows: i64, server: &str) {
    let options = postgres::Options::new(server, house.node.fp()).unwrap();
    let options = options.with_schema("sdmp_rate").unwrap();
    // Also what a measurement that was stopped has left.
    drop_schema(server);
    let octets = fill(house, house.begin(Postgres::open(&options).unwrap()), rows, &|| 0);
    println!("{octets} octets a text");
    opened(|| Postgres::open(&options).unwrap());
    drop_schema(server);
}

fn drop_schema(server: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, io) = tokio_postgres::connect(server, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(io);
        client.batch_execute("DROP SCHEMA IF EXISTS sdmp_rate CASCADE").await.unwrap();
    });
}

/// Appends so many rows; returns the octets of a text.
fn fill(house: &House, store: impl Store, rows: i64, log: &dyn Fn() -> u64) -> usize {
    let mut longest = 0;
    let (mut made, mut octets, mut single) = (0, 0, 0.0);
    // Each single one waits for the disk: a few thousand are enough.
    let few = (rows / 20).min(5_000);
    let some = rows * 9 / 20;
    for (batch, count) in [(1, few), (64, some), (256, rows - few - some)] {
        let (mut spent, mut busy) = (Duration::ZERO, Duration::ZERO);
        // Made in parts: a million of them do not fit in memory.
        for part in 0..count / 2_000 + 1 {
            let end = made + count.min(part * 2_000 + 2_000);
            // Verified before, as a node does in a pool.
            let snapshot = store.snapshot().unwrap();
            let verified = |n| {
                let mut candidate = Candidate::new(message(house, n));
                assert_eq!(candidate.verify(&*snapshot, &Keyed), Some(true));
                candidate
            };
            let messages: Vec<Candidate> = (made + part * 2_000..end).map(verified).collect();
            octets += messages.iter().map(|one| one.resource().text().len()).sum::<usize>();
            let (start, writer) = (Instant::now(), writer_time());
            for few in messages.chunks(batch) {
                let append = Append::new(house.user.fp(), at(rows + 100), few.to_vec());
                let appended = store.append(append).unwrap();
                assert_eq!(appended.lines.len(), few.len());
                longest = log().max(longest);
            }
            spent += start.elapsed();
            busy += writer_time().saturating_sub(writer);
        }
        let writer = busy.as_secs_f64() * 1e6 / count as f64;
        let rate = count as f64 / spent.as_secs_f64();
        if batch == 1 {
            single = rate;
        }
        println!(
            "appends of {batch}: {rate:.0} rows a second, {:.1} times single ones, \
             {writer:.0} us of the writer's processor a row",
            rate / single
        );
        made += count;
    }
    println!("the write-ahead log had at most {:.1} MiB", longest as f64 / f64::from(1 << 20));
    octets / made as usize
}

/// What the writer's thread has used of a processor: unlike the rate it says the same on a machine that
/// does other things too. Where the system does not tell it is nothing.
fn writer_time() -> Duration {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return Duration::ZERO };
    let of = |task: std::io::Result<std::fs::DirEntry>| {
        let path = task.ok()?.path();
        let name = std::fs::read_to_string(path.join("comm")).ok()?;
        let times = std::fs::read_to_string(path.join("schedstat")).ok()?;
        let nanoseconds = times.split(' ').next()?.parse().ok()?;
        (name.trim_end() == "sdmp-store").then(|| Duration::from_nanos(nanoseconds))
    };
    tasks.filter_map(of).sum()
}

/// The time from the start to the first answer.
fn opened<S: Store>(open: impl FnOnce() -> S) {
    let start = Instant::now();
    let store = open();
    let snapshot = store.snapshot().unwrap();
    let head = snapshot.head().count();
    let last = snapshot.rows(head, 1);
    assert!(snapshot.text(&last[0]).is_some());
    println!("{head} lines open in {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
}
