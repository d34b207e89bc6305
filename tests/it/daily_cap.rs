//! How many posts a day an account may have: what is counted, and what gives its place back.

use crate::support::app::*;
use crate::support::node::TestNode;
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::lane_settings::LaneChanges;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::entry::{Resolution, ResolveEntry};
use contenthub::operations::status::GetStatus;
use contenthub::{AccountId, App, EntryId, EntryStatus};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;

struct House {
    app: Arc<App>,
    receiver: Receiver,
    hook: AccountId,
    _node: TestNode,
}

impl House {
    /// An account that nobody would know a repeat on.
    fn open(url: &DatabaseUrl, dir: &Path) -> House {
        let (app, _) = by_hand(url, dir);
        let app = Arc::new(app);
        let receiver = Receiver::start();
        let settings = json!({"url": receiver.url("/hook"), "deduplicates": false});
        let hook = account(&app, "hook", "webhook", settings);
        app.enable_task(first_task(&app)).expect("enabled");
        let node = TestNode::start(&app);
        House { app, receiver, hook, _node: node }
    }

    fn is(&self, id: EntryId, status: EntryStatus) {
        eventually("it is so", || (entry(&self.app, id).status == status).then_some(()));
    }

    fn cap(&self, cap: i64, zone: &str) {
        let lane = LaneChanges { daily_cap: Some(Some(cap)), ..LaneChanges::default() };
        let timezone = Some(zone.to_owned());
        self.app.run(UpdateAccount { lane, timezone, ..UpdateAccount::new(self.hook) }).expect("changed");
    }

    /// How many are counted today.
    fn counted(&self) -> i32 {
        let status = self.app.run(GetStatus).expect("a status");
        status.lanes.iter().find_map(|lane| lane.cap).expect("a cap").0
    }

    /// Another one has no place.
    fn is_full(&self, title: &str) -> EntryId {
        let waits = add(&self.app, title, self.hook);
        eventually("it waits for another day", || {
            entry(&self.app, waits).waiting_for.filter(|why| why.contains("daily cap"))
        });
        waits
    }
}

#[test]
fn a_new_cap_counts_what_went_out_today() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        for title in ["one", "two"] {
            house.is(add(&house.app, title, house.hook), EntryStatus::Published);
        }
        house.cap(2, "UTC");
        assert_eq!(house.counted(), 2);
        let waits = house.is_full("three");
        // By another zone it is another day, and both are in it, too.
        house.cap(2, "Asia/Shanghai");
        assert_eq!(house.counted(), 2);
        house.cap(3, "UTC");
        house.is(waits, EntryStatus::Published);
        assert_eq!((house.counted(), house.receiver.posts().len()), (3, 3));
    });
}

/// What is to be repeated may be out as well.
#[test]
fn a_new_cap_counts_what_may_be_out_and_waits_for_its_next_try() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        let keyed = webhook(&house.app, "keyed", &house.receiver.url("/keyed"));
        let settings = |cap: i64, zone: &str| {
            let lane = LaneChanges { daily_cap: Some(Some(cap)), ..LaneChanges::default() };
            let timezone = Some(zone.to_owned());
            house.app.run(UpdateAccount { lane, timezone, ..UpdateAccount::new(keyed) }).expect("changed");
        };
        let titles = ["one", "two"];
        titles.iter().for_each(|title| house.receiver.on_title(title, [Answer::status(502)]));
        let ids = titles.map(|title| add(&house.app, title, keyed));
        for id in ids {
            eventually("it may be out", || {
                let it = entry(&house.app, id);
                (it.unproven && it.status == EntryStatus::Pending).then_some(())
            });
        }
        let counted = || {
            let status = house.app.run(GetStatus).expect("a status");
            status.lanes.iter().find(|lane| lane.account == keyed).and_then(|lane| lane.cap).expect("a cap").0
        };
        settings(2, "UTC");
        assert_eq!(counted(), 2);
        settings(2, "Asia/Kathmandu");
        assert_eq!(counted(), 2);
    });
}

#[test]
fn what_a_person_says_is_not_out_gives_its_place_back() {
    on_both(|url, dir| {
        let house = House::open(url, dir);
        house.cap(2, "UTC");
        house.receiver.on_title("one", [Answer::close()]);
        house.receiver.on_title("two", [Answer::close(), Answer::status(200)]);
        let [one, two] = ["one", "two"].map(|title| add(&house.app, title, house.hook));
        for id in [one, two] {
            house.is(id, EntryStatus::Uncertain);
        }
        assert_eq!(house.counted(), 2);
        let waits = house.is_full("three");
        let resolve = |id, resolution| {
            house.app.run(ResolveEntry { id, resolution, by: "me".to_owned() }).expect("resolved");
        };
        resolve(one, Resolution::GiveUp);
        house.is(waits, EntryStatus::Published);
        let full = house.is_full("four");
        resolve(two, Resolution::TryAgain);
        // One of the two has the place that is free.
        eventually("it is taken", || (house.receiver.posts().len() == 4).then_some(()));
        let left =
            [full, two].iter().filter(|id| entry(&house.app, **id).status == EntryStatus::Pending).count();
        assert!(left <= 1 && house.counted() == 2, "{left} {}", house.counted());
    });
}
