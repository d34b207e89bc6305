//! The machine: where data is kept, the key's file, the time zone, open files.

use super::Finding;
use crate::actors::system_clock::SystemClock;
use crate::config::Settings;
use crate::domain::clock::Clock;
use crate::words::{Sentence, message};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Less than this is told: SQLite's log, media and copies need room.
const ROOM_TOLD_MIB: u64 = 1024;
/// With less than this nothing can be relied on.
const ROOM_LEAST_MIB: u64 = 50;
/// A connection for each attempt, client and database thread, at the usual settings.
const FILES_TOLD: u64 = 4096;

pub fn all(settings: &Settings) -> Vec<Finding> {
    let mut findings = data_dir(&settings.data_dir);
    findings.extend(key_file(settings));
    findings.push(zone(settings));
    findings.push(open_files());
    findings
}

fn data_dir(dir: &Path) -> Vec<Finding> {
    let named = |id| Sentence::new(id).with("dir", dir.display().to_string());
    if !dir.exists() {
        let todo = Sentence::new(message("doctor-dir-missing-do"));
        return vec![Finding::warn("data_dir", named(message("doctor-dir-missing")), todo)];
    }
    let found = match tempfile(dir) {
        Ok(()) => Finding::ok("data_dir", named(message("doctor-dir"))),
        Err(error) => {
            let said = named(message("doctor-dir-refuses")).with("error", error.to_string());
            Finding::fail("data_dir", said, Sentence::new(message("doctor-dir-refuses-do")))
        }
    };
    vec![found, room(dir)]
}

/// Writes a file and takes it away again.
fn tempfile(dir: &Path) -> std::io::Result<()> {
    let path = dir.join(format!(".doctor-{}", std::process::id()));
    fs::write(&path, b"contenthub doctor\n")?;
    fs::remove_file(&path)
}

fn room(dir: &Path) -> Finding {
    let mib = match rustix::fs::statvfs(dir) {
        Ok(told) => told.f_bavail.saturating_mul(told.f_frsize) / (1024 * 1024),
        Err(error) => {
            let said = Sentence::new(message("doctor-room-unknown")).with("error", error.to_string());
            return Finding::warn("disk", said, Sentence::new(message("doctor-room-unknown-do")));
        }
    };
    let said = Sentence::new(message("doctor-room")).with("mib", mib.to_string());
    let todo = || Sentence::new(message("doctor-room-do"));
    match mib {
        0..ROOM_LEAST_MIB => Finding::fail("disk", said, todo()),
        ROOM_LEAST_MIB..ROOM_TOLD_MIB => Finding::warn("disk", said, todo()),
        _ => Finding::ok("disk", said),
    }
}

pub fn key_path(settings: &Settings) -> PathBuf {
    settings.data_dir.join("secret.key")
}

/// There is no key. `sealed_with`: the one that the database's credentials need.
pub fn missing_key(path: &Path, sealed_with: Option<&str>) -> Finding {
    let said = |id| Sentence::new(id).with("path", path.display().to_string());
    match sealed_with {
        None => Finding::ok("key", said(message("doctor-key-none-yet"))),
        Some(kept) => Finding::fail(
            "key",
            said(message("doctor-key-missing")).with("kept", kept),
            said(message("doctor-key-missing-do")),
        ),
    }
}

/// Who may read the key may read every secret.
fn key_file(settings: &Settings) -> Option<Finding> {
    if settings.secret_key.is_some() {
        return Some(Finding::ok("key_file", Sentence::new(message("doctor-key-variable"))));
    }
    let path = key_path(settings);
    let mode = fs::metadata(&path).ok()?.permissions().mode() & 0o777;
    let said =
        |id| Sentence::new(id).with("path", path.display().to_string()).with("mode", format!("{mode:o}"));
    Some(match mode & 0o077 {
        0 => Finding::ok("key_file", said(message("doctor-key-file"))),
        _ => Finding::warn(
            "key_file",
            said(message("doctor-key-file-open")),
            said(message("doctor-key-file-open-do")),
        ),
    })
}

fn zone(settings: &Settings) -> Finding {
    let zone = settings.timezone;
    let local = SystemClock::new().now().to_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S %:z");
    let said =
        Sentence::new(message("doctor-zone")).with("zone", zone.to_string()).with("local", local.to_string());
    Finding::ok("timezone", said)
}

fn open_files() -> Finding {
    match rlimit::getrlimit(rlimit::Resource::NOFILE) {
        Ok((soft, _)) => {
            let said = Sentence::new(message("doctor-files")).with("limit", soft.to_string());
            match soft {
                0..FILES_TOLD => Finding::warn("open_files", said, Sentence::new(message("doctor-files-do"))),
                _ => Finding::ok("open_files", said),
            }
        }
        Err(error) => {
            let said = Sentence::new(message("doctor-files-unknown")).with("error", error.to_string());
            Finding::warn("open_files", said, Sentence::new(message("doctor-files-do")))
        }
    }
}
