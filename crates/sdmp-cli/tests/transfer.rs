//! `sdmp send` and `sdmp recv`: real programs over loopback, and what must not happen to files.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::Output;

use crate::common::{Listening, Machine, acquainted, expect, stderr, stdout};
use sdmp_container::b64url;
use sdmp_crypto::hash::sha512;
use tempfile::TempDir;

/// Alice sends, Bob receives.
struct Two {
    alice: Machine,
    bob: Machine,
    from: TempDir,
    to: TempDir,
}

impl Two {
    fn new() -> Self {
        let (alice, bob) = acquainted();
        Self { alice, bob, from: tempfile::tempdir().unwrap(), to: tempfile::tempdir().unwrap() }
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.from.path().join(name);
        fs::write(&path, octets).unwrap();
        path
    }

    fn receive(&self, more: &[&str]) -> Listening {
        let out = self.to.path().to_str().unwrap();
        let mut all = vec!["recv", "127.0.0.1:0", "--once", "--out", out];
        all.extend(more);
        self.bob.start(&all)
    }

    fn send(&self, address: &str, files: &[&Path], more: &[&str]) -> Output {
        let mut all = vec!["send", address, "--peer", "bob"];
        all.extend(more);
        all.extend(files.iter().map(|path| path.to_str().unwrap()));
        self.alice.run(&all)
    }

    /// Sends to a receiver of its own; both outputs.
    fn deliver(&self, files: &[&Path], receiving: &[&str], codes: (i32, i32)) -> (Output, Output) {
        let receiver = self.receive(receiving);
        let address = receiver.address.clone();
        let sent = expect(codes.0, self.send(&address, files, &[]));
        (sent, expect(codes.1, receiver.finish(b"")))
    }

    fn arrived(&self) -> Vec<String> {
        let mut all: Vec<_> = fs::read_dir(&self.to)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        all.sort();
        all
    }
}

/// Octets without a pattern that compression or padding could hide behind.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut all = Vec::with_capacity(length + 8);
    while all.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        all.extend(state.to_le_bytes());
    }
    all.truncate(length);
    all
}

#[test]
fn several_files_arrive_whole() {
    let two = Two::new();
    let contents = [noise(0), noise(1), noise(49_000), noise(64 << 20)];
    let files: Vec<_> = ["empty", "one octet", "chunk.bin", "big ü.bin"]
        .iter()
        .zip(&contents)
        .map(|(name, octets)| two.file(name, octets))
        .collect();
    let files: Vec<_> = files.iter().map(PathBuf::as_path).collect();
    let (sent, received) = two.deliver(&files, &[], (0, 0));
    assert_eq!(two.arrived(), ["big ü.bin", "chunk.bin", "empty", "one octet"]);
    for (path, octets) in files.iter().zip(&contents) {
        let there = two.to.path().join(path.file_name().unwrap());
        assert!(fs::read(there).unwrap() == *octets, "{}", path.display());
    }
    assert_eq!(stdout(&received).lines().count(), 4, "a path for each");
    assert!(stderr(&sent).contains("sent big ü.bin (67108864 octets)"));
    assert!(!stderr(&sent).contains("[="), "no bar where no terminal is");
    assert_eq!(stdout(&sent), "");
}

