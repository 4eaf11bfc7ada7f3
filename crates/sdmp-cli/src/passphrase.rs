//! Passphrases: from a file or from the terminal, never from the command line, where every user of
//! the machine could read them.

use std::fs::File;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Once;
use std::time::Duration;

use sdmp_envelope::LocalIdentity;
use sdmp_envelope::private_key::Loaded;
use sdmp_node::Home;
use sdmp_transport::clock::wall_time;
use zeroize::Zeroizing;

use crate::error::{Exit, Failure};
use crate::io::{console, printable, warn};
use crate::private_file;

/// No passphrase is longer.
const LONGEST: usize = 64 * 1024;

/// Where the passphrase of an existing key comes from.
#[derive(Clone, Debug)]
pub(crate) struct Passphrase {
    path: Option<PathBuf>,
}

impl Passphrase {
    /// `--passphrase-file`, which also reads `SDMP_PASSPHRASE_FILE`; else the terminal.
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        Self { path: file }
    }

    /// Reads the file, or asks.
    pub(crate) fn get(&self, prompt: &str) -> Result<Zeroizing<String>, Failure> {
        match self.file()? {
            Some(passphrase) => Ok(passphrase),
            None => ask(prompt),
        }
    }

    /// Reads the first line of the file, if one was named.
    pub(crate) fn file(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        let text = read(path)?;
        // Some editors begin a text with a byte order mark, which is not typed at a terminal.
        let line = text.trim_start_matches('\u{feff}').lines().next().unwrap_or_default();
        if line.is_empty() {
            return Err(empty());
        }
        Ok(Some(Zeroizing::new(line.to_owned())))
    }
}

/// An own key's private half; its passphrase is asked for only if it has one.
pub(crate) fn private_key(
    home: &Home,
    name: &str,
    passphrase: &Passphrase,
) -> Result<Loaded, Failure> {
    home.private_key(name, || passphrase.get(&format!("Passphrase of key {name}: ")))
}

/// An own key, ready to sign. One that has expired is refused before its passphrase is asked for.
pub(crate) fn local(
    home: &Home,
    name: &str,
    passphrase: &Passphrase,
) -> Result<LocalIdentity, Failure> {
    let identity = home.key_identity(name)?;
    // Typing a passphrase for a key that cannot be used would be in vain.
    if identity.check_usable(wall_time()?).is_err() {
        let cause = format!("the key {name} has expired on {} (R16)", identity.expires());
        return Err(Failure::new(Exit::Other, "key.expired", cause).remedy(
            "make a new one with `sdmp key new`, and give its identity to your peers; or set the clock, if that is wrong",
        ));
    }
    home.local(name, || passphrase.get(&format!("Passphrase of key {name}: ")))
}

