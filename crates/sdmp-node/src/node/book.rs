//! Where nodes are: by configuration, and by their `node` resources (N35).

use std::collections::BTreeMap;

use sdmp_container::{Fingerprint, Identifier, NodeInformation, Timestamp};
use sdmp_journal::sync::{Prefix, addresses};
use sdmp_journal::{Kind, Resource};
use sdmp_store::Snapshot;

use crate::{Address, Error};

/// So many lines are looked at together.
const STEP: usize = 1_024;

/// The addresses of nodes.
#[derive(Debug)]
pub(crate) struct Book {
    user: Fingerprint,
    configured: BTreeMap<Fingerprint, Vec<Address>>,
    /// Networks around this node: other users' nodes are not dialled there.
    near: Vec<Prefix>,
    /// Those of its interfaces, as the system tells them.
    networks: Vec<Prefix>,
    published: BTreeMap<Fingerprint, Published>,
}

/// The newest `node` resource of a node (N5).
#[derive(Debug)]
struct Published {
    age: (Option<Timestamp>, Identifier),
    ips: Vec<String>,
    /// Whether the node is one of this node's user.
    own: bool,
}

impl Book {
    pub(crate) const fn new(
        user: Fingerprint,
        configured: BTreeMap<Fingerprint, Vec<Address>>,
        near: Vec<Prefix>,
    ) -> Self {
        Self { user, configured, near, networks: Vec::new(), published: BTreeMap::new() }
    }

    /// Adds an address that a person names.
    pub(crate) fn configure(&mut self, node: &Fingerprint, address: Address) {
        let known = self.configured.entry(node.clone()).or_default();
        if !known.contains(&address) {
            known.push(address);
        }
    }

    /// Reads the `node` resources of the whole journal.
    pub(crate) fn read_all(&mut self, snapshot: &dyn Snapshot) -> Result<(), Error> {
        let mut from = 2_u64;
        loop {
            let ids = snapshot.rows(from, STEP);
            for id in &ids {
                let _is_new = self.read(snapshot, id);
            }
            snapshot.check()?;
            if ids.len() < STEP {
                return Ok(());
            }
            from = from.saturating_add(u64::try_from(ids.len()).unwrap_or(u64::MAX));
        }
    }

    /// Reads an admitted resource; says whether it is the newest about how some node is reached.
    pub(crate) fn read(&mut self, snapshot: &dyn Snapshot, id: &Identifier) -> bool {
        let meta = snapshot.meta(id).filter(|meta| meta.kind == Kind::Node);
        let Some(meta) = meta else { return false };
        let age = (meta.created, id.clone());
        if self.published.get(&meta.signer).is_some_and(|known| known.age >= age) {
            return false;
        }
        let Some(text) = snapshot.text(id) else { return false };
        let Ok(resource) = Resource::parse(&*text) else { return false };
        let information = NodeInformation::from_container(resource.payload());
        let ips = information.map(|node| node.ips().to_vec()).unwrap_or_default();
        // A node of another user is not to make this one reach into the networks around it.
        let own = meta.user == self.user;
        self.published.insert(meta.signer, Published { age, ips, own });
        true
    }

    /// The networks of the own interfaces (N35).
    pub(crate) fn set_networks(&mut self, networks: Vec<Prefix>) {
        self.networks = networks;
    }

    /// What a node publishes, if it says anything.
    pub(crate) fn published(&self, node: &Fingerprint) -> Option<&Vec<String>> {
        self.published.get(node).map(|published| &published.ips)
    }

    /// The resource that says so.
    pub(crate) fn resource(&self, node: &Fingerprint) -> Option<Identifier> {
        self.published.get(node).map(|published| published.age.1.clone())
    }

    /// Whether a node is known to be dialled somewhere.
    pub(crate) fn has(&self, node: &Fingerprint) -> bool {
        !self.of(node).is_empty()
    }

    /// Whether a node publishes an address at all.
    pub(crate) fn is_published(&self, node: &Fingerprint) -> bool {
        self.published(node).is_some_and(|ips| !ips.is_empty())
    }

    /// Where a node is dialled, in this order.
    pub(crate) fn of(&self, node: &Fingerprint) -> Vec<Address> {
        let mut all = self.configured.get(node).cloned().unwrap_or_default();
        if let Some(Published { ips, own, .. }) = self.published.get(node) {
            let near: Vec<Prefix> = self.near.iter().chain(&self.networks).copied().collect();
            let found = addresses(ips.iter().map(String::as_str), *own, &near);
            all.extend(found.into_iter().map(|address| Address::Tcp(address.to_string())));
        }
        all
    }
}
