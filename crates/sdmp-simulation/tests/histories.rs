//! Histories with all faults, and a small crowd. The long runs are `cargo xtask simulate-nodes`.

use sdmp_simulation::{crowd, history};

#[test]
fn n36_histories_with_all_faults_end_in_the_same_state() {
    let published: u64 = (0..3).map(|seed| history::run(seed).published).sum();
    assert!(published > 0, "there was something to find");
}

#[test]
fn a_seed_gives_the_same_history_again() {
    let once = history::run(7);
    assert_eq!(once, history::run(7));
    assert_ne!(once.trace, history::run(1).trace);
}

#[test]
fn n36_a_small_crowd_finds_the_same() {
    let settled = crowd::run(10, 10, 1);
    // Identities and trusts of eight friends and the own ones, and what was said.
    assert!(settled.lines > 10 * 20 && settled.minutes <= 60, "{settled:?}");
}
