//! The keys that a process has. The database says which of them is in use, by its fingerprint; so while a key is being
//! changed, everybody who has both of them works on.

use super::{KeyFile, SecretError, SecretKey, key_file, parts_of};
use parking_lot::RwLock;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// The keys, and where they came from. Never printed.
#[derive(Debug)]
pub struct Keyring {
    /// One at least; the first is the one to begin with.
    keys: RwLock<Vec<SecretKey>>,
    /// None where they were given, and stay.
    file: Option<KeyFile>,
    /// That the file cannot be read was told.
    complained: AtomicBool,
}

impl From<SecretKey> for Keyring {
    fn from(key: SecretKey) -> Self {
        Keyring::of(vec![key], None)
    }
}

impl Keyring {
    fn of(keys: Vec<SecretKey>, file: Option<KeyFile>) -> Self {
        Keyring { keys: RwLock::new(keys), file, complained: AtomicBool::new(false) }
    }

    /// Of a text with keys in it, the one to use first: 64 hex digits or base64 each, with commas or spaces between.
    pub fn given(text: &str) -> Result<Self, SecretError> {
        Ok(Keyring::of(key_file::parse(text)?, None))
    }

    /// Of a file, which is made where there is none. It is read again when a key is wanted that is not there.
    pub fn of_file(path: &Path) -> Result<Self, SecretError> {
        let file = KeyFile::at(path);
        Ok(Keyring::of(file.load_or_create()?, Some(file)))
    }

    pub fn file(&self) -> Option<&KeyFile> {
        self.file.as_ref()
    }

    pub fn all(&self) -> Vec<SecretKey> {
        self.keys.read().clone()
    }

    /// The key that a database begins with.
    pub fn first(&self) -> SecretKey {
        self.keys.read()[0].clone()
    }

    /// The key with this fingerprint. Where it is not there, its file may have got it since it was read.
    pub fn get(&self, fingerprint: &str) -> Option<SecretKey> {
        let known = |keys: &[SecretKey]| keys.iter().find(|key| key.fingerprint() == fingerprint).cloned();
        // The lock is let go before the file is read: it is wanted for writing then.
        let found = known(&self.keys.read());
        found.or_else(|| {
            self.read_again()?;
            known(&self.keys.read())
        })
    }

    /// Takes the keys from the file. None where there is no file, or none that can be read.
    fn read_again(&self) -> Option<()> {
        match self.file.as_ref()?.load() {
            Ok(keys) => {
                self.complained.store(false, Ordering::Relaxed);
                *self.keys.write() = keys;
                Some(())
            }
            Err(error) => {
                // It is looked at again and again.
                if !self.complained.swap(true, Ordering::Relaxed) {
                    log::warn!("no key is known that opens this database's credentials, and {error}");
                }
                None
            }
        }
    }

    /// Opens what one of the keys has sealed for this identity.
    pub fn open(&self, sealed: &str, identity: &str) -> Result<Vec<u8>, SecretError> {
        let (fingerprint, _) = parts_of(sealed)?;
        self.get(fingerprint).ok_or(SecretError::WrongKey)?.open(sealed, identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_comes_into_the_file_is_found_when_it_is_wanted() {
        let dir = tempfile::tempdir().expect("a folder");
        let keys = Keyring::of_file(&dir.path().join("secret.key")).expect("made");
        let (old, new) = (keys.first(), SecretKey::generate());
        let (by_old, by_new) = (old.seal(b"a", "x").expect("sealed"), new.seal(b"b", "x").expect("sealed"));
        assert!(matches!(keys.open(&by_new, "x"), Err(SecretError::WrongKey)));
        let file = keys.file().expect("a file");
        file.replace(&[new.clone(), old.clone()]).expect("written");
        assert_eq!(keys.open(&by_new, "x").expect("found"), b"b");
        assert_eq!(keys.open(&by_old, "x").expect("still there"), b"a");
        assert_eq!(keys.first().fingerprint(), new.fingerprint());
        // A file that is gone, or damaged, takes no key away.
        std::fs::write(file.path(), "nonsense").expect("written");
        assert!(keys.get("unknown").is_none());
        assert_eq!(keys.open(&by_new, "x").expect("still there"), b"b");
        assert!(matches!(keys.open(&by_new, "y"), Err(SecretError::Damaged)), "bound to its place");
    }

    #[test]
    fn given_keys_are_all_there_is() {
        let keys = Keyring::given(&format!("{},{}", "ab".repeat(32), "cd".repeat(32))).expect("two keys");
        let other = SecretKey::parse(&"cd".repeat(32)).expect("a key");
        assert_eq!(keys.get(other.fingerprint()).expect("known").fingerprint(), other.fingerprint());
        assert!(keys.get("unknown").is_none() && keys.file().is_none());
        assert!(!format!("{keys:?}").contains("abab"), "the keys themselves are never shown");
        assert!(Keyring::given("").is_err());
    }
}
