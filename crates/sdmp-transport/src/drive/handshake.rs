//! The handshake as a caller of [`Driver::turn`].

use std::future::{Future, pending};
use std::io;

use sdmp_handshake::{Accepted, Error as HandshakeError, Event, Verdict};

use super::{Driver, Turn, sleep_until_some};
use crate::Error;
use crate::trust::Trust;

impl Driver {
    /// Runs the handshake to its end: the accepted session, or the error, after the rejection
    /// that is owed for it was delivered.
    pub(crate) async fn handshake(&mut self, trust: &mut dyn Trust) -> Result<Accepted, Error> {
        let result = self.try_handshake(trust).await;
        if result.is_err() {
            self.deliver_refusal().await;
        }
        result.map_err(|error| {
            // Before acceptance a lost connection has lost nothing: the caller may simply try
            // again.
            if ended(&error) { Error::NoSession { answered: self.heard } } else { error }
        })
    }

    async fn try_handshake(&mut self, trust: &mut dyn Trust) -> Result<Accepted, Error> {
        loop {
            while let Some(event) = self.connection.poll_event() {
                match event {
                    Event::NeedIdentity { claimed } => {
                        let answer = self.decide(trust.identity(&claimed)).await?;
                        if let Some(identity) = answer {
                            // A failure meanwhile is told as an event.
                            drop(self.connection.provide_identity(self.clock.now()?, identity));
                        }
                    }
                    Event::Authorize { peer } => {
                        if let Some(trusted) = self.decide(trust.authorize(&peer)).await? {
                            let verdict = if trusted { Verdict::Trust } else { Verdict::Refuse };
                            drop(self.connection.decide(self.clock.now()?, verdict));
                        }
                    }
                    Event::Failed(error) => return Err(error.into()),
                    Event::Accepted(accepted) => {
                        // Raised only here: a stranger must not make a carrier gather more than a
                        // handshake needs (R42).
                        self.limits.set_object_octets(self.connection.limits().message_octets);
                        return Ok(accepted);
                    }
                    // Neither comes before acceptance.
                    Event::Message(_) | Event::Closed { .. } | _ => {}
                }
            }
            match self.turn(true, pending::<()>()).await? {
                Turn::Wrote | Turn::Handled | Turn::App(()) => {}
            }
        }
    }

    /// Waits for the application within the handshake's time limit (R42); `None` when the limit
    /// came first, and the connection knows.
    async fn decide<T>(&mut self, decision: impl Future<Output = T>) -> Result<Option<T>, Error> {
        let wake = self.wake_at();
        tokio::select! {
            answer = decision => Ok(Some(answer)),
            () = sleep_until_some(wake) => {
                self.take_time()?;
                Ok(None)
            }
        }
    }
}

/// Whether a handshake failed because the connection ended.
fn ended(error: &Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof,
    };
    let Error::Carrier(kind) = error else {
        return *error == Error::Handshake(HandshakeError::Truncated);
    };
    [BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, UnexpectedEof].contains(kind)
}
