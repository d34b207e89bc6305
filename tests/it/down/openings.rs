//! A lane that opens publishes at once: by a timer where the time alone opens it, else because somebody changed it. On a
//! clock where nothing moves but by the test's hand nothing else can bring it about.

use super::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::played::{Played, answers};
use crate::support::product::instant;
use chrono::Timelike;
use contenthub::domain::clock::Clock;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::lane_settings::LaneChanges;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::operations::account::{ResumeAccount, SuspendAccount, UpdateAccount};
use contenthub::platforms::registry::Registry;
use contenthub::{CreateAccount, Settings};

const SECOND: Duration = Duration::from_secs(1);
/// Shorter than anybody sleeps at the longest, so that a timer is set to the instant itself.
const SPAN: Duration = Duration::from_secs(4);

/// A server on a clock by hand, of which each case has an account of its own.
struct Opening {
    app: Arc<App>,
    clock: Arc<SteppedClock>,
    node: TestNode,
}

impl Opening {
    fn start(url: &DatabaseUrl, dir: &Path) -> Self {
        let played = Played::new(DeliveryClass::Keyed, answers([Seen::Accepted(Receipt::default())]));
        let (clock, registry) =
            (Arc::new(SteppedClock::by_hand()), Registry::default().with(Arc::new(played)));
        // Longer than any leap, so that nobody is taken for dead by it.
        let settings = Settings { lease_seconds: 120, ..settings(url, dir) };
        let app = Arc::new(App::open_with(settings, registry, clock.clone()).expect("opened"));
        let node = TestNode::start(&app);
        Opening { app, clock, node }
    }

    fn account(&self, name: &str, lane: LaneChanges, zone: Option<&str>) -> AccountId {
        let create =
            CreateAccount { lane, timezone: zone.map(str::to_owned), ..CreateAccount::new(name, "played") };
        self.node.perform(create).expect("an account").id
    }

    fn add(&self, count: usize, account: AccountId) {
        self.node.perform(AddMany { count, account, at: None }).expect("added");
    }

    fn change(&self, account: AccountId, lane: LaneChanges, enabled: Option<bool>) {
        let change = UpdateAccount { lane, enabled, ..UpdateAccount::new(account) };
        self.node.perform(change).expect("changed");
    }

    /// Those of an account, first to last.
    fn of(&self, account: AccountId) -> Vec<EntryView> {
        let mut all: Vec<_> =
            entries(&self.app).into_iter().filter(|entry| entry.account_id == account).collect();
        all.sort_by_key(|entry| entry.id);
        all
    }

    /// When they were sent, once so many are out and no more.
    #[track_caller]
    fn out(&self, account: AccountId, count: usize) -> Vec<Timestamp> {
        eventually(&format!("{count} are out: {:?}", self.of(account)), || {
            let all = self.of(account);
            let out = all.iter().filter(|entry| entry.status == EntryStatus::Published).count();
            (out == count).then_some(())
        });
        let ids = self.of(account).into_iter().take(count).map(|entry| entry.id);
        ids.map(|id| attempts(&self.app, id).first().expect("it was sent").started_at).collect()
    }

    /// Its last entry waits, and says so.
    #[track_caller]
    fn waits(&self, account: AccountId, words: &str) -> String {
        eventually(&format!("the last waits: {words}"), || {
            let last = self.of(account).pop()?;
            assert_ne!(last.status, EntryStatus::Published, "it is shut");
            last.waiting_for.filter(|waits| waits.contains(words))
        })
    }

    /// A timer is set to that very instant, which comes.
    #[track_caller]
    fn comes(&self, account: AccountId, out: usize, at: Timestamp) {
        eventually(&format!("a timer is set to {at}"), || (self.clock.timers_at(at) > 0).then_some(()));
        assert_eq!(self.out(account, out).len(), out, "before its time");
        self.clock.forward(at.since(self.app.now()));
        assert_eq!(self.out(account, out + 1)[out], at);
    }
}

fn spaced(seconds: i64) -> LaneChanges {
    LaneChanges { spacing_seconds: Some(seconds), ..LaneChanges::default() }
}

fn within(windows: Vec<String>) -> LaneChanges {
    LaneChanges { windows: Some(windows), ..LaneChanges::default() }
}

fn capped(daily_cap: i64) -> LaneChanges {
    LaneChanges { daily_cap: Some(Some(daily_cap)), ..LaneChanges::default() }
}

fn on_both_opened(test: impl Fn(&Opening) + Sync) {
    on_both_at_once(|url, dir| test(&Opening::start(url, dir)));
}

