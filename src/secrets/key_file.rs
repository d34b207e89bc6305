//! The file with the key: one key a line. It has one, but while the key is being changed (or where somebody has put an
//! older one there to read an older copy): the first is the one to use, the others open what they have sealed.
//!
//! It is only ever replaced whole, so that whoever reads it at any moment, also after a power cut, finds the keys from
//! before or those from after.

use super::{KEY_BYTES, SecretError, SecretKey, random_hex};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

/// Readable by its owner alone.
const MODE: u32 = 0o600;

/// The file with the key.
#[derive(Debug, Clone)]
pub struct KeyFile {
    path: PathBuf,
}

/// Reads keys with spaces, line ends or commas between them. One at least.
pub(super) fn parse(text: &str) -> Result<Vec<SecretKey>, SecretError> {
    let words = text.split(|c: char| c.is_whitespace() || c == ',').filter(|word| !word.is_empty());
    let keys = words.map(SecretKey::parse).collect::<Result<Vec<_>, _>>()?;
    if keys.is_empty() { Err(SecretError::Malformed) } else { Ok(keys) }
}

impl KeyFile {
    pub fn at(path: &Path) -> Self {
        KeyFile { path: path.to_owned() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The keys, of which there is one at least.
    pub fn load(&self) -> Result<Vec<SecretKey>, SecretError> {
        self.keys_in(&fs::read_to_string(&self.path).map_err(|error| self.failed(error))?)
    }

    /// The same; a file with a new key is made where there is none.
    pub fn load_or_create(&self) -> Result<Vec<SecretKey>, SecretError> {
        let text = match fs::read_to_string(&self.path) {
            // Empty: another process is making it at this moment, or died while it did.
            Ok(text) if text.is_empty() => create_locked(&self.path),
            Err(error) if error.kind() == io::ErrorKind::NotFound => create_locked(&self.path),
            read => read,
        };
        self.keys_in(&text.map_err(|error| self.failed(error))?)
    }

    fn keys_in(&self, text: &str) -> Result<Vec<SecretKey>, SecretError> {
        parse(text).map_err(|_| SecretError::MalformedFile { path: self.path.clone() })
    }

    fn failed(&self, source: io::Error) -> SecretError {
        SecretError::File { path: self.path.clone(), source }
    }

    /// Keeps others out who want to change the key, until it is dropped.
    pub fn lock(&self) -> Result<File, SecretError> {
        let locked = folder_of(&self.path).and_then(|folder| {
            let folder = File::open(folder)?;
            folder.lock()?;
            Ok(folder)
        });
        locked.map_err(|error| self.failed(error))
    }

    /// Puts these keys in the place of those that are there.
    pub fn replace(&self, keys: &[SecretKey]) -> Result<(), SecretError> {
        let text: String = keys.iter().map(|key| key.written() + "\n").collect();
        write_whole(&self.path, &text, &self.path).map_err(|error| self.failed(error))
    }

    /// Keeps a key that is no longer used in a file of its own beside this one, which is named after the key.
    pub fn set_aside(&self, key: &SecretKey) -> Result<PathBuf, SecretError> {
        let mut name = self.path.file_name().unwrap_or_default().to_owned();
        name.push(format!(".{}", key.fingerprint()));
        let path = self.path.with_file_name(name);
        let written = write_whole(&path, &(key.written() + "\n"), &self.path);
        written.map_err(|source| SecretError::File { path: path.clone(), source })?;
        Ok(path)
    }
}

/// What the key file holds, once whoever came first has written it.
fn create_locked(path: &Path) -> io::Result<String> {
    let mut file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(MODE).open(path)?;
    file.lock()?;
    let mut text = String::new();
    file.read_to_string(&mut text)?;
    if text.is_empty() {
        text = random_hex(KEY_BYTES);
        file.write_all(format!("{text}\n").as_bytes())?;
        file.sync_all()?;
    }
    Ok(text)
}

/// Writes a file beside its place, to the disk, and then puts it there. It belongs to whoever `like` belongs to: an
/// administrator may do this for a server that has a user of its own.
fn write_whole(path: &Path, text: &str, like: &Path) -> io::Result<()> {
    // A link stays, and what it leads to is replaced.
    let place = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let new = place.with_file_name(name);
    match fs::remove_file(&new) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let done = write_new(&new, text, like).and_then(|()| fs::rename(&new, &place));
    if done.is_err() && new.exists() {
        // Nothing reads it, but it has keys in it.
        fs::remove_file(&new)?;
    }
    done?;
    File::open(folder_of(&place)?)?.sync_all()
}

fn write_new(new: &Path, text: &str, like: &Path) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(new)?;
    let (ours, theirs) = (file.metadata()?, fs::metadata(like)?);
    if (ours.uid(), ours.gid()) != (theirs.uid(), theirs.gid()) {
        chown(new, Some(theirs.uid()), Some(theirs.gid()))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn folder_of(path: &Path) -> io::Result<PathBuf> {
    let place = fs::canonicalize(path).or_else(|_| std::path::absolute(path))?;
    place.parent().map(Path::to_owned).ok_or_else(|| io::ErrorKind::NotADirectory.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).expect("there").permissions().mode() & 0o777
    }

    fn fingerprints(keys: &[SecretKey]) -> Vec<&str> {
        keys.iter().map(SecretKey::fingerprint).collect()
    }

    #[test]
    fn the_key_file_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().expect("a folder");
        let file = KeyFile::at(&dir.path().join("secret.key"));
        assert!(matches!(file.load(), Err(SecretError::File { .. })), "it is not there yet");
        let first = file.load_or_create().expect("made");
        assert_eq!(fingerprints(&first), fingerprints(&file.load_or_create().expect("read")));
        assert_eq!((first.len(), mode(file.path())), (1, 0o600));
        fs::write(file.path(), "nonsense").expect("written");
        assert!(matches!(file.load_or_create(), Err(SecretError::MalformedFile { .. })));
        fs::write(file.path(), "\n").expect("written");
        assert!(matches!(file.load(), Err(SecretError::MalformedFile { .. })));
    }

    #[test]
    fn keys_are_replaced_whole_and_old_ones_kept_beside() {
        let dir = tempfile::tempdir().expect("a folder");
        let real = dir.path().join("elsewhere.key");
        let link = dir.path().join("secret.key");
        KeyFile::at(&real).load_or_create().expect("made");
        symlink(&real, &link).expect("a link");
        let file = KeyFile::at(&link);
        let (old, new) = (file.load().expect("read").remove(0), SecretKey::generate());
        // What a crash has left.
        fs::write(dir.path().join("elsewhere.key.new"), "half").expect("written");
        file.replace(&[new.clone(), old.clone()]).expect("replaced");
        assert_eq!(fingerprints(&file.load().expect("read")), [new.fingerprint(), old.fingerprint()]);
        assert!(fs::symlink_metadata(&link).expect("there").is_symlink(), "the link stays");
        assert_eq!(mode(&real), 0o600);
        let aside = file.set_aside(&old).expect("kept");
        assert_eq!(aside, dir.path().join(format!("secret.key.{}", old.fingerprint())));
        assert_eq!(fingerprints(&KeyFile::at(&aside).load().expect("read")), [old.fingerprint()]);
        assert_eq!(mode(&aside), 0o600);
        file.set_aside(&old).expect("again does no harm");
        let left: Vec<_> = fs::read_dir(dir.path()).expect("a folder").flatten().collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }

    #[test]
    fn several_keys_are_written_with_anything_between() {
        let (a, b) = ("ab".repeat(32), "cd".repeat(32));
        for text in [format!("{a},{b}"), format!("{a}\n{b}\n"), format!(" {a} , {b} ")] {
            assert_eq!(parse(&text).expect("two keys").len(), 2, "{text:?}");
        }
        for text in [String::new(), " , ".to_owned(), format!("{a},x")] {
            assert!(parse(&text).is_err(), "{text:?}");
        }
    }
}
