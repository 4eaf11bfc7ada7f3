//! What went over the wire, one JSON object a line, to be read with `sdmp_inspect`.
//!
//! Only octets that were on the wire are written, and never a secret: the key log is a request of
//! its own. Each line is written at once, so a program that is killed loses at most the last one.

mod session;

use std::fmt;
use std::fs::File;
use std::io::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use sdmp_container::b64url;
use sdmp_crypto::random::{Random as _, SystemRandom};
use sdmp_handshake::{Profile, Role};
use sdmp_transport::Carrier;
use sdmp_transport::carrier::wrap;
use sdmp_transport::clock::wall_time;

use session::{Beginning, RecordedReceiver, RecordedSender, SessionLog};

/// A recording does not grow beyond this: strangers must not fill the disk.
const FILE_LIMIT: u64 = 1 << 30;

/// Where recordings go; without a file, nowhere.
///
/// ```
/// use sdmp_handshake::{Profile, Role};
/// use sdmp_node::Recorder;
/// use sdmp_transport::{accept, connect, memory};
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use sdmp_handshake::Profile;
/// # use sdmp_testkit::{nodes, pair};
/// # let config = |own: fn() -> _, peer: fn() -> _| pair::config(&own(), &[&peer()], Profile::Hardened);
/// # let (alice, bob) = (config(nodes::alice, nodes::bob), config(nodes::bob, nodes::alice));
/// # let directory = tempfile::tempdir()?;
/// # let path = directory.path().join("recording");
///
/// let file = std::fs::OpenOptions::new().create(true).append(true).open(&path)?;
/// let recorder = Recorder::new(file, Profile::Hardened, |why| eprintln!("it ends here: {why}"));
/// let (one, other) = memory::pair(4);
/// let one = recorder.carrier(Box::new(one), Role::Initiator, "memory");
/// let (alice, bob) = tokio::try_join!(connect(one, alice), accept(other, bob))?;
/// tokio::try_join!(alice.close(), bob.close())?;
/// assert!(std::fs::read_to_string(&path)?.starts_with("{\"event\":\"session\""));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct Recorder(Option<Arc<Sink>>);

/// Told why a recording ended.
type Ended = Box<dyn Fn(&str) + Send + Sync>;

struct Sink {
    profile: Profile,
    /// Nothing once the recording has ended: the sessions go on without it.
    file: Mutex<Option<(File, u64)>>,
    limit: u64,
    ended: Ended,
}

impl fmt::Debug for Sink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sink").field("profile", &self.profile).finish_non_exhaustive()
    }
}

impl Sink {
    fn new(file: File, profile: Profile, limit: u64, ended: Ended) -> Self {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        Self { profile, file: Mutex::new(Some((file, length))), limit, ended }
    }

    /// Appends one line, unless the file would become longer than it may.
    fn append(&self, line: &str) {
        let mut guard = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((file, length)) = guard.as_mut() else { return };
        *length = length.saturating_add(u64::try_from(line.len()).unwrap_or(u64::MAX));
        let result = if *length > self.limit {
            Err(format!("it would become longer than {} MiB", self.limit >> 20))
        } else {
            file.write_all(line.as_bytes()).map_err(|error| error.to_string())
        };
        if let Err(why) = result {
            // A full disk must not end the sessions that are recorded.
            *guard = None;
            (self.ended)(&why);
        }
    }
}

impl Recorder {
    /// Appends to a file that was opened for appending, at most up to 1 GiB. `ended` is called once
    /// with the reason where the recording has to end before the sessions do.
    ///
    /// All sessions that this recorder sees must use the same `profile`: it is in their first line.
    #[must_use]
    pub fn new(file: File, profile: Profile, ended: impl Fn(&str) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(Sink::new(file, profile, FILE_LIMIT, Box::new(ended)))))
    }

    /// The same carrier; what goes through it is recorded. `role` is this side's, and `address`
    /// says where the other side is.
    #[must_use]
    pub fn carrier(
        &self,
        carrier: Box<dyn Carrier>,
        role: Role,
        address: &str,
    ) -> Box<dyn Carrier> {
        let Some(sink) = &self.0 else { return carrier };
        let beginning = Beginning {
            role,
            profile: sink.profile,
            address: address.to_owned(),
            time: wall_time().map(|time| time.to_string()).unwrap_or_default(),
        };
        let (sink, name) = (Arc::clone(sink), session_name());
        Box::new(wrap(carrier, move |(sender, receiver), limits| {
            let log = Arc::new(SessionLog::new(sink, name, beginning, limits));
            let sender = RecordedSender { sender, log: Arc::clone(&log) };
            (Box::new(sender), Box::new(RecordedReceiver { receiver, log }))
        }))
    }
}

/// Tells the sessions of a file apart, also those of several programs.
fn session_name() -> String {
    let mut octets = [0; 6];
    match SystemRandom::new().fill(&mut octets) {
        Ok(()) => b64url::encode(&octets),
        Err(_) => "?".to_owned(),
    }
}
