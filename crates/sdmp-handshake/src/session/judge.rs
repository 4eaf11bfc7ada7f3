//! What may stand in a session (R8, R11, R38, R38a, R41).

use sdmp_container::closed::Rejection;
use sdmp_container::strict::Value;
use sdmp_container::{Container, CoreSchema, Limits, Status};

use super::{ExtensionCheck, Opened, Received, Shared};
use crate::error::{Error, MessageKind, Misbehaviour, Misuse};
use crate::labels::RESERVED_RECEIPT;
use crate::policy::Profile;

impl Shared {
    /// What a plaintext is: the close, a refusal, or a container of the application's.
    pub(super) fn judge(&self, plaintext: Vec<u8>) -> Result<Opened, Error> {
        // Compared whole and before parsing: the close is one certain text, and everything else is
        // no close.
        if self.peer_close.as_ref().is_some_and(|text| text.as_bytes() == plaintext) {
            return Ok(Opened::Closed);
        }
        let limits = Limits { octets: self.limits.message_octets, ..Limits::DEFAULT };
        let container =
            Container::parse_within(plaintext, &limits).map_err(|e| invalid(e.into()))?;
        // A container of another version may mean something else under the same schema names (R8).
        if !container.version().is_0_12() {
            return Err(Error::PeerMisbehaved(Misbehaviour::Version));
        }
        container.check_core().map_err(|error| invalid(error.into()))?;
        if is_refusal(&container) {
            return Err(Error::PeerRejected { in_plaintext: false });
        }
        // A peer's application must not be able to send a text that looks like FIN or the close
        // (R41).
        if self.profile == Profile::Hardened && is_reserved_receipt(&container) {
            return Err(Error::PeerMisbehaved(Misbehaviour::ReservedReceipt));
        }
        let extension = self.judge_extensions(&container);
        Ok(Opened::Message(Box::new(Received { container, extension })))
    }

    fn judge_extensions(&self, container: &Container) -> ExtensionCheck {
        if !container.has_extensions() {
            return ExtensionCheck::None;
        }
        #[cfg(feature = "schema")]
        if let Some(validator) = &self.validator {
            return match validator.validate(container) {
                Ok(()) => ExtensionCheck::Valid,
                // Marked, not refused: which extensions matter is for the application to know
                // (R38a).
                Err(error) if error.is_unresolved() => ExtensionCheck::Unresolved,
                Err(_) => ExtensionCheck::Invalid,
            };
        }
        ExtensionCheck::Unresolved
    }
}

pub(super) fn invalid(cause: sdmp_envelope::Error) -> Error {
    Error::InvalidMessage { message: MessageKind::Traffic, cause }
}

/// What an application may not send (R8, R11, R38, R41).
pub(super) fn check_sendable(container: &Container, profile: Profile) -> Result<(), Error> {
    let misuse = if !container.version().is_0_12() {
        Misuse::Version
    } else if container.check_core().is_err() {
        Misuse::Invalid
    } else if is_refusal(container)
        || (profile == Profile::Hardened && is_reserved_receipt(container))
    {
        Misuse::Reserved
    } else {
        return Ok(());
    };
    Err(Error::ApiMisuse(misuse))
}

/// The refusal of a handshake is one at any time (R38). A `not_found` that says more than that one,
/// or answers a request, is the application's.
fn is_refusal(container: &Container) -> bool {
    // What is closed lists its schema, and no other text needs to be looked into.
    if !container.lists(CoreSchema::Response) {
        return false;
    }
    let answers_nothing = container
        .root()
        .get(CoreSchema::Response.member())
        .and_then(Value::as_object)
        .and_then(|response| response.get("identifier"))
        .is_some_and(|identifier| identifier.as_str() == Some(""));
    answers_nothing && Rejection::parse(container.as_bytes()) == Ok(Status::NotFound)
}

fn is_reserved_receipt(container: &Container) -> bool {
    container.lists(CoreSchema::Receipt)
        && container
            .root()
            .get(CoreSchema::Receipt.member())
            .and_then(Value::as_str)
            .is_some_and(|receipt| receipt.starts_with(RESERVED_RECEIPT))
}
