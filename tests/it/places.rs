//! What is sent and what is asked have places of their own on a node: however many of the one hang, the other goes on.

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What};
use crate::support::stage::{Stage, problem};
use What::{Ask, LookUp, Publish};
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::execution::Trigger;
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::{LookedUp, Progress};
use contenthub::operations::account::UpdateAccount;
use contenthub::operations::execution::TriggerTask;
use contenthub::{EntryStatus, Settings};
use futures_util::FutureExt;
use futures_util::future::pending;
use std::time::Duration;
use tokio::sync::watch;

/// Of the node, and of the account.
const SLOTS: i32 = 2;
/// A node asks so much at once.
const QUESTIONS: usize = 32;
/// All questions are due then.
const DUE: u64 = 90;

/// Publishes as the title says; answers no question before the gate is open.
fn played(gate: &watch::Sender<bool>) -> Played {
    let played = Played::new(DeliveryClass::Detects, |call| {
        let title = call.article.title.clone();
        async move {
            match title.split(' ').next() {
                Some("hanging") => pending().await,
                Some("unseen") => Seen::EndUnseen { problem: problem("cut"), retry_after: None },
                Some("submitted") => Seen::Submitted { ask_after: Duration::from_secs(DUE) },
                _ => Seen::Accepted(Receipt::default()),
            }
        }
        .boxed_local()
    });
    let (of_look_ups, of_asks) = (gate.subscribe(), gate.subscribe());
    let opens = |gate: &watch::Receiver<bool>| {
        let mut gate = gate.clone();
        async move { drop(gate.wait_for(|open| *open).await) }
    };
    let look_up = move |_| opens(&of_look_ups).map(|()| LookedUp::There(Receipt::default())).boxed_local();
    let ask = move |_| opens(&of_asks).map(|()| Progress::Published(Receipt::default())).boxed_local();
    played.looked_up(look_up).asked(ask)
}

#[test]
fn neither_sends_nor_questions_hang_for_the_others() {
    on_both(|url, dir| {
        let gate = watch::Sender::new(false);
        let narrow =
            |settings| Settings { concurrency: SLOTS.unsigned_abs() as usize, grace_seconds: 0, ..settings };
        let stage = Stage::with(url, dir, played(&gate), narrow);
        let lane = UpdateAccount { concurrency: Some(SLOTS), ..UpdateAccount::new(stage.account) };
        stage.app.run(lane).expect("narrowed");
        let asked = || stage.calls.count(LookUp) + stage.calls.count(Ask);
        let is = |id, status| eventually("so it is", || (stage.entry(id).status == status).then_some(()));

        // One question more than there are places for.
        let unseen = ["unseen 1", "unseen 2"].map(|title| add(&stage.app, title, stage.account));
        stage.run();
        let submitted: Vec<_> = (unseen.len()..=QUESTIONS)
            .map(|number| add(&stage.app, &format!("submitted {number}"), stage.account))
            .collect();
        stage.run();
        stage.later(DUE);
        eventually("all places are taken", || (asked() == QUESTIONS).then_some(()));
        assert_eq!(stage.calls.count(LookUp), unseen.len(), "questions of both kinds");

        // Sends go out all the same, more than there are slots for.
        let sent = ["a", "b", "c"].map(|title| add(&stage.app, title, stage.account));
        assert_eq!(stage.run().data.success_count, 3);
        sent.iter().for_each(|id| is(*id, EntryStatus::Published));
        assert_eq!(asked(), QUESTIONS, "a node does not ask without end");

        // Now the slots are full too, and what is to be asked is asked.
        let hanging = ["hanging 1", "hanging 2"].map(|title| add(&stage.app, title, stage.account));
        let third = add(&stage.app, "third", stage.account);
        stage.node.perform(TriggerTask { task: stage.task, by: Trigger::Api }).expect("triggered");
        for id in hanging {
            eventually("it is on the wire", || (stage.calls.of(id) == [Publish]).then_some(()));
        }
        gate.send_replace(true);
        unseen.iter().chain(&submitted).for_each(|id| is(*id, EntryStatus::Published));
        assert_eq!(asked(), QUESTIONS + 1, "the last of them while both slots were taken");
        assert_eq!(hanging.map(|id| stage.entry(id).status), [EntryStatus::Publishing; 2]);
        assert_eq!(stage.calls.of(third), [], "slots that questions have left are none for sends");
    });
}
