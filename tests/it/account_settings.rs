//! What a user sets of an account's lane: windows, spacing, cap, and how long its posts are worth trying.

use crate::support::app::{account, add, add_at, by_hand, entry};
use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use chrono_tz::Tz;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::pool_counts;
use contenthub::domain::gates::day_start;
use contenthub::operations::account::UpdateAccount;
use contenthub::{App, EntryId, LaneChanges, Timestamp};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::{BigInt, Bool, Nullable};
use serde_json::{Value, json};
use std::time::Duration;

const SETTINGS: [&str; 5] =
    ["spacing_seconds", "daily_cap", "windows", "give_up_after_seconds", "late_after_seconds"];

/// The settings of an account, in the order of `SETTINGS`.
fn settings(account: &Value) -> Value {
    Value::from(SETTINGS.map(|name| account[name].clone()).to_vec())
}

/// Commands take a number for an id: no other account may be meant by it.
#[test]
fn nobody_is_called_by_a_number() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let blog = product.account("blog");
        let cli = Cli::on(dir, url);
        for name in ["1", " 02 "] {
            let told = product.post("/accounts", &json!({"name": name, "platform": "folder"}), 422);
            assert_eq!(told["errors"][0]["field"], "name", "{told}");
            product.patch(&format!("/accounts/{blog}"), &json!({"name": name}), 422);
            let task = json!({"name": name, "task_type": "publishing", "schedule_type": "on_due"});
            let told = product.post("/scheduler/tasks", &task, 422);
            assert_eq!(told["errors"][0]["field"], "name", "{told}");
        }
        // One that has been there for longer.
        let rename = format!("UPDATE accounts SET name = '{blog}' WHERE id <> {blog}");
        let other = product.account("other");
        connect(url).expect("connected").batch_execute(&rename).expect("renamed");
        assert_eq!(cli.json(&["account", "show", &blog.to_string()])["id"], blog);
        assert_eq!(cli.json(&["account", "show", &other.to_string()])["id"], other);
    });
}

#[test]
fn each_setting_is_made_changed_alone_and_taken_away() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let unset = json!([0, null, [], 86_400, null]);
        let plain = product.account("plain");
        let shown = |id: i64| product.get(&format!("/accounts/{id}"));
        has_fields(&shown(plain), ACCOUNT);
        assert_eq!(settings(&shown(plain)), unset);
        let nulls = json!({"spacing_seconds": null, "daily_cap": null, "windows": null,
            "give_up_after_seconds": null, "late_after_seconds": null});
        assert_eq!(settings(&shown(product.account_with("nulls", nulls))), unset);

        let all = json!({"spacing_seconds": 900, "daily_cap": 8, "give_up_after_seconds": 60,
            "windows": ["MON-FRI 08:00-00:00", "sun,sat 22:00-02:00"], "late_after_seconds": 3600});
        let set = product.account_with("set", all);
        let windows = json!(["mon-fri 08:00-24:00", "sat,sun 22:00-02:00"]);
        assert_eq!(settings(&shown(set)), json!([900, 8, windows, 60, 3600]));

        let mut expected = settings(&shown(set));
        for (place, given, becomes) in [
            (0, json!(31_622_400), json!(31_622_400)),
            (1, json!(1_000_000), json!(1_000_000)),
            (2, json!(["Sun-Sat 07:00-08:00"]), json!(["07:00-08:00"])),
            (3, json!(31_622_400), json!(31_622_400)),
            (4, json!(1), json!(1)),
            (0, Value::Null, json!(0)),
            (1, Value::Null, Value::Null),
            (2, Value::Null, json!([])),
            (3, json!(86_400), json!(86_400)),
            (4, Value::Null, Value::Null),
        ] {
            let name = SETTINGS[place];
            let told = product.patch(&format!("/accounts/{set}"), &json!({name: given}), 200);
            expected[place] = becomes;
            assert_eq!(settings(&told), expected, "{name} was set to {given}");
            assert_eq!(shown(set), told);
        }
        assert_eq!(expected, unset);
        let renamed = product.patch(&format!("/accounts/{set}"), &json!({"windows": ["09:00-10:00"]}), 200);
        let renamed =
            product.patch(&format!("/accounts/{set}"), &json!({"name": renamed["windows"][0]}), 200);
        assert_eq!(renamed["windows"], json!(["09:00-10:00"]), "another change leaves them alone");
    });
}

