//! `cargo xtask dissector`: the Wireshark dissector, tried with tshark on sessions of the real
//! program, captured on the loopback interface.

mod lua;

use crate::process::answers;
use crate::{conformance, workspace};
use anyhow::{Context, Result, bail, ensure};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// More than one segment of TCP, so that an object has to be put together.
const LONG: usize = 150_000;

/// Runs the checks; where tshark is missing or may not capture, it says so and succeeds.
pub(crate) fn run() -> Result<()> {
    let directory = workspace::root().join("target/dissector");
    drop(std::fs::remove_dir_all(&directory));
    std::fs::create_dir_all(&directory).context("cannot make target/dissector")?;
    match lua::vectors(&script(), &directory)?.as_slice() {
        [] => println!("skipped: no Lua beside Wireshark's is installed (Debian: lua5.1, lua5.4)"),
        right => println!("ok: objects are found in {}", right.join(", ")),
    }
    if !answers(Command::new("tshark").arg("--version")) {
        println!("skipped: tshark is not installed (Debian: apt install tshark)");
        return Ok(());
    }
    let stage = Stage::new(directory)?;
    for profile in ["hardened", "published"] {
        let Some(port) = stage.capture(profile)? else {
            println!("skipped: dumpcap may not capture on the loopback interface here");
            return Ok(());
        };
        stage.dissected(profile, &port)?;
        stage.inspected(profile)?;
        println!("ok: {profile}: reassembled and named, and opened by sdmp inspect");
    }
    Ok(())
}

fn script() -> PathBuf {
    workspace::root().join("docs/wireshark/sdmp.lua")
}

/// Two nodes that know each other.
struct Stage {
    directory: PathBuf,
    program: PathBuf,
}

impl Stage {
    fn new(directory: PathBuf) -> Result<Self> {
        let stage = Self { directory, program: conformance::built_program("sdmp")? };
        for name in ["alice", "bob"] {
            stage.sdmp(name, &["key", "new", name, "--bits", "2048"])?;
        }
        for (name, other) in [("alice", "bob"), ("bob", "alice")] {
            let identity = stage.sdmp(other, &["key", "export", other])?;
            let file = stage.directory.join(format!("{other}.json"));
            std::fs::write(&file, identity).context("cannot write an identity")?;
            stage.sdmp(name, &["peer", "add", other, &file.display().to_string()])?;
        }
        Ok(stage)
    }

    fn command(&self, node: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.env("SDMP_DATA", self.directory.join(node)).args(arguments).stdin(Stdio::null());
        command
    }

    fn sdmp(&self, node: &str, arguments: &[&str]) -> Result<Vec<u8>> {
        let output = self.command(node, arguments).output().context("cannot run sdmp")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Ok(output.stdout)
    }

    fn file(&self, profile: &str, end: &str) -> PathBuf {
        self.directory.join(format!("{profile}.{end}"))
    }

    /// Captures a session; gives its port, or nothing where capturing is not allowed.
    fn capture(&self, profile: &str) -> Result<Option<String>> {
        let key_log = self.file(profile, "keys").display().to_string();
        let arguments = ["listen", "127.0.0.1:0", "--once", "--profile", profile];
        let mut listener = self
            .command("bob", &arguments)
            .args(["--key-log", &key_log])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start the listener")?;
        let port = port_of(&mut listener)?;
        let Some(mut dumpcap) = self.dumpcap(profile, &port)? else {
            drop(listener.kill());
            drop(listener.wait());
            return Ok(None);
        };
        let address = format!("127.0.0.1:{port}");
        let mut talk = self
            .command("alice", &["connect", &address, "--peer", "bob", "--profile", profile])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the other side")?;
        let mut input = talk.stdin.take().context("no pipe")?;
        writeln!(input, "a short message\n{}", "x".repeat(LONG)).context("cannot write")?;
        drop(input);
        ensure!(talk.wait().context("cannot wait")?.success(), "the session failed");
        ensure!(listener.wait().context("cannot wait")?.success(), "the listener failed");
        // What the kernel has seen is not yet in the file.
        std::thread::sleep(Duration::from_secs(1));
        let told = Command::new("kill").args(["-INT", &dumpcap.id().to_string()]).status();
        ensure!(told.context("cannot end dumpcap")?.success(), "dumpcap has ended already");
        dumpcap.wait().context("cannot wait for dumpcap")?;
        Ok(Some(port))
    }

