//! Journals: reading in any pieces, first lines, clocks.

use proptest::prelude::*;
use sdmp_journal::view::Known;
use sdmp_journal::{
    Clock, Code, Cursor, Fingerprint, Grants, Head, Identifier, Line, Read, journal,
};

use crate::common::{DAY, Key, Node, at};

fn lines(node: &Fingerprint, count: u8) -> Vec<Line> {
    let mut head = Head::new(node);
    let author = Fingerprint::from_octets([7; 64]);
    (0..count).map(|n| head.append(author.clone(), Identifier::from_octets([n; 64]))).collect()
}

proptest! {
    #[test]
    fn n23_a_journal_is_read_in_any_pieces(cuts in prop::collection::vec(0..40_usize, 0..6)) {
        let node = Fingerprint::from_octets([1; 64]);
        let (known, all) = (Known::new(), lines(&node, 40));
        let mut cuts: Vec<usize> = cuts.into_iter().chain([0, 40]).collect();
        cuts.sort_unstable();
        let mut cursor = Cursor::new(node);
        for pair in cuts.windows(2) {
            let entries = &all[pair[0]..pair[1]];
            let since = cursor.last();
            let expected = if entries.is_empty() { Read::End } else { Read::Lines(entries.to_vec()) };
            prop_assert_eq!(cursor.read(&known, (since, entries), false, at(0)), expected);
        }
        prop_assert_eq!(cursor.head().count(), 41);
        prop_assert_eq!(cursor.head().next(), all[39].next());
    }

    /// Whatever entries come, the cursor moves only along lines that chain.
    #[test]
    fn n23_entries_that_do_not_chain_move_nothing(
        picks in prop::collection::vec(0..12_usize, 1..8),
        skip in 0..4_usize,
    ) {
        let node = Fingerprint::from_octets([1; 64]);
        let (known, all) = (Known::new(), lines(&node, 12));
        let mut cursor = Cursor::new(node);
        let since = cursor.last();
        cursor.read(&known, (since, &all[..skip]), false, at(0));
        let before = cursor.clone();
        let entries: Vec<Line> = picks.iter().map(|n| all[*n].clone()).collect();
        let since = cursor.last();
        let read = cursor.read(&known, (since, &entries), false, at(0));
        let chains = picks.iter().enumerate().all(|(n, pick)| *pick == skip + n);
        match read {
            Read::Lines(_) => prop_assert!(chains),
            Read::Malformed => prop_assert!(!chains && cursor == before),
            Read::Fork => prop_assert!(picks[0] != skip && cursor.head().count() == 1),
            other => prop_assert!(false, "{:?}", other),
        }
    }
}

#[test]
fn n21_the_first_lines_are_the_identity_the_trust_and_what_is_above_it() {
    let (user, first, second) = (Key::user("U"), Key::node("X1"), Key::node("X2"));
    let mut node = Node::of(&user);
    let now = at(0);
    let known =
        |node: &Node, key: &Key| journal::first_lines(&node.known, now, &user.fp(), &key.fp());
    assert_eq!(known(&node, &first), Err(Code::IdentityUnknown));
    node.learn(&[&user.identity()], now);
    assert_eq!(known(&node, &first), Err(Code::AuthorityMissing));
    let by_user = user.author().trust(&first.fp(), Grants::ALL, None, now).unwrap();
    node.learn(&[&first.identity(), &by_user], now);
    let expected = vec![user.identity().id().clone(), by_user.id().clone()];
    assert_eq!(known(&node, &first), Ok(expected.clone()));
    let rest = Grants::from_bits(Grants::ALL.bits() & !8).unwrap();
    let by_node = first.under(&by_user).trust(&second.fp(), rest, None, now).unwrap();
    node.learn(&[&by_node], now);
    let (user_identity, first_identity) = (user.identity(), first.identity());
    let ids = [user_identity.id(), by_node.id(), by_user.id(), first_identity.id()];
    assert_eq!(known(&node, &second), Ok(ids.map(Clone::clone).to_vec()));
    // Read by another, these lines fit; and the whole journal checks.
    let mut head = Head::new(&second.fp());
    let lines: Vec<Line> = ids.iter().map(|id| head.append(user.fp(), (*id).clone())).collect();
    let text: Vec<String> = lines.iter().map(Line::to_string).collect();
    let checked = journal::check(&node.known, &first.fp(), text.iter().map(String::as_str));
    assert_eq!(checked, Err((2, Code::JournalLine)), "another node's");
    // Line 4 is of U as well; the node's identity stands under U's name only in this test.
    let checked = journal::check(&node.known, &second.fp(), text.iter().map(String::as_str));
    assert_eq!(checked.unwrap(), head);
}

#[test]
fn n4_created_is_never_given_twice() {
    let mut clock = Clock::start(Some(at(DAY)), at(DAY));
    let stamps: Vec<_> = (0..3).map(|_| clock.stamp(at(DAY)).unwrap()).collect();
    assert_eq!(stamps, [at(DAY + 1), at(DAY + 2), at(DAY + 3)]);
    assert_eq!(clock.stamp(at(2 * DAY)), Ok(at(2 * DAY)));
    clock.appended(at(2 * DAY));
    assert_eq!(clock.stamp(at(DAY)), Ok(at(2 * DAY + 1)));
}

#[test]
fn n2_a_reset_forgets_what_was_stored() {
    let mut clock = Clock::start(Some(at(100 * DAY)), at(0));
    assert_eq!(clock.now(at(0)), Err(Code::ClockBack));
    clock.reset();
    assert_eq!(clock.time_to_append(at(0)), Ok(at(0)));
    let mut clock = Clock::start(Some(at(0)), at(100 * DAY));
    assert_eq!(clock.time_to_append(at(100 * DAY)), Err(Code::ClockAhead));
    clock.confirm();
    assert_eq!(clock.time_to_append(at(100 * DAY)), Ok(at(100 * DAY)));
}
