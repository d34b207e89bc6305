//! Pictures on their way to WeChat: what is missing is told before anything is sent, what is too large is made smaller, and
//! nothing is uploaded twice.

use super::*;
use crate::support::on_both;
use crate::support::wechat::faults::Fault;
use crate::support::wechat::refusal::INVALID_MEDIA_ID;
use contenthub::domain::media::MediaAddress;
use contenthub::operations::OperationError;
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::content::UpdateContent;
use contenthub::operations::entry::RetryEntry;
use contenthub::operations::media::AddMedia;

impl Room {
    /// The address of a picture that was uploaded.
    fn kept(&self, name: &str, bytes: &[u8]) -> String {
        let received = self.app.context().media.receive(name, bytes).expect("received");
        MediaAddress::of(&self.app.run(AddMedia(received)).expect("added").row.sha256)
    }

    fn showing(&self, title: &str, sources: &[&str]) -> EntryId {
        let body: String = sources.iter().map(|source| format!("![x]({source})\n\n")).collect();
        self.add(title, |mut content| {
            content.text.body = body;
            content
        })
    }

    fn uploads(&self) -> usize {
        self.asked(Interface::AddMaterial) + self.asked(Interface::UploadImg)
    }
}

/// Of an entry that has failed for good: the code and the words.
#[track_caller]
fn failed(room: &Room, id: EntryId) -> (String, String) {
    room.run();
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven), (EntryStatus::Failed, false), "{:#?}", room.log(id));
    let row = room.log(id).pop().expect("a row");
    (row.error_code.expect("a code"), row.error_message.expect("words"))
}

fn on_sqlite(settings: Value, test: impl Fn(&Room)) {
    let dir = tempfile::tempdir().expect("a folder");
    test(&Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), settings));
}

#[test]
fn a_picture_that_cannot_be_had_is_named_before_anything_is_sent() {
    on_sqlite(json!({}), |room| {
        room.web.on_path("/broken.gif", [Answer::status(200).body("GIF89a")]);
        room.web.on_path("/page", [Answer::status(200).body("<html>")]);
        let fine = room.web.url("/fine.png");
        for (picture, code, words) in [
            ("/gone.jpg", "picture_not_fetched", "it was answered with 404"),
            ("/broken.gif", "picture", "begins as gif and cannot be read as one"),
            ("/page", "picture", "PNG, JPEG, GIF and WebP are taken"),
        ] {
            let source = room.web.url(picture);
            let id = room.showing(&picture[1..], &[&fine, &source]);
            let (told, said) = failed(room, id);
            assert_eq!(told, code, "{said}");
            assert!(said.contains(&source) && said.contains(words), "{said}");
        }
        // Not even the pictures before it.
        assert_eq!((room.uploads(), room.asked(Interface::DraftAdd)), (0, 0));
    });
}

#[test]
fn a_picture_that_is_nowhere_is_told_when_its_article_is_added() {
    on_sqlite(json!({}), |room| {
        let mut content = room.content("beside");
        content.text.cover = Some("beside.png".to_owned());
        content.text.body = "![x](photos/a.png)".to_owned();
        let content = room.app.create_content(content).expect("a content").id;
        let addition = Addition { account: Some(room.account), ..Addition::of(content) };
        let Err(OperationError::Invalid(wrong)) = room.app.add_to_pool(addition) else { panic!("refused") };
        let told: Vec<String> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[0].starts_with("body: the picture “photos/a.png” is not kept here"), "{told:?}");
        assert!(told[1].starts_with("cover: the picture “beside.png” is not kept here"), "{told:?}");
    });
}

