//! What very many wants cost (N51).

use sdmp_container::{ResourceName, Timestamp};
use sdmp_journal::Head;
use sdmp_journal::exchange::{Answered, Lines};
use sdmp_journal::sync::{Limits, Wants};

use super::desk::{ALL, Desk, SESSION, fp, id, name, requests};
use crate::common::at;

const MOST: u32 = 100_000;

/// What the documentation of `Wants` says.
#[test]
fn n51_the_memory_of_100_000_wants_is_as_stated() {
    let mut wants = Wants::default();
    let now: Timestamp = at(0);
    let names: Vec<ResourceName> = (0..MOST).map(|n| name(ALL, n)).collect();
    let info = allocation_counter::measure(|| {
        for name in &names {
            wants.add(name, &fp(2), now);
        }
        drop(wants.take_changes(now));
    });
    assert_eq!((wants.len(), wants.open_from(&fp(2))), (names.len(), names.len()));
    let each = info.bytes_current.unsigned_abs() / u64::from(MOST);
    println!("octets for each want: {each}");
    assert!(each <= 1_900, "{each}");
}

/// How many requests follow an answer with ten lines, of which each makes a want.
fn asks_on(open_wants: usize) -> usize {
    let mut limits = Limits::default();
    limits.open_wants = open_wants;
    let mut desk = Desk::new(limits);
    let request = requests(&desk.connect(2)).remove(0);
    let mut head = Head::new(&fp(2));
    let since = head.last();
    let entries = (0..10).map(|n| head.append(fp(ALL), id(n))).collect();
    let wishes = desk.answer(SESSION, request, Answered::Lines(Lines { since, entries }));
    assert_eq!(desk.machine.wants().open_from(&fp(2)), 10);
    requests(&wishes).len()
}

/// A small limit stands for the large one: the machine does not know the difference.
#[test]
fn n51_over_the_limit_of_open_wants_a_journal_is_read_later() {
    assert_eq!((asks_on(11), asks_on(10)), (1, 0));
}
