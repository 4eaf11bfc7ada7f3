//! Octets through sessions: ends stay ends, resets stay resets, and commands are told apart from both.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use sdmp_handshake::Profile;
use sdmp_node::tunnel::{Local, Until, forward, pump, through, to_service};
use sdmp_node::{Error, Opener};
use sdmp_testkit::nodes::{alice, bob, message};
use sdmp_testkit::pair::config;
use sdmp_transport::tcp::TcpAcceptor;
use sdmp_transport::{Carrier, Listener, SecureSession, tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::common::sessions;

/// Two ends of a TCP connection on this machine.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (ours, theirs) = tokio::join!(TcpStream::connect(address), listener.accept());
    (ours.unwrap(), theirs.unwrap().0)
}

type Carrying = JoinHandle<Result<sdmp_node::tunnel::Ended, Error>>;

/// A client and a service with a tunnel between them, and the tunnel's two ends.
async fn tunnel() -> (TcpStream, TcpStream, Carrying, Carrying) {
    let (one, other) = sessions().await;
    let ((client, near), (service, far)) = (connection().await, connection().await);
    (client, service, tokio::spawn(through(one, near)), tokio::spawn(through(other, far)))
}

async fn read(stream: &mut TcpStream) -> (usize, Result<(), io::ErrorKind>) {
    let mut all = Vec::new();
    let read = timeout(Duration::from_secs(10), stream.read_to_end(&mut all)).await.unwrap();
    (all.len(), read.map(drop).map_err(|error| error.kind()))
}

#[tokio::test]
async fn an_end_is_passed_on_and_the_other_direction_goes_on() {
    let (mut client, mut service, near, far) = tunnel().await;
    client.write_all(&[1; 300_000]).await.unwrap();
    client.shutdown().await.unwrap();
    assert_eq!(read(&mut service).await, (300_000, Ok(())));
    service.write_all(&[2; 100_000]).await.unwrap();
    drop(service);
    assert_eq!(read(&mut client).await, (100_000, Ok(())));
    assert!(near.await.unwrap().is_ok() && far.await.unwrap().is_ok());
}

