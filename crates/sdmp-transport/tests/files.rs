//! A directory as a carrier: what honest sides do, and what goes wrong without an attacker.
#![cfg(unix)]

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::carriers::serves_with;
use crate::common::{ALICE, BOB, config, policy};
use sdmp_handshake::{Config, Policy};
use sdmp_transport::carrier::{Carrier, CarrierLimits, Chunk, ObjectReceiver, ObjectSender};
use sdmp_transport::files;
use sdmp_transport::listener::Acceptor;

/// The same limits as elsewhere, so that a test that hangs ends.
fn hours(config: Config) -> Config {
    config.with_policy(Policy { limits: files::limits(), ..policy() })
}

#[tokio::test]
async fn over_files_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    let carrier = files::dial(dir.path()).await.unwrap();
    let (alice, bob) = (hours(config(ALICE, &[BOB])), hours(config(BOB, &[ALICE])));
    serves_with(acceptor, carrier, alice, bob).await;
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(names(dir.path()), Vec::<String>::new());
}

fn names(path: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(path).unwrap();
    let mut names: Vec<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

fn limits() -> CarrierLimits {
    CarrierLimits::new(1 << 20, Duration::from_secs(30))
}

/// The two halves of a carrier, and the directory of its session.
async fn begun(dir: &Path) -> (Box<dyn ObjectSender>, Box<dyn ObjectReceiver>, std::path::PathBuf) {
    let (sender, receiver) = Box::new(files::dial(dir).await.unwrap()).split(limits());
    let session = dir.join(names(dir).pop().unwrap());
    (sender, receiver, session)
}

async fn soon(receiver: &mut dyn ObjectReceiver) -> Option<io::Result<Chunk>> {
    tokio::time::timeout(Duration::from_millis(500), receiver.receive()).await.ok()
}

#[tokio::test]
async fn foreign_half_written_and_repeated_files_are_not_objects() {
    let dir = tempfile::tempdir().unwrap();
    let (_sender, mut receiver, session) = begun(dir.path()).await;
    std::fs::write(session.join("README.txt"), "hello\n").unwrap();
    std::fs::write(session.join("r-00000001.json"), "{\"second\":1}\n").unwrap();
    std::fs::write(session.join("r-00000000.json"), "{\"first\":").unwrap();
    assert!(soon(receiver.as_mut()).await.is_none(), "still being copied");
    std::fs::write(session.join("r-00000000.json"), "{\"first\":1}\n").unwrap();
    let object = |text: &str| Chunk::Object(text.to_owned().into());
    assert_eq!(receiver.receive().await.unwrap(), object("{\"first\":1}"));
    std::fs::write(session.join("r-00000000.json"), "{\"first\":1}\n").unwrap();
    assert_eq!(receiver.receive().await.unwrap(), object("{\"second\":1}"));
    assert!(soon(receiver.as_mut()).await.is_none(), "the first one again");
    std::fs::write(session.join("r-00000002.end"), "\n").unwrap();
    assert_eq!(receiver.receive().await.unwrap(), Chunk::End);
}

#[tokio::test]
async fn what_is_no_file_or_too_long_ends_the_session() {
    let dir = tempfile::tempdir().unwrap();
    let limits = limits();
    let carrier = files::dial(dir.path()).await.unwrap();
    let (_sender, mut receiver) = Box::new(carrier).split(limits.clone());
    let session = dir.path().join(names(dir.path()).pop().unwrap());
    std::fs::create_dir(session.join("r-00000000.json")).unwrap();
    assert_eq!(receiver.receive().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    std::fs::remove_dir(session.join("r-00000000.json")).unwrap();
    std::fs::write(session.join("r-00000000.json"), format!("{}\n", "x".repeat(1000))).unwrap();
    limits.set_object_octets(500);
    assert_eq!(receiver.receive().await.unwrap_err().kind(), io::ErrorKind::InvalidData);
    limits.set_object_octets(1000);
    assert!(matches!(receiver.receive().await.unwrap(), Chunk::Object(_)));
}

#[tokio::test]
async fn a_listener_that_starts_again_sets_its_old_sessions_aside() {
    let dir = tempfile::tempdir().unwrap();
    let (mut waiting, _receiver, _) = begun(dir.path()).await;
    waiting.send(b"{}").await.unwrap();
    let mut first = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    // Taken, and its listener has not said a word when the next one starts.
    let left = first.next().await.unwrap().open.await.unwrap();
    let mut second = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    assert!(names(dir.path())[0].starts_with("aside-"));
    let next = tokio::time::timeout(Duration::from_millis(500), second.next()).await;
    assert!(next.is_err(), "nothing of the old session is taken up");
    drop(left);
}

#[tokio::test]
async fn a_side_that_gives_up_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let (mut sender, receiver, _) = begun(dir.path()).await;
    sender.send(b"{}").await.unwrap();
    let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    let taken = acceptor.next().await.unwrap().open.await.unwrap();
    let (_theirs, mut received) = Box::new(taken).split(limits());
    drop((sender, receiver));
    assert!(matches!(received.receive().await.unwrap(), Chunk::Object(_)));
    assert_eq!(received.receive().await.unwrap(), Chunk::End);
}

#[tokio::test]
async fn a_directory_that_cannot_be_used_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    assert_eq!(files::dial(&missing).await.unwrap_err().kind(), io::ErrorKind::NotFound);
    assert_eq!(
        files::FilesAcceptor::bind(&missing).await.unwrap_err().kind(),
        io::ErrorKind::NotFound
    );
}

