//! The program on a terminal: a pseudo-terminal of so many columns, read and typed on by a test.

use super::process::is_the_machines_own;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A command whose stdin and stdout are a terminal.
pub struct OnTerminal {
    child: Child,
    keys: File,
    /// What the terminal has shown so far.
    shown: Arc<Mutex<String>>,
    reader: thread::JoinHandle<()>,
}

/// Where stderr goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Stderr {
    ToTheTerminal,
    ToAPipe,
}

impl OnTerminal {
    pub fn start(
        dir: &Path,
        variables: &[(&str, &str)],
        columns: u16,
        stderr: Stderr,
        args: &[&str],
    ) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("granted");
        unlockpt(&controller).expect("unlocked");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let size = Winsize { ws_col: columns, ws_row: 40, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&controller, size).expect("its size");
        let open = || {
            let path = name.to_str().expect("a path");
            OpenOptions::new().read(true).write(true).open(path).expect("the other side")
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_contenthub"));
        for (name, _) in std::env::vars_os() {
            if is_the_machines_own(&name.to_string_lossy()) {
                command.env_remove(name);
            }
        }
        let errors = if stderr == Stderr::ToAPipe { Stdio::piped() } else { open().into() };
        let child = command
            .args(args)
            .current_dir(dir)
            .env("TERM", "xterm-256color")
            .envs(variables.iter().copied())
            .stdin(open())
            .stdout(open())
            .stderr(errors)
            .spawn()
            .expect("started");
        // Its ends of the terminal are its own now; when they are closed, ours ends.
        drop(command);
        let keys = File::from(controller);
        let mut screen = keys.try_clone().expect("a second handle");
        let shown = Arc::new(Mutex::new(String::new()));
        let kept = shown.clone();
        let reader = thread::spawn(move || {
            let (mut bytes, mut whole) = ([0; 4096], Vec::new());
            // A terminal that nobody has open any more ends with an error.
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                whole.extend_from_slice(&bytes[..count]);
                *kept.lock().expect("shown") = String::from_utf8_lossy(&whole).into_owned();
            }
        });
        OnTerminal { child, keys, shown, reader }
    }

    pub fn shown(&self) -> String {
        self.shown.lock().expect("shown").clone()
    }

    /// Waits until the terminal shows this, and types.
    #[track_caller]
    pub fn answer(&mut self, sign: &str, keys: &str) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while !self.shown().contains(sign) {
            assert!(Instant::now() < deadline, "no “{sign}” in {}", self.shown());
            thread::sleep(Duration::from_millis(5));
        }
        self.keys.write_all(keys.as_bytes()).expect("typed");
    }

    /// Waits for its end: exit code, what the terminal has shown, and what went to a piped stderr.
    pub fn end(mut self) -> (Option<i32>, String, String) {
        let mut errors = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut errors).expect("stderr");
        }
        let deadline = Instant::now() + Duration::from_secs(60);
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child of ours") {
                break status;
            }
            if Instant::now() > deadline {
                drop(self.child.kill());
                panic!("it did not end: {}", self.shown());
            }
            thread::sleep(Duration::from_millis(5));
        };
        self.reader.join().expect("the reader");
        let shown = self.shown.lock().expect("shown").replace("\r\n", "\n");
        (status.code(), shown, errors)
    }
}
