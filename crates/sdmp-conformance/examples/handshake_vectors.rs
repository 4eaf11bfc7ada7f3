//! Writes `vectors/handshake/transcript-*.json`: whole sessions with every intermediate value.
//!
//! ```console
//! $ cargo run --release -p sdmp-conformance --example handshake_vectors
//! $ cargo run --release -p sdmp-conformance --example handshake_vectors -- --search
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::indexing_slicing,
    reason = "a generator that fails should stop"
)]

#[path = "../tests/transcript/mod.rs"]
mod transcript;

use std::fs;

use sdmp_conformance::load;
use transcript::{PLANS, Plan, play, values};

fn main() {
    if std::env::args().any(|argument| argument == "--search") {
        return search();
    }
    let directory = load::own_directory().join("handshake");
    fs::create_dir_all(&directory).unwrap();
    for plan in &PLANS {
        let (values, _) = values::compute(plan);
        let file = play(plan, &values);
        let text = serde_json::to_string_pretty(&file).unwrap() + "\n";
        let path = directory.join(format!("transcript-{}.json", plan.id));
        fs::write(&path, text).unwrap();
        println!("{}", path.display());
    }
}

/// The first seeds whose Z begins with one and with two zero octets, in ffdhe2048.
fn search() {
    let mut wanted = 1;
    for seed in 0.. {
        let plan = Plan { seed, ..PLANS[0] };
        let zeros = plan.z().iter().take_while(|octet| **octet == 0).count();
        if zeros >= wanted {
            println!("seed {seed}: {zeros} leading zero octets");
            wanted = zeros + 1;
        }
        if wanted > 2 {
            return;
        }
    }
}
