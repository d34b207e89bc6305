//! Entries that outlived several nodes may be what ended them: they go out one at a time, and not for ever.

use crate::kept_chinese::{reader, tells};
use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use crate::transitions::{Stage, problem, resolve};
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::leases;
use contenthub::db::schema::publish_pool::dsl;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::Outcome;
use contenthub::operations::entry::{Resolution, RetryEntry};
use contenthub::operations::recovery::{Dead, Recover};
use contenthub::{Addition, App, CreateAccount, EntryId, EntryStatus, Priority};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use serde_json::json;
use std::collections::BTreeSet;

fn accuse(url: &DatabaseUrl, ids: &[EntryId], times: i32) {
    let ids: Vec<String> = ids.iter().map(EntryId::to_string).collect();
    let text = format!("UPDATE publish_pool SET recoveries = {times} WHERE id IN ({})", ids.join(","));
    connect(url).expect("connected").batch_execute(&text).expect("accused");
}

fn recoveries(url: &DatabaseUrl, id: EntryId) -> i32 {
    let mut conn = connect(url).expect("connected");
    dsl::publish_pool.filter(dsl::id.eq(id.0)).select(dsl::recoveries).first(&mut conn).expect("an entry")
}

/// Everything that the node holds comes back.
fn dies(app: &App, node: &NodeId) -> usize {
    let dead = Dead::Nodes(vec![node.clone()]);
    app.run(Recover { by: NodeId("n9".to_owned()), dead }).expect("recovered").entries
}

#[test]
fn a_node_has_one_suspect_on_the_wire_beside_all_the_rest() {
    const REST: usize = 60;
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let settings = json!({"url": receiver.url("/")});
        let full = CreateAccount { settings, concurrency: Some(8), ..CreateAccount::new("full", "webhook") };
        let full = app.create_account(full).expect("an account").id;
        let hook = wide(&app, "wide", &receiver.url("/"));
        let narrow = one_by_one(&app, "narrow", json!({"url": receiver.url("/")}));
        let first = |addition| Addition { priority: Priority::FIRST, ..addition };
        // Those of the first lane are more urgent than anything, and as many as it has places.
        let mut suspects: Vec<EntryId> =
            (0..8).map(|n| add_as(&app, &format!("suspect {n}"), full, first)).collect();
        suspects.push(add(&app, "suspect 8", hook));
        suspects.push(add(&app, "suspect 9", narrow));
        accuse(url, &suspects, leases::SUSPECT_AFTER);
        for n in 0..REST - 1 {
            add(&app, &format!("other {n}"), if n < 7 { full } else { hook });
        }
        add(&app, "other, narrow", narrow);
        app.enable_task(first_task(&app)).expect("enabled");
        let node = app.start().expect("a node");
        let posts = receiver.wait_for(REST + 1, SOON);
        let on_the_wire = |posts: &[crate::support::receiver::Post]| {
            posts.iter().filter(|post| post.title().is_some_and(|it| it.starts_with("suspect"))).count()
        };
        assert_eq!((on_the_wire(&posts), posts.len()), (1, REST + 1));
        // One after another, each when the one before is through.
        for done in 2..=suspects.len() {
            receiver.release();
            let posts = receiver.wait_for(REST + done, SOON);
            assert_eq!(on_the_wire(&posts), done);
        }
        receiver.release();
        eventually("all are out", || (app.stats().ok()?.published == 70).then_some(()));
        let _ = node.stop();
        assert!(receiver.by_webhook_id().values().all(|times| *times == 1));
    });
}

