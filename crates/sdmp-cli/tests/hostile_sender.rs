//! `sdmp recv` and a trusted peer that does not behave: nothing outside the directory, nothing that
//! was not announced, nothing that is not whole.

use std::fs;
use std::sync::Arc;

use crate::common::{Listening, Machine, acquainted, expect};
use sdmp_container::{Container, Status, b64url};
use sdmp_crypto::hash::sha512;
use sdmp_envelope::{Identity, LocalIdentity, private_key};
use sdmp_handshake::Config;
use sdmp_schema::extensions::FILE_URI;
use sdmp_transport::{SecureSession, connect, stream, tcp};
use tempfile::TempDir;

/// Bob receives; the test plays Alice.
struct Receiver {
    bob: Machine,
    alice: Machine,
    to: TempDir,
}

impl Receiver {
    fn new() -> Self {
        let (alice, bob) = acquainted();
        Self { bob, alice, to: tempfile::tempdir().unwrap() }
    }

    fn start(&self) -> Listening {
        let out = self.to.path().join("in");
        self.bob.start(&["recv", "127.0.0.1:0", "--once", "--out", out.to_str().unwrap()])
    }

    async fn session(&self, address: &str) -> SecureSession {
        let read = |path: &str| fs::read(self.alice.path().join(path)).unwrap();
        let identity = Identity::parse(&read("keys/alice.identity.json")).unwrap();
        let key = Container::parse(read("keys/alice.private.json")).unwrap();
        let key = private_key::open(&key, None).unwrap().key;
        let bob = Identity::parse(&read("peers/bob.json")).unwrap();
        let local = LocalIdentity::new(identity, Arc::new(key)).unwrap();
        let config = Config::new(local).pin(bob.fingerprint().clone()).trust([bob]);
        connect(tcp::dial(address).await.unwrap(), config).await.unwrap()
    }

    /// What is in the directory and beside it.
    fn there(&self) -> Vec<String> {
        let names = |path: &std::path::Path| -> Vec<String> {
            let entries = fs::read_dir(path).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        let mut all = names(self.to.path());
        all.extend(names(&self.to.path().join("in")));
        all.sort();
        all
    }
}

fn announcement(name: &str, size: usize, octets: &[u8]) -> Container {
    let name = serde_json::Value::from(name);
    let hash = b64url::encode(&sha512(octets));
    let text = format!(
        r#"{{"sdmp":{{"version":"0.12.0","schemas":["{FILE_URI}"]}},"file":{{"name":{name},"size":{size},"sha512":"{hash}"}}}}"#
    );
    Container::parse(text).unwrap()
}

/// The status and the reason of the next answer.
async fn answer(session: &mut SecureSession) -> (Status, Option<String>) {
    let received = session.recv().await.unwrap().unwrap();
    let response = sdmp_container::Response::from_container(&received.container).unwrap();
    let reason = received.container.root().get("reason").and_then(|reason| reason.as_str());
    (response.status(), reason.map(str::to_owned))
}

fn refused(reason: &str) -> (Status, Option<String>) {
    (Status::BadRequest, Some(reason.to_owned()))
}

#[tokio::test]
async fn no_name_leads_out_of_the_directory() {
    let receiver = Receiver::new();
    let listening = receiver.start();
    let mut session = receiver.session(&listening.address).await;
    let absolute = receiver.to.path().join("absolute").to_str().unwrap().to_owned();
    for name in [
        "../escaped",
        "..",
        ".",
        "",
        "a/../../escaped",
        "sub/file",
        "..\\escaped",
        &absolute,
        "C:\\x",
        "nul\0l",
        ".bashrc",
        "CON",
        "aux.txt",
        "line\nbreak",
        "\u{202e}txt.exe",
        &"a".repeat(256),
        ".sdmp-x-1.part",
    ] {
        session.send(announcement(name, 1, b"x")).await.unwrap();
        assert_eq!(answer(&mut session).await, refused("name"), "{name:?}");
    }
    session.close().await.unwrap();
    expect(1, listening.finish(b""));
    assert_eq!(receiver.there(), ["in"]);
}

#[tokio::test]
async fn what_arrives_is_what_was_announced_or_nothing() {
    let receiver = Receiver::new();
    let listening = receiver.start();
    let mut session = receiver.session(&listening.address).await;
    let chunk = |octets: &[u8], end| stream::encode(octets, end).unwrap();

    // Other octets of the same number.
    session.send(announcement("wrong", 3, b"abc")).await.unwrap();
    assert_eq!(answer(&mut session).await.0, Status::Ok);
    session.send(chunk(b"abd", true)).await.unwrap();
    assert_eq!(answer(&mut session).await, refused("mismatch"));

    // Fewer, and more.
    session.send(announcement("short", 3, b"abc")).await.unwrap();
    assert_eq!(answer(&mut session).await.0, Status::Ok);
    session.send(chunk(b"ab", true)).await.unwrap();
    assert_eq!(answer(&mut session).await, refused("mismatch"));
    session.send(announcement("long", 3, b"abc")).await.unwrap();
    assert_eq!(answer(&mut session).await.0, Status::Ok);
    session.send(chunk(b"abcd", false)).await.unwrap();
    assert_eq!(answer(&mut session).await, refused("size"));
    session.send(chunk(b"", true)).await.unwrap();

    // More than is taken.
    session.send(announcement("huge", usize::MAX, b"abc")).await.unwrap();
    assert_eq!(answer(&mut session).await, refused("size"));

    // After all that, a right one, in several chunks.
    session.send(announcement("right", 3, b"abc")).await.unwrap();
    assert_eq!(answer(&mut session).await.0, Status::Ok);
    for octet in b"abc" {
        session.send(chunk(&[*octet], false)).await.unwrap();
    }
    session.send(chunk(b"", true)).await.unwrap();
    assert_eq!(answer(&mut session).await.0, Status::Ok);
    session.close().await.unwrap();
    drop(listening.finish(b""));
    let there = receiver.there();
    assert!(there.contains(&"right".to_owned()), "{there:?}");
    let unnamed = |name: &&String| !["in", "right"].contains(&name.as_str());
    assert!(there.iter().filter(unnamed).all(|name| name.ends_with(".part")), "{there:?}");
    assert_eq!(fs::read(receiver.to.path().join("in/right")).unwrap(), b"abc");
}

/// The same file twice at the same time: the second does not wait.
#[tokio::test]
async fn two_senders_of_one_file_do_not_mix() {
    let receiver = Receiver::new();
    let out = receiver.to.path().join("in");
    let mut listening =
        receiver.bob.start(&["recv", "127.0.0.1:0", "--out", out.to_str().unwrap()]);
    let mut one = receiver.session(&listening.address).await;
    let mut other = receiver.session(&listening.address).await;
    one.send(announcement("file", 3, b"abc")).await.unwrap();
    assert_eq!(answer(&mut one).await.0, Status::Ok);
    other.send(announcement("file", 3, b"abc")).await.unwrap();
    assert_eq!(answer(&mut other).await, refused("busy"));
    one.send(stream::encode(b"abc", true).unwrap()).await.unwrap();
    assert_eq!(answer(&mut one).await.0, Status::Ok);
    one.close().await.unwrap();
    other.close().await.unwrap();
    assert_eq!(fs::read(out.join("file")).unwrap(), b"abc");
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
}
