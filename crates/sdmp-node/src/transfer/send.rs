//! The sending half of a transfer.

mod in_pieces;
mod sending;
mod whole;

use sdmp_handshake::SessionLimits;
use sdmp_transport::SecureSession;

use super::outgoing::Outgoing;
use super::patience::Patience;
use super::watch::{Summary, Watch};
use crate::error::Error;
use sending::{Fate, Sending};

/// Sends files to the peer of a session, and closes it. A file that is refused, or that cannot be
/// read any more, does not keep the others from being sent; the watch is told.
///
/// # Errors
/// How the session was cut; [`Error::NotATransfer`] when the peer has another role,
/// [`Error::Silent`] when it does not answer, [`Error::Stopped`] by the watch.
pub async fn send(
    session: SecureSession,
    files: &[Outgoing],
    patience: Patience,
    watch: &mut dyn Watch,
) -> Result<Summary, Error> {
    let unlimited =
        SessionLimits { objects: u64::MAX, octets: u64::MAX, ..SessionLimits::default() };
    let mut session = Some(session);
    let once = || std::future::ready(session.take().ok_or(Error::Unanswered));
    send_over(once, &unlimited, files, patience, watch).await
}

/// The same over sessions that `dial` opens, with these limits: one that nears them (R35) is closed, and
/// the next one goes on where it stopped.
///
/// # Errors
/// As [`send`], and why there is no session.
pub async fn send_over<F, E>(
    mut dial: impl FnMut() -> F,
    limits: &SessionLimits,
    files: &[Outgoing],
    patience: Patience,
    watch: &mut dyn Watch,
) -> Result<Summary, E>
where
    F: Future<Output = Result<SecureSession, E>>,
    E: From<Error>,
{
    let mut summary = Summary { stored: 0, failed: 0, authenticated: true };
    let (mut rest, mut paused) = (files, None);
    loop {
        let session = dial().await?;
        let mut sending = Sending::begin(session, rest, limits, patience, watch).await?;
        while let Some((file, more)) = rest.split_first() {
            match sending.file(file, paused.take()).await? {
                Fate::Stored => summary.stored += 1,
                Fate::NotStored => summary.failed += 1,
                Fate::Worn(flow) => {
                    paused = flow;
                    break;
                }
            }
            rest = more;
        }
        summary.authenticated &= sending.end().await?;
        if rest.is_empty() {
            return Ok(summary);
        }
    }
}
