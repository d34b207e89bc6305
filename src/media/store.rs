//! The folder that keeps pictures: each file has its hash as its name, in a folder of the hash's first two digits, so the
//! same file is there once. A file is whole and on the disk before it has its name, and nothing ever writes into one.
//!
//! Which of them are in use is the database's to know: a file without a row there is nobody's.

use super::facts::{Sum, Summing, facts_of};
use crate::domain::clock::Timestamp;
use crate::domain::fault::MediaFault;
use crate::domain::media::{FILE_MAX_BYTES, MediaFacts, MediaHash, NAME_MAX_CHARS};
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::UNIX_EPOCH;

/// How many folders of files there are: each a pair of hexadecimal digits.
pub const FOLDERS: u16 = 256;
/// How much of a file is in memory, in bytes.
const PART_BYTES: usize = 64 * 1024;
/// Below the folder, of what is on its way in.
const INCOMING: &str = "incoming";

/// Why a picture cannot be taken in, or read.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Picture(#[from] MediaFault),
    #[error("{}: {source}", path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Its row is there, its file is not: another node may have it, or somebody has removed it.
    #[error("the file of the picture {0} is not in the media folder of this server")]
    Gone(MediaHash),
    /// No file at all is there: that says nothing of a single one.
    #[error("there are no pictures in the media folder {}: is its disk mounted?", .0.display())]
    Away(PathBuf),
    #[error("this program was started without a folder for pictures")]
    NoFolder,
}

/// Where pictures are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Store {
    root: Option<PathBuf>,
}

/// A picture that was taken in, and has no row yet. Dropped before it has its place, it leaves nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    pub facts: MediaFacts,
    /// What the file was called where it came from, for people.
    pub name: Option<String>,
    file: Option<Arc<Incoming>>,
}

/// A file that is being written, as its bytes come. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Writing {
    incoming: Incoming,
    file: File,
    summing: Summing,
}

impl Writing {
    /// The next bytes of the file.
    ///
    /// # Errors
    /// Where they cannot be written.
    pub fn add(&mut self, part: &[u8]) -> Result<(), StoreError> {
        self.summing.add(part);
        self.file.write_all(part).map_err(at(&self.incoming.0))
    }

    /// All of them have come.
    pub fn end(self) -> Written {
        Written { incoming: self.incoming, file: self.file, sum: self.summing.end() }
    }
}

/// A file that was written, whatever it is. Dropped, it leaves nothing.
#[derive(Debug)]
pub struct Written {
    incoming: Incoming,
    file: File,
    sum: Sum,
}

impl Written {
    /// The hash of its bytes.
    pub fn sha256(&self) -> &MediaHash {
        &self.sum.sha256
    }
}

/// A file on its way in. It goes with the last who knows of it.
#[derive(Debug, PartialEq, Eq)]
struct Incoming(PathBuf);

impl Drop for Incoming {
    fn drop(&mut self) {
        // Where it has its place it is no longer here; what stays after a crash is swept.
        let _ = fs::remove_file(&self.0);
    }
}

impl Received {
    /// A picture that was looked at, and not taken in: for a rehearsal.
    ///
    /// # Errors
    /// Where it is none that is taken, or cannot be read.
    pub fn looked_at(picture: &str, file: &mut File) -> Result<Self, StoreError> {
        let mut summing = Summing::default();
        in_parts(picture, &*file, |part| {
            summing.add(part);
            Ok(())
        })?;
        file.seek(SeekFrom::Start(0)).map_err(at(Path::new(picture)))?;
        let facts = facts_of(picture, &summing.end(), BufReader::new(&*file))?;
        Ok(Received { facts, name: named(picture), file: None })
    }
}

/// Reads a file, one byte more than is taken, so that it is seen where there is more. `picture` is what it is called.
fn in_parts(
    picture: &str,
    file: impl Read,
    mut each: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let mut file = BufReader::with_capacity(PART_BYTES, file.take(FILE_MAX_BYTES + 1));
    loop {
        let part = file.fill_buf().map_err(at(Path::new(picture)))?;
        let length = part.len();
        if length == 0 {
            return Ok(());
        }
        each(part)?;
        file.consume(length);
    }
}

/// The last part of a path or an address, as far as it can be shown in a line.
fn named(picture: &str) -> Option<String> {
    let last = picture.rsplit(['/', '\\']).next().unwrap_or_default();
    let shown: String = last.chars().filter(|c| !c.is_control()).take(NAME_MAX_CHARS).collect();
    Some(shown.trim().to_owned()).filter(|name| !name.is_empty())
}

