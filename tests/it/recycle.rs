//! Recycling: evergreen contents go back into the pool, the one first that has waited for longest, each once at a time.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use contenthub::db::connection::connect;
use contenthub::domain::recycling::Rule;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::content::DeleteContent;
use contenthub::operations::recycle::{Chosen, Recycle, Recycled};
use contenthub::{AccountId, App, ContentId, CreateContent, EntryStatus, OnSimilar, TaskId, Timestamp};
use diesel::connection::SimpleConnection;
use serde_json::json;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(24 * 3600);

struct Garden {
    app: App,
    clock: Arc<SteppedClock>,
    task: TaskId,
    account: AccountId,
}

impl Garden {
    /// Contents 1 to 3 with the tag “evergreen”, published ten days ago one after the other; 4 was never published, and 5
    /// is not evergreen.
    fn plant(url: &contenthub::DatabaseUrl, dir: &std::path::Path) -> Self {
        let (app, clock) = by_hand(url, dir);
        let account = account(&app, "site", "folder", json!({}));
        let task = task(&app, "recycling");
        for number in 1..=5 {
            let tag = if number == 5 { "evergreens" } else { "evergreen" };
            let tags = vec!["other".to_owned(), tag.to_owned()];
            let mut content = CreateContent::new(format!("Post {number}"), "# x");
            content.text.tags = tags;
            app.create_content(content).expect("a content");
        }
        let garden = Garden { app, clock, task, account };
        let ago = garden.app.now() - 10 * DAY;
        let mut conn = connect(url).expect("connected");
        for number in [1, 2, 3, 5] {
            let at = (ago + number * Duration::from_secs(60)).micros();
            let sql = format!(
                "INSERT INTO published_contents (content_id, account_id, first_published_at) \
                   VALUES ({number}, {0}, 1); \
                 INSERT INTO publish_logs (pool_id, content_id, revision, account_id, attempt, status, started_at, \
                   finished_at) VALUES ({number}00, {number}, 1, {0}, 1, 'published', {at}, {at})",
                account.0
            );
            conn.batch_execute(&sql).expect("published");
        }
        garden
    }

    fn recycle(&self) -> Recycle {
        let rule = Rule { count: 1, pause: 5 * DAY, times_max: None };
        Recycle {
            task: self.task,
            chosen: Chosen::Tag("evergreen".to_owned()),
            accounts: vec![],
            rule,
            until: None,
        }
    }

    fn run(&self, recycle: Recycle) -> Recycled {
        self.app.run(recycle).expect("run")
    }

    fn added(&self, recycle: Recycle) -> Vec<i64> {
        self.run(recycle).added.iter().map(|one| one.content.0).collect()
    }

    fn is_enabled(&self) -> bool {
        self.app.tasks().expect("tasks").iter().any(|task| task.id == self.task && task.enabled)
    }

    fn publish_all(&self) {
        let hand = task(&self.app, &format!("by hand {}", self.app.now()));
        report_of(&self.app, hand);
        self.app.disable_task(hand).expect("disabled");
    }
}

#[test]
fn the_one_that_has_waited_longest_goes_back_and_each_is_there_once() {
    on_both(|url, dir| {
        let garden = Garden::plant(url, dir);
        assert_eq!(garden.added(garden.recycle()), [1]);
        assert_eq!(garden.added(garden.recycle()), [2], "1 waits there already");
        let more = Rule { count: 9, ..garden.recycle().rule };
        assert_eq!(
            garden.added(Recycle { rule: more, ..garden.recycle() }),
            [3],
            "4 never was, 5 is not chosen"
        );
        garden.publish_all();
        assert!(entries(&garden.app).iter().all(|entry| entry.status == EntryStatus::Published));
        let waits = garden.run(Recycle { rule: more, ..garden.recycle() });
        assert!(waits.added.is_empty() && waits.over.is_none());
        assert!(waits.next_at.is_some_and(|at| at > garden.app.now() + 4 * DAY));
        garden.clock.forward(5 * DAY + Duration::from_secs(1));
        let mut all = garden.added(Recycle { rule: more, ..garden.recycle() });
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3]);
    });
}

/// Posting the same again is what it is for, whatever its account makes of texts that it had lately.
#[test]
fn what_was_there_within_thirty_days_goes_back_unasked() {
    on_both(|url, dir| {
        let garden = Garden::plant(url, dir);
        let refuse =
            UpdateAccount { on_similar: Some(OnSimilar::Refuse), ..UpdateAccount::new(garden.account) };
        garden.app.run(refuse).expect("changed");
        let done = garden.run(garden.recycle());
        assert_eq!(done.added.iter().map(|one| one.content.0).collect::<Vec<_>>(), [1]);
        assert!(done.notes.is_empty(), "{:?}", done.notes);
    });
}

#[test]
fn two_runs_at_once_add_each_once() {
    on_both(|url, dir| {
        let garden = Garden::plant(url, dir);
        let apps: Vec<App> = (0..4).map(|_| by_hand(url, dir).0).collect();
        let recycle = Recycle { rule: Rule { count: 9, ..garden.recycle().rule }, ..garden.recycle() };
        let added: usize = thread::scope(|threads| {
            let runs: Vec<_> = apps
                .iter()
                .map(|app| threads.spawn(|| app.run(recycle.clone()).expect("run").added.len()))
                .collect();
            runs.into_iter().map(|run| run.join().expect("it ends")).sum()
        });
        assert_eq!(added, 3);
        assert_eq!(entries(&garden.app).len(), 3);
    });
}

#[test]
fn when_it_is_over_it_switches_itself_off() {
    on_both(|url, dir| {
        let garden = Garden::plant(url, dir);
        let rule = Rule { count: 2, pause: DAY, times_max: Some(1) };
        let recycle = || Recycle { rule, ..garden.recycle() };
        let first = garden.run(recycle());
        assert!(first.over.is_none() && garden.is_enabled());
        let second = garden.run(recycle());
        assert_eq!(second.added.len(), 1);
        assert_eq!(second.over.as_deref(), Some("each content was put back 1 times on each account"));
        assert!(!garden.is_enabled());
        garden.app.enable_task(garden.task).expect("enabled");
        let late = Recycle { until: Some(Timestamp::from_micros(1)), ..garden.recycle() };
        assert!(garden.run(late).over.is_some_and(|why| why.contains("1970-01-01T00:00:00.000001Z")));
        assert!(!garden.is_enabled());
    });
}

#[test]
fn what_is_not_approved_or_gone_is_left_out_and_told() {
    on_both(|url, dir| {
        let garden = Garden::plant(url, dir);
        let sql = "UPDATE contents SET review_status = 'draft' WHERE id = 1";
        connect(url).expect("connected").batch_execute(sql).expect("a draft");
        garden.app.run(DeleteContent(ContentId(2))).expect("deleted");
        let ids = [1, 2, 3, 3].map(ContentId).to_vec();
        let rule = Rule { count: 9, ..garden.recycle().rule };
        let accounts = vec![garden.account, AccountId(99)];
        let done = garden.run(Recycle { chosen: Chosen::Contents(ids), rule, accounts, ..garden.recycle() });
        assert_eq!(done.added.iter().map(|one| one.content.0).collect::<Vec<_>>(), [3]);
        assert_eq!(
            done.notes,
            [
                "content 1 is left out: it is draft",
                "there is no content 2 any more",
                "there is no account 99 any more"
            ]
        );
    });
}
