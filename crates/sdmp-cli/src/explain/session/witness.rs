//! What an object's receiver decided shows in what it sent afterwards.

use crate::explain::rules::Kind;
use crate::explain::story::Step;
use crate::explain::wire::Side;

/// Settles what only later objects show: the shared secret, and both decisions to trust.
pub(super) fn judge(steps: &mut [Step]) {
    let seen = |from: Side, kinds: &[Kind]| {
        steps.iter().any(|step| {
            step.from == Some(from) && !step.layers.is_empty() && kinds.contains(&step.kind)
        })
    };
    let proof = seen(Side::Initiator, &[Kind::M3]);
    let responder = seen(Side::Responder, &[Kind::M4]);
    let initiator = seen(Side::Initiator, &[Kind::FinI, Kind::Traffic, Kind::Close]);
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
