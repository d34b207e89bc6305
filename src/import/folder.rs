//! Finds the files of a folder and reads them.
//!
//! All `*.md` in it and below, in the order of their paths. What begins with a dot is left out. A link is followed as
//! long as it stays inside; what it leads to is read once.

use super::pictures::{Pictures, Seen};
use super::settled::Settled;
use super::{File, ImportFault, Problem, Readable, in_order, post};
use crate::domain::clock::Timestamp;
use crate::domain::content::BODY_MAX_BYTES;
use chrono_tz::Tz;
use sha2::{Digest, Sha256};
use std::collections::HashSet;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// How many files one import may have.
pub const FILES_MAX: usize = 10_000;
/// How large they may be together: they are all in memory before the first is written.
pub const TOTAL_BYTES_MAX: usize = 256 * 1024 * 1024;

/// Why a folder cannot be imported at all.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    #[error("{}: {source}", path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is not a folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("{} holds no file whose name ends in .md (what begins with a dot is left out)", .0.display())]
    Empty(PathBuf),
    #[error("{} holds more than {FILES_MAX} files whose names end in .md; import its folders one by one", .0.display())]
    TooMany(PathBuf),
    #[error(
        "the files of {} have more than {} MiB together; import its folders one by one",
        .0.display(),
        TOTAL_BYTES_MAX / (1024 * 1024)
    )]
    TooLarge(PathBuf),
}

/// How a folder is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// Of times without an offset.
    pub zone: Tz,
    /// With the folders in it.
    pub recursive: bool,
    /// The time now, where a file that somebody seems to write at this moment is left for later; none: all are read.
    pub settled_at: Option<Timestamp>,
}

/// A folder as it was read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Folder {
    pub files: Vec<File>,
    /// Those that were changed within [`UNSETTLED_FOR`](super::UNSETTLED_FOR), or while they were read.
    pub unsettled: Vec<String>,
}

/// Reads every file of the folder, and looks at its pictures; a time without an offset is in `zone`. `tell` hears how many
/// are read, of how many.
pub fn read(dir: &Path, zone: Tz, tell: &mut dyn FnMut(usize, usize)) -> Result<Vec<File>, FolderError> {
    let reading = Reading { zone, recursive: true, settled_at: None };
    Ok(read_as(dir, reading, Pictures::Looked, tell)?.files)
}

/// The same, read in another way. `pictures` says what becomes of the pictures of its files.
pub fn read_as(
    dir: &Path,
    reading: Reading,
    pictures: Pictures<'_>,
    tell: &mut dyn FnMut(usize, usize),
) -> Result<Folder, FolderError> {
    let found = find(dir, reading.recursive)?;
    let root =
        dir.canonicalize().map_err(|source| FolderError::Unreadable { path: dir.to_owned(), source })?;
    let mut seen = Seen::new(root, pictures);
    let total = found.len();
    let (mut folder, mut bytes) = (Folder::default(), 0);
    for (done, one) in found.into_iter().enumerate() {
        tell(done, total);
        let path = one.shown.display().to_string();
        let place = match one.place {
            Ok(place) => place,
            Err(problems) => {
                folder.files.push(File { path, outcome: Err(problems) });
                continue;
            }
        };
        let before = reading.settled_at.map(|now| Settled::of(&place, now));
        let outcome = read_file(&place, &mut bytes, reading.zone, &mut seen);
        if bytes > TOTAL_BYTES_MAX {
            return Err(FolderError::TooLarge(dir.to_owned()));
        }
        let is_whole = before.is_none_or(|before| {
            before.is_settled()
                && reading
                    .settled_at
                    .is_some_and(|now| Settled::of(&place, now) == before && are_settled(&outcome, now))
        });
        match is_whole {
            true => folder.files.push(File { path, outcome }),
            false => folder.unsettled.push(path),
        }
    }
    tell(total, total);
    Ok(folder)
}

/// Whether a file that was imported before is still where it was.
pub fn is_there(canonical_path: &str) -> bool {
    Path::new(canonical_path).exists()
}

/// Whether nobody seems to write its pictures at this moment.
fn are_settled(outcome: &Result<Readable, Vec<Problem>>, now: Timestamp) -> bool {
    let pictures = outcome.as_ref().map(|file| file.pictures.as_slice()).unwrap_or_default();
    pictures.iter().all(|picture| Settled::of(&picture.place, now).is_settled())
}

fn read_file(
    place: &Path,
    total: &mut usize,
    zone: Tz,
    seen: &mut Seen<'_>,
) -> Result<Readable, Vec<Problem>> {
    let wrong = |fault| vec![Problem::of_the_file(fault)];
    let canonical_path = place.to_str().ok_or_else(|| wrong(ImportFault::PathNotUtf8))?;
    let bytes = read_bytes(place).map_err(wrong)?;
    *total += bytes.len();
    let sha256 = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..good].iter().filter(|byte| **byte == b'\n').count() + 1;
        vec![Problem::at(line, ImportFault::NotUtf8)]
    })?;
    let name = place.file_stem().unwrap_or_default().to_string_lossy();
    let post = post::read(&text, &name, zone)?;
    let pictures = seen.pictures_of(&post, place).map_err(|mut problems| {
        in_order(&mut problems);
        problems
    })?;
    Ok(Readable { canonical_path: canonical_path.to_owned(), sha256, post, pictures })
}

