//! Drafts: what is in them, and what keeps one from being made.

use super::*;
use crate::support::on_both;
use contenthub::operations::OperationError;
use contenthub::operations::account::GetAccount;
use contenthub::{LogStatus, ResultStatus};
use std::collections::BTreeSet;

#[test]
fn a_post_becomes_a_draft_with_its_pictures() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({"comments": "followers", "theme": "azure"}));
        assert_eq!(room.app.run(GetAccount(room.account)).expect("it").concurrency, 1);
        let (a, b) = (room.web.url("/a.png"), room.web.url("/b.png"));
        let id = room.add("标题", |mut content| {
            content.text.body = format!("# 一\n\n![a]({a})\n\n**强调** ![b]({b}) ![a]({a})\n");
            (content.text.author, content.text.digest) = (Some("作者".to_owned()), Some("摘要".to_owned()));
            content
        });
        let report = room.run();
        assert_eq!(report.data.success_count, 1, "{:#?}", room.log(id));
        let drafts = room.wechat.drafts(APPID);
        let [draft] = &drafts[..] else { panic!("{drafts:#?}") };
        let [article] = &draft.articles[..] else { panic!("{draft:#?}") };
        let (result, row) = (&report.data.results[0], &room.log(id)[0]);
        assert_eq!(
            (result.status, result.media_id.as_ref()),
            (ResultStatus::Published, Some(&draft.media_id))
        );
        assert_eq!((row.status, row.media_id.as_ref()), (LogStatus::Published, Some(&draft.media_id)));
        assert_eq!((&*article.title, &*article.author, &*article.digest), ("标题", "作者", "摘要"));
        assert!(article.content_source_url.starts_with("https://blog.example/标题#ch-"), "{article:?}");
        assert_eq!((article.need_open_comment, article.only_fans_can_comment), (true, true));
        assert_eq!(article.stripped, [""; 0], "nothing that WeChat takes away");
        assert_eq!(article.content.matches("mmbiz.qpic.cn").count(), 3, "{}", article.content);
        // Two pictures and a cover, each once.
        let uploads = room.wechat.uploads_by_sha256(APPID);
        assert_eq!((uploads.len(), uploads.values().sum::<usize>()), (3, 3), "{uploads:?}");
        assert_eq!(room.wechat.visible(), [], "a draft is nobody's to read");
    });
}

#[test]
fn an_article_without_a_cover_or_with_a_bad_address_is_refused_before_it_waits() {
    on_both(|url, dir| {
        let room = Room::open(url, dir, json!({}));
        let mut bare = room.content("x");
        bare.text.cover = None;
        bare.text.source_url = Some("no address".to_owned());
        let content = room.app.create_content(bare).expect("a content").id;
        let addition = Addition { account: Some(room.account), ..Addition::of(content) };
        let Err(OperationError::Invalid(wrong)) = room.app.add_to_pool(addition) else { panic!("refused") };
        let fields: BTreeSet<&str> = wrong.iter().map(|error| &*error.field).collect();
        assert_eq!(fields, BTreeSet::from(["cover", "source_url"]), "{wrong:?}");
    });
}