#[test]
fn the_command_line_sets_them_and_takes_them_away() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url);
        for command in ["create", "update"] {
            let help = cli.ok(&["account", command, "--help"]);
            assert!(help.contains("When its posts go out:"), "{help}");
            let examples: Vec<&str> =
                help.lines().filter_map(|line| line.trim().strip_prefix("contenthub ")).collect();
            assert!(examples.len() >= 3, "{help}");
            for example in examples {
                // What is between quotes holds the only spaces that do not part words.
                let parts = example.split('"').enumerate();
                let words = parts.flat_map(|(place, part)| match place % 2 {
                    0 => part.split_whitespace().collect(),
                    _ => vec![part],
                });
                cli.ok(&words.collect::<Vec<_>>());
            }
        }
        let shown = |name: &str| settings(&cli.json(&["account", "show", name]));
        assert_eq!(shown("quiet"), json!([900, 8, [], 86_400, null]));
        assert_eq!(shown("site"), json!([900, null, [], 7200, null]), "as the last example left it");
        let all = ["account", "update", "site", "--late-after-seconds", "60", "--daily-cap", "3"];
        let two = ["--window", "Mon 09:00-24:00", "--window", "22:00-02:00"];
        let set = cli.json(&[&all[..], &two].concat());
        assert_eq!(settings(&set), json!([900, 3, ["mon 09:00-24:00", "22:00-02:00"], 7200, 60]));
        let table = cli.ok(&["account", "show", "site"]);
        assert!(table.contains("mon 09:00-24:00, 22:00-02:00"), "{table}");
        let none = ["account", "update", "site", "--spacing-seconds", "none", "--window", "none"];
        assert_eq!(settings(&cli.json(&none)), json!([0, 3, [], 7200, 60]));
    });
}

/// An account that was shut for days is opened: what waits goes out at once.
#[test]
fn an_account_that_is_opened_publishes_at_once() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        // The days after tomorrow: neither this test nor midnight comes so far.
        let far: Vec<String> = (2..5)
            .map(|days| {
                (now() + Duration::from_secs(days * 86_400)).to_utc().format("%a 00:00-24:00").to_string()
            })
            .collect();
        let shut = product.account_with("shut", json!({"windows": far}));
        let path = format!("/accounts/{shut}");
        for (number, open) in [json!(null), json!([]), json!(["00:00-24:00"])].into_iter().enumerate() {
            let content = product.content(&format!("{number}"));
            let entry = product.add(json!({"content_id": content, "account_id": shut}));
            let other = product.account(&format!("open-{number}"));
            product.entry_is(product.add(json!({"content_id": content, "account_id": other})), "published");
            let waits = product.entry(entry);
            assert_eq!((&waits["status"], &waits["attempt"]), (&json!("pending"), &json!(0)), "{waits:#}");
            let why = waits["waiting_for"].as_str().unwrap_or_default();
            assert!(why.contains("outside the account's windows"), "{waits:#}");
            product.patch(&path, &json!({"windows": open}), 200);
            product.entry_is(entry, "published");
            product.patch(&path, &json!({"windows": far}), 200);
        }
    });
}

#[derive(diesel::QueryableByName)]
struct Hint {
    #[diesel(sql_type = BigInt)]
    opens_at: i64,
    #[diesel(sql_type = Bool)]
    gated: bool,
}

#[derive(diesel::QueryableByName)]
struct Late {
    #[diesel(sql_type = Nullable<BigInt>)]
    late_at: Option<i64>,
}

/// Whatever is changed, no claim goes by a hint that was computed before.
#[test]
fn a_change_has_the_gates_looked_at_anew() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let id = account(&app, "site", "folder", json!({}));
        let mut conn: DbConnection = connect(url).expect("connected");
        let lane = |lane: LaneChanges| UpdateAccount { lane, ..UpdateAccount::new(id) };
        let windows = Some(vec!["08:00-09:00".to_owned()]);
        for (change, update) in [
            ("windows", lane(LaneChanges { windows, ..LaneChanges::default() })),
            ("spacing", lane(LaneChanges { spacing_seconds: Some(5), ..LaneChanges::default() })),
            ("cap", lane(LaneChanges { daily_cap: Some(Some(5)), ..LaneChanges::default() })),
            ("no cap", lane(LaneChanges { daily_cap: Some(None), ..LaneChanges::default() })),
            ("zone", UpdateAccount { timezone: Some("Asia/Tokyo".to_owned()), ..UpdateAccount::new(id) }),
            ("concurrency", UpdateAccount { concurrency: Some(2), ..UpdateAccount::new(id) }),
        ] {
            conn.batch_execute("UPDATE accounts SET opens_at = 32503680000000000, gated = FALSE")
                .expect("set");
            app.run(update).expect(change);
            let hint: Hint = diesel::sql_query("SELECT opens_at, gated FROM accounts")
                .get_result(&mut conn)
                .expect("read");
            assert_eq!((hint.opens_at, hint.gated), (0, true), "{change}");
        }
    });
}

