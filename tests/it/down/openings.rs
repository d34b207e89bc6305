//! A lane that opens publishes at once: by a timer where the time alone opens it, else because somebody changed it.

use super::*;
use crate::support::clock::SteppedClock;
use crate::support::node::TestNode;
use crate::support::product::instant;
use chrono::Timelike;
use contenthub::CreateAccount;
use contenthub::domain::clock::Clock;
use contenthub::domain::lane_settings::LaneChanges;
use contenthub::platforms::registry::Registry;
use serde_json::Value;

/// A node looks by itself after 15 s, if nothing else has it look before.
const PROMPTLY: Duration = Duration::from_secs(1);
const SECOND: Duration = Duration::from_secs(1);

/// A server of which each case has an account of its own.
struct Opening {
    product: Product,
    app: App,
}

impl Opening {
    fn account(&self, name: &str, more: Value) -> i64 {
        self.product.account_with(name, more)
    }

    fn add(&self, name: &str, count: usize, account: i64) {
        let added = AddMany { count, account: AccountId(account), at: None };
        self.app.run(added).unwrap_or_else(|error| panic!("{name}: {error}"));
    }

    /// What has arrived, once it is so many.
    #[track_caller]
    fn arrived(&self, name: &str, count: usize) -> Vec<Post> {
        let path = format!("/{name}");
        eventually(&format!("{count} at {path}"), || {
            let posts = at_path(&self.product.receiver, &path);
            (posts.len() >= count).then_some(posts)
        })
    }

    /// Its only entry that waits says so.
    #[track_caller]
    fn waits(&self, account: i64, words: &str) -> String {
        let path = format!("/publish-pool/list?account_id={account}&status=pending");
        let found = self.product.until(&path, |page| {
            page["items"][0]["waiting_for"].as_str().is_some_and(|waits| waits.contains(words))
        });
        found["items"][0]["waiting_for"].as_str().unwrap_or_default().to_owned()
    }
}

#[test]
fn a_lane_that_opens_publishes_at_once() {
    on_both_at_once(|url, dir| {
        let product = Product::start(url, dir);
        let app = App::open(settings(url, dir)).expect("opened");
        let opening = Opening { product, app };
        spaced(&opening);
        suspended_until(&opening);
        capped(&opening);
        opened_by_somebody(&opening);
    });
}

fn spaced(opening: &Opening) {
    let account = opening.account("spaced", json!({"spacing_seconds": 1}));
    opening.add("spaced", 5, account);
    let posts = opening.arrived("spaced", 5);
    for pair in posts.windows(2) {
        let apart = pair[1].arrived - pair[0].arrived;
        assert!((SECOND..SECOND + PROMPTLY).contains(&apart), "{apart:?} apart");
    }
}

fn suspended_until(opening: &Opening) {
    let account = opening.account("suspended", json!({}));
    let (began, until) = (Instant::now(), now() + 2 * SECOND);
    let body = json!({"reason": "a short break", "until": until.to_string()});
    opening.product.post(&format!("/accounts/{account}/suspend"), &body, 200);
    opening.add("suspended", 1, account);
    let after = opening.arrived("suspended", 1)[0].arrived - began;
    assert!((2 * SECOND..2 * SECOND + PROMPTLY).contains(&after), "out after {after:?}");
}

fn capped(opening: &Opening) {
    // Far from midnight, whenever this runs.
    let hour = now().to_utc().hour();
    let (zone, midnight) = if hour < 12 { ("Etc/GMT-6", "T18:00:00") } else { ("Etc/GMT+6", "T06:00:00") };
    let account = opening.account("capped", json!({"daily_cap": 2, "timezone": zone}));
    opening.add("capped", 3, account);
    let waits = opening.waits(account, "the account's daily cap of 2 is reached, until ");
    let until = instant(&json!(waits.rsplit(' ').next()));
    assert!(until.to_string().contains(&format!("{midnight}.000000Z")), "{waits}");
    assert!(until > now() && until < now() + Duration::from_secs(24 * 3600), "{waits}");
    assert_eq!(opening.arrived("capped", 2).len(), 2);
    let changed = Instant::now();
    opening.product.patch(&format!("/accounts/{account}"), &json!({"daily_cap": 3}), 200);
    let third = opening.arrived("capped", 3)[2].arrived;
    assert!(third >= changed && third < changed + PROMPTLY, "{:?}", third - changed);
}

