//! A copy takes the place of a SQLite database: it is prepared beside it, where nobody sees it, and then the two change
//! places in one step. What was there is kept under another name.

use super::check::faults_of;
use super::connection::{DbConnection, DbError, open_alone};
use super::migrations::{bring_up, copy_into};
use super::node_locks::{ServerLock, alive_beside};
use super::unusable::{Unusable, with_pid};
use crate::domain::clock::Timestamp;
use diesel::connection::SimpleConnection;
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};

/// Why nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{} is in use: {by}", database.display())]
    InUse { database: PathBuf, by: User },
    #[error("{} cannot be restored: {reason}", copy.display())]
    Copy { copy: PathBuf, reason: Unfit },
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Db(#[from] DbError),
}

/// Who uses a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum User {
    #[error("`contenthub serve`{} runs on it; stop it first", with_pid(*pid))]
    Server { pid: Option<u32> },
    #[error("{0} commands publish at this moment; wait for their end")]
    Commands(usize),
    #[error("another command or program has it open; wait for its end, or stop it")]
    Another,
}

/// What keeps a copy from being taken.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("it is the database itself")]
    Itself,
    #[error("it is not a SQLite database")]
    NotSqlite,
    #[error(transparent)]
    File(#[from] io::Error),
    /// Without the words for a database that cannot be used: it is the copy that cannot.
    #[error(transparent)]
    Unusable(#[from] Unusable),
    #[error(transparent)]
    Db(DbError),
}

impl From<DbError> for Unfit {
    fn from(error: DbError) -> Self {
        match error {
            DbError::Unusable(reason) => Unfit::Unusable(reason),
            other => Unfit::Db(other),
        }
    }
}

fn at(path: &Path) -> impl Fn(io::Error) -> RestoreError {
    let path = path.to_owned();
    move |source| RestoreError::File { path: path.clone(), source }
}

/// Keeps servers from a database for as long as it is held; refused while one runs, or a command that publishes. None
/// where there is no database yet.
pub fn keep_servers_out(database: &Path) -> Result<Option<ServerLock>, RestoreError> {
    if !database.exists() {
        return Ok(None);
    }
    let in_use = |by| RestoreError::InUse { database: database.to_owned(), by };
    let lock = ServerLock::try_take(database)?.map_err(|pid| in_use(User::Server { pid }))?;
    match alive_beside(database)?.len() {
        0 => Ok(Some(lock)),
        nodes => Err(in_use(User::Commands(nodes))),
    }
}

/// A copy beside the database whose place it is to take. It is removed unless it does.
pub struct Staged {
    path: PathBuf,
    database: PathBuf,
    pub conn: DbConnection,
    /// Schema versions that were run on it.
    pub migrated: Vec<String>,
}

/// Copies the copy, reads it through and brings it up to date. One that is newer than this program is refused.
pub fn stage(copy: &Path, database: &Path) -> Result<Staged, RestoreError> {
    let unfit = |reason| RestoreError::Copy { copy: copy.to_owned(), reason };
    let real = |path: &Path| fs::canonicalize(path).ok();
    if real(copy).is_some() && real(copy) == real(database) {
        return Err(unfit(Unfit::Itself));
    }
    check_header(copy).map_err(unfit)?;
    let path = beside(database, ".restoring");
    let mut source = open_alone(copy).map_err(|error| unfit(Unfit::Db(error)))?;
    let DbConnection::Sqlite(inner) = &mut source else { return Err(unfit(Unfit::NotSqlite)) };
    // What a `cp` has left of the write-ahead log beside it is taken along.
    let staged = copy_into(inner, &path).map_err(|error| unfit(Unfit::File(error)));
    let prepared = staged.and_then(|()| {
        let mut conn = open_alone(&path)?;
        let migrated = prepare(&mut conn).map_err(|error| unfit(error.into()))?;
        Ok(Staged { path: path.clone(), database: database.to_owned(), conn, migrated })
    });
    prepared.inspect_err(|_| remove(&path))
}

fn prepare(conn: &mut DbConnection) -> Result<Vec<String>, DbError> {
    if let DbConnection::Sqlite(inner) = conn {
        let faults = faults_of(inner)?;
        if !faults.is_empty() {
            return Err(DbError::Unusable(Unusable::Damaged(faults)));
        }
    }
    bring_up(conn)
}

/// SQLite would make a file that is not there, and take an empty one for a new database.
fn check_header(copy: &Path) -> Result<(), Unfit> {
    const HEADER: &[u8; 16] = b"SQLite format 3\0";
    let mut found = [0; HEADER.len()];
    let read = File::open(copy)?.read_exact(&mut found);
    match read {
        Ok(()) if found == *HEADER => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
        Ok(()) | Err(_) => Err(Unfit::NotSqlite),
    }
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove(path: &Path) {
    for one in [path.to_owned(), beside(path, "-journal")] {
        match fs::remove_file(&one) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                log::warn!("{} is of no use, and stays: {error}", one.display());
            }
            _ => {}
        }
    }
}

