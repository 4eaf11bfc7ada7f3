//! A directory in which others may write: links, FIFOs, swapped directories, abandoned sessions.
#![cfg(unix)]

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message, policy, text};
use sdmp_handshake::{Config, Policy};
use sdmp_transport::carrier::{Carrier, CarrierLimits, Chunk, ObjectReceiver, ObjectSender};
use sdmp_transport::listener::{Acceptor, ListenerLimits};
use sdmp_transport::{Listener, connect, files};
use tokio::time::timeout;

fn limits() -> CarrierLimits {
    CarrierLimits::new(1 << 20, Duration::from_secs(30))
}

fn patient(config: Config) -> Config {
    config.with_policy(Policy { limits: files::limits(), ..policy() })
}

fn names(path: &Path) -> Vec<String> {
    let entries = fs::read_dir(path).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

/// The two halves of an initiator's carrier, and the directory of its session.
async fn begun(dir: &Path) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>, PathBuf) {
    let before = names(dir);
    let (sender, receiver) = Box::new(files::dial(dir).await.unwrap()).split(limits());
    let new = names(dir).into_iter().find(|name| !before.contains(name)).unwrap();
    (sender, receiver, dir.join(new))
}

fn fifo(path: &Path) {
    let made = std::process::Command::new("mkfifo").arg(path).status().unwrap();
    assert!(made.success());
}

/// Files of the user that a stranger would like to have overwritten, through a link at `name`.
fn plant(session: &Path, name: &str, target: &Path) {
    fs::write(target, "precious").unwrap();
    symlink(target, session.join(name)).unwrap();
}

fn names_written(side: char) -> Vec<String> {
    let numbers = (0..3)
        .flat_map(|number| ["json", "end"].map(|suffix| format!("{side}-{number:08}.{suffix}")));
    // What older versions used as the names of temporary files.
    numbers.chain((0..3).map(|number| format!(".{side}-{number:08}.tmp"))).collect()
}

#[tokio::test]
async fn links_at_every_name_that_is_written_are_never_followed() {
    let dir = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    // The initiator's side.
    let (mut sender, _receiver, session) = begun(dir.path()).await;
    for name in names_written('i') {
        plant(&session, &name, &target.path().join(&name));
    }
    sender.send(b"{}").await.unwrap();
    sender.send(b"{}").await.unwrap();
    sender.finish().await.unwrap();
    // The responder's.
    fs::write(session.join("i-00000000.json"), "{}\n").unwrap();
    for name in names_written('r') {
        plant(&session, &name, &target.path().join(&name));
    }
    let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    let taken = acceptor.next().await.unwrap().open.await.unwrap();
    let (mut sender, receiver) = taken.split(limits());
    sender.send(b"{}").await.unwrap();
    drop((sender, receiver));
    assert_eq!(names(target.path()).len(), 18);
    for name in names(target.path()) {
        let kept = fs::read_to_string(target.path().join(&name)).unwrap();
        assert_eq!(kept, "precious", "{name} was written through a link");
    }
    let written = fs::symlink_metadata(session.join("r-00000000.json")).unwrap();
    assert!(written.is_file(), "the link itself was replaced");
}

#[tokio::test(start_paused = true)]
async fn a_link_in_place_of_taken_is_not_created_through() {
    let dir = tempfile::tempdir().unwrap();
    let target = tempfile::tempdir().unwrap();
    let (mut sender, _receiver, session) = begun(dir.path()).await;
    sender.send(b"{}").await.unwrap();
    symlink(target.path().join("new"), session.join("taken")).unwrap();
    let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    timeout(Duration::from_millis(500), acceptor.next()).await.expect_err("taken already");
    assert!(names(target.path()).is_empty());
}

#[tokio::test(start_paused = true)]
async fn links_are_not_read_through_either() {
    let dir = tempfile::tempdir().unwrap();
    let (_sender, mut receiver, session) = begun(dir.path()).await;
    let secret = dir.path().join("secret");
    fs::write(&secret, "{}\n").unwrap();
    symlink(&secret, session.join("r-00000000.json")).unwrap();
    let error = receiver.receive().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
    assert!(secret.exists());
    // A session that is a link to a directory elsewhere is none.
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("i-00000000.json"), "{}\n").unwrap();
    symlink(elsewhere.path(), dir.path().join("a".repeat(32))).unwrap();
    let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    timeout(Duration::from_millis(500), acceptor.next()).await.unwrap_err();
    assert_eq!(names(elsewhere.path()), ["i-00000000.json"]);
}

