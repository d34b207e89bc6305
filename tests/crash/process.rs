//! A process under test: started with a log of its own, killed, stopped and continued.

use std::fs::{File, OpenOptions};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(3);

/// Killed when it is dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts it with no settings of the machine's own; what it prints goes to the end of `log`.
    pub fn start(mut command: Command, log: &Path) -> Self {
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("CONTENTHUB_") {
                command.env_remove(name);
            }
        }
        let file: File = OpenOptions::new().create(true).append(true).open(log).expect("a log");
        let copy = file.try_clone().expect("a log");
        // A node of the harness' own ends with this pipe, however the harness ends.
        command.stdin(Stdio::piped()).stdout(file).stderr(copy);
        let child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        Process { child, log: log.to_owned() }
    }

    /// SIGKILL, and the end of it: all that the kernel held for it is free.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// How it ended, if it has.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("asking after a child of ours")
    }

    /// Waits until it ends by itself.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        until(limit, || self.ended())
    }

    pub fn stop(&self) {
        self.signal("STOP");
    }

    pub fn go_on(&self) {
        self.signal("CONT");
    }

    /// Waits until it stands still.
    pub fn wait_stopped(&mut self, limit: Duration) -> Option<()> {
        let stat = format!("/proc/{}/stat", self.child.id());
        // After the name, which is in brackets and may hold anything, comes the state.
        let state = |text: String| text.rsplit_once(") ").and_then(|(_, rest)| rest.chars().next());
        until(limit, || (std::fs::read_to_string(&stat).ok().and_then(state) == Some('T')).then_some(()))
    }

    fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot send SIG{name}");
    }

    /// The last lines of its log, for whoever looks into a failure.
    pub fn last_words(&self) -> String {
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().rev().take(15).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n    ")
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Whether an end was SIGKILL's doing.
pub fn was_killed(status: ExitStatus) -> bool {
    status.signal() == Some(9)
}

/// Looks until something is there, or `limit` has passed.
pub fn until<T>(limit: Duration, mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + limit;
    loop {
        let found = look();
        if found.is_some() || Instant::now() >= deadline {
            return found;
        }
        sleep(POLL);
    }
}
