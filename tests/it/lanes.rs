//! Platforms that hang hold up nobody else: each lane may always send one, and what is old holds no shared slot.

use crate::support::app::*;
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::{Product, instant};
use crate::support::receiver::{Answer, Post};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::execution::Trigger;
use contenthub::domain::ids::NodeId;
use contenthub::domain::turns::Room;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::pool::AddToAccounts;
use contenthub::{AccountId, Addition, App, CreateAccount, CreateContent, Priority};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// A server and its receiver, on which every path that begins with `hangs` gives no answer until it is released.
struct Crowd {
    product: Product,
    /// On the same database: adds quicker than requests do.
    app: App,
}

impl Crowd {
    fn gather(url: &DatabaseUrl, dir: &Path, slots: usize) -> Self {
        // This process holds an end of each request too.
        rlimit::increase_nofile_limit(16_384).expect("enough open files");
        let cli = Cli::on(dir, url).env("CONTENTHUB_CONCURRENCY", &slots.to_string());
        let product = Product::start_with(cli);
        product.receiver.rule(|post, _| hangs(post).then(|| Answer::status(200).held()));
        let app = App::open(settings(url, dir)).expect("opened");
        Crowd { product, app }
    }

    /// Lanes that hang, each with this many entries of the greatest urgency.
    fn hanging(&self, lanes: usize, entries: usize) {
        let accounts: Vec<AccountId> = (0..lanes).map(|lane| self.lane(&format!("hangs-{lane}"))).collect();
        (0..entries).for_each(|_| self.add(1, &accounts));
    }

    fn lane(&self, name: &str) -> AccountId {
        let url = self.product.receiver.url(&format!("/{name}"));
        let settings = json!({"url": url, "timeout_seconds": 120});
        let create = CreateAccount { settings, concurrency: Some(64), ..CreateAccount::new(name, "webhook") };
        self.app.create_account(create).expect("an account").id
    }

    /// An entry on each of these.
    fn add(&self, priority: i32, accounts: &[AccountId]) {
        let content = self.app.create_content(CreateContent::new("x", "# x")).expect("a content");
        let priority = Priority::try_from(priority).expect("in range");
        let addition = Addition { priority, ..Addition::of(content.id) };
        self.app.run(AddToAccounts { addition, accounts: accounts.to_vec() }).expect("added");
    }

    /// How many requests hang, once `more` others have arrived.
    fn hanging_at(&self, path: &str, more: usize) -> usize {
        let is_of_path = |post: &&Post| post.path == path;
        eventually(&format!("{more} requests at {path}"), || {
            let posts = self.product.receiver.posts();
            let found = posts.iter().filter(is_of_path).count();
            let until = posts.iter().position(|post| post.path == path)?;
            (found >= more).then(|| posts[..until].iter().filter(|post| hangs(post)).count())
        })
    }

    /// Lets all go, and counts what is out in the end, each of it once.
    fn all_is_out(&self, entries: usize) {
        eventually("all is out", || {
            // What comes meanwhile is held too.
            self.product.receiver.release();
            (self.product.get("/publish-pool/stats")["published"] == entries).then_some(())
        });
        let ids = self.product.receiver.by_webhook_id();
        assert_eq!((ids.len(), ids.values().max()), (entries, Some(&1)));
    }
}

fn hangs(post: &Post) -> bool {
    post.path.starts_with("/hangs")
}

#[test]
fn eight_lanes_that_hang_hold_up_nobody_and_fill_all_the_same() {
    on_both(|url, dir| {
        let crowd = Crowd::gather(url, dir, 64);
        crowd.hanging(8, 64);
        crowd.product.receiver.wait_for(64, SOON);
        let good = crowd.lane("good");
        (0..200).for_each(|_| crowd.add(10, &[good]));
        let before = crowd.hanging_at("/good", 200);
        assert!(before < 512, "they filled their lanes before the last in line sent anything");
        let status = crowd.product.get("/scheduler/status");
        assert!(status["in_flight"].as_u64() >= Some(64), "{status}");
        // What was young then is old now, and lets more of its own kind out.
        crowd.product.receiver.wait_for(200 + 129, SOON);
        crowd.all_is_out(512 + 200);
    });
}