/// Nothing brings the file back but a person; so the entry does not wait for it, and says what to do.
#[test]
fn a_picture_whose_file_is_gone_ends_its_entry_before_anything_is_sent() {
    on_sqlite(json!({}), |room| {
        let picture = room.kept("a.png", &png(7, 7));
        let id = room.showing("x", &[&picture]);
        let store = &room.app.context().media;
        let hash = store.receive("a.png", &png(7, 7)[..]).expect("received").facts.sha256;
        store.remove(&hash).expect("removed by hand");
        let (code, said) = failed(room, id);
        assert_eq!(code, "picture", "{said}");
        assert!(said.contains(&picture) && said.contains("add the same file again"), "{said}");
        assert_eq!((room.uploads(), room.asked(Interface::DraftAdd)), (0, 0));
        room.kept("again.png", &png(7, 7));
        room.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published);
    });
}

/// A disk that is not mounted: all entries would fail for it.
#[test]
fn where_the_folder_of_pictures_is_away_entries_wait_for_it() {
    let dir = tempfile::tempdir().expect("a folder");
    let room = Room::open(&DatabaseUrl::in_data_dir(dir.path()), dir.path(), json!({}));
    let cover = room.kept("a.png", &png(7, 7));
    let id = room.add("x", |mut content| {
        content.text.cover = Some(cover.clone());
        content
    });
    let (media, away) = (dir.path().join("media"), dir.path().join("away"));
    std::fs::rename(&media, &away).expect("unmounted");
    room.run();
    let seen = room.settled(id);
    assert_eq!((seen.status, seen.unproven, seen.retry_count), (EntryStatus::Pending, false, 0));
    assert!(seen.last_error.as_ref().is_some_and(|said| said.contains("is its disk mounted")), "{seen:?}");
    std::fs::rename(&away, &media).expect("mounted");
    room.later(60);
    assert_eq!(room.until_out(id).status, EntryStatus::Published);
    assert_eq!(room.asked(Interface::DraftAdd), 1);
}

#[test]
fn a_picture_whose_server_is_down_is_tried_again_and_costs_the_entry_its_retries() {
    on_sqlite(json!({}), |room| {
        room.web.on_path("/cover.jpg", [Answer::status(503), Answer::status(200).body(cover())]);
        let id = room.add("x", |content| content);
        room.run();
        let seen = room.settled(id);
        assert_eq!((seen.status, seen.unproven, seen.retry_count), (EntryStatus::Pending, false, 1));
        assert!(seen.last_error.is_some_and(|said| said.contains("/cover.jpg")));
        room.later(60);
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published);
    });
}

/// The simulator refuses what WeChat would not take.
#[test]
fn pictures_that_wechat_does_not_take_as_they_are_are_made_to_fit() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let noise = image::RgbImage::from_fn(900, 900, |x, y| {
            let mixed = x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503);
            image::Rgb(
                [mixed, mixed >> 8, mixed >> 16].map(|part| u8::try_from(part & 0xff).expect("a byte")),
            )
        });
        let mut large = std::io::Cursor::new(Vec::new());
        image::DynamicImage::ImageRgb8(noise).write_to(&mut large, ImageFormat::Png).expect("drawn");
        let large = large.into_inner();
        assert!(large.len() > 1024 * 1024, "{}", large.len());
        let sources = [
            room.kept("large.png", &large),
            room.kept("a.webp", &drawn(ImageFormat::WebP, 9, 9)),
            room.kept("a.gif", &drawn(ImageFormat::Gif, 9, 9)),
        ];
        let id = room.showing("x", &sources.each_ref().map(String::as_str));
        assert_eq!(room.run().data.success_count, 1, "{:#?}", room.log(id));
        let article = &room.wechat.drafts(APPID)[0].articles[0];
        assert_eq!(article.content.matches("mmbiz.qpic.cn").count(), 3, "{}", article.content);
        assert_eq!(room.uploads(), 4);
    });
}

