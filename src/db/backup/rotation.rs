//! The names of copies, and which of them are removed when a new one is there.

use super::{BackupError, at};
use crate::db::database_url::DatabaseUrl;
use crate::domain::clock::Timestamp;
use chrono::NaiveDateTime;
use std::fs;
use std::path::{Path, PathBuf};

/// What the name of a copy ends in while it is being made.
pub(super) const UNFINISHED: &str = ".unfinished";
const BEGINNING: &str = "contenthub-";
/// No colon in it, which some file systems do not take. Names sort by time.
const TIME: &str = "%Y-%m-%dT%H-%M-%S%.6fZ";

/// What the names of copies of this database end in.
pub(super) fn ending(url: &DatabaseUrl) -> &'static str {
    match url {
        DatabaseUrl::Sqlite(_) => ".db",
        DatabaseUrl::Postgres(_) => ".dump",
    }
}

/// The name of a copy that is made now: `contenthub-2026-11-28T08-15-30.000000Z.db`.
pub(super) fn name(now: Timestamp, ending: &str) -> String {
    format!("{BEGINNING}{}{ending}", now.to_utc().format(TIME))
}

/// Whether a file has a name that [`back_up`](super::back_up) gives, to the letter.
pub fn is_ours(name: &str, ending: &str) -> bool {
    let time = name.strip_prefix(BEGINNING).and_then(|rest| rest.strip_suffix(ending));
    let read = time.and_then(|time| NaiveDateTime::parse_from_str(time, TIME).ok());
    read.is_some_and(|read| time == Some(read.format(TIME).to_string().as_str()))
}

/// Plain files in a folder whose names are of ours, with this after them; oldest first.
fn ours(folder: &Path, ending: &str, after: &str) -> Result<Vec<PathBuf>, BackupError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).map_err(at(folder))? {
        let entry = entry.map_err(at(folder))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let is_named_so = name.strip_suffix(after).is_some_and(|name| is_ours(name, ending));
        if is_named_so && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

/// Removes what backups that died have left. The caller has the folder's lock.
pub(super) fn clear_unfinished(folder: &Path, ending: &str) -> Result<(), BackupError> {
    for path in ours(folder, ending, UNFINISHED)? {
        fs::remove_file(&path).map_err(at(&path))?;
    }
    Ok(())
}

/// Removes all copies but the newest `keep`, never the one that was just made, whatever the clock has said before; and
/// nothing whose name is not of ours. Gives back what it removed.
pub(super) fn rotate(
    folder: &Path,
    ending: &str,
    keep: usize,
    made: &Path,
) -> Result<Vec<PathBuf>, BackupError> {
    let mut others = ours(folder, ending, "")?;
    others.retain(|path| path != made);
    let surplus = (others.len() + 1).saturating_sub(keep.max(1));
    others.truncate(surplus);
    for path in &others {
        fs::remove_file(path).map_err(at(path))?;
    }
    Ok(others)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_give_are_ours() {
        let at = Timestamp::from_micros(1_796_000_000_000_001);
        let made = name(at, ".db");
        assert_eq!(made, "contenthub-2026-11-30T00-53-20.000001Z.db");
        assert!(is_ours(&made, ".db") && !is_ours(&made, ".dump"));
        for other in [
            "contenthub.db",
            "contenthub-.db",
            "contenthub-2026-11-30T00-53-20.000001Z.db.bak",
            "contenthub-2026-11-30T00-53-20.1Z.db",
            "contenthub-2026-11-31T00-53-20.000001Z.db",
            "my-contenthub-2026-11-30T00-53-20.000001Z.db",
            "contenthub-before-the-move.db",
        ] {
            assert!(!is_ours(other, ".db"), "{other}");
        }
    }

    #[test]
    fn the_oldest_of_ours_go_and_nothing_else() {
        let dir = tempfile::tempdir().expect("a folder");
        let write = |name: &str| {
            let path = dir.path().join(name);
            fs::write(&path, "x").expect("written");
            path
        };
        let copy = |second: i64| write(&name(Timestamp::from_micros(second * 1_000_000), ".db"));
        let copies: Vec<PathBuf> = (1..=4).map(copy).collect();
        let others = [write("contenthub.db"), write("notes.txt"), write("contenthub-old.db")];
        let half = write(&format!("{}{UNFINISHED}", name(Timestamp::from_micros(5), ".db")));
        clear_unfinished(dir.path(), ".db").expect("cleared");
        assert!(!half.exists());
        // The clock was set back: the new copy has the oldest name, and stays.
        let removed = rotate(dir.path(), ".db", 2, &copies[0]).expect("rotated");
        assert_eq!(removed, copies[1..3]);
        let left = [&copies[0], &copies[3], &others[0], &others[1], &others[2]];
        assert!(left.iter().all(|path| path.exists()));
        assert_eq!(rotate(dir.path(), ".db", 9, &copies[0]).expect("rotated"), Vec::<PathBuf>::new());
    }
}
