//! The secrets of sessions in a file, on explicit request, so that recorded traffic can be opened.

use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sdmp_handshake::{Config, KeyLog};
use sdmp_inspect::key_log::line;

use crate::error::{Exit, Failure};
use crate::io::warn;

/// Appends `LABEL HANDSHAKE SECRET` lines, both values in lower-case hexadecimal.
#[derive(Debug)]
struct Lines(Mutex<File>);

impl KeyLog for Lines {
    fn log(&self, label: &'static str, handshake: &[u8; 32], secret: &[u8]) {
        let line = line(label, handshake, secret);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            warn(&format!("the key log cannot be written: {error}"));
        }
    }
}

/// Logs the secrets of every handshake to `path`, if there is one, and says so.
pub(crate) fn attach(config: Config, path: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = path else { return Ok(config) };
    let mut options = OpenOptions::new();
    options.create(true).append(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(path).map_err(|error| {
        Failure::new(Exit::Other, "key_log.open", format!("the key log cannot be opened: {error}"))
            .remedy("name a file that you may write, or leave out --key-log and SDMPKEYLOGFILE")
    })?;
    warn(&format!(
        "the secrets of this session go to {}; whoever reads that file reads the session",
        path.display()
    ));
    Ok(config.key_log(Arc::new(Lines(Mutex::new(file)))))
}
