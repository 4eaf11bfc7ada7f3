//! Random schedules: whatever both sides do, and whenever messages arrive, octets arrive once and in
//! order, ends only after all of them, and nothing is left over.

use std::collections::{BTreeMap, VecDeque};

use proptest::prelude::*;
use sdmp_channels::{Event, Fault, Limits, Machine, Outcome, Reason, Side};
use sdmp_container::Container;

/// What the two sides do in turn: who, what, with which channel, how much.
type Act = (bool, u8, u8, u16);

#[derive(Default)]
struct Log {
    written: Vec<u8>,
    ended: bool,
    read: Vec<u8>,
    end_read: bool,
    reset: bool,
    released: bool,
}

struct Peer {
    machine: Machine,
    wire: VecDeque<Container>,
    logs: BTreeMap<u64, Log>,
}

impl Peer {
    fn new(side: Side) -> Self {
        let limits =
            Limits::default().with_opened_here(6).with_opened_there(12).with_growth(50_000);
        Self { machine: Machine::new(side, limits), wire: VecDeque::new(), logs: BTreeMap::new() }
    }

    fn speak(&mut self) {
        self.wire.extend(self.machine.poll_message().unwrap());
    }

    fn hear(&mut self, wire: &mut VecDeque<Container>) {
        let Some(message) = wire.pop_front() else { return };
        self.machine.handle(&message).expect("an honest peer breaks no rule");
        while let Some(event) = self.machine.poll_event() {
            if let Event::Opened(id, _) = event {
                self.logs.insert(id, Log::default());
            }
        }
    }

    fn act(&mut self, what: u8, which: u8, amount: u16) {
        if what == 0 {
            if let Some(id) = self.machine.open("x").unwrap() {
                self.logs.insert(id, Log::default());
            }
            return;
        }
        let live: Vec<_> =
            self.logs.iter().filter(|(_, log)| !log.released).map(|(id, _)| *id).collect();
        let Some(id) = live.get(usize::from(which) % live.len().max(1)).copied() else { return };
        let log = self.logs.get_mut(&id).unwrap();
        match what {
            1 | 2 if !log.ended => {
                let octets: Vec<_> =
                    (0..amount).map(|n| (n as u8) ^ (log.written.len() as u8)).collect();
                match self.machine.write(id, &octets) {
                    Ok(Outcome::Octets(taken)) => log.written.extend(&octets[..taken]),
                    Ok(_) => {}
                    Err(_) => log.reset = true,
                }
            }
            3 => log.ended |= self.machine.end(id).is_ok(),
            4 => {
                self.machine.release(id);
                log.released = true;
            }
            5 if amount > 60_000 => {
                self.machine.reset(id, Reason::Aborted);
                log.reset = true;
            }
            _ => read_some(&mut self.machine, id, log, amount),
        }
    }
}

fn read_some(machine: &mut Machine, id: u64, log: &mut Log, amount: u16) {
    let mut octets = vec![0; usize::from(amount) + 1];
    match machine.read(id, &mut octets) {
        Ok(Outcome::Octets(read)) => log.read.extend(&octets[..read]),
        Ok(Outcome::End) => log.end_read = true,
        Ok(Outcome::Later) => {}
        Err(Fault::Reset(_)) => log.reset = true,
        Err(other) => panic!("{other}"),
    }
}

fn settle(one: &mut Peer, other: &mut Peer) {
    loop {
        one.speak();
        other.speak();
        if one.wire.is_empty() && other.wire.is_empty() {
            return;
        }
        one.hear(&mut other.wire);
        other.hear(&mut one.wire);
    }
}

fn check(one: &Peer, other: &Peer) {
    for (id, log) in &one.logs {
        let Some(there) = other.logs.get(id) else { continue };
        assert!(there.written.starts_with(&log.read), "octets arrive once and in order");
        if log.end_read {
            assert!(there.ended && there.written == log.read, "an end is the end of everything");
        }
    }
}

fn run(acts: &[Act]) {
    let (mut one, mut other) = (Peer::new(Side::First), Peer::new(Side::Second));
    for (first, what, which, amount) in acts {
        let (acting, listening) =
            if *first { (&mut one, &mut other) } else { (&mut other, &mut one) };
        match what {
            6 => acting.speak(),
            7 => acting.hear(&mut listening.wire),
            _ => acting.act(*what, *which, *amount),
        }
    }
    // Everything that may still come comes; then both let go, and nothing is left.
    for _ in 0..6 {
        settle(&mut one, &mut other);
        for peer in [&mut one, &mut other] {
            for (id, log) in peer.logs.iter_mut().filter(|(_, log)| !log.released) {
                read_some(&mut peer.machine, *id, log, 60_000);
            }
        }
    }
    check(&one, &other);
    check(&other, &one);
    for (peer, there) in [(&one, &other), (&other, &one)] {
        for (id, log) in &peer.logs {
            let Some(far) = there.logs.get(id) else { continue };
            let undisturbed = [log, far].iter().all(|log| !log.reset && !log.released);
            if undisturbed && far.ended {
                assert!(log.end_read, "an end arrives");
            }
        }
    }
    for peer in [&mut one, &mut other] {
        let ids: Vec<_> = peer.logs.keys().copied().collect();
        ids.iter().for_each(|id| peer.machine.release(*id));
    }
    settle(&mut one, &mut other);
    assert_eq!((one.machine.channels(), other.machine.channels()), (0, 0));
    assert_eq!((one.machine.grown(), other.machine.grown()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn whatever_both_sides_do_octets_arrive_once_and_in_order(
        acts in prop::collection::vec((any::<bool>(), 0_u8..10, any::<u8>(), any::<u16>()), 0..300)
    ) {
        run(&acts);
    }
}