#[tokio::test]
async fn a_reset_stays_a_reset() {
    let (mut client, mut service, near, far) = tunnel().await;
    client.write_all(&[1; 1000]).await.unwrap();
    service.read_exact(&mut [0; 1000]).await.unwrap();
    client.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(read(&mut service).await.1, Err(io::ErrorKind::ConnectionReset));
    assert!(near.await.unwrap().is_err() && far.await.unwrap().is_err());

    let (mut client, mut service, ..) = tunnel().await;
    service.write_all(&[1; 1000]).await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    service.set_zero_linger().unwrap();
    drop(service);
    assert_eq!(read(&mut client).await.1, Err(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_cut_becomes_a_reset_on_both_sides() {
    let (mut client, mut service, near, _far) = tunnel().await;
    service.write_all(&[1; 1000]).await.unwrap();
    client.read_exact(&mut [0; 1000]).await.unwrap();
    // As when the program is told to end: the future is dropped.
    near.abort();
    assert_eq!(read(&mut client).await.1, Err(io::ErrorKind::ConnectionReset));
    assert_eq!(read(&mut service).await.1, Err(io::ErrorKind::ConnectionReset));
}

#[tokio::test]
async fn a_service_that_is_not_there_resets_the_client() {
    let (one, other) = sessions().await;
    let (mut client, near) = connection().await;
    let near = tokio::spawn(through(one, near));
    let nobody = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().to_string();
    assert!(matches!(to_service(other, &nobody).await, Err(Error::Unreachable { .. })));
    assert_eq!(read(&mut client).await, (0, Err(io::ErrorKind::ConnectionReset)));
    assert!(near.await.unwrap().is_err());
}

/// What reads no more does not keep what it has said; the peer learns that not all was taken.
#[tokio::test]
async fn a_local_end_that_takes_no_more_still_delivers_its_own() {
    let (one, other) = sessions().await;
    let (gone, write) = duplex(64);
    drop(gone);
    let far =
        tokio::spawn(async move { pump(other, &[7; 100_000][..], write, Until::OurEnd).await });
    let mut heard = Vec::new();
    let carried = pump(one, tokio::io::repeat(1), &mut heard, Until::OurEnd).await;
    assert_eq!(heard, [7; 100_000]);
    assert!(carried.is_err(), "the session was cut");
    assert_eq!(far.await.unwrap(), Err(Error::LocalEndClosed));
}

#[tokio::test]
async fn what_is_no_stream_is_an_error() {
    let (one, mut other) = sessions().await;
    other.send(message("hello")).await.unwrap();
    let carried = pump(one, tokio::io::empty(), tokio::io::sink(), Until::OurEnd).await;
    assert_eq!(carried, Err(Error::NotAStream));
}

#[cfg(unix)]
mod commands {
    use sdmp_node::tunnel::{Ended, to_command};

    use super::*;

    fn shell(script: &str) -> Vec<String> {
        ["sh", "-c", script].map(str::to_owned).into()
    }

    /// Runs a command for a peer that sends `input`, perhaps without an end; what the peer got.
    async fn command(
        script: &str,
        input: impl tokio::io::AsyncRead + Unpin,
    ) -> (Vec<u8>, Result<Ended, Error>, Result<Ended, Error>) {
        let (one, other) = sessions().await;
        let line = shell(script);
        let far = tokio::spawn(async move { to_command(other, "alice", &line).await });
        let mut heard = Vec::new();
        let limit = Duration::from_secs(10);
        let near = timeout(limit, pump(one, input, &mut heard, Until::OurEnd)).await.unwrap();
        (heard, near, timeout(limit, far).await.unwrap().unwrap())
    }

    #[tokio::test]
    async fn a_command_that_leaves_its_input_unread_delivers_its_output() {
        for (script, output) in
            [("echo answer", &b"answer\n"[..]), ("head -c 3", &[1; 3]), ("true", b"")]
        {
            let (heard, near, far) = command(script, &[1; 5_000_000][..]).await;
            assert_eq!(heard, output, "{script}");
            assert!(near.unwrap().peer_command.unwrap().is_success());
            far.unwrap();
        }
        // The peer's input has no end: it learns that it is read no more.
        let (heard, near, far) = command("head -c 3", tokio::io::repeat(1)).await;
        assert_eq!(heard, [1; 3]);
        assert!(near.is_ok() && far.is_ok());
    }

    #[tokio::test]
    async fn a_command_gets_all_and_its_outcome_is_told() {
        let (heard, near, far) = command("tr a b; exit 3", &b"aaa"[..]).await;
        assert_eq!(heard, b"bbb");
        assert_eq!(near.unwrap().peer_command.unwrap().exit, 3);
        assert!(matches!(far, Err(Error::CommandFailed { .. })), "{far:?}");
        let (_, near, _) = command("kill -9 $$", &b""[..]).await;
        assert_eq!(near.unwrap().peer_command.unwrap().exit, 128 + 9);
    }

    /// A cut is no end of the input: the command, and what it has started, is killed before.
    #[tokio::test]
    async fn a_cut_never_looks_like_the_end_of_the_input() {
        let directory = tempfile::tempdir().unwrap();
        let ended = directory.path().join("ended");
        let (one, other) = sessions().await;
        let script = format!("sleep 300 & echo $!; cat >/dev/null; touch {}", ended.display());
        let line = shell(&script);
        let far = tokio::spawn(async move { to_command(other, "alice", &line).await });
        let (mut lines, write) = duplex(64);
        let near =
            tokio::spawn(
                async move { pump(one, tokio::io::repeat(1), write, Until::OurEnd).await },
            );
        let mut number = Vec::new();
        while !number.ends_with(b"\n") {
            number.push(lines.read_u8().await.unwrap());
        }
        near.abort();
        assert!(far.await.unwrap().is_err());
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(!ended.exists(), "it went on after a cut");
        let number = String::from_utf8(number).unwrap();
        let status = std::fs::read_to_string(format!("/proc/{}/stat", number.trim()));
        let dead = status.map_or(true, |status| status.contains(") Z "));
        assert!(dead || !cfg!(target_os = "linux"), "what it has started lives on");
    }
}

/// A service that answers with what it got, once that has ended.
async fn echo() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut all = Vec::new();
                stream.read_to_end(&mut all).await.unwrap();
                stream.write_all(&all).await.unwrap();
            });
        }
    });
    address
}

