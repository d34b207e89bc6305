//! The program as a process: started without settings of the machine's own, listened to, and never left behind.

use super::secrets::{self, Tokens};
use std::fs::{DirEntry, read_dir, read_to_string};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::{self, JoinHandle, sleep};
use std::time::{Duration, Instant};

const POLL: Duration = Duration::from_millis(5);

/// A process of the program; killed when it is dropped.
pub struct Running {
    pub child: Child,
    pub stdout: Tap,
    pub stderr: Tap,
    /// What must not be in what it prints.
    hidden: Hidden,
}

/// By which it is known what a process must not print.
struct Hidden {
    command: String,
    tokens: Tokens,
    /// The keys that it was given.
    keys: String,
    /// Where it keeps what it writes, its key too.
    data: PathBuf,
}

impl Hidden {
    fn of(dir: &Path, variables: &[(String, String)], args: &[&str]) -> Self {
        let value =
            |wanted: &str| variables.iter().rev().find(|(name, _)| name == wanted).map(|it| it.1.clone());
        let makes_token = args.contains(&"token") || args.contains(&"--demo");
        Hidden {
            command: format!("contenthub {args:?}"),
            tokens: if makes_token { Tokens::Told } else { Tokens::Never },
            keys: value("CONTENTHUB_SECRET_KEY").unwrap_or_default(),
            data: dir.join(value("CONTENTHUB_DATA_DIR").as_deref().unwrap_or("data")),
        }
    }

    /// Fails where a secret was printed, or written by a server.
    #[track_caller]
    fn check(&self, stdout: &str, stderr: &str) {
        let file = std::fs::read_to_string(self.data.join("secret.key")).unwrap_or_default();
        for (place, text, tokens) in [("stdout", stdout, self.tokens), ("stderr", stderr, Tokens::Never)] {
            let what = format!("the {place} of {}", self.command);
            secrets::none_in(&what, text, tokens);
            secrets::no_key_in(&what, text, [&*self.keys, &*file]);
        }
        if self.command.starts_with("contenthub [\"serve\"") {
            secrets::none_in_files(&self.data);
        }
    }
}

/// Settings, language and colours of whoever runs the tests.
pub fn is_the_machines_own(variable: &str) -> bool {
    let others = ["LANG", "LANGUAGE", "NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "TERM"];
    variable.starts_with("CONTENTHUB_") || variable.starts_with("LC_") || others.contains(&variable)
}

impl Running {
    pub fn spawn(dir: &Path, variables: &[(String, String)], stdin: &[u8], args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_contenthub"));
        for (name, _) in std::env::vars_os() {
            if is_the_machines_own(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        let mut child = command
            .args(args)
            .current_dir(dir)
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run contenthub {args:?}: {error}"));
        let stdout = Tap::new(child.stdout.take().expect("stdout is piped"));
        let stderr = Tap::new(child.stderr.take().expect("stderr is piped"));
        let (mut pipe, text) = (child.stdin.take().expect("stdin is piped"), stdin.to_owned());
        // It may end without having read it all, or any of it.
        thread::spawn(move || pipe.write_all(&text));
        Running { child, stdout, stderr, hidden: Hidden::of(dir, variables, args) }
    }

    /// Waits for the end, and for the end of what was printed; none, and it is killed, where that takes too long.
    pub fn wait(&mut self, limit: Duration) -> Option<ExitStatus> {
        let deadline = Instant::now() + limit;
        loop {
            if let Some(status) = self.child.try_wait().expect("asking after a child of ours") {
                self.stdout.finish();
                self.stderr.finish();
                return Some(status);
            }
            if Instant::now() >= deadline {
                self.kill();
                return None;
            }
            sleep(POLL);
        }
    }

    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Sends a signal by its name without `SIG`.
    pub fn signal(&self, name: &str) {
        let sent = Command::new("sh")
            .args(["-c", "kill -s \"$0\" \"$1\"", name, &self.child.id().to_string()])
            .status();
        assert!(sent.is_ok_and(|status| status.success()), "cannot send SIG{name}");
    }

    /// Stops it, and waits until each of its threads stands still.
    pub fn stop(&self) {
        self.signal("STOP");
        let threads = format!("/proc/{}/task", self.child.id());
        let stands_still = |thread: DirEntry| {
            let stat = read_to_string(thread.path().join("stat")).unwrap_or_default();
            // After the name, which is in brackets and may hold anything, comes the state.
            stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T'))
        };
        let deadline = Instant::now() + Duration::from_secs(10);
        while !read_dir(&threads).expect("threads").flatten().all(stands_still) {
            assert!(Instant::now() < deadline, "it goes on after SIGSTOP");
            sleep(POLL);
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.kill();
        // A process of its own making may hold the pipes for longer.
        for tap in [&self.stdout, &self.stderr] {
            tap.wait_until(Duration::from_secs(2), |_| None::<()>);
        }
        self.hidden.check(&self.stdout.text(), &self.stderr.text());
    }
}

/// What comes out of a pipe, read all the time so that the writer never waits.
pub struct Tap {
    shared: Arc<(Mutex<Printed>, Condvar)>,
    reading: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Printed {
    text: String,
    ended: bool,
}

impl Tap {
    fn new(mut pipe: impl Read + Send + 'static) -> Self {
        let shared = Arc::<(Mutex<Printed>, Condvar)>::default();
        let reading = thread::spawn({
            let shared = Arc::clone(&shared);
            move || {
                let (mut bytes, mut buffer) = (Vec::new(), [0; 8192]);
                loop {
                    let read = pipe.read(&mut buffer).unwrap_or(0);
                    bytes.extend_from_slice(&buffer[..read]);
                    // A character may be cut in two by the buffer's end: the rest of it waits for the next round.
                    let whole = match std::str::from_utf8(&bytes) {
                        Err(error) if error.error_len().is_none() && read > 0 => error.valid_up_to(),
                        _ => bytes.len(),
                    };
                    let mut printed = shared.0.lock().expect("no reader panics");
                    printed.text.push_str(&String::from_utf8_lossy(&bytes[..whole]));
                    printed.ended = read == 0;
                    drop(printed);
                    shared.1.notify_all();
                    bytes.drain(..whole);
                    if read == 0 {
                        return;
                    }
                }
            }
        });
        Tap { shared, reading: Some(reading) }
    }

    pub fn text(&self) -> String {
        self.shared.0.lock().expect("no reader panics").text.clone()
    }

    fn finish(&mut self) {
        if let Some(thread) = self.reading.take() {
            let _ = thread.join();
        }
    }

    /// Waits until `find` finds something in what was printed; none where the pipe ends or `limit` passes before.
    pub fn wait_until<T>(&self, limit: Duration, find: impl Fn(&str) -> Option<T>) -> Option<T> {
        let (lock, changed) = &*self.shared;
        let waiting = |printed: &mut Printed| !printed.ended && find(&printed.text).is_none();
        let printed = lock.lock().expect("no reader panics");
        let (printed, _) = changed.wait_timeout_while(printed, limit, waiting).expect("no reader panics");
        find(&printed.text)
    }
}
