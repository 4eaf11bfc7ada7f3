//! Running nodes over the loopback interface: devices of users, and what tests wait for.

use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, Identifier, IdentityType};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::introduction::{Introduction, Term, Trustee, grants};
use sdmp_journal::sync::Limits;
use sdmp_journal::{Author, Resource, Verdict};
use sdmp_node::node::{Setup, begin};
use sdmp_node::{Address, Node};
use sdmp_store::{Sqlite, Store, sqlite::Options};
use sdmp_testkit::keys;
use sdmp_transport::clock::wall_time;
use tempfile::TempDir;

pub(crate) const LIMIT: Duration = Duration::from_secs(10);

pub(crate) fn local(key: &Arc<PrivateKey>, kind: IdentityType) -> LocalIdentity {
    let end = Term::Identity.end("2026-01-01T00:00:00.000Z".parse().unwrap());
    let identity = Identity::create(key.public(), kind, end).unwrap();
    LocalIdentity::new(identity, Arc::<PrivateKey>::clone(key)).unwrap()
}

/// A device: its key, and a directory for its store.
pub(crate) struct Device {
    pub(crate) me: LocalIdentity,
    pub(crate) key: Arc<PrivateKey>,
    pub(crate) user: Fingerprint,
    pub(crate) directory: TempDir,
}

impl Device {
    /// The first device of a user, whose key signs the first lines (N43).
    pub(crate) fn first(user: &LocalIdentity, key: Arc<PrivateKey>) -> Self {
        let device = Self::new(user, key);
        let now = wall_time().unwrap();
        let by_user = Author::of_own_name(user);
        let end = Some(Term::Trust.end(now));
        let first = vec![
            by_user.identity(now).unwrap(),
            by_user.trust(device.fp(), grants(Trustee::FirstDevice), end, now).unwrap(),
            device.identity(),
        ];
        begin(&*device.store(), &device.user, first, now).unwrap();
        device
    }

    pub(crate) fn new(user: &LocalIdentity, key: Arc<PrivateKey>) -> Self {
        let (me, user) = (local(&key, IdentityType::Node), user.identity().fingerprint().clone());
        Self { me, key, user, directory: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn fp(&self) -> &Fingerprint {
        self.me.identity().fingerprint()
    }

    pub(crate) fn identity(&self) -> Resource {
        Author::of_own_name(&self.me).identity(wall_time().unwrap()).unwrap()
    }

    pub(crate) fn store(&self) -> Arc<dyn Store> {
        let options = Options::new(self.directory.path().join("store"), self.fp().clone());
        Arc::new(Sqlite::open(&options.with_reserve(0)).unwrap())
    }

    pub(crate) async fn start(&self) -> Node {
        Node::start(self.setup()).await.unwrap()
    }

    pub(crate) fn setup(&self) -> Setup {
        // Content gathers for 30 s in a real node (N33).
        let mut limits = Limits::default();
        limits.gather = Duration::from_millis(20);
        limits.gather_control = Duration::from_millis(20);
        let key = Arc::clone(&self.key);
        let setup = Setup::new(self.me.clone(), key, self.user.clone(), self.store());
        let listen = Address::Tcp("127.0.0.1:0".to_owned());
        setup.with_listen(listen).with_limits(limits)
    }
}

pub(crate) fn address(node: &Node) -> Address {
    node.address().unwrap().parse().unwrap()
}

/// Each knows where the other is: which of them dials depends on their keys (N34).
pub(crate) async fn know(one: &Node, other: &Node) {
    one.add_address(other.fingerprint(), address(other)).await;
    other.add_address(one.fingerprint(), address(one)).await;
}

/// Both trust each other and exchange files (N44).
pub(crate) async fn introduce(one: &Node, other: &Node) {
    one.trust(other.user(), Trustee::Person).await.unwrap();
    other.trust(one.user(), Trustee::Person).await.unwrap();
    for (from, to) in [(one, other), (other, one)] {
        let file = from.introduction(Some(to.user())).unwrap().to_text();
        let file = Introduction::parse(file.as_bytes()).unwrap();
        assert_eq!(file.user(), from.user());
        let verdicts = to.take_in(file.resources()).await.unwrap();
        let admitted = |one: &Verdict| matches!(one, Verdict::Admit { .. } | Verdict::Known);
        assert!(verdicts.iter().all(admitted), "{verdicts:?}");
    }
}

/// Waits until something is so.
pub(crate) async fn until<T>(what: &str, ask: impl AsyncFnMut() -> Option<T>) -> T {
    until_in(LIMIT.as_secs(), what, ask).await
}

/// The same, with so many seconds.
pub(crate) async fn until_in<T>(
    seconds: u64,
    what: &str,
    mut ask: impl AsyncFnMut() -> Option<T>,
) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(seconds), asking)
        .await
        .unwrap_or_else(|_| panic!("not in time: {what}"))
}

pub(crate) async fn has(node: &Node, id: &Identifier) {
    until("a resource", async || node.get(id).unwrap()).await;
}

pub(crate) async fn connected(node: &Node, peer: &Fingerprint) -> bool {
    let status = node.status().await.unwrap();
    status.peers.iter().any(|one| one.node == *peer && one.connected)
}

pub(crate) fn users() -> (LocalIdentity, LocalIdentity) {
    (local(&keys::alice(), IdentityType::User), local(&keys::erin(), IdentityType::User))
}
