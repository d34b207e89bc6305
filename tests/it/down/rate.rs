//! A platform that limits its rate is obeyed, and used.

use super::*;
use std::collections::VecDeque;

const ENTRIES: usize = 1000;
const CONCURRENCY: usize = 16;
const SECOND: Duration = Duration::from_secs(1);

/// `CONTENTHUB_LIMITED_TO=5` tries it as slowly as platforms may be; it takes minutes.
fn per_second() -> usize {
    std::env::var("CONTENTHUB_LIMITED_TO").ok().and_then(|it| it.parse().ok()).unwrap_or(100)
}

#[test]
fn who_answers_429_gets_all_none_early_and_half_of_what_is_allowed() {
    let limit = per_second();
    on_both_at_once(|url, dir| {
        let product = Product::start(url, dir);
        let app = App::open(settings(url, dir)).expect("opened");
        let mut taken: VecDeque<Instant> = VecDeque::new();
        product.receiver.rule(move |post, _| {
            while taken.front().is_some_and(|at| post.arrived.saturating_duration_since(*at) >= SECOND) {
                taken.pop_front();
            }
            if taken.len() >= limit {
                return Some(Answer::status(429).header("retry-after", "1"));
            }
            taken.push_back(post.arrived);
            Some(Answer::status(200))
        });
        let account = AccountId(product.account_with("limited", json!({"concurrency": CONCURRENCY})));
        app.run(AddMany { count: ENTRIES, account, at: None }).expect("added");

        // At half the rate that it allows.
        let deadline = Instant::now() + SECOND * (2 * ENTRIES / limit + 4) as u32;
        while entries_where(url, "status = 'published'") < ENTRIES as i64 {
            let left = entries_where(url, "status <> 'published'");
            assert!(Instant::now() < deadline, "{left} are left");
            std::thread::sleep(Duration::from_millis(50));
        }
        assert_eq!(entries_where(url, "retry_count <> 0 OR status <> 'published'"), 0);
        let log = product.server.stderr();
        assert!(!log.contains("is taken to be down"), "{log}");

        let posts = product.receiver.posts();
        let (bursts, most) = none_is_early(&posts);
        let accepted: Vec<&Post> = posts.iter().filter(|post| post.status == Some(200)).collect();
        assert_eq!(accepted.len(), ENTRIES, "each once");
        let took = accepted[ENTRIES - 1].arrived - accepted[0].arrived;
        let rate = ENTRIES as f64 / took.as_secs_f64();
        eprintln!(
            "{rate:.1} a second of {limit}; {} requests, {bursts} bursts, at most {most} after a 429",
            posts.len()
        );
        assert!(rate >= limit as f64 / 2.0, "{rate} a second of {limit}");
    });
}

/// No entry is sent again before its `Retry-After`, and from the first 429 of a burst on nothing is but what was on the
/// wire. Gives the bursts, and the most that came after one's first 429.
fn none_is_early(posts: &[Post]) -> (usize, usize) {
    let mut told: BTreeMap<&str, Instant> = BTreeMap::new();
    let (mut shut, mut bursts, mut after, mut most) = (None::<Instant>, 0, 0, 0);
    for post in posts {
        let key = post.webhook_id().expect("a key");
        if let Some(at) = told.remove(key) {
            assert!(post.arrived >= at + SECOND, "{key}: sent again after {:?}", post.arrived - at);
        }
        if post.status == Some(429) {
            told.insert(key, post.arrived);
        }
        match shut {
            Some(at) if post.arrived < at + SECOND => after += 1,
            Some(_) | None if post.status == Some(429) => {
                (shut, after) = (Some(post.arrived), 0);
                bursts += 1;
            }
            Some(_) | None => {}
        }
        most = most.max(after);
    }
    assert!(bursts > 1, "it never asked to wait");
    // Each of those on the wire, and one more for each that ended well before the first 429 was heard of.
    assert!(most <= 2 * CONCURRENCY, "{most} were sent after a 429");
    (bursts, most)
}