#[test]
fn a_suspect_is_accused_alone_and_given_up_after_the_fifth_node() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let [poison, innocent] = [stage.pending(), stage.pending()];
        let node = stage.node.clone();
        let counts = || [poison, innocent].map(|id| recoveries(url, id));
        for round in 1..=3 {
            stage.claimed(poison);
            stage.claimed(innocent);
            assert_eq!(dies(&stage.app, &node), 2);
            assert_eq!(counts(), [round; 2], "which of them it was, nobody can tell");
        }
        accuse(url, &[innocent], 0);
        stage.claimed(poison);
        stage.claimed(innocent);
        assert_eq!(dies(&stage.app, &node), 2);
        assert_eq!(counts(), [4, 0]);
        assert_eq!(stage.status(poison), EntryStatus::Pending);
        stage.claimed(poison);
        assert_eq!(dies(&stage.app, &node), 1);
        assert_eq!(counts(), [5, 0]);
        let given_up = entry(&stage.app, poison);
        assert_eq!((given_up.status, given_up.attempt), (EntryStatus::Uncertain, 5));
        let codes: Vec<_> = attempts(&stage.app, poison).into_iter().map(|row| row.error_code).collect();
        let lost = Some("node_lost".to_owned());
        let last = Some("recovered_too_often".to_owned());
        assert_eq!(codes, [lost.clone(), lost.clone(), lost.clone(), lost, last]);

        // A person's word begins it anew.
        stage.app.run(resolve(poison, Resolution::TryAgain)).expect("resolved");
        assert_eq!(counts(), [0, 0]);
        stage.claimed(poison);
        assert_eq!(dies(&stage.app, &node), 1);
        assert_eq!((counts(), stage.status(poison)), ([1, 0], EntryStatus::Pending));
        let other = stage.attempted(Outcome::Rejected(problem()));
        accuse(url, &[other], 4);
        stage.app.run(RetryEntry { id: other, by: "ann".to_owned() }).expect("again");
        assert_eq!(recoveries(url, other), 0);
    });
}

#[test]
fn whoever_reads_chinese_is_told_in_chinese_that_a_node_was_lost() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let (node, id) = (stage.node.clone(), stage.pending());
        stage.claimed(id);
        assert_eq!(dies(&stage.app, &node), 1);
        let said = "node n1 ended before this attempt did";
        tells(&reader(url, dir), id, &["节点 n1 在此次尝试结束之前就已终止"], said);
        accuse(url, &[id], 4);
        stage.claimed(id);
        assert_eq!(dies(&stage.app, &node), 1);
        let said = "5 nodes ended while they published it";
        tells(&reader(url, dir), id, &["有 5 个节点在发布它时终止"], said);
    });
}

/// A post that ends whatever process publishes it.
#[test]
fn a_post_that_kills_servers_is_given_up_and_the_others_go_out() {
    const OTHERS: i64 = 20;
    let dir = tempfile::tempdir().expect("a folder");
    let url = DatabaseUrl::in_data_dir(&dir.path().join("data"));
    std::fs::create_dir_all(dir.path().join("data")).expect("a folder");
    let (app, _) = by_hand(&url, dir.path());
    let receiver = Receiver::start();
    receiver.on_title("poison", [Answer::status(200).held()]);
    let hook = wide(&app, "hook", &receiver.url("/"));
    let poison = add(&app, "poison", hook);
    app.run(AddMany { count: usize::try_from(OTHERS).expect("a count"), account: hook, at: None })
        .expect("added");
    app.enable_task(first_task(&app)).expect("enabled");
    let cli = Cli::on(dir.path(), &url);
    let poisoned = || receiver.posts().iter().filter(|post| post.title() == Some("poison")).count();
    for deaths in 1..=5 {
        let server = Server::start(&cli, &[]);
        eventually("the poison is taken again", || (poisoned() == deaths).then_some(()));
        server.kill();
    }
    let server = Server::start(&cli, &[]);
    eventually("the others are out", || (app.stats().ok()?.published == OTHERS).then_some(()));
    let given_up = eventually("it is given up", || {
        Some(entry(&app, poison)).filter(|entry| entry.status == EntryStatus::Uncertain)
    });
    assert_eq!((given_up.attempt, poisoned()), (5, 5));
    let code = attempts(&app, poison).pop().and_then(|row| row.error_code);
    assert_eq!(code.as_deref(), Some("recovered_too_often"));
    let keys: BTreeSet<String> = receiver.by_webhook_id().into_keys().collect();
    assert_eq!(keys.len(), 21, "and each under one key");
    drop(server);
}