#[test]
fn an_upload_is_remembered_by_account_and_file_and_never_repeated() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let (a, b) = (room.web.url("/a.png"), room.kept("b.png", &png(7, 7)));
        // Of the same file under two names, as the cover, and in another article.
        let twice = room.web.url("/b.png");
        room.web.on_path("/b.png", [Answer::status(200).body(png(7, 7))]);
        let first = room.showing("first", &[&a, &b, &twice, &a]);
        assert_eq!(room.run().data.success_count, 1, "{:#?}", room.log(first));
        assert_eq!(room.uploads(), 3, "a cover and two files");
        let second = room.showing("second", &[&b]);
        room.run();
        assert_eq!((room.settled(second).status, room.uploads()), (EntryStatus::Published, 3));
        // Another revision, published again.
        let content = entry(&room.app, second).content_id;
        let edit = UpdateContent { body: Some(format!("More. ![b]({b})")), ..UpdateContent::new(content) };
        room.app.change(edit).expect("changed");
        let again = Addition { account: Some(room.account), again: true, ..Addition::of(content) };
        room.app.add_to_pool(again).expect("added");
        assert_eq!(room.run().data.success_count, 1);
        assert_eq!(room.uploads(), 3);
        // A cover is another upload than a picture of the text.
        let as_cover = room.add("cover", |mut content| {
            content.text.cover = Some(b.clone());
            content
        });
        room.run();
        assert_eq!((room.settled(as_cover).status, room.uploads()), (EntryStatus::Published, 4));
        // Another Official Account knows none of it.
        let appid = "wx00000000000000dd";
        room.wechat.add_account(appid, SECRET, crate::support::wechat::account::Rights::Drafts);
        let settings = json!({"appid": appid, "api_base_url": room.wechat.url()});
        room.app
            .change(UpdateAccount { settings: Some(settings), ..UpdateAccount::new(room.account) })
            .expect("changed");
        let elsewhere = room.showing("elsewhere", &[&b]);
        room.run();
        assert_eq!((room.settled(elsewhere).status, room.uploads()), (EntryStatus::Published, 6));
    });
}

/// An attempt that fails after its uploads leaves them to the next.
#[test]
fn uploads_are_not_repeated_by_the_next_attempt() {
    on_sqlite(json!({}), |room| {
        let sources = ["/a.png", "/b.png", "/c.png"].map(|path| room.web.url(path));
        // The last of them is one too many for this minute.
        room.wechat.limit_a_minute(APPID, Interface::UploadImg, 2);
        let id = room.showing("x", &sources.each_ref().map(String::as_str));
        room.run();
        assert_eq!((room.settled(id).status, room.uploads()), (EntryStatus::Pending, 4));
        room.later(60);
        room.run();
        assert_eq!((room.settled(id).status, room.uploads()), (EntryStatus::Published, 5));
        let uploads = room.wechat.uploads_by_sha256(APPID);
        assert!(uploads.len() == 4 && uploads.values().all(|times| *times == 1), "{uploads:?}");
    });
}

/// Somebody deleted it at WeChat while its upload was remembered.
#[test]
fn a_cover_that_is_gone_is_uploaded_again() {
    on_sqlite(json!({}), |room| {
        let before = room.showing("before", &[]);
        room.run();
        assert_eq!(
            (room.settled(before).status, room.asked(Interface::AddMaterial)),
            (EntryStatus::Published, 1)
        );
        room.wechat.plan(Interface::DraftAdd, 1, Fault::refusal(INVALID_MEDIA_ID));
        let id = room.showing("x", &[]);
        room.run();
        assert_eq!(room.settled(id).status, EntryStatus::Published, "{:#?}", room.log(id));
        assert_eq!((room.asked(Interface::AddMaterial), room.wechat.drafts(APPID).len()), (2, 2));
        // Where that is not what is wrong, it is said, once.
        room.wechat.plan(Interface::DraftAdd, 2, Fault::refusal(INVALID_MEDIA_ID));
        let id = room.showing("y", &[]);
        let (code, said) = failed(room, id);
        assert!(code == "wechat_40007" && said.contains("Retry the entry"), "{code}: {said}");
        assert_eq!((room.asked(Interface::AddMaterial), room.wechat.drafts(APPID).len()), (3, 2));
    });
}
