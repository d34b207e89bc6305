//! Publishing tasks that take a part of what is due: some accounts, some priorities, so many entries.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use contenthub::db::connection::connect;
use contenthub::domain::execution::Trigger;
use contenthub::operations::execution::{GetProgress, TriggerTask};
use contenthub::operations::firing::FireDue;
use contenthub::operations::task::UpdateTask;
use contenthub::{
    AccountId, App, CreateAccount, CreateTask, EntryFilter, EntryId, EntryStatus, ExecutionStatus,
    LaneChanges, OperationError, TaskId,
};
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};
use std::time::Duration;

fn part(app: &App, name: &str, params: Value) -> TaskId {
    app.create_task(CreateTask { params, ..CreateTask::every(name, 3600) }).expect("a task").id
}

fn urgent(app: &App, title: &str, account: AccountId, priority: i32) -> EntryId {
    let id = add(app, title, account);
    use contenthub::operations::entry::UpdateEntry;
    let priority = Some(priority.try_into().expect("in range"));
    app.run(UpdateEntry { priority, ..UpdateEntry::of(id) }).expect("changed");
    id
}

fn published(app: &App) -> Vec<EntryId> {
    let filter = EntryFilter { status: Some(EntryStatus::Published), ..EntryFilter::default() };
    let mut ids: Vec<EntryId> = app
        .entries(filter, contenthub::Paging::default())
        .expect("entries")
        .items
        .iter()
        .map(|it| it.id)
        .collect();
    ids.sort();
    ids
}

#[test]
fn only_its_accounts_priorities_and_so_many() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [one, two] = ["one", "two"].map(|name| account(&app, name, "folder", json!({})));
        let ids: Vec<EntryId> = [(one, 5), (one, 2), (one, 9), (two, 2), (two, 5)]
            .into_iter()
            .enumerate()
            .map(|(number, (account, priority))| urgent(&app, &format!("post {number}"), account, priority))
            .collect();
        let first = part(&app, "one, urgent", json!({"account_ids": [one], "max_priority": 4}));
        let report = report_of(&app, first);
        assert_eq!((report.data.total_count, report.data.success_count), (1, 1), "{report:?}");
        assert_eq!(published(&app), [ids[1]]);
        // The most urgent first, whatever their accounts.
        let two_of = part(&app, "two", json!({"limit": 2}));
        assert_eq!(report_of(&app, two_of).data.success_count, 2);
        assert_eq!(published(&app), [ids[0], ids[1], ids[3]]);
        let rest = part(&app, "rest", json!({"account_ids": [two, one]}));
        assert_eq!(report_of(&app, rest).data.success_count, 2);
        assert_eq!(report_of(&app, two_of).message, "No pending entries to publish");
        nothing_is_publishing(&app);
    });
}

#[test]
fn each_run_takes_its_own_part_while_others_are_on() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let [one, two] = ["one", "two"].map(|name| webhook(&app, name, &receiver.url(&format!("/{name}"))));
        for number in 0..3 {
            add(&app, &format!("one {number}"), one);
            add(&app, &format!("two {number}"), two);
        }
        let tasks = [
            part(&app, "one", json!({"account_ids": [one]})),
            part(&app, "two of two", json!({"account_ids": [two], "limit": 2})),
            part(&app, "what is left", json!({})),
        ];
        let node = app.start().expect("a node");
        for task in tasks {
            app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        }
        receiver.wait_for(6, SOON);
        receiver.release();
        let counts = tasks.map(|task| {
            eventually("it ends", || {
                let run = runs(&app, task).pop().expect("a run");
                (run.status == ExecutionStatus::Succeeded).then(|| run.report.expect("a report"))
            })
        });
        // Who began first takes its part first; between two cycles one that takes all may have come before.
        let sums: i64 = counts.iter().map(|report| report.data.success_count).sum();
        assert_eq!(sums, 6);
        assert!(counts[1].data.success_count <= 2, "{:?}", counts[1]);
        for (report, account) in [(&counts[0], one), (&counts[1], two)] {
            assert!(report.data.results.iter().all(|result| result.account_id == account), "{report:?}");
        }
        assert_eq!(receiver.by_webhook_id().len(), 6);
        let _ = node.stop();
    });
}

#[test]
fn a_shut_lane_is_skipped_only_where_it_is_asked_for() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let [open, shut] = ["open", "shut"].map(|name| account(&app, name, "folder", json!({})));
        use contenthub::operations::account::SuspendAccount;
        let suspend = SuspendAccount { id: shut, reason: "moved".to_owned(), until: None };
        app.run(suspend).expect("suspended");
        let urgent_one = urgent(&app, "urgent", shut, 1);
        urgent(&app, "not urgent", shut, 9);
        add(&app, "goes out", open);
        let here = report_of(&app, part(&app, "here", json!({"account_ids": [open]})));
        assert_eq!((here.data.success_count, here.data.skipped_count), (1, 0), "{here:?}");
        let there = report_of(&app, part(&app, "there", json!({"account_ids": [shut], "max_priority": 3})));
        assert_eq!((there.data.success_count, there.data.skipped_count), (0, 1), "{there:?}");
        assert_eq!(entry(&app, urgent_one).attempt, 0);
    });
}

