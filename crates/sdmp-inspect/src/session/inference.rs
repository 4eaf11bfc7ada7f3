//! What an object's receiver decided shows in what it sent afterwards.

use crate::message_kind::Kind;
use crate::report::Step;
use sdmp_handshake::Role;

/// Settles what only later objects show: the shared secret, and both decisions to trust.
pub(super) fn settle(steps: &mut [Step]) {
    let seen = |from: Role, kinds: &[Kind]| {
        steps.iter().any(|step| {
            step.from == Some(from) && !step.layers.is_empty() && kinds.contains(&step.kind)
        })
    };
    let proof = seen(Role::Initiator, &[Kind::M3]);
    let responder = seen(Role::Responder, &[Kind::M4]);
    let initiator = seen(Role::Initiator, &[Kind::FinI, Kind::Traffic, Kind::Close]);
    for step in steps {
        match step.kind {
            Kind::M2 if proof => step.checks.shown("R26", "the initiator went on: it sent M3"),
            Kind::M3 if responder => step.checks.shown("R30", "its receiver went on: it sent M4"),
            Kind::M4 if initiator => {
                step.checks
                    .shown("R30", "its receiver went on: it sent more under the session's keys");
            }
            _ => {}
        }
    }
}
