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