impl Store {
    /// In a folder, which is made when the first picture comes.
    pub fn at(root: PathBuf) -> Self {
        Store { root: Some(root) }
    }

    fn root(&self) -> Result<&Path, StoreError> {
        self.root.as_deref().ok_or(StoreError::NoFolder)
    }

    /// Where the file of a picture is, or would be.
    fn place_of(&self, hash: &MediaHash) -> Result<PathBuf, StoreError> {
        let folder = hash.as_str().get(..2).unwrap_or_default();
        Ok(self.root()?.join(folder).join(hash.as_str()))
    }

    /// Takes a picture in: writes it to the disk beside the others, unless it is there, and looks at it. `picture` is what it
    /// was called where it came from.
    ///
    /// # Errors
    /// Where it is none that is taken, or cannot be written.
    pub fn receive(&self, picture: &str, file: impl Read) -> Result<Received, StoreError> {
        let mut writing = self.write()?;
        in_parts(picture, file, |part| writing.add(part))?;
        self.end(writing.end(), picture)
    }

    /// Begins a file whose bytes come one after another.
    ///
    /// # Errors
    /// Where the disk takes none.
    pub fn write(&self) -> Result<Writing, StoreError> {
        let folder = self.root()?.join(INCOMING);
        fs::create_dir_all(&folder).map_err(at(&folder))?;
        let (incoming, file) = unnamed(&folder)?;
        Ok(Writing { incoming, file, summing: Summing::default() })
    }

    /// Takes in what was written, as [`Store::receive`] does.
    ///
    /// # Errors
    /// As there.
    pub fn end(&self, written: Written, picture: &str) -> Result<Received, StoreError> {
        let Written { incoming, mut file, sum } = written;
        file.seek(SeekFrom::Start(0)).map_err(at(&incoming.0))?;
        let facts = facts_of(picture, &sum, BufReader::new(&file))?;
        let name = named(picture);
        if self.has(&facts)? {
            return Ok(Received { facts, name, file: None });
        }
        file.sync_all().map_err(at(&incoming.0))?;
        Ok(Received { facts, name, file: Some(Arc::new(incoming)) })
    }

    /// Gives a picture its place. Done twice it is done once. Whoever calls it holds the lock of pictures in the database
    /// (`db::media::lock`), and writes the row in the same transaction: so that no sweep takes the file between the two.
    ///
    /// # Errors
    /// [`StoreError::Gone`] where it was there when it was received, and somebody has removed it since.
    pub fn place(&self, received: &Received) -> Result<(), StoreError> {
        if self.has(&received.facts)? {
            return Ok(());
        }
        let gone = || StoreError::Gone(received.facts.sha256.clone());
        let incoming = received.file.as_ref().ok_or_else(gone)?;
        let place = self.place_of(&received.facts.sha256)?;
        let folder = place.parent().unwrap_or(&place);
        fs::create_dir_all(folder).map_err(at(folder))?;
        fs::rename(&incoming.0, &place).map_err(at(&place))?;
        // The name is on the disk before the row that needs it; and so is the folder's, which may be as new.
        for folder in [folder, self.root()?] {
            File::open(folder).and_then(|folder| folder.sync_all()).map_err(at(folder))?;
        }
        Ok(())
    }

    /// Why there is no such file: nobody has removed one where all are missing.
    fn gone(&self, hash: &MediaHash) -> StoreError {
        let Some(root) = &self.root else { return StoreError::NoFolder };
        let is_of_pictures = |entry: &fs::DirEntry| entry.file_name() != INCOMING;
        match entries(root) {
            Ok(entries) if entries.iter().any(is_of_pictures) => StoreError::Gone(hash.clone()),
            Ok(_) => StoreError::Away(root.clone()),
            Err(error) => error,
        }
    }

    /// Whether its file is there, whole, for whoever has a row that says so.
    ///
    /// # Errors
    /// [`StoreError::Gone`] where it is not, [`StoreError::Away`] where no other is there either.
    pub fn needs(&self, facts: &MediaFacts) -> Result<(), StoreError> {
        if self.has(facts)? { Ok(()) } else { Err(self.gone(&facts.sha256)) }
    }

