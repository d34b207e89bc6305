//! The simulator as a process of its own, for tests that kill whoever asks it, and for clients in other languages. A test
//! program without libtest's `main` calls [`run`] where it was started with [`ARGUMENT`].

use super::WeChat;
use super::asking::{Answered, Body, ask};
use super::control::{Command, PATH};
use crate::support::clock::SteppedClock;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::Arc;

pub const ARGUMENT: &str = "--as-wechat";

/// Says where it listens, and ends with its standard input. Its clock goes on by itself, and can be turned forward.
pub fn run() -> ! {
    let wechat = WeChat::start_with(Arc::new(SteppedClock::new()));
    println!("{}", wechat.url());
    // Whoever started it is gone, or wants it gone.
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
    drop(wechat);
    std::process::exit(0)
}

/// Killed when it is dropped.
pub struct OwnProcess {
    child: Child,
    url: String,
}

impl OwnProcess {
    /// Starts this very program again, as the simulator.
    pub fn start() -> Self {
        let program = std::env::current_exe().expect("this program's path");
        let mut command = std::process::Command::new(program);
        command.arg(ARGUMENT).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("this program starts again");
        let mut url = String::new();
        let stdout = child.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut url).expect("it says where it listens");
        OwnProcess { child, url: url.trim_end().to_owned() }
    }

    /// What clients take for `https://api.weixin.qq.com`.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// # Panics
    /// Where it is not carried out.
    #[track_caller]
    pub fn command(&self, command: &Command) {
        let body = Body::Json(serde_json::to_value(command).expect("a command"));
        let answer = ask(&self.url, PATH, "POST", body).map(Answered::json);
        assert!(answer.as_ref().is_ok_and(|it| it["done"] == true), "{command:?}: {answer:?}");
    }

    /// All that was counted.
    pub fn counted(&self) -> Value {
        ask(&self.url, PATH, "GET", Body::None).expect("an answer").json()
    }
}

impl Drop for OwnProcess {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
