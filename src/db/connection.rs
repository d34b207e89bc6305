//! Connections to either database. One of the two places that fork by database.

use super::database_url::DatabaseUrl;
use super::db_error::one_line;
pub use super::db_error::{Closed, DbError};
use super::node_locks::is_open_elsewhere;
use super::postgres_url::PostgresUrl;
use super::unusable::{Away, Unusable};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::result::{ConnectionError, Error as DieselError};
use diesel::{Connection as _, PgConnection, QueryResult, SqliteConnection};
use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

/// How long a database is waited for: to connect, or (SQLite) for another process that is writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// Nobody else waits behind a command, and a machine that is busy with something else is no reason to fail.
    Command,
    /// Whoever asks a server is told soon that the database is away, and may ask again.
    Server,
}

impl Patience {
    pub fn span(self) -> Duration {
        match self {
            Patience::Command => Duration::from_secs(30),
            Patience::Server => Duration::from_secs(5),
        }
    }
}

/// PostgreSQL undoes a transaction in whose middle nobody says anything for this long: of a process that stands still,
/// or of a machine that is gone. Its locks would keep all other nodes from claiming, for as long as it does.
const STANDSTILL_MAX: Duration = Duration::from_secs(2);

/// A connection to one of the databases that we run on.
#[derive(diesel::MultiConnection)]
pub enum DbConnection {
    Sqlite(SqliteConnection),
    Postgres(PgConnection),
}

/// Opens one connection for a command, set up for use.
pub fn connect(url: &DatabaseUrl) -> Result<DbConnection, DbError> {
    connect_with(url, Patience::Command)
}

/// Opens one connection, set up for use.
pub fn connect_with(url: &DatabaseUrl, patience: Patience) -> Result<DbConnection, DbError> {
    match url {
        DatabaseUrl::Sqlite(path) => connect_sqlite(path, patience).map(DbConnection::Sqlite),
        DatabaseUrl::Postgres(text) => connect_postgres(text, patience).map(DbConnection::Postgres),
    }
}

/// Opens a SQLite file that nobody else has open, such as a copy, and leaves no other files beside it.
pub(super) fn open_alone(path: &Path) -> Result<DbConnection, DbError> {
    let text = path.to_str().ok_or_else(|| DbError::Unusable(Unusable::NotUtf8(path.to_owned())))?;
    let mut connection = SqliteConnection::establish(text).map_err(|error| at(path, plain(&error)))?;
    connection
        .batch_execute("PRAGMA busy_timeout = 2000; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;")
        .map_err(|error| at(path, error.to_string()))?;
    Ok(DbConnection::Sqlite(connection))
}

fn at(path: &Path, said: String) -> DbError {
    DbError::Unusable(Unusable::At { path: path.to_owned(), said })
}

fn connect_sqlite(path: &Path, patience: Patience) -> Result<SqliteConnection, DbError> {
    let text = path.to_str().ok_or_else(|| DbError::Unusable(Unusable::NotUtf8(path.to_owned())))?;
    // SQLite would make a new one, and a server has made or found its own at its start.
    if patience == Patience::Server && !path.exists() {
        return Err(DbError::Moved(path.to_owned()));
    }
    if patience == Patience::Command && !path.exists() && is_open_elsewhere(path) {
        return Err(DbError::Unusable(Unusable::MovedAway(path.to_owned())));
    }
    // Not asked of a server that runs: it goes on by the name that it has.
    if patience == Patience::Command
        && fs::metadata(path).is_ok_and(|file| file.is_file() && file.nlink() > 1)
    {
        return Err(DbError::Unusable(Unusable::ManyNames(path.to_owned())));
    }
    if patience == Patience::Command && is_mounted(path) {
        return Err(DbError::Unusable(Unusable::Mounted(path.to_owned())));
    }
    make_file(path);
    let mut connection = SqliteConnection::establish(text).map_err(|error| at(path, plain(&error)))?;
    let pragmas = format!(
        "PRAGMA busy_timeout = {}; PRAGMA synchronous = FULL; \
         PRAGMA foreign_keys = ON; PRAGMA cache_size = -4096; PRAGMA temp_store = MEMORY;",
        patience.span().as_millis()
    );
    let set_up = connection.batch_execute(&pragmas).and_then(|()| use_wal(&mut connection, patience));
    set_up.map_err(|error| match &error {
        DieselError::DatabaseError(_, info) if info.message().contains("not a database") => {
            DbError::Unusable(Unusable::NotSqlite(path.to_owned()))
        }
        DieselError::DatabaseError(_, info) if info.message().contains("readonly") => {
            DbError::Unusable(Unusable::ReadOnly(path.to_owned()))
        }
        _ => at(path, error.to_string()),
    })?;
    Ok(connection)
}

