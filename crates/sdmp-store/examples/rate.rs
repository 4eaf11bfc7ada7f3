//! Measures a SQLite store: rows a second in appends of 1, 64 and 256, octets a row, time to open.
//! `cargo run --release -p sdmp-store --example rate [rows] [directory]`, 10,000 rows unless another
//! number is given. Signatures are keyed hashes, so that what is measured is the store and judging.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::integer_division,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that is wrong should stop"
)]

use std::io::Write;
use std::time::Instant;

use sdmp_container::Container;
use sdmp_journal::Resource;
use sdmp_store::suite::house::House;
use sdmp_store::suite::people::at;
use sdmp_store::{Sqlite, Store, sqlite::Options};

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
    let parent = arguments.next().unwrap_or_else(|| ".".to_owned());
    let directory = tempfile::tempdir_in(parent).unwrap();
    let mut file = tempfile::tempfile_in(directory.path()).unwrap();
    let start = Instant::now();
    for _ in 0..100 {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
    }
    println!("a write of 4 KiB and fdatasync: {:.2} ms", start.elapsed().as_secs_f64() * 10.0);

    let house = House::new();
    let options = Options::new(directory.path().join("store"), house.node.fp());
    let store = house.begin(Sqlite::open(&options).unwrap());
    let (mut made, mut octets) = (0, 0);
    for (batch, count) in [(1, rows / 20), (64, rows * 9 / 20), (256, rows / 2)] {
        let messages: Vec<Resource> = (made..made + count).map(|n| message(&house, n)).collect();
        octets += messages.iter().map(|one| one.text().len()).sum::<usize>();
        let start = Instant::now();
        for few in messages.chunks(batch) {
            let appended = house.append(&store, few, at(rows + 100)).unwrap();
            assert_eq!(appended.lines.len(), few.len());
        }
        let rate = count as f64 / start.elapsed().as_secs_f64();
        println!("appends of {batch}: {rate:.0} rows a second");
        made += count;
    }
    drop(store);
    let size = std::fs::metadata(directory.path().join("store/store.sqlite")).unwrap().len();
    println!("{} octets a text, {} a row on the disk", octets / made as usize, size / made as u64);
    let start = Instant::now();
    let store = Sqlite::open(&options).unwrap();
    let head = store.snapshot().unwrap().head().count();
    println!("{head} lines open in {:.1} ms", start.elapsed().as_secs_f64() * 1000.0);
}