#[test]
fn a_lane_with_nothing_on_the_wire_needs_no_slot() {
    on_both(|url, dir| {
        let crowd = Crowd::gather(url, dir, 64);
        crowd.hanging(65, 4);
        crowd.product.receiver.wait_for(65, SOON);
        let last = crowd.lane("last");
        crowd.add(10, &[last]);
        let before = crowd.hanging_at("/last", 1);
        assert!(before < 65 * 3, "all that was more urgent went out before it");
        crowd.all_is_out(65 * 4 + 1);
    });
}

#[test]
fn a_node_has_so_many_on_the_wire_at_the_most_and_a_lane_its_first_even_then() {
    on_both(|url, dir| {
        let crowd = Crowd::gather(url, dir, 1000);
        crowd.hanging(20, 64);
        // As many as there are slots go at once, the rest when those are old.
        crowd.product.receiver.wait_for(1024, 2 * SOON);
        let last = crowd.lane("last");
        crowd.add(10, &[last]);
        crowd.hanging_at("/last", 1);
        let mut lanes: BTreeMap<String, usize> = BTreeMap::new();
        for post in crowd.product.receiver.posts() {
            *lanes.entry(post.path).or_default() += 1;
        }
        lanes.remove("/last");
        assert_eq!((lanes.len(), lanes.values().sum::<usize>()), (20, 1024), "{lanes:?}");
        assert!(lanes.values().all(|count| *count <= 64), "{lanes:?}");
        crowd.all_is_out(20 * 64 + 1);
    });
}

/// Where all slots are held, only lanes without an attempt are looked at; and nobody spins for the others.
#[test]
fn a_full_node_claims_one_for_each_other_lane_and_waits_for_their_next() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [busy, idle] = ["busy", "idle"].map(|name| webhook(&app, name, "http://127.0.0.1:9/"));
        add(&app, "waits", busy);
        let later = app.now() + Duration::from_secs(60);
        add_at(&app, "later", idle, later);
        let task = task(&app, "run");
        app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let turn = |own: &[AccountId]| {
            let own = own.iter().map(|lane| (*lane, 1)).collect();
            let room = Room { shared: 0, firsts: true, own, a_suspect: true, questions: 0 };
            let cycle = Cycle {
                node: NodeId("n1".to_owned()),
                lease: SOON,
                scope: ClaimScope::Task(task),
                ended: Default::default(),
                room,
                read_back: None,
                clock_is_right: true,
            };
            let done = app.run(cycle).expect("a cycle");
            let claimed: Vec<AccountId> = done.claims.iter().map(|claim| claim.account).collect();
            (claimed, done.open, done.look_again)
        };
        assert_eq!(turn(&[busy]), (vec![], 1, Some(later)), "not for what waits for a slot");
        assert_eq!(turn(&[busy, idle]), (vec![], 1, None));
        for title in ["a", "b"] {
            add(&app, title, idle);
        }
        assert_eq!(turn(&[busy]), (vec![idle], 1, None));
        assert_eq!(turn(&[busy, idle]), (vec![], 1, None));
        let (mut claimed, open, _) = turn(&[]);
        claimed.sort_unstable();
        assert_eq!((claimed, open), (vec![busy, idle], 1), "one of each, however many wait");
    });
}

/// What falls due on an idle lane of a full node goes out by a timer: nobody tells the node of it.
#[test]
fn an_entry_of_an_idle_lane_is_on_time_though_all_slots_are_held() {
    on_both(|url, dir| {
        let crowd = Crowd::gather(url, dir, 1);
        crowd.hanging(1, 64);
        let idle = crowd.lane("idle");
        let at = crowd.app.now() + Duration::from_millis(1500);
        let entry = add_at(&crowd.app, "on time", idle, at);
        let published = crowd.product.entry_is(entry.0, "published");
        let late = instant(&published["published_at"]).since(at);
        assert!(late < Duration::from_millis(400), "{late:?} late");
    });
}