fn read_bytes(place: &Path) -> Result<Vec<u8>, ImportFault> {
    let unreadable = |error: io::Error| ImportFault::Unreadable(error.to_string());
    let kind = fs::metadata(place).map_err(unreadable)?;
    if !kind.is_file() {
        return Err(ImportFault::NotAFile);
    }
    let limit = u64::try_from(BODY_MAX_BYTES + 1).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    fs::File::open(place).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() > BODY_MAX_BYTES {
        return Err(ImportFault::TooLarge { most: BODY_MAX_BYTES });
    }
    Ok(bytes)
}

/// A file, or a place that cannot be one: named as the folder is, and where it truly is.
struct Found {
    shown: PathBuf,
    place: Result<PathBuf, Vec<Problem>>,
}

fn find(dir: &Path, recursive: bool) -> Result<Vec<Found>, FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: dir.to_owned(), source };
    let root = dir.canonicalize().map_err(unreadable)?;
    if !root.is_dir() {
        return Err(FolderError::NotAFolder(dir.to_owned()));
    }
    fs::read_dir(&root).map_err(unreadable)?;
    let mut walk = Walk {
        root: root.clone(),
        recursive,
        found: vec![],
        links: vec![],
        folders: HashSet::new(),
        files: HashSet::new(),
    };
    walk.folder(dir.to_owned(), root);
    // Only now, so that what is reached both ways has the name of its own place.
    while !walk.links.is_empty() {
        let mut links = std::mem::take(&mut walk.links);
        links.sort();
        for (shown, place) in links {
            walk.link(shown, &place);
        }
    }
    match walk.found.len() {
        0 => Err(FolderError::Empty(dir.to_owned())),
        1..=FILES_MAX => {
            walk.found.sort_by(|a, b| a.shown.cmp(&b.shown));
            Ok(walk.found)
        }
        _ => Err(FolderError::TooMany(dir.to_owned())),
    }
}

struct Walk {
    root: PathBuf,
    recursive: bool,
    found: Vec<Found>,
    links: Vec<(PathBuf, PathBuf)>,
    /// Canonical, as are the files: no folder is gone through twice, no file read twice.
    folders: HashSet<PathBuf>,
    files: HashSet<PathBuf>,
}

impl Walk {
    fn folder(&mut self, shown: PathBuf, place: PathBuf) {
        let mut open = vec![(shown, place)];
        while let Some((shown, place)) = open.pop() {
            if self.found.len() > FILES_MAX || !self.folders.insert(place.clone()) {
                continue;
            }
            let entries = match fs::read_dir(&place).and_then(Iterator::collect::<io::Result<Vec<_>>>) {
                Ok(entries) => entries,
                Err(error) => {
                    self.refuse(shown, ImportFault::Unreadable(error.to_string()));
                    continue;
                }
            };
            for entry in entries {
                let name = entry.file_name();
                if name.as_encoded_bytes().starts_with(b".") {
                    continue;
                }
                let (shown, place) = (shown.join(&name), entry.path());
                match entry.file_type() {
                    Ok(kind) if kind.is_symlink() => self.links.push((shown, place)),
                    Ok(kind) if kind.is_dir() && !self.recursive => {}
                    Ok(kind) if kind.is_dir() => open.push((shown, place)),
                    Ok(_) if is_markdown(&shown) => self.file(shown, place),
                    Ok(_) => {}
                    Err(error) => self.refuse(shown, ImportFault::Unreadable(error.to_string())),
                }
            }
        }
    }

    fn file(&mut self, shown: PathBuf, place: PathBuf) {
        if self.files.insert(place.clone()) {
            self.found.push(Found { shown, place: Ok(place) });
        }
    }

    fn link(&mut self, shown: PathBuf, place: &Path) {
        let target = match place.canonicalize() {
            Ok(target) => target,
            Err(error) if is_markdown(&shown) => {
                return self.refuse(shown, ImportFault::LinkToNothing(error.to_string()));
            }
            Err(_) => return,
        };
        let (is_folder, is_inside) = (target.is_dir(), target.starts_with(&self.root));
        match (is_folder, is_inside) {
            (true, true) if !self.recursive => {}
            (true, true) => self.folder(shown, target),
            (false, true) if is_markdown(&shown) => self.file(shown, target),
            (false, _) if !is_markdown(&shown) => {}
            (_, _) => {
                self.refuse(shown, ImportFault::LinkOut(target.display().to_string()));
            }
        }
    }

    fn refuse(&mut self, shown: PathBuf, fault: ImportFault) {
        self.found.push(Found { shown, place: Err(vec![Problem::of_the_file(fault)]) });
    }
}

