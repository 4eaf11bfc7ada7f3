//! One session's lines in a recording: no more than the session itself would take.

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use async_trait::async_trait;
use sdmp_handshake::{Deframer, Profile, Role, SessionLimits};
use sdmp_inspect::recording::SessionLines;
use sdmp_transport::carrier::{CarrierLimits, Chunk};
use sdmp_transport::{ObjectReceiver, ObjectSender};

use super::Sink;

/// Of a stream that cannot be cut into objects, so much is kept.
const UNFRAMED_LIMIT: usize = 4 << 10;

/// A connection that is not accepted leaves no more than this: somewhat more than the objects of
/// a handshake can have (R42).
const REFUSED_LIMIT: usize = 128 << 10;

/// What the first line says.
#[derive(Debug)]
pub(super) struct Beginning {
    pub(super) role: Role,
    pub(super) profile: Profile,
    pub(super) address: String,
    pub(super) time: String,
}

/// What both halves of a carrier write to.
#[derive(Debug)]
pub(super) struct SessionLog {
    sink: Arc<Sink>,
    lines: SessionLines,
    role: Role,
    limits: CarrierLimits,
    /// The limit of an object until the peer is accepted.
    handshake_limit: usize,
    started: Instant,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Until the first line is written: a connection that sends nothing leaves nothing.
    beginning: Option<Beginning>,
    /// How many octets were written before acceptance.
    refused: usize,
    /// Nothing more of this session is recorded.
    is_cut: bool,
    /// Octets came after the session was over.
    has_discarded: bool,
    /// Nothing once the peer's stream could not be cut into objects.
    deframer: Option<Deframer>,
    /// No object of the peer's was complete yet: the first one is in plaintext.
    is_first: bool,
    /// Received, and not looked at until the session has seen it: only then is it known which
    /// limit is in force behind an object that leads to acceptance.
    pending: Option<(f64, Chunk)>,
}

