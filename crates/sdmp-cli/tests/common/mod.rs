//! Runs the real program.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStderr, Command, Output, Stdio};

use tempfile::TempDir;

/// One machine: a data directory of its own.
pub(crate) struct Machine {
    pub(crate) data: TempDir,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { data: tempfile::tempdir().unwrap() }
    }

    /// A machine with one key, made from a test key: generating takes long.
    pub(crate) fn with_key(name: &str, pem: &str) -> Self {
        let machine = Self::new();
        let path =
            format!("{}/../sdmp-conformance/vectors/keys/{pem}.pem", env!("CARGO_MANIFEST_DIR"));
        machine.ok(&["key", "import", &path, "--name", name]);
        machine
    }

    pub(crate) fn path(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sdmp"));
        command
            .args(arguments)
            .env_remove("SDMP_PASSPHRASE_FILE")
            .env("SDMP_DATA", self.path())
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs with this standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // A program that has failed already does not read.
        drop(child.stdin.take().unwrap().write_all(input));
        child.wait_with_output().unwrap()
    }

    /// Runs, expects success, and gives the standard output.
    pub(crate) fn ok(&self, arguments: &[&str]) -> String {
        stdout(&expect(0, self.run(arguments)))
    }

    /// Makes this machine trust another's key.
    pub(crate) fn trust(&self, name: &str, other: &Machine, key: &str) {
        let identity = other.ok(&["key", "export", key]);
        stdout(&expect(0, self.run_with(&["peer", "add", name, "-"], identity.as_bytes())));
    }

    /// Starts `sdmp listen` on a free port and waits until it is open.
    #[allow(clippy::zombie_processes, reason = "the caller waits for it")]
    pub(crate) fn listen(&self, arguments: &[&str]) -> Listening {
        let mut all = vec!["listen", "127.0.0.1:0"];
        all.extend(arguments);
        self.start(&all)
    }

    /// Starts a command that listens, and waits until it does.
    #[allow(clippy::zombie_processes, reason = "the caller waits for it")]
    pub(crate) fn start(&self, all: &[&str]) -> Listening {
        let mut child = self
            .command(all)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        loop {
            line.clear();
            assert!(errors.read_line(&mut line).unwrap() > 0, "the listener ended");
            if let Some(address) = line.trim_end().strip_prefix("listening on ") {
                let address = address.to_owned();
                return Listening { child, address, errors };
            }
        }
    }
}

pub(crate) struct Listening {
    pub(crate) child: Child,
    pub(crate) address: String,
    pub(crate) errors: BufReader<ChildStderr>,
}

impl Listening {
    /// Gives the listener this input and its end, and waits for it.
    pub(crate) fn finish(mut self, input: &[u8]) -> Output {
        drop(self.child.stdin.take().unwrap().write_all(input));
        let mut errors = Vec::new();
        std::io::Read::read_to_end(&mut self.errors, &mut errors).unwrap();
        let mut output = self.child.wait_with_output().unwrap();
        output.stderr = errors;
        output
    }
}

/// Checks the exit code, and shows everything if it is another.
pub(crate) fn expect(code: i32, output: Output) -> Output {
    assert_eq!(output.status.code(), Some(code), "{}\n{}", stdout(&output), stderr(&output));
    output
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// Alice and Bob, who know each other.
pub(crate) fn acquainted() -> (Machine, Machine) {
    let (alice, bob) = (Machine::with_key("alice", "alice"), Machine::with_key("bob", "bob"));
    alice.trust("bob", &bob, "bob");
    bob.trust("alice", &alice, "alice");
    (alice, bob)
}
