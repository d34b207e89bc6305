//! Through the real server: an account, its test, a post that becomes a draft, and its secret, which nobody is shown.

use super::*;
use crate::support::product::{Product, id};

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
    // A bare content is told what it lacks before it waits.
    let bare = id(&product.post("/contents", &json!({"title": "x", "body": "x"}), 201));
    let asked = json!({"content_id": bare, "account_id": account});
    let refused = product.post("/publish-pool/add", &asked, 422);
    assert_eq!(refused["errors"][0]["field"], "cover", "{refused}");
}