#[test]
fn events_are_json_lines() {
    let two = Two::new();
    let path = two.file("a.txt", b"abc");
    let receiver = two.receive(&["--json"]);
    let address = receiver.address.clone();
    let sent = stdout(&expect(0, two.send(&address, &[&path], &["--json"])));
    let received = stdout(&expect(0, receiver.finish(b"")));
    let events = |text: &str| -> Vec<serde_json::Value> {
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    for events in [events(&sent), events(&received)] {
        let names: Vec<_> = events.iter().map(|event| event["event"].as_str().unwrap()).collect();
        assert_eq!(names, ["accepted", "file", "stored", "closed"]);
        assert_eq!(events[1]["size"], 3);
        assert_eq!(events[1]["offset"], 0);
        // Of the hash of the only piece.
        let pieces = b64url::encode(&sha512(&sha512(b"abc")));
        assert_eq!(events[2]["pieces"], pieces);
        assert_eq!(events[3]["clean"], true);
    }
}

#[test]
fn nothing_is_replaced_unasked() {
    let two = Two::new();
    let path = two.file("a.txt", b"new");
    let there = two.to.path().join("a.txt");
    fs::write(&there, b"old").unwrap();
    let (sent, received) = two.deliver(&[&path], &[], (1, 1));
    assert_eq!(fs::read(&there).unwrap(), b"old");
    assert!(stderr(&sent).contains("there is another file of this name"));
    assert!(stderr(&sent).contains("--force"), "says what to do");
    assert!(stderr(&received).contains("there is another file of this name"));
    two.deliver(&[&path], &["--force"], (0, 0));
    assert_eq!(fs::read(&there).unwrap(), b"new");
    assert_eq!(two.arrived(), ["a.txt"]);
}

/// A refused file does not keep the others from arriving; the same file again is no conflict.
#[test]
fn the_same_file_again_is_done_already() {
    let two = Two::new();
    let files = [two.file("a", b"one"), two.file("b", b"two"), two.file("c", b"three")];
    fs::write(two.to.path().join("a"), b"one").unwrap();
    fs::write(two.to.path().join("b"), b"2").unwrap();
    let files = [files[0].as_path(), &files[1], &files[2]];
    two.deliver(&files, &[], (1, 1));
    assert_eq!(fs::read(two.to.path().join("b")).unwrap(), b"2");
    assert_eq!(fs::read(two.to.path().join("c")).unwrap(), b"three");
}

#[cfg(unix)]
#[test]
fn links_and_directories_in_the_way_are_not_followed() {
    let two = Two::new();
    let elsewhere = two.from.path().join("elsewhere");
    fs::write(&elsewhere, b"untouched").unwrap();
    std::os::unix::fs::symlink(&elsewhere, two.to.path().join("link")).unwrap();
    std::os::unix::fs::symlink("nowhere", two.to.path().join("dangling")).unwrap();
    fs::create_dir(two.to.path().join("dir")).unwrap();
    let files = [two.file("link", b"x"), two.file("dangling", b"y"), two.file("dir", b"z")];
    let files = [files[0].as_path(), &files[1], &files[2]];
    two.deliver(&files, &["--force"], (1, 1));
    assert_eq!(fs::read(&elsewhere).unwrap(), b"untouched");
    assert!(!two.to.path().join("nowhere").exists());
    assert!(two.to.path().join("dir").is_dir());
}

#[test]
fn sizes_are_limited() {
    let two = Two::new();
    let files = [two.file("small", &noise(1024)), two.file("large", &noise(1025))];
    let (sent, _) = two.deliver(&[&files[0], &files[1]], &["--max-size", "1KiB"], (1, 1));
    assert_eq!(two.arrived(), ["small"]);
    assert!(stderr(&sent).contains("large was refused: it is too large"));
}

#[test]
fn what_cannot_be_sent_is_said_before_anybody_is_called() {
    let two = Two::new();
    let hidden = two.file(".profile", b"evil");
    let send = |path: &Path| expect(2, two.send("127.0.0.1:1", &[path], &[]));
    assert!(stderr(&send(&hidden)).contains("its name would be refused"));
    assert!(stderr(&send(Path::new("/dev/null"))).contains("not a regular file"));
    assert!(stderr(&send(Path::new("/nonexistent/file"))).contains("cannot send"));
}

/// Passes so many octets from the sender on, then cuts.
fn cutting_relay(to: String, allowed: usize) -> String {
    let relay = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        let (mut client, _) = relay.accept().unwrap();
        let mut server = TcpStream::connect(to).unwrap();
        let (mut back, mut answers) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        std::thread::spawn(move || std::io::copy(&mut back, &mut answers));
        let mut passed = 0;
        let mut buffer = vec![0; 64 * 1024];
        while passed < allowed {
            let read = client.read(&mut buffer).unwrap();
            server.write_all(&buffer[..read]).unwrap();
            passed += read;
        }
        drop(client.shutdown(std::net::Shutdown::Both));
        drop(server.shutdown(std::net::Shutdown::Both));
    });
    address
}

/// Sends a file whose transfer is cut in the middle.
fn interrupted(two: &Two, path: &Path) {
    let receiver = two.receive(&[]);
    let address = cutting_relay(receiver.address.clone(), 4 << 20);
    expect(7, two.send(&address, &[path], &[]));
    expect(7, receiver.finish(b""));
    let left = two.arrived();
    assert_eq!(left.len(), 1, "the unfinished part, under no name of its own: {left:?}");
    assert!(left[0].starts_with(".sdmp-") && left[0].ends_with(".part"));
}

