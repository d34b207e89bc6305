//! The table of outcomes on a real wire: what misbehaves, really does, and what becomes of the entry is what
//! docs/delivery.md says. That file's table is printed from here.

mod rows;
mod table;

use crate::support::command::Cli;
use crate::support::peer::{Peer, free_port};
use crate::support::product::{Product, SOON, instant, now};
use contenthub::actors::system_clock::SystemClock;
use contenthub::domain::content::Article;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::ids::{AccountId, ContentId, EntryId, IdempotencyKey};
use contenthub::domain::outbound::OutboundAllow;
use contenthub::domain::outcome::{OnUnknownEnd, Receipt, Rules, Seen, judge};
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::{Settlement, Standing, settle};
use contenthub::domain::trust::{Trust, TrustWindow};
use contenthub::platforms::install_crypto_provider;
use contenthub::platforms::journal::{Journal, Keeper, Mark, NotKept};
use contenthub::platforms::outbound::Outbound;
use contenthub::platforms::pictures::Pictures;
use contenthub::platforms::platform::{Credentials, Destination, Platform, PublishCall, SETTLE_TIME_DEFAULT};
use contenthub::platforms::tokens::Tokens;
use contenthub::platforms::webhook::Webhook;
use contenthub::{EntryStatus, Timestamp};
use futures_util::future::LocalBoxFuture;
use rows::{Row, Scene, all};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// When every attempt begins and ends, in seconds since 1970: 15 January 2027, 08:00:00.
const NOW: i64 = 1_800_000_000;
const KEY: &str = "key-1";
/// Rows that are played at the same time; most of them only wait.
const AT_ONCE: usize = 12;

/// No answer is taken so far: 64 KB of it are read, and the system takes some more in advance.
const ENOUGH_BYTES: usize = 10 << 20;

/// One for all rows, as in a program.
static WEBHOOK: LazyLock<Webhook> = LazyLock::new(|| Webhook::new(Outbound::new(OutboundAllow::loopback())));

/// What a row came to.
struct Observed {
    /// Of what went wrong, as the log has it; empty where nothing did.
    code: String,
    receipt: Receipt,
    /// By class: what became of the entry, in the words of the table.
    ends: Vec<String>,
}

/// A webhook has no steps.
struct NoSteps;