fn is_markdown(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("md"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn write(path: &Path, bytes: &[u8]) {
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, bytes).expect("written");
    }

    /// The names below the folder with what is wrong with them, where something is.
    fn read_all(dir: &Path) -> Vec<(String, Option<String>)> {
        let files = read(dir, chrono_tz::UTC, &mut |_, _| ()).expect("read");
        let name =
            |path: &str| Path::new(path).strip_prefix(dir).expect("below the folder").display().to_string();
        let wrong = |file: &File| file.outcome.as_ref().err().map(|problems| problems[0].told_of("f"));
        files.iter().map(|file| (name(&file.path), wrong(file))).collect()
    }

    #[test]
    fn every_markdown_file_is_found_once_and_in_order() {
        let outer = tempfile::tempdir().expect("a folder");
        let dir = outer.path().join("posts");
        for name in ["b.md", "a/z.MD", "a/y/x.md", "a.md", "c.txt", ".hidden.md", ".git/x.md", "d.md.bak"] {
            write(&dir.join(name), b"text");
        }
        write(&outer.path().join("outside.md"), b"text");
        write(&dir.join(".objects/7f.md"), b"text");
        symlink("b.md", dir.join("again.md")).expect("linked");
        symlink("../posts/.objects/7f.md", dir.join("kept.md")).expect("linked");
        symlink("..", dir.join("a/up")).expect("linked");
        symlink("../outside.md", dir.join("out.md")).expect("linked");
        symlink("../outside.md", dir.join("picture.png")).expect("linked");
        symlink("..", dir.join("out")).expect("linked");
        symlink("nowhere", dir.join("lost.md")).expect("linked");
        let found = read_all(&dir);
        let names: Vec<&str> = found.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["a/y/x.md", "a/z.MD", "a.md", "b.md", "kept.md", "lost.md", "out", "out.md"]);
        let wrong: Vec<(&str, bool)> = found
            .iter()
            .filter_map(|(name, wrong)| {
                Some((name.as_str(), wrong.as_ref()?.contains("leads out of the folder")))
            })
            .collect();
        assert_eq!(wrong, [("lost.md", false), ("out", true), ("out.md", true)]);
    }

    #[test]
    fn a_file_that_is_none_of_ours_is_told_and_no_more() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        write(&dir.join("binary.md"), b"one\ntwo \xff\n");
        write(&dir.join("large.md"), &vec![b'x'; BODY_MAX_BYTES + 1]);
        write(&dir.join("largest.md"), &vec![b'x'; BODY_MAX_BYTES]);
        write(&dir.join("zero.md"), b"");
        fs::create_dir(dir.join("folder.md")).expect("made");
        write(&dir.join("folder.md/in.md"), b"text");
        let made = std::process::Command::new("mkfifo").arg(dir.join("pipe.md")).status();
        assert!(made.is_ok_and(|status| status.success()), "mkfifo");
        let wrong: Vec<(String, Option<String>)> = read_all(dir);
        let told = |text: &str| Some(text.to_owned());
        let expected = [
            ("binary.md", told("f:2: is not UTF-8")),
            ("folder.md/in.md", None),
            ("large.md", told("f: is larger than 2097152 bytes")),
            ("largest.md", None),
            ("pipe.md", told("f: is not a regular file")),
            ("zero.md", told("f: is empty")),
        ];
        assert_eq!(wrong, expected.map(|(name, wrong)| (name.to_owned(), wrong)));
    }

    #[test]
    fn folders_in_it_and_files_that_are_being_written_can_be_left_out() {
        let dir = tempfile::tempdir().expect("a folder");
        let dir = dir.path();
        write(&dir.join("a.md"), b"text");
        write(&dir.join("b/c.md"), b"text");
        symlink("b", dir.join("linked")).expect("linked");
        let changed = fs::metadata(dir.join("a.md")).and_then(|kind| kind.modified()).expect("a time");
        let since = changed.duration_since(std::time::UNIX_EPOCH).expect("after 1970");
        let at = Timestamp::from_micros(i64::try_from(since.as_micros()).expect("a time of today"));
        let read = |recursive, settled_at| {
            let reading = Reading { zone: chrono_tz::UTC, recursive, settled_at };
            let folder = read_as(dir, reading, Pictures::Looked, &mut |_, _| ()).expect("read");
            (folder.files.len(), folder.unsettled.len())
        };
        assert_eq!(read(true, None), (2, 0));
        assert_eq!(read(false, None), (1, 0));
        let second = std::time::Duration::from_secs(1);
        assert_eq!(read(true, Some(at + second)), (0, 2));
        assert_eq!(read(true, Some(at + 10 * second)), (2, 0));
        // The clock of the machine that wrote it is ahead.
        assert_eq!(read(true, Some(at - 10 * second)), (2, 0));
    }

    #[test]
    fn a_folder_that_is_none_is_told() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = dir.path().join("a.md");
        write(&file, b"text");
        write(&dir.path().join("empty/a.txt"), b"text");
        for (path, says) in
            [("a.md", "is not a folder"), ("empty", "holds no file"), ("none", "No such file")]
        {
            let error = read(&dir.path().join(path), chrono_tz::UTC, &mut |_, _| ()).expect_err(path);
            assert!(error.to_string().contains(says), "{error}");
        }
    }
}