impl Staged {
    /// Takes the place of the database, which is refused while anybody has that open. Gives back where the one that was
    /// there is kept.
    pub fn take_place(self, now: Timestamp) -> Result<Option<PathBuf>, RestoreError> {
        let Staged { path, database, conn, migrated: _ } = self;
        // Its lock goes with it.
        drop(conn);
        swap(&path, &database, now).inspect_err(|_| remove(&path))
    }

    /// Nothing of it stays.
    pub fn give_up(self) {
        let Staged { path, database: _, conn, migrated: _ } = self;
        drop(conn);
        remove(&path);
    }
}

fn swap(staged: &Path, database: &Path, now: Timestamp) -> Result<Option<PathBuf>, RestoreError> {
    let kept = match fs::metadata(database) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(at(database)(error)),
        Ok(present) => {
            // Whoever could use the one that was there can use this one.
            fs::set_permissions(staged, present.permissions()).map_err(at(staged))?;
            let owner = fs::metadata(staged).map_err(at(staged))?;
            if (owner.uid(), owner.gid()) != (present.uid(), present.gid()) {
                chown(staged, Some(present.uid()), Some(present.gid())).map_err(at(staged))?;
            }
            Some(beside(database, &now.to_utc().format(".before-restore-%Y-%m-%dT%H-%M-%S%.6fZ").to_string()))
        }
    };
    File::open(staged).and_then(|file| file.sync_all()).map_err(at(staged))?;
    // Held until the places are changed: whoever comes meanwhile waits, and finds that the file is another.
    let _closed = match &kept {
        Some(kept) => set_aside(database, kept)?,
        None => None,
    };
    if let Err(error) = fs::rename(staged, database) {
        // Where it has but one name, it gets its own back.
        if let Some(kept) = kept.filter(|_| !database.exists()) {
            fs::rename(&kept, database).map_err(at(&kept))?;
        }
        return Err(at(database)(error));
    }
    let folder = database.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
    Ok(kept)
}

/// Gives a database another name beside its own, with all that belongs to it. Gives back the connection that keeps others
/// out; none of one that is too damaged to be opened.
fn set_aside(database: &Path, kept: &Path) -> Result<Option<DbConnection>, RestoreError> {
    let closed = close(database)?;
    // They belong to that file, and would be taken for the new one's.
    for ending in ["-wal", "-shm", "-journal"] {
        match fs::rename(beside(database, ending), beside(kept, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(at(&beside(database, ending))(error));
            }
            _ => {}
        }
    }
    // A second name: at no moment is there no database, which a server would make anew. Some file systems have no links.
    if fs::hard_link(database, kept).is_err() {
        fs::rename(database, kept).map_err(at(database))?;
    }
    Ok(closed)
}

/// Brings the write-ahead log home, and keeps everybody else out. That is refused as long as anybody has the file open.
fn close(database: &Path) -> Result<Option<DbConnection>, RestoreError> {
    const CLOSE: &str = "PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE;";
    let damaged = |what: &dyn std::fmt::Display| {
        log::warn!("{} is damaged, and is kept as it is: {what}", database.display());
        Ok(None)
    };
    let mut conn = match open_alone(database) {
        Ok(conn) => conn,
        Err(error) => return damaged(&error),
    };
    let closed = match &mut conn {
        DbConnection::Sqlite(inner) => inner.batch_execute(CLOSE),
        DbConnection::Postgres(inner) => inner.batch_execute(CLOSE),
    };
    match closed {
        Ok(()) => Ok(Some(conn)),
        Err(DieselError::DatabaseError(DatabaseErrorKind::Unknown, info))
            if info.message().contains("locked") =>
        {
            Err(RestoreError::InUse { database: database.to_owned(), by: User::Another })
        }
        Err(error) => damaged(&error),
    }
}