fn opened_by_somebody(opening: &Opening) {
    // A day of the week that it is not, whatever the zone.
    let weekday =
        (now() + Duration::from_secs(3 * 24 * 3600)).to_utc().format("%a").to_string().to_lowercase();
    let window = format!("{weekday} 10:00-11:00");
    for (name, shut, opens, words) in [
        ("disabled", json!({"enabled": false}), json!({"enabled": true}), "disabled"),
        ("windows", json!({"windows": [window]}), json!({"windows": []}), "outside"),
        ("spacing", json!({"spacing_seconds": 3600}), json!({"spacing_seconds": 0}), "spacing of 3600 s"),
        ("resumed", Value::Null, Value::Null, "on holiday"),
    ] {
        let account = opening.account(name, json!({}));
        opening.add(name, 1, account);
        opening.arrived(name, 1);
        opening
            .product
            .until(&format!("/publish-pool/stats?account_id={account}"), |it| it["published"] == 1);
        let path = format!("/accounts/{account}");
        match &shut {
            Value::Null => {
                opening.product.post(&format!("{path}/suspend"), &json!({"reason": "on holiday"}), 200)
            }
            shut => opening.product.patch(&path, shut, 200),
        };
        // Of spaced lanes the first send is what the next one waits for.
        let second = if name == "spacing" { 2 } else { 1 };
        opening.add(name, second, account);
        opening.waits(account, words);
        let before = at_path(&opening.product.receiver, &format!("/{name}")).len();
        assert_eq!(before, second, "{name}: it is shut");
        let changed = Instant::now();
        match &opens {
            Value::Null => opening.product.post(&format!("{path}/resume"), &json!({}), 200),
            opens => opening.product.patch(&path, opens, 200),
        };
        let posts = opening.arrived(name, before + 1);
        let after = posts[before].arrived.checked_duration_since(changed).expect("not before");
        assert!(after < PROMPTLY, "{name}: {after:?}");
    }
}

/// Windows open on the minute, so that the clock has to be brought to two seconds before one.
#[test]
fn a_window_opens_by_the_clock() {
    on_both_at_once(|url, dir| {
        let clock = Arc::new(SteppedClock::new());
        let registry = Registry::builtin(&dir.join("sites"));
        let app = Arc::new(App::open_with(settings(url, dir), registry, clock.clone()).expect("opened"));
        let receiver = Receiver::start();
        let minute = 60_000_000;
        let opens = Timestamp::from_micros((clock.now().micros() / minute + 2) * minute);
        let window = format!(
            "{}-{}",
            opens.to_utc().format("%H:%M"),
            (opens + Duration::from_secs(3600)).to_utc().format("%H:%M")
        );
        let create = CreateAccount {
            settings: json!({"url": receiver.url("/")}),
            lane: LaneChanges { windows: Some(vec![window]), ..LaneChanges::default() },
            ..CreateAccount::new("window", "webhook")
        };
        let account = app.create_account(create).expect("an account").id;
        clock.forward(opens.since(clock.now() + 2 * SECOND));
        let node = TestNode::start(&app);
        let id = add(&app, "in time", account);
        receiver.wait_for(1, SOON);
        let started = eventually("it is written", || attempts(&app, id).first().map(|row| row.started_at));
        assert!(started >= opens && started < opens + PROMPTLY, "{started} is not {opens}");
        drop(node);
    });
}
