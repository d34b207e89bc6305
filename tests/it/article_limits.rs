//! What a platform does not take of an article is told when the content is approved, added, imported or changed, field
//! by field, and not only when it is published.

use crate::support::app::*;
use crate::support::clock::SteppedClock;
use crate::support::on_both;
use crate::support::pictures::png;
use contenthub::db::connection::connect;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::field_error::FieldError;
use contenthub::domain::media_limits::{PictureRules, WECHAT_BODY, WECHAT_COVER};
use contenthub::domain::outcome::Seen;
use contenthub::domain::recycling::Rule;
use contenthub::import::{self, Pictures, Reading};
use contenthub::operations::OperationError;
use contenthub::operations::content::{GetContent, ReviewContent, ReviewStep, UpdateContent};
use contenthub::operations::import::{Choices, ImportFolder};
use contenthub::operations::pool::{AddToAccounts, BatchAdd, OnConflict};
use contenthub::operations::recycle::{Chosen, Recycle};
use contenthub::platforms::article_rules;
use contenthub::platforms::platform::{Article, Credentials, Platform, PublishCall, SecretField};
use contenthub::platforms::registry::Registry;
use contenthub::render::wechat::Options;
use contenthub::{AccountId, Addition, App, ContentId, CreateContent, DatabaseUrl, Settings};
use diesel::connection::SimpleConnection;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Takes what WeChat takes, or breaks where its settings say so.
struct Narrow;

impl Platform for Narrow {
    fn name(&self) -> &'static str {
        "narrow"
    }

    fn about(&self) -> &'static str {
        "Takes what WeChat takes."
    }

    fn settings_schema(&self) -> Value {
        json!({"type": "object"})
    }

    fn secret_fields(&self) -> &'static [SecretField] {
        &[]
    }

    fn delivery_class(&self, _: &Value) -> DeliveryClass {
        DeliveryClass::Keyed
    }

    fn check(&self, _: &Value, _: &Credentials) -> Result<(), Vec<FieldError>> {
        Ok(())
    }

    fn has_limits(&self) -> bool {
        true
    }

    fn check_article(&self, settings: &Value, article: &Article) -> Result<(), Vec<FieldError>> {
        assert!(settings["breaks"].is_null(), "on purpose");
        let wrong = article_rules::wechat(article, &Options::default());
        if wrong.is_empty() { Ok(()) } else { Err(wrong) }
    }

    fn picture_rules(&self, settings: &Value) -> Option<PictureRules> {
        let needs_cover = !settings["needs_cover"].is_null();
        Some(PictureRules { body: WECHAT_BODY, cover: WECHAT_COVER, needs_cover })
    }

    fn publish(&self, _: PublishCall) -> LocalBoxFuture<'static, Seen> {
        std::future::pending().boxed_local()
    }
}

struct Stage {
    app: App,
    narrow: AccountId,
    wide: AccountId,
}

impl Stage {
    fn new(url: &DatabaseUrl, dir: &Path, review_required: bool) -> Self {
        let settings = Settings { review_required, ..settings(url, dir) };
        let registry = Registry::builtin(&dir.join("data/sites")).with(Arc::new(Narrow));
        let app = App::open_with(settings, registry, Arc::new(SteppedClock::new())).expect("opened");
        app.disable_task(first_task(&app)).expect("disabled");
        let narrow = account(&app, "narrow", "narrow", json!({}));
        let wide = account(&app, "wide", "folder", json!({}));
        Stage { app, narrow, wide }
    }

    fn content(&self, title: usize) -> ContentId {
        self.app.create_content(CreateContent::new("题".repeat(title), "x")).expect("a content").id
    }

    fn add(&self, content: ContentId, account: AccountId) -> Result<(), OperationError> {
        let addition = Addition { account: Some(account), ..Addition::of(content) };
        self.app.add_to_pool(addition).map(drop)
    }

    fn retitle(&self, content: ContentId, title: usize) -> Result<(), OperationError> {
        let update = UpdateContent { title: Some("改".repeat(title)), ..UpdateContent::new(content) };
        self.app.change(update).map(drop)
    }

    fn approve(&self, content: ContentId) -> Result<(), OperationError> {
        self.app.change(ReviewContent { id: content, step: ReviewStep::Approve }).map(drop)
    }
}

const TITLE: &str = "title: has 33 characters, 1 more than wechat takes (at most 32)";

#[track_caller]
fn refused(result: Result<(), OperationError>) {
    let error = result.expect_err("refused");
    assert_eq!((error.code(), error.to_string().as_str()), ("invalid", TITLE));
}