/// A user who may not write there is told so, root included.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_directory_without_permission_is_an_error() {
    let error = files::dial("/sys").await.unwrap_err();
    let kinds = [io::ErrorKind::PermissionDenied, io::ErrorKind::ReadOnlyFilesystem];
    assert!(kinds.contains(&error.kind()), "{error:?}");
}

/// Both sides write at the same time, and neither touches what the other is writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_sides_may_write_the_same_number_at_the_same_time() {
    let dir = tempfile::tempdir().unwrap();
    let (mut ours, mut our_ear, _) = begun(dir.path()).await;
    ours.send(b"{\"o\":0}").await.unwrap();
    let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    let taken = acceptor.next().await.unwrap().open.await.unwrap();
    let (mut theirs, mut their_ear) = Box::new(taken).split(limits());
    theirs.send(b"{\"t\":0}").await.unwrap();
    let write = async |sender: &mut dyn ObjectSender, side: char| {
        for number in 1..200 {
            sender.send(format!("{{\"{side}\":{number}}}").as_bytes()).await.unwrap();
        }
    };
    let one = tokio::spawn(async move {
        write(ours.as_mut(), 'o').await;
        ours
    });
    write(theirs.as_mut(), 't').await;
    let ours = one.await.unwrap();
    for number in 0..200 {
        for (ear, side) in [(&mut our_ear, 't'), (&mut their_ear, 'o')] {
            let Chunk::Object(object) = ear.receive().await.unwrap() else { panic!() };
            assert_eq!(object, format!("{{\"{side}\":{number}}}").as_bytes());
        }
    }
    drop((ours, theirs));
}

/// Another user's session in a shared directory, which this listener may not take.
#[tokio::test]
async fn a_session_that_cannot_be_taken_keeps_no_other_waiting() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let foreign = dir.path().join("0".repeat(32));
    std::fs::create_dir(&foreign).unwrap();
    std::fs::write(foreign.join("i-00000000.json"), "{}\n").unwrap();
    std::fs::set_permissions(&foreign, std::fs::Permissions::from_mode(0o555)).unwrap();
    let (mut waiting, mut answer, _) = begun(dir.path()).await;
    waiting.send(b"{}").await.unwrap();
    let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
    // Who may write anywhere takes the foreign one first.
    let mut taken = Vec::new();
    while soon(answer.as_mut()).await.is_none() {
        let next = tokio::time::timeout(Duration::from_secs(5), acceptor.next()).await;
        let (mut sender, receiver) =
            Box::new(next.unwrap().unwrap().open.await.unwrap()).split(limits());
        sender.send(b"{}").await.unwrap();
        taken.push((sender, receiver));
    }
    std::fs::set_permissions(&foreign, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A synchronised folder brings back what was set aside: it is not taken up, and is no error.
#[tokio::test]
async fn a_session_that_comes_back_is_not_taken_up_again() {
    let dir = tempfile::tempdir().unwrap();
    let session = "a".repeat(32);
    for _ in 0..2 {
        std::fs::create_dir(dir.path().join(&session)).unwrap();
        std::fs::write(dir.path().join(&session).join("i-00000000.json"), "{}\n").unwrap();
        std::fs::write(dir.path().join(&session).join("taken"), "").unwrap();
        let mut acceptor = files::FilesAcceptor::bind(dir.path()).await.unwrap();
        let next = tokio::time::timeout(Duration::from_millis(500), acceptor.next()).await;
        assert!(next.is_err());
    }
    assert_eq!(names(dir.path()), [session.clone(), format!("aside-{session}")]);
}
