//! Lists: what each can be asked for, and what is no question.

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use contenthub::api::document;
use serde_json::{Value, json};

#[track_caller]
fn titles(product: &Product, query: &str) -> Vec<String> {
    let page = product.get(&format!("/contents?{query}"));
    let items = page["items"].as_array().expect("items");
    assert_eq!(page["total"], items.len(), "{query}");
    items.iter().map(|item| item["title"].as_str().expect("a title").to_owned()).collect()
}

#[test]
fn contents_are_listed_by_account_and_by_review() {
    on_both(|url, dir| {
        let cli = Cli::on(dir, url).env("CONTENTHUB_REVIEW_REQUIRED", "true");
        let product = Product::start_with(cli).by_hand();
        let (blog, news) = (product.account("blog"), product.account("news"));
        for (title, account, step) in [
            ("one of the blog", Some(blog), None),
            ("two of the blog", Some(blog), Some("submit")),
            ("one of the news", Some(news), Some("approve")),
            ("one of nobody", None, Some("approve")),
        ] {
            let content = json!({"title": title, "body": "x", "account_id": account});
            let content = id(&product.post("/contents", &content, 201));
            if let Some(step) = step {
                product.post(&format!("/contents/{content}/{step}"), &json!({}), 200);
            }
        }
        for (query, expected) in [
            (format!("account_id={blog}"), vec!["two of the blog", "one of the blog"]),
            (format!("account_id={blog}&q=two"), vec!["two of the blog"]),
            (format!("account_id={blog}&review_status=draft"), vec!["one of the blog"]),
            (format!("account_id={news}&review_status=draft"), vec![]),
            ("review_status=approved".to_owned(), vec!["one of nobody", "one of the news"]),
            ("review_status=pending_review&q=blog".to_owned(), vec!["two of the blog"]),
            ("q=one".to_owned(), vec!["one of nobody", "one of the news", "one of the blog"]),
        ] {
            assert_eq!(titles(&product, &query), expected, "{query}");
        }
    });
}

fn names(page: &Value) -> Vec<&str> {
    page["items"]
        .as_array()
        .expect("items")
        .iter()
        .map(|item| item["name"].as_str().expect("a name"))
        .collect()
}

/// Over HTTP and at the command line.
#[test]
fn accounts_are_listed_by_name_platform_and_whether_they_are_enabled() {
    on_both(|url, dir| {
        let mut product = Product::start(url, dir).by_hand();
        let webhook = |name: &str, enabled: bool| {
            let settings = json!({"url": "http://127.0.0.1:9/hook"});
            json!({"name": name, "platform": "webhook", "settings": settings, "enabled": enabled})
        };
        let folder =
            |name: &str, enabled: bool| json!({"name": name, "platform": "folder", "enabled": enabled});
        let made: Vec<i64> = [
            webhook("blog", true),
            folder("site", true),
            webhook("old blog", false),
            folder("old site", false),
        ]
        .iter()
        .map(|account| id(&product.post("/accounts", account, 201)))
        .collect();
        for (query, args, expected) in [
            ("", vec![], vec!["blog", "site", "old blog", "old site"]),
            ("platform=webhook", vec!["--platform", "webhook"], vec!["blog", "old blog"]),
            ("platform=fax", vec!["--platform", "fax"], vec![]),
            ("enabled=false", vec!["--enabled", "false"], vec!["old blog", "old site"]),
            ("enabled=true&platform=folder", vec!["--enabled", "true", "--platform", "folder"], vec!["site"]),
            ("q=old", vec!["--name", "old"], vec!["old blog", "old site"]),
            ("q=old&platform=folder", vec!["--name", "old", "--platform", "folder"], vec!["old site"]),
            ("page_size=3", vec!["--page-size", "3"], vec!["blog", "site", "old blog"]),
            ("page_size=3&page=2", vec!["--page-size", "3", "--page", "2"], vec!["old site"]),
        ] {
            let page = product.get(&format!("/accounts?{query}"));
            assert_eq!(names(&page), expected, "{query}");
            let total = if query.starts_with("page") { 4 } else { expected.len() };
            assert_eq!(page["total"], total, "{query}");
            let told = product.cli.json(&[&["account", "list"], &args[..]].concat());
            assert_eq!(told, page, "{args:?}");
        }
        let more = product.cli.run(&["account", "list", "--page-size", "3"]).expect_code(0).stderr;
        assert_eq!(more, "1 to 3 of 4; --page 2 shows the next.\n");
        // Who is for some accounts sees no others, whatever is asked.
        let scoped = json!({"name": "scoped", "role": "viewer", "account_ids": [made[0], made[3]]});
        let token = product.post("/tokens", &scoped, 201)["token"].as_str().expect("a token").to_owned();
        product.server.use_token(&token);
        for (query, expected) in
            [("", vec!["blog", "old site"]), ("platform=webhook", vec!["blog"]), ("q=old blog", vec![])]
        {
            let page = product.get(&format!("/accounts?{query}").replace(' ', "%20"));
            assert_eq!((names(&page), &page["total"]), (expected.clone(), &json!(expected.len())), "{query}");
        }
    });
}

