//! `--record FILE`: what went over the wire, one JSON object a line, to be read with `sdmp inspect`.
//!
//! Only octets that were on the wire are written, and never a secret: the key log is a request of
//! its own. Each line is written at once, so a program that is killed loses at most the last one.

mod session;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use sdmp_container::b64url;
use sdmp_crypto::random::{Random as _, SystemRandom};
use sdmp_handshake::{Profile, Role};
use sdmp_transport::Carrier;
use sdmp_transport::carrier::wrap;
use sdmp_transport::clock::wall_time;
use sdmp_transport::listener::{Acceptor, Incoming};

use crate::activity;
use crate::error::Failure;
use crate::io::warn;
use crate::private_file;
use session::{Beginning, RecordedReceiver, RecordedSender, SessionLog};

/// A recording does not grow beyond this: strangers must not fill the disk.
const FILE_LIMIT: u64 = 1 << 30;

/// Where recordings go; without a file, nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Option<Arc<Sink>>);

#[derive(Debug)]
struct Sink {
    profile: Profile,
    /// Nothing once the recording has ended: the sessions go on without it.
    file: Mutex<Option<(File, u64)>>,
    limit: u64,
}

impl Sink {
    fn new(file: File, profile: Profile, limit: u64) -> Self {
        let length = file.metadata().map_or(0, |metadata| metadata.len());
        Self { profile, file: Mutex::new(Some((file, length))), limit }
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
            *guard = None;
            warn(&format!("the recording ends here: {why}"));
        }
    }
}

impl Recorder {
    /// Opens `path` for appending, if there is one.
    pub(crate) fn open(path: Option<&Path>, profile: Profile) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = private_file::append("the recording", "record.open", path)?;
        Ok(Self(Some(Arc::new(Sink::new(file, profile, FILE_LIMIT)))))
    }

    /// The same carrier; what goes through it is noted as activity and, with a file, recorded.
    pub(crate) fn carrier(
        &self,
        carrier: Box<dyn Carrier>,
        role: Role,
        address: &str,
    ) -> Box<dyn Carrier> {
        let carrier = activity::watched(carrier);
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

    /// The same listener; what goes through its carriers is recorded.
    pub(crate) fn acceptor(&self, acceptor: Box<dyn Acceptor>) -> Box<dyn Acceptor> {
        Box::new(RecordedAcceptor { acceptor, recorder: self.clone() })
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

struct RecordedAcceptor {
    acceptor: Box<dyn Acceptor>,
    recorder: Recorder,
}

#[async_trait]
impl Acceptor for RecordedAcceptor {
    async fn next(&mut self) -> io::Result<Incoming> {
        let Incoming { source, open } = self.acceptor.next().await?;
        let (recorder, address) = (self.recorder.clone(), source.to_string());
        let open =
            Box::pin(async move { Ok(recorder.carrier(open.await?, Role::Responder, &address)) });
        Ok(Incoming { source, open })
    }
}
