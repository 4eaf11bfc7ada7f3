//! A page's terminals: shells that share a directory, each with a data directory of its own.

use std::collections::BTreeMap;
use std::fs;
use std::io::{PipeReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::compare;

/// How long a command may take that is not expected to wait for a peer.
const PATIENCE: Duration = Duration::from_secs(120);
/// How long a running program may take to print what is shown.
const SOON: Duration = Duration::from_secs(60);
/// What a program prints that from now on waits for others.
const READY: &[&str] = &["listening on ", "forwarding "];
/// What a program prints that from now on waits for its input.
const TYPE_NOW: &str = "accepted: ";

/// All terminals of one page.
#[derive(Debug)]
pub(crate) struct Terminals {
    directory: TempDir,
    /// The port that a page names, and the free one that stands for it here.
    ports: BTreeMap<String, u16>,
    named: BTreeMap<String, Terminal>,
    background: Vec<Running>,
}

/// One shell; what a command sets or where it goes is kept for the next.
#[derive(Debug)]
struct Terminal {
    state: PathBuf,
    status: i32,
    running: Option<Running>,
}

/// A command that was started.
#[derive(Debug)]
struct Running {
    command: String,
    child: Child,
    stdin: Option<ChildStdin>,
    printed: Arc<Printed>,
    shown: Vec<String>,
    interrupted: bool,
}

/// Both streams of a program, as a terminal shows them.
#[derive(Debug, Default)]
struct Printed {
    text: Mutex<(String, bool)>,
    news: Condvar,
}

impl Printed {
    fn collect(self: Arc<Self>, mut reader: PipeReader) {
        let mut buffer = [0; 4096];
        // A character may be cut between two reads, so the octets are kept.
        let mut octets = Vec::new();
        loop {
            let count = reader.read(&mut buffer).unwrap_or(0);
            octets.extend_from_slice(&buffer[..count]);
            let mut text = self.text.lock().unwrap();
            *text = (String::from_utf8_lossy(&octets).into_owned(), count == 0);
            self.news.notify_all();
            if count == 0 {
                return;
            }
        }
    }

    /// Waits until this holds for the text and whether it is complete.
    fn wait(&self, limit: Duration, holds: impl Fn(&str, bool) -> bool) -> bool {
        let end = Instant::now() + limit;
        let mut text = self.text.lock().unwrap();
        while !holds(&text.0, text.1) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            text = self.news.wait_timeout(text, left).unwrap().0;
        }
        true
    }

    fn so_far(&self) -> String {
        self.text.lock().unwrap().0.clone()
    }
}

impl Running {
    /// Sends a signal to everything that the command started.
    fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        drop(Command::new("kill").args(["-s", name, "--", &group]).status());
    }

    fn end(mut self) {
        self.signal("TERM");
        if !self.printed.wait(Duration::from_secs(5), |_, complete| complete) {
            self.signal("KILL");
        }
        drop(self.child.wait());
    }

    fn complain(&self, ports: &BTreeMap<String, u16>) -> String {
        format!(
            "`{}`: shown is\n{}\nbut it printed\n{}",
            self.command,
            indent(&self.shown.join("\n")),
            indent(&as_written(ports, &self.printed.so_far()))
        )
    }
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    | {line}\n")).collect()
}

/// The text with the ports that the page names.
fn as_written(ports: &BTreeMap<String, u16>, text: &str) -> String {
    ports.iter().fold(text.to_owned(), |text, (written, real)| {
        text.replace(&format!(":{real}"), &format!(":{written}"))
    })
}