#[test]
fn an_interrupted_file_goes_on_where_it_stopped() {
    let two = Two::new();
    let octets = noise(8 << 20);
    let path = two.file("big", &octets);
    interrupted(&two, &path);
    let part = two.to.path().join(&two.arrived()[0]);
    let held = fs::metadata(&part).unwrap().len();
    assert!(held > 1 << 20, "{held}");
    let (sent, _) = two.deliver(&[&path], &[], (0, 0));
    assert!(
        stderr(&sent).contains(&format!("big goes on after {held} octets")),
        "{}",
        stderr(&sent)
    );
    assert!(fs::read(two.to.path().join("big")).unwrap() == octets);
    assert_eq!(two.arrived(), ["big"]);
}

/// What is held from an earlier attempt is not trusted: the hash of the whole decides.
#[test]
fn a_spoiled_part_is_sent_again_from_the_beginning() {
    let two = Two::new();
    let octets = noise(8 << 20);
    let path = two.file("big", &octets);
    interrupted(&two, &path);
    let part = two.to.path().join(&two.arrived()[0]);
    let mut held = fs::read(&part).unwrap();
    held[1000] ^= 1;
    fs::write(&part, &held).unwrap();
    two.deliver(&[&path], &[], (0, 0));
    assert!(fs::read(two.to.path().join("big")).unwrap() == octets);
    assert_eq!(two.arrived(), ["big"]);
}

/// A link in the place of the unfinished part leads nowhere.
#[cfg(unix)]
#[test]
fn a_link_in_the_place_of_the_part_is_not_written_through() {
    let two = Two::new();
    let octets = noise(8 << 20);
    let path = two.file("big", &octets);
    interrupted(&two, &path);
    let part = two.to.path().join(&two.arrived()[0]);
    let victim = two.from.path().join("victim");
    for link in [true, false] {
        fs::write(&victim, b"untouched").unwrap();
        fs::remove_file(&part).ok();
        fs::remove_file(two.to.path().join("big")).ok();
        if link {
            std::os::unix::fs::symlink(&victim, &part).unwrap();
        } else {
            fs::hard_link(&victim, &part).unwrap();
        }
        two.deliver(&[&path], &[], (0, 0));
        assert_eq!(fs::read(&victim).unwrap(), b"untouched");
        assert!(fs::read(two.to.path().join("big")).unwrap() == octets);
    }
}

/// A receiver meets a peer that talks of other things, and a sender one that stores nothing.
#[test]
fn other_programs_are_not_mistaken_for_transfers() {
    let two = Two::new();
    let receiver = two.receive(&[]);
    let address = receiver.address.clone();
    two.alice.run_with(&["connect", &address, "--peer", "bob"], b"hello\n");
    let received = expect(6, receiver.finish(b""));
    assert!(stderr(&received).contains("does not belong to a transfer"));
    let path = two.file("a", b"abc");
    let listening = two.bob.listen(&["--once"]);
    let address = listening.address.clone();
    let sending = std::thread::spawn(move || two.send(&address, &[&path], &[]));
    drop(listening.finish(b"not an answer\n"));
    expect(6, sending.join().unwrap());
}

/// `send` to a `listen` is an error on both sides, and soon.
#[test]
fn a_conversation_takes_no_files() {
    let two = Two::new();
    let path = two.file("a", b"abc");
    let listening = two.bob.listen(&["--once"]);
    let began = std::time::Instant::now();
    let sent = expect(6, two.send(&listening.address, &[&path], &[]));
    assert!(stderr(&sent).contains("`sdmp send` and `sdmp recv` talk with each other"));
    // Its input has not ended: the file alone ends the session.
    let mut listening = listening;
    let input = listening.child.stdin.take();
    assert_eq!(listening.child.wait().unwrap().code(), Some(6));
    assert!(began.elapsed() < std::time::Duration::from_secs(10), "{:?}", began.elapsed());
    drop(input);
    let mut told = String::new();
    std::io::Read::read_to_string(&mut listening.errors, &mut told).unwrap();
    assert!(told.contains("the peer sends a file") && told.contains("sdmp recv"), "{told}");
}

#[test]
fn names_stand_for_recorded_addresses() {
    let two = Two::new();
    let path = two.file("a", b"abc");
    let missing = expect(2, two.alice.run(&["send", "bob", path.to_str().unwrap()]));
    assert!(stderr(&missing).contains("sdmp peer addr bob ADDR"));
    let receiver = two.receive(&[]);
    two.alice.ok(&["peer", "addr", "bob", &receiver.address]);
    two.alice.ok(&["send", "bob", path.to_str().unwrap()]);
    expect(0, receiver.finish(b""));
    assert_eq!(two.arrived(), ["a"]);
}