#[test]
fn a_spaced_lane_opens_by_the_clock_after_each() {
    on_both_opened(|opening| {
        let (account, start) = (opening.account("spaced", spaced(1), None), opening.app.now());
        opening.add(5, account);
        assert_eq!(opening.out(account, 1), [start]);
        for (out, after) in (1..5).zip(1..) {
            opening.comes(account, out, start + SECOND * after);
        }
    });
}

#[test]
fn what_is_suspended_until_a_time_opens_by_the_clock() {
    on_both_opened(|opening| {
        let (account, until) =
            (opening.account("suspended", LaneChanges::default(), None), opening.app.now() + SPAN);
        let suspend = SuspendAccount { id: account, reason: "a break".to_owned(), until: Some(until) };
        opening.node.perform(suspend).expect("suspended");
        opening.add(1, account);
        opening.waits(account, "a break");
        opening.comes(account, 0, until);
    });
}

#[test]
fn a_window_opens_by_the_clock() {
    on_both_opened(|opening| {
        let minute = 60_000_000;
        let opens = Timestamp::from_micros((opening.clock.now().micros() / minute + 2) * minute);
        let closes = opens + Duration::from_secs(3600);
        let window = format!("{}-{}", opens.to_utc().format("%H:%M"), closes.to_utc().format("%H:%M"));
        let account = opening.account("window", within(vec![window]), Some("UTC"));
        opening.add(1, account);
        opening.waits(account, "outside");
        // In a leap beyond the longest sleep: whoever sleeps looks again on the way.
        opening.clock.forward(opens.since(opening.clock.now() + SPAN));
        opening.comes(account, 0, opens);
    });
}

#[test]
fn a_cap_that_is_raised_opens_its_lane_at_once() {
    on_both_opened(|opening| {
        // Far from midnight, whenever this runs.
        let hour = opening.app.now().to_utc().hour();
        let (zone, midnight) =
            if hour < 12 { ("Etc/GMT-6", "T18:00:00") } else { ("Etc/GMT+6", "T06:00:00") };
        let account = opening.account("capped", capped(2), Some(zone));
        opening.add(3, account);
        let now = opening.app.now();
        assert_eq!(opening.out(account, 2), [now; 2]);
        let waits = opening.waits(account, "the account's daily cap of 2 is reached, until ");
        let until = instant(&json!(waits.rsplit(' ').next()));
        assert!(until.to_string().contains(&format!("{midnight}.000000Z")), "{waits}");
        assert!(until > now && until < now + Duration::from_secs(24 * 3600), "{waits}");
        opening.change(account, capped(3), None);
        assert_eq!(opening.out(account, 3), [now; 3]);
    });
}

#[test]
fn a_lane_that_somebody_opens_publishes_at_once() {
    on_both_opened(|opening| {
        // A day of the week that it is not, whatever the zone.
        let other = opening.app.now() + Duration::from_secs(3 * 24 * 3600);
        let window = format!("{} 10:00-11:00", other.to_utc().format("%a").to_string().to_lowercase());
        let same = LaneChanges::default;
        for (name, shut, opens, words) in [
            ("disabled", (same(), Some(false)), (same(), Some(true)), "disabled"),
            ("windows", (within(vec![window]), None), (within(vec![]), None), "outside"),
            ("spacing", (spaced(3600), None), (spaced(0), None), "spacing of 3600 s"),
        ] {
            let account = opening.account(name, same(), None);
            opening.add(1, account);
            opening.out(account, 1);
            opening.change(account, shut.0, shut.1);
            // Of spaced lanes the first send is what the next one waits for.
            let next = if name == "spacing" { 2 } else { 1 };
            opened(opening, account, next, words, || opening.change(account, opens.0.clone(), opens.1));
        }
        let account = opening.account("resumed", same(), None);
        opening.add(1, account);
        opening.out(account, 1);
        let suspend = SuspendAccount { id: account, reason: "on holiday".to_owned(), until: None };
        opening.node.perform(suspend).expect("suspended");
        opened(opening, account, 1, "on holiday", || {
            opening.node.perform(ResumeAccount(account)).expect("resumed");
        });
    });
}

/// Of so many the last waits at the shut gate, and goes out when it is opened.
#[track_caller]
fn opened(opening: &Opening, account: AccountId, next: usize, words: &str, open: impl Fn()) {
    opening.add(next, account);
    opening.waits(account, words);
    opening.out(account, next);
    open();
    assert_eq!(opening.out(account, next + 1)[next], opening.app.now());
}
