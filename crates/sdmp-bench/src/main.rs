//! Paired measurements: every figure is a ratio of two times of the same run, the fifth percentile of each, in interleaved
//! rounds, because machines are shared and noisy. `cargo xtask bench` runs it.
//!
//! Usage: `sdmp-bench [ROUNDS] [handshake|primitives|bulk|batch|loopback]`

mod batch;
mod bulk;
mod handshake;
mod loopback;
mod primitives;
mod rounds;
mod tls;

use std::fs;

use rounds::Table;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let rounds = arguments.iter().find_map(|word| word.parse().ok()).unwrap_or(60);
    let wanted = |name: &str| {
        arguments.iter().all(|word| word.parse::<usize>().is_ok())
            || arguments.iter().any(|word| word == name)
    };
    let mut tables: Vec<Table> = Vec::new();
    if wanted("primitives") {
        tables.push(primitives::measure(rounds));
    }
    if wanted("handshake") {
        tables.extend(handshake::measure(rounds));
    }
    if wanted("bulk") {
        tables.extend(bulk::measure(rounds));
    }
    if wanted("batch") {
        tables.extend(batch::measure(rounds));
    }
    if wanted("loopback") {
        tables.extend(loopback::measure(rounds));
    }
    let text: String = tables.iter().map(Table::markdown).collect();
    print!("{text}");
    let json: Vec<String> = tables.iter().map(Table::json).collect();
    let directory = std::env::var("SDMP_BENCH_DIR").unwrap_or_else(|_| "target/bench".to_owned());
    fs::create_dir_all(&directory).expect("the report's directory");
    fs::write(format!("{directory}/report.md"), text).expect("the report");
    fs::write(format!("{directory}/report.json"), format!("[{}]\n", json.join(",\n")))
        .expect("the report");
}
