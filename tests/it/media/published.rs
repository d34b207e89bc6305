//! What a publish asks of pictures, and what it remembers.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::pictures::png;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::media_uploads::Uploaded;
use contenthub::db::schema::{content_media, media};
use contenthub::domain::media::{MediaHash, UploadPurpose};
use contenthub::media::Received;
use contenthub::operations::account::DeleteAccount;
use contenthub::operations::content::UpdateContent;
use contenthub::operations::media::publishing::*;
use contenthub::operations::media::{AddMedia, GetMedia};
use contenthub::{App, ContentId, CreateContent};
use diesel::prelude::*;
use serde_json::json;

/// The widths of the pictures of each revision, which tests tell them by.
pub fn shown(url: &DatabaseUrl) -> Vec<(i32, Vec<i32>)> {
    let mut conn = connect(url).expect("connected");
    let rows: Vec<(i32, i32)> = content_media::table
        .inner_join(media::table)
        .order((content_media::revision, media::width))
        .select((content_media::revision, media::width))
        .load(&mut conn)
        .expect("read");
    let mut revisions: Vec<(i32, Vec<i32>)> = Vec::new();
    for (revision, width) in rows {
        match revisions.last_mut() {
            Some((last, widths)) if *last == revision => widths.push(width),
            _ => revisions.push((revision, vec![width])),
        }
    }
    revisions
}

fn received(app: &App, width: u32) -> Received {
    app.context().media.receive("a.png", &png(width, 1)[..]).expect("received")
}

#[test]
fn a_picture_of_the_web_is_fetched_once_for_a_content() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        const SOURCE: &str = "https://a.example/b.png";
        let text = format!("![]({SOURCE})");
        let content = app.create_content(CreateContent::new("a", &text)).expect("a content").id;
        let find = |content: ContentId, revision| {
            let find = FindPicture { content, revision, source: SOURCE.to_owned() };
            app.run(find).expect("looked for").map(|row| row.width)
        };
        assert_eq!(find(content, 1), None);
        let keep =
            KeepFetched { content, revision: 1, source: SOURCE.to_owned(), received: received(&app, 7) };
        assert_eq!(app.run(keep).expect("kept").width, 7);
        assert_eq!(find(content, 1), Some(7));
        // The next revision shows the same, though nobody had it fetched.
        let update = UpdateContent { title: Some("b".to_owned()), ..UpdateContent::new(content) };
        app.run(update).expect("updated");
        assert_eq!(find(content, 2), Some(7));
        // One that did not name it, and a later one that does again.
        for body in ["nothing", &text] {
            let update = UpdateContent { body: Some(body.to_owned()), ..UpdateContent::new(content) };
            app.run(update).expect("updated");
        }
        assert_eq!(shown(url), [(1, vec![7]), (2, vec![7])]);
        assert_eq!(find(content, 4), Some(7));
        assert_eq!(
            shown(url),
            [(1, vec![7]), (2, vec![7]), (4, vec![7])],
            "it is noted where it was looked for"
        );
        let other = app.create_content(CreateContent::new("other", &text)).expect("a content").id;
        assert_eq!(find(other, 1), None, "the address may answer otherwise by now");
    });
}

#[test]
fn an_upload_is_remembered_for_its_account_file_and_purpose() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let (one, other) = (account(&app, "a", "folder", json!({})), account(&app, "b", "folder", json!({})));
        let hash = |width| -> MediaHash { received(&app, width).facts.sha256 };
        let of = |account, media: MediaHash, purpose, place: &str| UploadOf {
            account,
            media,
            purpose,
            place: place.to_owned(),
        };
        let (body, cover) = (UploadPurpose::Body, UploadPurpose::Cover);
        let find = |of: &UploadOf| app.run(FindUpload(of.clone())).expect("looked for");
        let uploaded = |id: &str| Uploaded {
            platform_id: Some(id.to_owned()),
            url: None,
            uploaded_at: contenthub::Timestamp::from_micros(5),
        };
        let note = |of: &UploadOf, uploaded| app.run(NoteUpload { of: of.clone(), uploaded }).expect("noted");
        let first = of(one, hash(1), body, "wx1");
        assert_eq!(find(&first), None);
        note(&first, Some(uploaded("m1")));
        assert_eq!(find(&first), Some(uploaded("m1")));
        for another in [
            of(other, hash(1), body, "wx1"),
            of(one, hash(2), body, "wx1"),
            of(one, hash(1), cover, "wx1"),
            of(one, hash(1), body, "wx2"),
        ] {
            assert_eq!(find(&another), None, "{another:?}");
            note(&another, Some(Uploaded { url: Some("u".to_owned()), ..uploaded("m2") }));
        }
        // Two attempts may upload at once: the later counts.
        note(&first, Some(uploaded("m3")));
        assert_eq!(find(&first), Some(uploaded("m3")));
        note(&first, None);
        assert_eq!(find(&first), None);
        app.run(DeleteAccount(one)).expect("deleted");
        let count: i64 = {
            let mut conn = connect(url).expect("connected");
            contenthub::db::schema::media_uploads::table.count().get_result(&mut conn).expect("counted")
        };
        assert_eq!(count, 1, "what is left is the other account's");
    });
}

/// Another machine may have the file, or somebody has removed it: that is told, and no row is touched for it.
#[test]
fn a_file_that_is_gone_is_told_and_comes_back_when_it_is_added_again() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let row = app.run(AddMedia(received(&app, 3))).expect("added").row;
        let store = &app.context().media;
        store.remove(&row.sha256).expect("removed by hand");
        let told = store.read(&row.sha256, 0).expect_err("gone").to_string();
        assert!(told.contains("is not in the media folder"), "{told}");
        let again = app.run(AddMedia(received(&app, 3))).expect("added");
        assert!(!again.is_new && again.row.id == row.id);
        assert_eq!(store.read(&row.sha256, 0).expect("read"), png(3, 1));
        assert_eq!(app.run(GetMedia(row.id)).expect("a row").width, 3);
    });
}
