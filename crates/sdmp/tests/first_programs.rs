//! The README's programs are what its readers copy: they are the examples, and they run.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use sdmp_testkit::examples::program as program_of;

const CLIENT: &str = include_str!("../examples/hello_client.rs");
const SERVER: &str = include_str!("../examples/hello_server.rs");
const README: &str = include_str!("../README.md");

/// A program without its module documentation and lint header.
fn program(example: &str) -> &str {
    let start = example.find("use sdmp::").unwrap();
    &example[start..]
}

/// The lines that a reader has to write.
fn lines(program: &str) -> usize {
    let (_, body) = program.split_once("async fn main").unwrap();
    body.lines().count()
}

#[test]
fn the_readmes_show_the_examples() {
    let front = include_str!("../../../README.md");
    for example in [CLIENT, SERVER] {
        assert!(README.contains(program(example)), "{}", program(example));
        assert!(front.contains(program(example)), "the project's README: {}", program(example));
        assert!(lines(program(example)) <= 15);
    }
}

struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[test]
fn the_first_programs_speak_to_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let expires = "2099-01-01T00:00:00.000Z".parse().unwrap();
    for name in ["alice", "bob"] {
        let key = directory.path().join(format!("{name}.private.json"));
        let me = sdmp::home::new_key_file(key, expires, None).unwrap();
        fs::write(directory.path().join(format!("{name}.json")), me.identity().text()).unwrap();
    }
    let run = |name: &str| {
        let mut command = Command::new(program_of("sdmp", name));
        command.current_dir(directory.path()).stdin(Stdio::null());
        command
    };
    let _server = Ended(run("hello_server").spawn().unwrap());
    let started = Instant::now();
    loop {
        let output = run("hello_client").output().unwrap();
        if output.status.success() {
            assert_eq!(String::from_utf8(output.stdout).unwrap(), "you said: hello\n");
            return;
        }
        // The server may not listen yet.
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(started.elapsed() < Duration::from_secs(60), "{error}");
        std::thread::sleep(Duration::from_millis(100));
    }
}
