//! What both roles do in the same way: the checks of their own identity, of the peer's public
//! value and of sealed objects.

use sdmp_container::closed::Rejection;
use sdmp_container::{IdentityType, Limits, Status, Timestamp};
use sdmp_crypto::dh::Group;
use sdmp_crypto::random::Random;
use sdmp_envelope::network::Sealed;

use crate::error::{Error, MessageKind, Misbehaviour, Misuse};
use crate::policy::{Config, Profile};
use crate::secured::Channels;
use crate::step::Failed;

/// An identity that its peers would refuse must not take part in a handshake (R16, R35).
pub(crate) fn check_local(config: &Config, now: Timestamp) -> Result<(), Error> {
    let identity = config.local.identity();
    identity.check_usable(now).map_err(Error::Local)?;
    if identity.kind() == IdentityType::User && !config.policy.allow_user {
        return Err(Error::ApiMisuse(Misuse::UserIdentity));
    }
    Ok(())
}

/// R25, before any exponentiation.
pub(crate) fn check_value(group: &Group, n: &[u8]) -> Result<(), Error> {
    group.check_public(n).map_err(|cause| Error::PeerMisbehaved(Misbehaviour::PublicValue(cause)))
}

/// Limits of M1, M2 and plaintext rejections (R42).
pub(crate) fn plain_limits(config: &Config) -> Limits {
    Limits { octets: config.policy.limits.plain_octets, ..Limits::CLOSED_PLAIN }
}

/// Limits of encrypted objects before acceptance (R42).
pub(crate) fn handshake_limits(config: &Config) -> Limits {
    Limits { octets: config.policy.limits.handshake_octets, ..Limits::CLOSED_HANDSHAKE }
}

/// Reads an encrypted network object of the handshake.
pub(crate) fn read_sealed(
    config: &Config,
    message: MessageKind,
    octets: &[u8],
) -> Result<Sealed, Error> {
    Sealed::parse(octets, &handshake_limits(config))
        .map_err(|cause| Error::InvalidMessage { message, cause })
}

/// A sealed refusal in place of `plaintext`'s message ends the handshake unanswered (R38).
pub(crate) fn check_not_refused(plaintext: &[u8]) -> Result<(), Error> {
    // Only the exact refusal counts; anything near it is a malformed message.
    if Rejection::parse(plaintext) == Ok(Status::NotFound) {
        return Err(Error::PeerRejected { in_plaintext: false });
    }
    Ok(())
}

/// A refusal in plaintext, where it may stand (R38).
pub(crate) fn check_not_refused_in_plaintext(octets: &[u8]) -> Result<(), Error> {
    if Rejection::parse(octets) == Ok(Status::BadRequest) {
        return Err(Error::PeerRejected { in_plaintext: true });
    }
    Ok(())
}

/// What is owed for a bad M1 or M2: `bad_request` in plaintext (R37). A refusal is never answered.
pub(crate) fn refuse_plain(error: Error) -> Failed {
    // Nor is what is wrong on this side the peer's business.
    let unanswered =
        matches!(error, Error::PeerRejected { .. } | Error::Local(_) | Error::ApiMisuse(_));
    let send = if unanswered { Vec::new() } else { vec![Rejection::BAD_REQUEST.to_owned()] };
    Failed { error, send, delayed: false }
}

/// What is owed from M3 on: `not_found`, sealed and at a fixed moment (R37). A refusal is never answered.
pub(crate) fn refuse_sealed(
    channels: &mut Channels,
    objects: usize,
    error: Error,
    random: &mut dyn Random,
) -> Failed {
    // Two sides that answered each other's refusals would never stop.
    let unanswered = matches!(error, Error::PeerRejected { .. });
    let send = if unanswered { Vec::new() } else { channels.refusals(objects, random) };
    let delayed = !send.is_empty();
    Failed { error, send, delayed }
}

/// How many refusals answer a bad M3: hardened two, for the size of M4 and FIN_R (R37).
pub(crate) fn refusals_of_m3(profile: Profile) -> usize {
    match profile {
        Profile::Hardened => 2,
        Profile::Published => 1,
    }
}