impl Keeper for NoSteps {
    fn keep(&self, step: &'static str, _: Mark) -> LocalBoxFuture<'static, Result<(), NotKept>> {
        panic!("a step: {step}")
    }
}

fn call(url: &str, row: &Row) -> PublishCall {
    let clock = Arc::new(SystemClock::new());
    let trust = Trust::new(TrustWindow::begin(&*clock, Duration::from_secs(600)), clock);
    let settings = json!({"url": url, "timeout_seconds": row.timeout_seconds});
    PublishCall {
        entry: EntryId(1),
        attempt: 1,
        key: IdempotencyKey(KEY.to_owned()),
        article: Article {
            content_id: ContentId(1),
            revision: 1,
            title: "Hello".to_owned(),
            body: "x".repeat(row.body_bytes),
            digest: None,
            author: None,
            cover: None,
            tags: Vec::new(),
            source_url: None,
        },
        destination: Arc::new(Destination {
            account_id: AccountId(1),
            account_name: "hook".to_owned(),
            settings,
            credentials: Credentials::default(),
        }),
        time_left: Duration::from_secs(60),
        unix_seconds: NOW,
        worked: Duration::ZERO,
        journal: Journal::new(BTreeMap::new(), Arc::new(NoSteps), trust.clone()),
        tokens: Tokens::unkept(),
        trust,
        pictures: Pictures::none(),
        extras: Vec::new(),
    }
}

/// Publishes as often as the row says; what was seen the last time.
async fn publish(row: &Row, scene: &Scene) -> Seen {
    for _ in 0..row.crowd {
        let elsewhere = scene.crowded_url.as_deref().unwrap_or(&scene.url);
        let patient = Row { timeout_seconds: 60, ..Row::default() };
        actix_rt::spawn(WEBHOOK.publish(call(elsewhere, &patient)));
    }
    // Until each of them has had its turn.
    for _ in 0..row.crowd {
        actix_rt::task::yield_now().await;
    }
    for _ in 1..row.posts {
        let seen = WEBHOOK.publish(call(&scene.url, row)).await;
        assert!(matches!(seen, Seen::Accepted(_)), "before the last one: {seen:?}");
        if let Some(closed) = &scene.closed {
            closed.recv_timeout(SOON).expect("the peer has closed the connection");
            actix_rt::time::sleep(Duration::from_millis(10)).await; // the system's news are read meanwhile
        }
    }
    WEBHOOK.publish(call(&scene.url, row)).await
}

fn observe(row: &Row) -> Observed {
    let scene = (row.scene)();
    let begun = Instant::now();
    // Connections are kept by thread, so each row has one of its own.
    let seen = actix_rt::System::new().block_on(publish(row, &scene));
    let took = begun.elapsed();
    assert!(row.takes.contains(&took), "it took {took:?}");
    if let Some(taken) = &scene.taken {
        let bytes = taken.recv_timeout(SOON).expect("the peer's count");
        assert!(bytes < ENOUGH_BYTES, "{bytes} bytes were taken of an answer");
    }
    let end = |class, retry_count, jitter| {
        let standing = Standing { retry_count, max_retries: 3, unproven: false };
        let rules = Rules {
            class,
            on_unknown: OnUnknownEnd::AskAPerson,
            settle_time: SETTLE_TIME_DEFAULT,
            submitted_max: SETTLE_TIME_DEFAULT,
            platform_pause: contenthub::domain::retry::PLATFORM_PAUSE,
        };
        let outcome = judge(seen.clone(), rules);
        settle(outcome, standing, Timestamp::from_micros(NOW * 1_000_000), Jitter::from_random(jitter))
    };
    let ends = DeliveryClass::ALL.map(|class| {
        let last = end(class, 3, 0);
        let was_left = last.unproven || last.status == EntryStatus::Uncertain;
        assert!(!(was_left && last.status == EntryStatus::Failed), "what may be out is called failed");
        table::words(&end(class, 0, 0), &end(class, 0, u64::MAX))
    });
    let Settlement { receipt, .. } = end(DeliveryClass::Keyed, 0, 0);
    Observed { code: seen_code(&seen), receipt, ends: ends.to_vec() }
}

fn seen_code(seen: &Seen) -> String {
    let problem = match seen {
        Seen::Accepted(_) | Seen::Submitted { .. } | Seen::NotSent => return String::new(),
        Seen::NotRepeated(problem) => problem,
        Seen::AcceptedUnread(problem)
        | Seen::NothingLeft(problem)
        | Seen::AskedToWait { problem, .. }
        | Seen::ServerFault { problem, .. }
        | Seen::EndUnseen { problem, .. }
        | Seen::Refused(problem)
        | Seen::WrongAddress(problem)
        | Seen::AccountBroken { problem, .. }
        | Seen::StepFailed { problem, .. }
        | Seen::NotKept { problem, .. }
        | Seen::Broke { problem, .. } => problem,
    };
    problem.code.clone()
}

/// What is not as the row says; none where all is.
fn wrong(row: &Row, observed: &Observed) -> Option<String> {
    let expected = row.becomes.words();
    let media = row.media.unwrap_or(KEY);
    let has_media = observed.receipt.media_id.as_deref().is_none_or(|it| it == media);
    let right = observed.code == row.code && observed.ends == expected && has_media;
    let Observed { code, ends, receipt } = observed;
    (!right)
        .then(|| format!("{}: {code:?}, {ends:#?}, {receipt:?}\nnot {:?}, {expected:#?}", row.what, row.code))
}

#[test]
fn every_row_of_the_table_is_so_on_a_real_wire_and_so_printed_in_the_guide() {
    install_crypto_provider();
    // For the crowd that keeps every connection.
    rlimit::increase_nofile_limit(16_384).expect("files");
    let groups = all();
    let queue: Mutex<Vec<&Row>> = Mutex::new(groups.iter().flat_map(|group| &group.rows).collect());
    let ended = Mutex::new(Vec::new());
    thread::scope(|threads| {
        for _ in 0..AT_ONCE {
            threads.spawn(|| {
                while let Some(row) = { queue.lock().expect("no panic").pop() } {
                    let played = threads.spawn(|| catch_unwind(AssertUnwindSafe(|| observe(row))));
                    let observed = played.join().expect("it is caught");
                    ended.lock().expect("no panic").push((row.what, observed));
                }
            });
        }
    });
    let ended = ended.into_inner().expect("no panic");
    let (mut failures, mut printed) = (Vec::new(), String::new());
    for group in &groups {
        let mut observed = Vec::new();
        for row in &group.rows {
            let (_, end) = ended.iter().find(|(what, _)| *what == row.what).expect("each was played");
            match end {
                Ok(end) => {
                    failures.extend(wrong(row, end));
                    observed.push((row.what, &*end.code, &*end.ends));
                }
                Err(_) => failures.push(format!("{}: panicked, see above", row.what)),
            }
        }
        printed.push_str(&table::print(group.title, &observed));
    }
    assert!(failures.is_empty(), "\n{}", failures.join("\n"));
    table::is_in_the_guide(&printed);
}

/// The same from the outside, for some of the rows: what an operator sees of the entry and in the log.
#[test]
fn what_is_seen_on_the_wire_reaches_the_entry_and_its_log() {
    let dir = tempfile::tempdir().expect("a folder");
    let product = Product::start_with(Cli::in_dir(dir.path()));
    let closes = Peer::start(|mut visit| visit.request().map(drop));
    let plain = Peer::start(|mut visit| {
        visit.say("HTTP/1.1 400 Plain\r\n\r\n")?;
        visit.hold()
    });
    let hangs = Peer::start(|mut visit| {
        visit.request()?;
        visit.hold()
    });
    let continues = Peer::start(|mut visit| {
        visit.request()?;
        visit.say("HTTP/1.1 100 Continue\r\n\r\n")?;
        visit.say("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")?;
        visit.hold()
    });
    let busy = Peer::answering("HTTP/1.1 503 Busy\r\nRetry-After: 70\r\nContent-Length: 0\r\n\r\n");
    let refuses = Peer::answering("HTTP/1.1 422 No\r\nContent-Length: 0\r\n\r\n");
    let refused = format!("http://127.0.0.1:{}/", free_port());
    let tls = format!("https://127.0.0.1:{}/", plain.port());
    // The address, whether the receiver deduplicates; then status, unproven, code and the least wait in seconds.
    let cases = [
        (&refused, true, "pending", false, "refused", 10),
        (&refused, false, "pending", false, "refused", 10),
        (&tls, false, "pending", false, "tls", 10),
        (&closes.url(), true, "pending", true, "connection_lost", 10),
        (&closes.url(), false, "uncertain", true, "connection_lost", 0),
        (&hangs.url(), false, "uncertain", true, "timeout", 0),
        (&continues.url(), false, "published", false, "", 0),
        (&busy.url(), false, "pending", false, "http_503", 60),
        (&refuses.url(), true, "failed", false, "http_422", 0),
    ];
    let begun = now();
    let added = cases.iter().enumerate().map(|(number, (url, deduplicates, ..))| {
        // So that what answers has the time to, on a busy machine.
        let timeout_seconds = if **url == hangs.url() { 1 } else { 20 };
        let settings = json!({"url": url, "deduplicates": deduplicates, "timeout_seconds": timeout_seconds});
        let account = product.account_with(&format!("case {number}"), json!({ "settings": settings }));
        product.add(json!({"content_id": product.content("Hello"), "account_id": account}))
    });
    let added: Vec<i64> = added.collect();
    for (id, case) in added.into_iter().zip(cases) {
        let (url, _, status, unproven, code, wait) = case;
        let entry = product.tried(id);
        assert_eq!(
            (&entry["status"], &entry["unproven"]),
            (&json!(status), &json!(unproven)),
            "{url}: {entry}"
        );
        assert_eq!(entry["retry_count"], 0, "none of these costs a try: {entry}");
        let log = product.get(&format!("/publisher/history?pool_id={id}"));
        let said = if code.is_empty() { Value::Null } else { json!(code) };
        assert_eq!((&log["total"], &log["items"][0]["error_code"]), (&json!(1), &said), "{url}: {log}");
        if wait > 0 {
            let due = instant(&entry["due_at"]);
            assert!(due >= begun + Duration::from_secs(wait), "{url}: due at {due}, begun at {begun}");
        }
    }
}
