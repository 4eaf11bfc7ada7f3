//! Opening: the lock, the tables, the tokens, the control.

use std::path::Path;
use std::sync::{Arc, Mutex};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, OptionalExtension, params};
use sdmp_journal::{Fingerprint, Head};

use super::files::Files;
use super::writer::Writing;
use super::{Failure, Options, Shared, State, VERSION, rows};
use crate::control::Control;
use crate::{Error, private};

/// The steps from one version of the tables to the next, each one transaction, forward only.
const MIGRATIONS: [&str; 3] =
    [include_str!("001.sql"), include_str!("002.sql"), include_str!("003.sql")];

pub(super) fn open(options: &Options) -> Result<(Writing, Arc<Shared>), Error> {
    let mut files = Files::open(options)?;
    let database = files.database();
    let db = writer(&database).map_err(Error::from)?;
    migrate(&db, options)?;
    let (_, node, _) = rows::head(&db).map_err(Error::from)?;
    // A store of another node under this key would sign lines that it never admitted.
    if node != options.node {
        return Err(Error::OtherNode);
    }
    check_tokens(&db, options)?;
    let was_closed = match mark(&db, false) {
        Err(Error::Full) => {
            files.give_reserve();
            mark(&db, false)?
        }
        marked => marked?,
    };
    // A check reads the whole file, so it is made only after a crash.
    if !was_closed {
        quick_check(&db)?;
    }
    if options.repair {
        rows::reindex_control(&db).map_err(Error::from)?;
    }
    let state = load(&db).map_err(Error::from)?;
    let shared = Shared {
        database,
        state: Mutex::new(state),
        readers: Mutex::default(),
        objects: options.objects.clone(),
        missing: Mutex::default(),
    };
    Ok((Writing { db, files, faults: options.faults.clone() }, Arc::new(shared)))
}

fn writer(database: &Path) -> Result<Connection, Failure> {
    let db = Connection::open(database)?;
    db.execute_batch(
        // Pages in which several texts fit: in the default of 4 KiB one text of 3 KB fills a page.
        "PRAGMA page_size = 16384; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;
         PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -8192; PRAGMA temp_store = MEMORY;",
    )?;
    db.set_prepared_statement_cache_capacity(64);
    keep_plans(&db)?;
    Ok(db)
}

/// A statement is planned once. Otherwise SQLite plans it anew each time a value is bound, since the value might
/// make another plan better: that took more of the writer's time than the writing.
fn keep_plans(db: &Connection) -> Result<(), Failure> {
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(())
}

/// A connection that cannot write.
pub(super) fn reader(database: &Path) -> Result<Connection, Failure> {
    // Read-write, because a reader of a log has to be able to recover it; writing is switched off
    // below.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(database, flags)?;
    db.execute_batch("PRAGMA query_only = ON; PRAGMA cache_size = -2048;")?;
    keep_plans(&db)?;
    Ok(db)
}

/// Brings the tables to this program's version.
fn migrate(db: &Connection, options: &Options) -> Result<(), Error> {
    let found: i64 = db
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(|error| Error::from(Failure::from(error)))?;
    // A newer program may have written what this one would misread.
    if found > VERSION {
        return Err(Error::Newer { found, known: VERSION });
    }
    let done = usize::try_from(found).map_err(|_| Error::Damaged("the version"))?;
    for (number, step) in (found + 1..).zip(MIGRATIONS.iter().skip(done)) {
        options.faults.at("migrate")?;
        let result = (|| {
            // A table that is written anew is dropped before, with rows that others refer to.
            db.execute_batch("PRAGMA foreign_keys = OFF; BEGIN IMMEDIATE")?;
            db.execute_batch(step)?;
            if number == 1 {
                first(db, &options.node)?;
            }
            options.faults.at("migrated")?;
            db.execute_batch(&format!(
                "PRAGMA user_version = {number}; COMMIT; PRAGMA foreign_keys = ON"
            ))?;
            Ok::<(), Failure>(())
        })();
        if let Err(failure) = result {
            // Each step is a transaction: a failed migration leaves the version before it.
            drop(db.execute_batch("ROLLBACK"));
            return Err(failure.into());
        }
    }
    Ok(())
}

/// The head of a new journal (N21), and its token (N47).
fn first(db: &Connection, node: &Fingerprint) -> Result<(), Failure> {
    db.execute("INSERT INTO key (k, fp) VALUES (1, ?1)", [node.as_octets()])?;
    let head = Head::new(node);
    db.execute(
        "INSERT INTO head VALUES (1, 1, ?1, ?2, ?3, NULL, randomblob(32), 0, 1)",
        params![
            crate::columns::signed(head.count())?,
            head.last().as_bytes(),
            head.next().as_bytes()
        ],
    )?;
    Ok(())
}

/// Compares the store's token with the second one (N47).
fn check_tokens(db: &Connection, options: &Options) -> Result<(), Error> {
    let (token, seq): (Vec<u8>, i64) = db
        .query_row("SELECT token, seq FROM head", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .map_err(|error| Error::from(Failure::from(error)))?;
    private::check_token(options.token.as_deref(), options.moved, &token, seq == 1)
}

/// Notes whether the store is closed; says whether it was.
pub(super) fn mark(db: &Connection, clean: bool) -> Result<bool, Error> {
    let was = db
        .query_row("SELECT clean FROM head", [], |row| row.get(0))
        .optional()
        .and_then(|was| db.execute("UPDATE head SET clean = ?1", [clean]).map(|_| was));
    Ok(was.map_err(|error| Error::from(Failure::from(error)))?.unwrap_or(false))
}

fn quick_check(db: &Connection) -> Result<(), Error> {
    let found: String = db
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(|error| Error::from(Failure::from(error)))?;
    if found == "ok" { Ok(()) } else { Err(Error::Damaged("a page")) }
}

/// The head, and the control as an index in memory.
fn load(db: &Connection) -> Result<State, Failure> {
    let (head, node, clock) = rows::head(db)?;
    Ok(State { control: Control::of(rows::control(db)?), node, head, clock })
}
