//! The table of `domain/entry.rs` as the database holds it: who may bring an entry from where to where, and that
//! nothing is counted twice.

use crate::support::app::*;
use crate::support::on_both;
use contenthub::db::claim::{Claim, Claimant};
use contenthub::db::connection::{DbConnection, DbError, connect};
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::transitions::{self, Ended, Written};
use contenthub::domain::entry::{Cause, may_change};
use contenthub::domain::ids::{AttemptId, NodeId};
use contenthub::domain::outcome::{Doubt, Outcome, Problem, Receipt, Scope};
use contenthub::domain::retry::Jitter;
use contenthub::domain::settlement::{Standing, settle};
use contenthub::operations::OperationError;
use contenthub::operations::account::DeleteAccount;
use contenthub::operations::entry::*;
use contenthub::operations::pool::AddToPool;
use contenthub::{AccountId, Addition, App, EntryId, EntryStatus, LogFilter, Paging, Priority, Timestamp};
use serde_json::json;
use std::path::Path;
use std::time::Duration;

/// An app, and a node that is played by hand on a connection of its own.
pub struct Stage {
    pub app: App,
    pub conn: DbConnection,
    pub account: AccountId,
    pub node: NodeId,
    made: usize,
}

impl Stage {
    pub fn new(url: &DatabaseUrl, dir: &Path) -> Self {
        Stage::of(by_hand(url, dir).0, url)
    }

    pub fn of(app: App, url: &DatabaseUrl) -> Self {
        let account = account(&app, "site", "folder", json!({}));
        let conn = connect(url).expect("connected");
        Stage { app, conn, account, node: NodeId("n1".to_owned()), made: 0 }
    }

    pub fn pending(&mut self) -> EntryId {
        self.made += 1;
        let title = format!("Post {}", self.made);
        add_as(&self.app, &title, self.account, |addition| Addition { max_retries: 0, ..addition })
    }

    /// Nothing where it cannot be claimed.
    pub fn claim(&mut self, id: EntryId) -> Option<Claim> {
        claim(&mut self.conn, &self.node, self.app.now(), id)
    }

    pub fn claimed(&mut self, id: EntryId) -> Claim {
        self.claim(id).expect("it can be claimed")
    }

    pub fn ended(&self, claim: &Claim, outcome: Outcome) -> Ended {
        let now = self.app.now();
        Ended {
            attempt: claim.attempt,
            content: claim.article.content_id,
            revision: claim.article.revision,
            extras: Vec::new(),
            account: claim.account,
            account_version: 1,
            counted: false,
            execution: claim.execution,
            on_demand: claim.is_on_demand(),
            started_at: now,
            finished_at: now,
            settlement: settle(outcome, claim.standing, now, Jitter::from_random(0)),
            has_steps: false,
        }
    }

    pub fn write(&mut self, node: &NodeId, ended: &[Ended]) -> Vec<Written> {
        let written: Result<_, DbError> = self
            .conn
            .write(|conn| transitions::settle(conn, node, ended, contenthub::domain::retry::PLATFORM_PAUSE));
        written.expect("written")
    }

    pub fn attempted(&mut self, outcome: Outcome) -> EntryId {
        let id = self.pending();
        let claim = self.claimed(id);
        let (node, ended) = (self.node.clone(), self.ended(&claim, outcome));
        let written = self.write(&node, &[ended]);
        assert!(matches!(written[..], [Written::Settled(_)]), "{written:?}");
        id
    }

    /// A new entry of this status.
    fn entry_in(&mut self, status: EntryStatus) -> EntryId {
        match status {
            EntryStatus::Pending => self.pending(),
            EntryStatus::Publishing => {
                let id = self.pending();
                self.claimed(id);
                id
            }
            EntryStatus::Published => self.attempted(Outcome::Published(Receipt::default())),
            EntryStatus::Failed => self.attempted(Outcome::Rejected(problem())),
            EntryStatus::Uncertain => self.attempted(Outcome::Uncertain(problem())),
            EntryStatus::Cancelled => {
                let id = self.pending();
                self.app.run(CancelEntry(id)).expect("cancelled");
                id
            }
        }
    }

