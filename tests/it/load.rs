//! Hostile clients by the hundred and idle ones by the thousand: the others are answered meanwhile, and the server stays
//! small. How fast they are answered is measured by `contenthub bench --hostile`, not here.

use crate::support::app::eventually;
use crate::support::command::{Cli, Server};
use crate::support::raw::{Raw, get, status};
use rlimit::Resource;
use serde_json::json;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// One after the other: each needs thousands of files.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
/// What the server may have in memory, in MB, whatever comes.
const MEMORY_MAX_MB: u64 = 200;
/// Files that the tests beside these need.
const OTHER_FILES: u64 = 3_000;

fn server(dir: &std::path::Path, settings: &[(&str, &str)]) -> Server {
    let cli = settings.iter().fold(Cli::in_dir(dir), |cli, (name, value)| cli.env(name, value));
    Server::start_as_admin(&cli, &[])
}

/// What this process has in memory, in MB; `VmHWM` is the most that it had.
fn memory_mb(server: &Server, which: &str) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("a process");
    let line = text.lines().find_map(|line| line.strip_prefix(which)?.strip_prefix(':')).expect(which);
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).expect("a number") / 1024
}

/// So many connections as are wanted, or as this machine lets a test have beside others.
fn as_many_as(wanted: usize) -> usize {
    let (_, hard) = rlimit::getrlimit(Resource::NOFILE).expect("a limit");
    let reached = rlimit::increase_nofile_limit(hard).expect("raised");
    let room = usize::try_from(reached.saturating_sub(OTHER_FILES)).expect("a size");
    let count = wanted.min(room);
    println!("{count} connections of {wanted}: {reached} files may be open");
    count
}

/// Somebody who asks all the time while others do something else, and is answered each time.
struct Other {
    stop: Arc<AtomicBool>,
    asking: thread::JoinHandle<usize>,
}

impl Other {
    fn begin(server: &Server) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (address, stopped) = (server.address(), stop.clone());
        let request =
            get("/api/v1/publish-pool/list", &format!("authorization: Bearer {}\r\n", server.token()));
        let asking = thread::spawn(move || {
            let mut asked = 0;
            while !stopped.load(Ordering::SeqCst) || asked < 10 {
                // Also a new connection finds its place.
                let mut raw = Raw::connect(address);
                for _ in 0..10 {
                    raw.say(&request);
                    assert_eq!(raw.status(), 200, "after {asked} answers");
                    asked += 1;
                }
            }
            asked
        });
        Other { stop, asking }
    }

    /// How often it asked; each time it was answered.
    fn end(self) -> usize {
        self.stop.store(true, Ordering::SeqCst);
        self.asking.join().expect("it was answered each time")
    }
}

#[test]
fn five_hundred_who_never_come_to_an_end_hold_up_nobody() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().expect("a folder");
    let server =
        server(dir.path(), &[("CONTENTHUB_HEAD_MAX_SECONDS", "3"), ("CONTENTHUB_BODY_MAX_SECONDS", "3")]);
    let other = Other::begin(&server);
    let count = as_many_as(500);
    let post = format!(
        "POST /api/v1/contents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 9000\r\n\r\n{{",
        server.token()
    );
    let mut slow: Vec<Raw> = (0..count)
        .map(|number| {
            let mut raw = Raw::connect(server.address());
            match number % 3 {
                0 => raw.say("GET / HTTP/1.1\r\nx-slow: "),
                1 => raw.say(&post),
                // After a whole request.
                _ => raw.say(get("/healthz", "") + "GET /hea"),
            }
            raw
        })
        .collect();
    eventually("each of them is cut, however long it goes on", || {
        slow.retain_mut(|raw| raw.try_say("x").is_ok());
        thread::sleep(Duration::from_millis(100));
        slow.is_empty().then_some(())
    });
    assert!(other.end() > 0);
    assert!(memory_mb(&server, "VmHWM") <= MEMORY_MAX_MB, "{} MB", memory_mb(&server, "VmHWM"));
}

