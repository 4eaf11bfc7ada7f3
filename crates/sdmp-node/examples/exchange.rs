//! Measures running nodes over the loopback interface, with real keys and SQLite.
//!
//! ```sh
//! cargo run --release -p sdmp-node --example exchange -- bulk 100000
//! cargo run --release -p sdmp-node --example exchange -- latency 100
//! cargo run --release -p sdmp-node --example exchange -- idle 100000
//! ```
//!
//! `bulk`: so many public resources from one node to another: rows a second, and the processor time of
//! both together. `latency`: messages between two idle nodes, from the call until it can be read: the
//! median and the worst. `idle`: what a node with so many resources and ten peers adds to the memory of
//! the process. Making the resources takes minutes, which are not counted.

#![allow(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::cast_precision_loss,
    clippy::indexing_slicing,
    clippy::integer_division,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a measurement that is wrong should stop"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use sdmp_container::{Fingerprint, IdentityType, Message, Timestamp};
use sdmp_crypto::rsa::PrivateKey;
use sdmp_envelope::{Identity, LocalIdentity};
use sdmp_journal::introduction::{Introduction, Term, Trustee, grants};
use sdmp_journal::sealed::Content;
use sdmp_journal::{Author, Candidate, Identifier, Resource};
use sdmp_node::node::{Setup, begin};
use sdmp_node::{Address, Node};
use sdmp_store::{Append, Sqlite, Store, sqlite::Options};
use sdmp_transport::clock::wall_time;
use tempfile::TempDir;

struct Person {
    user: LocalIdentity,
    device: LocalIdentity,
    key: Arc<PrivateKey>,
    trust: Identifier,
    store: Arc<dyn Store>,
    _directory: TempDir,
}

fn local(kind: IdentityType) -> (LocalIdentity, Arc<PrivateKey>) {
    let key = Arc::new(PrivateKey::generate(2048).unwrap());
    let end = Term::Identity.end(wall_time().unwrap());
    let identity = Identity::create(key.public(), kind, end).unwrap();
    (LocalIdentity::new(identity, Arc::<PrivateKey>::clone(&key)).unwrap(), key)
}

fn name(of: &LocalIdentity) -> &Fingerprint {
    of.identity().fingerprint()
}

impl Person {
    fn new() -> Self {
        let ((user, _), (device, key)) = (local(IdentityType::User), local(IdentityType::Node));
        let directory = tempfile::tempdir().unwrap();
        let options = Options::new(directory.path().join("store"), name(&device).clone());
        let store: Arc<dyn Store> = Arc::new(Sqlite::open(&options.with_reserve(0)).unwrap());
        let now = wall_time().unwrap();
        let by_user = Author::of_own_name(&user);
        let end = Some(Term::Trust.end(now));
        let trust = by_user.trust(name(&device), grants(Trustee::FirstDevice), end, now).unwrap();
        let own = Author::of_own_name(&device).identity(now).unwrap();
        let first = vec![by_user.identity(now).unwrap(), trust.clone(), own];
        begin(&*store, name(&user), first, now).unwrap();
        let trust = trust.id().clone();
        Self { user, device, key, trust, store, _directory: directory }
    }

    /// Fills the journal with public messages of some 2.7 KB, signed on all cores.
    fn fill(&self, count: usize) -> Identifier {
        let start = wall_time().unwrap();
        let threads = std::thread::available_parallelism().unwrap().get();
        let sign = |number: usize| -> Resource {
            let at = start.unix_millis() - 1_000_000_000 + i64::try_from(number).unwrap();
            let author =
                Author::of_node(&self.device, name(&self.user).clone(), self.trust.clone());
            let text = Message::new(format!("{number:0>1500}"));
            author.publish(&text.into(), Timestamp::from_unix_millis(at).unwrap()).unwrap()
        };
        let mut last = None;
        for step in (0..count).step_by(256) {
            let numbers: Vec<usize> = (step..count.min(step + 256)).collect();
            let share = numbers.len().div_ceil(threads);
            let resources: Vec<Resource> = std::thread::scope(|scope| {
                let parts = numbers.chunks(share);
                let parts: Vec<_> = parts
                    .map(|part| {
                        scope.spawn(move || part.iter().map(|n| sign(*n)).collect::<Vec<_>>())
                    })
                    .collect();
                parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
            });
            last = resources.last().map(|one| one.id().clone());
            let candidates = resources.into_iter().map(Candidate::new).collect();
            let now = wall_time().unwrap();
            self.store.append(Append::new(name(&self.user).clone(), now, candidates)).unwrap();
        }
        last.unwrap()
    }

