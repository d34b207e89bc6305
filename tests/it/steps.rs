//! Publishes of several steps: an upload that may be done again, a draft and a submission that must not. However an
//! attempt ends, and wherever, the next one goes on where it was.

mod unproven;

use crate::support::app::*;
use crate::support::on_both;
use crate::support::played::{Played, What, answers};
use crate::support::stage::{Stage, problem, state};
use What::{Ask, Publish};
use contenthub::db::checkpoints::Fence;
use contenthub::db::connection::connect;
use contenthub::db::database_url::DatabaseUrl;
use contenthub::db::schema::publish_checkpoints::dsl;
use contenthub::domain::delivery_class::DeliveryClass;
use contenthub::domain::ids::{AttemptId, NodeId};
use contenthub::domain::outcome::{Receipt, Seen};
use contenthub::domain::question::Progress;
use contenthub::operations::checkpoint::KeepStep;
use contenthub::operations::content::UpdateContent;
use contenthub::operations::entry::{Resolution, ResolveEntry, RetryEntry};
use contenthub::platforms::journal::Mark;
use contenthub::platforms::platform::PublishCall;
use contenthub::{EntryId, EntryStatus, Settings};
use diesel::prelude::*;
use futures_util::FutureExt;
use futures_util::future::pending;
use serde_json::{Value, json};
use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

const STEPS: [&str; 3] = ["upload", "draft", "submit"];
const PAUSE: u64 = 3600;

/// How a step ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Well,
    /// 5xx: the platform may have done it.
    Fault,
    /// It says that it did not, and never will.
    Refusal,
    /// It was taken, and the answer makes no sense.
    Unread,
    /// Nothing left.
    Nothing,
    Panic,
    Hang,
}

/// What happens in the steps, and what did.
#[derive(Default)]
struct Script {
    /// The step that ends so the next time that it is done.
    next: Option<(&'static str, End)>,
    done: Vec<&'static str>,
    /// The database's rows when each step ran.
    kept: Vec<Vec<(String, bool)>>,
}

type Scripts = Arc<Mutex<Script>>;

fn steps_kept(url: &DatabaseUrl, entry: EntryId) -> Vec<(String, bool)> {
    let mut conn = connect(url).expect("connected");
    let rows: Vec<(String, bool)> = dsl::publish_checkpoints
        .filter(dsl::pool_id.eq(entry.0))
        .select((dsl::step, dsl::result.is_not_null()))
        .load(&mut conn)
        .expect("rows");
    // In the order of the steps: the database's times may be the same.
    let of = |name: &str| rows.iter().find(|(step, _)| step == name).cloned();
    STEPS.into_iter().filter_map(of).collect()
}

async fn step(
    name: &'static str,
    entry: EntryId,
    url: &DatabaseUrl,
    scripts: &Scripts,
) -> Result<Value, Seen> {
    let kept = steps_kept(url, entry);
    let end = {
        let mut script = scripts.lock().expect("nobody panics with it");
        script.done.push(name);
        script.kept.push(kept);
        match script.next {
            Some((step, end)) if step == name => {
                script.next = None;
                end
            }
            _ => End::Well,
        }
    };
    match end {
        End::Well => Ok(json!({"step": name})),
        End::Fault => Err(Seen::ServerFault { problem: problem("fault"), retry_after: None }),
        End::Refusal => Err(Seen::Refused(problem("refused"))),
        End::Unread => Err(Seen::AcceptedUnread(problem("unread"))),
        End::Nothing => Err(Seen::NothingLeft(problem("nothing"))),
        End::Panic => panic!("step {name} broke, on purpose"),
        End::Hang => pending().await,
    }
}

async fn in_order(call: PublishCall, url: DatabaseUrl, scripts: Scripts) -> Result<Seen, Seen> {
    let journal = &call.journal;
    let entry = call.entry;
    let upload = journal.repeatable("upload", || step("upload", entry, &url, &scripts)).await?;
    assert_eq!(upload, json!({"step": "upload"}), "what was kept comes back");
    journal.irreversible("draft", || step("draft", entry, &url, &scripts)).await?;
    journal.irreversible("submit", || step("submit", entry, &url, &scripts)).await?;
    Ok(Seen::Accepted(Receipt::default()))
}

/// The platform of three steps, which `publish` does in its order.
fn in_steps<Publishing>(
    class: DeliveryClass,
    url: &DatabaseUrl,
    publish: impl Fn(PublishCall, DatabaseUrl, Scripts) -> Publishing + Send + Sync + 'static,
) -> (Played, Scripts)
where
    Publishing: Future<Output = Result<Seen, Seen>> + 'static,
{
    let scripts = Scripts::default();
    let (url, script) = (url.clone(), scripts.clone());
    let played = Played::new(class, move |call| {
        let publish = publish(call, url.clone(), script.clone());
        publish.map(|seen| seen.unwrap_or_else(|seen| seen)).boxed_local()
    });
    (played.in_steps(), scripts)
}

fn open(url: &DatabaseUrl, dir: &Path, class: DeliveryClass) -> (Stage, Scripts) {
    let (played, scripts) = in_steps(class, url, in_order);
    // A step that hangs has its time; the shortest lease gives it the least.
    (Stage::with(url, dir, played, |settings| Settings { lease_seconds: 2, ..settings }), scripts)
}

fn kept(all: &[(&str, bool)]) -> Vec<(String, bool)> {
    all.iter().map(|(step, done)| ((*step).to_owned(), *done)).collect()
}

/// An entry whose first attempt ends so in this step; gives what its steps were done by then.
fn ended_in(stage: &Stage, scripts: &Scripts, name: &'static str, end: End) -> (EntryId, Vec<&'static str>) {
    {
        let mut script = scripts.lock().expect("nobody panics with it");
        *script = Script { next: Some((name, end)), ..Script::default() };
    }
    let id = add(&stage.app, &format!("{name} {end:?}"), stage.account);
    stage.run();
    stage.asked(id, &[Publish]);
    (id, done(scripts))
}

fn done(scripts: &Scripts) -> Vec<&'static str> {
    std::mem::take(&mut scripts.lock().expect("nobody panics with it").done)
}