/// Whether the file itself, and no folder around it, was mounted where it is: then it has another name elsewhere.
fn is_mounted(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    // Where there is none, as elsewhere than on Linux, nobody can tell.
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    mounts.lines().any(|mount| names_mounted(mount, &path))
}

/// A line of proc(5), `/proc/pid/mountinfo`: its fifth field is the place, with spaces and the like in octal.
fn names_mounted(mount: &str, path: &Path) -> bool {
    let place = mount.split(' ').nth(4).unwrap_or_default();
    let mut written = Vec::new();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b' ' | b'\t' | b'\n' | b'\\' => written.extend(format!("\\{byte:03o}").into_bytes()),
            _ => written.push(*byte),
        }
    }
    place.as_bytes() == written
}

/// Makes the file, for its owner alone, where there is none: what is to be published is nobody else's to read. The files that
/// SQLite makes beside it are as it is. Where it cannot be made, SQLite says why.
fn make_file(path: &Path) {
    let _ = File::options().write(true).create_new(true).mode(0o600).open(path);
}

/// Two processes that open a new file at once both want to switch it to WAL; there SQLite does not wait by itself.
fn use_wal(connection: &mut SqliteConnection, patience: Patience) -> QueryResult<()> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut patience = patience.span();
    loop {
        match connection.batch_execute("PRAGMA journal_mode = WAL") {
            Err(DieselError::DatabaseError(_, info))
                if info.message().contains("locked") && !patience.is_zero() =>
            {
                std::thread::sleep(PAUSE);
                patience = patience.saturating_sub(PAUSE);
            }
            other => return other,
        }
    }
}

fn connect_postgres(url: &str, patience: Patience) -> Result<PgConnection, DbError> {
    let parts = PostgresUrl::of(url);
    if parts.has_bare_at() {
        return Err(DbError::Unusable(Unusable::TwoAts));
    }
    if parts.has_bare_slash() {
        return Err(DbError::Unusable(Unusable::BareSlash));
    }
    let mut connection = PgConnection::establish(&with_time_limits(url, patience)).map_err(|error| {
        // libpq repeats what it cannot read, and that may be the password.
        not_reached(parts.cleaned(&plain(&error)))
    })?;
    // Compiling a plan takes longer than any of our statements, and is done anew at each execution. What our transactions
    // lock is enough: whoever waits for it wants what the other has written, and is not to be refused for it.
    connection.batch_execute(&format!(
        "SET TIME ZONE 'UTC'; SET client_min_messages = warning; SET jit = off; \
         SET default_transaction_isolation = 'read committed'; \
         SET idle_in_transaction_session_timeout = {};",
        STANDSTILL_MAX.as_millis()
    ))?;
    Ok(connection)
}

/// A server that is away may come back; one that cannot be talked to by this build will not.
fn not_reached(message: String) -> DbError {
    const NO_TLS_HERE: &str = "SSL support is not compiled in";
    /// How a server, new or old, ends its refusal of an unencrypted connection that none of its rules allows.
    const UNENCRYPTED: [&str; 2] = ["no encryption", "SSL off"];
    if message.contains(NO_TLS_HERE) {
        return DbError::Unusable(Unusable::NoTlsHere { said: message });
    }
    let is_refused = UNENCRYPTED.iter().any(|sign| message.contains(sign));
    if is_refused && !cfg!(feature = "postgres-tls") {
        return DbError::Unusable(Unusable::EncryptedOnly { said: message });
    }
    DbError::Away(Away::Said(message))
}

