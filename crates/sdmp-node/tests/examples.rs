//! The examples do what they say, as programs of their own, and the load scenarios reach their
//! figures in the small.

use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::process::{Child, ChildStdout, Command, Stdio};

use sdmp_handshake::Profile;
use sdmp_node::Opener;
use sdmp_node::transfer::{Event, Outgoing, Patience, send};
use sdmp_node::tunnel::through;
use sdmp_testkit::examples::program;
use sdmp_testkit::nodes::{alice, bob};
use sdmp_testkit::pair::config;
use sdmp_transport::{Carrier, SecureSession, tcp};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::common::bobs_home;

/// Ends the program when the test ends.
struct Running(Child, BufReader<ChildStdout>, String);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts an example that listens, in Bob's name.
fn start(name: &str, home: &std::path::Path, last: &str) -> Running {
    let mut child = Command::new(program("sdmp-node", name))
        .args([home.to_str().unwrap(), "127.0.0.1:0", last])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    output.read_line(&mut line).unwrap();
    let address = line.trim_end().strip_prefix("listening on ").unwrap().to_owned();
    Running(child, output, address)
}

async fn open(address: &str) -> SecureSession {
    let config = config(&alice(), &[&bob()], Profile::Hardened);
    let dial = async || Ok(Box::new(tcp::dial(address).await?) as Box<dyn Carrier>);
    Opener::default().open(address, dial, &config).await.unwrap()
}

#[tokio::test]
async fn a_program_receives_a_file() {
    let (directory, _home) = bobs_home();
    let inbox = tempfile::tempdir().unwrap();
    let mut running = start("receive", directory.path(), inbox.path().to_str().unwrap());
    let path = directory.path().join("letter.txt");
    std::fs::write(&path, "hello").unwrap();
    let files = Outgoing::check_all(&[path]).unwrap();
    let watch = &mut |_: Event<'_>| ControlFlow::Continue(());
    send(open(&running.2).await, &files, Patience::default(), watch).await.unwrap();
    assert_eq!(std::fs::read_to_string(inbox.path().join("letter.txt")).unwrap(), "hello");
    let mut told = String::new();
    std::io::Read::read_to_string(&mut running.1, &mut told).unwrap();
    assert_eq!(told, "stored letter.txt (5 octets)\n1 stored, 0 refused\n");
}

#[tokio::test]
async fn a_program_serves_a_tunnel_until_the_peer_is_removed() {
    let (directory, home) = bobs_home();
    let service = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = service.local_addr().unwrap().to_string();
    let running = start("tunnel", directory.path(), &at);
    let local = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut client = TcpStream::connect(local.local_addr().unwrap()).await.unwrap();
    let (near, _) = local.accept().await.unwrap();
    let carrying = tokio::spawn(through(open(&running.2).await, near));
    let (mut far, _) = service.accept().await.unwrap();
    client.write_all(b"hello").await.unwrap();
    let mut heard = [0; 5];
    far.read_exact(&mut heard).await.unwrap();
    assert_eq!(&heard, b"hello");

    home.remove_peer("alice").unwrap();
    let mut rest = Vec::new();
    let cut =
        tokio::time::timeout(std::time::Duration::from_secs(5), client.read_to_end(&mut rest));
    assert_eq!(cut.await.unwrap().unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(carrying.await.unwrap().is_err());
}

/// The attacks that need no waiting for a time limit; `cargo xtask load` runs them all, in full.
#[cfg(target_os = "linux")]
#[test]
fn a_short_load_is_survived() {
    let output = Command::new(program("sdmp-node", "load"))
        .args(["--short", "flood", "endless", "idle"])
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<_> = told.lines().filter(|line| line.starts_with('|')).skip(2).collect();
    assert_eq!(rows.len(), 3, "{told}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{told}");
}
