//! What of a copy looks as if it were not due, or proven, or at rest, and may be out or on its way all the same.

use super::*;
use contenthub::db::{nodes, pause};
use contenthub::operations::content::UpdateContent;
use contenthub::operations::publish_now::PublishNow;
use diesel::prelude::*;

/// An outage had put it off beyond the restore: its platform may have answered the moment after the copy was made.
#[test]
fn what_an_outage_had_put_off_is_in_doubt() {
    on_both(|url, dir| {
        let (class, clock) = (DeliveryClass::Blind, Arc::new(SteppedClock::standing()));
        let life = Life::open(url, dir, played(class), &clock);
        let stage = life.account();
        let [put_off, planned] = ["put off", "planned"].map(|title| add(&life.app, title, stage));
        let mut conn = connect(url).expect("connected");
        let later = "UPDATE publish_pool SET due_at = due_at + 3600000000";
        let was_due = format!("UPDATE publish_pool SET pushed_from = added_at WHERE id = {put_off}");
        conn.batch_execute(&format!("{later}; {was_due}")).expect("put off");
        drop(conn);
        let copy = copy_of(url, dir, &clock);
        drop(life);
        let (url, restored) = put_back(url, dir, &copy, class, &clock).expect("restored");
        assert_eq!((restored.guarded.uncertain, restored.guarded.due_later), (1, 1));
        let life = Life::open(&url, dir, played(class), &clock);
        let both = [put_off, planned].map(|id| entry(&life.app, id).status);
        assert_eq!(both, [EntryStatus::Uncertain, EntryStatus::Pending]);
    });
}

/// It was approved when it went out first, and repeats that, whatever became of its content since.
#[test]
fn what_may_have_been_out_before_the_copy_repeats_what_was_sent_then() {
    on_both(|url, dir| {
        let (class, clock) = (DeliveryClass::Keyed, Arc::new(SteppedClock::standing()));
        let unseen = Seen::EndUnseen { problem: problem("cut"), retry_after: None };
        let life = Life::open(url, dir, Played::new(class, answers([unseen])), &clock);
        let id = add(&life.app, "first words", life.account());
        life.run();
        let was = entry(&life.app, id);
        assert!(was.unproven);
        let other = Some("other words".to_owned());
        life.app.run(UpdateContent { title: other, ..UpdateContent::new(was.content_id) }).expect("edited");
        let draft = "UPDATE contents SET review_status = 'draft'";
        connect(url).expect("connected").batch_execute(draft).expect("a draft");
        let copy = copy_of(url, dir, &clock);
        let key = life.calls.all()[0].key.clone();
        drop(life);
        clock.forward(HOUR);
        let (url, restored) = put_back(url, dir, &copy, class, &clock).expect("restored");
        assert_eq!((restored.guarded.uncertain, restored.guarded.unproven), (0, 1));
        let life = Life::open(&url, dir, played(class), &clock);
        life.run();
        let asked = life.calls.all();
        assert_eq!((asked.len(), &asked[0].key, asked[0].revision), (1, &key, 1));
    });
}

/// Nothing runs by itself afterwards: publishing is paused, what would feed the pool is switched off, and the nodes of the
/// copy are of another life.
#[test]
fn nothing_goes_on_by_itself() {
    on_both(|url, dir| {
        let (class, clock) = (DeliveryClass::Keyed, Arc::new(SteppedClock::standing()));
        let life = Life::open(url, dir, played(class), &clock);
        let [feeds, publishes] = ["feeds", "publishes"].map(|name| task(&life.app, name));
        life.app.run(TriggerTask { task: publishes, by: Trigger::Api }).expect("triggered");
        let node = "INSERT INTO nodes (id, host, pid, version, fires, concurrency, lease_seconds, stopping, restarts, \
            started_at, seen_at) VALUES ('n0', 'h', 1, '1', TRUE, 1, 60, FALSE, '{}', 1, 1)";
        let feed = format!("UPDATE scheduled_tasks SET task_type = 'import_folder' WHERE id = {feeds}");
        connect(url)
            .expect("connected")
            .batch_execute(&format!("{node}; {feed}"))
            .expect("as another version");
        let copy = copy_of(url, dir, &clock);
        drop(life);
        let (url, restored) = put_back(url, dir, &copy, class, &clock).expect("restored");
        let disabled: Vec<TaskId> = restored.guarded.tasks_disabled.iter().map(|task| task.id).collect();
        assert_eq!(disabled, [feeds]);
        let mut conn = connect(&url).expect("connected");
        let paused = pause::get(&mut conn).expect("read").expect("it is paused");
        assert_eq!((paused.by.as_str(), paused.since), ("test", clock.now()));
        assert_eq!(nodes::list(&mut conn).expect("read"), []);
        drop(conn);
        let life = Life::open(&url, dir, played(class), &clock);
        let tasks = life.app.tasks().expect("tasks");
        let is_enabled = |id| tasks.iter().find(|task| task.id == id).expect("the task").enabled;
        assert_eq!([feeds, publishes].map(is_enabled), [false, true]);
        let open = runs(&life.app, publishes).into_iter().filter(|run| run.finished_at.is_none()).count();
        assert_eq!(open, 0, "its run was of another life");
    });
}

/// The lane was full, and is not after the restore: nobody who was on the wire is there to say so.
#[test]
fn what_was_known_of_lanes_is_looked_at_anew() {
    on_both(|url, dir| {
        let (class, clock) = (DeliveryClass::Keyed, Arc::new(SteppedClock::standing()));
        let life = Life::open(url, dir, played(class), &clock);
        let account = life.account();
        // Somebody wanted this one out at once, and knows what became of that.
        let at = life.app.now() + HOUR;
        let wanted = add_at(&life.app, "wanted then", account, at);
        life.app.run(PublishNow { ids: vec![wanted], by: "Ada".to_owned() }).expect("wanted");
        connect(url)
            .expect("connected")
            .batch_execute("UPDATE accounts SET opens_at = 9000000000000000")
            .expect("full");
        let copy = copy_of(url, dir, &clock);
        drop(life);
        let (url, _) = put_back(url, dir, &copy, class, &clock).expect("restored");
        let mut conn = connect(&url).expect("connected");
        let wanted = contenthub::db::schema::publish_demands::table.count().get_result::<i64>(&mut conn);
        assert_eq!(wanted.expect("counted"), 0);
        drop(conn);
        let life = Life::open(&url, dir, played(class), &clock);
        let id = add(&life.app, "new", account);
        life.run();
        assert_eq!(entry(&life.app, id).status, EntryStatus::Published);
    });
}
