//! Who runs this process, as the audit names them.

use std::path::Path;

/// Where systems keep the names of their users.
const USERS: &str = "/etc/passwd";

/// The name of the system's user, or their number where it is not listed. Not `USER`, which is whatever somebody set.
pub fn name() -> String {
    let id = rustix::process::geteuid().as_raw();
    listed(Path::new(USERS), id).unwrap_or_else(|| format!("uid {id}"))
}

fn listed(users: &Path, id: u32) -> Option<String> {
    let text = std::fs::read_to_string(users).ok()?;
    let mut rows = text.lines().map(|line| line.split(':').collect::<Vec<&str>>());
    let row = rows.find(|row| row.get(2).and_then(|number| number.parse().ok()) == Some(id))?;
    row.first().filter(|name| !name.is_empty()).map(|name| (*name).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_found_by_number() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "root:x:0:0:root:/root:/bin/sh\nann:x:1000:1000::/home/ann:\n:x:7::::\n")
            .expect("written");
        for (id, name) in [(0, Some("root")), (1000, Some("ann")), (7, None), (5, None)] {
            assert_eq!(listed(file.path(), id).as_deref(), name, "{id}");
        }
        assert_eq!(listed(Path::new("/nowhere"), 0), None);
    }
}
