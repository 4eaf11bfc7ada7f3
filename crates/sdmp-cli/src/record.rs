//! `--record FILE`: what went over the wire, one JSON object a line, to be read with `sdmp inspect`.
//!
//! Only octets that were on the wire are written, and never a secret: the key log is a request of
//! its own. Each line is written at once, so a program that is killed loses at most the last one.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use sdmp_container::b64url;
use sdmp_crypto::random::{Random as _, SystemRandom};
use sdmp_handshake::{Deframer, Profile, Role};
use sdmp_inspect::recording::FORMAT;
use sdmp_transport::carrier::{Chunk, wrap};
use sdmp_transport::clock::wall_time;
use sdmp_transport::listener::{Acceptor, Incoming};
use sdmp_transport::{Carrier, ObjectReceiver, ObjectSender};
use serde_json::Value;

use crate::activity;
use crate::error::Failure;
use crate::io::{json_object, warn};
use crate::private_file;

/// The longest object that a session takes (R42), and some for objects that are refused.
const OBJECT_LIMIT: usize = 17 << 20;

/// Of a stream that cannot be cut into objects, so much is kept.
const UNFRAMED_LIMIT: usize = 64 << 10;

/// Where recordings go; without a file, nowhere.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recorder(Option<Arc<Sink>>);

#[derive(Debug)]
struct Sink {
    file: Mutex<File>,
    /// A line could not be written: the session goes on, the recording does not.
    broken: AtomicBool,
    profile: Profile,
}

impl Sink {
    fn line(&self, members: &[(&str, Value)]) {
        if self.broken.load(Ordering::Relaxed) {
            return;
        }
        let line = json_object(members) + "\n";
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(error) = file.write_all(line.as_bytes()) {
            self.broken.store(true, Ordering::Relaxed);
            warn(&format!("the recording ends here: {error}"));
        }
    }
}

impl Recorder {
    /// Opens `path` for appending, if there is one.
    pub(crate) fn open(path: Option<&Path>, profile: Profile) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self(None)) };
        let file = private_file::append("the recording", "record.open", path)?;
        let sink = Sink { file: Mutex::new(file), broken: AtomicBool::new(false), profile };
        Ok(Self(Some(Arc::new(sink))))
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
        let session = session_name();
        let time = wall_time().map(|time| time.to_string()).unwrap_or_default();
        sink.line(&[
            ("event", "session".into()),
            ("session", session.clone().into()),
            ("format", FORMAT.into()),
            ("role", role.name().into()),
            ("profile", sink.profile.name().into()),
            ("address", address.into()),
            ("time", time.into()),
        ]);
        let log = Log { sink: Arc::clone(sink), session, started: Instant::now() };
        Box::new(wrap(carrier, move |(sender, receiver), _| {
            let receiver = RecordedReceiver {
                receiver,
                peer: role.other(),
                log: log.clone(),
                deframer: Some(Deframer::new()),
            };
            (Box::new(RecordedSender { sender, role, log }), Box::new(receiver))
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

/// One session's lines.
#[derive(Clone, Debug)]
struct Log {
    sink: Arc<Sink>,
    session: String,
    started: Instant,
}

impl Log {
    fn event(&self, event: &str, from: Role, more: (&str, Value)) {
        let millis = self.started.elapsed().as_micros();
        let millis = f64::from(u32::try_from(millis / 10).unwrap_or(u32::MAX)) / 100.0;
        self.sink.line(&[
            ("event", event.into()),
            ("session", self.session.clone().into()),
            ("ms", millis.into()),
            ("from", from.name().into()),
            more,
        ]);
    }

    fn object(&self, from: Role, object: &[u8]) {
        match std::str::from_utf8(object) {
            Ok(text) => self.event("wire", from, ("wire", text.into())),
            Err(_) => self.octets(from, object),
        }
    }

    /// What is no text, or could not be cut into objects.
    fn octets(&self, from: Role, octets: &[u8]) {
        let kept = octets.get(..UNFRAMED_LIMIT).unwrap_or(octets);
        self.event("octets", from, ("octets", b64url::encode(kept).into()));
    }
}

#[derive(Debug)]
struct RecordedSender {
    sender: Box<dyn ObjectSender>,
    role: Role,
    log: Log,
}

#[async_trait]
impl ObjectSender for RecordedSender {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        self.log.object(self.role, object);
        self.sender.send(object).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sender.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.log.event("end", self.role, ("whole", true.into()));
        self.sender.finish().await
    }
}

#[derive(Debug)]
struct RecordedReceiver {
    receiver: Box<dyn ObjectReceiver>,
    peer: Role,
    log: Log,
    /// Nothing after the octets could not be cut into objects any more.
    deframer: Option<Deframer>,
}

impl RecordedReceiver {
    fn octets(&mut self, mut octets: &[u8]) {
        while let Some(deframer) = &mut self.deframer {
            match deframer.next(&mut octets, OBJECT_LIMIT) {
                Ok(Some(object)) => self.log.object(self.peer, &object),
                Ok(None) => return,
                Err(_) => {
                    self.log.octets(self.peer, octets);
                    self.deframer = None;
                }
            }
        }
    }
}

#[async_trait]
impl ObjectReceiver for RecordedReceiver {
    async fn receive(&mut self) -> io::Result<Chunk> {
        let received = self.receiver.receive().await?;
        match &received {
            Chunk::Octets(octets) => self.octets(octets),
            Chunk::Object(object) => self.log.object(self.peer, object),
            Chunk::End => {
                let whole = self.deframer.as_ref().is_some_and(Deframer::is_between_objects);
                self.log.event("end", self.peer, ("whole", whole.into()));
            }
        }
        Ok(received)
    }
}
