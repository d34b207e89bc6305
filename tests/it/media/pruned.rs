//! Pictures that nothing shows go after their grace, and no other does, whatever dies in between.

use super::files;
use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use crate::support::pictures::png;
use contenthub::db::connection::{DbConnection, connect};
use contenthub::db::media;
use contenthub::domain::ids::MediaId;
use contenthub::operations::content::DeleteContent;
use contenthub::operations::media::pruning::{PruneFiles, PruneMedia};
use contenthub::operations::media::{AddMedia, GetMedia};
use contenthub::operations::task::CreateTask;
use contenthub::views::MediaView;
use contenthub::{App, ContentId, CreateContent, TaskId, Timestamp};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

fn add(app: &App, width: u32) -> MediaView {
    let received = app.context().media.receive("a.png", &png(width, 1)[..]).expect("received");
    app.run(AddMedia(received)).expect("added").row.into()
}

fn showing(app: &App, picture: &MediaView) -> ContentId {
    let text = format!("![]({})", picture.address);
    app.create_content(CreateContent::new(text.clone(), text)).expect("a content").id
}

fn prune_task(app: &App, params: Value) -> TaskId {
    let create = CreateTask { task_type: "prune".to_owned(), params, ..CreateTask::every("prune", 86_400) };
    app.create_task(create).expect("a task").id
}

/// How many pictures, and files without a row, a run has removed.
fn pruned(app: &App, task: TaskId) -> (Value, Value) {
    let report = app.run_task(task).expect("a report");
    let details = report.data.details.expect("details");
    (details["media"].clone(), details["files_without_row"].clone())
}

/// So many days pass, and the nightly run comes.
fn after(days: u32, app: &App, clock: &Arc<SteppedClock>, task: TaskId) -> (Value, Value) {
    clock.forward(days * DAY);
    pruned(app, task)
}

#[test]
fn what_nothing_shows_goes_after_a_week_and_what_something_shows_stays() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = prune_task(&app, json!({}));
        let (used, left, wanted) = (add(&app, 1), add(&app, 2), add(&app, 3));
        let content = showing(&app, &used);
        let (nothing, one) = ((json!(0), json!(0)), (json!(1), json!(0)));
        assert_eq!(pruned(&app, task), nothing);
        assert_eq!(after(6, &app, &clock, task), nothing);
        // Whoever uploads it again wants it: its grace begins anew.
        assert_eq!(add(&app, 3).id, wanted.id);
        assert_eq!(after(1, &app, &clock, task), one);
        assert!(app.run(GetMedia(left.id)).is_err());
        let mut kept = [used.sha256.to_string(), wanted.sha256.to_string()];
        kept.sort();
        assert_eq!(files(dir), kept, "its file went with it, and no other");
        assert_eq!(after(6, &app, &clock, task), nothing);
        assert_eq!(after(1, &app, &clock, task), one);
        assert_eq!(after(100, &app, &clock, task), nothing);
        assert_eq!(files(dir), [used.sha256.to_string()], "a content shows it");
        // Its content goes, and from then on it has its days, too.
        app.run(DeleteContent(content)).expect("deleted");
        assert_eq!(pruned(&app, task), nothing);
        assert_eq!(after(6, &app, &clock, task), nothing);
        assert_eq!(after(1, &app, &clock, task), one);
        assert_eq!(files(dir), Vec::<String>::new());
    });
}

/// What is shown again in the last moment, by a text or by an upload, is not lost.
#[test]
fn one_that_is_shown_again_stays() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let task = prune_task(&app, json!({"media_days": 1}));
        let picture = add(&app, 1);
        pruned(&app, task);
        clock.forward(5 * DAY);
        let content = showing(&app, &picture);
        assert_eq!(pruned(&app, task), (json!(0), json!(0)));
        assert_eq!(app.run(GetMedia(picture.id)).expect("kept").unused_since, None);
        app.run(DeleteContent(content)).expect("deleted");
        assert_eq!(pruned(&app, task), (json!(0), json!(0)), "its days begin anew");
        assert_eq!(files(dir).len(), 1);
    });
}

/// A program that dies between row and file: the row went first, so what is left is a file that nobody needs.
#[test]
fn a_file_whose_row_is_gone_is_swept_and_one_that_was_taken_again_is_not() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let (dead, taken) = (add(&app, 1), add(&app, 2));
        let mut conn: DbConnection = connect(url).expect("connected");
        for id in [dead.id, taken.id] {
            assert!(media::delete(&mut conn, id).expect("its row is gone, and the program died"));
        }
        let again = add(&app, 2);
        assert_ne!(again.id, taken.id);
        let sweep = |before: Timestamp| -> usize {
            let folders = 0..256;
            folders.map(|after| app.run(PruneFiles { before, after }).expect("swept").0.removed).sum()
        };
        assert_eq!(sweep(Timestamp::from_micros(0)), 0, "one that is young may be on its way to its row");
        assert_eq!(files(dir).len(), 2);
        assert_eq!(sweep(Timestamp::MAX), 1);
        assert_eq!(files(dir), [again.sha256.to_string()]);
        assert_eq!(app.context().media.read(&again.sha256, 0).expect("read"), png(2, 1));
    });
}

/// The last batch says so, and each goes on where the one before it ended.
#[test]
fn batches_go_on_where_the_one_before_ended() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let last = (1..=3).map(|width| add(&app, width).id).max().expect("ids");
        let (batch, after) = app.run(PruneMedia { before: Timestamp::MAX, after: 0 }).expect("pruned");
        assert_eq!(
            (batch.removed, batch.is_last, MediaId(after)),
            (0, true, last),
            "they are noted at first"
        );
        let (batch, _) = app.run(PruneMedia { before: Timestamp::MAX, after: last.0 }).expect("pruned");
        assert_eq!((batch.removed, batch.is_last), (0, true));
        let (batch, _) = app.run(PruneMedia { before: Timestamp::MAX, after: 0 }).expect("pruned");
        assert_eq!((batch.removed, files(dir).len()), (3, 0));
        let (batch, next) = app.run(PruneFiles { before: Timestamp::MAX, after: 255 }).expect("swept");
        assert_eq!((batch.removed, batch.is_last, next), (0, true, 256));
        let (batch, next) = app.run(PruneFiles { before: Timestamp::MAX, after: 0 }).expect("swept");
        assert_eq!((batch.is_last, next), (false, 1));
    });
}