/// Which gate keeps an entry is told, and until when: the one that is shut for longest.
#[test]
fn an_entry_tells_which_gate_it_waits_for() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        let [plain, unproven] = ["plain", "unproven"].map(|title| add(&app, title, site));
        let mut conn: DbConnection = connect(url).expect("connected");
        conn.batch_execute(&format!("UPDATE publish_pool SET unproven = TRUE WHERE id = {unproven}"))
            .expect("set");
        let today = day_start(app.now(), Tz::UTC);
        let after = |seconds: u64| today + Duration::from_secs(seconds);
        let [midnight, noon, later] = [24 * 3600, 36 * 3600, 48 * 3600].map(after);
        let lanes = "account_id, wait_until, tripped_at, probe_at, sent_at, cap_day, cap_count";
        let (asked, down) = ("the platform asks to wait", "the platform has not answered since");
        let (spacing, cap, run) = ("spacing of 86400 s", "daily cap of 3", "a server: none runs");
        let until = |what: &str, at: Timestamp| (what.to_owned(), format!("until {at}"));
        let nothing = || (run.to_owned(), String::new());
        for (known, of_plain, of_unproven) in [
            ("NULL, NULL, NULL, NULL, NULL, 0".to_owned(), nothing(), nothing()),
            (format!("{}, NULL, NULL, NULL, NULL, 0", noon.micros()), until(asked, noon), until(asked, noon)),
            (
                format!("{}, {}, {}, NULL, NULL, 0", noon.micros(), today.micros(), later.micros()),
                (down.to_owned(), format!("the next try is at {later}")),
                (down.to_owned(), format!("the next try is at {later}")),
            ),
            (
                format!("NULL, NULL, NULL, {}, NULL, 0", today.micros()),
                until(spacing, midnight),
                until(spacing, midnight),
            ),
            (format!("NULL, NULL, NULL, NULL, {}, 2", today.micros()), nothing(), nothing()),
            (format!("NULL, NULL, NULL, NULL, {}, 3", today.micros()), until(cap, midnight), nothing()),
        ] {
            conn.batch_execute(&format!(
                "UPDATE accounts SET daily_cap = 3, spacing_seconds = 86400; DELETE FROM lanes; \
                 INSERT INTO lanes ({lanes}) VALUES ({site}, {known})"
            ))
            .expect("set");
            for (id, (what, until)) in [(plain, &of_plain), (unproven, &of_unproven)] {
                let waits = entry(&app, id).waiting_for.unwrap_or_default();
                assert!(waits.contains(what.as_str()) && waits.ends_with(until.as_str()), "{known}: {waits}");
            }
        }
        for (concurrency, words) in [(1, "a place in its lane: 1 of 1 are on the wire"), (2, run)] {
            conn.batch_execute(&format!(
                "UPDATE accounts SET daily_cap = NULL, spacing_seconds = 0, concurrency = {concurrency}; \
                 DELETE FROM lanes; \
                 UPDATE publish_pool SET status = 'publishing', claimed_by = 'n1' WHERE id = {unproven}"
            ))
            .expect("set");
            let waits = entry(&app, plain).waiting_for.unwrap_or_default();
            assert!(waits.starts_with(words), "{concurrency}: {waits}");
        }
    });
}

/// What waits already is held to another `late_after_seconds`, unless it has one of its own.
#[test]
fn another_late_after_holds_for_what_waits() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [site, other] = ["site", "other"].map(|name| account(&app, name, "folder", json!({})));
        let early = app.now() - Duration::from_secs(7200);
        let later = app.now() + Duration::from_secs(7200);
        let retried = later + Duration::from_secs(60);
        let plain = add(&app, "plain", site);
        let overdue = add_at(&app, "overdue", site, early);
        let planned = add_at(&app, "planned", site, later);
        let [own, again, cancelled] = ["own", "again", "cancelled"].map(|title| add(&app, title, site));
        let elsewhere = add(&app, "elsewhere", other);
        let mut conn: DbConnection = connect(url).expect("connected");
        let mut set = |id: EntryId, what: &str| {
            conn.batch_execute(&format!("UPDATE publish_pool SET {what} WHERE id = {id}")).expect("set");
        };
        set(own, "late_after_seconds = 5, late_at = 55");
        set(again, &format!("retried_at = {}", retried.micros()));
        set(cancelled, "status = 'cancelled'");
        let added = |id: EntryId| entry(&app, id).added_at;
        let from: [(EntryId, Option<Timestamp>); 7] = [
            (plain, Some(added(plain))),
            (overdue, Some(added(overdue))),
            (planned, Some(later)),
            (again, Some(retried)),
            (own, None),
            (cancelled, None),
            (elsewhere, None),
        ];
        let change = |app: &App, late: Option<i64>, name: &str| {
            let lane = LaneChanges { late_after_seconds: Some(late), ..LaneChanges::default() };
            let update = UpdateAccount { lane, name: Some(name.to_owned()), ..UpdateAccount::new(site) };
            app.run(update).expect("changed");
        };
        for late in [Some(3600), Some(1), None, Some(31_622_400)] {
            change(&app, late, "site");
            for (id, from) in from {
                let sql = format!("SELECT late_at FROM publish_pool WHERE id = {id}");
                let found: Late = diesel::sql_query(sql).get_result(&mut conn).expect("read");
                let expected = match from {
                    Some(from) => late.map(|seconds| from.micros() + seconds * 1_000_000),
                    None => (id == own).then_some(55),
                };
                assert_eq!(found.late_at, expected, "entry {id} with {late:?}");
            }
        }
        // A change of something else looks at no entry.
        conn.batch_execute("UPDATE publish_pool SET late_at = 7").expect("set");
        change(&app, Some(31_622_400), "renamed");
        let found: Vec<Late> =
            diesel::sql_query("SELECT late_at FROM publish_pool").load(&mut conn).expect("read");
        assert!(found.iter().all(|it| it.late_at == Some(7)));
        pool_counts::correct(&mut conn).expect("counted");
    });
}