#[test]
fn wherever_it_ends_what_is_done_is_not_repeated_and_what_may_be_is_not_sent_blindly() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Blind);
        for (place, name) in STEPS.into_iter().enumerate() {
            for end in [End::Fault, End::Nothing, End::Panic, End::Hang] {
                let (id, first) = ended_in(&stage, &scripts, name, end);
                let what = format!("{name} {end:?}");
                assert_eq!(first, STEPS[..=place], "{what}");
                let entry = stage.entry(id);
                let mut rows: Vec<(&str, bool)> = STEPS[..place].iter().map(|step| (*step, true)).collect();
                // The upload may be done again, and of what did not leave nothing is out.
                let is_in_doubt = place > 0 && end != End::Nothing;
                if !is_in_doubt {
                    let draft_is_out = place == 2;
                    assert_eq!(
                        state(&entry),
                        (EntryStatus::Pending, draft_is_out, entry.retry_count),
                        "{what}"
                    );
                    assert_eq!(steps_kept(url, id), kept(&rows), "{what}");
                    stage.later(PAUSE);
                    assert_eq!(stage.run().data.success_count, 1, "{what}");
                } else {
                    assert_eq!((entry.status, entry.unproven), (EntryStatus::Uncertain, true), "{what}");
                    rows.push((name, false));
                    assert_eq!(steps_kept(url, id), kept(&rows), "{what}");
                    stage.later(PAUSE);
                    assert_eq!(stage.run().data.total_count, 0, "{what}");
                    assert_eq!(done(&scripts), [""; 0], "{what}");
                    let resolution = Resolution::Published { url: None, media_id: None };
                    let resolve = ResolveEntry { id, resolution, by: "ann".to_owned() };
                    stage.app.run(resolve).expect("resolved");
                }
                // The second attempt began with the step that had ended badly.
                let rest = if is_in_doubt { &[] } else { &STEPS[place..] };
                assert_eq!(done(&scripts), rest, "{what}");
                assert_eq!(stage.entry(id).status, EntryStatus::Published, "{what}");
                assert_eq!(steps_kept(url, id), [], "it is out, so how it came there is forgotten: {what}");
            }
        }
    });
}

