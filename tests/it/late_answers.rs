//! Answers that a process finds when its time for them is over, because it stood still: they were given, and count.

use crate::support::command::Cli;
use crate::support::on_both;
use crate::support::product::*;
use crate::support::receiver::Answer;
use serde_json::json;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a post may take there, in seconds.
const TIME: u64 = 2;

#[test]
fn an_answer_that_came_while_the_process_stood_still_counts() {
    on_both(|url, dir| {
        let product = Product::start_with(Cli::on(dir, url));
        let settings =
            json!({"url": product.receiver.url("/blind"), "deduplicates": false, "timeout_seconds": TIME});
        let blind = product
            .account_with("blind", json!({"settings": settings, "on_unknown": "retry", "concurrency": 8}));
        product.receiver.on_path("/blind", [Answer::status(200).held()]);
        let entries: Vec<i64> = ["one", "two", "three", "four"]
            .map(|title| product.add(json!({"content_id": product.content(title), "account_id": blind})))
            .to_vec();
        product.receiver.wait_for(entries.len(), SOON);
        product.server.stop();
        let stopped = Instant::now();
        // All is answered, and nobody looks until the time for it is long over.
        product.receiver.release();
        let time = Duration::from_secs(TIME + 1);
        sleep(time.saturating_sub(stopped.elapsed()));
        product.server.signal("CONT");
        for entry in &entries {
            product.entry_is(*entry, "published");
        }
        assert_eq!(product.receiver.posts().len(), entries.len(), "none twice");
    });
}

/// Somebody notices that a receiver does not know repeats, and says so: what may be out already is not sent there again.
#[test]
fn what_may_be_out_is_not_repeated_where_nobody_knows_repeats_any_more() {
    on_both(|url, dir| {
        let product = Product::start(url, dir);
        let hook = product.account("hook");
        product.receiver.on_path("/hook", [Answer::close()]);
        let entry = product.add(json!({"content_id": product.content("one"), "account_id": hook}));
        let tried = product.tried(entry);
        assert_eq!((&tried["status"], &tried["unproven"]), (&json!("pending"), &json!(true)), "{tried:#}");
        let settings = json!({"url": product.receiver.url("/hook"), "deduplicates": false});
        product.patch(&format!("/accounts/{hook}"), &json!({"settings": settings}), 200);
        // Wanted at once, not when its pause is over.
        product.server.post(&format!("/api/v1/publish-pool/{entry}/publish"), &json!({}));
        let settled = product.entry_is(entry, "uncertain");
        let told = settled["last_error"].as_str().expect("an error");
        assert!(told.starts_with("not sent again: it may be out"), "{told}");
        assert_eq!(product.receiver.posts().len(), 1, "not sent again");
    });
}
