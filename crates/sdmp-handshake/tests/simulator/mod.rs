//! Two connections over a carrier that does wrong, all of it decided by one number.
//!
//! [`run`] plays one session: a handshake in one of the profiles, some messages each way, a close.
//! What the carrier does to the octets between, and when, follows from the seed alone, so a
//! failing run is repeated by its seed. [`Report::check`] says what must hold whatever happened.
#![allow(dead_code, unreachable_pub, missing_docs, reason = "each user takes its part")]
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a simulation that is wrong should stop"
)]

mod carrier;
pub mod cuts;
pub mod exchanges;
mod side;

use std::sync::OnceLock;

use sdmp_handshake::schedule::transcript_1;
use sdmp_handshake::{Config, Profile, Role};

pub use carrier::Fault;
use carrier::{Carrier, Dice};
use sdmp_testkit::pair::{Pair, alice, bob, config, message};
use side::Side;

/// No run needs more: a run that does is one that never ends.
const STEPS: usize = 20_000;

/// What one run led to.
#[derive(Debug)]
pub struct Report {
    pub seed: u64,
    pub profile: Profile,
    /// What the carrier did beyond delaying and splitting, in order.
    pub faults: Vec<(Role, Fault)>,
    /// Whether an application refused its peer.
    pub refused: bool,
    pub initiator: Side,
    pub responder: Side,
}

/// Plays the run of this seed.
pub fn run(seed: u64) -> Report {
    let mut dice = Dice::new(seed);
    let profile = if dice.one_in(4) { Profile::Published } else { Profile::Hardened };
    let refuse = dice.one_in(16);
    let asks = refuse || dice.one_in(4);
    let trusting = |own, peer| -> Config {
        if asks {
            config(own, &[], profile).ask_about_unknown()
        } else {
            config(own, &[peer], profile)
        }
    };
    let mut carrier = Carrier::new(&mut dice, others(profile));
    let mut sides = [
        Side::initiate(trusting(&alice(), &bob()), seed, &mut dice),
        Side::respond(trusting(&bob(), &alice()), seed, refuse, &mut dice),
    ];
    let mut time = 0;
    for _ in 0..STEPS {
        for (side, role) in sides.iter_mut().zip([Role::Initiator, Role::Responder]) {
            side.work(time, role, &mut carrier);
        }
        let deadline = sides.iter().filter_map(Side::deadline).min();
        let Some(next) = carrier.next_time().into_iter().chain(deadline).min() else {
            if sides.iter().all(Side::is_over) {
                break;
            }
            // Nothing is in flight, and neither side waits for a time: the streams end.
            carrier.end_all(time);
            continue;
        };
        time = next.max(time);
        for (side, role) in sides.iter_mut().zip([Role::Initiator, Role::Responder]) {
            side.wake(time);
            for arrival in carrier.arrivals(role, time) {
                side.arrive(time, arrival);
            }
        }
    }
    let [initiator, responder] = sides;
    let refused = refuse && responder.refused;
    Report { seed, profile, faults: carrier.faults, refused, initiator, responder }
}

impl Report {
    /// What must hold after every run.
    ///
    /// # Errors
    /// The rule that was broken, in words.
    pub fn check(&self) -> Result<(), String> {
        let (i, r) = (&self.initiator, &self.responder);
        for side in [i, r] {
            side.check()?;
        }
        self.check_agreement()?;
        if self.profile == Profile::Hardened {
            for (from, to) in [(i, r), (r, i)] {
                if !from.sent.starts_with(&to.got) {
                    return Err("something was delivered that was not sent, in this order".into());
                }
                if to.closed == Some(true) && to.got != from.sent {
                    return Err("an authenticated close hides a loss".into());
                }
                if to.closed == Some(false) {
                    return Err("a hardened session ended unauthenticated".into());
                }
            }
        }
        if self.faults.is_empty() && !self.refused {
            self.check_undisturbed()?;
        }
        Ok(())
    }

    fn check_agreement(&self) -> Result<(), String> {
        let (i, r) = (&self.initiator, &self.responder);
        if let (Some(ours), Some(theirs)) = (&i.accepted, &r.accepted)
            && ours.session_id != theirs.session_id
        {
            return Err("both accepted, with different session ids".into());
        }
        let owners = [(i, bob()), (r, alice())];
        for (side, peer) in owners {
            if side.accepted.as_ref().is_some_and(|accepted| accepted.peer != *peer.identity()) {
                return Err("a side accepted another peer".into());
            }
        }
        // A side that accepts has seen M1 and M2 as they were written; the key log names them.
        for side in [i, r] {
            if side.accepted.is_some() && side.transcript() != self.transcript() {
                return Err("a side accepted another transcript".into());
            }
        }
        if r.accepted.is_some() && i.accepted.is_none() && self.profile == Profile::Hardened {
            // FIN_I comes from an initiator that has accepted.
            return Err("the responder accepted without its initiator".into());
        }
        Ok(())
    }

    /// The name of the handshake as its two sides wrote it.
    fn transcript(&self) -> Option<[u8; 32]> {
        let (m1, m2) = (self.initiator.first.as_ref()?, self.responder.first.as_ref()?);
        transcript_1(m1.as_bytes(), m2.as_bytes()).first_chunk().copied()
    }

    /// A carrier that only delays a little and splits does no harm.
    fn check_undisturbed(&self) -> Result<(), String> {
        let (i, r) = (&self.initiator, &self.responder);
        let authenticated = Some(self.profile == Profile::Hardened);
        for (side, other) in [(i, r), (r, i)] {
            if side.accepted.is_none() || side.failure.is_some() {
                return Err(format!("undisturbed, and yet {:?}", side.failure));
            }
            if side.got != other.sent || side.closed != authenticated {
                return Err("undisturbed, and yet something is missing".into());
            }
        }
        Ok(())
    }
}

/// The objects of an honest session between the same two nodes, for mixing in.
fn others(profile: Profile) -> &'static [Vec<String>; 2] {
    static HARDENED: OnceLock<[Vec<String>; 2]> = OnceLock::new();
    static PUBLISHED: OnceLock<[Vec<String>; 2]> = OnceLock::new();
    let cell = match profile {
        Profile::Hardened => &HARDENED,
        Profile::Published => &PUBLISHED,
    };
    cell.get_or_init(|| {
        let configs = (config(&alice(), &[&bob()], profile), config(&bob(), &[&alice()], profile));
        let mut pair = Pair::seeded(configs.0, configs.1, u64::MAX / 4);
        pair.run();
        for _ in 0..2 {
            pair.initiator.send(sdmp_testkit::pair::at(1), &message("other")).unwrap();
            pair.responder.send(sdmp_testkit::pair::at(1), &message("other")).unwrap();
        }
        pair.run();
        let of = |initiator| {
            let sent = pair.sent.iter().filter(|(from, _)| *from == initiator);
            sent.map(|(_, object)| object.clone()).collect()
        };
        [of(true), of(false)]
    })
}