impl SessionLog {
    pub(super) fn new(
        sink: Arc<Sink>,
        name: String,
        beginning: Beginning,
        limits: CarrierLimits,
    ) -> Self {
        Self {
            sink,
            lines: SessionLines::new(name),
            role: beginning.role,
            handshake_limit: limits.object_octets(),
            limits,
            started: Instant::now(),
            state: Mutex::new(State {
                beginning: Some(beginning),
                refused: 0,
                is_cut: false,
                has_discarded: false,
                deframer: Some(Deframer::new()),
                is_first: true,
                pending: None,
            }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ms(&self) -> f64 {
        let hundredths = self.started.elapsed().as_micros() / 10;
        f64::from(u32::try_from(hundredths).unwrap_or(u32::MAX)) / 100.0
    }

    fn write(&self, state: &mut State, line: &str) {
        if state.is_cut {
            return;
        }
        if let Some(beginning) = state.beginning.take() {
            let Beginning { role, profile, address, time } = beginning;
            self.sink.append(&self.lines.begin(role, profile, &address, &time));
        }
        if self.limits.object_octets() <= self.handshake_limit {
            state.refused = state.refused.saturating_add(line.len());
            if state.refused > REFUSED_LIMIT {
                state.is_cut = true;
                let why = "more was sent than a handshake can take (R42)";
                self.sink.append(&self.lines.cut(self.ms(), self.role.other(), why));
                return;
            }
        }
        self.sink.append(line);
    }

    fn sent(&self, object: &[u8]) {
        let mut state = self.lock();
        self.settle(&mut state);
        self.write(&mut state, &self.lines.object(self.ms(), self.role, object));
    }

    fn finished(&self) {
        let mut state = self.lock();
        self.settle(&mut state);
        self.write(&mut state, &self.lines.end(self.ms(), self.role, true));
    }

    fn received(&self, chunk: Chunk) {
        let mut state = self.lock();
        self.settle(&mut state);
        // What is read only to be discarded (R38) has no limit, so only its end is recorded.
        if self.limits.is_discarding() && chunk != Chunk::End {
            state.has_discarded = true;
            return;
        }
        state.pending = Some((self.ms(), chunk));
    }

    /// Writes what was received, now that the session has seen it.
    fn settle(&self, state: &mut State) {
        let Some((ms, chunk)) = state.pending.take() else { return };
        match chunk {
            Chunk::Octets(octets) => self.octets(state, ms, &octets),
            Chunk::Object(object) => self.object(state, ms, &object),
            Chunk::End => {
                let framed = state.deframer.as_ref().is_some_and(Deframer::is_between_objects);
                let whole = framed && !state.has_discarded;
                self.write(state, &self.lines.end(ms, self.role.other(), whole));
            }
        }
    }

    /// How long the peer's next object may be.
    fn limit(&self, state: &State) -> usize {
        let limit = self.limits.object_octets();
        if state.is_first { limit.min(SessionLimits::default().plain_octets) } else { limit }
    }

    fn octets(&self, state: &mut State, ms: f64, mut octets: &[u8]) {
        while let Some(mut deframer) = state.deframer.take() {
            match deframer.next(&mut octets, self.limit(state)) {
                Ok(Some(object)) => {
                    state.is_first = false;
                    state.deframer = Some(deframer);
                    self.write(state, &self.lines.object(ms, self.role.other(), &object));
                }
                Ok(None) => {
                    state.deframer = Some(deframer);
                    return;
                }
                Err(_) => self.unframed(state, ms, octets),
            }
        }
    }

    fn object(&self, state: &mut State, ms: f64, object: &[u8]) {
        if state.deframer.is_none() {
            return;
        }
        if object.len() > self.limit(state) {
            state.deframer = None;
            self.unframed(state, ms, object);
        } else {
            state.is_first = false;
            self.write(state, &self.lines.object(ms, self.role.other(), object));
        }
    }

    fn unframed(&self, state: &mut State, ms: f64, octets: &[u8]) {
        let peer = self.role.other();
        let kept = octets.get(..UNFRAMED_LIMIT).unwrap_or(octets);
        self.write(state, &self.lines.octets(ms, peer, kept));
        let why = "what the peer sent is no object, or longer than the limit in force (R42, R43)";
        self.write(state, &self.lines.cut(ms, peer, why));
    }
}

impl Drop for SessionLog {
    fn drop(&mut self) {
        self.settle(&mut self.lock());
    }
}

#[derive(Debug)]
pub(super) struct RecordedSender {
    pub(super) sender: Box<dyn ObjectSender>,
    pub(super) log: Arc<SessionLog>,
}

#[async_trait]
impl ObjectSender for RecordedSender {
    async fn send(&mut self, object: &[u8]) -> io::Result<()> {
        self.log.sent(object);
        self.sender.send(object).await
    }

    async fn flush(&mut self) -> io::Result<()> {
        self.sender.flush().await
    }

    async fn finish(&mut self) -> io::Result<()> {
        self.log.finished();
        self.sender.finish().await
    }
}

#[derive(Debug)]
pub(super) struct RecordedReceiver {
    pub(super) receiver: Box<dyn ObjectReceiver>,
    pub(super) log: Arc<SessionLog>,
}

#[async_trait]
impl ObjectReceiver for RecordedReceiver {
    async fn receive(&mut self) -> io::Result<Chunk> {
        // The session asks for more: it has seen what came before.
        self.log.settle(&mut self.log.lock());
        let chunk = self.receiver.receive().await?;
        self.log.received(chunk.clone());
        Ok(chunk)
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::indexing_slicing,
        clippy::unwrap_used,
        reason = "a test that is wrong should stop"
    )]
    use std::time::Duration;

    use super::*;

    /// A session's log that is recorded to a file, the limits it has, and the file.
    fn log(file_limit: u64) -> (Arc<SessionLog>, CarrierLimits, tempfile::NamedTempFile) {
        let file = tempfile::NamedTempFile::new().unwrap();
        let sink =
            Sink::new(file.reopen().unwrap(), Profile::Hardened, file_limit, Box::new(|_| ()));
        let beginning = Beginning {
            role: Role::Responder,
            profile: Profile::Hardened,
            address: "a".to_owned(),
            time: String::new(),
        };
        let limits = CarrierLimits::new(12_288, Duration::from_secs(30));
        let log = SessionLog::new(Arc::new(sink), "s".to_owned(), beginning, limits.clone());
        (Arc::new(log), limits, file)
    }

    fn octets(text: &str) -> Chunk {
        Chunk::Octets(text.as_bytes().to_vec().into())
    }

    /// The events of a recording, with what was on the wire.
    fn events(file: &tempfile::NamedTempFile) -> Vec<(String, String)> {
        let text = std::fs::read_to_string(file.path()).unwrap();
        let line = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let word = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
            (word("event"), word("wire"))
        };
        text.lines().map(line).collect()
    }

    fn names(file: &tempfile::NamedTempFile) -> Vec<String> {
        events(file).into_iter().map(|(event, _)| event).collect()
    }

    #[test]
    fn objects_stand_in_the_order_in_which_the_session_saw_them() {
        let (log, _, file) = log(u64::MAX);
        log.received(octets("{\"a\":1}\n{\"b"));
        log.sent(b"{\"c\":3}");
        log.received(octets("\":2}"));
        log.received(Chunk::End);
        log.finished();
        let wires: Vec<String> = events(&file).into_iter().map(|(_, wire)| wire).collect();
        assert_eq!(wires, ["", "{\"a\":1}", "{\"c\":3}", "{\"b\":2}", "", ""]);
        assert_eq!(names(&file), ["session", "wire", "wire", "wire", "end", "end"]);
    }

    #[test]
    fn a_connection_that_sends_nothing_leaves_nothing() {
        let (log, _, file) = log(u64::MAX);
        drop(log);
        assert!(events(&file).is_empty());
    }

    /// R42: 4,096 octets in plaintext, 12,288 before acceptance, and more afterwards.
    #[test]
    fn the_limit_in_force_is_followed() {
        for (first, second, accepted, expected) in [
            (4096, 12_288, false, ["session", "wire", "wire"].as_slice()),
            (4097, 2, false, &["session", "octets", "cut"]),
            (2, 12_289, false, &["session", "wire", "octets", "cut"]),
            (2, 100_000, true, &["session", "wire", "wire"]),
        ] {
            for whole in [false, true] {
                let (log, limits, file) = log(u64::MAX);
                let object = |length: usize| {
                    let text = format!("{{{}}}", " ".repeat(length - 2));
                    if whole { Chunk::Object(text.into_bytes().into()) } else { octets(&text) }
                };
                log.received(object(first));
                log.received(object(second));
                if accepted {
                    limits.set_object_octets(1 << 24);
                }
                drop(log);
                assert_eq!(names(&file), expected, "{first}, {second}, {whole}");
            }
        }
    }

    /// An object without an end is not gathered, however much of it comes.
    #[test]
    fn an_endless_object_is_cut() {
        let (log, _, file) = log(u64::MAX);
        log.received(octets("{\"a\":\""));
        for _ in 0..1000 {
            log.received(octets(&"A".repeat(1 << 14)));
        }
        drop(log);
        assert_eq!(names(&file), ["session", "octets", "cut"]);
        assert!(file.as_file().metadata().unwrap().len() < 8192);
    }

    #[test]
    fn what_is_discarded_is_not_recorded() {
        let (log, limits, file) = log(u64::MAX);
        log.received(octets("{\"m3\":1}"));
        log.sent(b"{\"refused\":1}");
        limits.discard();
        for _ in 0..100 {
            log.received(octets("{\"more\":1}"));
        }
        log.received(Chunk::End);
        drop(log);
        assert_eq!(names(&file), ["session", "wire", "wire", "end"]);
    }

    #[test]
    fn a_connection_that_is_not_accepted_is_capped() {
        let (log, _, file) = log(u64::MAX);
        for _ in 0..10_000 {
            log.received(octets(&format!("{{\"a\":\"{}\"}}", "A".repeat(1000))));
        }
        drop(log);
        let names = names(&file);
        assert_eq!(names.last().unwrap(), "cut");
        assert!(file.as_file().metadata().unwrap().len() < 129 << 10);
    }

    #[test]
    fn the_file_is_capped() {
        let (log, limits, file) = log(4096);
        limits.set_object_octets(1 << 24);
        for _ in 0..100 {
            log.sent(format!("{{\"a\":\"{}\"}}", "A".repeat(1000)).as_bytes());
        }
        assert!(file.as_file().metadata().unwrap().len() <= 4096);
        assert_eq!(names(&file).len(), 4, "lines are whole");
    }
}