    fn dumpcap(&self, profile: &str, port: &str) -> Result<Option<Child>> {
        let mut dumpcap = Command::new("dumpcap")
            .args(["-q", "-i", "lo", "-f", &format!("tcp port {port}"), "-w"])
            .arg(self.file(profile, "pcapng"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .context("cannot start dumpcap")?;
        let mut errors = BufReader::new(dumpcap.stderr.take().context("no pipe")?);
        let mut line = String::new();
        while errors.read_line(&mut line).context("dumpcap is silent")? > 0 {
            if line.starts_with("File: ") {
                std::thread::spawn(move || drop(errors.read_to_end(&mut Vec::new())));
                return Ok(Some(dumpcap));
            }
            line.clear();
        }
        drop(dumpcap.wait());
        Ok(None)
    }

    /// What tshark says of these fields, one line a packet that has any of them.
    fn tshark(&self, profile: &str, port: &str, fields: &[&str]) -> Result<String> {
        let script = script();
        let mut command = Command::new("tshark");
        command
            .arg("-r")
            .arg(self.file(profile, "pcapng"))
            .arg("-X")
            .arg(format!("lua_script:{}", script.display()))
            .args(["-d", &format!("tcp.port=={port},sdmp"), "-Y", "sdmp", "-T", "fields"])
            // Two passes, as Wireshark does when a person clicks.
            .arg("-2");
        for field in fields {
            command.args(["-e", field]);
        }
        let output = command.stdin(Stdio::null()).output().context("cannot run tshark")?;
        let errors = String::from_utf8_lossy(&output.stderr);
        let complaint = errors.contains("Lua") || errors.contains("lua");
        ensure!(output.status.success() && !complaint, "tshark: {errors}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// What an eavesdropper sees.
    fn dissected(&self, profile: &str, port: &str) -> Result<()> {
        let kinds = words(&self.tshark(profile, port, &["sdmp.kind"])?);
        let expected: &[&str] = match profile {
            "hardened" => {
                &["FIN_I", "FIN_R", "M1", "M2", "M3", "M4", "sealed", "sealed", "sealed", "sealed"]
            }
            _ => &["M1", "M2", "M3", "M4", "sealed", "sealed"],
        };
        same("kinds", &kinds, expected)?;
        let profiles = words(&self.tshark(profile, port, &["sdmp.profile"])?);
        ensure!(profiles.iter().all(|seen| seen == profile), "sizes tell {profiles:?}");
        let groups = words(&self.tshark(profile, port, &["sdmp.group_bits"])?);
        ensure!(groups == ["3072", "3072"], "groups: {groups:?}");
        Ok(())
    }

    /// `sdmp inspect` reads the same capture, and opens and verifies what the dissector leaves closed.
    fn inspected(&self, profile: &str) -> Result<()> {
        let [file, keys] = ["pcapng", "keys"].map(|end| self.file(profile, end));
        let output = self
            .command("bob", &["inspect", "--json", "--key-log"])
            .arg(&keys)
            .arg(&file)
            .output()
            .context("cannot run sdmp inspect")?;
        ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        let told = String::from_utf8_lossy(&output.stdout);
        for part in ["\"input\":\"capture\"", "\"verified\":true", "a short message"] {
            ensure!(told.contains(part), "sdmp inspect does not say {part}");
        }
        ensure!(!told.contains("\"outcome\":\"open\""), "a check stayed open");
        Ok(())
    }
}

fn port_of(listener: &mut Child) -> Result<String> {
    let mut errors = BufReader::new(listener.stderr.take().context("no pipe")?);
    let mut line = String::new();
    while errors.read_line(&mut line).context("the listener is silent")? > 0 {
        if let Some(address) = line.trim_end().strip_prefix("listening on ") {
            let port = address.rsplit(':').next().unwrap_or_default().to_owned();
            std::thread::spawn(move || drop(errors.read_to_end(&mut Vec::new())));
            return Ok(port);
        }
        line.clear();
    }
    bail!("the listener ended")
}

/// All words, sorted: objects of the two directions may pass in either order.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> =
        text.split(['\n', ',', '\t']).filter(|word| !word.is_empty()).map(str::to_owned).collect();
    words.sort();
    words
}

fn same(what: &str, seen: &[String], expected: &[&str]) -> Result<()> {
    if seen == expected { Ok(()) } else { bail!("{what}: {expected:?} expected, seen {seen:?}") }
}
