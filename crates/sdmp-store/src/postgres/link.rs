//! A connection to the server, used from threads that block.

use std::collections::HashMap;
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::Duration;

use tokio::runtime::{Builder, Runtime};
use tokio_postgres::error::SqlState;
use tokio_postgres::types::ToSql;
use tokio_postgres::{AsyncMessage, Client, Config, NoTls, Row, Statement};

use crate::{Error, lock};

/// How long the server may be silent before it counts as away.
const PATIENCE: Duration = Duration::from_secs(30);

/// What every connection asks for. A commit returns when it is on the disk, whatever the server's
/// default; a process that is paused in a transaction does not hold the others up for ever.
const SETTINGS: &str = "SET synchronous_commit = on; SET lock_timeout = '30s';
    SET idle_in_transaction_session_timeout = '60s'; SET client_min_messages = warning;";

/// What fails inside: ours, or the server's.
#[derive(Debug)]
pub(super) enum Failure {
    Store(Error),
    Sql(tokio_postgres::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Self {
        Self::Sql(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        let error = match failure {
            Failure::Store(error) => return error,
            Failure::Sql(error) => error,
        };
        let Some(said) = error.as_db_error() else {
            return Self::Away(error.to_string());
        };
        let code = said.code();
        if *code == SqlState::DISK_FULL {
            return Self::Full;
        }
        if *code == SqlState::LOCK_NOT_AVAILABLE {
            return Self::Locked(None);
        }
        if [SqlState::DATA_CORRUPTED, SqlState::INDEX_CORRUPTED].contains(code) {
            return Self::Damaged("a page");
        }
        // Class 57P: the server is told to end, starts, or has ended this session; 08: connections.
        if code.code().starts_with("57P") || code.code().starts_with("08") {
            return Self::Away(said.message().to_owned());
        }
        Self::Engine(format!("{} ({})", said.message(), code.code()))
    }
}

/// Parameters of a statement.
pub(super) type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// A connection. Its methods block the thread that calls them and need no runtime around them.
pub(super) struct Link {
    client: Client,
    /// Each statement is prepared once.
    statements: Mutex<HashMap<&'static str, Statement>>,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Link(closed: {})", self.client.is_closed())
    }
}

impl Link {
    /// Connects, with this schema as the only one that is looked into. What is notified goes to
    /// `heard`.
    pub(super) fn connect(
        config: &Config,
        schema: &str,
        heard: Option<Sender<()>>,
    ) -> Result<Self, Error> {
        let mut config = config.clone();
        config.keepalives_idle(PATIENCE).tcp_user_timeout(PATIENCE);
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(PATIENCE);
        }
        let connecting = runtime()?.spawn(async move {
            let (client, mut connection) = config.connect(NoTls).await?;
            tokio::spawn(async move {
                while let Some(Ok(message)) = poll_fn(|cx| connection.poll_message(cx)).await {
                    if let (AsyncMessage::Notification(_), Some(heard)) = (message, &heard) {
                        // Who listened may have gone.
                        heard.send(()).unwrap_or_default();
                    }
                }
            });
            Ok::<Client, tokio_postgres::Error>(client)
        });
        let client = block_on(connecting).map_err(|error| Error::Engine(error.to_string()))?;
        let client = client.map_err(|error| Error::from(Failure::from(error)))?;
        let link = Self { client, statements: Mutex::default() };
        link.batch(&format!("{SETTINGS} SET search_path = {schema};")).map_err(Error::from)?;
        Ok(link)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Statements without parameters.
    pub(super) fn batch(&self, sql: &str) -> Result<(), Failure> {
        Ok(block_on(self.client.batch_execute(sql))?)
    }

    pub(super) fn rows(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Vec<Row>, Failure> {
        let statement = self.statement(sql)?;
        Ok(block_on(self.client.query(&statement, parameters))?)
    }

    /// One row, or none.
    pub(super) fn row(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<Option<Row>, Failure> {
        Ok(self.rows(sql, parameters)?.into_iter().next())
    }

    /// Returns how many rows changed.
    pub(super) fn execute(
        &self,
        sql: &'static str,
        parameters: Parameters<'_>,
    ) -> Result<u64, Failure> {
        let statement = self.statement(sql)?;
        Ok(block_on(self.client.execute(&statement, parameters))?)
    }

    /// Gives up the locks of this connection now, and not when the server notices that it has gone.
    pub(super) fn unlock(self: Arc<Self>) {
        /// A server that does not answer lets go when the connection ends.
        const PATIENCE: Duration = Duration::from_secs(2);
        let Ok(runtime) = runtime() else { return };
        let unlocking = runtime.spawn(async move {
            let unlocked = self.client.batch_execute("SELECT pg_advisory_unlock_all()");
            drop(tokio::time::timeout(PATIENCE, unlocked).await);
        });
        drop(block_on(unlocking));
    }

    fn statement(&self, sql: &'static str) -> Result<Statement, Failure> {
        if let Some(statement) = lock(&self.statements).get(sql) {
            return Ok(statement.clone());
        }
        let statement = block_on(self.client.prepare(sql))?;
        lock(&self.statements).insert(sql, statement.clone());
        Ok(statement)
    }
}

/// The thread that reads and writes the sockets of all stores of this process.
fn runtime() -> Result<&'static Runtime, Error> {
    static RUNTIME: OnceLock<Result<Runtime, String>> = OnceLock::new();
    let started = RUNTIME.get_or_init(|| {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(1).thread_name("sdmp-postgres").enable_all();
        builder.build().map_err(|error| error.to_string())
    });
    started.as_ref().map_err(|error| Error::Engine(error.clone()))
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// Waits for what the runtime's thread does. Unlike a runtime's own method it may be called anywhere,
/// also where an async program should not block.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut context) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}
