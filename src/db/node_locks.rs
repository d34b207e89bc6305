//! Which nodes on a SQLite database are alive: each holds a lock on a file beside it, which the kernel frees when the
//! process ends, however it ends.

use super::connection::DbError;
use super::unusable::Unusable;
use crate::domain::ids::NodeId;
use std::fs::{self, File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};

/// This node's lock, and the folder in which the others are.
#[derive(Debug)]
pub struct NodeLocks {
    folder: PathBuf,
    own: PathBuf,
    _lock: File,
}

impl NodeLocks {
    /// Takes this node's lock, beside the real path of the database, before its id is written to any row.
    pub fn take(database: &Path, node: &NodeId) -> Result<Self, DbError> {
        let folder = folder_of(database)?;
        let own = lock_file(&folder, node);
        let file = File::create(&own).map_err(|error| unusable(&own, &error))?;
        file.try_lock().map_err(|error| said_of(&own, error.to_string()))?;
        Ok(NodeLocks { folder, own, _lock: file })
    }

    /// Those of `nodes` that have ended. Blocks on the file system.
    pub fn gone(&self, nodes: Vec<NodeId>) -> Vec<NodeId> {
        nodes.into_iter().filter(|node| self.is_gone(node)).collect()
    }

    fn is_gone(&self, node: &NodeId) -> bool {
        let path = lock_file(&self.folder, node);
        match File::open(&path) {
            Err(error) => error.kind() == std::io::ErrorKind::NotFound,
            Ok(file) => match file.try_lock() {
                Ok(()) => {
                    // Whoever held it is gone for good: ids are never used twice.
                    if let Err(error) = fs::remove_file(&path) {
                        log::debug!("{}: {error}", path.display());
                    }
                    true
                }
                Err(TryLockError::WouldBlock | TryLockError::Error(_)) => false,
            },
        }
    }
}

impl Drop for NodeLocks {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_file(&self.own) {
            log::debug!("{}: {error}", self.own.display());
        }
    }
}

/// The same for whoever only looks, and has no lock: nothing is taken away, and nobody is kept from a lock. Blocks on the
/// file system.
pub fn gone_beside(database: &Path, nodes: &[NodeId]) -> Result<Vec<NodeId>, DbError> {
    let folder = folder_of(database)?;
    let is_gone = |node: &&NodeId| match File::open(lock_file(&folder, node)) {
        Err(error) => error.kind() == std::io::ErrorKind::NotFound,
        Ok(file) => file.try_lock_shared().is_ok(),
    };
    Ok(nodes.iter().filter(is_gone).cloned().collect())
}

/// Nodes on this database that are alive: a server's, or that of a command that publishes. Blocks on the file system.
pub fn alive_beside(database: &Path) -> Result<Vec<NodeId>, DbError> {
    alive_in(&folder_of(database)?)
}

fn alive_in(folder: &Path) -> Result<Vec<NodeId>, DbError> {
    let entries = fs::read_dir(folder).map_err(|error| unusable(folder, &error))?;
    let mut alive = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unusable(folder, &error))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let Some(node) = name.strip_suffix(".lock").filter(|name| !OF_NO_NODE.contains(name)) else {
            continue;
        };
        let is_held = File::open(&path)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)));
        if is_held {
            alive.push(NodeId(node.to_owned()));
        }
    }
    alive.sort();
    Ok(alive)
}

/// Whether somebody has a database open that is not there. Blocks on the file system, and makes nothing.
pub fn is_open_elsewhere(missing: &Path) -> bool {
    let folder =
        missing.parent().map(|folder| if folder.as_os_str().is_empty() { Path::new(".") } else { folder });
    let (Some(Ok(folder)), Some(name)) = (folder.map(fs::canonicalize), missing.file_name()) else {
        return false;
    };
    let path = folder.join(name);
    locks_of(&path).is_dir() && alive_in(&locks_of(&path)).is_ok_and(|alive| !alive.is_empty())
}

/// What else is locked in that folder.
const OF_NO_NODE: [&str; 2] = ["server", "schema"];

/// Held by the one server of a SQLite database for as long as it runs. Commands beside it need none.
#[derive(Debug)]
pub struct ServerLock {
    _lock: File,
}

impl ServerLock {
    /// Refused while another server of the same database runs, whatever path it was given.
    pub fn take(database: &Path) -> Result<Self, DbError> {
        ServerLock::try_take(database)?
            .map_err(|pid| DbError::Unusable(Unusable::OtherServer { pid, database: database.to_owned() }))
    }

