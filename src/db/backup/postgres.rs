//! A dump of a PostgreSQL database by its own `pg_dump`: one moment of it, while others read and write.

use super::tool::{Call, Tools};
use super::{BackupError, Unsound, at};
use crate::db::connection::connect;
use crate::db::database_url::DatabaseUrl;
use crate::db::migrations::applied_versions;
use crate::db::postgres_url::PostgresUrl;
use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Dumps in PostgreSQL's custom format, and reads the dump through. Gives back the version of its schema.
pub(super) fn dump(url: &str, to: &Path, tools: &Tools) -> Result<Option<String>, BackupError> {
    let versions = applied_versions(&mut connect(&DatabaseUrl::Postgres(url.to_owned()))?)?;
    // For its owner's eyes alone: pg_dump fills what is there.
    File::options().write(true).create_new(true).mode(0o600).open(to).map_err(at(to))?;
    let parts = PostgresUrl::of(url);
    let (address, password) = (parts.without_secrets(), parts.password());
    let (file, database) = (option("--file=", to.as_os_str()), option("--dbname=", OsStr::new(&address)));
    let args = [OsStr::new("--format=custom"), OsStr::new("--no-password"), &file, &database];
    let password = password.as_deref();
    let (program, limit) = (tools.pg_dump.as_str(), tools.limit);
    Call { tool: "pg_dump", program, args: &args, password, limit }.run()?;
    // It reads and unpacks all of it, and writes it nowhere.
    let args = [OsStr::new("--file=/dev/null"), to.as_os_str()];
    Call { tool: "pg_restore", program: &tools.pg_restore, args: &args, password: None, limit }
        .run()
        .map_err(|error| match error {
            BackupError::ToolFailed { how, .. } => BackupError::Unsound(Unsound::Rejected(how)),
            other => other,
        })?;
    Ok(versions.into_iter().next_back())
}

fn option(name: &str, value: &OsStr) -> std::ffi::OsString {
    let mut option = std::ffi::OsString::from(name);
    option.push(value);
    option
}