impl Terminals {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        for part in ["bin", "home", "work"] {
            fs::create_dir(directory.path().join(part)).unwrap();
        }
        std::os::unix::fs::symlink(
            env!("CARGO_BIN_EXE_sdmp"),
            directory.path().join("bin").join("sdmp"),
        )
        .unwrap();
        Self { directory, ports: BTreeMap::new(), named: BTreeMap::new(), background: Vec::new() }
    }

    fn path(&self) -> &Path {
        self.directory.path()
    }

    fn terminal(&mut self, name: &str) -> &mut Terminal {
        let state = self.path().join(format!("state-{name}"));
        let (work, data) = (self.path().join("work"), self.path().join(format!("data-{name}")));
        self.named.entry(name.to_owned()).or_insert_with(|| {
            let start = format!("export SDMP_DATA='{}'\ncd '{}'\n", data.display(), work.display());
            fs::write(&state, start).unwrap();
            Terminal { state, status: 0, running: None }
        })
    }

    /// The command with a free port in the place of each that it names.
    fn with_ports(&mut self, command: &str) -> String {
        let mut out = String::new();
        let mut rest = command;
        while let Some(at) = rest.find(':') {
            let (before, after) = rest.split_at(at + 1);
            out.push_str(before);
            let digits = after.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(after.len());
            let (port, others) = after.split_at(digits);
            if (4..=5).contains(&port.len()) {
                let free = self.ports.entry(port.to_owned()).or_insert_with(|| {
                    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
                });
                out.push_str(&free.to_string());
            } else {
                out.push_str(port);
            }
            rest = others;
        }
        out + rest
    }

    /// Runs a command as typed at a prompt. Returns when it has ended, or waits for others.
    /// `typed` says that something will be typed into it; `judged` that its status must be 0.
    pub(crate) fn run(
        &mut self,
        name: &str,
        command: &str,
        shown: &[String],
        typed: bool,
        judged: bool,
    ) -> Result<(), String> {
        self.finish(name, judged)?;
        if command.trim() == "wait" {
            return self.wait(shown);
        }
        let (text, background) = match command.strip_suffix('&') {
            Some(text) if !text.ends_with('&') => (text.trim(), true),
            _ => (command, false),
        };
        let script = self.with_ports(text);
        let mut running = self.start(name, text, &script, typed);
        running.shown = shown.to_vec();
        let waits = |text: &str, complete: bool| {
            let mut lines = text.split_inclusive('\n').filter(|line| line.ends_with('\n'));
            complete
                || lines.any(|line| {
                    READY.iter().any(|start| line.starts_with(start))
                        || (typed && line.starts_with(TYPE_NOW))
                })
        };
        let limit = if background { SOON } else { PATIENCE };
        if !running.printed.wait(limit, waits) {
            let message = format!("`{text}` neither ends nor waits for others");
            let printed = indent(&running.printed.so_far());
            running.end();
            return Err(format!("{message}; it printed\n{printed}"));
        }
        let complete = running.printed.text.lock().unwrap().1;
        if background {
            self.background.push(running);
            return Ok(());
        }
        self.terminal(name).running = Some(running);
        if complete { self.finish(name, judged) } else { self.check_so_far(name) }
    }

    fn start(&mut self, name: &str, command: &str, script: &str, typed: bool) -> Running {
        let path = self.path().to_owned();
        let terminal = self.terminal(name);
        let state = terminal.state.display();
        // The shell ends after each command, so it writes down what the next one needs.
        let script = format!(
            ". '{state}'\n(exit {})\n{script}\nstatus=$?\n\
             {{ export -p; printf \"cd '%s'\\n\" \"$PWD\"; }} > '{state}'\nexit $status\n",
            terminal.status
        );
        let file = path.join("script");
        fs::write(&file, script).unwrap();
        let (reader, writer) = std::io::pipe().unwrap();
        let search = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        for (variable, _) in std::env::vars_os() {
            let variable = variable.to_string_lossy().into_owned();
            if ["SDMP", "XDG_", "CARGO", "CLICOLOR"].iter().any(|start| variable.starts_with(start))
            {
                shell.env_remove(variable);
            }
        }
        let mut child = shell
            .arg(&file)
            .env("PATH", format!("{}:{search}", path.join("bin").display()))
            .env("HOME", path.join("home"))
            .env("NO_COLOR", "1")
            .stdin(if typed { Stdio::piped() } else { Stdio::null() })
            .stdout(writer.try_clone().unwrap())
            .stderr(writer)
            .process_group(0)
            .spawn()
            .unwrap();
        // It holds our ends of the pipe, which must close for the reader to see the end.
        drop(shell);
        let printed = Arc::new(Printed::default());
        let collecting = Arc::clone(&printed);
        std::thread::spawn(move || collecting.collect(reader));
        Running {
            command: command.to_owned(),
            stdin: child.stdin.take(),
            child,
            printed,
            shown: Vec::new(),
            interrupted: false,
        }
    }

    /// Types a line into what runs there, or the end of input.
    pub(crate) fn type_line(
        &mut self,
        name: &str,
        text: Option<&str>,
        shown: &[String],
    ) -> Result<(), String> {
        let running = self.terminal(name).running.as_mut();
        let running = running.ok_or("nothing runs there that could be typed into")?;
        match (text, &mut running.stdin) {
            (Some(text), Some(stdin)) => {
                writeln!(stdin, "{text}").map_err(|error| error.to_string())?
            }
            (Some(_), None) => return Err("its input has ended already".to_owned()),
            (None, stdin) => *stdin = None,
        }
        running.shown.extend_from_slice(shown);
        self.check_so_far(name)
    }

    /// More of what a terminal shows, after something happened elsewhere.
    pub(crate) fn look(&mut self, name: &str, shown: &[String]) -> Result<(), String> {
        let running = self.terminal(name).running.as_mut();
        running
            .ok_or("nothing runs there, so nothing new can appear")?
            .shown
            .extend_from_slice(shown);
        self.check_so_far(name)
    }

    pub(crate) fn interrupt(&mut self, name: &str, shown: &[String]) -> Result<(), String> {
        let running = self.terminal(name).running.as_mut();
        let running = running.ok_or("nothing runs there that could be interrupted")?;
        running.interrupted = true;
        // A shell that is just starting its command may lose one, as it may lose a key press.
        for _ in 0..10 {
            running.signal("INT");
            if running.printed.wait(Duration::from_secs(3), |_, complete| complete) {
                break;
            }
        }
        running.shown.extend_from_slice(shown);
        self.finish(name, false)
    }

    /// Waits until what is shown has appeared.
    fn check_so_far(&mut self, name: &str) -> Result<(), String> {
        let ports = self.ports.clone();
        let Some(running) = &self.terminal(name).running else { return Ok(()) };
        appeared(running, &ports)
    }

    /// Waits until nothing runs in a terminal, and compares.
    pub(crate) fn finish(&mut self, name: &str, judged: bool) -> Result<(), String> {
        let ports = self.ports.clone();
        let terminal = self.terminal(name);
        let Some(running) = terminal.running.take() else { return Ok(()) };
        if !running.printed.wait(SOON, |_, complete| complete) {
            let message = format!("`{}` still runs there", running.command);
            running.end();
            return Err(message);
        }
        terminal.status = ended(running, &ports, judged)?;
        Ok(())
    }

    /// Waits for what was started with `&`.
    fn wait(&mut self, shown: &[String]) -> Result<(), String> {
        let mut all = std::mem::take(&mut self.background);
        if let Some(last) = all.last_mut() {
            last.shown.extend_from_slice(shown);
        }
        let mut result = Ok(());
        for running in all {
            if running.printed.wait(SOON, |_, complete| complete) {
                result = result.and(ended(running, &self.ports, true).map(drop));
            } else {
                result = Err(format!("`{}` does not end", running.command));
                running.end();
            }
        }
        result
    }

    /// The page ends: what still runs has shown what it had to, and is told to end.
    pub(crate) fn close(mut self) -> Result<(), String> {
        let mut result = Ok(());
        let named = std::mem::take(&mut self.named).into_values();
        let foreground = named.filter_map(|mut terminal| terminal.running.take());
        for running in foreground.chain(std::mem::take(&mut self.background)) {
            result = result.and(appeared(&running, &self.ports));
            running.end();
        }
        result
    }
}

fn appeared(running: &Running, ports: &BTreeMap<String, u16>) -> Result<(), String> {
    let shown = &running.shown;
    let matches =
        |text: &str, _| shown.is_empty() || compare::begins(shown, &as_written(ports, text));
    if running.printed.wait(SOON, matches) { Ok(()) } else { Err(running.complain(ports)) }
}

/// Judges a command that has ended; gives its status.
fn ended(mut running: Running, ports: &BTreeMap<String, u16>, judged: bool) -> Result<i32, String> {
    let status: ExitStatus = running.child.wait().unwrap();
    let printed = as_written(ports, &running.printed.so_far());
    if judged && !running.interrupted && !status.success() {
        return Err(format!("`{}` ends with {status}:\n{}", running.command, indent(&printed)));
    }
    if !running.shown.is_empty() && !compare::matches(&running.shown, &printed) {
        return Err(running.complain(ports));
    }
    Ok(status.code().unwrap_or(1))
}
