//! Two nodes on one database are one to a platform: what its lane may have in flight, how far apart, and how many a day.

use super::*;
use crate::support::command::Server;
use diesel::sql_types::Text;
use std::collections::BTreeSet;

/// Of each node: neither can fill the lane alone.
const SLOTS: usize = 2;
const CONCURRENCY: usize = 3;
const ROUNDS: usize = 16;
const ROUND: Duration = Duration::from_millis(300);
const CAP: usize = 7;
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

    let lane = |name: &str, more| AccountId(product.account_with(name, more));
    let add = |account, count, at| app.run(AddMany { count, account, at: Some(at) }).expect("added");
    let narrow = lane("narrow", json!({"concurrency": CONCURRENCY}));
    // Both wake at the same instants, and both want all.
    let first = now() + Duration::from_secs(1);
    (0..ROUNDS).for_each(|round| add(narrow, AT_ONCE, first + ROUND * round as u32));
    let mut nodes: BTreeSet<String> = BTreeSet::new();
    eventually("all of the narrow one", || {
        nodes.extend(holders(url));
        (entries_where(url, "status = 'published'") == (ROUNDS * AT_ONCE) as i64).then_some(())
    });
    assert_eq!(nodes.len(), 2, "both of them publish");
    assert_eq!(most_in_flight(&at_path(&product.receiver, "/narrow")), CONCURRENCY);

    let names = |what: &str| (0..3).map(|number| format!("{what}-{number}")).collect::<Vec<_>>();
    let (spaced, capped) = (names("spaced"), names("capped"));
    let spaced_lanes: Vec<_> = spaced.iter().map(|name| lane(name, json!({"spacing_seconds": 1}))).collect();
    let capped_lanes: Vec<_> = capped.iter().map(|name| lane(name, json!({"daily_cap": CAP}))).collect();
    let at = now() + Duration::from_secs(1);
    capped_lanes.iter().for_each(|account| add(*account, 3 * CAP, at));
    spaced_lanes.iter().for_each(|account| add(*account, 5, at));
    for name in spaced {
        let path = format!("/{name}");
        let posts = eventually(&format!("all of {name}"), || {
            let posts = at_path(&product.receiver, &path);
            (posts.len() == 5).then_some(posts)
        });
        for pair in posts.windows(2) {
            let apart = pair[1].arrived - pair[0].arrived;
            assert!(apart >= Duration::from_secs(1), "{name}: {apart:?} apart");
        }
    }
    // For four seconds nothing else has kept a node from sending more.
    for name in capped {
        assert_eq!(at_path(&product.receiver, &format!("/{name}")).len(), CAP, "{name}");
    }
    let all = (ROUNDS * AT_ONCE + 3 * (5 + CAP)) as i64;
    eventually("that is written", || (entries_where(url, "status = 'published'") == all).then_some(()));
}

/// Each is at the receiver for as long as that takes to answer, at the least.
fn most_in_flight(posts: &[Post]) -> usize {
    let at = |instant: Instant| {
        posts.iter().filter(|post| post.arrived <= instant && instant < post.arrived + ANSWERS_AFTER).count()
    };
    posts.iter().map(|post| at(post.arrived)).max().unwrap_or(0)
}