fn read(path: &Path) -> Result<Zeroizing<String>, Failure> {
    static WARNED: Once = Once::new();
    let shown = printable(&path.display().to_string());
    let failed = |error: std::io::Error| {
        Failure::usage(format!("cannot read the passphrase from {shown}: {error}"))
            .remedy("the passphrase is the first line of the file, in UTF-8")
    };
    let file = File::open(path).map_err(failed)?;
    let metadata = file.metadata().map_err(failed)?;
    private_file::check_writers("the passphrase file", path, &metadata)?;
    if let Some(mode) = private_file::readable_by_others(&metadata) {
        WARNED.call_once(|| {
            warn(&format!(
                "the passphrase file {shown} has mode {mode:03o}: others can read it; `chmod 600 {shown}`"
            ));
        });
    }
    // Room for all of it at once: a string that grows leaves copies behind.
    let mut text = Zeroizing::new(String::with_capacity(LONGEST));
    let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
    file.take(limit).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Asks for a new passphrase, twice.
pub(crate) fn ask_new() -> Result<Zeroizing<String>, Failure> {
    let first = ask("New passphrase: ")?;
    let second = ask("The same again: ")?;
    // A typing mistake would lock the key for good.
    if *first != *second {
        return Err(Failure::usage("the two passphrases differ"));
    }
    Ok(first)
}

fn ask(prompt: &str) -> Result<Zeroizing<String>, Failure> {
    let unavailable = || {
        Failure::new(Exit::Usage, "passphrase.needed", "a passphrase is needed, and there is no terminal to ask on")
            .remedy("put it into the first line of a file and name the file with --passphrase-file or SDMP_PASSPHRASE_FILE")
    };
    if !std::io::stderr().is_terminal() {
        return Err(unavailable());
    }
    // The prompt goes to the terminal itself: what was said before must come first.
    console::settle(Duration::from_millis(200));
    // From the terminal itself, not from standard input, which may carry data.
    let passphrase = terminal::ask(prompt);
    let passphrase = passphrase.map_err(|error| match error.kind() {
        std::io::ErrorKind::Interrupted => {
            Failure::new(Exit::Interrupted, INTERRUPTED, "interrupted")
        }
        // Ctrl-D on an empty line.
        std::io::ErrorKind::UnexpectedEof => empty(),
        _ => unavailable(),
    })?;
    if passphrase.is_empty() {
        return Err(empty());
    }
    Ok(passphrase)
}

/// The code of a failure that is not reported: Ctrl-C at a prompt needs no explanation.
pub(crate) const INTERRUPTED: &str = "interrupted";

fn empty() -> Failure {
    Failure::new(Exit::Usage, "passphrase.empty", "the passphrase is empty")
        .remedy("write it into the first line of the file, or type it")
}

/// A prompt switches the terminal's echo off, and a signal must not leave it so.
#[cfg(unix)]
pub(crate) mod terminal {
    use std::fs::{File, OpenOptions};
    use std::io::{self, BufRead, BufReader, Read, Write};
    use std::sync::{Mutex, PoisonError};

    use zeroize::Zeroizing;

    use super::LONGEST;
    use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

    static STATE: Mutex<State> = Mutex::new(State { before: None, ending: false });

    struct State {
        /// The terminal before the prompt that is open.
        before: Option<Termios>,
        /// The program ends: no prompt may change the terminal any more.
        ending: bool,
    }

    pub(super) fn ask(prompt: &str) -> io::Result<Zeroizing<String>> {
        let mut terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        hide(&terminal)?;
        let asked = terminal.write_all(prompt.as_bytes()).and_then(|()| read_line(&terminal));
        give_back(&mut STATE.lock().unwrap_or_else(PoisonError::into_inner), &terminal);
        asked
    }

    fn read_line(terminal: &File) -> io::Result<Zeroizing<String>> {
        // Room for all of it at once: a string that grows leaves copies behind.
        let mut line = Zeroizing::new(String::with_capacity(LONGEST));
        let limit = u64::try_from(LONGEST).unwrap_or(u64::MAX);
        BufReader::new(terminal.take(limit)).read_line(&mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = line.trim_end_matches(['\r', '\n']).len();
        line.truncate(length);
        Ok(line)
    }

    /// Under the lock and before the prompt is seen, so that a signal finds the terminal either
    /// untouched or noted.
    fn hide(terminal: &File) -> io::Result<()> {
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        if state.ending {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let before = tcgetattr(terminal)?;
        let mut hidden = before.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        // The end of the line is shown, so that what follows begins on a new one.
        hidden.local_modes.insert(LocalModes::ECHONL);
        tcsetattr(terminal, OptionalActions::Flush, &hidden)?;
        state.before = Some(before);
        Ok(())
    }

    fn give_back(state: &mut State, terminal: &File) {
        if let Some(before) = state.before.take() {
            // A terminal that is gone needs nothing.
            let _ = tcsetattr(terminal, OptionalActions::Now, &before);
        }
    }

    /// Gives the terminal back as it was before a prompt, for the program ends.
    pub(crate) fn restore() {
        let mut state = STATE.lock().unwrap_or_else(PoisonError::into_inner);
        state.ending = true;
        if let Ok(terminal) = File::open("/dev/tty") {
            give_back(&mut state, &terminal);
        }
    }
}

#[cfg(not(unix))]
pub(crate) mod terminal {
    pub(super) fn ask(prompt: &str) -> std::io::Result<zeroize::Zeroizing<String>> {
        rpassword::prompt_password(prompt).map(zeroize::Zeroizing::new)
    }

    pub(crate) fn restore() {}
}
