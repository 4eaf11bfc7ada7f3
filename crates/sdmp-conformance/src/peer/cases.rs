//! All cases, by the message that they change.

mod close;
mod confirmation;
mod creation;
mod creation_values;
mod emission;
mod framing;
mod message;
mod proof;
mod proof_signature;

use super::case::{Case, Side};
use sdmp_handshake::Profile;

/// Every case that the tester can play on this side in this profile, in the order of a session.
#[must_use]
pub fn all(side: Side, profile: Profile) -> Vec<&'static Case> {
    let tables: [&'static [Case]; 9] = [
        emission::CASES,
        framing::CASES,
        creation::CASES,
        creation_values::CASES,
        proof::CASES,
        proof_signature::CASES,
        confirmation::CASES,
        message::CASES,
        close::CASES,
    ];
    tables.into_iter().flatten().filter(|case| case.applies(side, profile)).collect()
}