#[test]
fn what_is_added_must_fit_its_account() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, false);
        let (fits, long) = (stage.content(32), stage.content(33));
        stage.add(fits, stage.narrow).expect("it fits");
        stage.add(long, stage.wide).expect("any platform else takes it");
        refused(stage.add(long, stage.narrow));
        let to_both = AddToAccounts { addition: Addition::of(long), accounts: vec![stage.narrow] };
        refused(stage.app.change(to_both).map(drop));

        // Every field that is too long is told at once.
        let mut all = CreateContent::new("题".repeat(40), "文".repeat(20_010));
        all.text.digest = Some("d".repeat(130));
        all.text.author = Some("a".repeat(17));
        let all = stage.app.create_content(all).expect("a content").id;
        let told = stage.add(all, stage.narrow).expect_err("refused").to_string();
        let told: Vec<&str> = told.split("; ").collect();
        let wanted = [("title", 8), ("digest", 2), ("author", 1), ("body", 11)];
        assert_eq!(told.len(), wanted.len(), "{told:?}");
        for (told, (field, excess)) in told.iter().zip(wanted) {
            assert!(told.starts_with(&format!("{field}: has ")), "{told}");
            assert!(told.contains(&format!(" characters, {excess} more than wechat takes")), "{told}");
        }

        // Of many, those that fit.
        let items = [fits, long, stage.content(1)];
        let items = items.map(|content| Addition { account: Some(stage.narrow), ..Addition::of(content) });
        let batch = |on_conflict| BatchAdd { items: items[1..].to_vec(), on_conflict };
        let failed = stage.app.change(batch(OnConflict::Fail)).expect_err("refused").to_string();
        assert_eq!(failed, format!("items[0]: {TITLE}"));
        let outcome = stage.app.change(batch(OnConflict::Skip)).expect("the others");
        let added: Vec<bool> = outcome.items.iter().map(Result::is_ok).collect();
        assert_eq!(added, [false, true]);
    });
}

#[test]
fn what_is_approved_must_fit_where_it_goes() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, true);
        let mut own = CreateContent::new("题".repeat(33), "x");
        own.account = Some(stage.narrow);
        let own = stage.app.create_content(own).expect("a content").id;
        refused(stage.approve(own));
        stage.retitle(own, 32).expect("a draft may be anything");
        stage.approve(own).expect("it fits now");

        // The accounts that it waits for count, too; what is long may go elsewhere.
        let waits = stage.content(5);
        stage.add(waits, stage.narrow).expect("it fits");
        stage.retitle(waits, 33).expect("a draft may be anything");
        refused(stage.approve(waits));
        let elsewhere = stage.content(33);
        stage.add(elsewhere, stage.wide).expect("it fits");
        stage.approve(elsewhere).expect("nobody minds");
        // Not approved, but added: it is told at once.
        refused(stage.add(stage.content(33), stage.narrow));
    });
}

#[test]
fn what_waits_unreviewed_is_not_made_longer_than_its_account_takes() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, false);
        let content = stage.content(32);
        stage.retitle(content, 33).expect("it waits for nobody");
        stage.retitle(content, 31).expect("changed");
        stage.add(content, stage.narrow).expect("it fits");
        refused(stage.retitle(content, 33));
        let kept = stage.app.run(GetContent(content)).expect("there");
        assert_eq!((kept.revision, kept.title.chars().count()), (3, 31), "nothing has changed");
    });
}

#[test]
fn files_that_are_too_long_are_told_by_their_line_and_keep_the_import_out() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, false);
        let posts = dir.join("posts");
        std::fs::create_dir(&posts).expect("a folder");
        let write = |name: &str, title: usize| {
            let text = format!("---\nauthor: a\ntitle: {}\naccount: narrow\n---\n\nx\n", "题".repeat(title));
            std::fs::write(posts.join(name), text).expect("written");
        };
        write("fits.md", 32);
        write("long.md", 33);
        let import = |skip_bad| {
            let files = import::read(&posts, chrono_tz::Tz::UTC, &mut |_, _| {}).expect("read");
            let choices = Choices { pool: true, ..Choices::default() };
            stage.app.change(ImportFolder { files, choices, skip_bad, dry_run: false })
        };
        let report = import(false).expect("a report");
        assert!(!report.imported);
        let wrong: Vec<String> =
            report.files.iter().flat_map(|file| &file.errors).map(|it| format!("{it:?}")).collect();
        assert!(
            wrong.len() == 1 && wrong[0].contains("line: Some(3)") && wrong[0].contains("title"),
            "{wrong:?}"
        );
        assert!(import(true).expect("a report").imported);

        // The one that waits gets too long: nothing is changed, and the file is named.
        write("fits.md", 33);
        std::fs::remove_file(posts.join("long.md")).expect("removed");
        let files = import::read(&posts, chrono_tz::Tz::UTC, &mut |_, _| {}).expect("read");
        let later = ImportFolder { files, choices: Choices::default(), skip_bad: false, dry_run: false };
        let refused = stage.app.change(later).expect_err("refused").to_string();
        assert!(refused.ends_with(TITLE) && refused.contains("fits.md"), "{refused}");
    });
}

