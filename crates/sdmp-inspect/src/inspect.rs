//! The pipeline: octets to transcripts, transcripts to sessions, sessions to a report.

use sdmp_container::Timestamp;
use sdmp_crypto::rsa::PrivateKey;

use crate::input::{self, Input, InputKind};
use crate::key_log::SessionKeys;
use crate::known::KnownIdentities;
use crate::report::{Report, Session};
use crate::session::Tries;
use crate::transcript::Transcript;
use crate::{container, session};

/// The secrets that open what is sealed; without them an input shows what an eavesdropper sees.
#[derive(Clone, Copy, Debug, Default)]
pub struct Keys<'a> {
    log: Option<&'a SessionKeys>,
    private_key: Option<&'a PrivateKey>,
}

impl<'a> Keys<'a> {
    /// No secrets.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Opens sessions with the secrets of this key log.
    #[must_use]
    pub fn with_log(self, log: &'a SessionKeys) -> Self {
        Self { log: Some(log), ..self }
    }

    /// Opens containers that are encrypted for this key (R22).
    #[must_use]
    pub fn with_private_key(self, key: &'a PrivateKey) -> Self {
        Self { private_key: Some(key), ..self }
    }
}

/// Opens an input as far as the keys allow, and checks again what its receivers had to check.
///
/// Signatures are checked against the `known` identities only. A session is judged at the time
/// that its recording or capture names, anything else at `now`. Every input gives a report: what
/// is wrong with the input is a failed check or a note in it.
///
/// A recording, inspected without the program that made it:
///
/// ```
/// use sdmp_handshake::{Profile, Role};
/// use sdmp_inspect::key_log::SessionKeys;
/// use sdmp_inspect::recording::SessionLines;
/// use sdmp_inspect::{Input, Keys, KnownIdentities, Outcome, inspect};
///
/// let lines = SessionLines::new("a");
/// let recording = [
///     lines.begin(Role::Responder, Profile::Hardened, "192.0.2.1", "2026-05-17T09:00:00.000Z"),
///     lines.object(0.2, Role::Initiator, b"{\"sdmp\":{}}"),
/// ]
/// .concat();
/// let (secrets, complaints) = SessionKeys::parse(b"");
/// assert!(complaints.is_empty());
///
/// let keys = Keys::none().with_log(&secrets);
/// let now = "2026-05-18T09:00:00.000Z".parse()?;
/// let report = inspect(&Input::new(recording.as_bytes()), &keys, &KnownIdentities::new(), now);
///
/// let [session] = report.sessions.as_slice() else { panic!("one session") };
/// assert_eq!(session.title, "session a, recorded by the responder, from 192.0.2.1");
/// let failed = session.steps[0].checks.iter().find(|check| check.outcome == Outcome::Fails);
/// assert_eq!(failed.map(|check| check.rule), Some("R4, R12, R40"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn inspect(
    input: &Input<'_>,
    keys: &Keys<'_>,
    known: &KnownIdentities,
    now: Timestamp,
) -> Report {
    let kind = input.kind();
    let (transcripts, notes) = match kind {
        InputKind::Container => {
            let told = container::inspect(input.octets(), known, now, keys.private_key);
            return Report { input: kind.name(), sessions: vec![told], notes: Vec::new() };
        }
        InputKind::Recording => input::recording::read(input.octets()),
        InputKind::Capture => input::pcap::read(input.octets()),
        InputKind::Stream => (input::stream::read(input.octets(), input.sender()), Vec::new()),
    };
    let (none, mut tries) = (SessionKeys::default(), Tries::new());
    let log = keys.log.unwrap_or(&none);
    let sessions =
        transcripts.iter().map(|one| session::inspect(one, log, known, now, &mut tries)).collect();
    Report { input: kind.name(), sessions, notes }
}

/// The same for one session that the caller has observed itself.
#[must_use]
pub fn inspect_session(
    transcript: &Transcript,
    keys: &Keys<'_>,
    known: &KnownIdentities,
    now: Timestamp,
) -> Session {
    let none = SessionKeys::default();
    session::inspect(transcript, keys.log.unwrap_or(&none), known, now, &mut Tries::new())
}