    pub fn unproven(&mut self) -> EntryId {
        let (scope, problem) = (Scope::Platform, problem());
        self.attempted(Outcome::Retry { scope, doubt: Doubt::SendAgain, problem, retry_after: None })
    }

    pub fn status(&self, id: EntryId) -> EntryStatus {
        entry(&self.app, id).status
    }
}

pub fn claim(conn: &mut DbConnection, node: &NodeId, now: Timestamp, id: EntryId) -> Option<Claim> {
    let who = Claimant { node, now, lease: Duration::from_secs(60) };
    played_claims(conn, who, id).pop()
}

pub fn problem() -> Problem {
    Problem::new("no", "not today")
}

pub fn resolve(id: EntryId, resolution: Resolution) -> ResolveEntry {
    ResolveEntry { id, resolution, by: "ann".to_owned() }
}

fn edit(id: EntryId) -> UpdateEntry {
    UpdateEntry { priority: Some(Priority::FIRST), ..UpdateEntry::of(id) }
}

#[test]
fn an_outcome_counts_once_and_only_from_whoever_holds_the_claim() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let id = stage.pending();
        let claim = stage.claimed(id);
        let (node, other) = (stage.node.clone(), NodeId("n2".to_owned()));
        let right = stage.ended(&claim, Outcome::Published(Receipt::default()));
        let of = |number| Ended { attempt: AttemptId { number, ..claim.attempt }, ..right.clone() };
        let nowhere = AttemptId { entry: EntryId(999), number: 1 };
        for (what, node, ended) in [
            ("another node", &other, right.clone()),
            ("an earlier attempt", &node, of(0)),
            ("a later attempt", &node, of(2)),
            ("no such entry", &node, Ended { attempt: nowhere, ..right.clone() }),
        ] {
            assert_eq!(stage.write(node, &[ended]), [Written::LeaseLost], "{what}");
            assert_eq!(stage.status(id), EntryStatus::Publishing, "{what}");
            assert!(attempts(&stage.app, id).is_empty(), "{what}");
        }
        // What is refused takes nothing with it, in whatever order they come.
        let written = stage.write(&node, &[of(2), right.clone(), of(0)]);
        let [Written::LeaseLost, Written::Settled(log), Written::LeaseLost] = written[..] else {
            panic!("{written:?}");
        };
        let out = entry(&stage.app, id);
        assert_eq!((out.status, out.log_id), (EntryStatus::Published, Some(log)));
        // A commit that was reported as failed had been applied: it is written again, and counts once.
        for _ in 0..2 {
            assert_eq!(stage.write(&node, std::slice::from_ref(&right)), [Written::Already(log)]);
        }
        // Nor does a worse word for the same attempt change it.
        let worse = stage.ended(&claim, Outcome::Rejected(problem()));
        assert_eq!(stage.write(&node, &[worse]), [Written::LeaseLost]);
        assert_eq!(entry(&stage.app, id), out);
        assert_eq!(attempts(&stage.app, id).len(), 1);
    });
}

#[test]
fn a_claim_that_was_lost_and_taken_again_is_settled_by_its_new_holder_alone() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let id = stage.pending();
        let first = stage.claimed(id);
        let node = stage.node.clone();
        let lost = Outcome::Retry {
            scope: Scope::Platform,
            doubt: Doubt::SendAgain,
            problem: problem(),
            retry_after: Some(Duration::ZERO),
        };
        let lost = stage.ended(&first, lost);
        assert!(matches!(stage.write(&node, &[lost])[..], [Written::Settled(_)]));
        let second = stage.claimed(id);
        assert_eq!((first.attempt.number, second.attempt.number), (1, 2));
        assert_eq!((&second.key, second.standing.unproven), (&first.key, true));
        // The first one's late word is not the second one's.
        let late = stage.ended(&first, Outcome::Rejected(problem()));
        assert!(!matches!(stage.write(&node, &[late])[..], [Written::Settled(_)]));
        assert_eq!(stage.status(id), EntryStatus::Publishing);
        let out = stage.ended(&second, Outcome::Published(Receipt::default()));
        assert!(matches!(stage.write(&node, &[out])[..], [Written::Settled(_)]));
        let told = entry(&stage.app, id);
        assert_eq!((told.status, told.unproven, told.attempt), (EntryStatus::Published, false, 2));
        assert_eq!(attempts(&stage.app, id).len(), 2);
    });
}

