//! Which database, as a user names it.

use super::postgres_url::PostgresUrl;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// Where the database is.
#[derive(Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// A file; made when it is not there.
    Sqlite(PathBuf),
    /// A `postgres://` address, as libpq takes it.
    Postgres(String),
}

/// An address of no database that we run on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0} names no database: use postgres://USER@HOST/NAME, sqlite:PATH, or the path of a SQLite file")]
pub struct UnknownDatabase(String);

impl UnknownDatabase {
    /// What was given in the place of an address.
    pub fn given(&self) -> &str {
        &self.0
    }
}

/// What libpq's other form begins with. A file of such a name goes by `sqlite:`.
const LIBPQ_KEYS: [&str; 12] = [
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "passfile",
    "service",
    "options",
    "application_name",
    "connect_timeout",
    "target_session_attrs",
];

impl DatabaseUrl {
    /// The SQLite file in a data directory.
    pub fn in_data_dir(data_dir: &Path) -> Self {
        DatabaseUrl::Sqlite(data_dir.join("contenthub.db"))
    }
}

impl FromStr for DatabaseUrl {
    type Err = UnknownDatabase;

    fn from_str(text: &str) -> Result<Self, UnknownDatabase> {
        let text = text.trim();
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(DatabaseUrl::Postgres(text.to_owned()));
        }
        if is_half_a_scheme(text) {
            return Err(UnknownDatabase(
                "what begins with “postgres:” but not with “postgres://”".to_owned(),
            ));
        }
        if is_key_value(text) {
            // Any part of it may be the password.
            return Err(UnknownDatabase("a list of key=value".to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(UnknownDatabase(format!("“{}”", shown(text))));
        }
        Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
    }
}

/// Whether a slash is missing, or a letter is large: with the rest of it as the name of a file a password would be shown.
fn is_half_a_scheme(text: &str) -> bool {
    let scheme = text.split(':').next().filter(|scheme| scheme.len() < text.len());
    scheme.is_some_and(|scheme| ["postgres", "postgresql"].contains(&scheme.to_ascii_lowercase().as_str()))
}

/// An address of another kind, without its password.
fn shown(text: &str) -> String {
    if text.contains("://") { PostgresUrl::of(text).shown() } else { text.to_owned() }
}

/// Whether this is libpq's form `host=… password=…`, which would pass for the name of a file.
fn is_key_value(text: &str) -> bool {
    text.split_once('=').is_some_and(|(key, _)| {
        let key = key.trim_end();
        LIBPQ_KEYS.contains(&key) || key.starts_with("ssl") || key.starts_with("keepalives")
    })
}

/// Never shows a password.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatabaseUrl::Sqlite(path) => path.display().fmt(f),
            DatabaseUrl::Postgres(text) => f.write_str(&PostgresUrl::of(text).shown()),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_by_its_scheme() {
        for (text, path) in [("a.db", "a.db"), ("sqlite:a.db", "a.db"), ("sqlite:///x/a.db", "/x/a.db")] {
            assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite(PathBuf::from(path))));
        }
        assert_eq!("postgres://h/d".parse(), Ok(DatabaseUrl::Postgres("postgres://h/d".into())));
        for text in ["", "mysql://h/d", "http://x"] {
            assert!(text.parse::<DatabaseUrl>().is_err(), "{text}");
        }
        let by_keys =
            ["host=h password=secret", "password = 'secret word' host=h", "sslmode=require password=secret"];
        for text in by_keys {
            let told = text.parse::<DatabaseUrl>().expect_err("no address").to_string();
            assert!(told.starts_with("a list of key=value names no database: use postgres://"), "{told}");
            assert!(!told.contains("secret"), "{told}");
        }
        for (text, path) in [("sqlite:host=h", "host=h"), ("./host=h", "./host=h"), ("a=b.db", "a=b.db")] {
            assert_eq!(text.parse(), Ok(DatabaseUrl::Sqlite(PathBuf::from(path))));
        }
    }

    #[test]
    fn a_password_is_never_shown() {
        let shown = |text: &str| text.parse::<DatabaseUrl>().expect("an address").to_string();
        assert_eq!(
            shown("postgres://me:se%40cret@h:5/d?sslmode=require"),
            "postgres://me@h:5/d?sslmode=require"
        );
        assert_eq!(shown("postgres://h/d?user=me&password=secret"), "postgres://h/d?user=me");
        let error = "mysql://me:secret@h/d".parse::<DatabaseUrl>().expect_err("no such scheme");
        assert!(!error.to_string().contains("secret"), "{error}");
        for text in ["postgres:/me:secret@h/d", "postgres:me:secret@h/d", "POSTGRES://me:secret@h/d"] {
            let told = text.parse::<DatabaseUrl>().expect_err("no address").to_string();
            assert!(told.contains("postgres://USER@HOST/NAME") && !told.contains("secret"), "{told}");
        }
    }
}
