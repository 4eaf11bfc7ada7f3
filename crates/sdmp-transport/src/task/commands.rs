//! What an application wants of its session, carried out in order.

use sdmp_container::Container;
use sdmp_crypto::secret::SecretVec;
use sdmp_handshake::{Connection, Error as HandshakeError};
use tokio::sync::oneshot;

use super::App;
use crate::Error;
use crate::drive::Driver;

/// Commands that are taken from the application at once.
const BATCH: usize = 16;

/// A batch is full with so many octets of containers; the one that reaches them is still taken.
const BATCH_OCTETS: usize = 4 << 20;

pub(crate) type Reply = oneshot::Sender<Result<(), Error>>;

#[derive(Debug)]
pub(crate) enum Command {
    Send { container: Container, reply: Reply },
    Finish { reply: Reply },
    Export(Export),
}

/// A wish for a secret for another protocol (R44).
#[derive(Debug)]
pub(crate) struct Export {
    pub(crate) label: String,
    pub(crate) context: Vec<u8>,
    pub(crate) length: usize,
    pub(crate) reply: oneshot::Sender<Result<SecretVec, Error>>,
}

impl Export {
    fn perform(self, connection: &mut Connection) {
        let mut secret = SecretVec::zeroed(self.length);
        let result = connection.export(&self.label, &self.context, secret.expose_mut());
        // A caller that does not wait for the answer does not want it.
        drop(self.reply.send(result.map(|()| secret).map_err(Error::from)));
    }
}

impl App {
    /// Takes what has come together with a command: objects are sealed in batches of what waits. A lone
    /// one waits for nothing.
    pub(super) fn take_commands(&mut self, first: Command) {
        self.waiting.push_back(first);
        let Some(commands) = &mut self.commands else { return };
        while self.waiting.len() < BATCH
            && let Ok(command) = commands.try_recv()
        {
            self.waiting.push_back(command);
        }
    }

    /// Keeps the answer of what was carried out until the carrier has it; tells a failure at once.
    fn answer_later(&mut self, reply: Reply, result: Result<(), HandshakeError>) {
        match result {
            Ok(()) => self.sealed.push(reply),
            // A caller that does not wait for the answer does not want it.
            Err(error) => drop(reply.send(Err(error.into()))),
        }
    }
}

/// Carries out what waits, up to the first container for which the connection's queue has no room: it is
/// held back here, and with it the caller, until the carrier has caught up.
pub(super) fn perform(driver: &mut Driver, app: &mut App) -> Result<(), Error> {
    while let Some(command) = app.waiting.pop_front() {
        match command {
            Command::Send { .. } => {
                app.waiting.push_front(command);
                if !send_batch(driver, app)? {
                    return Ok(());
                }
            }
            Command::Finish { reply } => {
                let result = driver.connection.close(driver.clock().now()?);
                app.answer_later(reply, result);
            }
            Command::Export(wish) => wish.perform(&mut driver.connection),
        }
    }
    Ok(())
}

/// Seals the containers at the front of what waits together; whether all had room.
fn send_batch(driver: &mut Driver, app: &mut App) -> Result<bool, Error> {
    let mut octets = 0_usize;
    let sends = app.waiting.iter().map_while(|command| match command {
        Command::Send { container, .. } if octets < BATCH_OCTETS => {
            octets = octets.saturating_add(container.as_bytes().len());
            Some(container.clone())
        }
        Command::Send { .. } | Command::Finish { .. } | Command::Export(_) => None,
    });
    let batch: Vec<Container> = sends.collect();
    let results = match driver.connection.send_all(driver.clock().now()?, &batch) {
        Ok(results) => results,
        Err(error) => batch.iter().map(|_| Err(error.clone())).collect(),
    };
    let all = results.len() == batch.len();
    for result in results {
        if let Some(Command::Send { reply, .. }) = app.waiting.pop_front() {
            app.answer_later(reply, result);
        }
    }
    Ok(all)
}
