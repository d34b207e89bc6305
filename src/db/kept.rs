//! A connection that is kept for long: made when it is first needed, looked at before each use, and made anew where it
//! was lost meanwhile. And the pool of them.
//!
//! A server that was restarted has closed its connections, and that can be seen without asking it. A SQLite file that
//! was deleted goes on taking writes for as long as somebody has it open, and all of them are gone with the process: so
//! the file at the path must still be the one that was there first, and what SQLite keeps beside it (its log, and the
//! index of that) what was opened. Where that is gone, nobody here opens anew or closes: another program's would be a log
//! without what is in ours, and by it, or without the index, a connection that closes spoils the file. What is in a log that
//! was removed is brought into the file by whoever has it open and sees that first.

use super::connection::{DbConnection, DbError, Patience, connect_with};
use super::database_url::DatabaseUrl;
use super::unusable::Away;
use diesel::connection::SimpleConnection;
use parking_lot::Mutex;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        Some(FileId { device: file.dev(), inode: file.ino() })
    }
}

/// One connection, or the place for one.
pub struct Kept {
    url: DatabaseUrl,
    patience: Patience,
    /// The file that is meant (SQLite). Another one in its place is another database: what is known of accounts and of
    /// attempts on the wire would not be true there.
    file: Option<FileId>,
    lost: Arc<Lost>,
    open: Option<Open>,
}

/// What was beside the file while a connection of the same pool was open, and is there no more; nobody uses the database
/// until it is back.
type Lost = Mutex<Option<(PathBuf, FileId)>>;

struct Open {
    conn: DbConnection,
    /// The write-ahead log and its index (SQLite), which are there for as long as a connection is open.
    beside: Vec<(PathBuf, FileId)>,
}

/// What SQLite keeps beside a file.
const BESIDE: [&str; 2] = [LOG, "-shm"];
const LOG: &str = "-wal";

impl Open {
    fn new(conn: DbConnection, url: &DatabaseUrl) -> Self {
        let of_sqlite = match url {
            DatabaseUrl::Sqlite(path) => Some(path),
            DatabaseUrl::Postgres(_) => None,
        };
        let beside = of_sqlite.into_iter().flat_map(|path| BESIDE.map(|end| beside(path, end)));
        let beside = beside.filter_map(|path| FileId::of(&path).map(|id| (path, id))).collect();
        Open { conn, beside }
    }
}

fn is_log(path: &Path) -> bool {
    path.as_os_str().as_bytes().ends_with(LOG.as_bytes())
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(end);
    PathBuf::from(name)
}

impl Kept {
    /// Of the file that is there now (SQLite). Nothing is opened yet.
    pub fn new(url: &DatabaseUrl, patience: Patience) -> Self {
        let file = match url {
            DatabaseUrl::Sqlite(path) => FileId::of(path),
            DatabaseUrl::Postgres(_) => None,
        };
        Kept { url: url.clone(), patience, file, lost: Arc::default(), open: None }
    }

    /// The connection, fit for use as far as can be seen from here. A fresh one is set up first.
    pub fn get(
        &mut self,
        set_up: impl FnOnce(&mut DbConnection) -> Result<(), DbError>,
    ) -> Result<&mut DbConnection, DbError> {
        if let Err(gone) = self.check_files() {
            self.save_log();
            return Err(gone);
        }
        if self.open.as_mut().is_some_and(|open| !open.conn.is_fit()) {
            self.give_up();
        }
        if self.open.is_none() {
            let mut fresh = connect_with(&self.url, self.patience)?;
            self.check_files()?;
            set_up(&mut fresh)?;
            self.open = Some(Open::new(fresh, &self.url));
        }
        let open = self.open.as_mut().map(|open| &mut open.conn);
        open.ok_or_else(|| DbError::Away(Away::NoConnection))
    }

    /// The next use gets a fresh one.
    pub fn give_up(&mut self) {
        let is_gone = self.check_files().is_err();
        if is_gone && self.lost.lock().is_some() {
            self.save_log();
            // With a log that the others do not have, or by an index that they do not share, a connection that closes
            // takes the wrong frames for what was committed last, or the log for empty.
            std::mem::forget(self.open.take());
        }
        self.open = None;
    }

    /// Brings what is in a removed log into the file: to whoever opens the database next it was never there.
    fn save_log(&mut self) {
        let lost = self.lost.lock().clone();
        let Some(open) = &mut self.open else { return };
        // A new log in its place is of a program that may have written by the index that we share: what is at the same
        // places of ours is something else.
        let Some((log, _)) = lost.filter(|(path, _)| is_log(path) && !path.exists()) else { return };
        if let Err(error) = open.conn.batch_execute("PRAGMA wal_checkpoint(FULL)") {
            log::error!(
                "{} was removed, and what is in it cannot be brought into the file: {error}",
                log.display()
            );
        }
    }

