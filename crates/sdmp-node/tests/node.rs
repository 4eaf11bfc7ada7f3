//! Running nodes over real sessions on the loopback interface.

use std::sync::Arc;
use std::time::Duration;

use sdmp_container::{Fingerprint, Identifier, IdentityType, Message};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::introduction::{Introduction, Term, Trustee, grants};
use sdmp_journal::sealed::Content;
use sdmp_journal::sync::Limits;
use sdmp_journal::{Author, Resource, Verdict};
use sdmp_node::node::{Setup, begin};
use sdmp_node::{Address, Error, Node};
use sdmp_store::{Sqlite, Store, sqlite::Options};
use sdmp_testkit::keys;
use sdmp_transport::clock::wall_time;
use tempfile::TempDir;

const LIMIT: Duration = Duration::from_secs(10);

fn local(key: &Arc<PrivateKey>, kind: IdentityType) -> LocalIdentity {
    let end = Term::Identity.end("2026-01-01T00:00:00.000Z".parse().unwrap());
    let identity = Identity::create(key.public(), kind, end).unwrap();
    LocalIdentity::new(identity, Arc::<PrivateKey>::clone(key)).unwrap()
}

/// A device: its key, and a directory for its store.
struct Device {
    me: LocalIdentity,
    key: Arc<PrivateKey>,
    user: Fingerprint,
    directory: TempDir,
}

impl Device {
    /// The first device of a user, whose key signs the first lines (N43).
    fn first(user: &LocalIdentity, key: Arc<PrivateKey>) -> Self {
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

    fn new(user: &LocalIdentity, key: Arc<PrivateKey>) -> Self {
        let (me, user) = (local(&key, IdentityType::Node), user.identity().fingerprint().clone());
        Self { me, key, user, directory: tempfile::tempdir().unwrap() }
    }

    fn fp(&self) -> &Fingerprint {
        self.me.identity().fingerprint()
    }

    fn identity(&self) -> Resource {
        Author::of_own_name(&self.me).identity(wall_time().unwrap()).unwrap()
    }

    fn store(&self) -> Arc<dyn Store> {
        let options = Options::new(self.directory.path().join("store"), self.fp().clone());
        Arc::new(Sqlite::open(&options.with_reserve(0)).unwrap())
    }

    async fn start(&self) -> Node {
        // Content gathers for 30 s in a real node (N33).
        let mut limits = Limits::default();
        limits.gather = Duration::from_millis(20);
        limits.gather_control = Duration::from_millis(20);
        let key = Arc::clone(&self.key);
        let setup = Setup::new(self.me.clone(), key, self.user.clone(), self.store());
        let listen = Address::Tcp("127.0.0.1:0".to_owned());
        Node::start(setup.with_listen(listen).with_limits(limits)).await.unwrap()
    }
}

fn address(node: &Node) -> Address {
    node.address().unwrap().parse().unwrap()
}

/// Each knows where the other is: which of them dials depends on their keys (N34).
async fn know(one: &Node, other: &Node) {
    one.add_address(other.fingerprint(), address(other)).await;
    other.add_address(one.fingerprint(), address(one)).await;
}

/// Both trust each other and exchange files (N44).
async fn introduce(one: &Node, other: &Node) {
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
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, asking).await.unwrap_or_else(|_| panic!("not in time: {what}"))
}

async fn has(node: &Node, id: &Identifier) {
    until("a resource", async || node.get(id).unwrap()).await;
}

async fn connected(node: &Node, peer: &Fingerprint) -> bool {
    let status = node.status().await.unwrap();
    status.peers.iter().any(|one| one.node == *peer && one.connected)
}

fn users() -> (LocalIdentity, LocalIdentity) {
    (local(&keys::alice(), IdentityType::User), local(&keys::erin(), IdentityType::User))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_users_exchange_a_public_and_a_private_message() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;

    let public = one.publish(Message::new("hello, all").into()).await.unwrap();
    has(&other, &public).await;
    let private = one.write(&[other.user().clone()], Content::text("for Bert")).await.unwrap();
    let mail = until("a private message", async || {
        other.mail(8).unwrap().into_iter().find(|mail| mail.id == private)
    })
    .await;
    assert_eq!((&mail.from, mail.content), (one.user(), Content::text("for Bert")));
    // And back, over the same session.
    let answer = other.write(&[one.user().clone()], Content::text("for Anna")).await.unwrap();
    has(&one, &answer).await;
    let status = other.status().await.unwrap();
    assert!(status.reports.is_empty(), "{status:?}");
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_was_away_catches_up_and_keeps_what_it_had() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;
    let before = one.publish(Message::new("before").into()).await.unwrap();
    has(&other, &before).await;
    other.stop().await;

    let mut missed = Vec::new();
    for number in 0..70 {
        let text = Message::new(format!("while away: {number}"));
        missed.push(one.publish(text.into()).await.unwrap());
    }
    let other = b.start().await;
    assert!(other.get(&before).unwrap().is_some());
    know(&one, &other).await;
    for id in &missed {
        has(&other, id).await;
    }
    until("no want", async || other.status().await.unwrap().wants.is_empty().then_some(())).await;
    one.stop().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_barred_device_is_shut_out() {
    let (anna, bert) = users();
    let (a, b) = (Device::first(&anna, keys::bob()), Device::first(&bert, keys::mallory()));
    let (one, other) = (a.start().await, b.start().await);
    introduce(&one, &other).await;
    know(&one, &other).await;

    // Anna's phone (N43): her first device trusts it, and it begins with what that hands over.
    let phone = Device::new(&anna, keys::carol());
    one.take_in(&[phone.identity()]).await.unwrap();
    one.trust(phone.fp(), Trustee::FurtherDevice).await.unwrap();
    let file = one.introduction(Some(phone.fp())).unwrap();
    begin(&*phone.store(), &phone.user, file.resources().to_vec(), wall_time().unwrap()).unwrap();
    let lost = phone.start().await;
    know(&one, &lost).await;
    know(&other, &lost).await;
    let said = lost.publish(Message::new("from the phone").into()).await.unwrap();
    has(&other, &said).await;
    until("a session with the phone", async || (connected(&one, phone.fp()).await).then_some(()))
        .await;

    one.lose(phone.fp(), Some(&anna)).await.unwrap();
    until("the end of the sessions", async || {
        let open = connected(&one, phone.fp()).await || connected(&other, phone.fp()).await;
        (!open).then_some(())
    })
    .await;
    // What it signs from now on reaches no other node, and it cannot come back.
    let later = lost.publish(Message::new("from a thief").into()).await;
    if let Ok(later) = &later {
        know(&other, &lost).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(other.get(later).unwrap(), None);
    }
    let status = other.status().await.unwrap();
    assert!(status.peers.iter().all(|peer| peer.node != *phone.fp()), "{status:?}");
    // Without the user's key a device revokes what it gave only; here there is nothing left.
    let again = one.lose(phone.fp(), None).await;
    assert!(matches!(again, Err(Error::NotAllowed(_))), "{again:?}");
    for node in [one, other, lost] {
        node.stop().await;
    }
}
