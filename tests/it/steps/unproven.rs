//! From the first step on that cannot be taken back, what may be out is never called proven; nor is anybody else accused
//! of what our own database did not keep.

use super::*;
use contenthub::db::schema::publish_pool::dsl as pool;
use contenthub::domain::execution::Trigger;
use contenthub::operations::OperationError;
use contenthub::operations::entry::CancelEntry;
use contenthub::operations::execution::TriggerTask;
use contenthub::operations::recovery::{Dead, Recover};

/// The draft first: an upload that fails afterwards says nothing of what is out.
async fn draft_first(call: PublishCall, url: DatabaseUrl, scripts: Scripts) -> Result<Seen, Seen> {
    let (journal, entry) = (&call.journal, call.entry);
    journal.irreversible("draft", || step("draft", entry, &url, &scripts)).await?;
    journal.repeatable("upload", || step("upload", entry, &url, &scripts)).await?;
    journal.irreversible("submit", || step("submit", entry, &url, &scripts)).await?;
    Ok(Seen::Accepted(Receipt::default()))
}

fn open_draft_first(url: &DatabaseUrl, dir: &Path, class: DeliveryClass) -> (Stage, Scripts) {
    let (played, scripts) = in_steps(class, url, draft_first);
    (Stage::with(url, dir, played, |settings| Settings { lease_seconds: 2, ..settings }), scripts)
}

/// Nobody can hide it, and it is neither given up nor sent twice.
fn waits_unproven(stage: &Stage, id: EntryId, what: &str) {
    let entry = stage.entry(id);
    assert_eq!((entry.status, entry.unproven), (EntryStatus::Pending, true), "{what}");
    let cancelled = stage.app.run(CancelEntry(id));
    assert!(matches!(cancelled, Err(OperationError::MaybePublished { .. })), "{what}: {cancelled:?}");
}

#[test]
fn after_a_step_that_cannot_be_taken_back_an_entry_is_unproven_and_goes_on() {
    on_both(|url, dir| {
        let (stage, scripts) = open_draft_first(url, dir, DeliveryClass::Blind);
        let upload = ["draft", "upload"];
        for (name, end, first) in [
            ("upload", End::Fault, &upload[..]),
            ("upload", End::Nothing, &upload),
            ("upload", End::Unread, &upload),
            ("upload", End::Panic, &upload),
            ("upload", End::Hang, &upload),
            ("submit", End::Nothing, &["draft", "upload", "submit"]),
        ] {
            let what = format!("{name} {end:?}");
            let (id, before) = ended_in(&stage, &scripts, name, end);
            assert_eq!(before, first, "{what}");
            waits_unproven(&stage, id, &what);
            stage.later(PAUSE);
            assert_eq!(stage.run().data.success_count, 1, "{what}");
            let rest = if name == "upload" { &["upload", "submit"][..] } else { &["submit"] };
            assert_eq!(done(&scripts), rest, "{what}");
            assert_eq!(stage.entry(id).status, EntryStatus::Published, "{what}");
        }
    });
}

#[test]
fn a_node_that_stops_after_such_a_step_leaves_it_unproven() {
    on_both(|url, dir| {
        let (mut stage, scripts) = open_draft_first(url, dir, DeliveryClass::Blind);
        scripts.lock().expect("nobody panics with it").next = Some(("upload", End::Hang));
        let id = add(&stage.app, "x", stage.account);
        stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
        eventually("it uploads", || {
            let script = scripts.lock().expect("nobody panics with it");
            (script.done.last() == Some(&"upload")).then_some(())
        });
        stage = stage.restarted();
        waits_unproven(&stage, id, "cut");
        done(&scripts);
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!(done(&scripts), ["upload", "submit"]);
    });
}

#[test]
fn a_node_that_dies_after_such_a_step_leaves_it_unproven() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Blind);
        for (name, unproven) in [("draft", false), ("submit", true)] {
            let (id, _) = ended_in(&stage, &scripts, name, End::Nothing);
            // As another node has it that went on from there, and died before it had kept anything more.
            stage.sql(
                url,
                &format!(
                    "UPDATE publish_pool SET status = 'publishing', claimed_by = 'gone', claimed_at = 1, \
                     lease_expires_at = 1, attempt = 2, unproven = FALSE WHERE id = {id}"
                ),
            );
            let gone = Dead::Nodes(vec![NodeId("gone".to_owned())]);
            let recover = Recover { by: NodeId("x".to_owned()), dead: gone };
            assert_eq!(stage.node.perform(recover).expect("recovered").entries, 1);
            assert_eq!(state(&stage.entry(id)), (EntryStatus::Pending, unproven, 0), "{name}");
            stage.later(PAUSE);
            assert_eq!(stage.run().data.success_count, 1, "{name}");
        }
        // What another revision came to is of no use, and no reason for doubt.
        let (id, _) = ended_in(&stage, &scripts, "submit", End::Refusal);
        stage.sql(
            url,
            &format!(
                "UPDATE publish_pool SET status = 'publishing', claimed_by = 'gone', claimed_at = 1, \
                 lease_expires_at = 1, attempt = 2, revision = 2 WHERE id = {id}"
            ),
        );
        let gone = Dead::Nodes(vec![NodeId("gone".to_owned())]);
        stage.node.perform(Recover { by: NodeId("x".to_owned()), dead: gone }).expect("recovered");
        assert_eq!(state(&stage.entry(id)), (EntryStatus::Pending, false, 0));
    });
}

