//! Copies of a database, made while it is in use: whole, read through once, and under their name only then. They hold
//! credentials as they are sealed, and never the key.

mod postgres;
mod rotation;
mod sqlite;
mod tool;

pub use rotation::is_ours;
pub use tool::{ToolEnd, Tools};

use super::connection::DbError;
use super::database_url::DatabaseUrl;
use crate::domain::clock::Timestamp;
use std::fs::{self, DirBuilder, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Where a copy goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Under a name of ours, with the time in it. All copies there but the newest `keep` of ours are removed, once the new
    /// one is good; none: all stay. A folder that is not there is made.
    Folder { path: PathBuf, keep: Option<usize> },
    /// This very file, which must not be there.
    File(PathBuf),
}

/// A copy that is good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    pub path: PathBuf,
    pub bytes: u64,
    /// The schema of what was copied; none where the database is new.
    pub schema_version: Option<String>,
    /// Older copies that were removed for it, oldest first.
    pub removed: Vec<PathBuf>,
}

/// Why there is no new copy. The database and all older copies are as they were.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Db(#[from] DbError),
    #[error("{}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("{} is there already, and is not overwritten; name another file", .0.display())]
    Taken(PathBuf),
    #[error("another backup into {} is being made at this moment", .0.display())]
    Busy(PathBuf),
    #[error(
        "the copy needs about {} MB, and {} has {} MB free; make room there, or have it made elsewhere",
        needed.div_ceil(MB), folder.display(), free / MB
    )]
    NoRoom { folder: PathBuf, needed: u64, free: u64 },
    #[error("the copy is not sound, and was thrown away: {0}")]
    Unsound(Unsound),
    #[error(
        "{tool} is not installed here, and a copy of a PostgreSQL database needs it: install the PostgreSQL client of the \
         server's version (package postgresql-client), or back the database up by its server's own means"
    )]
    NoTool { tool: &'static str },
    #[error("{tool} {how}")]
    ToolFailed { tool: &'static str, how: ToolEnd },
}

/// Why a copy is thrown away.
#[derive(Debug, thiserror::Error)]
pub enum Unsound {
    #[error(transparent)]
    Unreadable(#[from] DbError),
    #[error("its schema is another than that of the database")]
    OtherSchema,
    /// In the words of SQLite.
    #[error("{}", .0.join("; "))]
    Faults(Vec<String>),
    #[error("pg_restore {0}")]
    Rejected(ToolEnd),
}

pub const MB: u64 = 1_000_000;

/// Copies the database to a place. Blocks for as long as that takes; who writes to the database goes on meanwhile.
pub fn back_up(url: &DatabaseUrl, place: &Place, tools: &Tools, now: Timestamp) -> Result<Made, BackupError> {
    let ending = rotation::ending(url);
    let (path, _lock) = match place {
        Place::Folder { path, .. } => {
            make_folder(path)?;
            let lock = lock_folder(path)?;
            rotation::clear_unfinished(path, ending)?;
            (path.join(rotation::name(now, ending)), Some(lock))
        }
        Place::File(path) => (path.clone(), None),
    };
    if path.symlink_metadata().is_ok() {
        return Err(BackupError::Taken(path));
    }
    let unfinished = unfinished_beside(&path);
    let made = match url {
        DatabaseUrl::Sqlite(database) => sqlite::copy(database, &unfinished),
        DatabaseUrl::Postgres(text) => postgres::dump(text, &unfinished, tools),
    };
    let done = made.and_then(|schema_version| {
        let bytes = finish(&unfinished, &path)?;
        Ok(Made { path: path.clone(), bytes, schema_version, removed: Vec::new() })
    });
    let mut made = done.inspect_err(|_| remove_failed(&unfinished))?;
    if let Place::Folder { path: folder, keep: Some(keep) } = place {
        made.removed = rotation::rotate(folder, ending, *keep, &made.path)?;
    }
    Ok(made)
}

fn at(path: &Path) -> impl Fn(io::Error) -> BackupError {
    let path = path.to_owned();
    move |source| BackupError::File { path: path.clone(), source }
}

fn make_folder(path: &Path) -> Result<(), BackupError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(at(path))
}

/// One backup at a time: what is unfinished in the folder is of one that died.
fn lock_folder(folder: &Path) -> Result<File, BackupError> {
    let path = folder.join(".backup.lock");
    let file = File::options().write(true).create(true).truncate(false).open(&path).map_err(at(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(BackupError::Busy(folder.to_owned())),
        Err(TryLockError::Error(source)) => Err(BackupError::File { path, source }),
    }
}

/// Whether a copy could be written into a folder that is there: a file is made in it, and removed.
pub fn try_out(folder: &Path) -> io::Result<()> {
    let path = folder.join(format!(".contenthub-test-{}", std::process::id()));
    File::create(&path)?;
    match fs::remove_file(&path) {
        // Another thread tries it out at the same moment.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn unfinished_beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(rotation::UNFINISHED);
    PathBuf::from(name)
}

/// The folder that a file is in.
fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Gives a copy that is good its name, on the disk. Gives back its size in bytes.
fn finish(unfinished: &Path, path: &Path) -> Result<u64, BackupError> {
    let file = File::open(unfinished).map_err(at(unfinished))?;
    file.sync_all().map_err(at(unfinished))?;
    let bytes = file.metadata().map_err(at(unfinished))?.len();
    fs::rename(unfinished, path).map_err(at(path))?;
    let folder = folder_of(path);
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
    Ok(bytes)
}

/// Of a copy that failed nothing stays. The failure is what is told.
fn remove_failed(unfinished: &Path) {
    match fs::remove_file(unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            log::warn!("{} is of no use, and stays: {error}", unfinished.display());
        }
        _ => {}
    }
}

/// Bytes that the file system of a folder has free for us.
fn free_in(folder: &Path) -> Result<u64, BackupError> {
    let told = rustix::fs::statvfs(folder).map_err(|error| at(folder)(error.into()))?;
    Ok(told.f_bavail.saturating_mul(told.f_frsize))
}