#[test]
fn every_change_is_in_the_table_and_every_other_is_refused() {
    use EntryStatus::*;
    type Act = fn(&mut Stage, EntryId) -> bool;
    let acts: [(&str, Cause, EntryStatus, Act); 7] = [
        ("claim", Cause::Claim, Publishing, |stage, id| stage.claim(id).is_some()),
        ("cancel", Cause::Cancel, Cancelled, |stage, id| done(stage.app.run(CancelEntry(id)))),
        ("retry", Cause::RetryByHand, Pending, |stage, id| {
            done(stage.app.run(RetryEntry { id, by: "ann".to_owned() }))
        }),
        ("it is out", Cause::Resolve, Published, |stage, id| {
            done(stage.app.run(resolve(id, Resolution::Published { url: None, media_id: None })))
        }),
        ("try again", Cause::Resolve, Pending, |stage, id| {
            done(stage.app.run(resolve(id, Resolution::TryAgain)))
        }),
        ("give up", Cause::Resolve, Failed, |stage, id| done(stage.app.run(resolve(id, Resolution::GiveUp)))),
        ("a second outcome", Cause::AttemptEnded, Failed, |stage, id| {
            let node = stage.node.clone();
            let now = stage.app.now();
            let row = entry(&stage.app, id);
            let ended = Ended {
                attempt: AttemptId { entry: id, number: row.attempt },
                content: row.content_id,
                revision: 1,
                extras: Vec::new(),
                account: row.account_id,
                account_version: 1,
                counted: false,
                execution: Some(PLAYED_RUN),
                on_demand: false,
                started_at: now,
                finished_at: now,
                settlement: settle(
                    Outcome::Rejected(problem()),
                    Standing {
                        retry_count: row.retry_count,
                        max_retries: row.max_retries,
                        unproven: row.unproven,
                    },
                    now,
                    Jitter::from_random(0),
                ),
                has_steps: false,
            };
            matches!(stage.write(&node, &[ended])[..], [Written::Settled(_)])
        }),
    ];
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        for &from in EntryStatus::ALL {
            for (what, cause, to, act) in &acts {
                let id = stage.entry_in(from);
                assert_eq!(stage.status(id), from);
                // A word is for what may be out, and none of these is but the uncertain one.
                let no_word = *cause == Cause::Resolve && from != Uncertain;
                let legal = may_change(from, *cause, *to) && !no_word;
                assert_eq!(act(&mut stage, id), legal, "{what}, {from}");
                assert_eq!(stage.status(id), if legal { *to } else { from }, "{what}, {from}");
            }
            // Its plan changes only while it is pending, and it goes only while nobody is at it.
            let id = stage.entry_in(from);
            assert_eq!(done(stage.app.run(edit(id))), from == Pending, "edit, {from}");
            let id = stage.entry_in(from);
            let may_go = !matches!(from, Publishing | Uncertain);
            assert_eq!(done(stage.app.run(DeleteEntry(id))), may_go, "delete, {from}");
        }
    });
}

/// Whether it was done; anything but a refusal for the entry's state fails the test.
#[track_caller]
fn done<T>(result: Result<T, OperationError>) -> bool {
    match result {
        Ok(_) => true,
        Err(OperationError::WrongState { .. } | OperationError::MaybePublished { .. }) => false,
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn what_may_be_out_is_not_changed_cancelled_or_removed() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let id = stage.unproven();
        let before = entry(&stage.app, id);
        assert_eq!((before.status, before.unproven), (EntryStatus::Pending, true));
        let app = &stage.app;
        let refusals =
            [app.run(edit(id)).err(), app.run(CancelEntry(id)).err(), app.run(DeleteEntry(id)).err()];
        for refusal in refusals {
            let refusal = refusal.expect("it is refused");
            assert_eq!(refusal.code(), "maybe_published", "{refusal}");
        }
        assert_eq!(entry(app, id), before);
        // Only without retries left it becomes a person's business, and never `failed`.
        let claim = stage.claimed(id);
        let last = stage.ended(&claim, Outcome::Rejected(problem()));
        let node = stage.node.clone();
        stage.write(&node, &[last]);
        assert_eq!(stage.status(id), EntryStatus::Uncertain);
    });
}

