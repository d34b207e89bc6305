//! People and machines that want the same entry at the same moment: one of them gets it, and nothing is half done.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use crate::transitions::{Stage, claim, problem, resolve};
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::tasks;
use contenthub::db::transitions::Written;
use contenthub::domain::misfire::Plan;
use contenthub::domain::outcome::{Doubt, Outcome, Receipt, Scope};
use contenthub::operations::account::{DeleteAccount, UpdateAccount};
use contenthub::operations::content::{DeleteContent, ReviewContent, ReviewStep, UpdateContent};
use contenthub::operations::entry::*;
use contenthub::operations::pool::AddToPool;
use contenthub::operations::task::UpdateTask;
use contenthub::operations::{Access, Context, Operation, OperationError};
use contenthub::platforms::registry::Registry;
use contenthub::{
    Addition, App, ContentId, CreateContent, CreateTask, EntryId, EntryStatus, Priority, Settings, TaskId,
    Timestamp,
};
use std::path::Path;
use std::sync::{Arc, Barrier, mpsc};
use std::thread;
use std::time::Duration;

fn plan(id: EntryId) -> UpdateEntry {
    UpdateEntry::of(id)
}

fn out() -> Resolution {
    Resolution::Published { url: None, media_id: None }
}

#[test]
fn an_entry_goes_to_a_person_or_to_a_node_and_never_to_both() {
    type Act = fn(&App, EntryId) -> Result<(), OperationError>;
    let acts: [(&str, bool, Act); 4] = [
        ("cancel", false, |app, id| app.run(CancelEntry(id)).map(drop)),
        ("delete", false, |app, id| app.run(DeleteEntry(id))),
        ("it is out", true, |app, id| app.run(resolve(id, out())).map(drop)),
        ("give up", true, |app, id| app.run(resolve(id, Resolution::GiveUp)).map(drop)),
    ];
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        for (what, unproven, act) in acts {
            for _ in 0..10 {
                let id = if unproven { stage.unproven() } else { stage.pending() };
                let (start, now) = (Barrier::new(2), stage.app.now());
                let Stage { app, conn, node, .. } = &mut stage;
                let (app, node) = (&*app, &*node);
                let (claimed, done) = thread::scope(|threads| {
                    let node = threads.spawn(|| {
                        start.wait();
                        claim(conn, node, now, id)
                    });
                    start.wait();
                    let done = act(app, id);
                    (node.join().expect("a claim"), done)
                });
                assert_ne!(claimed.is_some(), done.is_ok(), "{what}: {claimed:?}, {done:?}");
                if let Some(claim) = claimed {
                    let told = entry(app, id);
                    assert_eq!((told.status, told.attempt), (EntryStatus::Publishing, claim.attempt.number));
                    let rows = attempts(app, id).len();
                    assert_eq!(rows, usize::from(unproven), "{what}: what was refused is not in the log");
                }
            }
        }
    });
}

/// A person looked, did not find it, and wanted it tried again; and then its node, which was thought dead, says that it
/// is out. Sent again, it would be there twice.
#[test]
fn a_late_proof_is_believed_before_a_persons_word() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let node = stage.node.clone();
        for (answer, sent_again, end) in [
            (Resolution::TryAgain, false, EntryStatus::Published),
            (Resolution::TryAgain, true, EntryStatus::Publishing),
            (Resolution::GiveUp, false, EntryStatus::Failed),
        ] {
            let what = format!("{answer:?}, sent again: {sent_again}");
            let id = stage.pending();
            let claim = stage.claimed(id);
            let lost = stage.ended(&claim, Outcome::Uncertain(problem()));
            stage.write(&node, &[lost]);
            stage.app.run(resolve(id, answer)).expect("resolved");
            if sent_again {
                stage.claimed(id);
            }
            let late = stage.ended(&claim, Outcome::Published(Receipt::default()));
            let written = stage.write(&node, std::slice::from_ref(&late));
            let alarm = matches!(written[..], [Written::PossibleDuplicate(_)]);
            assert_eq!(alarm, sent_again, "{what}: {written:?}");
            assert_eq!(stage.status(id), end, "{what}");
            assert!(sent_again || stage.claim(id).is_none(), "{what}: it is out");
            let again = Addition { account: Some(stage.account), ..Addition::of(claim.article.content_id) };
            let known = stage.app.run(AddToPool(again)).expect_err("it is out");
            assert!(matches!(known.code(), "already_published" | "already_in_pool"), "{what}: {known}");
            assert_eq!(known.code() == "already_published", !sent_again, "{what}: {known}");
        }
    });
}

/// An app on which contents want approval.
fn with_review(url: &DatabaseUrl, dir: &Path) -> App {
    let settings = Settings { review_required: true, ..settings(url, dir) };
    let registry = Registry::builtin(&dir.join("data/sites"));
    let app = App::open_with(settings, registry, Arc::new(SteppedClock::new())).expect("opened");
    app.disable_task(first_task(&app)).expect("disabled");
    app
}