/// A FIFO without a writer would stop a thread for good.
#[tokio::test]
async fn fifos_are_refused_without_waiting() {
    let dir = tempfile::tempdir().unwrap();
    let (_sender, mut receiver, session) = begun(dir.path()).await;
    fifo(&session.join("r-00000000.json"));
    let error = timeout(Duration::from_secs(5), receiver.receive()).await.unwrap().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

/// The same where the FIFO takes the file's place between the look and the opening.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fifo_that_is_swapped_in_stops_nothing() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let dir = tempfile::tempdir().unwrap();
    let (_sender, mut receiver, session) = begun(dir.path()).await;
    // Without a line feed: it is looked at again and again.
    fs::write(session.join("a"), "{").unwrap();
    fifo(&session.join("b"));
    static STOP: AtomicBool = AtomicBool::new(false);
    let there = session.clone();
    let swapping = std::thread::spawn(move || {
        while !STOP.load(Ordering::Relaxed) {
            for name in ["a", "b"] {
                drop(fs::remove_file(there.join("r-00000000.json")));
                drop(fs::hard_link(there.join(name), there.join("r-00000000.json")));
            }
        }
    });
    for _ in 0..5 {
        match timeout(Duration::from_millis(700), receiver.receive()).await {
            // Still being copied, each time that it was looked at.
            Err(_) => break,
            Ok(result) => assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidData),
        }
    }
    STOP.store(true, Ordering::Relaxed);
    swapping.join().unwrap();
}

/// A directory that takes the session's place gets nothing, and loses nothing.
#[tokio::test]
async fn a_session_whose_directory_is_swapped_ends_and_touches_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("r-00000000.json"), "{}\n").unwrap();
    fs::write(elsewhere.path().join("taken"), "precious").unwrap();
    let (mut sender, mut receiver, session) = begun(dir.path()).await;
    fs::rename(&session, dir.path().join("moved")).unwrap();
    symlink(elsewhere.path(), &session).unwrap();
    let error = receiver.receive().await.unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
    sender.send(b"{}").await.unwrap();
    drop((sender, receiver));
    assert_eq!(names(elsewhere.path()).len(), 2, "{:?}", names(elsewhere.path()));
    assert!(dir.path().join("moved").join("i-00000000.json").exists());
}

/// Only what belongs to the session is removed with it.
#[tokio::test]
async fn foreign_files_stay_when_a_session_ends() {
    let dir = tempfile::tempdir().unwrap();
    let (mut sender, mut receiver, session) = begun(dir.path()).await;
    fs::write(session.join("README.txt"), "hello").unwrap();
    fs::write(session.join("r-00000000.end"), "\n").unwrap();
    assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
    sender.finish().await.unwrap();
    fs::remove_file(session.join("i-00000000.end")).unwrap();
    drop((sender, receiver));
    assert_eq!(names(&session), ["README.txt"]);
}

/// Sessions with a first message, and nothing after it, hold all places for a day: a session that is
/// alive takes the place of the oldest. (`cargo xtask load files` has a thousand of them.)
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_abandoned_sessions_keep_no_honest_one_out() {
    let dir = tempfile::tempdir().unwrap();
    let (mut sender, _receiver, session) = begun(dir.path()).await;
    // M1 of a real handshake, taken from a carrier that is then abandoned.
    let m1 = {
        let (one, mut other) = tokio::io::duplex(1 << 16);
        let dialling =
            tokio::spawn(connect(sdmp_transport::ByteStream::new(one), config(ALICE, &[BOB])));
        let mut m1 = vec![0; 1 << 16];
        let read = tokio::io::AsyncReadExt::read(&mut other, &mut m1).await.unwrap();
        dialling.abort();
        m1.truncate(read);
        m1
    };
    for number in 0..100 {
        let abandoned = dir.path().join(format!("{number:032x}"));
        fs::create_dir(&abandoned).unwrap();
        fs::write(abandoned.join("i-00000000.json"), &m1).unwrap();
    }
    sender.finish().await.unwrap();
    drop(session);
    let acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    let limits = ListenerLimits::default().with_half_open(16);
    let mut listener =
        Listener::builder(acceptor, patient(config(BOB, &[ALICE]))).with_limits(limits).start();
    let deadline = std::time::Instant::now() + Duration::from_secs(30);
    while listener.counts().connections < 100 {
        assert!(std::time::Instant::now() < deadline, "{:?}", listener.counts());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert!(listener.counts().half_open <= 16, "{:?}", listener.counts());
    let honest = async {
        let carrier = files::dial(dir.path()).await.unwrap();
        let mut session = connect(carrier, patient(config(ALICE, &[BOB]))).await.unwrap();
        session.send(message("hello")).await.unwrap();
        session.close().await.unwrap();
    };
    let serve = async {
        loop {
            let outcome = listener.accept().await.unwrap();
            let Ok(mut session) = outcome.result else { continue };
            assert_eq!(text(&session.recv().await.unwrap().unwrap().container), "hello");
            return session.close().await.unwrap();
        }
    };
    timeout(Duration::from_secs(30), async { tokio::join!(honest, serve) }).await.unwrap();
}
