//! Passphrases: from a file or from the terminal, never from the command line, where every user of
//! the machine could read them.

use std::fs;
use std::io::IsTerminal;
use std::path::PathBuf;

use sdmp_envelope::LocalIdentity;
use sdmp_envelope::private_key::Loaded;
use sdmp_node::Home;
use zeroize::Zeroizing;

use crate::error::{Exit, Failure};

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

    /// Reads the file, if one was named.
    pub(crate) fn file(&self) -> Result<Option<Zeroizing<String>>, Failure> {
        let Some(path) = &self.path else { return Ok(None) };
        let text = fs::read_to_string(path).map(Zeroizing::new).map_err(|error| {
            Failure::usage(format!("cannot read the passphrase from {}: {error}", path.display()))
        })?;
        let line = text.lines().next().unwrap_or_default();
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

/// An own key, ready to sign.
pub(crate) fn local(
    home: &Home,
    name: &str,
    passphrase: &Passphrase,
) -> Result<LocalIdentity, Failure> {
    home.local(name, || passphrase.get(&format!("Passphrase of key {name}: ")))
}

/// Asks for a new passphrase, twice.
pub(crate) fn ask_new() -> Result<Zeroizing<String>, Failure> {
    let first = ask("New passphrase: ")?;
    let second = ask("The same again: ")?;
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
    let passphrase =
        rpassword::prompt_password(prompt).map(Zeroizing::new).map_err(|_| unavailable())?;
    if passphrase.is_empty() {
        return Err(empty());
    }
    Ok(passphrase)
}

fn empty() -> Failure {
    Failure::new(Exit::Usage, "passphrase.empty", "the passphrase is empty")
}
