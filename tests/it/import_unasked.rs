//! A folder that is imported again and again, with nobody there: nothing goes out twice, and what somebody has deleted
//! stays away.

use crate::support::app::*;
use crate::support::on_both;
use contenthub::import::{self, Pictures, Reading};
use contenthub::operations::content::DeleteContent;
use contenthub::operations::entry::DeleteEntry;
use contenthub::operations::import::{Action, Choices, Deleted, ImportFolder, ImportReport};
use contenthub::{AccountId, App, EntryStatus};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::Duration;

fn imported(app: &App, posts: &Path, account: AccountId, deleted: Deleted) -> ImportReport {
    let reading = Reading { zone: chrono_tz::UTC, recursive: true, settled_at: None };
    let pictures = Pictures::Taken(&app.context().media);
    let files = import::read_as(posts, reading, pictures, &mut |_, _| ()).expect("read").files;
    let choices = Choices { accounts: vec![account], pool: true, deleted, ..Choices::default() };
    app.run(ImportFolder { files, choices, skip_bad: true, dry_run: false }).expect("imported")
}

fn actions(report: &ImportReport) -> Vec<Action> {
    report.files.iter().map(|file| file.action).collect()
}

#[test]
fn what_was_deleted_stays_away_until_a_person_imports_it() {
    on_both(|url, dir| {
        let (app, clock) = by_hand(url, dir);
        let site = account(&app, "site", "folder", json!({}));
        let posts = dir.join("posts");
        fs::create_dir(&posts).expect("a folder");
        fs::write(posts.join("a.md"), "# A\n\ntext").expect("written");
        fs::write(posts.join("b.md"), "# B\n\n---\nbad: [").expect("written");
        let first = imported(&app, &posts, site, Deleted::LeaveOut);
        assert_eq!(first.entries_added, 2, "{first:?}");
        let hand = task(&app, "by hand");
        report_of(&app, hand);
        for entry in entries(&app) {
            assert_eq!(entry.status, EntryStatus::Published);
            app.run(DeleteEntry(entry.id)).expect("removed");
            app.run(DeleteContent(entry.content_id)).expect("deleted");
        }
        clock.forward(Duration::from_secs(60));
        fs::write(posts.join("a.md"), "# A\n\nother text").expect("changed");
        fs::rename(posts.join("b.md"), posts.join("c.md")).expect("moved");
        let again = imported(&app, &posts, site, Deleted::LeaveOut);
        assert_eq!((actions(&again), again.entries_added), (vec![Action::Skipped, Action::Skipped], 0));
        let note = again.files[0].note.as_ref().expect("a note");
        assert_eq!(note.to_string(), "its content was deleted; `content import` brings it back");
        let by_hand = imported(&app, &posts, site, Deleted::BringBack);
        assert_eq!((actions(&by_hand), by_hand.entries_added), (vec![Action::Created, Action::Created], 2));
        fs::write(posts.join("a.md"), "# A\n\nthird text").expect("changed");
        let later = imported(&app, &posts, site, Deleted::LeaveOut);
        assert_eq!(actions(&later), [Action::Updated, Action::Unchanged], "it is a content again");
    });
}