    async fn start(&self) -> Node {
        let (device, key) = (self.device.clone(), Arc::clone(&self.key));
        let setup = Setup::new(device, key, name(&self.user).clone(), Arc::clone(&self.store));
        let listen = Address::Tcp("127.0.0.1:0".to_owned());
        Node::start(setup.with_listen(listen)).await.unwrap()
    }
}

async fn introduce(one: &Node, other: &Node) {
    one.trust(other.user(), Trustee::Person).await.unwrap();
    other.trust(one.user(), Trustee::Person).await.unwrap();
    for (from, to) in [(one, other), (other, one)] {
        let file = from.introduction(Some(to.user())).unwrap().to_text();
        let file = Introduction::parse(file.as_bytes()).unwrap();
        to.take_in(file.resources()).await.unwrap();
    }
    for (one, other) in [(one, other), (other, one)] {
        let address = one.address().unwrap().parse().unwrap();
        other.add_address(one.fingerprint(), address).await;
    }
}

async fn has(node: &Node, id: &Identifier) {
    let mut lines = node.lines();
    while node.get(id).unwrap().is_none() {
        lines.changed().await.unwrap();
    }
}

async fn connected(node: &Node, count: usize) {
    loop {
        let status = node.status().await.unwrap();
        if status.peers.iter().filter(|peer| peer.connected).count() >= count {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// The processor time of this process, in seconds (Linux).
fn processor() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let behind = stat.rsplit_once(')').map_or("", |(_, behind)| behind);
    let ticks = behind.split_whitespace().skip(11).take(2);
    ticks.filter_map(|ticks| ticks.parse::<f64>().ok()).sum::<f64>() / 100.0
}

/// The memory of this process in MiB (Linux).
fn memory() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
    kib.unwrap_or(0.0) / 1024.0
}

async fn bulk(count: usize) {
    let (anna, bert) = (Person::new(), Person::new());
    let last = anna.fill(count);
    let (one, other) = (anna.start().await, bert.start().await);
    let (start, before) = (Instant::now(), processor());
    introduce(&one, &other).await;
    has(&other, &last).await;
    let (took, used) = (start.elapsed().as_secs_f64(), processor() - before);
    println!("{count} resources in {took:.2} s: {:.0} rows/s", count as f64 / took);
    println!(
        "processor time of both nodes: {used:.2} s, {:.0} us a row",
        used * 1e6 / count as f64
    );
    one.stop().await;
    other.stop().await;
}

async fn latency(count: usize) {
    let (anna, bert) = (Person::new(), Person::new());
    let (one, other) = (anna.start().await, bert.start().await);
    introduce(&one, &other).await;
    connected(&one, 1).await;
    let mut times = Vec::new();
    for number in 0..count {
        // Idle: lines that follow another within seconds gather (N33).
        tokio::time::sleep(Duration::from_secs(2)).await;
        let mut bell = other.bell();
        let start = Instant::now();
        let content = Content::text(number.to_string());
        let id = one.write(&[other.user().clone()], content).await.unwrap();
        while !other.mail(4).unwrap().iter().any(|mail| mail.id == id) {
            bell.changed().await.unwrap();
        }
        times.push(start.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{count} messages: median {median:.1} ms, worst {worst:.1} ms");
    one.stop().await;
    other.stop().await;
}

async fn idle(count: usize) {
    let people: Vec<Person> = (0..10).map(|_| Person::new()).collect();
    let mut peers = Vec::new();
    for person in &people {
        peers.push(person.start().await);
    }
    let anna = Person::new();
    anna.fill(count);
    let before = memory();
    let node = anna.start().await;
    for peer in &peers {
        introduce(&node, peer).await;
    }
    connected(&node, peers.len()).await;
    println!("a node with {count} resources and {} peers", peers.len());
    println!("before its start {before:.1} MiB, with all sessions {:.1} MiB", memory());
    println!("(the peers collect the resources meanwhile: run it with few, too)");
    node.stop().await;
    for peer in peers {
        peer.stop().await;
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let what = arguments.next().unwrap_or_default();
    let count = arguments.next().map(|count| count.parse().unwrap());
    match what.as_str() {
        "bulk" => bulk(count.unwrap_or(100_000)).await,
        "latency" => latency(count.unwrap_or(100)).await,
        "idle" => idle(count.unwrap_or(100_000)).await,
        _ => println!("exchange bulk|latency|idle [COUNT]"),
    }
}