    /// Whether its file is there, whole.
    pub fn has(&self, facts: &MediaFacts) -> Result<bool, StoreError> {
        let place = self.place_of(&facts.sha256)?;
        match fs::metadata(&place) {
            Ok(kept) => Ok(kept.is_file() && kept.len() == facts.bytes),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(at(&place)(error)),
        }
    }

    /// The file of a picture.
    ///
    /// # Errors
    /// [`StoreError::Gone`] where there is no such file, [`StoreError::Away`] where there is no other either.
    pub fn open(&self, hash: &MediaHash) -> Result<File, StoreError> {
        let place = self.place_of(hash)?;
        File::open(&place).map_err(|error| match error.kind() {
            io::ErrorKind::NotFound => self.gone(hash),
            _ => at(&place)(error),
        })
    }

    /// The file of a picture that was received, wherever it is by now.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn open_received(&self, received: &Received) -> Result<File, StoreError> {
        match &received.file {
            Some(incoming) => File::open(&incoming.0).map_err(at(&incoming.0)),
            None => self.open(&received.facts.sha256),
        }
    }

    /// The bytes of a picture, at most [`FILE_MAX_BYTES`], with room for so many more.
    ///
    /// # Errors
    /// As [`Store::open`].
    pub fn read(&self, hash: &MediaHash, room: usize) -> Result<Vec<u8>, StoreError> {
        let file = self.open(hash)?;
        let mut bytes = Vec::new();
        // As many as it has: what grows has up to twice as many.
        let read = file.metadata().and_then(|facts| {
            let length = usize::try_from(facts.len().min(FILE_MAX_BYTES)).unwrap_or(0);
            bytes.reserve_exact(length + room.max(1));
            file.take(FILE_MAX_BYTES).read_to_end(&mut bytes)
        });
        let place = self.place_of(hash)?;
        read.map(|_| bytes).map_err(at(&place))
    }

    /// Removes a file. Whoever calls it holds the lock of pictures in the database, and has seen there that the file has no
    /// row. False where there was none.
    pub fn remove(&self, hash: &MediaHash) -> Result<bool, StoreError> {
        let place = self.place_of(hash)?;
        match fs::remove_file(&place) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(error) => Err(at(&place)(error)),
        }
    }

    /// The files of one of the [`FOLDERS`] that were written before then. What is no file of ours is left out.
    pub fn older_than(&self, before: Timestamp, folder: u16) -> Result<Vec<MediaHash>, StoreError> {
        let folder = self.root()?.join(format!("{folder:02x}"));
        let mut old = Vec::new();
        for entry in entries(&folder)? {
            let name = entry.file_name();
            let hash = name.to_str().and_then(|name| name.parse().ok());
            old.extend(hash.filter(|_| is_older(&entry, before)));
        }
        Ok(old)
    }

    /// Removes what processes have left that died while they took a picture in, if it was written before then. Says how much
    /// that was.
    pub fn sweep_incoming(&self, before: Timestamp) -> Result<usize, StoreError> {
        let folder = self.root()?.join(INCOMING);
        let old = entries(&folder)?.into_iter().filter(|entry| is_older(entry, before));
        Ok(old.filter(|entry| fs::remove_file(entry.path()).is_ok()).count())
    }
}

/// A new file. Its name is no other's in this process, and one that a process of the same number has left is passed by.
fn unnamed(folder: &Path) -> Result<(Incoming, File), StoreError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{}-{number}", std::process::id()));
        match File::options().read(true).write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((Incoming(path), file)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(at(&path)(error)),
        }
    }
}

/// None where there is no such folder.
fn entries(folder: &Path) -> Result<Vec<fs::DirEntry>, StoreError> {
    match fs::read_dir(folder).and_then(Iterator::collect) {
        Ok(entries) => Ok(entries),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(at(folder)(error)),
    }
}

/// By the clock of the file system. What cannot be asked is new.
fn is_older(entry: &fs::DirEntry, before: Timestamp) -> bool {
    let written = entry.metadata().ok().filter(fs::Metadata::is_file).and_then(|it| it.modified().ok());
    let span = written.and_then(|at| at.duration_since(UNIX_EPOCH).ok());
    let micros = span.and_then(|span| i64::try_from(span.as_micros()).ok());
    micros.is_some_and(|micros| Timestamp::from_micros(micros) < before)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> StoreError + use<> {
    let path = path.to_owned();
    move |source| StoreError::Io { path, source }
}

#[cfg(test)]
mod tests;
