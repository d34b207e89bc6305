//! Clients of WeChat's that others wrote, against the simulator of `tests/support/wechat`: what it says has to be what they
//! expect of WeChat, end to end. The simulator runs as a process of its own, and that its switches work from outside is seen
//! first.
//!
//!     cargo test --test wechat_clients            the switches, then both clients
//!     cargo test --test wechat_clients -- node    those with “node” in their names
//!
//! Programs needed: python3 with venv, and node with npm. What they need of PyPI and npm is pinned beside this file, and
//! kept in `target/wechat_clients`.

#[path = "../support/mod.rs"]
mod support;

mod clients;
mod switches;

use clients::{CLIENTS, Client};
use serde_json::Value;
use std::path::Path;
use std::process::ExitCode;
use support::wechat::own_process::{self, OwnProcess};
use support::wechat::pictures::sha256;
use support::wechat::{APPID, SECRET};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.first().is_some_and(|first| first == own_process::ARGUMENT) {
        own_process::run();
    }
    let filter = arguments.iter().find(|argument| !argument.starts_with('-')).cloned().unwrap_or_default();
    let mut cases: Vec<Case> = vec![("switches", Box::new(switches_work))];
    cases.extend(CLIENTS.iter().map(|client| -> Case { (client.name, Box::new(|| run(client))) }));
    cases.retain(|(name, _)| name.contains(&filter));
    if arguments.iter().any(|argument| argument == "--list") {
        cases.iter().for_each(|(name, _)| println!("{name}: test"));
        return ExitCode::SUCCESS;
    }
    let mut failed = 0;
    for (name, case) in &cases {
        let ran = case();
        failed += usize::from(ran.is_err());
        println!("{name}: {}", ran.map_or_else(|fault| fault, |()| "good".to_owned()));
    }
    println!("{} passed, {failed} failed", cases.len() - failed);
    ExitCode::from(u8::from(failed > 0))
}

type Case = (&'static str, Box<dyn Fn() -> Result<(), String>>);

fn switches_work() -> Result<(), String> {
    std::thread::spawn(switches::work_from_outside).join().map_err(|_| "it panicked: see above".to_owned())
}

fn run(client: &Client) -> Result<(), String> {
    let installed = client.install()?;
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    let pictures = write_pictures(folder.path()).map_err(|error| error.to_string())?;
    let simulator = OwnProcess::start();
    let folder = folder.path().display().to_string();
    client.run(&installed, &[simulator.url(), APPID, SECRET, &folder])?;
    judge(client, &simulator.counted(), &pictures)
}

/// The client has had its say; this is what the simulator saw of it.
fn judge(client: &Client, counted: &Value, pictures: &[String]) -> Result<(), String> {
    let list = |name: &str| counted[name].as_array().cloned().unwrap_or_default();
    let visible: Vec<Value> = list("visible").iter().map(|it| it["content_source_url"].clone()).collect();
    let marker = format!("https://example.com/{}#ch-1", client.name);
    expect("what readers saw", &visible, &[Value::from(marker)])?;
    let mut uploaded: Vec<Value> = list("uploads").iter().map(|it| it["sha256"].clone()).collect();
    uploaded.dedup();
    let pictures: Vec<Value> = pictures.iter().cloned().map(Value::from).collect();
    expect("what was uploaded", &uploaded, &pictures)?;
    let mut called: Vec<String> =
        list("calls").iter().filter_map(|it| Some(it["interface"].as_str()?.to_owned())).collect();
    called.sort();
    called.dedup();
    let mut missing = client.calls.to_vec();
    missing.retain(|name| !called.iter().any(|it| it == name));
    expect("calls that were not made", &missing, &[])?;
    expect("drafts left", &list("drafts"), &[])?;
    expect("faults that nobody met", &[counted["faults_left"].clone()], &[Value::from(0)])
}

fn expect<T: PartialEq + std::fmt::Debug>(what: &str, seen: &[T], expected: &[T]) -> Result<(), String> {
    if seen == expected { Ok(()) } else { Err(format!("{what}: {seen:?}, not {expected:?}")) }
}

/// Gives their hashes.
fn write_pictures(folder: &Path) -> std::io::Result<Vec<String>> {
    // Large enough to come in several pieces.
    let cover = [b"\xff\xd8\xff\xe0".as_slice(), &[b'c'; 60_000]].concat();
    let body = [b"\x89PNG\r\n\x1a\n".as_slice(), &[b'b'; 300_000]].concat();
    std::fs::write(folder.join("cover.jpg"), &cover)?;
    std::fs::write(folder.join("body.png"), &body)?;
    Ok(vec![sha256(&cover), sha256(&body)])
}