#[test]
fn recycling_leaves_out_what_has_become_too_long_and_goes_on() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, false);
        let contents = [stage.content(33), stage.content(32)];
        let mut conn = connect(url).expect("connected");
        for content in contents {
            let sql = format!(
                "INSERT INTO published_contents (content_id, account_id, first_published_at) VALUES ({content}, {0}, 1); \
                 INSERT INTO publish_logs (pool_id, content_id, revision, account_id, attempt, status, started_at, \
                   finished_at) VALUES ({content}00, {content}, 1, {0}, 1, 'published', 1, 1)",
                stage.narrow.0
            );
            conn.batch_execute(&sql).expect("published");
        }
        let done = stage.app.run(Recycle {
            task: task(&stage.app, "recycling"),
            chosen: Chosen::Contents(contents.to_vec()),
            accounts: vec![stage.narrow],
            rule: Rule { count: 2, pause: Duration::from_secs(60), times_max: None },
            until: None,
        });
        let done = done.expect("recycled");
        let added: Vec<ContentId> = done.added.iter().map(|it| it.content).collect();
        assert_eq!(added, [contents[1]]);
        let left_out = format!("content {} is left out on account {}: {TITLE}", contents[0], stage.narrow);
        assert_eq!(done.notes, [left_out]);
    });
}

#[test]
fn a_platform_that_breaks_keeps_its_own_accounts_alone_from_being_used() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, false);
        let broken = account(&stage.app, "broken", "narrow", json!({"breaks": true}));
        let content = stage.content(1);
        let error = stage.add(content, broken).expect_err("it breaks");
        assert_eq!(error.code(), "account_unusable");
        stage.add(content, stage.wide).expect("added");
        stage.add(content, stage.narrow).expect("added");
    });
}

/// A path that was never imported means nothing to a platform that needs the file; on the web it is fetched when it is needed.
#[test]
fn a_picture_that_is_nowhere_is_told_before_anything_is_sent() {
    on_both(|url, dir| {
        let stage = Stage::new(url, dir, false);
        let content = |body: &str, cover: Option<&str>| {
            let mut create = CreateContent::new("a", body);
            create.text.cover = cover.map(str::to_owned);
            stage.app.create_content(create).expect("a content").id
        };
        stage.add(content("![](https://a.example/a.png)", None), stage.narrow).expect("it is fetched then");
        let lost = content("![](a.png)", Some("b.png"));
        let told = stage.add(lost, stage.narrow).expect_err("refused").to_string();
        let missing = |field: &str, picture: &str| {
            let what = "is not kept here; upload it, or import it together with its text";
            format!("{field}: the picture “{picture}” {what}")
        };
        assert_eq!(told, [missing("body", "a.png"), missing("cover", "b.png")].join("; "));
        stage.add(lost, stage.wide).expect("any platform else takes it");
        let covered = account(&stage.app, "covered", "narrow", json!({"needs_cover": true}));
        let bare = content("no picture", None);
        assert_eq!(stage.add(bare, covered).expect_err("refused").to_string(), "cover: is missing");

        // What waits is held against what it would show, with the pictures that come with it.
        let posts = dir.join("posts");
        std::fs::create_dir(&posts).expect("a folder");
        std::fs::write(posts.join("a.md"), "![](a.png)").expect("written");
        std::fs::write(posts.join("a.png"), png(3, 3)).expect("written");
        let import = || {
            let reading = Reading { zone: chrono_tz::UTC, recursive: true, settled_at: None };
            let pictures = Pictures::Taken(&stage.app.context().media);
            let files = import::read_as(&posts, reading, pictures, &mut |_, _| {}).expect("read").files;
            let choices = Choices { accounts: vec![stage.narrow], pool: true, ..Choices::default() };
            let import = ImportFolder { files, choices, skip_bad: false, dry_run: false };
            stage.app.change(import).expect("imported")
        };
        assert_eq!((import().created, import().unchanged), (1, 1));
        std::fs::write(posts.join("a.md"), "![](a.png) ![](b.png)").expect("written");
        std::fs::write(posts.join("b.png"), png(4, 4)).expect("written");
        let report = import();
        assert_eq!((report.updated, report.bad), (1, 0), "{report:?}");
        let content = report.files[0].content_id.expect("a content");
        let update = |body: &str| {
            let update = UpdateContent { body: Some(body.to_owned()), ..UpdateContent::new(content) };
            stage.app.change(update).map(drop)
        };
        update("![](b.png) only").expect("it is known from the revision before");
        let told = update("![](c.png)").expect_err("refused").to_string();
        assert_eq!(told, missing("body", "c.png"));
    });
}
