//! Introduction files (N44): the only way for resources to travel in the clear.

use std::collections::BTreeSet;
use std::sync::Arc;

use sdmp_container::{Fingerprint, Identifier, IdentityType};

use crate::authority::Authority;
use crate::error::{Code, Error};
use crate::fact::TrustFact;
use crate::{Body, Kind, Resource, View};

/// The most resources of a file.
pub const MAX_TEXTS: usize = 64;
/// The longest file, in octets.
pub const LONGEST_FILE: usize = 256 << 10;

/// What one user's device hands to a person, to be carried to another one.
///
/// It proves nothing by itself. A person takes it in who has compared the words of *that user*; then
/// its resources are judged together, like those of one response (N6, N7).
#[derive(Clone, Debug)]
pub struct Introduction {
    user: Fingerprint,
    resources: Vec<Resource>,
}

impl Introduction {
    /// Reads a file: resources, each followed by LF.
    ///
    /// # Errors
    /// `resource.size` for more than 64 resources or 256 KiB; what is wrong with a resource;
    /// `resource.kind` for what does not belong into such a file; `identity.unknown` unless it holds
    /// the identity of exactly one user.
    pub fn parse(octets: &[u8]) -> Result<Self, Error> {
        if octets.len() > LONGEST_FILE {
            return Err(Code::ResourceSize.into());
        }
        // A file that was cut in its last line must not pass for a shorter one.
        let texts = octets.strip_suffix(b"\n").ok_or(Code::ResourceForm)?;
        let texts: Vec<&[u8]> = texts.split(|octet| *octet == b'\n').collect();
        if texts.len() > MAX_TEXTS {
            return Err(Code::ResourceSize.into());
        }
        let resources = texts.into_iter().map(Resource::parse).collect::<Result<_, _>>()?;
        Self::new(resources)
    }

    /// An introduction of these resources.
    ///
    /// # Errors
    /// As [`Self::parse`].
    pub fn new(resources: Vec<Resource>) -> Result<Self, Error> {
        // A file introduces one user: a second one could slip in unnoticed.
        let user = only_user(&resources).ok_or(Code::IdentityUnknown)?;
        // Of others it holds the identities of nodes, and nothing else.
        let fits = |one: &Resource| {
            let own = one.user() == &user && (one.kind().is_control() || one.kind() == Kind::Node);
            own || is_identity(one, IdentityType::Node)
        };
        if !resources.iter().all(fits) {
            return Err(Code::ResourceKind.into());
        }
        let introduction = Self { user, resources };
        if introduction.resources.len() > MAX_TEXTS || introduction.len() > LONGEST_FILE {
            return Err(Code::ResourceSize.into());
        }
        Ok(introduction)
    }

    /// Gathers what is known of a user for one receiver: the user's identity, its nodes with their
    /// chains and addresses, its bars, its trust in the receiver. `text` gives the text of an
    /// admitted resource, `address` the `node` resource of a node, if there is one.
    ///
    /// # Errors
    /// `identity.unknown` without the user's identity; `resource.size` for a user with too many
    /// nodes for one file.
    pub fn gather<V: View + ?Sized>(
        authority: &Authority<'_, V>,
        user: &Fingerprint,
        receiver: Option<&Fingerprint>,
        text: impl Fn(&Identifier) -> Option<Arc<str>>,
        address: impl Fn(&Fingerprint) -> Option<Identifier>,
    ) -> Result<Self, Error> {
        let mut list = List { authority, ids: Vec::new() };
        list.identity(user);
        for trust in authority.view().trusts_of(user).iter() {
            let node = &trust.trustee;
            let bars = authority.view().bars(user, node);
            if let (Some(bar), Some(_)) = (bars.first(), authority.bar(user, node)) {
                list.trust_by_id(&bar.trust);
                list.identity(node);
                list.add(&bar.revocation);
                continue;
            }
            let is_node = authority.is_of_type(node, IdentityType::Node);
            if (is_node || receiver == Some(node)) && authority.check_trust(trust).is_ok() {
                list.trust(trust);
                if is_node {
                    list.identity(node);
                    address(node).iter().for_each(|id| list.add(id));
                }
            }
        }
        // In the order of the list: each one follows what it rests on.
        let texts = list.ids.iter().filter_map(text);
        let resources = texts.map(|text| Resource::parse(&*text)).collect::<Result<_, _>>()?;
        Self::new(resources)
    }

    /// Whose introduction it is: the words to be compared are those of this user.
    #[must_use]
    pub const fn user(&self) -> &Fingerprint {
        &self.user
    }

    /// The resources, to be judged together.
    #[must_use]
    pub fn resources(&self) -> &[Resource] {
        &self.resources
    }

    /// The file.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.resources.iter().flat_map(|one| [one.text(), "\n"]).collect()
    }

    fn len(&self) -> usize {
        self.resources.iter().map(|one| one.text().len() + 1).sum()
    }
}

/// The user whose identity is among these, if there is exactly one.
fn only_user(resources: &[Resource]) -> Option<Fingerprint> {
    let users = resources.iter().filter(|one| is_identity(one, IdentityType::User));
    let users: BTreeSet<&Fingerprint> = users.map(Resource::user).collect();
    if users.len() == 1 { users.first().map(|user| (*user).clone()) } else { None }
}

fn is_identity(resource: &Resource, kind: IdentityType) -> bool {
    match resource.body() {
        Body::Identity(identity) => identity.kind() == kind,
        Body::Trust { .. } | Body::Revoke { .. } | Body::Content => false,
    }
}

/// What goes into a file, each once, what others need before these.
struct List<'l, 'v, V: ?Sized> {
    authority: &'l Authority<'v, V>,
    ids: Vec<Identifier>,
}

impl<V: View + ?Sized> List<'_, '_, V> {
    fn add(&mut self, id: &Identifier) {
        if !self.ids.contains(id) {
            self.ids.push(id.clone());
        }
    }

    fn identity(&mut self, key: &Fingerprint) {
        if let Some(state) = self.authority.key_state(key) {
            self.add(&state.identity().meta.id);
        }
    }

    fn trust(&mut self, trust: &TrustFact) {
        if let Some(parent) =
            trust.meta.trust.as_ref().and_then(|id| self.authority.view().trust(id))
        {
            self.add(&parent.meta.id);
            self.identity(&trust.meta.signer);
        }
        self.add(&trust.meta.id);
    }

    fn trust_by_id(&mut self, id: &Identifier) {
        if let Some(trust) = self.authority.view().trust(id) {
            self.trust(&trust);
        }
    }
}
