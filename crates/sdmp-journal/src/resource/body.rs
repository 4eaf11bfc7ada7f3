//! What control says (N5).

use sdmp_container::{CoreSchema, Revoke, Timestamp, Trust};
use sdmp_envelope::Identity;

use crate::error::{Code, Error};
use crate::{Fingerprint, Grants, Identifier, Payload};

/// What a resource of the kinds `identity`, `trust` and `revoke` says.
#[derive(Clone, Debug)]
pub enum Body {
    /// A key that keeps to R13 to R15.
    Identity(Identity),
    /// A trust (N10).
    Trust {
        /// The user or node that is trusted.
        trustee: Fingerprint,
        /// What it may do.
        grants: Grants,
        /// Until when, if it ends by itself.
        expires: Option<Timestamp>,
    },
    /// A revocation (N13).
    Revoke {
        /// What is revoked.
        resource: Identifier,
        /// The trust that allows it, where the signer did not sign the revoked resource.
        authorization: Option<Identifier>,
    },
    /// Content: authority is not computed from it.
    Content,
}

impl Body {
    pub(super) fn read(payload: &Payload) -> Result<Self, Error> {
        let fault = |error| Error::Container(Code::ResourcePayload, error);
        let container = payload.container();
        match payload.core() {
            Some(CoreSchema::Identity) => Identity::from_container(container)
                .map(Self::Identity)
                .map_err(|error| Error::Envelope(Code::ResourcePayload, error)),
            Some(CoreSchema::Trust) => {
                let trust = Trust::from_container(container).map_err(fault)?;
                Ok(Self::Trust {
                    trustee: trust.trustee().clone(),
                    grants: Grants::of(trust.authorization()),
                    expires: trust.expires(),
                })
            }
            Some(CoreSchema::Revoke) => {
                let revoke = Revoke::from_container(container).map_err(fault)?;
                Ok(Self::Revoke {
                    resource: revoke.resource().clone(),
                    authorization: revoke.authorization().cloned(),
                })
            }
            _ => Ok(Self::Content),
        }
    }
}