#[cfg(unix)]
#[test]
fn a_pipe_among_the_files_is_refused_at_once() {
    let two = Two::new();
    let pipe = two.from.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let output = expect(2, two.send("127.0.0.1:1", &[&pipe], &[]));
    assert!(stderr(&output).contains("it is not a regular file"));
    let hidden = two.file("trailing.", b"");
    let output = expect(2, two.send("127.0.0.1:1", &[&hidden], &[]));
    assert!(stderr(&output).contains("it ends with a dot or a space"), "{}", stderr(&output));
}

#[test]
fn each_file_that_was_not_sent_is_named_once() {
    let two = Two::new();
    let files = ["f1", "f2", "f3"].map(|name| two.file(name, b"new"));
    for name in ["f1", "f2", "f3"] {
        fs::write(two.to.path().join(name), b"old").unwrap();
    }
    let files = files.each_ref().map(PathBuf::as_path);
    for more in [&[][..], &["--quiet"]] {
        let receiver = two.receive(&[]);
        let sent = expect(1, two.send(&receiver.address, &files, more));
        let told = stderr(&sent);
        for name in ["f1", "f2", "f3"] {
            let error = format!("error: {name} was refused");
            assert_eq!(told.matches(&error).count(), 1, "{name}: {told}");
        }
        let received = expect(1, receiver.finish(b""));
        assert!(stderr(&received).contains("3 files were not taken"), "{}", stderr(&received));
    }
}

#[cfg(unix)]
#[test]
fn more_files_than_descriptors_are_sent() {
    let two = Two::new();
    let files: Vec<_> = (0..60).map(|number| two.file(&format!("f{number}"), b"x")).collect();
    let receiver = two.receive(&[]);
    let program = env!("CARGO_BIN_EXE_sdmp");
    let mut limited = std::process::Command::new("sh");
    limited
        .args(["-c", "ulimit -n 40; exec \"$@\"", "sh", program, "send", &receiver.address])
        .args(["--peer", "bob"])
        .args(&files)
        .env("SDMP_DATA", two.alice.path());
    expect(0, limited.output().unwrap());
    expect(0, receiver.finish(b""));
    assert_eq!(two.arrived().len(), 60);
}

/// The guide uses one address for `recv` and `listen`: the slip must be an error.
#[test]
fn a_receiver_that_is_none_is_not_waited_for() {
    let two = Two::new();
    let path = two.file("a", b"x");
    let mut listening = two.bob.listen(&[]);
    let output = two.send(&listening.address, &[&path], &[]);
    assert!(!output.status.success());
    listening.child.kill().unwrap();
    listening.child.wait().unwrap();
}

/// A directory arrives with all that is in it, but for links; standard input under the name that it is given.
#[cfg(unix)]
#[test]
fn directories_and_standard_input_arrive() {
    let two = Two::new();
    fs::create_dir_all(two.from.path().join("tree/inner")).unwrap();
    let a = two.file("tree/a", b"one");
    let elsewhere = two.file("elsewhere", b"secret");
    two.file("tree/inner/b", &noise(3 << 20));
    std::os::unix::fs::symlink(&elsewhere, two.from.path().join("tree/link")).unwrap();
    let (sent, received) = two.deliver(&[&two.from.path().join("tree")], &[], (2, 0));
    let told = stderr(&sent);
    assert!(told.contains("link: it is a symbolic link, which is never followed"), "{told}");
    assert!(told.contains("4 of 5 done, 3145731 octets in "), "{told}");
    assert_eq!(stdout(&received).lines().count(), 2, "a path for each file");
    assert_eq!(fs::read(two.to.path().join("tree/a")).unwrap(), fs::read(a).unwrap());
    assert_eq!(fs::read(two.to.path().join("tree/inner/b")).unwrap().len(), 3 << 20);
    assert!(!two.to.path().join("tree/link").exists());

    let receiver = two.receive(&[]);
    let all = ["send", &receiver.address, "--peer", "bob", "--to", "numbers", "-"];
    expect(0, two.alice.run_with(&all, &noise(5 << 20)));
    expect(0, receiver.finish(b""));
    assert!(fs::read(two.to.path().join("numbers")).unwrap() == noise(5 << 20));
    let all = ["send", "127.0.0.1:1", "--peer", "bob", "-"];
    assert!(stderr(&expect(2, two.alice.run(&all))).contains("--to NAME"));
    let asking = two.bob.run(&["recv", "127.0.0.1:0", "--out", "/tmp", "--ask"]);
    assert!(stderr(&expect(2, asking)).contains("--ask needs a terminal"));
}
