//! Outcomes that come when the claim is lost: that a post is out is believed whenever it is heard, anything else is not.

use crate::support::app::*;
use crate::support::command::{Cli, Server};
use crate::support::on_both;
use crate::support::receiver::{Answer, Receiver};
use crate::transitions::{Stage, problem, resolve};
use contenthub::db::claim::Claim;
use contenthub::db::connection::connect;
use contenthub::db::leases;
use contenthub::db::transitions::Written;
use contenthub::domain::ids::NodeId;
use contenthub::domain::outcome::{Doubt, Outcome, Receipt, Scope};
use contenthub::domain::settlement::LogStatus;
use contenthub::domain::turns::Room;
use contenthub::operations::OperationError;
use contenthub::operations::account::ListAccounts;
use contenthub::operations::cycle::{ClaimScope, Cycle};
use contenthub::operations::entry::{DeleteEntry, Resolution};
use contenthub::operations::pool::AddToPool;
use contenthub::operations::publish_now::PublishNow;
use contenthub::operations::recovery::{Dead, Recover};
use contenthub::{AccountId, Addition, App, EntryId, EntryStatus};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

const URL: &str = "https://x.example/1";

fn node(name: &str) -> NodeId {
    NodeId(name.to_owned())
}

fn out() -> Outcome {
    Outcome::Published(Receipt { media_id: Some("m1".to_owned()), url: Some(URL.to_owned()) })
}

fn again() -> Outcome {
    Outcome::Retry { scope: Scope::Entry, doubt: Doubt::None, problem: problem(), retry_after: None }
}

/// Of an account on which a repeat is ignored, and of one on which it is not.
fn accounts(app: &App) -> [AccountId; 2] {
    [true, false].map(|deduplicates| {
        let settings = json!({"url": "http://127.0.0.1:9/", "deduplicates": deduplicates});
        account(app, if deduplicates { "keyed" } else { "blind" }, "webhook", settings)
    })
}

/// A claim of `n1` that was taken back when that node was thought to be dead.
fn lost(stage: &mut Stage, account: AccountId) -> Claim {
    let id = add_as(&stage.app, &format!("on {account}"), account, |addition| Addition {
        max_retries: 1,
        ..addition
    });
    let claim = stage.claimed(id);
    let recover = Recover { by: node("n9"), dead: Dead::Nodes(vec![stage.node.clone()]) };
    assert_eq!(stage.app.run(recover).expect("recovered").entries, 1);
    claim
}

/// A claim of `n1` because a person wants it out now, for no run.
fn wanted_now(stage: &Stage, id: EntryId) -> Claim {
    stage.app.run(PublishNow { ids: vec![id], by: "Ada".to_owned() }).expect("wanted");
    let cycle = Cycle {
        node: stage.node.clone(),
        lease: Duration::from_secs(60),
        scope: ClaimScope::Demands,
        ended: Arc::default(),
        room: Room { shared: 8, ..Room::default() },
        read_back: None,
        clock_is_right: true,
    };
    let claim = stage.app.run(cycle).expect("a cycle").claims.pop().expect("it is claimed");
    assert!(claim.is_on_demand() && claim.attempt.entry == id);
    claim
}

/// What `n1` says of it now.
fn says(stage: &mut Stage, claim: &Claim, outcome: Outcome) -> Written {
    let ended = stage.ended(claim, outcome);
    let name = stage.node.clone();
    stage.write(&name, &[ended]).remove(0)
}

#[track_caller]
fn is_known_to_be_out(app: &App, claim: &Claim) {
    let addition = Addition { account: Some(claim.account), ..Addition::of(claim.article.content_id) };
    let refused = app.run(AddToPool(addition)).expect_err("it is out");
    assert!(
        matches!(refused, OperationError::AlreadyPublished { .. } | OperationError::AlreadyInPool { .. }),
        "{refused}"
    );
    let mut conn = connect(&app.settings().database).expect("connected");
    let known = contenthub::db::entries::first_published(&mut conn, claim.article.content_id, claim.account);
    assert!(known.expect("read").is_some(), "the memory of what is out has it");
}

/// The first attempt's row.
#[track_caller]
fn row_says_published(app: &App, claim: &Claim, code: Option<&str>) {
    let row = attempts(app, claim.attempt.entry).remove(0);
    assert_eq!(
        (row.status, row.url.as_deref(), row.media_id.as_deref(), row.error_code.as_deref()),
        (LogStatus::Published, Some(URL), Some("m1"), code)
    );
    assert_eq!(row.error_message.is_some(), code.is_some());
}

