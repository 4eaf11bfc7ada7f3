//! What strangers leave in a directory where sessions come in.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sdmp_crypto::dh::NamedGroup;
use tokio::time::{MissedTickBehavior, interval};

use crate::{Anything, nodes};

/// The first object of an initiator.
const FIRST: &str = "i-00000000.json";
/// The first object of a responder.
const ANSWER: &str = "r-00000000.json";
const VICTIM: &[u8] = b"private\n";

/// Sessions that strangers begin in a directory.
#[derive(Debug)]
pub(crate) struct Litter {
    directory: PathBuf,
    first_message: Vec<u8>,
    begun: Vec<PathBuf>,
}

impl Litter {
    pub(crate) fn new(directory: &Path) -> Anything<Self> {
        let litter = Self {
            directory: directory.to_owned(),
            first_message: nodes::first_message(NamedGroup::Ffdhe3072)?,
            begun: Vec::new(),
        };
        fs::write(litter.victim(), VICTIM)?;
        let made = std::process::Command::new("mkfifo").arg(litter.fifo()).status()?;
        if made.success() { Ok(litter) } else { Err("no FIFO could be made".into()) }
    }

    /// A file that no session may read or write.
    fn victim(&self) -> PathBuf {
        self.directory.join("victim")
    }

    fn fifo(&self) -> PathBuf {
        self.directory.join("fifo")
    }

    /// So many sessions, so many a second.
    pub(crate) async fn strew(&mut self, sessions: usize, per_second: usize) -> Anything {
        let mut tick = interval(Duration::from_secs(1) / u32::try_from(per_second)?.max(1));
        tick.set_missed_tick_behavior(MissedTickBehavior::Burst);
        for number in 0..sessions {
            tick.tick().await;
            self.begin(number)?;
        }
        Ok(())
    }

    /// A session that leads to nothing, of one of five kinds.
    fn begin(&mut self, number: usize) -> io::Result<()> {
        let session = self.directory.join(format!("{number:032x}"));
        fs::create_dir(&session)?;
        let (first, answer) = (session.join(FIRST), session.join(ANSWER));
        match number % 5 {
            0 => fs::write(first, &self.first_message)?,
            1 => fs::write(first, "{}\n")?,
            2 => {
                symlink(self.victim(), answer)?;
                fs::write(first, &self.first_message)?;
            }
            3 => fs::hard_link(self.fifo(), first)?,
            _ if number % 10 == 4 => symlink(self.victim(), first)?,
            _ => File::create(first)?.set_len(1 << 34)?,
        }
        self.begun.push(session);
        Ok(())
    }

    /// Removes the sessions, which ends those that wait for a day; whether the victim is as it was.
    pub(crate) fn sweep(&self) -> Anything<bool> {
        for session in &self.begun {
            fs::remove_dir_all(session)?;
        }
        Ok(fs::read(self.victim())? == VICTIM)
    }
}