#[test]
fn a_refusal_settles_what_was_unproven_unless_the_end_of_a_step_is_unknown() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Keyed);
        for (ends, status) in [
            (&[End::Nothing, End::Refusal][..], EntryStatus::Failed),
            (&[End::Fault, End::Refusal], EntryStatus::Uncertain),
            // That it did not happen the second time says nothing of the first.
            (&[End::Fault, End::Nothing, End::Refusal], EntryStatus::Uncertain),
        ] {
            let what = format!("{ends:?}");
            let (id, _) = ended_in(&stage, &scripts, "submit", ends[0]);
            for end in &ends[1..] {
                waits_unproven(&stage, id, &what);
                stage.later(PAUSE);
                scripts.lock().expect("nobody panics with it").next = Some(("submit", *end));
                stage.run();
            }
            let entry = stage.entry(id);
            assert_eq!((entry.status, entry.unproven), (status, status != EntryStatus::Failed), "{what}");
        }
    });
}

#[test]
fn an_answer_to_one_step_that_cannot_be_read_is_no_publication() {
    for (class, status) in
        [(DeliveryClass::Blind, EntryStatus::Uncertain), (DeliveryClass::Keyed, EntryStatus::Pending)]
    {
        on_both(|url, dir| {
            let (stage, scripts) = open(url, dir, class);
            let (id, first) = ended_in(&stage, &scripts, "draft", End::Unread);
            assert_eq!(first, ["upload", "draft"], "the whole is not out");
            let entry = stage.entry(id);
            assert_eq!((entry.status, entry.unproven), (status, true), "{class:?}");
            assert_eq!(steps_kept(url, id), kept(&[("upload", true), ("draft", false)]), "{class:?}");
        });
    }
}

/// From now on the database keeps nothing of such steps, or everything again.
fn forget(stage: &Stage, url: &DatabaseUrl, which: Option<&str>) {
    let is_sqlite =
        matches!(connect(url).expect("connected"), contenthub::db::connection::DbConnection::Sqlite(_));
    stage.sql(
        url,
        &match (which, is_sqlite) {
            (Some(which), true) => format!(
                "CREATE TRIGGER forgets BEFORE INSERT ON publish_checkpoints \
                 WHEN {which} BEGIN SELECT RAISE(ABORT, 'forgotten, on purpose'); END",
                which = which.replace("step", "NEW.step").replace("result", "NEW.result")
            ),
            (Some(which), false) => {
                format!(
                    "ALTER TABLE publish_checkpoints ADD CONSTRAINT forgets CHECK (NOT ({which})) NOT VALID"
                )
            }
            (None, true) => "DROP TRIGGER forgets".to_owned(),
            (None, false) => "ALTER TABLE publish_checkpoints DROP CONSTRAINT forgets".to_owned(),
        },
    );
}

#[test]
fn what_our_own_database_does_not_keep_accuses_nobody_and_is_tried_again_soon() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Keyed);
        for (which, unproven) in [
            ("step = 'upload'", false),
            ("step = 'draft'", false),
            ("step = 'draft' AND result IS NOT NULL", true),
        ] {
            forget(&stage, url, Some(which));
            // As many as would make a platform one that is down.
            let ids = [1, 2, 3].map(|number| add(&stage.app, &format!("{which} {number}"), stage.account));
            stage.run();
            for id in ids {
                let entry = stage.asked(id, &[Publish]);
                assert_eq!(state(&entry), (EntryStatus::Pending, unproven, 0), "{which}");
                let last = attempts(&stage.app, id).pop().expect("a row");
                assert_eq!(last.error_code.as_deref(), Some("checkpoint_not_kept"), "{which}");
            }
            forget(&stage, url, None);
            done(&scripts);
            stage.later(6);
            assert_eq!(stage.run().data.success_count, 3, "{which}");
            let mut conn = connect(url).expect("connected");
            let put_off = pool::publish_pool.filter(pool::pushed_from.is_not_null());
            assert_eq!(put_off.count().get_result::<i64>(&mut conn).expect("a number"), 0);
        }
    });
}
