//! What this program is when it is started again as a node: the product's own engine with the test platforms, which may
//! kill or stop itself at a named point of the engine's cycle.

use crate::platforms::{Detecting, Stepwise};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::outbound::OutboundAllow;
use contenthub::platforms::outbound::Outbound;
use contenthub::platforms::registry::Registry;
use contenthub::platforms::wechat::Wechat;
use contenthub::{App, Settings, TaskId};
use std::io::Read;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The argument that says so.
pub const ARGUMENT: &str = "--as-a-node";

/// Where a node ends itself, and how: a fail point, its how-manieth pass, a signal.
#[derive(Debug, Clone, Copy)]
pub struct At {
    pub point: &'static str,
    pub pass: u64,
    pub signal: &'static str,
}

/// What a node does.
#[derive(Debug, Clone, Copy)]
pub enum Work {
    /// All that is due, for ever.
    Serve,
    /// One run of a task.
    Trigger(TaskId),
}

/// How a node is told of itself.
pub fn arguments(work: Work, dir: &Path, url: &DatabaseUrl, lease: u64, at: Option<At>) -> Vec<String> {
    let task = match work {
        Work::Serve => 0,
        Work::Trigger(task) => task.0,
    };
    let mut arguments = vec![
        ARGUMENT.to_owned(),
        task.to_string(),
        dir.display().to_string(),
        text_of(url),
        lease.to_string(),
    ];
    if let Some(at) = at {
        arguments.extend([at.point.to_owned(), at.pass.to_string(), at.signal.to_owned()]);
    }
    arguments
}

/// The address as it is given to a command.
pub fn text_of(url: &DatabaseUrl) -> String {
    match url {
        DatabaseUrl::Sqlite(path) => format!("sqlite:{}", path.display()),
        DatabaseUrl::Postgres(url) => url.clone(),
    }
}

/// Opens an app that knows the test platforms.
pub fn open(dir: &Path, url: &DatabaseUrl, lease: u64) -> App {
    let defaults = Settings::in_dir(dir).expect("default settings");
    let settings = Settings { database: url.clone(), lease_seconds: lease, secret_key: None, ..defaults };
    let outbound = Outbound::new(OutboundAllow::loopback());
    let wechat = Wechat::new(outbound).with_settle_time(crate::wechat::SETTLES);
    let registry = Registry::builtin(&dir.join("sites"))
        .with(Arc::new(Detecting))
        .with(Arc::new(Stepwise))
        .with(Arc::new(wechat));
    let clock = Arc::new(contenthub::actors::system_clock::SystemClock::new());
    App::open_with(settings, registry, clock).expect("opened")
}

/// Runs as a node. Ends only as a crash, or with its run.
pub fn run(arguments: &[String]) -> ! {
    let [task, dir, url, lease, at @ ..] = arguments else { panic!("not a node: {arguments:?}") };
    contenthub::logging::init(log::LevelFilter::Info, contenthub::logging::Publications::Quiet);
    std::thread::spawn(end_with_the_harness);
    if let [point, pass, signal] = at {
        arm(point, pass.parse().expect("a number"), signal.clone());
    }
    let (url, lease) = (url.parse().expect("an address"), lease.parse().expect("seconds"));
    let app = open(Path::new(dir), &url, lease);
    match task.parse().expect("a task's id") {
        0 => {
            let _node = app.start().expect("started");
            loop {
                std::thread::park();
            }
        }
        task => {
            let ran = app.run_task(TaskId(task));
            println!("{ran:?}");
            std::process::exit(i32::from(ran.is_err()));
        }
    }
}

fn end_with_the_harness() {
    let _ = std::io::stdin().read(&mut [0]);
    std::process::exit(4);
}

/// A shell sends the signal: the thread at the point waits for it, and goes no further.
fn arm(point: &str, pass: u64, signal: String) {
    let passes = AtomicU64::new(0);
    let here = move || {
        if passes.fetch_add(1, Ordering::SeqCst) + 1 == pass {
            let kill = Command::new("sh").args(["-c", "kill -s \"$0\" \"$PPID\"", &signal]).status();
            assert!(kill.is_ok(), "cannot send SIG{signal}");
        }
    };
    fail::cfg_callback(point, here).expect("a fail point");
}
