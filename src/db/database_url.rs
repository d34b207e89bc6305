//! Which database, as a user names it.

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
        if is_key_value(text) {
            // Any part of it may be the password.
            return Err(UnknownDatabase("a list of key=value".to_owned()));
        }
        let path = text.strip_prefix("sqlite://").or_else(|| text.strip_prefix("sqlite:")).unwrap_or(text);
        if path.is_empty() || path.contains("://") {
            return Err(UnknownDatabase(format!("“{}”", without_password(text))));
        }
        Ok(DatabaseUrl::Sqlite(PathBuf::from(path)))
    }
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
            DatabaseUrl::Postgres(text) => f.write_str(&without_password(text)),
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// An address without the secret parts: the password before `@`, and any `password=` after `?`.
fn without_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, None), |(place, query)| (place, Some(query)));
    let place = match place.rsplit_once('@') {
        Some((user, host)) => format!("{}@{host}", user.split(':').next().unwrap_or("")),
        None => place.to_owned(),
    };
    let kept: Vec<&str> = query
        .iter()
        .flat_map(|query| query.split('&'))
        .filter(|part| !part.starts_with("password="))
        .collect();
    if kept.is_empty() {
        format!("{scheme}://{place}")
    } else {
        format!("{scheme}://{place}?{}", kept.join("&"))
    }
}

/// A `postgres://` address for another program: without its password, and that by itself, decoded. It goes by another way
/// than the arguments, which every user of the machine can read.
pub fn split_password(text: &str) -> (String, Option<String>) {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, query)| (place, query));
    let before_host = place.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, it)| it);
    let in_query = query.split('&').filter_map(|part| part.strip_prefix("password=")).next_back();
    (without_password(text), in_query.or(before_host).map(percent_decoded))
}

/// As libpq reads it: `%40` is `@`, and `+` is itself.
fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut rest) = (Vec::with_capacity(text.len()), text.as_bytes());
    while let [first, tail @ ..] = rest {
        let hex = tail.get(..2).and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()).filter(|_| *first == b'%') {
            Some(byte) => {
                bytes.push(byte);
                rest = &tail[2..];
            }
            None => {
                bytes.push(*first);
                rest = tail;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Whether the part before the host holds an `@` of its own, which would make libpq take half of a password as host.
pub fn has_bare_at(text: &str) -> bool {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let authority = rest.split(['/', '?']).next().unwrap_or_default();
    authority.matches('@').count() > 1
}

/// A message about an address, without the address's password.
pub fn without_password_of(url: &str, message: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let before_host =
        rest.rsplit_once('@').and_then(|(user, _)| user.split_once(':')).map(|(_, secret)| secret);
    let query = rest.split_once('?').map_or("", |(_, query)| query);
    let in_query = query.split('&').filter_map(|part| part.strip_prefix("password="));
    let secrets = before_host.into_iter().chain(in_query).filter(|secret| !secret.is_empty());
    secrets.fold(message.to_owned(), |text, secret| text.replace(secret, "(password)"))
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
    fn another_program_gets_the_password_by_itself() {
        for (text, address, password) in [
            (
                "postgres://me:se%40c+ret@h:5/d?sslmode=require",
                "postgres://me@h:5/d?sslmode=require",
                Some("se@c+ret"),
            ),
            ("postgres://h/d?user=me&password=a%25b", "postgres://h/d?user=me", Some("a%b")),
            ("postgres://me@h/d", "postgres://me@h/d", None),
        ] {
            assert_eq!(split_password(text), (address.to_owned(), password.map(str::to_owned)));
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
        for (url, message) in [
            ("postgres://me:se%zz@h/d", "invalid token: \"se%zz\""),
            ("postgres://h/d?password=se%zz&x=y", "invalid token: \"se%zz\""),
        ] {
            assert_eq!(without_password_of(url, message), "invalid token: \"(password)\"");
        }
        assert_eq!(without_password_of("postgres://h/d", "no host h"), "no host h");
        assert!(has_bare_at("postgres://me:a@b@h/d") && !has_bare_at("postgres://me:a@h/d?x=@"));
        let error = "mysql://me:secret@h/d".parse::<DatabaseUrl>().expect_err("no such scheme");
        assert!(!error.to_string().contains("secret"), "{error}");
    }
}
