//! What the node signs for its user: content, private messages, trusts, the end of a device.

use sdmp_container::{Authorization, Container, Fingerprint, Identifier};
use sdmp_crypto::random::SystemRandom;
use sdmp_envelope::LocalIdentity;
use sdmp_journal::introduction::{Introduction, Means, Term, Trustee, grants, plan_loss};
use sdmp_journal::sealed::{Content, Draft, recipients};
use sdmp_journal::sync::Library;
use sdmp_journal::{Author, Resource, Verdict};

use super::Node;
use super::state::State;
use crate::Error;
use crate::blocking::blocking;

impl Node {
    /// Publishes a container for the user, to all who may read (N18); returns its identifier, once it
    /// is durable.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] without a live trust that gives `publish_resource`; `resource.kind` for
    /// what is not published; [`Error::NotAdmitted`]; what the store says.
    pub async fn publish(&self, content: Container) -> Result<Identifier, Error> {
        self.admit(blocking(|| {
            let author = self.state.author(Authorization::PublishResource, "publish")?;
            Ok::<_, Error>(author.publish(&content, self.state.stamp()?)?)
        })?)
        .await
    }

    /// Seals content for users and for the own devices, and publishes that (N38, N39).
    ///
    /// # Errors
    /// As [`publish`](Self::publish); `resource.size` for too long a text or too many users;
    /// `identity.unknown`, `identity.expired`, `identity.revoked` of a user in `to`.
    pub async fn write(&self, to: &[Fingerprint], content: Content) -> Result<Identifier, Error> {
        self.admit(blocking(|| seal(&self.state, to, content))?).await
    }

    /// Trusts a user or a node for this node's user, with what is given by default and for as long as
    /// by default (N45). The person has compared the words of the fingerprint (N43).
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless this node holds `create_trust`; [`Error::NotAdmitted`], for example
    /// `trust.exceeds`; what the store says.
    pub async fn trust(&self, whom: &Fingerprint, as_what: Trustee) -> Result<Identifier, Error> {
        let end = Term::Trust.end(self.state.now()?);
        self.grant(whom, grants(as_what), Some(end), None).await
    }

    /// What introduces this node's user to another user or a new device (N44): its identity, nodes,
    /// bars, and its trust in the receiver.
    ///
    /// # Errors
    /// `resource.size` for a user with too many nodes for one file; what the store says.
    pub fn introduction(&self, receiver: Option<&Fingerprint>) -> Result<Introduction, Error> {
        let state = &self.state;
        let gather = || {
            state.look(|view| {
                let text = |id: &Identifier| view.shelf.text(id);
                let address = |node: &Fingerprint| view.shelf.address(node);
                Introduction::gather(&view.authority(), &state.user, receiver, text, address)
            })
        };
        Ok(blocking(gather)??)
    }

    /// Ends the user's trust in a lost node (N14, N15, N46). With the user's key the node is barred for
    /// ever; what it gave and revoked before is done anew first. Without, this node revokes what it may.
    /// Returns the identifiers of what was published, the revocations last.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] if nothing can be revoked so; `trust.exceeds` and others as
    /// [`Error::NotAdmitted`]; what the store says. What was published before an error stands.
    pub async fn lose(
        &self,
        lost: &Fingerprint,
        users_key: Option<&LocalIdentity>,
    ) -> Result<Vec<Identifier>, Error> {
        let resources = blocking(|| end_of_trust(&self.state, lost, users_key))?;
        let mut done = Vec::new();
        for resource in resources {
            done.push(self.admit(resource).await?);
        }
        Ok(done)
    }

    pub(super) async fn admit(&self, resource: Resource) -> Result<Identifier, Error> {
        let id = resource.id().clone();
        let verdicts = self.take_in(&[resource]).await?;
        match verdicts.into_iter().next() {
            Some(Verdict::Admit { .. } | Verdict::Known) => Ok(id),
            Some(other) => Err(Error::NotAdmitted(Box::new(other))),
            None => Err(Error::NodeStopped),
        }
    }
}

/// How the node is reached (N35), unless the newest `node` says the same.
pub(super) fn addresses(state: &State, ips: &Vec<String>) -> Result<Vec<Resource>, Error> {
    if state.book().published(&state.node) == Some(ips) {
        return Ok(Vec::new());
    }
    let author = Author::of_node(&state.me, state.user.clone(), state.sender()?.trust);
    Ok(vec![author.node(None, ips.clone(), state.stamp()?)?])
}

/// Content for users and for the own devices (N38, N39).
pub(super) fn seal(state: &State, to: &[Fingerprint], content: Content) -> Result<Resource, Error> {
    let author = state.author(Authorization::PublishResource, "publish")?;
    let created = state.stamp()?;
    let keys = state.look(|view| recipients(&view.authority(), &state.user, to))??;
    let draft = Draft { user: state.user.clone(), to: to.to_vec(), created, content };
    let sealed = draft.seal(&state.me, &keys, &mut SystemRandom::new())?;
    Ok(author.publish(&sealed, created)?)
}

fn end_of_trust(
    state: &State,
    lost: &Fingerprint,
    users_key: Option<&LocalIdentity>,
) -> Result<Vec<Resource>, Error> {
    let user = &state.user;
    let means = match users_key {
        Some(_) => Means::UsersKey,
        None => Means::Device(state.node.clone()),
    };
    let plan = state.look(|view| {
        let count = view.shelf.head().count();
        plan_loss(&view.authority(), user, lost, &means, count)
    })?;
    let nothing = || Error::NotAllowed("end the trust in this device");
    if plan.revoke.is_empty() {
        return Err(nothing());
    }
    let author = match users_key {
        Some(key) => Author::of_own_name(key),
        None => Author::of_node(&state.me, user.clone(), state.sender()?.trust),
    };
    let mut resources = Vec::new();
    for trust in &plan.anew.give_anew {
        resources.push(author.trust(
            &trust.trustee,
            trust.grants,
            trust.expires,
            state.stamp()?,
        )?);
    }
    for revocation in &plan.anew.revoke_anew {
        resources.push(author.revoke(&revocation.target, false, state.stamp()?)?);
    }
    for trust in &plan.revoke {
        let signer = state.look(|view| Some(view.snapshot().trust(trust)?.meta.signer.clone()))?;
        // Of what another key gave, the own trust has to say that this node may revoke it (N13).
        let by_authorization = users_key.is_none() && signer.as_ref() != Some(&state.node);
        resources.push(author.revoke(trust, by_authorization, state.stamp()?)?);
    }
    Ok(resources)
}
