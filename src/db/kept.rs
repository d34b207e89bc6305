//! A connection that is kept for long: made when it is first needed, looked at before each use, and made anew where it
//! was lost meanwhile. And the pool of them.
//!
//! A server that was restarted has closed its connections, and that can be seen without asking it. A SQLite file that
//! was deleted goes on taking writes for as long as somebody has it open, and all of them are gone with the process: so
//! the file at the path must still be the one that was there first, and its log beside it the one that was opened.

use super::connection::{DbConnection, DbError, Patience, connect_with};
use super::database_url::DatabaseUrl;
use super::unusable::Away;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

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
    open: Option<Open>,
}

struct Open {
    conn: DbConnection,
    /// The write-ahead log (SQLite), which is there for as long as a connection is open.
    log: Option<(PathBuf, FileId)>,
}

impl Open {
    fn new(conn: DbConnection, url: &DatabaseUrl) -> Self {
        let log = match url {
            DatabaseUrl::Sqlite(path) => {
                let mut log = path.clone().into_os_string();
                log.push("-wal");
                let log = PathBuf::from(log);
                FileId::of(&log).map(|id| (log, id))
            }
            DatabaseUrl::Postgres(_) => None,
        };
        Open { conn, log }
    }
}

impl Kept {
    /// Of the file that is there now (SQLite). Nothing is opened yet.
    pub fn new(url: &DatabaseUrl, patience: Patience) -> Self {
        let file = match url {
            DatabaseUrl::Sqlite(path) => FileId::of(path),
            DatabaseUrl::Postgres(_) => None,
        };
        Kept { url: url.clone(), patience, file, open: None }
    }

    /// The connection, fit for use as far as can be seen from here. A fresh one is set up first.
    pub fn get(
        &mut self,
        set_up: impl FnOnce(&mut DbConnection) -> Result<(), DbError>,
    ) -> Result<&mut DbConnection, DbError> {
        self.check_files()?;
        if self.open.as_mut().is_some_and(|open| !open.conn.is_fit()) {
            self.open = None;
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
        self.open = None;
    }

    fn check_files(&self) -> Result<(), DbError> {
        let (DatabaseUrl::Sqlite(path), Some(meant)) = (&self.url, self.file) else { return Ok(()) };
        let log = self.open.as_ref().and_then(|open| open.log.as_ref()).map(|(log, id)| (log, *id));
        match [Some((path, meant)), log]
            .into_iter()
            .flatten()
            .find(|(path, id)| FileId::of(path) != Some(*id))
        {
            Some((path, _)) => Err(DbError::Moved(path.clone())),
            None => Ok(()),
        }
    }
}

/// Makes places for the pool.
#[derive(Debug)]
pub struct Manager {
    url: DatabaseUrl,
    patience: Patience,
    file: Option<FileId>,
}

/// What is in the pool is a place: it is connected, tested and mended by whoever uses it, so that nobody waits for the
/// pool while the database is away, and nobody else connects then.
impl r2d2::ManageConnection for Manager {
    type Connection = Kept;
    type Error = DbError;

    fn connect(&self) -> Result<Kept, DbError> {
        Ok(Kept { url: self.url.clone(), patience: self.patience, file: self.file, open: None })
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
        .build_unchecked(Manager { url: url.clone(), patience, file })
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
        let pool = pool(&url, 2, Patience::Server);
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
        fs::remove_file(dir.path().join("a.db-wal")).expect("deleted");
        assert!(refused(&mut late), "what is written now would be in a log that nobody finds");
    }
}