#[test]
fn that_it_is_out_settles_what_nobody_could_tell() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let accounts = accounts(&stage.app);
        for (account, status) in accounts.into_iter().zip([EntryStatus::Pending, EntryStatus::Uncertain]) {
            let claim = lost(&mut stage, account);
            let id = claim.attempt.entry;
            let before = entry(&stage.app, id);
            assert_eq!((before.status, before.unproven, before.attempt), (status, true, 1));
            let Written::Late(_) = says(&mut stage, &claim, out()) else { panic!("it is late") };
            let after = entry(&stage.app, id);
            assert_eq!((after.status, after.unproven), (EntryStatus::Published, false));
            assert_eq!((after.url.as_deref(), after.published_at.is_some()), (Some(URL), true));
            row_says_published(&stage.app, &claim, None);
            is_known_to_be_out(&stage.app, &claim);
            assert!(matches!(says(&mut stage, &claim, out()), Written::Already(_) | Written::LeaseLost));
        }
        // A person wanted it sent again, and nobody has yet.
        let claim = lost(&mut stage, accounts[1]);
        let id = claim.attempt.entry;
        stage.app.run(resolve(id, Resolution::TryAgain)).expect("resolved");
        assert!(matches!(says(&mut stage, &claim, out()), Written::Late(_)));
        assert_eq!(stage.status(id), EntryStatus::Published);
        // Claimed meanwhile, and given back unsent.
        let claim = lost(&mut stage, accounts[0]);
        let next = stage.claimed(claim.attempt.entry);
        assert!(matches!(says(&mut stage, &next, Outcome::NotSent), Written::Settled(_)));
        assert!(matches!(says(&mut stage, &claim, out()), Written::Late(_)));
        assert_eq!(stage.status(claim.attempt.entry), EntryStatus::Published);
        // A person's word for its end stands; that it is out is kept in mind, also when the entry is gone.
        for delete in [false, true] {
            let claim = lost(&mut stage, accounts[1]);
            let id = claim.attempt.entry;
            stage.app.run(resolve(id, Resolution::GiveUp)).expect("resolved");
            if delete {
                stage.app.run(DeleteEntry(id)).expect("deleted");
            }
            assert!(matches!(says(&mut stage, &claim, out()), Written::Late(_)));
            if !delete {
                assert_eq!(stage.status(id), EntryStatus::Failed);
                row_says_published(&stage.app, &claim, None);
            }
            is_known_to_be_out(&stage.app, &claim);
        }
    });
}

#[test]
fn that_it_is_out_beside_another_try_is_a_possible_duplicate() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let [keyed, _] = accounts(&stage.app);
        for (ended, on_demand) in [(false, false), (true, false), (false, true), (true, true)] {
            let claim = lost(&mut stage, keyed);
            let next = if on_demand {
                wanted_now(&stage, claim.attempt.entry)
            } else {
                stage.claimed(claim.attempt.entry)
            };
            if ended {
                assert!(matches!(says(&mut stage, &next, again()), Written::Settled(_)));
            }
            let before = entry(&stage.app, claim.attempt.entry);
            let Written::PossibleDuplicate(log) = says(&mut stage, &claim, out()) else { panic!() };
            let rows = attempts(&stage.app, claim.attempt.entry);
            assert_eq!(rows[0].id, log);
            row_says_published(&stage.app, &claim, Some("possible_duplicate"));
            is_known_to_be_out(&stage.app, &claim);
            let after = entry(&stage.app, claim.attempt.entry);
            assert_eq!(
                (after.status, after.attempt),
                (before.status, next.attempt.number),
                "the other decides"
            );
            if !ended {
                assert!(matches!(says(&mut stage, &next, out()), Written::Settled(_)));
                assert_eq!(stage.status(claim.attempt.entry), EntryStatus::Published);
            }
        }
    });
}

#[test]
fn anything_else_that_comes_late_counts_for_nothing() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        for account in accounts(&stage.app) {
            let claim = lost(&mut stage, account);
            let id = claim.attempt.entry;
            let before = (entry(&stage.app, id), attempts(&stage.app, id));
            let broken = Outcome::AccountBroken { problem: problem(), until: None };
            for outcome in [
                Outcome::NotSent,
                Outcome::Rejected(problem()),
                again(),
                Outcome::Uncertain(problem()),
                broken,
            ] {
                let written = says(&mut stage, &claim, outcome.clone());
                assert_eq!(written, Written::LeaseLost, "{outcome:?}");
            }
            assert_eq!((entry(&stage.app, id), attempts(&stage.app, id)), before);
            let shut = stage.app.run(ListAccounts).expect("accounts");
            assert!(shut.iter().all(|account| account.suspended_reason.is_none()));
        }
    });
}

/// A server that is robbed of what it has on the wire, and sends it once more itself.
#[test]
fn a_possible_duplicate_is_one_error_in_the_programs_log() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        app.enable_task(first_task(&app)).expect("enabled");
        let receiver = Receiver::start();
        receiver.on_any([Answer::status(200).held()]);
        let id = add(&app, "x", wide(&app, "hook", &receiver.url("/")));
        let server = Server::start(&Cli::on(dir, url), &[]);
        receiver.wait_for(1, SOON);
        let mut conn = connect(url).expect("connected");
        let holder = leases::held(&mut conn).expect("read").remove(0).node;
        let recover = Recover { by: node("n9"), dead: Dead::Nodes(vec![holder]) };
        assert_eq!(app.run(recover).expect("recovered").entries, 1);
        receiver.wait_for(2, SOON);
        receiver.release();
        eventually("both outcomes are written", || {
            let rows = attempts(&app, id);
            (rows.len() == 2 && rows.iter().all(|row| row.status == LogStatus::Published)).then_some(())
        });
        let (_, stderr) = server.terminate(SOON);
        let lines: Vec<&str> = stderr.lines().filter(|line| line.contains("possible duplicate")).collect();
        assert!(lines.len() == 1 && lines[0].contains("ERROR"), "{stderr}");
        assert_eq!(attempts(&app, id)[0].error_code.as_deref(), Some("possible_duplicate"));
        assert_eq!(receiver.by_webhook_id().len(), 1, "under one key");
    });
}
