//! Through the real server: an account, its test, a post that becomes a draft, and its secret, which nobody is shown.

use super::*;
use crate::support::product::{Product, id};
use std::collections::BTreeSet;

#[test]
fn a_server_makes_drafts_and_says_where_they_are() {
    let dir = tempfile::tempdir().expect("a folder");
    let product = Product::start(&DatabaseUrl::in_data_dir(dir.path()), dir.path());
    let wechat = WeChat::start();
    product.receiver.on_path("/cover.jpg", [Answer::status(200).body(super::cover())]);
    let platforms = product.get("/platforms");
    let ours = platforms["items"].as_array().into_iter().flatten().find(|it| it["name"] == "wechat");
    let ours = ours.expect("the platform");
    assert_eq!(ours["delivery_class"], "detects");
    assert_eq!(
        (&ours["credentials"][0]["name"], &ours["credentials"][0]["required"]),
        (&json!("app_secret"), &json!(true))
    );
    for field in
        ["appid", "mode", "api_base_url", "theme", "css", "links", "spacing", "marker_url", "comments"]
    {
        let property = &ours["settings_schema"]["properties"][field];
        assert!(property["description"].is_string(), "{field}: {property}");
    }
    let body = |settings: Value| json!({"name": "gzh", "platform": "wechat", "settings": settings, "credentials": {"app_secret": SECRET}});
    let refused = product.post("/accounts", &body(json!({"appid": APPID, "mode": "now"})), 422);
    assert_eq!(refused["errors"][0]["field"], "settings.mode", "{refused}");
    let made = product.post("/accounts", &body(json!({"appid": APPID, "api_base_url": wechat.url()})), 201);
    assert_eq!((&made["concurrency"], &made["credentials_set"]), (&json!(1), &json!(["app_secret"])));
    let account = id(&made);
    let tested = product.post(&format!("/accounts/{account}/test"), &json!({}), 200);
    assert!(tested["ok"] == true && tested["message"].to_string().contains("drafts"), "{tested}");

    let cover = product.receiver.url("/cover.jpg");
    let content = json!({"title": "标题", "body": "正文", "cover": cover});
    let content = id(&product.post("/contents", &content, 201));
    let entry = product.add(json!({"content_id": content, "account_id": account}));
    let out = product.entry_is(entry, "published");
    let drafts = wechat.drafts(APPID);
    assert_eq!((drafts.len(), &out["media_id"]), (1, &json!(drafts[0].media_id)));
    let log = product.get(&format!("/publisher/history?pool_id={entry}"));
    assert_eq!(log["items"][0]["media_id"], json!(drafts[0].media_id));
    let shown = [made, tested, log, product.get("/accounts"), product.get("/scheduler/status")];
    assert!(!shown.iter().any(|it| it.to_string().contains(SECRET)), "{shown:?}");
    // Several contents as one draft.
    let made = ["a", "b", "c", "d"].map(|title| {
        id(&product.post("/contents", &json!({"title": title, "body": "x", "cover": cover}), 201))
    });
    let [a, b, c, d] = made;
    let hook = product.account("hook");
    let asked = json!({"content_id": a, "account_id": hook, "extra_content_ids": [b]});
    let refused = product.post("/publish-pool/add", &asked, 422);
    assert_eq!(refused["errors"][0]["field"], "extra_content_ids", "{refused}");
    assert_eq!(refused["errors"][0]["message"], "cannot be: a post on webhook has one content");
    let later = "2099-01-01T00:00:00Z";
    let several =
        json!({"content_id": a, "account_id": account, "extra_content_ids": [b, c], "scheduled_at": later});
    let batch = product.post("/publish-pool/batch-add", &json!({"items": [several]}), 201);
    let entry = batch["items"][0]["id"].as_i64().expect("an id");
    let list = product.get(&format!("/publish-pool/list?account_id={account}"));
    assert_eq!(
        (&list["items"][0]["id"], &list["items"][0]["extra_content_ids"]),
        (&json!(entry), &json!([b, c]))
    );
    let path = format!("/publish-pool/{entry}");
    let changed = product.patch(&path, &json!({"extra_content_ids": [d, b]}), 200);
    assert_eq!(changed["extra_content_ids"], json!([d, b]));
    let refused = product.patch(&path, &json!({"extra_content_ids": [a]}), 422);
    assert_eq!(refused["errors"][0]["field"], "extra_content_ids", "{refused}");
    let shown = product.cli.json(&["publish-pool", "set-extras", &entry.to_string(), &c.to_string()]);
    assert_eq!(shown["extra_content_ids"], json!([c]));
    let added = ["publish-pool", "add", &b.to_string(), "--extra", &d.to_string(), "--account", "gzh"];
    let other = product.cli.json(&added);
    assert_eq!(other["extra_content_ids"], json!([d]));
    let twice = product.post("/publish-pool/add", &json!({"content_id": d, "account_id": account}), 409);
    assert_eq!(twice["code"], "already_in_pool", "{twice}");
    product.entry_is(other["id"].as_i64().expect("an id"), "published");
    product.patch(&path, &json!({"scheduled_at": null}), 200);
    product.entry_is(entry, "published");
    let titles: Vec<Vec<String>> = wechat
        .drafts(APPID)
        .iter()
        .map(|draft| draft.articles.iter().map(|article| article.title.clone()).collect())
        .collect();
    assert_eq!(titles, [vec!["标题"], vec!["b", "d"], vec!["a", "c"]]);
    // A bare content is told what it lacks before it waits.
    let bare = id(&product.post("/contents", &json!({"title": "x", "body": "x"}), 201));
    let asked = json!({"content_id": bare, "account_id": account});
    let refused = product.post("/publish-pool/add", &asked, 422);
    assert_eq!(refused["errors"][0]["field"], "cover", "{refused}");
}

