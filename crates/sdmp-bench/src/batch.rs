//! Objects that wait together: eight on one core against josekit, and sixteen on one core and on two.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Instant;

use sdmp_container::Container;
use sdmp_crypto::dh::NamedGroup;
use sdmp_crypto::random::SystemRandom;
use sdmp_handshake::{Profile, Session};

use crate::bulk::{container, josekit_open, josekit_seal};
use crate::handshake::{now, pair, run};
use crate::rounds::{Contender, Table, timed};

type Pair = Rc<RefCell<(Session, Session)>>;

fn sessions(workers: usize) -> Pair {
    let (initiator, responder) = pair(Profile::Hardened, NamedGroup::Ffdhe2048, 2048);
    let cores = |config: sdmp_handshake::Config| config.workers_unless_set(workers);
    Rc::new(RefCell::new(run(&cores(initiator), &cores(responder))))
}

fn seal(pair: &Pair, containers: &[Container]) -> Vec<String> {
    let sealed = pair.borrow_mut().0.seal_all(containers, now(), &mut SystemRandom::new());
    sealed.into_iter().map(|object| object.expect("an object")).collect()
}

fn seal_together(name: &str, workers: usize, batch: &[Container]) -> Contender {
    let (pair, batch) = (sessions(workers), batch.to_vec());
    Contender::new(
        name,
        timed(move || {
            std::hint::black_box(seal(&pair, &batch));
        }),
    )
}

fn open_together(name: &str, workers: usize, batch: &[Container]) -> Contender {
    let (pair, batch) = (sessions(workers), batch.to_vec());
    Contender::new(name, move || {
        let objects = seal(&pair, &batch);
        let receiver = &mut pair.borrow_mut().1;
        let start = Instant::now();
        let opened = std::hint::black_box(receiver.open_all(&objects, now()));
        let took = start.elapsed();
        assert!(opened.iter().all(Result::is_ok));
        took
    })
}

fn eight(kib: usize, rounds: usize) -> [Table; 2] {
    let batch = vec![container(kib << 10); 8];
    let text = batch[0].as_bytes().to_vec();
    let token = josekit_seal(&text);
    let (pair, single) = (sessions(1), batch[0].clone());
    let josekit_seals = timed(move || {
        for _ in 0..8 {
            std::hint::black_box(josekit_seal(&text));
        }
    });
    let josekit_opens = timed(move || {
        for _ in 0..8 {
            std::hint::black_box(josekit_open(&token));
        }
    });
    let alone = timed(move || {
        for _ in 0..8 {
            std::hint::black_box(seal(&pair, std::slice::from_ref(&single)));
        }
    });
    let sealing = vec![
        seal_together("sdmp, eight together", 1, &batch),
        Contender::new("sdmp, eight one by one", alone),
        Contender::new("josekit, eight", josekit_seals),
    ];
    let opening = vec![
        open_together("sdmp, eight together", 1, &batch),
        Contender::new("josekit, eight", josekit_opens),
    ];
    [
        Table::measure(&format!("Seal 8 x {kib} KiB"), rounds * 2, sealing),
        Table::measure(&format!("Open 8 x {kib} KiB"), rounds * 2, opening),
    ]
}

fn cores(kib: usize, rounds: usize) -> [Table; 2] {
    let batch = vec![container(kib << 10); 16];
    let both = |make: fn(&str, usize, &[Container]) -> Contender| {
        vec![make("two cores", 2, &batch), make("one core", 1, &batch)]
    };
    [
        Table::measure(&format!("Seal 16 x {kib} KiB on cores"), rounds * 2, both(seal_together)),
        Table::measure(&format!("Open 16 x {kib} KiB on cores"), rounds * 2, both(open_together)),
    ]
}

/// Batches of eight by length, and the gain of a second core.
pub fn measure(rounds: usize) -> Vec<Table> {
    let together = [8, 16, 64, 256].into_iter().flat_map(|kib| eight(kib, rounds));
    together.chain([64, 256].into_iter().flat_map(|kib| cores(kib, rounds))).collect()
}
