//! Making resources: payload, signature, outer part (N3 to N5).

use sdmp_container::strict::Value;
use sdmp_container::{
    Authorization, Container, CoreSchema, Fingerprint, Identifier, NodeInformation,
    Resource as ResourceObject, Revoke, SchemaName, Timestamp, Trust,
};
use sdmp_envelope::{LocalIdentity, signature};

use crate::error::{Code, Error};
use crate::{Grants, Resource};

/// Who signs resources, for whom, and by which right (N5).
///
/// ```
/// use sdmp_journal::{Author, Grants, Kind, Timestamp};
/// # use std::sync::Arc;
/// # use sdmp_container::IdentityType;
/// # use sdmp_envelope::{Identity, LocalIdentity};
/// # use sdmp_crypto::rsa::PrivateKey;
/// # fn key(kind: IdentityType) -> LocalIdentity {
/// #     let key = Arc::new(PrivateKey::generate(2048).unwrap());
/// #     let end = "2036-12-01T00:00:00.000Z".parse().unwrap();
/// #     LocalIdentity::new(Identity::create(key.public_key(), kind, end).unwrap(), key).unwrap()
/// # }
/// # let (user, node) = (key(IdentityType::User), key(IdentityType::Node));
/// # use sdmp_crypto::rsa::Signer;
/// let now: Timestamp = "2026-12-01T09:00:00.000Z".parse().unwrap();
/// let author = Author::of_own_name(&user);
/// let trust = author.trust(node.identity().fingerprint(), Grants::ALL, None, now)?;
/// assert_eq!(trust.kind(), Kind::Trust);
///
/// let device = Author::of_node(&node, user.identity().fingerprint().clone(), trust.id().clone());
/// assert_eq!(device.node(None, vec![], now)?.trust(), Some(trust.id()));
/// # Ok::<(), sdmp_journal::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Author<'k> {
    signer: &'k LocalIdentity,
    user: Fingerprint,
    trust: Option<Identifier>,
}

impl<'k> Author<'k> {
    /// A key as itself, without a trust: a user; or a node for its own identity and the revocation
    /// of that.
    #[must_use]
    pub fn of_own_name(signer: &'k LocalIdentity) -> Self {
        Self { user: signer.identity().fingerprint().clone(), signer, trust: None }
    }

    /// A node for a user, under a trust.
    #[must_use]
    pub const fn of_node(signer: &'k LocalIdentity, user: Fingerprint, trust: Identifier) -> Self {
        Self { signer, user, trust: Some(trust) }
    }

    /// The own identity, as a resource.
    ///
    /// # Errors
    /// The signer's refusal, or what is wrong with the result.
    pub fn identity(&self, created: Timestamp) -> Result<Resource, Error> {
        self.publish_text(self.signer.identity().text(), created)
    }

    /// A trust in a key (N10).
    ///
    /// # Errors
    /// `resource.payload` without any authorization; the signer's refusal.
    pub fn trust(
        &self,
        trustee: &Fingerprint,
        grants: Grants,
        expires: Option<Timestamp>,
        created: Timestamp,
    ) -> Result<Resource, Error> {
        let authorizations: Vec<Authorization> = grants.iter().collect();
        let trust = Trust::new(trustee.clone(), authorizations, expires).map_err(fault)?;
        self.publish_text(&trust.to_text(), created)
    }

    /// A revocation; of what the signer did not sign itself it names the signer's trust as its
    /// `authorization`, which has to give `revoke` (N13).
    ///
    /// # Errors
    /// The signer's refusal.
    pub fn revoke(
        &self,
        target: &Identifier,
        by_authorization: bool,
        created: Timestamp,
    ) -> Result<Resource, Error> {
        let authorization = self.trust.clone().filter(|_| by_authorization);
        let revoke = Revoke::new(target.clone(), authorization);
        self.publish_text(&revoke.to_text(), created)
    }

    /// How the signing node can be reached.
    ///
    /// # Errors
    /// `resource.payload` without a trust; the signer's refusal.
    pub fn node(
        &self,
        name: Option<String>,
        ips: Vec<String>,
        created: Timestamp,
    ) -> Result<Resource, Error> {
        let node = NodeInformation::new(name, ips);
        self.publish_text(&node.to_text(), created)
    }

    /// Any container that can be published: its schemas and members, with `resource` added.
    ///
    /// # Errors
    /// `resource.kind` for what is not published, a receipt in the clear included (N5);
    /// `resource.payload`; the signer's refusal.
    pub fn publish(&self, content: &Container, created: Timestamp) -> Result<Resource, Error> {
        if content.lists(CoreSchema::Receipt) {
            return Err(Code::ResourceKind.into());
        }
        let payload = self.payload(content, created).map_err(fault)?;
        let payload = Container::parse(payload).map_err(fault)?;
        let text = signature::sign(&payload, &[self.signer], created).map_err(Error::Signing)?;
        Resource::parse(text.text())
    }

    fn publish_text(&self, content: &str, created: Timestamp) -> Result<Resource, Error> {
        self.publish(&Container::parse(content).map_err(fault)?, created)
    }

    /// N4: `resource` is listed first and stands first.
    fn payload(
        &self,
        content: &Container,
        created: Timestamp,
    ) -> Result<String, sdmp_container::Error> {
        let resource = ResourceObject::new(self.user.clone(), self.trust.clone());
        let resource = resource.with_created(created).to_text();
        let schemas = content.schemas().iter().map(SchemaName::to_string);
        let schemas = schemas.map(|name| quoted(&name)).collect::<Vec<_>>().join(",");
        let mut text = resource.replacen("[\"resource\"]", &format!("[\"resource\",{schemas}]"), 1);
        text.pop();
        for (name, value) in content.root().iter().filter(|(name, _)| *name != "sdmp") {
            text.extend([",", &quoted(name), ":", &value.to_text()]);
        }
        text.push('}');
        Ok(text)
    }
}

fn fault(error: sdmp_container::Error) -> Error {
    Error::Container(Code::ResourcePayload, error)
}

fn quoted(text: &str) -> String {
    Value::String(text.into()).to_text()
}