/// From a folder of posts with their pictures to what readers see.
#[test]
fn a_folder_of_posts_with_pictures_becomes_drafts_and_published_articles() {
    let dir = tempfile::tempdir().expect("a folder");
    let product = Product::start(&DatabaseUrl::in_data_dir(dir.path()), dir.path()).by_hand();
    let wechat = WeChat::start_with(Arc::new(SteppedClock::new()));
    wechat.behave(|behaviour| behaviour.publication_takes = Duration::from_millis(100));
    let account = |name: &str, mode: &str| {
        let settings = json!({"appid": APPID, "api_base_url": wechat.url(), "mode": mode});
        let body = json!({"name": name, "platform": "wechat", "settings": settings, "credentials": {"app_secret": SECRET}});
        id(&product.post("/accounts", &body, 201))
    };
    let (drafts, published) = (account("drafts", "draft"), account("published", "publish"));
    let posts = dir.path().join("posts");
    std::fs::create_dir_all(posts.join("pictures")).expect("a folder");
    for (name, width) in [("cover.png", 30), ("pictures/a.png", 31), ("pictures/b.png", 32)] {
        std::fs::write(posts.join(name), png(width, 20)).expect("written");
    }
    for (file, text) in [
        ("one.md", "第一篇 ![a](pictures/a.png)\n\n![b](pictures/b.png)"),
        ("two.md", "第二篇 ![a](pictures/a.png)"),
    ] {
        let head = format!(
            "---\ntitle: {file}\ncover: cover.png\nsource_url: https://blog.example/{file}\naccounts: [drafts, published]\n---\n"
        );
        std::fs::write(posts.join(file), head + text).expect("written");
    }
    let folder = posts.to_str().expect("a path");
    product.cli.ok(&["content", "import", folder, "--pool"]);
    let report = product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
    let counts =
        ["success_count", "in_progress_count", "failed_count"].map(|count| report["data"][count].clone());
    assert_eq!(counts, [json!(2), json!(2), json!(0)], "{report}");

    let made = wechat.drafts(APPID);
    let of_report = |account: i64| -> BTreeSet<String> {
        let results = report["data"]["results"].as_array().into_iter().flatten();
        let its = results.filter(|result| result["account_id"] == json!(account));
        its.filter_map(|result| Some(result["media_id"].as_str()?.to_owned())).collect()
    };
    let media_ids: BTreeSet<String> = made.iter().map(|draft| draft.media_id.clone()).collect();
    assert!(of_report(drafts).len() == 2 && of_report(drafts).is_subset(&media_ids), "{report}");
    // Accounts of one Official Account are two to us: each has its own memory of uploads, and neither repeats one.
    let uploads = wechat.uploads_by_sha256(APPID);
    assert!(uploads.len() == 3 && uploads.values().all(|times| *times == 2), "{uploads:?}");

    let list = product.get(&format!("/publish-pool/list?account_id={published}"));
    for entry in list["items"].as_array().expect("entries") {
        let out = product.entry_is(entry["id"].as_i64().expect("an id"), "published");
        let visible = wechat.visible();
        let article = visible.iter().find(|article| json!(article.url) == out["url"]).expect("an article");
        assert_eq!(out["media_id"], json!(article.article_id));
        let log = product.get(&format!("/publisher/history?pool_id={}", out["id"]));
        let last = &log["items"][0];
        assert_eq!(
            (&last["status"], &last["url"], &last["media_id"]),
            (&json!("published"), &json!(article.url), &json!(article.article_id)),
            "{log}"
        );
    }
    let visible = wechat.visible_by_title();
    assert_eq!(visible.into_iter().collect::<Vec<_>>(), [("one.md".to_owned(), 1), ("two.md".to_owned(), 1)]);
}
