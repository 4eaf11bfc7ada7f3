//! A prompt for a passphrase gives the terminal back as it was, whatever ends the program.

use std::io::{Read, Write};
use std::process::{Command, Stdio};

use crate::common::Machine;

/// Runs the program at a terminal that `script` makes, and ends it at its prompt in this way. Says with
/// which code it ended, and whether the terminal shows what is typed afterwards.
fn ended_at_a_prompt(machine: &Machine, end: impl FnOnce(&mut dyn Write, &str)) -> (String, bool) {
    let program = env!("CARGO_BIN_EXE_sdmp");
    // The shell outlives what is meant for the program.
    let script = format!(
        "trap : INT QUIT HUP TERM; sh -c 'echo pid $$; exec {program} key passwd k'; echo code $?; \
         stty -a | tr -s ' ;' '\n\n' | grep -x -e -echo -e echo; echo done"
    );
    let mut child = Command::new("script")
        .args(["-qec", &script, "/dev/null"])
        .env("SDMP_DATA", machine.path())
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = child.stdout.take().unwrap();
    let mut all = String::new();
    let mut until = |what: &str| {
        let mut part = [0; 256];
        while !all.contains(what) {
            let length = output.read(&mut part).unwrap();
            assert!(length > 0, "no {what} in {all}");
            all.push_str(&String::from_utf8_lossy(&part[..length]));
        }
        all.clone()
    };
    let told = until("assphrase: ");
    let pid = word_after(&told, "pid ");
    end(child.stdin.as_mut().unwrap(), &pid);
    let told = until("done");
    child.kill().unwrap();
    child.wait().unwrap();
    (word_after(&told, "code "), told.lines().any(|line| line.trim() == "echo"))
}

fn word_after(text: &str, what: &str) -> String {
    text.split(what).nth(1).unwrap().split_whitespace().next().unwrap().to_owned()
}

/// Under `nohup` children ignore SIGHUP as well, and the program keeps to that.
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    ignored
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|mask| mask & 1 == 1)
}

#[test]
fn the_terminal_is_given_back() {
    let machine = Machine::with_key("k", "alice");
    let signals = [("HUP", "129"), ("INT", "130"), ("QUIT", "131"), ("TERM", "143")];
    for (name, code) in signals.into_iter().filter(|(name, _)| *name != "HUP" || !ignores_hangup())
    {
        let killed = |_: &mut dyn Write, pid: &str| {
            let killed = Command::new("kill").args(["-s", name, pid]).status().unwrap();
            assert!(killed.success());
        };
        assert_eq!(ended_at_a_prompt(&machine, killed), (code.to_owned(), true), "{name}");
    }
    for (key, code) in [("\u{3}", "130"), ("\u{4}", "2"), ("\n", "2")] {
        let typed = |input: &mut dyn Write, _: &str| input.write_all(key.as_bytes()).unwrap();
        assert_eq!(ended_at_a_prompt(&machine, typed), (code.to_owned(), true), "{key:?}");
    }
}
