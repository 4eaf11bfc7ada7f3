//! What an application may do with an accepted session.

use sdmp_container::Container;

use super::directions::Sending;
use super::queues::Outgoing;
use super::{Connection, Phase};
use crate::error::{Error, Misuse};
use crate::policy::Now;

impl Connection {
    /// Seals a container and queues it.
    ///
    /// # Errors
    /// [`Error::QueueFull`] (nothing was taken: send some output first), [`Misuse::NotAccepted`],
    /// another [`Error::ApiMisuse`], or what ended the session.
    pub fn send(&mut self, now: Now, container: &Container) -> Result<(), Error> {
        let (sending, outgoing) = self.sending()?;
        let result = sending.send(outgoing, now, container);
        self.settle();
        result
    }

    /// Seals containers together and queues them, up to the first that the queue has no room for: a result
    /// for each that was taken, in order, as [`Connection::send`] would give it. What is behind waits
    /// with the caller, as after [`Error::QueueFull`].
    ///
    /// # Errors
    /// [`Misuse::NotAccepted`], or what ended the session before.
    pub fn send_all(
        &mut self,
        now: Now,
        containers: &[Container],
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let (sending, outgoing) = self.sending()?;
        let results = sending.send_all(outgoing, now, containers);
        self.settle();
        Ok(results)
    }

    /// Ends this direction with the authenticated close (R41); the peer may still send.
    ///
    /// # Errors
    /// [`Misuse::NotAccepted`], [`Misuse::AfterClose`], or what ended the session.
    pub fn close(&mut self, now: Now) -> Result<(), Error> {
        let (sending, outgoing) = self.sending()?;
        let result = sending.close(outgoing, now);
        self.settle();
        result
    }

    /// A secret for another protocol, the same on both sides (R44).
    ///
    /// # Errors
    /// As [`Session::export`](crate::Session::export), and [`Misuse::NotAccepted`].
    pub fn export(&mut self, label: &str, context: &[u8], out: &mut [u8]) -> Result<(), Error> {
        self.sending()?.0.export(label, context, out)
    }

    fn sending(&mut self) -> Result<(&mut Sending, &mut Outgoing), Error> {
        match &mut self.phase {
            Phase::Session(sending, _) => Ok((sending, &mut self.outgoing)),
            Phase::Failed(error) => Err(error.clone()),
            _ => Err(Error::ApiMisuse(Misuse::NotAccepted)),
        }
    }
}
