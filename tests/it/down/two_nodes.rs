//! Two nodes on one database are one to a platform: what its lane may have in flight, how far apart, and how many a day.

use super::*;
use crate::support::command::Server;
use diesel::sql_types::Text;
use std::collections::BTreeSet;

/// Of each node: neither can fill the lane alone.
const SLOTS: usize = 2;
const CONCURRENCY: usize = 3;
const ROUNDS: usize = 20;
const AT_ONCE: usize = 6;
const ANSWERS_AFTER: Duration = Duration::from_millis(60);

#[derive(QueryableByName)]
struct Holder {
    #[diesel(sql_type = Text)]
    node: String,
}

fn holders(url: &DatabaseUrl) -> Vec<String> {
    const QUERY: &str = "SELECT DISTINCT claimed_by AS node FROM publish_pool WHERE claimed_by IS NOT NULL";
    let mut conn = connect(url).expect("connected");
    let rows: Vec<Holder> = diesel::sql_query(QUERY).load(&mut conn).expect("read");
    rows.into_iter().map(|row| row.node).collect()
}

#[test]
fn concurrency_spacing_and_cap_hold_across_nodes() {
    let url = &fresh_database();
    let dirs = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
    let cli =
        dirs.each_ref().map(|dir| Cli::on(dir.path(), url).env("CONTENTHUB_CONCURRENCY", &SLOTS.to_string()));
    let product = Product::start_with(cli[0].clone());
    let _other = Server::start(&cli[1], &[]);
    let app = App::open(settings(url, dirs[0].path())).expect("opened");
    product.receiver.on_any([Answer::status(200).after(ANSWERS_AFTER)]);

    let narrow = AccountId(product.account_with("narrow", json!({"concurrency": CONCURRENCY})));
    let mut nodes: BTreeSet<String> = BTreeSet::new();
    for round in 1..=ROUNDS {
        // Both hear of it at once.
        app.run(AddMany { count: AT_ONCE, account: narrow, at: None }).expect("added");
        eventually("they are out", || {
            nodes.extend(holders(url));
            let out = entries_where(url, "status = 'published'");
            (out == (round * AT_ONCE) as i64).then_some(())
        });
    }
    assert_eq!(nodes.len(), 2, "both of them publish");
    assert_eq!(most_in_flight(&at_path(&product.receiver, "/narrow")), CONCURRENCY);

    let spaced = AccountId(product.account_with("spaced", json!({"spacing_seconds": 1})));
    let capped = AccountId(product.account_with("capped", json!({"daily_cap": 7})));
    app.run(AddMany { count: 30, account: capped, at: None }).expect("added");
    app.run(AddMany { count: 5, account: spaced, at: None }).expect("added");
    let posts = eventually("all of the spaced ones", || {
        let posts = at_path(&product.receiver, "/spaced");
        (posts.len() == 5).then_some(posts)
    });
    for pair in posts.windows(2) {
        let apart = pair[1].arrived - pair[0].arrived;
        assert!(apart >= Duration::from_secs(1), "{apart:?} apart");
    }
    // For four seconds nothing has kept a node from sending more.
    assert_eq!(at_path(&product.receiver, "/capped").len(), 7);
    assert_eq!(entries_where(url, &format!("account_id = {capped} AND status = 'published'")), 7);
}

/// Each is at the receiver for as long as that takes to answer, at the least.
fn most_in_flight(posts: &[Post]) -> usize {
    let at = |instant: Instant| {
        posts.iter().filter(|post| post.arrived <= instant && instant < post.arrived + ANSWERS_AFTER).count()
    };
    posts.iter().map(|post| at(post.arrived)).max().unwrap_or(0)
}