#[test]
fn ten_thousand_idle_connections_cost_little_and_hold_up_nobody() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[("CONTENTHUB_KEEP_ALIVE_SECONDS", "600")]);
    let count = as_many_as(10_000);
    let mut idle = Vec::with_capacity(count);
    for _ in 0..count {
        let mut raw = Raw::connect(server.address());
        raw.say(get("/healthz", ""));
        assert_eq!(raw.status(), 200);
        idle.push(raw);
    }
    let other = Other::begin(&server);
    // They are all still there, and each is answered again.
    for raw in &mut idle {
        raw.say(get("/healthz", ""));
    }
    for raw in &mut idle {
        assert_eq!(raw.status(), 200);
    }
    assert!(other.end() > 0);
    let most = memory_mb(&server, "VmHWM");
    println!("{most} MB with {count} idle connections");
    assert!(most <= MEMORY_MAX_MB, "{most} MB with {count} idle connections");
}

/// Bodies of any size and shape, announced and not.
#[test]
fn what_would_fill_the_memory_is_refused_before_it_is_there() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[]);
    let other = Other::begin(&server);
    let head = |more: &str| {
        format!(
            "POST /api/v1/contents HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{more}\r\n\r\n",
            server.token()
        )
    };
    const GIGABYTE: usize = 1 << 30;
    let megabyte = vec![b'x'; 1 << 20];
    let told = |raw: &mut Raw| {
        let answer = raw.answer().expect("an answer").expect("an answer");
        (status(&answer), String::from_utf8_lossy(&answer.body).into_owned())
    };
    let mut announced = Raw::connect(server.address());
    announced.say(head(&format!("content-length: {GIGABYTE}")));
    let (refused, text) = told(&mut announced);
    assert!(refused == 413 && text.contains("body_too_large"), "{text}");

    let mut chunked = Raw::connect(server.address());
    chunked.say(head("transfer-encoding: chunked"));
    let chunk = [format!("{:x}\r\n", megabyte.len()).as_bytes(), &megabyte, b"\r\n"].concat();
    let sent = (0..GIGABYTE / megabyte.len()).take_while(|_| chunked.try_say(&chunk).is_ok()).count();
    // What is refused is read no further, but for what the systems' buffers take.
    assert!(sent < 100, "{sent} MB were read of a body that was refused after 8");
    match told_before_the_end(&mut chunked) {
        Ok(refused) => assert_eq!(refused, 413),
        // The answer may be lost with what was still on the way.
        Err(error) => println!("cut after {sent} MB: {error}"),
    }

    let bombs = [
        ("a gzip bomb", include_bytes!("../support/bomb.json.gz").to_vec(), "content-encoding: gzip", 415),
        ("JSON 10,000 deep", "[".repeat(10_000).into_bytes(), "", 400),
        ("many small objects", format!("[{}{{}}]", "{\"\":0},".repeat(1_000_000)).into_bytes(), "", 413),
        ("many lists", format!("[{}[]]", "[],".repeat(2_000_000)).into_bytes(), "", 413),
        ("many numbers", format!("[{}0]", "0,".repeat(4_000_000)).into_bytes(), "", 413),
    ];
    for (what, body, more, expected) in bombs {
        let more = if more.is_empty() { String::new() } else { format!("{more}\r\n") };
        let mut raw = Raw::connect(server.address());
        raw.say(head(&format!("{more}content-length: {}", body.len())));
        raw.say(&body);
        let (refused, text) = told(&mut raw);
        assert_eq!(refused, expected, "{what}: {text}");
    }
    let plain = json!({"title": "as ever", "body": "x"});
    server.post("/api/v1/contents", &plain).expect_status(201);
    println!("others asked {} times", other.end());
    let most = memory_mb(&server, "VmHWM");
    assert!(most <= MEMORY_MAX_MB, "{most} MB");
}

fn told_before_the_end(raw: &mut Raw) -> io::Result<u16> {
    let answer = raw.answer()?.ok_or(io::ErrorKind::UnexpectedEof)?;
    Ok(status(&answer))
}

/// Whoever came first keeps no place that he does not need.
#[test]
fn whoever_leaves_makes_room() {
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let dir = tempfile::tempdir().expect("a folder");
    let server = server(dir.path(), &[("CONTENTHUB_CONNECTIONS_MAX", "50")]);
    for _ in 0..20 {
        let crowd: Vec<Raw> = (0..200).filter_map(|_| Raw::try_connect(server.address()).ok()).collect();
        drop(crowd);
    }
    eventually("there is a place", || {
        let mut raw = Raw::connect(server.address());
        raw.say(get("/healthz", ""));
        told_before_the_end(&mut raw).is_ok_and(|status| status == 200).then_some(())
    });
}