#[test]
fn tasks_are_listed_by_name_type_and_whether_they_are_enabled() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for (name, task_type, enabled) in
            [("hourly", "publishing", true), ("nightly", "prune", true), ("old hourly", "publishing", false)]
        {
            let task = json!({"name": name, "task_type": task_type, "schedule_type": "interval",
                "interval_seconds": 3600, "enabled": enabled});
            product.post("/scheduler/tasks", &task, 201);
        }
        let first = "publish when due";
        for (query, args, expected) in [
            ("", vec![], vec![first, "hourly", "nightly", "old hourly"]),
            ("task_type=publishing", vec!["--type", "publishing"], vec![first, "hourly", "old hourly"]),
            ("task_type=prune", vec!["--type", "prune"], vec!["nightly"]),
            ("task_type=bake", vec!["--type", "bake"], vec![]),
            ("enabled=true", vec!["--enabled", "true"], vec!["hourly", "nightly"]),
            (
                "enabled=false&task_type=publishing",
                vec!["--enabled", "false", "--type", "publishing"],
                vec![first, "old hourly"],
            ),
            ("enabled=false&task_type=prune", vec!["--enabled", "false", "--type", "prune"], vec![]),
            ("q=hourly", vec!["--name", "hourly"], vec!["hourly", "old hourly"]),
            ("q=hourly&enabled=true&lang=en", vec!["--name", "hourly", "--enabled", "true"], vec!["hourly"]),
        ] {
            let page = product.get(&format!("/scheduler/tasks?{query}"));
            assert_eq!((names(&page), &page["total"]), (expected.clone(), &json!(expected.len())), "{query}");
            let told = product.cli.json(&[&["scheduler", "list"], &args[..]].concat());
            assert_eq!(told, page, "{args:?}");
        }
    });
}

/// What the API has been asked for long since.
#[test]
fn contents_and_attempts_are_listed_at_the_command_line_as_over_http() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let blog = product.account("blog");
        let own = json!({"title": "own", "body": "x", "account_id": blog});
        product.post("/contents", &own, 201);
        let other = product.content("other");
        product.add(json!({"content_id": other, "account_id": blog}));
        product.post("/scheduler/tasks/1/trigger?wait=true", &json!({}), 200);
        for (path, args, total) in [
            (format!("/contents?account_id={blog}"), vec!["content", "list", "--account", "blog"], 1),
            (
                "/contents?review_status=approved".to_owned(),
                vec!["content", "list", "--review", "approved"],
                2,
            ),
            ("/contents?review_status=draft".to_owned(), vec!["content", "list", "--review", "draft"], 0),
            ("/publisher/history?task_id=1".to_owned(), vec!["publisher", "history", "--task", "1"], 1),
            (
                "/publisher/history?from=2020-01-01T00:00:00Z".to_owned(),
                vec!["publisher", "history", "--from", "2020-01-01T00:00:00Z"],
                1,
            ),
            (
                "/publisher/history?to=2020-01-01T00:00:00Z".to_owned(),
                vec!["publisher", "history", "--to", "2020-01-01T00:00:00Z"],
                0,
            ),
        ] {
            let page = product.get(&path);
            assert_eq!(page["total"], total, "{path}");
            assert_eq!(product.cli.json(&args), page, "{args:?}");
        }
    });
}

/// Every list of the document: whoever mistypes a word must not be shown everything instead.
#[test]
fn what_is_no_question_is_refused_by_every_list() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let is_list = |path: &str| {
        let schema = &paths[path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]["$ref"];
        schema.as_str().is_some_and(|name| name.ends_with("Page"))
    };
    let lists: Vec<&String> = paths.keys().filter(|path| is_list(path)).collect();
    assert!(lists.len() > 10, "{lists:?}");
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        for path in &lists {
            let path = path.replace("{id}", "1");
            for (query, field) in [
                ("pages=2", "pages"),
                ("page=0", "page"),
                ("page=two", "page"),
                ("page_size=201", "page_size"),
                ("page=1&page=2", "page"),
            ] {
                let answer = product.server.get(&format!("{path}?{query}"));
                let told = (answer.status, &answer.body["errors"][0]["field"]);
                assert_eq!(told, (422, &Value::from(field)), "{path}?{query}: {}", answer.text);
            }
        }
    });
}

/// In what is looked for no sign stands for others.
#[test]
fn signs_of_patterns_are_looked_for_as_they_are() {
    on_both(|url, dir| {
        let product = Product::start(url, dir).by_hand();
        let called = ["under_score", "underXscore", "100% sure", "100 sure", r"off\now", "offnow"];
        for name in called {
            let account =
                product.account_with(name, json!({"settings": {"url": product.receiver.url("/x")}}));
            let content = product.content(name);
            product.add(json!({"content_id": content, "account_id": account}));
            let task = json!({"name": name, "task_type": "publishing", "schedule_type": "interval", "interval_seconds": 3600});
            product.post("/scheduler/tasks", &task, 201);
        }
        for (asked, found) in [
            ("r_s", "under_score"),
            ("0%25%20s", "100% sure"),
            ("f%5Cn", r"off\now"),
            ("_", "under_score"),
            ("%25", "100% sure"),
            ("%5C", r"off\now"),
        ] {
            for (list, field) in [
                ("/contents", "title"),
                ("/accounts", "name"),
                ("/publish-pool/list", "content_id"),
                ("/scheduler/tasks", "name"),
            ] {
                let page = product.get(&format!("{list}?q={asked}"));
                let items = page["items"].as_array().expect("items");
                let told: Vec<Value> = items
                    .iter()
                    .map(|item| match field {
                        "content_id" => product.get(&format!("/contents/{}", item[field]))["title"].clone(),
                        _ => item[field].clone(),
                    })
                    .collect();
                assert_eq!((told, &page["total"]), (vec![json!(found)], &json!(1)), "{list}?q={asked}");
            }
        }
    });
}
