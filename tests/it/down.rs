//! Platforms that are away, or want no more for now, seen from outside: what reaches them meanwhile, what goes out when
//! they are back, and that nobody else waits for them.

mod openings;
mod rate;
mod two_nodes;

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::named;
use crate::support::postgres::fresh_database;
use crate::support::product::{Product, now};
use crate::support::receiver::{Answer, Post, Receiver};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::{AccountId, Addition, App, EntryId, EntryStatus, EntryView, Priority, Timestamp};
use diesel::prelude::*;
use diesel::sql_types::BigInt;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::scope;
use std::time::{Duration, Instant};

/// As `on_both`, at the same time: these tests mostly wait.
fn on_both_at_once(test: impl Fn(&DatabaseUrl, &Path) + Sync) {
    let on = |name: &str, url: fn(&Path) -> DatabaseUrl| {
        let dir = tempfile::tempdir().expect("a folder");
        let url = url(dir.path());
        named(name, || test(&url, dir.path()));
    };
    scope(|threads| {
        threads.spawn(|| on("SQLite", DatabaseUrl::in_data_dir));
        threads.spawn(|| on("PostgreSQL", |_| fresh_database()));
    });
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

/// How many entries are so.
#[track_caller]
fn entries_where(url: &DatabaseUrl, condition: &str) -> i64 {
    let query = format!("SELECT count(*) AS n FROM publish_pool WHERE {condition}");
    let mut conn = connect(url).expect("connected");
    diesel::sql_query(query).get_result::<Count>(&mut conn).expect("counted").n
}

/// What arrived at this path.
fn at_path(receiver: &Receiver, path: &str) -> Vec<Post> {
    receiver.posts().into_iter().filter(|post| post.path == path).collect()
}

/// In tens: probes of this many seconds come as an hour's do in ten times as long each.
const OUTAGE: Duration = Duration::from_secs(10);
const ON_EACH: usize = 60;
const HEALTHY_EVERY: Duration = Duration::from_millis(50);

/// How a platform is away, and what its lane is like.
struct Away {
    name: &'static str,
    /// Connections are refused; else they break once the request has arrived.
    refuses: bool,
    deduplicates: bool,
    concurrency: usize,
}

const ALL: [Away; 4] = [
    Away { name: "keyed-refused", refuses: true, deduplicates: true, concurrency: 1 },
    Away { name: "keyed-reset", refuses: false, deduplicates: true, concurrency: 4 },
    Away { name: "blind-refused", refuses: true, deduplicates: false, concurrency: 4 },
    Away { name: "blind-reset", refuses: false, deduplicates: false, concurrency: 1 },
];

/// One of them, with its entries in the order in which they are to go out.
struct Lane {
    away: &'static Away,
    port: u16,
    is_back: Arc<AtomicBool>,
    receiver: Option<Receiver>,
    wanted: Vec<EntryId>,
    titles: BTreeMap<String, EntryId>,
}

impl Lane {
    fn set_up(away: &'static Away, product: &Product, app: &App) -> Self {
        let receiver = Receiver::start();
        let (port, is_back) = (receiver.port(), Arc::<AtomicBool>::default());
        let url = receiver.url("/");
        let looked_at = Arc::clone(&is_back);
        receiver.rule(move |_, _| (!looked_at.load(Ordering::SeqCst)).then(Answer::close));
        let settings = json!({"url": url, "deduplicates": away.deduplicates});
        let account =
            product.account_with(away.name, json!({"settings": settings, "concurrency": away.concurrency}));
        let (account, base) = (AccountId(account), app.now());
        let (mut wanted, mut titles): (Vec<EntryView>, BTreeMap<String, EntryId>) = Default::default();
        for number in 0..ON_EACH {
            let priority = Priority::try_from(1 + number as i32 % 3).expect("in range");
            let at = Timestamp::from_micros(base.micros() - (number as i64 * 7 % 20) * 1_000_000);
            let change = |it| Addition { priority, scheduled_at: Some(at), ..it };
            let title = format!("{} {number}", away.name);
            let id = add_as(app, &title, account, change);
            wanted.push(entry(app, id));
            titles.insert(title, id);
        }
        wanted.sort_by_key(|it| (it.priority, it.due_at, it.id));
        let wanted = wanted.iter().map(|it| it.id).collect();
        // Its port is closed from here on.
        let receiver = (!away.refuses).then_some(receiver);
        Lane { away, port, is_back, receiver, wanted, titles }
    }

    fn entries(&self, app: &App) -> Vec<EntryView> {
        self.wanted.iter().map(|id| entry(app, *id)).collect()
    }

    /// While it was away for so long it got only what was on the wire when it went, and probes; and nobody paid for it.
    fn check_away(&self, app: &App, away_for: Duration) -> usize {
        let entries = self.entries(app);
        let tries: usize = entries.iter().map(|it| it.attempt.unsigned_abs() as usize).sum();
        let (before, probes) = (self.before_it_tripped(), probes_within(away_for));
        let name = self.away.name;
        assert!(tries <= before + probes, "{name}: {tries} tries in {away_for:?}");
        assert!(tries >= 3 + 3, "{name}: {tries} tries in {away_for:?}: no probes");
        assert!(entries.iter().all(|it| it.retry_count == 0), "{name}: a retry was lost");
        let uncertain = entries.iter().filter(|it| it.status == EntryStatus::Uncertain).count();
        let may_be_out = if self.away.deduplicates || self.away.refuses { 0..=0 } else { 3..=before };
        assert!(may_be_out.contains(&uncertain), "{name}: {uncertain} are uncertain");
        if let Some(receiver) = &self.receiver {
            let posts = receiver.posts();
            let sent = posts.iter().filter(|post| post.method == "POST").count();
            // One that is being tried may be counted on one side only.
            assert!(posts.len().abs_diff(tries) <= 1, "{name}: {} requests", posts.len());
            assert!(self.away.deduplicates || sent == uncertain, "{name}: {sent} posts");
        }
        tries
    }

    /// Three failures trip it; each of the first two may let another entry out.
    fn before_it_tripped(&self) -> usize {
        self.away.concurrency + 2
    }

    fn comes_back(&mut self) {
        self.is_back.store(true, Ordering::SeqCst);
        if self.receiver.is_none() {
            self.receiver = Some(Receiver::start_on(self.port));
        }
    }

    fn accepted(&self) -> Vec<Post> {
        let posts = self.receiver.as_ref().expect("it is back").posts();
        posts.into_iter().filter(|post| post.method == "POST" && post.status == Some(200)).collect()
    }

    /// All that is not in doubt went out once, first what found it up, then in order; and by when.
    fn check_back(&self, app: &App) -> Instant {
        let name = self.away.name;
        let expected: Vec<EntryView> = self.entries(app);
        let out = |it: &&EntryView| it.status != EntryStatus::Uncertain;
        let expected: Vec<EntryId> = expected.iter().filter(out).map(|it| it.id).collect();
        eventually(&format!("{name} got all"), || (self.accepted().len() >= expected.len()).then_some(()));
        eventually(&format!("all of {name} is written"), || {
            let done = |it: &EntryView| it.status == EntryStatus::Published;
            (self.entries(app).iter().filter(|it| done(it)).count() == expected.len()).then_some(())
        });
        let accepted = self.accepted();
        let mut keys: BTreeMap<String, usize> = BTreeMap::new();
        for post in &accepted {
            *keys.entry(post.webhook_id().expect("a key").to_owned()).or_default() += 1;
        }
        assert_eq!((keys.len(), accepted.len()), (expected.len(), expected.len()), "{name}: each once");
        let of = |post: &Post| self.titles[post.title().expect("a title")];
        let sent: Vec<EntryId> = accepted.iter().map(of).collect();
        let (probe, rest) = (sent[0], &sent[1..]);
        let expected: Vec<EntryId> = expected.into_iter().filter(|id| *id != probe).collect();
        // What is on the wire together may arrive in any order.
        let together = if self.away.concurrency == 1 { 0 } else { 2 * self.away.concurrency };
        let place = |id: &EntryId| expected.iter().position(|one| one == id).expect("of this lane");
        for (at, id) in rest.iter().enumerate() {
            assert!(place(id).abs_diff(at) <= together, "{name}: {rest:?} is not {expected:?}");
        }
        assert!(self.entries(app).iter().all(|it| it.retry_count == 0), "{name}: a retry was lost");
        accepted.iter().map(|post| post.arrived).max().expect("some")
    }
}

/// The most probes of a lane that has been away for so long, where the first pause is a second.
fn probes_within(span: Duration) -> usize {
    let mut at = Duration::ZERO;
    let pauses = [1, 2, 4, 8].into_iter().chain(std::iter::repeat(10)).map(Duration::from_secs);
    pauses
        .take_while(|pause| {
            at += *pause;
            at <= span
        })
        .count()
}

#[test]
fn five_minutes_of_outage_cost_nothing_and_hold_up_nobody() {
    on_both_at_once(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_PLATFORM_PAUSE_SECONDS", "1");
        let product = Product::start_with(cli).by_hand();
        let app = App::open(settings(url, dir)).expect("opened");
        let mut lanes: Vec<Lane> = ALL.iter().map(|away| Lane::set_up(away, &product, &app)).collect();
        let up = AccountId(product.account("up"));
        let count = (OUTAGE.as_millis() / HEALTHY_EVERY.as_millis()) as usize;
        let first = now() + Duration::from_secs(2) + HEALTHY_EVERY * count as u32 / 10;
        for number in 0..count {
            add_at(&app, &format!("up {number}"), up, first + HEALTHY_EVERY * number as u32);
        }
        let (began, began_at) = (Instant::now(), now());
        product.post("/scheduler/tasks/1/enable", &json!({}), 200);

        let healthy = product.receiver.wait_for(count, 2 * OUTAGE);
        let tries: Vec<usize> = lanes.iter().map(|lane| lane.check_away(&app, began.elapsed())).collect();
        let mut late: Vec<Duration> = Vec::new();
        for post in &healthy {
            let number: u32 = post
                .title()
                .and_then(|it| it.strip_prefix("up "))
                .and_then(|it| it.parse().ok())
                .expect("its number");
            let due = began + (first + HEALTHY_EVERY * number).since(began_at);
            late.push(post.arrived.saturating_duration_since(due));
        }
        late.sort_unstable();
        let (median, p99) = (late[count / 2], late[count * 99 / 100]);
        assert!(median < HEALTHY_EVERY * 4, "the healthy one is {median:?} late");

        let back = Instant::now();
        lanes.iter_mut().for_each(Lane::comes_back);
        for lane in &lanes {
            let done = lane.check_back(&app).saturating_duration_since(back);
            // The longest pause between probes, and some time to send them all.
            assert!(done < Duration::from_secs(10 + 4), "{}: {done:?}", lane.away.name);
            eprintln!("{}: all out {done:?} after it was back", lane.away.name);
        }
        let log = product.server.stderr();
        assert_eq!(log.matches("is taken to be down").count(), ALL.len(), "{log}");
        eprintln!(
            "away for {:?}, {tries:?} tries; the healthy one {median:?} and {p99:?} late",
            back - began
        );
    });
}