    /// The same for whoever has words of its own for a server that runs: its process, where it says that.
    pub fn try_take(database: &Path) -> Result<Result<Self, Option<u32>>, DbError> {
        let path = folder_of(database)?.join("server.lock");
        // Not truncated by whoever is refused: the pid in it is that of the one that runs.
        let opened = File::options().read(true).write(true).create(true).truncate(false).open(&path);
        let mut file = opened.map_err(|error| unusable(&path, &error))?;
        match file.try_lock() {
            Ok(()) => {
                say_who(&mut file).map_err(|error| unusable(&path, &error))?;
                Ok(Ok(ServerLock { _lock: file }))
            }
            Err(TryLockError::WouldBlock) => Ok(Err(who(&path))),
            Err(TryLockError::Error(error)) => Err(unusable(&path, &error)),
        }
    }
}

fn say_who(file: &mut File) -> std::io::Result<()> {
    file.set_len(0)?;
    writeln!(file, "{}", std::process::id())
}

/// Nothing where it is about to be written.
fn who(path: &Path) -> Option<u32> {
    fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Waits for whoever else is changing this database's schema, and keeps others waiting while it is held.
pub fn lock_schema(database: &Path) -> Result<File, DbError> {
    let path = folder_of(database)?.join("schema.lock");
    let file = File::create(&path).map_err(|error| unusable(&path, &error))?;
    file.lock().map_err(|error| unusable(&path, &error))?;
    Ok(file)
}

/// The folder of locks, beside the real path of a database.
fn folder_of(database: &Path) -> Result<PathBuf, DbError> {
    let folder = locks_of(&fs::canonicalize(database).map_err(|error| unusable(database, &error))?);
    fs::create_dir_all(&folder).map_err(|error| unusable(&folder, &error))?;
    Ok(folder)
}

fn locks_of(real: &Path) -> PathBuf {
    let mut folder = real.as_os_str().to_owned();
    folder.push(".nodes");
    PathBuf::from(folder)
}

fn lock_file(folder: &Path, node: &NodeId) -> PathBuf {
    folder.join(format!("{node}.lock"))
}

fn unusable(path: &Path, error: &std::io::Error) -> DbError {
    said_of(path, error.to_string())
}

fn said_of(path: &Path, said: String) -> DbError {
    DbError::Unusable(Unusable::At { path: path.to_owned(), said })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_gone_when_its_lock_is_free() {
        let dir = tempfile::tempdir().expect("a folder");
        let database = dir.path().join("a.db");
        fs::write(&database, "").expect("a file");
        let id = |name: &str| NodeId(name.to_owned());
        let mine = NodeLocks::take(&database, &id("mine")).expect("free");
        let other = NodeLocks::take(&database, &id("other")).expect("free");
        let all = || vec![id("other"), id("never-there")];
        assert_eq!(mine.gone(all()), [id("never-there")]);
        assert_eq!(gone_beside(&database, &all()).expect("looked"), [id("never-there")]);
        // Of a process that was killed the file is still there.
        fs::write(lock_file(&mine.folder, &id("killed")), "").expect("a file");
        assert_eq!(gone_beside(&database, &[id("killed"), id("mine")]).expect("looked"), [id("killed")]);
        assert!(lock_file(&mine.folder, &id("killed")).exists(), "who looks takes nothing away");
        let server = ServerLock::take(&database).expect("free");
        assert_eq!(alive_beside(&database).expect("looked"), [id("mine"), id("other")]);
        drop(server);
        drop(other);
        assert_eq!(alive_beside(&database).expect("looked"), [id("mine")]);
        assert_eq!(mine.gone(all()), all());
    }

    #[test]
    fn a_database_has_one_server() {
        let dir = tempfile::tempdir().expect("a folder");
        let (database, link) = (dir.path().join("a.db"), dir.path().join("b.db"));
        fs::write(&database, "").expect("a file");
        std::os::unix::fs::symlink(&database, &link).expect("a link");
        let first = ServerLock::take(&database).expect("free");
        let refused = ServerLock::take(&link).expect_err("taken").to_string();
        let said = format!("another `contenthub serve` (pid {}) runs", std::process::id());
        assert!(refused.contains(&said), "{refused}");
        drop(first);
        assert!(ServerLock::take(&link).is_ok());
    }
}