    fn check_files(&self) -> Result<(), DbError> {
        let (DatabaseUrl::Sqlite(path), Some(meant)) = (&self.url, self.file) else { return Ok(()) };
        let is_there = |(path, id): &&(PathBuf, FileId)| FileId::of(path) == Some(*id);
        if FileId::of(path) != Some(meant) {
            return Err(DbError::Moved(path.clone()));
        }
        let mut lost = self.lost.lock();
        let here = self.open.iter().flat_map(|open| &open.beside);
        match lost.iter().chain(here).find(|file| !is_there(file)).cloned() {
            Some(gone) => {
                let path = gone.0.clone();
                *lost = Some(gone);
                Err(DbError::Moved(path))
            }
            None => Ok(()),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.give_up();
    }
}

/// Makes places for the pool.
#[derive(Debug)]
pub struct Manager {
    url: DatabaseUrl,
    patience: Patience,
    file: Option<FileId>,
    lost: Arc<Lost>,
}

/// What is in the pool is a place: it is connected, tested and mended by whoever uses it, so that nobody waits for the
/// pool while the database is away, and nobody else connects then.
impl r2d2::ManageConnection for Manager {
    type Connection = Kept;
    type Error = DbError;

    fn connect(&self) -> Result<Kept, DbError> {
        let (url, lost) = (self.url.clone(), self.lost.clone());
        Ok(Kept { url, patience: self.patience, file: self.file, lost, open: None })
    }

    fn is_valid(&self, _: &mut Kept) -> Result<(), DbError> {
        Ok(())
    }

    /// Given back by a thread that ends, maybe because its connection is suspected: the next one makes its own.
    fn has_broken(&self, _: &mut Kept) -> bool {
        true
    }
}

/// Connections, made when first needed.
pub type Pool = r2d2::Pool<Manager>;
/// One of them, on loan.
pub type Pooled = r2d2::PooledConnection<Manager>;

/// A pool of at most `size` connections. Nothing is opened yet.
pub fn pool(url: &DatabaseUrl, size: u32, patience: Patience) -> Pool {
    let file = Kept::new(url, patience).file;
    r2d2::Pool::builder()
        .max_size(size)
        .min_idle(Some(0))
        .test_on_check_out(false)
        .connection_timeout(patience.span())
        .max_lifetime(None)
        .idle_timeout(None)
        .build_unchecked(Manager { url: url.clone(), patience, file, lost: Arc::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::connection::connect;
    use std::fs;

    #[test]
    fn only_the_file_that_was_there_first_will_do() {
        let dir = tempfile::tempdir().expect("a folder");
        let [path, away, other] = ["a.db", "away.db", "other.db"].map(|name| dir.path().join(name));
        let url = DatabaseUrl::Sqlite(path.clone());
        for url in [&url, &DatabaseUrl::Sqlite(other.clone())] {
            connect(url).expect("made");
        }
        let pool = pool(&url, 3, Patience::Server);
        let mut kept = pool.get().expect("a place");
        let mut get = |what: &str| match kept.get(|_| Ok(())) {
            Ok(_) => (),
            Err(error) => panic!("{what}: {error}"),
        };
        get("there");
        fs::rename(&path, &away).expect("moved");
        let refused = |kept: &mut Kept| matches!(kept.get(|_| Ok(())), Err(DbError::Moved(_)));
        let mut late = pool.get().expect("a place");
        assert!(refused(&mut late) && !path.exists(), "nothing is made in its place");
        fs::rename(&other, &path).expect("moved");
        assert!(refused(&mut late), "another database");
        fs::rename(&away, &path).expect("moved back");
        get("back");
        assert!(!refused(&mut late));
        let mut third = pool.get().expect("a place");
        assert!(!refused(&mut third));
        for name in ["a.db-wal", "a.db-shm"] {
            let (path, away) = (dir.path().join(name), dir.path().join("beside"));
            fs::rename(&path, &away).expect("moved");
            assert!(refused(&mut late), "what is written now would be in a log that nobody finds: {name}");
            fs::write(&path, "").expect("another program's");
            third.give_up();
            assert!(refused(&mut third), "a fresh one would not see what the others have written: {name}");
            fs::rename(&away, &path).expect("moved back");
            assert!(!refused(&mut late) && !refused(&mut third), "{name}");
        }
    }

    #[test]
    fn what_is_in_a_removed_log_is_in_the_file_for_whoever_comes_next() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("a.db");
        let url = DatabaseUrl::Sqlite(path.clone());
        connect(&url).expect("made");
        let pool = pool(&url, 2, Patience::Server);
        let (mut writer, mut other) = (pool.get().expect("a place"), pool.get().expect("a place"));
        let write = "CREATE TABLE posts (id); INSERT INTO posts VALUES (1);";
        writer.get(|_| Ok(())).expect("open").batch_execute(write).expect("written");
        other.get(|_| Ok(())).expect("open");
        let log = beside(&path, LOG);
        fs::remove_file(&log).expect("removed");
        assert!(matches!(other.get(|_| Ok(())), Err(DbError::Moved(gone)) if gone == log));
        for ended in [writer, other] {
            // As a process that is killed leaves it: nothing is closed.
            std::mem::forget(ended);
        }
        fs::remove_file(beside(&path, "-shm")).expect("removed");
        let mut next = connect(&url).expect("opened");
        next.batch_execute("DELETE FROM posts WHERE id = 1; DROP TABLE posts;").expect("it is in the file");
    }
}