/// Both take of it in one and the same cycle.
#[test]
fn two_runs_together_respect_the_cap_of_a_lane() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let create = CreateAccount {
            lane: LaneChanges { daily_cap: Some(Some(1)), ..LaneChanges::default() },
            ..CreateAccount::new("capped", "folder")
        };
        let capped = app.create_account(create).expect("an account").id;
        urgent(&app, "urgent", capped, 1);
        urgent(&app, "not urgent", capped, 9);
        let tasks =
            [part(&app, "urgent", json!({"max_priority": 1})), part(&app, "rest", json!({"limit": 5}))];
        let runs_of = tasks.map(|task| {
            app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
            task
        });
        let node = app.start().expect("a node");
        for task in runs_of {
            eventually("it ends", || {
                runs(&app, task).pop().filter(|run| run.status == ExecutionStatus::Succeeded)
            });
        }
        assert_eq!(published(&app).len(), 1);
        let _ = node.stop();
    });
}

/// Of an entry that it does not take it would not learn that the platform is up again.
#[test]
fn a_run_probes_with_what_it_takes() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let receiver = Receiver::start();
        let hook = one_by_one(&app, "hook", json!({"url": receiver.url("/")}));
        receiver.on_any([Answer::status(502)]);
        let tried = ["a", "b", "c"].map(|title| urgent(&app, title, hook, 1));
        let all = task(&app, "all");
        assert_eq!(report_of(&app, all).data.failed_count, 3);
        urgent(&app, "not urgent, and never tried", hook, 9);
        receiver.on_any([Answer::status(200)]);
        clock.forward(Duration::from_secs(120));
        let report = report_of(&app, part(&app, "urgent", json!({"max_priority": 1})));
        assert_eq!(report.data.success_count, 3, "{report:?}");
        assert_eq!(published(&app), tried);
    });
}

#[test]
fn on_due_fires_for_its_part_alone() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let [one, two] = ["one", "two"].map(|name| account(&app, name, "folder", json!({})));
        let params = json!({"account_ids": [one], "max_priority": 3});
        app.create_task(CreateTask { params, ..CreateTask::on_due("urgent ones") }).expect("a task");
        urgent(&app, "of another account", two, 1);
        urgent(&app, "not urgent", one, 4);
        let fired = app.run(FireDue).expect("looked");
        assert_eq!((fired.executions.len(), fired.next), (0, None), "nothing of its part is due");
        let later = app.now() + Duration::from_secs(60);
        let id = add_at(&app, "urgent", one, later);
        use contenthub::operations::entry::UpdateEntry;
        let priority = Some(1.try_into().expect("in range"));
        app.run(UpdateEntry { priority, ..UpdateEntry::of(id) }).expect("changed");
        assert_eq!(app.run(FireDue).expect("looked").next, Some(later));
        clock.forward(Duration::from_secs(60));
        assert_eq!(app.run(FireDue).expect("looked").executions.len(), 1);
        let node = app.start().expect("a node");
        eventually("it is out", || (entry(&app, id).status == EntryStatus::Published).then_some(()));
        let _ = node.stop();
        assert_eq!(published(&app), [id]);
    });
}

#[test]
fn progress_counts_the_part() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let one = account(&app, "one", "folder", json!({}));
        for number in 0..5 {
            add(&app, &format!("post {number}"), one);
        }
        let task = part(&app, "three", json!({"limit": 3}));
        let run = app.run(TriggerTask { task, by: Trigger::Api }).expect("triggered");
        let progress = app.run(GetProgress(run)).expect("counted");
        assert_eq!((progress.done, progress.total), (0, 3));
    });
}

#[test]
fn a_wrong_part_is_told_by_its_field() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let one = account(&app, "one", "folder", json!({}));
        for (params, field, says) in [
            (json!({"account_ids": []}), "params.account_ids", "must name at least one"),
            (json!({"account_ids": [one, 77]}), "params.account_ids", "there is no account 77"),
            (json!({"max_priority": 11}), "params.max_priority", "from 1 (first) to 10 (last)"),
            (json!({"limit": 0}), "params.limit", "must be from 1 to 1000000, not 0"),
            (
                json!({"limits": 1}),
                "params.limits",
                "is not known here; there are account_ids, max_priority, limit",
            ),
            (json!([]), "params", "must be an object"),
        ] {
            let wrong = app.create_task(CreateTask { params: params.clone(), ..CreateTask::every("x", 60) });
            let Err(OperationError::Invalid(fields)) = wrong else { panic!("{params} was taken") };
            let told = fields.iter().any(|it| it.field == field && it.message().contains(says));
            assert!(told, "{params}: {fields:?}");
        }
        // The same account twice is one, and what is null is not said.
        let params = json!({"account_ids": [one, one], "limit": null});
        let task = app.create_task(CreateTask { params, ..CreateTask::every("x", 60) }).expect("a task");
        assert_eq!(task.params, json!({"account_ids": [one]}));
        // What it publishes on does not go from under it.
        use contenthub::operations::account::DeleteAccount;
        let refused = app.run(DeleteAccount(one)).expect_err("it is named").to_string();
        assert!(refused.contains(&format!("named by task {} “x”: take it from", task.id)), "{refused}");
        // An earlier version let it go, and the task can still be switched off; but not be given parameters that do not
        // fit.
        let gone = format!("DELETE FROM accounts WHERE id = {one}");
        connect(url).expect("connected").batch_execute(&gone).expect("deleted");
        app.disable_task(task.id).expect("disabled");
        let params = Some(json!({"account_ids": [one]}));
        let again = app.run(UpdateTask { params, ..UpdateTask::new(task.id) });
        assert!(matches!(again, Err(OperationError::Invalid(_))), "{again:?}");
    });
}