fn approve(app: &App, id: ContentId) {
    app.run(ReviewContent { id, step: ReviewStep::Approve }).expect("approved");
}

fn edit(id: ContentId) -> UpdateContent {
    UpdateContent { title: Some(format!("{id}, edited")), ..UpdateContent::new(id) }
}

/// What is sent is what was approved, whatever became of the content meanwhile; and what may be out is sent again as it
/// was, with its key, and waits for nobody.
#[test]
fn an_edit_on_the_way_holds_back_what_is_not_out_and_only_that() {
    on_both(|url, dir| {
        let mut stage = Stage::of(with_review(url, dir), url);
        let unproven = || {
            let (scope, problem) = (Scope::Platform, problem());
            Outcome::Retry { scope, doubt: Doubt::SendAgain, problem, retry_after: None }
        };
        for outcome in [Outcome::NotSent, unproven(), Outcome::Uncertain(problem())] {
            let what = format!("{outcome:?}");
            let id = stage.pending();
            let content = entry(&stage.app, id).content_id;
            assert!(stage.claim(id).is_none(), "it is a draft");
            approve(&stage.app, content);
            let first = stage.claimed(id);
            stage.app.run(edit(content)).expect("edited");
            let (node, ended) = (stage.node.clone(), stage.ended(&first, outcome));
            stage.write(&node, &[ended]);
            let mut told = entry(&stage.app, id);
            if told.unproven {
                // Once more, with the entry off the wire.
                let body = Some("more".to_owned());
                stage.app.run(UpdateContent { body, ..UpdateContent::new(content) }).expect("edited");
                told = entry(&stage.app, id);
            }
            let newest = if told.unproven { 3 } else { 2 };
            if told.status == EntryStatus::Pending && told.unproven {
                let waits = told.waiting_for.unwrap_or_default();
                assert!(!waits.contains("approval"), "{waits}");
                let second = stage.claimed(id);
                assert_eq!((&second.key, second.article.revision), (&first.key, 1), "{what}");
                assert_eq!(second.article.title, first.article.title);
                let ended = stage.ended(&second, Outcome::Uncertain(problem()));
                stage.write(&node, &[ended]);
                told = entry(&stage.app, id);
            }
            if told.status == EntryStatus::Uncertain {
                stage.app.run(resolve(id, Resolution::TryAgain)).expect("resolved");
                told = entry(&stage.app, id);
            }
            assert_eq!(told.waiting_for.as_deref(), Some("approval of its content"), "{what}");
            assert!(stage.claim(id).is_none(), "{what}: nobody has approved this revision");
            approve(&stage.app, content);
            let last = stage.claimed(id);
            assert_eq!((&last.key, last.article.revision), (&first.key, newest), "{what}");
        }
    });
}

/// Runs `slow` and `fast` so that they overlap: the second begins before the first is committed. It may wait for it.
fn overlapping<A: Operation, B: Operation>(
    url: &DatabaseUrl,
    app: &App,
    slow: A,
    fast: B,
) -> Result<B::Output, OperationError> {
    let (ended, waiting) = mpsc::channel();
    let mut conn = connect(url).expect("connected");
    thread::scope(|threads| {
        let began: Result<_, OperationError> = conn.write(|conn| {
            slow.run(conn, app.context(), app.now())?;
            let fast = threads.spawn(move || {
                let done = app.run(fast);
                ended.send(()).expect("somebody waits");
                done
            });
            // It may end first, or wait for us: both are right.
            let _ = waiting.recv_timeout(Duration::from_millis(500));
            Ok(fast)
        });
        began.expect("done").join().expect("an operation")
    })
}

