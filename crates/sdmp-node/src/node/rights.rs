//! Trusts: given, taken back, renewed and explained (N10 to N13, N20, N45).

use sdmp_container::{Authorization, Fingerprint, Identifier, Timestamp};
use sdmp_envelope::LocalIdentity;
use sdmp_journal::authority::why::{May, Why};
use sdmp_journal::introduction::{Renewal, renewals};
use sdmp_journal::{Author, Grants, Resource};

use super::Node;
use super::state::State;
use crate::Error;
use crate::blocking::blocking;

impl Node {
    /// Trusts a user or a node for this node's user with what is named, until `expires`. The person
    /// has compared the words of the fingerprint (N43). With the user's key that signs, otherwise this
    /// node.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] unless this node holds `create_trust` or the user's key is given;
    /// [`Error::NotAdmitted`], for example `trust.exceeds`; `resource.payload` for a trust that gives
    /// nothing; what the store says.
    pub async fn grant(
        &self,
        whom: &Fingerprint,
        what: Grants,
        expires: Option<Timestamp>,
        users_key: Option<&LocalIdentity>,
    ) -> Result<Identifier, Error> {
        self.admit(blocking(|| {
            let author = giver(&self.state, users_key)?;
            Ok::<_, Error>(author.trust(whom, what, expires, self.state.stamp()?)?)
        })?)
        .await
    }

    /// Revokes one resource of this node's user (N13). With the user's key that signs; the revocation of
    /// a trust in a node then bars the node for ever (N14): for that there is
    /// [`lose`](Self::lose), which keeps what shall stand. Without it this node revokes what it signed, or
    /// anything if it holds `revoke`.
    ///
    /// # Errors
    /// [`Error::NotAllowed`] for what is not known or not this node's to revoke;
    /// [`Error::NotAdmitted`]; what the store says.
    pub async fn revoke(
        &self,
        what: &Identifier,
        users_key: Option<&LocalIdentity>,
    ) -> Result<Identifier, Error> {
        self.admit(blocking(|| revocation(&self.state, what, users_key))?).await
    }

    /// Why a key may do something for a user, or may not (N20): who, what, for whom, and by which
    /// trusts.
    ///
    /// # Errors
    /// What the store says.
    pub fn why(&self, who: &Fingerprint, may: May, user: &Fingerprint) -> Result<Why, Error> {
        blocking(|| {
            self.state.look(|view| {
                let authority = view.authority();
                match may {
                    May::Do(what) => authority.why_holds(user, who, what),
                    // Only of this node it is known with whom it connects.
                    May::Connect => authority.why_connect((user, view.node), who),
                    May::Read => authority.why_read(user, who),
                }
            })
        })
    }

    /// The trusts that this node gave, and when each is given again (N45), the most urgent first. With
    /// the fingerprint of the user those that the user's key gave.
    ///
    /// # Errors
    /// What the store says.
    pub fn renewals(&self, signer: Option<&Fingerprint>) -> Result<Vec<Renewal>, Error> {
        blocking(|| {
            self.state
                .look(|view| renewals(&view.authority(), view.user, signer.unwrap_or(view.node)))
        })
    }

    /// Gives again what is due (N45): by this node, which does that by itself once an hour; or by the
    /// user's key, where it is given. Returns the identifiers of the new trusts.
    ///
    /// # Errors
    /// As [`grant`](Self::grant). What was given before an error stands.
    pub async fn renew(&self, users_key: Option<&LocalIdentity>) -> Result<Vec<Identifier>, Error> {
        let mut given = Vec::new();
        for resource in blocking(|| due(&self.state, users_key))? {
            given.push(self.admit(resource).await?);
        }
        Ok(given)
    }
}

/// Who gives trusts: the user's key, or the node where it may.
fn giver<'a>(state: &'a State, users_key: Option<&'a LocalIdentity>) -> Result<Author<'a>, Error> {
    match users_key {
        Some(key) if key.identity().fingerprint() == &state.user => Ok(Author::of_own_name(key)),
        Some(_) => Err(Error::NotAllowed("sign with another user's key")),
        None => state.author(Authorization::CreateTrust, "trust others"),
    }
}

fn revocation(
    state: &State,
    what: &Identifier,
    users_key: Option<&LocalIdentity>,
) -> Result<Resource, Error> {
    let nothing = Error::NotAllowed("revoke this");
    let found = state.look(|view| {
        let meta = sdmp_journal::View::meta(view.snapshot(), what)?;
        (meta.user == *view.user).then_some(meta.signer)
    })?;
    let signer = found.ok_or(nothing)?;
    if users_key.is_some() {
        return Ok(giver(state, users_key)?.revoke(what, false, state.stamp()?)?);
    }
    let own = signer == state.node;
    // What it signed itself any trust lets it take back; the rest needs one that gives `revoke` (N13).
    let author = if own {
        Author::of_node(&state.me, state.user.clone(), state.sender()?.trust)
    } else {
        state.author(Authorization::Revoke, "revoke what others signed")?
    };
    Ok(author.revoke(what, !own, state.stamp()?)?)
}

/// What is to be given again now, signed.
pub(super) fn due(
    state: &State,
    users_key: Option<&LocalIdentity>,
) -> Result<Vec<Resource>, Error> {
    let signer = users_key.map_or(&state.node, |key| key.identity().fingerprint());
    let due = state.look(|view| {
        let mut all = renewals(&view.authority(), view.user, signer);
        all.retain(|renewal| renewal.due <= view.now);
        all
    })?;
    let sign = |renewal: Renewal| {
        let author = match (users_key, renewal.under) {
            (Some(_), _) => giver(state, users_key)?,
            (None, Some(trust)) => Author::of_node(&state.me, state.user.clone(), trust),
            (None, None) => return Err(Error::NotAllowed("trust others")),
        };
        let (of, expires) = (renewal.of, Some(renewal.expires));
        Ok(author.trust(&of.trustee, of.grants, expires, state.stamp()?)?)
    };
    due.into_iter().map(sign).collect()
}