#[test]
fn what_was_published_is_remembered_whatever_is_cleared_or_removed() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let cleared = stage.entry_in(EntryStatus::Published);
        let removed = stage.entry_in(EntryStatus::Published);
        let failed = stage.entry_in(EntryStatus::Failed);
        let app = &stage.app;
        let contents = [cleared, removed].map(|id| entry(app, id).content_id);
        app.run(DeleteEntry(removed)).expect("removed");
        assert_eq!(app.run(ClearPublished).expect("cleared"), 1);
        assert_eq!(
            entries(app).iter().map(|it| it.id).collect::<Vec<_>>(),
            [failed],
            "only what is published"
        );
        for content in contents {
            let addition = Addition { account: Some(stage.account), ..Addition::of(content) };
            let known = app.run(AddToPool(addition.clone())).expect_err("it was published");
            assert_eq!(known.code(), "already_published", "{known}");
            app.run(AddToPool(Addition { again: true, ..addition })).expect("on purpose");
            let of_content = LogFilter { content: Some(content), ..LogFilter::default() };
            let log = app.publish_log(of_content, Paging::default()).expect("a log");
            assert_eq!(log.total, 1, "the log stays");
        }
    });
}

#[test]
fn only_what_is_open_keeps_an_account_from_going() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        for status in [EntryStatus::Published, EntryStatus::Failed, EntryStatus::Cancelled] {
            stage.entry_in(status);
        }
        let account = stage.account;
        let open = [EntryStatus::Pending, EntryStatus::Uncertain].map(|status| stage.entry_in(status));
        match stage.app.run(DeleteAccount(account)) {
            Err(OperationError::InUse { entries, .. }) => assert_eq!(entries, open),
            other => panic!("{other:?}"),
        }
        stage.app.run(CancelEntry(open[0])).expect("cancelled");
        stage.app.run(resolve(open[1], Resolution::GiveUp)).expect("resolved");
        stage.app.run(DeleteAccount(account)).expect("removed");
        assert!(entries(&stage.app).is_empty());
        let log = stage.app.publish_log(LogFilter::default(), Paging::default()).expect("a log");
        assert_eq!(log.total, 4, "the log stays");
    });
}

#[test]
fn a_retry_by_hand_makes_no_second_post() {
    on_both(|url, dir| {
        let mut stage = Stage::new(url, dir);
        let first = stage.entry_in(EntryStatus::Failed);
        let content = entry(&stage.app, first).content_id;
        let addition = Addition { account: Some(stage.account), ..Addition::of(content) };
        // Another entry published it meanwhile.
        let second = stage.app.run(AddToPool(addition.clone())).expect("the first is closed").row.id;
        let claim = stage.claimed(second);
        let (node, ended) = (stage.node.clone(), stage.ended(&claim, Outcome::Published(Receipt::default())));
        stage.write(&node, &[ended]);
        let retry = |id| RetryEntry { id, by: "ann".to_owned() };
        let refusal = stage.app.run(retry(first)).expect_err("it is out");
        assert_eq!(refusal.code(), "already_published", "{refusal}");
        assert_eq!(stage.status(first), EntryStatus::Failed);
        // One that was added to publish it again is tried again.
        let again =
            stage.app.run(AddToPool(Addition { again: true, ..addition })).expect("on purpose").row.id;
        stage.app.run(CancelEntry(again)).expect("cancelled");
        stage.app.run(retry(again)).expect("it was meant so");
        assert_eq!(stage.status(again), EntryStatus::Pending);
    });
}
