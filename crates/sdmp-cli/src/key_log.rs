//! The secrets of sessions in a file, on explicit request, so that recorded traffic can be opened.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use sdmp_handshake::{Config, KeyLog};
use sdmp_inspect::key_log::line;

use crate::error::Failure;
use crate::io::{printable, warn};
use crate::private_file;

/// Appends `LABEL HANDSHAKE SECRET` lines, both values in lower-case hexadecimal.
#[derive(Debug)]
struct Lines(Mutex<File>);

impl KeyLog for Lines {
    fn log(&self, label: &'static str, handshake: &[u8; 32], secret: &[u8]) {
        let line = line(label, handshake, secret);
        let mut file = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // One call for the whole line, so that two processes on one file do not mix their lines.
        if let Err(error) = file.write_all(line.as_bytes()) {
            warn(&format!("the key log cannot be written: {error}"));
        }
    }
}

/// Logs the secrets of every handshake to `path`, if there is one, and says so.
pub(crate) fn attach(config: Config, path: Option<&Path>) -> Result<Config, Failure> {
    let Some(path) = path else { return Ok(config) };
    let file = private_file::append("the key log", "key_log.open", path)?;
    warn(&format!(
        "the secrets of this session go to {}; all who read that file can read the session",
        printable(&path.display().to_string())
    ));
    Ok(config.key_log(Arc::new(Lines(Mutex::new(file)))))
}
