//! A platform that refuses an account shuts its lane: once, and only where nobody has changed the account meanwhile.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What::Publish};
use crate::support::stage::{Stage, problem};
use contenthub::actors::executor::Tick;
use contenthub::db::accounts::by_ids;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::Seen;
use contenthub::operations::account::{GetAccount, SuspendAccount, UpdateAccount};
use contenthub::operations::execution::TriggerTask;
use contenthub::{EntryId, EntryStatus};
use futures_util::FutureExt;
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// Two attempts on the wire, of which each ends with its title as the account's fault, in turn.
fn refused_in_turn(url: &DatabaseUrl, dir: &Path) -> (Stage, [Arc<Notify>; 2], [EntryId; 2]) {
    let told: [Arc<Notify>; 2] = Default::default();
    let waited = told.clone();
    let played = Played::new(DeliveryClass::Keyed, move |call| {
        let waited = waited[usize::from(call.article.title == "second")].clone();
        async move {
            waited.notified().await;
            Seen::AccountBroken { problem: problem(&call.article.title), until: None }
        }
        .boxed_local()
    });
    let stage = Stage::open(url, dir, played);
    let ids = ["first", "second"].map(|title| add(&stage.app, title, stage.account));
    stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
    eventually("both are on the wire", || {
        let _ = stage.node.crew.executor().try_send(Tick);
        ids.iter().all(|id| stage.calls.of(*id) == [Publish]).then_some(())
    });
    (stage, told, ids)
}

/// Lets the attempt end; gives back why its lane is shut then.
fn ends(stage: &Stage, url: &DatabaseUrl, told: &Notify, id: EntryId) -> Option<String> {
    told.notify_one();
    eventually("its end is written", || (stage.entry(id).status != EntryStatus::Publishing).then_some(()));
    let mut found = by_ids(&mut connect(url).expect("connected"), &[stage.account]).expect("read");
    found.remove(0).suspended_reason
}

#[test]
fn who_changed_the_account_meanwhile_is_not_overruled() {
    on_both(|url, dir| {
        let (stage, told, ids) = refused_in_turn(url, dir);
        let other =
            UpdateAccount { settings: Some(json!({"new": true})), ..UpdateAccount::new(stage.account) };
        stage.app.run(other).expect("changed");
        for (told, id) in told.iter().zip(ids) {
            assert_eq!(ends(&stage, url, told, id), None, "that was said of the account as it was");
        }
    });
}

#[test]
fn one_that_is_shut_is_not_shut_again() {
    on_both(|url, dir| {
        let (stage, told, ids) = refused_in_turn(url, dir);
        let first = ends(&stage, url, &told[0], ids[0]).expect("it is shut");
        assert!(first.contains("first"), "{first}");
        assert_eq!(ends(&stage, url, &told[1], ids[1]), Some(first), "one alert");
    });
}

#[test]
fn one_that_would_be_over_already_is_refused() {
    on_both(|url, dir| {
        let (app, _) = by_hand(url, dir);
        let id = account(&app, "blog", "folder", json!({}));
        let until = Some(app.now() - Duration::from_secs(1));
        let refused = app.run(SuspendAccount { id, reason: "on holiday".to_owned(), until });
        let said = refused.expect_err("it is over").to_string();
        assert!(said.contains("until") && said.contains("is over: give a time to come"), "{said}");
        assert_eq!(app.run(GetAccount(id)).expect("the account").suspended_reason, None);
    });
}