#[test]
fn that_an_irreversible_step_begins_is_durable_before_it_does() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Blind);
        let id = add(&stage.app, "x", stage.account);
        assert_eq!(stage.run().data.success_count, 1);
        stage.asked(id, &[Publish]);
        let seen = scripts.lock().expect("nobody panics with it").kept.clone();
        let expected = [
            kept(&[]),
            kept(&[("upload", true), ("draft", false)]),
            kept(&[("upload", true), ("submit", false), ("draft", true)]),
        ];
        for (seen, expected) in seen.iter().zip(&expected) {
            let sorted = |rows: &[(String, bool)]| {
                let mut rows = rows.to_vec();
                rows.sort();
                rows
            };
            assert_eq!(sorted(seen), sorted(expected));
        }
        assert_eq!(seen.len(), 3);
    });
}

#[test]
fn a_definite_refusal_withdraws_the_intent_and_another_try_goes_on() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Blind);
        let (id, _) = ended_in(&stage, &scripts, "submit", End::Refusal);
        assert_eq!(state(&stage.entry(id)), (EntryStatus::Failed, false, 0));
        assert_eq!(steps_kept(url, id), kept(&[("upload", true), ("draft", true)]));
        stage.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!(done(&scripts), ["submit"]);
    });
}

#[test]
fn a_keyed_platform_is_sent_the_step_in_doubt_again() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Keyed);
        let (id, _) = ended_in(&stage, &scripts, "draft", End::Fault);
        assert_eq!(state(&stage.entry(id)), (EntryStatus::Pending, true, 1));
        stage.later(PAUSE);
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!(done(&scripts), ["draft", "submit"]);
    });
}

#[test]
fn another_revision_begins_anew() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Blind);
        let (id, _) = ended_in(&stage, &scripts, "submit", End::Refusal);
        let content = stage.entry(id).content_id;
        let edit = UpdateContent { title: Some("after".to_owned()), ..UpdateContent::new(content) };
        stage.app.run(edit).expect("edited");
        stage.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
        assert_eq!(stage.run().data.success_count, 1);
        assert_eq!(done(&scripts), STEPS);
        let revisions: Vec<_> = stage.calls.all().iter().map(|call| call.revision).collect();
        assert_eq!(revisions, [1, 2]);
    });
}

#[test]
fn a_claim_that_is_lost_writes_no_mark() {
    on_both(|url, dir| {
        let (stage, scripts) = open(url, dir, DeliveryClass::Blind);
        let (id, _) = ended_in(&stage, &scripts, "draft", End::Nothing);
        let before = steps_kept(url, id);
        assert_eq!(before, kept(&[("upload", true)]));
        for number in [1, 2] {
            for mark in [Mark::Intent, Mark::Result(json!(1)), Mark::Withdrawn] {
                let attempt = AttemptId { entry: id, number };
                let fence = Fence { node: NodeId("gone".to_owned()), attempt };
                let keep = KeepStep { fence, revision: 1, step: "upload", mark };
                assert!(!stage.node.perform(keep).expect("asked"));
            }
        }
        assert_eq!(steps_kept(url, id), before);
    });
}

/// The last step may be that the platform accepts it; when it refuses what it had accepted, the steps made nothing that
/// another try could use.
#[test]
fn what_is_refused_after_it_was_submitted_begins_anew_with_another_try() {
    on_both(|url, dir| {
        let scripts = Scripts::default();
        let (steps_in, script) = (url.clone(), scripts.clone());
        let played = Played::new(DeliveryClass::Blind, move |call| {
            let publish = in_order(call, steps_in.clone(), script.clone());
            let submitted = Seen::Submitted { ask_after: Duration::from_secs(60) };
            publish.map(|seen| seen.map_or_else(|seen| seen, |_| submitted)).boxed_local()
        });
        let out = Progress::Published(Receipt::default());
        let played = played.in_steps().asked(answers([Progress::Refused(problem("policy")), out]));
        let stage = Stage::open(url, dir, played);
        let id = add(&stage.app, "x", stage.account);
        assert_eq!(stage.run().data.in_progress_count, 1);
        assert_eq!(steps_kept(url, id).len(), 3, "while the platform works on it");
        stage.later(60);
        assert_eq!(stage.asked(id, &[Publish, Ask]).status, EntryStatus::Failed);
        assert_eq!(done(&scripts), STEPS);
        stage.app.run(RetryEntry { id, by: "ann".to_owned() }).expect("again");
        stage.run();
        assert_eq!(done(&scripts), STEPS, "it is submitted once more, and not only asked for");
        stage.later(60);
        assert_eq!(stage.asked(id, &[Publish, Ask, Publish, Ask]).status, EntryStatus::Published);
        assert_eq!(steps_kept(url, id), []);
    });
}