#[test]
fn two_people_at_once_do_not_undo_each_other() {
    on_both(|url, dir| {
        if matches!(url, DatabaseUrl::Sqlite(_)) {
            return; // one writer at a time
        }
        let mut stage = Stage::of(with_review(url, dir), url);
        let id = stage.pending();
        let app = &stage.app;
        let first = UpdateEntry { priority: Some(Priority::FIRST), ..plan(id) };
        let second = UpdateEntry { max_retries: Some(7), ..plan(id) };
        overlapping(url, app, first, second).expect("changed");
        let told = entry(app, id);
        assert_eq!((told.priority, told.max_retries), (Priority::FIRST, 7));

        let content = told.content_id;
        let body = UpdateContent { body: Some("more".to_owned()), ..UpdateContent::new(content) };
        let edited = overlapping(url, app, edit(content), body).expect("edited");
        assert_eq!((edited.title, edited.body.as_str()), (format!("{content}, edited"), "more"));

        // A content is sent back while an entry of it is added, or comes back by a person's word.
        let account = stage.account;
        let content = app.create_content(CreateContent::new("x", "x")).expect("a content").id;
        approve(app, content);
        let add = AddToPool(Addition { account: Some(account), ..Addition::of(content) });
        let added = overlapping(url, app, edit(content), add).expect("added");
        assert!(entry(app, added.row.id).waiting_for.is_some_and(|it| it.contains("approval")));

        let id = stage.pending();
        let content = entry(&stage.app, id).content_id;
        approve(&stage.app, content);
        let claim = stage.claimed(id);
        let (node, ended) = (stage.node.clone(), stage.ended(&claim, Outcome::Uncertain(problem())));
        stage.write(&node, &[ended]);
        let again = resolve(id, Resolution::TryAgain);
        overlapping(url, &stage.app, edit(content), again).expect("resolved");
        let told = entry(&stage.app, id);
        assert!(told.waiting_for.is_some_and(|it| it.contains("approval")));
        assert!(stage.claim(id).is_none(), "nobody has approved this revision");
        stage.app.run(CancelEntry(id)).expect("cancelled");

        // What a person wants tried again does not go with its content or account at that moment.
        let retry = |id| RetryEntry { id, by: "ann".to_owned() };
        let raced = overlapping(url, &stage.app, retry(id), DeleteContent(content)).expect_err("it is open");
        assert_eq!(raced.code(), "changed_meanwhile", "{raced}");
        assert_eq!(stage.status(id), EntryStatus::Pending);
        for open in entries(&stage.app).iter().filter(|entry| entry.status == EntryStatus::Pending) {
            stage.app.run(CancelEntry(open.id)).expect("cancelled");
        }
        let raced = overlapping(url, &stage.app, retry(id), DeleteAccount(account)).expect_err("it is open");
        assert_eq!(raced.code(), "changed_meanwhile", "{raced}");
        assert_eq!(stage.status(id), EntryStatus::Pending);
    });
}

/// A task that runs once has done so.
struct Fired {
    task: TaskId,
    at: Timestamp,
}

impl Operation for Fired {
    type Output = ();
    const ACCESS: Access = Access::Write;

    fn run(self, conn: &mut DbConnection, _: &Context, now: Timestamp) -> Result<(), OperationError> {
        let plan = Plan { run: vec![self.at], missed: 0, skipped: 0 };
        assert!(tasks::advance(conn, self.task, self.at, None, &plan, now)?, "nobody else was first");
        Ok(())
    }
}

/// Each writes the whole row back: what the other has changed of it must be there still.
#[test]
fn two_changes_of_an_account_at_once_do_not_undo_each_other() {
    on_both(|url, dir| {
        if matches!(url, DatabaseUrl::Sqlite(_)) {
            return; // one writer at a time
        }
        let (app, _clock) = by_hand(url, dir);
        let account = webhook(&app, "blog", "http://127.0.0.1:9/hook");
        let renamed = UpdateAccount { name: Some("news".to_owned()), ..UpdateAccount::new(account) };
        let narrowed = UpdateAccount { concurrency: Some(3), ..UpdateAccount::new(account) };
        let row = overlapping(url, &app, renamed, narrowed).expect("changed");
        assert_eq!((row.name.as_str(), row.concurrency), ("news", 3));
    });
}

#[test]
fn a_change_of_a_task_undoes_no_other_and_no_fire() {
    on_both(|url, dir| {
        if matches!(url, DatabaseUrl::Sqlite(_)) {
            return; // one writer at a time
        }
        let (app, _clock) = by_hand(url, dir);
        let task = task(&app, "hourly");
        let renamed = UpdateTask { name: Some("often".to_owned()), ..UpdateTask::new(task) };
        let faster = UpdateTask { interval_seconds: Some(60), ..UpdateTask::new(task) };
        let row = overlapping(url, &app, renamed, faster).expect("changed");
        assert_eq!((row.name.as_str(), row.interval_seconds), ("often", Some(60)));
        let disabled = UpdateTask { enabled: Some(false), ..UpdateTask::new(task) };
        let renamed = UpdateTask { name: Some("seldom".to_owned()), ..UpdateTask::new(task) };
        let row = overlapping(url, &app, disabled, renamed).expect("changed");
        assert_eq!((row.name.as_str(), row.enabled, row.next_run), ("seldom", false, None));

        let at = app.now() + Duration::from_secs(3600);
        let once = app.create_task(CreateTask::once("once", at)).expect("a task").id;
        let renamed = UpdateTask { name: Some("only once".to_owned()), ..UpdateTask::new(once) };
        let row = overlapping(url, &app, Fired { task: once, at }, renamed).expect("changed");
        assert_eq!((row.name.as_str(), row.enabled, row.next_run), ("only once", false, None));
    });
}