/// libpq waits for ever unless it is told otherwise: for a connection, and for a server that has gone without a word.
fn with_time_limits(url: &str, patience: Patience) -> String {
    let limits = [
        ("connect_timeout", patience.span().as_secs().to_string()),
        // Seconds, but for the last: milliseconds until what was sent must have arrived.
        ("keepalives_idle", "10".to_owned()),
        ("keepalives_interval", "5".to_owned()),
        ("keepalives_count", "3".to_owned()),
        ("tcp_user_timeout", "25000".to_owned()),
    ];
    let parts = PostgresUrl::of(url);
    let mut sign = if parts.has_parameters() { '&' } else { '?' };
    let mut limited = url.trim_end_matches(['?', '&']).to_owned();
    // Whoever says how long is heard.
    for (name, value) in limits.into_iter().filter(|(name, _)| !parts.has(name)) {
        limited.push_str(&format!("{sign}{name}={value}"));
        sign = '&';
    }
    limited
}

fn plain(error: &ConnectionError) -> String {
    match error {
        ConnectionError::BadConnection(message) => one_line(message),
        other => other.to_string(),
    }
}

impl DbConnection {
    /// Runs `work` in a transaction that may write: on SQLite it begins with the write lock, and never fails half-way.
    pub fn write<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transacted(["BEGIN IMMEDIATE", "BEGIN"], work)
    }

    /// Has `work` read one state of the database, whatever others write meanwhile.
    pub fn snapshot<T, E: From<DbError>>(
        &mut self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        self.transacted(["BEGIN", "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"], work)
    }

    fn transacted<T, E: From<DbError>>(
        &mut self,
        [sqlite, postgres]: [&str; 2],
        work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
    ) -> Result<T, E> {
        let begun = match self {
            DbConnection::Sqlite(inner) => AnsiTransactionManager::begin_transaction_sql(inner, sqlite),
            DbConnection::Postgres(inner) => AnsiTransactionManager::begin_transaction_sql(inner, postgres),
        };
        begun.map_err(|error| E::from(DbError::from(error)))?;
        match work(self) {
            Ok(value) => {
                self.commit().map_err(|error| E::from(DbError::from(error)))?;
                Ok(value)
            }
            Err(error) => {
                // The first error is the one to tell; a connection that cannot roll back is dropped by the pool.
                if let Err(second) = self.roll_back() {
                    log::debug!("roll-back failed too: {second}");
                }
                Err(error)
            }
        }
    }

    /// Runs a part of a transaction, and undoes it alone where it fails. The outer error is the transaction's.
    pub fn part<T, E>(
        &mut self,
        work: impl FnOnce(&mut DbConnection) -> Result<T, E>,
    ) -> Result<Result<T, E>, DbError> {
        let outside = self.depth()?;
        match self {
            DbConnection::Sqlite(inner) => AnsiTransactionManager::begin_transaction(inner),
            DbConnection::Postgres(inner) => AnsiTransactionManager::begin_transaction(inner),
        }?;
        let done = work(self);
        match &done {
            Ok(_) => self.commit()?,
            // One that broke may have left parts of its own open.
            Err(_) => {
                while self.depth()? > outside {
                    self.roll_back()?;
                }
            }
        }
        Ok(done)
    }

    /// How many transactions are open, one within another.
    fn depth(&mut self) -> Result<u32, DbError> {
        let status = match self {
            DbConnection::Sqlite(inner) => AnsiTransactionManager::transaction_manager_status_mut(inner),
            DbConnection::Postgres(inner) => AnsiTransactionManager::transaction_manager_status_mut(inner),
        };
        Ok(status.transaction_depth()?.map_or(0, std::num::NonZeroU32::get))
    }

    fn commit(&mut self) -> QueryResult<()> {
        match self {
            DbConnection::Sqlite(inner) => AnsiTransactionManager::commit_transaction(inner),
            DbConnection::Postgres(inner) => AnsiTransactionManager::commit_transaction(inner),
        }
    }

    fn roll_back(&mut self) -> QueryResult<()> {
        match self {
            DbConnection::Sqlite(inner) => AnsiTransactionManager::rollback_transaction(inner),
            DbConnection::Postgres(inner) => AnsiTransactionManager::rollback_transaction(inner),
        }
    }

    /// Whether it can be used, as far as can be seen from here: no transaction was left open, and PostgreSQL has not
    /// closed it. Asks nobody.
    pub(super) fn is_fit(&mut self) -> bool {
        let status = match self {
            DbConnection::Sqlite(inner) => AnsiTransactionManager::transaction_manager_status_mut(inner),
            DbConnection::Postgres(inner) => AnsiTransactionManager::transaction_manager_status_mut(inner),
        };
        let is_in_transaction = !matches!(status.transaction_depth(), Ok(None));
        !is_in_transaction && !self.is_closed()
    }

    /// The first look may take in what the server said at last, and only the second finds that it has gone.
    fn is_closed(&mut self) -> bool {
        match self {
            DbConnection::Sqlite(_) => false,
            DbConnection::Postgres(inner) => {
                (0..2).any(|_| inner.notifications_iter().any(|notification| notification.is_err()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use diesel::prelude::*;
    use diesel::sql_types::Integer;

    #[derive(QueryableByName)]
    struct BusyTimeout {
        #[diesel(sql_type = Integer)]
        timeout: i32,
    }

    fn busy_ms(conn: &mut DbConnection) -> i32 {
        let DbConnection::Sqlite(inner) = conn else { panic!("it is on SQLite") };
        diesel::sql_query("PRAGMA busy_timeout").get_result::<BusyTimeout>(inner).expect("told").timeout
    }

    #[cfg(not(feature = "postgres-tls"))]
    #[test]
    fn a_server_that_wants_tls_is_told_from_one_that_is_away() {
        let refusal = "connection to server at \"10.0.0.1\", port 5432 failed: FATAL:  no pg_hba.conf entry for host \
                       \"10.0.0.2\", user \"a\", database \"b\", ";
        for (message, wants_tls) in [
            ("sslmode value \"require\" invalid when SSL support is not compiled in".to_owned(), true),
            (format!("{refusal}no encryption"), true),
            (format!("{refusal}SSL off"), true),
            ("connection to server at \"10.0.0.1\", port 5432 failed: Connection refused".to_owned(), false),
            (
                "connection to server at \"a\" failed: FATAL:  the database system is starting up".to_owned(),
                false,
            ),
        ] {
            let told = not_reached(message.clone());
            assert_eq!(matches!(told, DbError::Unusable(_)), wants_tls, "{told}");
            assert_eq!(told.to_string().contains("--features postgres-tls"), wants_tls, "{told}");
            assert!(told.to_string().contains(&message), "{told}");
        }
    }

    #[test]
    fn a_file_that_is_mounted_is_told_from_its_folder() {
        let line = "36 35 98:0 /x /mnt/a\\040b\\134.db rw,noatime - ext3 /dev/root rw";
        for (path, is_it) in [("/mnt/a b\\.db", true), ("/mnt/a b", false), ("/mnt", false), ("/x", false)] {
            assert_eq!(names_mounted(line, Path::new(path)), is_it, "{path}");
        }
        assert!(is_mounted(Path::new("/proc")) && !is_mounted(Path::new("/proc/self")));
    }

    #[test]
    fn a_command_waits_longer_than_whoever_asks_a_server() {
        let dir = tempfile::tempdir().expect("a folder");
        let url = DatabaseUrl::Sqlite(dir.path().join("a.db"));
        assert_eq!(busy_ms(&mut connect(&url).expect("connected")), 30_000);
        for (patience, ms) in [(Patience::Command, 30_000), (Patience::Server, 5_000)] {
            assert_eq!(busy_ms(&mut connect_with(&url, patience).expect("connected")), ms);
        }
        let with = |url| with_time_limits(url, Patience::Server);
        const REST: &str =
            "keepalives_idle=10&keepalives_interval=5&keepalives_count=3&tcp_user_timeout=25000";
        assert_eq!(with("postgres://h/d"), format!("postgres://h/d?connect_timeout=5&{REST}"));
        assert_eq!(with("postgres://h/d?x=y"), format!("postgres://h/d?x=y&connect_timeout=5&{REST}"));
        assert_eq!(with("postgres://u:a?b@h/d"), format!("postgres://u:a?b@h/d?connect_timeout=5&{REST}"));
        let own = format!("postgres://h/d?connect_timeout=60&{REST}");
        assert_eq!(with(&own), own, "whoever says how long is heard");
    }
}
