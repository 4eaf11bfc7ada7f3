//! The same session over each carrier, and what goes wrong on each.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::common::{ALICE, BOB, config, message, policy, text};
use futures::SinkExt;
use sdmp_handshake::{Config, Policy};
use sdmp_transport::carrier::{Chunk, ObjectReceiver, ObjectSender};
use sdmp_transport::listener::Acceptor;
use sdmp_transport::{
    Carrier, CarrierLimits, Listener, SecureSession, connect, files, tcp, websocket,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Message as WsMessage;

/// One listener, one session: a message each way, and both closes.
async fn serves(acceptor: impl Acceptor, carrier: impl Carrier) {
    serves_with(acceptor, carrier, config(ALICE, &[BOB]), config(BOB, &[ALICE])).await;
}

async fn serves_with(acceptor: impl Acceptor, carrier: impl Carrier, alice: Config, bob: Config) {
    let mut listener = Listener::new(acceptor, bob);
    let serve = async {
        let mut session: SecureSession = listener.accept().await.unwrap().result.unwrap();
        let received = session.recv().await.unwrap().unwrap();
        session.send(message(&format!("{}!", text(&received.container)))).await.unwrap();
        assert!(session.recv().await.unwrap().is_none());
        session.close().await.unwrap();
    };
    let ask = async {
        let mut session = connect(carrier, alice).await.unwrap();
        session.send(message("hello")).await.unwrap();
        assert_eq!(text(&session.recv().await.unwrap().unwrap().container), "hello!");
        session.close().await.unwrap();
    };
    tokio::time::timeout(Duration::from_secs(60), async { tokio::join!(serve, ask) })
        .await
        .unwrap();
}

#[cfg(unix)]
mod unix {
    use super::*;
    use sdmp_transport::unix::{UnixAcceptor, dial};

    #[tokio::test]
    async fn a_session_and_no_socket_left() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let acceptor = UnixAcceptor::bind(&path).await.unwrap();
        serves(acceptor, dial(&path).await.unwrap()).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn only_its_own_file_is_removed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        let first = UnixAcceptor::bind(&path).await.unwrap();
        std::fs::remove_file(&path).unwrap();
        let _second = UnixAcceptor::bind(&path).await.unwrap();
        drop(first);
        assert!(path.exists());
    }

    #[tokio::test]
    async fn a_dead_socket_is_replaced_and_a_living_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s");
        // A socket whose owner is gone without removing it.
        drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let living = UnixAcceptor::bind(&path).await.unwrap();
        let error = UnixAcceptor::bind(&path).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(living);
        std::fs::write(&path, "precious").unwrap();
        assert!(UnixAcceptor::bind(&path).await.is_err(), "no socket: left alone");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    }
}

async fn web() -> (websocket::WebSocketAcceptor, String) {
    let acceptor = tcp::TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let url = format!("ws://{}/sdmp", acceptor.local_addr().unwrap());
    (websocket::WebSocketAcceptor::new(acceptor), url)
}

#[tokio::test]
async fn over_a_websocket() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let ask = async {
        let carrier = websocket::dial(&url).await.unwrap();
        let mut session = connect(carrier, config(ALICE, &[BOB])).await.unwrap();
        session.send(message("hello")).await.unwrap();
        session.close().await.unwrap();
    };
    let serve = async {
        let mut session = listener.accept().await.unwrap().result.unwrap();
        assert_eq!(text(&session.recv().await.unwrap().unwrap().container), "hello");
        session.close().await.unwrap();
    };
    tokio::join!(ask, serve);
}

#[tokio::test]
async fn binary_frames_are_refused_and_pings_are_not() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let (mut stream, _) = tokio_tungstenite::connect_async(&url).await.unwrap();
    for _ in 0..1000 {
        stream.feed(WsMessage::Ping(Vec::new().into())).await.unwrap();
    }
    stream.send(WsMessage::Binary(b"{}".to_vec().into())).await.unwrap();
    let error = listener.accept().await.unwrap().result.unwrap_err();
    assert_eq!(error, sdmp_transport::Error::Carrier(io::ErrorKind::InvalidData));
}

#[tokio::test]
async fn a_browser_that_does_not_upgrade_is_dropped_without_holding_others() {
    let (acceptor, url) = web().await;
    let mut listener = Listener::new(acceptor, config(BOB, &[ALICE]));
    let host = url.trim_start_matches("ws://").trim_end_matches("/sdmp").to_owned();
    let mut slow = tokio::net::TcpStream::connect(&host).await.unwrap();
    slow.write_all(b"GET /sdmp HTTP/1.1\r\nHost: x\r\n").await.unwrap();
    let carrier = websocket::dial(&url).await.unwrap();
    let session = connect(carrier, config(ALICE, &[BOB])).await.unwrap();
    drop((session, listener.accept().await.unwrap().result.unwrap()));
    slow.write_all(b"\r\n").await.unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).await.unwrap();
    assert!(listener.accept().await.unwrap().result.is_err());
}

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

/// Whoever may not write there is told so, as root as well.
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

/// Somebody else's session in a shared directory, which this listener may not take.
#[cfg(unix)]
#[tokio::test]
async fn a_session_that_cannot_be_taken_keeps_nobody_waiting() {
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

/// A program that copies its input to its output is the echo attack: a node met by itself (R25).
#[cfg(unix)]
#[tokio::test]
async fn over_a_child_process() {
    let (carrier, mut child) =
        sdmp_transport::stdio::child(tokio::process::Command::new("cat")).unwrap();
    let error = connect(carrier, config(ALICE, &[BOB])).await.unwrap_err();
    assert!(error.code().contains("own"), "{error:?}");
    assert!(child.wait().await.unwrap().success());
}