/// Bob's listener, which carries each session to this service.
async fn served(service: String) -> String {
    let acceptor = TcpAcceptor::bind("127.0.0.1:0").await.unwrap();
    let address = acceptor.local_addr().unwrap().to_string();
    let mut listener = Listener::new(acceptor, config(&bob(), &[&alice()], Profile::Hardened));
    tokio::spawn(async move {
        while let Some(outcome) = listener.accept().await {
            let Ok(session) = outcome.result else { continue };
            let service = service.clone();
            tokio::spawn(async move { to_service(session, &service).await });
        }
    });
    address
}

async fn open(opener: &Opener, address: &str) -> Result<SecureSession, Error> {
    let config = config(&alice(), &[&bob()], Profile::Hardened);
    let dial = async || Ok(Box::new(tcp::dial(address).await?) as Box<dyn Carrier>);
    opener.open(address, dial, &config).await
}

/// A listener takes 16 handshakes of one source at once (R42), and a browser opens more connections.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_connections_at_once_all_get_through() {
    let address = served(echo().await).await;
    let local = Local::bind("0").await.unwrap();
    let at = local.address().unwrap().unwrap();
    let opener = Arc::new(Opener::default());
    let forwarding = tokio::spawn(forward(
        local,
        move |socket, _| {
            let (opener, address) = (Arc::clone(&opener), address.clone());
            async move {
                drop(through(open(&opener, &address).await.unwrap(), socket).await);
            }
        },
        |error| panic!("{error}"),
    ));
    let clients: Vec<_> = (0..100_u8)
        .map(|number| {
            tokio::spawn(async move {
                let mut stream = TcpStream::connect(at).await.unwrap();
                stream.write_all(&[number; 10]).await.unwrap();
                stream.shutdown().await.unwrap();
                let mut back = Vec::new();
                stream.read_to_end(&mut back).await.unwrap();
                assert_eq!(back, [number; 10]);
            })
        })
        .collect();
    for client in clients {
        client.await.unwrap();
    }
    forwarding.abort();
}

/// As many programs, each with its own opener: what the listener drops is tried again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_listener_drops_is_tried_again() {
    let address = served(echo().await).await;
    let opening: Vec<_> = (0..24)
        .map(|_| {
            let address = address.clone();
            tokio::spawn(async move { open(&Opener::default(), &address).await.map(drop) })
        })
        .collect();
    for opened in opening {
        opened.await.unwrap().unwrap();
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_unix_socket_is_for_this_user_only() {
    use crate::common::mode;

    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("tunnel");
    let place = format!("unix:{}", path.display());
    let local = Local::bind(&place).await.unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(local.to_string(), place);
    assert_eq!(Local::bind(&place).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
    let forwarding = tokio::spawn(forward(
        local,
        |mut socket, _| async move { socket.write_all(b"hello").await.unwrap() },
        |error| panic!("{error}"),
    ));
    let mut text = String::new();
    let mut stream = tokio::net::UnixStream::connect(&path).await.unwrap();
    stream.read_to_string(&mut text).await.unwrap();
    assert_eq!(text, "hello");
    forwarding.abort();
    assert!(forwarding.await.is_err());
    assert!(!path.exists(), "its file goes with it");
    drop(std::os::unix::net::UnixListener::bind(&path).unwrap());
    drop(Local::bind(&place).await.unwrap());
    assert!(Local::bind("unix:").await.is_err());
}
