//! Resources of one response are judged together (N7).

use sdmp_journal::judge::Batch;
use sdmp_journal::{Candidate, Grants, Judge, Resource, View};

use crate::common::{Key, Keyed, Node, at, code};

fn history() -> (Key, Vec<Resource>) {
    let (u, x, p) = (Key::user("U"), Key::node("X"), Key::node("P"));
    let rest = Grants::from_bits(Grants::ALL.bits() & !8).unwrap();
    let u_x = u.author().trust(&x.fp(), Grants::ALL, None, at(0)).unwrap();
    let x_p = x.under(&u_x).trust(&p.fp(), rest, None, at(1)).unwrap();
    let text = r#"{"sdmp":{"version":"0.12.0","schemas":["message"]},"message":"m"}"#;
    let text = sdmp_container::Container::parse(text).unwrap();
    let says = p.under(&x_p).publish(&text, at(2)).unwrap();
    let ended = x.under(&u_x).publish(&text, at(3)).unwrap();
    let end = u.author().revoke(ended.id(), false, at(4)).unwrap();
    let all = vec![says, ended, end, x_p, u_x, p.identity(), x.identity(), u.identity()];
    (u, all)
}

#[test]
fn n7_what_came_together_is_admitted_in_whatever_order_works_content_last() {
    let (user, all) = history();
    for turn in 0..all.len() {
        let mut order = all.clone();
        order.rotate_left(turn);
        let (own, node) = (user.fp(), Node::of(&user));
        let judge = Judge::new(&own, at(10));
        let candidates = order.iter().cloned().map(Candidate::new).collect();
        let judged = Batch::new(&judge, &node.known, 2).judge(candidates, &Keyed);
        assert_eq!(judged.len(), all.len());
        // The order in which they come out is one in which each can be appended by itself.
        let mut again = Node::of(&user);
        let verdicts: Vec<&str> = judged
            .iter()
            .map(|one| {
                let verdict = again.offer(one.candidate.resource(), at(10));
                assert_eq!(verdict, one.verdict);
                code(&verdict)
            })
            .collect();
        assert_eq!(verdicts, [["admit"; 7].as_slice(), &["resource.revoked"]].concat(), "{turn}");
    }
}

#[test]
fn n7_what_waits_is_given_back_with_what_it_waits_for() {
    let (user, all) = history();
    let (own, node) = (user.fp(), Node::of(&user));
    let judge = Judge::new(&own, at(10));
    // Without the user's identity nothing of the chain can be admitted but identities.
    let most = all.iter().filter(|one| one.id() != user.identity().id());
    let judged = Batch::new(&judge, &node.known, 2)
        .judge(most.cloned().map(Candidate::new).collect(), &Keyed);
    let verdicts: Vec<&str> = judged.iter().map(|one| one.verdict.name()).collect();
    assert_eq!(verdicts, ["admit", "admit", "waits", "waits", "waits", "waits", "waits"]);
    assert!(node.known.meta(all[5].id()).is_none(), "the view itself is not changed");
}
