//! The PostgreSQL engine, on a server that the environment names.

use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once};

use sdmp_journal::{Fingerprint, Head};
use sdmp_store::suite::Place;
use sdmp_store::{Error, Faults, Postgres, postgres};

mod page;
mod processes;
mod server;

/// A server on which schemas can be made, as a connection string.
const SERVER: &str = "SDMP_TEST_POSTGRES";

/// Schemas of tests that have ended.
static FREE: Mutex<Vec<String>> = Mutex::new(Vec::new());

pub(crate) fn server() -> Option<String> {
    static SAID: Once = Once::new();
    let server = std::env::var(SERVER).ok();
    if server.is_none() {
        // Past the capture of the tests' output.
        SAID.call_once(|| {
            let line =
                b"skipped: the tests of PostgreSQL, since SDMP_TEST_POSTGRES names no server\n";
            drop(std::io::stderr().write_all(line));
        });
    }
    server
}

/// A schema of its own, so that tests do not meet. To make and drop one takes a third of a second, so those
/// of tests that have ended are emptied and used again; the server is one for tests.
pub(crate) struct PostgresPlace {
    pub(crate) server: String,
    pub(crate) schema: String,
    node: Fingerprint,
}

impl PostgresPlace {
    pub(crate) fn options(&self) -> postgres::Options {
        let options = postgres::Options::new(&self.server, self.node.clone()).unwrap();
        options.with_schema(&self.schema).unwrap()
    }

    /// As a new store of the node: the migrations are done, and nothing else.
    fn empty(&self) {
        let head = Head::new(&self.node);
        let hex = |octets: &[u8]| {
            octets.iter().fold(String::new(), |hex, octet| format!("{hex}{octet:02x}"))
        };
        let (node, last, next) =
            (hex(self.node.as_octets()), hex(head.last().as_bytes()), hex(head.next().as_bytes()));
        // Functions and triggers of a test are gone with it.
        self.run(&format!(
            "DROP FUNCTION IF EXISTS full_disk CASCADE; DELETE FROM holder; DELETE FROM want; DELETE FROM peer;
             DELETE FROM session; DELETE FROM inbox; DELETE FROM event; DELETE FROM opened; DELETE FROM blocked;
             DELETE FROM text; DELETE FROM identity; DELETE FROM trust; DELETE FROM revocation; DELETE FROM resource;
             DELETE FROM head; INSERT INTO head VALUES (1, '\\x{node}', 1, '\\x{last}', '\\x{next}', NULL, '\\x01', 0)"
        ));
    }

    /// Runs SQL in the schema.
    pub(crate) fn run(&self, sql: &str) {
        run(&self.server, &format!("SET search_path = {}; {sql}", self.schema));
    }
}

/// Runs SQL on a connection of its own.
pub(crate) fn run(connection: &str, sql: &str) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, io) =
            tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
        let io = tokio::spawn(io);
        client.batch_execute(sql).await.unwrap();
        drop(client);
        io.await.unwrap().unwrap();
    });
}

/// What a statement answers, after another one on the same connection; as text.
pub(crate) fn rows(
    connection: &str,
    before: &str,
    sql: &str,
) -> Result<Vec<Vec<String>>, tokio_postgres::Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let (client, io) =
            tokio_postgres::connect(connection, tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(io);
        client.batch_execute(&format!("SET timezone = 'UTC'; {before}")).await.unwrap();
        let mut rows = Vec::new();
        for message in client.simple_query(sql).await? {
            if let tokio_postgres::SimpleQueryMessage::Row(row) = message {
                let text = |place| row.get(place).unwrap_or_default().to_owned();
                rows.push((0..row.len()).map(text).collect());
            }
        }
        Ok(rows)
    })
}

impl Place for PostgresPlace {
    type Store = Postgres;

    fn new(node: &Fingerprint) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let server = server().unwrap();
        let free = FREE.lock().unwrap().pop();
        if let Some(schema) = free {
            let place = Self { server, schema, node: node.clone() };
            place.empty();
            return place;
        }
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let schema = format!("sdmp_test_{}_{number}", std::process::id());
        Self { server, schema, node: node.clone() }
    }

    fn open(&self, faults: Faults) -> Result<Postgres, Error> {
        Postgres::open(&self.options().with_faults(faults))
    }

    fn is_available() -> bool {
        server().is_some()
    }
}

impl Drop for PostgresPlace {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            FREE.lock().unwrap().push(std::mem::take(&mut self.schema));
        }
    }
}

sdmp_store::suite!(in_postgres, PostgresPlace);
